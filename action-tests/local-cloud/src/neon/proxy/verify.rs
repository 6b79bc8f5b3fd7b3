//! The server's side of SCRAM-SHA-256 (RFC 5802 and 7677), with and without a binding to the channel, upon the verifier
//! that Postgres stores.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use postgres_protocol::password;
use sha2::{Digest as _, Sha256};

/// One login: what was said so far.
pub(super) struct Exchange {
    /// `p=tls-server-end-point,,`, `y,,` or `n,,`.
    header: String,
    client_first: String,
    server_first: String,
    stored_key: Vec<u8>,
    server_key: Vec<u8>,
}

fn hmac(key: &[u8], message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().to_vec())
}

impl Exchange {
    /// Reads the client's first message and answers it.
    pub(super) fn begin(client: &str, password: &str) -> anyhow::Result<Self> {
        // The header ends behind the second comma.
        let (end, _) = client.match_indices(',').nth(1).context("the header has no end")?;
        let (header, first) = client.split_at(end + 1);
        let nonce = first.split_once("r=").context("no nonce")?.1;
        let more = uuid::Uuid::new_v4().simple();
        // `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`
        let verifier = password::scram_sha_256(password.as_bytes());
        let parts: Vec<&str> = verifier.split(['$', ':']).collect();
        let [_, iterations, salt, stored_key, server_key] = parts[..] else {
            bail!("the verifier has an unknown form");
        };
        Ok(Self {
            header: header.to_owned(),
            client_first: first.to_owned(),
            server_first: format!("r={nonce}{more},s={salt},i={iterations}"),
            stored_key: STANDARD.decode(stored_key)?,
            server_key: STANDARD.decode(server_key)?,
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
        let signed = format!("{},{},{bare}", self.client_first, self.server_first);
        let signature = hmac(&self.stored_key, signed.as_bytes())?;
        let client_key: Vec<u8> = STANDARD
            .decode(proof)?
            .iter()
            .zip(signature)
            .map(|(a, b)| a ^ b)
            .collect();
        if Sha256::digest(&client_key)[..] != self.stored_key {
            return Ok(None);
        }
        let server = hmac(&self.server_key, signed.as_bytes())?;
        Ok(Some(format!("v={}", STANDARD.encode(server))))
    }
}

#[cfg(test)]
mod tests {
    use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};

    use super::*;

    /// A client that nobody here wrote; whether it was let in.
    fn log_in(password: &str, asked: ChannelBinding, binding: &[u8]) -> anyhow::Result<bool> {
        let mut client = ScramSha256::new(password.as_bytes(), asked);
        let exchange = Exchange::begin(std::str::from_utf8(client.message())?, "pencil")?;
        client.update(exchange.server_first().as_bytes())?;
        let Some(proof) = exchange.end(std::str::from_utf8(client.message())?, binding)? else {
            return Ok(false);
        };
        client.finish(proof.as_bytes())?;
        Ok(true)
    }

    #[test]
    fn only_the_right_password_gets_in() {
        assert!(log_in("pencil", ChannelBinding::unsupported(), b"").unwrap());
        assert!(!log_in("crayon", ChannelBinding::unsupported(), b"").unwrap());
    }

    #[test]
    fn another_channel_is_noticed() {
        let bound = || ChannelBinding::tls_server_end_point(b"mine".to_vec());
        assert!(log_in("pencil", bound(), b"mine").unwrap());
        assert!(log_in("pencil", bound(), b"other").is_err());
    }
}
