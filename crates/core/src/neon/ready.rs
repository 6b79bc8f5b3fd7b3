//! Whether a compute accepts connections, asked as a Postgres client would.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::Connection;
use super::error::Error;

/// A compute starts within seconds; the name of a new host may take some more to be known everywhere.
const LONGEST: Duration = Duration::from_mins(1);
/// One try.
const ATTEMPT: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Waits until the branch's compute speaks Postgres at the connection's host and port. Returns how long that took.
pub async fn wait_until_reachable(connection: &Connection) -> Result<Duration, Error> {
    wait(connection, LONGEST).await
}

async fn wait(connection: &Connection, longest: Duration) -> Result<Duration, Error> {
    let began = Instant::now();
    let mut pause = FIRST_WAIT;
    loop {
        let attempt = timeout(ATTEMPT.min(longest), attempt(connection)).await;
        let last = match attempt {
            Ok(Ok(())) => return Ok(began.elapsed()),
            Ok(Err(why)) => why,
            Err(_) => format!("no answer within {}", crate::text::elapsed(ATTEMPT.min(longest))),
        };
        if began.elapsed() + pause >= longest {
            return Err(Error::NotReachable {
                host: connection.host.clone(),
                port: connection.port,
                waited: began.elapsed(),
                last,
            });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_WAIT);
    }
}

/// The beginning of a session (Postgres's frontend/backend protocol 3.0): is TLS spoken? If so, a Postgres server
/// or Neon's proxy is there, and the operation `start_compute` has told that the compute runs. If not, the server
/// must ask for a password, so that no credentials leave this process unencrypted.
async fn attempt(connection: &Connection) -> Result<(), String> {
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    let text = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect((connection.host.as_str(), connection.port))
        .await
        .map_err(text)?;
    stream.write_all(&SSL_REQUEST).await.map_err(text)?;
    match stream.read_u8().await.map_err(text)? {
        b'S' => return Ok(()),
        b'N' => {}
        _ => return Err("what answers is no Postgres server".to_owned()),
    }
    stream
        .write_all(&startup(&connection.role, &connection.database))
        .await
        .map_err(text)?;
    let kind = stream.read_u8().await.map_err(text)?;
    if kind == b'R' {
        return Ok(());
    }
    let length = stream.read_u32().await.map_err(text)?;
    let mut body = vec![0; usize::try_from(length.clamp(4, 4096) - 4).unwrap_or_default()];
    stream.read_exact(&mut body).await.map_err(text)?;
    Err(message(&body))
}

fn startup(role: &str, database: &str) -> Vec<u8> {
    let mut body = vec![0, 3, 0, 0];
    for text in ["user", role, "database", database, "application_name", "codex-actions"] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], &body].concat()
}

/// The message field of an error answer: fields are a letter and a text that ends with 0.
fn message(body: &[u8]) -> String {
    body.split(|byte| *byte == 0)
        .find_map(|field| field.strip_prefix(b"M"))
        .map_or_else(
            || "the server ended the session".to_owned(),
            |text| String::from_utf8_lossy(text).into_owned(),
        )
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::secret::secret;

    async fn server(answers: &'static [&'static [u8]]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = [0; 256];
                let _ = stream.read(&mut bytes).await;
                let (first, rest) = answer.split_at(answer.len().min(1));
                let _ = stream.write_all(first).await;
                if !rest.is_empty() {
                    let _ = stream.read(&mut bytes).await;
                    let _ = stream.write_all(rest).await;
                }
            }
        });
        let text = |text: &str| text.to_owned();
        Connection {
            direct: secret("x"),
            pooled: secret("x"),
            password: secret("x"),
            host: text("127.0.0.1"),
            host_pooled: text("127.0.0.1"),
            port,
            role: text("neondb_owner"),
            database: text("neondb"),
        }
    }

    const STARTING: &[u8] = b"NE\0\0\0\x2dSFATAL\0C57P03\0Mthe system is starting up\0\0";

    #[tokio::test]
    async fn a_compute_that_starts_is_waited_for() {
        let tls = server(&[b"S"]).await;
        assert!(wait(&tls, Duration::from_secs(5)).await.is_ok());
        let plain = server(&[b"", STARTING, b"NR"]).await;
        assert!(wait(&plain, Duration::from_secs(5)).await.is_ok());
    }

    #[tokio::test]
    async fn the_last_reason_is_told() {
        let starting = server(&[STARTING, STARTING, STARTING, STARTING]).await;
        let error = wait(&starting, Duration::from_millis(300)).await.unwrap_err();
        assert!(error.to_string().ends_with(": the system is starting up"), "{error}");
    }
}
