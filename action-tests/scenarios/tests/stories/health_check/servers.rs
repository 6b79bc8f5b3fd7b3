//! Servers that misbehave in one way each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const HEALTHY: &str = r#"{"status":"healthy","service":"api","environment":"preview","version":"996445bc-a0df-4656-b356-8f9baf681df5","checks":{"database":"ok"}}"#;

/// What a site answers to a request's text: status, headers (`Name: value\r\n` each), body.
type Answering = dyn Fn(&str) -> (u16, String, Vec<u8>) + Send + Sync;

/// What a server does with its n-th connection (from 0).
#[derive(Clone)]
pub(crate) enum Act {
    /// Answers with status, headers (`Name: value\r\n` each) and body.
    Answer(u16, String, Vec<u8>),
    /// Answers by what is asked.
    Site(Arc<Answering>),
    /// Accepts, and says nothing.
    Silent,
    /// Sends an answer one byte a second.
    Drip,
    /// Sends an endless body.
    Endless,
    /// Redirects to itself.
    Circle,
    /// Hangs up at once: what TLS meets where there is no certificate yet.
    HangUp,
}

/// An answer with this status and body.
pub(crate) fn answer(status: u16, body: &str) -> Act {
    Act::Answer(status, String::new(), body.as_bytes().to_vec())
}

/// An answer with one more header.
pub(crate) fn answer_with(status: u16, header: &str, body: &str) -> Act {
    Act::Answer(status, format!("{header}\r\n"), body.as_bytes().to_vec())
}

/// A site that answers by what is asked.
pub(crate) fn site(answering: impl Fn(&str) -> (u16, String, Vec<u8>) + Send + Sync + 'static) -> Act {
    Act::Site(Arc::new(answering))
}

/// A server under test; ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// A server that goes through `acts`, one a connection, and stays with the last.
    pub(crate) async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, requests) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(serve(listener, acts, requests.clone()));
        Self { address, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

/// Serves on a listener that the test made itself.
pub(crate) async fn serve(listener: TcpListener, acts: Vec<Act>, requests: Arc<AtomicUsize>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let at = requests.fetch_add(1, Ordering::Relaxed);
        let act = acts.get(at).or(acts.last()).unwrap().clone();
        tokio::spawn(async move {
            // A client that leaves early is none of the server's business.
            let _ = play(stream, act).await;
        });
    }
}

/// Plays one connection.
pub(crate) async fn play<S>(mut stream: S, act: Act) -> std::io::Result<()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    if matches!(act, Act::HangUp) {
        return Ok(());
    }
    let mut request = vec![0; 8192];
    let read = stream.read(&mut request).await?;
    let act = match act {
        Act::Site(answering) => {
            let (status, headers, body) = answering(&String::from_utf8_lossy(&request[..read]));
            Act::Answer(status, headers, body)
        }
        other => other,
    };
    match act {
        Act::Answer(status, headers, body) => {
            let length = body.len();
            let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await?;
            stream.shutdown().await
        }
        Act::Silent => std::future::pending().await,
        Act::Drip => {
            let text = format!("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}", "x".repeat(100));
            for byte in text.bytes() {
                stream.write_all(&[byte]).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Ok(())
        }
        Act::Endless => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n")
                .await?;
            loop {
                stream.write_all(&[b'y'; 8192]).await?;
            }
        }
        Act::Circle => {
            let head = "HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).await
        }
        Act::HangUp | Act::Site(_) => Ok(()),
    }
}

/// What a TLS server shows of itself with each connection.
pub(crate) struct Tls {
    pub(crate) address: SocketAddr,
    /// The test authority's certificate.
    pub(crate) ca: String,
}

/// The certificate of a TLS server.
#[derive(Clone, Copy)]
pub(crate) enum Certificate {
    For(&'static str),
    Expired(&'static str),
    NotYetValid(&'static str),
    /// The authority's own.
    Authority(&'static str),
}

impl Tls {
    /// A healthy TLS server; its first `without` connections are cut before the handshake.
    pub(crate) async fn start(certificate: Certificate, without: usize) -> Self {
        Self::with(certificate, without, answer(200, HEALTHY)).await
    }

    /// The same, that does this with each connection.
    pub(crate) async fn with(certificate: Certificate, without: usize, act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (ca, config) = config(certificate);
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            for at in 0_usize.. {
                let (stream, _): (TcpStream, _) = listener.accept().await.unwrap();
                let (acceptor, act) = (acceptor.clone(), act.clone());
                tokio::spawn(async move {
                    if at >= without
                        && let Ok(stream) = acceptor.accept(stream).await
                    {
                        let _ = play(stream, act).await;
                    }
                });
            }
        });
        Self { address, ca }
    }
}

fn config(certificate: Certificate) -> (String, rustls::ServerConfig) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = ca.self_signed(&ca_key).unwrap().pem();
    let (Certificate::For(name)
    | Certificate::Expired(name)
    | Certificate::NotYetValid(name)
    | Certificate::Authority(name)) = certificate;
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let first_year = if matches!(certificate, Certificate::NotYetValid(_)) {
        2089
    } else {
        2024
    };
    params.not_before = rcgen::date_time_ymd(first_year, 1, 1);
    if matches!(certificate, Certificate::Authority(_)) {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let last_year = if matches!(certificate, Certificate::Expired(_)) {
        2024
    } else {
        2090
    };
    params.not_after = rcgen::date_time_ymd(last_year, 12, 31);
    let signed = params.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    (pem, config)
}
