//! The server's side of SCRAM-SHA-256 (RFC 5802 and 7677), with and without a binding to the channel.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::scram::{hmac, salted, sha256};

const ITERATIONS: u32 = 4096;

/// One login: what was said so far.
pub(super) struct Exchange {
    /// `p=tls-server-end-point,,`, `y,,` or `n,,`.
    header: String,
    client_first: String,
    server_first: String,
    salted: [u8; 32],
}

impl Exchange {
    /// Reads the client's first message and answers it.
    pub(super) fn begin(client: &str, password: &str) -> anyhow::Result<Self> {
        // The header ends behind the second comma.
        let (end, _) = client.match_indices(',').nth(1).context("the header has no end")?;
        let (header, first) = client.split_at(end + 1);
        let nonce = first.split_once("r=").context("no nonce")?.1;
        let salt = uuid::Uuid::new_v4();
        let more = uuid::Uuid::new_v4().simple();
        Ok(Self {
            header: header.to_owned(),
            client_first: first.to_owned(),
            server_first: format!("r={nonce}{more},s={},i={ITERATIONS}", STANDARD.encode(salt.as_bytes())),
            salted: salted(password, salt.as_bytes(), ITERATIONS),
        })
    }

    pub(super) fn server_first(&self) -> &str {
        &self.server_first
    }

    /// Checks the client's last message; `binding` is what its channel must be bound to if it says that it is. Returns
    /// the server's own proof, or none when the password is wrong.
    pub(super) fn end(&self, client: &str, binding: &[u8]) -> anyhow::Result<Option<String>> {
        let (bare, proof) = client.rsplit_once(",p=").context("no proof")?;
        let bound = bare
            .strip_prefix("c=")
            .and_then(|rest| rest.split_once(','))
            .context("no channel")?
            .0;
        let mut expected = self.header.clone().into_bytes();
        if self.header.starts_with("p=") {
            expected.extend(binding);
        }
        if STANDARD.decode(bound)? != expected {
            bail!("SCRAM channel binding check failed");
        }
        let client_key = hmac(&self.salted, b"Client Key");
        let signed = format!("{},{},{bare}", self.client_first, self.server_first);
        let signature = hmac(&sha256(&client_key), signed.as_bytes());
        let wanted: Vec<u8> = client_key.iter().zip(signature).map(|(a, b)| a ^ b).collect();
        if STANDARD.decode(proof)? != wanted {
            return Ok(None);
        }
        let server = hmac(&hmac(&self.salted, b"Server Key"), signed.as_bytes());
        Ok(Some(format!("v={}", STANDARD.encode(server))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::scram::Challenge;
    use super::*;

    #[test]
    fn only_the_right_password_gets_in() {
        let exchange = Exchange::begin("n,,n=user,r=abc", "pencil").unwrap();
        let challenge = Challenge::parse(exchange.server_first()).unwrap();
        let answer = |password: &str| challenge.answer("n=user,r=abc", &challenge.salted(password)).unwrap();
        assert!(exchange.end(&answer("pencil"), b"").unwrap().is_some());
        assert!(exchange.end(&answer("crayon"), b"").unwrap().is_none());
    }

    #[test]
    fn another_channel_is_noticed() {
        let exchange = Exchange::begin("p=tls-server-end-point,,n=user,r=abc", "pencil").unwrap();
        let channel = STANDARD.encode(b"p=tls-server-end-point,,other");
        let last = format!("c={channel},r=abc,p=AAAA");
        assert!(exchange.end(&last, b"mine").is_err());
        assert!(exchange.end(&last, b"other").unwrap().is_none());
    }
}
