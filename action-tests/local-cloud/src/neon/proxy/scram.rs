//! The client's side of SCRAM-SHA-256 (RFC 5802 and 7677), as far as a login to our own server needs it.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const BLOCK: usize = 64;

pub(super) fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

pub(super) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&sha256(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = sha256(&[&block.map(|b| b ^ 0x36), message].concat());
    sha256(&[block.map(|b| b ^ 0x5c).as_slice(), &inner].concat())
}

/// PBKDF2 with one block of output: the password's costly form.
pub(super) fn salted(password: &str, salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut round = hmac(password.as_bytes(), &[salt, &[0, 0, 0, 1]].concat());
    let mut result = round;
    for _ in 1..iterations {
        round = hmac(password.as_bytes(), &round);
        for (byte, more) in result.iter_mut().zip(round) {
            *byte ^= more;
        }
    }
    result
}

/// What the server asks to be proven.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    nonce: String,
    salt: Vec<u8>,
    iterations: u32,
    text: String,
}

impl Challenge {
    /// Reads the server's first message.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut challenge = Self {
            nonce: String::new(),
            salt: Vec::new(),
            iterations: 0,
            text: text.to_owned(),
        };
        for field in text.split(',') {
            match field.split_once('=') {
                Some(("r", nonce)) => nonce.clone_into(&mut challenge.nonce),
                Some(("s", salt)) => challenge.salt = STANDARD.decode(salt)?,
                Some(("i", count)) => challenge.iterations = count.parse()?,
                _ => {}
            }
        }
        if challenge.iterations == 0 {
            bail!("the server's SCRAM message names no iterations");
        }
        Ok(challenge)
    }

    /// Salt and iterations: with the password they decide the costly part.
    pub(super) fn salted(&self, password: &str) -> [u8; 32] {
        salted(password, &self.salt, self.iterations)
    }

    pub(super) fn key(&self) -> String {
        let mut key = self.iterations.to_string();
        for byte in &self.salt {
            let _ = write!(key, " {byte:02x}");
        }
        key
    }

    /// The client's final message.
    pub(super) fn answer(&self, client_first: &str, salted: &[u8; 32]) -> anyhow::Result<String> {
        let nonce = client_first
            .split_once("r=")
            .map(|(_, nonce)| nonce)
            .context("the client's SCRAM message names no nonce")?;
        if !self.nonce.starts_with(nonce) {
            bail!("the server's SCRAM nonce does not continue ours");
        }
        let bare = format!("c=biws,r={}", self.nonce);
        let client_key = hmac(salted, b"Client Key");
        let signed = format!("{client_first},{},{bare}", self.text);
        let signature = hmac(&sha256(&client_key), signed.as_bytes());
        let mut proof = client_key;
        for (byte, more) in proof.iter_mut().zip(signature) {
            *byte ^= more;
        }
        Ok(format!("{bare},p={}", STANDARD.encode(proof)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7677_example() {
        let challenge =
            Challenge::parse("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
                .unwrap();
        let answer = challenge
            .answer("n=user,r=rOprNGfwEbeRWgbNEkqO", &challenge.salted("pencil"))
            .unwrap();
        assert_eq!(
            answer,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
    }
}
