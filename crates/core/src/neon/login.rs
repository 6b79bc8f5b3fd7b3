//! One login at a compute, as any Postgres client makes it: TLS with the host's name, then SCRAM, bound to the channel.
//!
//! Less proves nothing: Neon's proxy takes connections and speaks TLS before it knows which compute is meant, and asks
//! for a password before it wakes that.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::config::{ChannelBinding, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{ChannelBinding as Binding, TlsConnect, TlsStream};
use tokio_postgres::{Config, NoTls};
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::Connection;
use super::ready::Obstacle;
use crate::dial;
use crate::tls::TlsFailure;

/// The longest wait for a connection: the proxy is always there.
const DIAL: Duration = Duration::from_secs(5);
/// The longest wait for a login: the proxy holds it while a compute wakes.
const LOGIN: Duration = Duration::from_secs(20);
/// A session that does not end politely is left.
const GOODBYE: Duration = Duration::from_secs(1);

/// Logs in once, within `longest`, and leaves.
pub(super) async fn attempt(
    connection: &Connection,
    tls: &Arc<ClientConfig>,
    longest: Duration,
) -> Result<(), Obstacle> {
    let (host, port) = (connection.host.as_str(), connection.port);
    let wait = DIAL.min(longest);
    let dialled = timeout(wait, async {
        let addresses = dial::addresses(host, port).await;
        let addresses = addresses.ok().filter(|found| !found.is_empty());
        let addresses = addresses.ok_or(Obstacle::NoAddress)?;
        dial::first_to_connect(&addresses)
            .await
            .map_err(|error| of_dial(&error))
    });
    let stream = dialled.await.map_err(|_| Obstacle::Unanswered(wait))??;
    let wait = LOGIN.min(longest);
    timeout(wait, log_in(connection, stream, tls))
        .await
        .unwrap_or(Err(Obstacle::Asleep(wait)))
}

fn of_dial(error: &io::Error) -> Obstacle {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Obstacle::Refused,
        _ => Obstacle::Other(error.to_string()),
    }
}

async fn log_in(connection: &Connection, stream: TcpStream, tls: &Arc<ClientConfig>) -> Result<(), Obstacle> {
    let mut config = Config::new();
    config
        .user(&connection.role)
        .password(connection.password.expose_secret())
        .dbname(&connection.database)
        .application_name("codex-actions");
    let asked = Asked::of(connection);
    if asked.in_clear {
        // No password leaves this machine unencrypted, whatever a connection string says.
        if !stream.peer_addr().is_ok_and(|peer| peer.ip().is_loopback()) {
            return Err(Obstacle::Unencrypted);
        }
        config.ssl_mode(SslMode::Disable);
        return leave(config.connect_raw(stream, NoTls).await).await;
    }
    config.ssl_mode(SslMode::Require);
    if asked.bound {
        config.channel_binding(ChannelBinding::Require);
    }
    let name = ServerName::try_from(connection.host.clone()).map_err(|_| Obstacle::NoAddress)?;
    let connector = Connector {
        tls: tls.clone().into(),
        name,
    };
    leave(config.connect_raw(stream, connector).await).await
}

/// What the connection string asks for.
struct Asked {
    /// `sslmode=disable`
    in_clear: bool,
    /// `channel_binding=require`
    bound: bool,
}

impl Asked {
    fn of(connection: &Connection) -> Self {
        let url = url::Url::parse(connection.direct.expose_secret()).ok();
        let says = |name: &str, value: &str| {
            let pairs = url.iter().flat_map(url::Url::query_pairs);
            pairs.into_iter().any(|(key, is)| key == name && is == value)
        };
        Self {
            in_clear: says("sslmode", "disable"),
            bound: says("channel_binding", "require"),
        }
    }
}

type Session<S> = (tokio_postgres::Client, tokio_postgres::Connection<TcpStream, S>);

/// Ends a session that was opened.
async fn leave<S>(opened: Result<Session<S>, tokio_postgres::Error>) -> Result<(), Obstacle>
where
    S: TlsStream + Unpin,
{
    let (client, session) = opened.map_err(|error| obstacle(&error))?;
    drop(client);
    // In: how the session ends says nothing more.
    let _ = timeout(GOODBYE, session).await;
    Ok(())
}

/// What a failed login met.
fn obstacle(error: &tokio_postgres::Error) -> Obstacle {
    if let Some(said) = error.as_db_error() {
        return of_server(said.code(), said.message());
    }
    let mut cause = error.source();
    while let Some(at) = cause {
        let wrapped = at.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = wrapped.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(tls) = tls.or_else(|| at.downcast_ref()) {
            return Obstacle::Tls(TlsFailure::of(tls));
        }
        // The library's only text for a server that answers the question for TLS with no.
        if at.to_string() == "server does not support TLS" {
            return Obstacle::NoTls;
        }
        cause = at.source();
    }
    let text = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    Obstacle::Other(text)
}

/// What the server or Neon's proxy said. The proxy's own errors have no codes worth the name, only texts [?].
fn of_server(code: &SqlState, message: &str) -> Obstacle {
    let lower = message.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    let text = message.to_owned();
    if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        Obstacle::Password(text)
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        Obstacle::NoDatabase(text)
    } else if says(&[
        "endpoint id is not specified",
        "endpoint could not be found",
        "inconsistent project name",
    ]) {
        Obstacle::UnknownCompute(text)
    } else if says(&["has been disabled", "is disabled"]) {
        Obstacle::Disabled(text)
    } else if says(&["quota", "exceeded"]) {
        Obstacle::Quota(text)
    } else {
        Obstacle::Said(text)
    }
}

/// TLS for one host.
struct Connector {
    tls: TlsConnector,
    name: ServerName<'static>,
}

impl TlsConnect<TcpStream> for Connector {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        Box::pin(async move { Ok(Encrypted(self.tls.connect(self.name, stream).await?)) })
    }
}

/// A stream that can tell what a login is to be bound to.
struct Encrypted(tokio_rustls::client::TlsStream<TcpStream>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> Binding {
        let certificates = self.0.get_ref().1.peer_certificates();
        let hash = certificates
            .and_then(|chain| chain.first())
            .and_then(|own| end_point(own));
        hash.map_or_else(Binding::none, Binding::tls_server_end_point)
    }
}

/// `tls-server-end-point` (RFC 5929 §4.1): the certificate's hash, by the function of its signature. Signatures that
/// have no one function (Ed25519, RSA-PSS) bind nothing.
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let hash = match parsed.signature_algorithm.algorithm.to_id_string().as_str() {
        // RSA and ECDSA, each with SHA-1 (which counts as SHA-256), SHA-256, SHA-384 and SHA-512.
        "1.2.840.113549.1.1.5" | "1.2.840.113549.1.1.11" | "1.2.840.10045.4.1" | "1.2.840.10045.4.3.2" => {
            Sha256::digest(certificate).to_vec()
        }
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Sha384::digest(certificate).to_vec(),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Sha512::digest(certificate).to_vec(),
        _ => return None,
    };
    Some(hash)
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_has_a_class() {
        let class = |code: &str, text: &str| format!("{:?}", of_server(&SqlState::from_code(code), text));
        let said = [
            ("28P01", "password authentication failed for user 'neondb_owner'"),
            ("28000", "role \"x\" is not permitted to log in"),
            ("3D000", "database \"shop\" does not exist"),
            (
                "XX000",
                "Endpoint ID is not specified. Either please upgrade the postgres client library",
            ),
            (
                "XX000",
                "The requested endpoint could not be found, or you don't have access to it.",
            ),
            (
                "XX000",
                "The endpoint has been disabled. Enable it using Neon API and retry.",
            ),
            ("XX000", "Your account or project has exceeded the compute time quota."),
            ("57P03", "the database system is starting up"),
            ("XX000", "Couldn't connect to compute node"),
        ];
        insta::assert_snapshot!(said.map(|(code, text)| class(code, text)).join("\n"), @r#"
        Password("password authentication failed for user 'neondb_owner'")
        Password("role \"x\" is not permitted to log in")
        NoDatabase("database \"shop\" does not exist")
        UnknownCompute("Endpoint ID is not specified. Either please upgrade the postgres client library")
        UnknownCompute("The requested endpoint could not be found, or you don't have access to it.")
        Disabled("The endpoint has been disabled. Enable it using Neon API and retry.")
        Quota("Your account or project has exceeded the compute time quota.")
        Said("the database system is starting up")
        Said("Couldn't connect to compute node")
        "#);
    }
}
