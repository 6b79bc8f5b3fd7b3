//! A release's assets behind HTTPS on loopback, with a certificate of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a path answers.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content: Vec<u8>,
    /// What `Content-Length` says; more than there is of the content is a download that breaks off.
    pub(crate) length: usize,
    /// Where it sends its client.
    pub(crate) location: Option<String>,
    /// Whether the connection stays open behind the content.
    pub(crate) hangs: bool,
    /// What is answered from the second time on.
    pub(crate) later: Option<Box<Answer>>,
}

impl Answer {
    /// An asset as it is.
    pub(crate) fn of(content: impl Into<Vec<u8>>) -> Self {
        let content = content.into();
        Self {
            status: 200,
            length: content.len(),
            content,
            location: None,
            hangs: false,
            later: None,
        }
    }

    /// The half of an asset, on a connection that breaks off or, when it `hangs`, does not go on.
    pub(crate) fn half_of(content: &[u8]) -> Self {
        Self {
            length: content.len(),
            ..Self::of(&content[..content.len() / 2])
        }
    }
}

/// Serves until it is dropped.
pub(crate) struct AssetServer {
    address: SocketAddr,
    /// The certificate to trust, as PEM.
    pub(crate) ca: String,
    asked: Arc<Mutex<Vec<String>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl AssetServer {
    /// Serves these paths, such as `/v1.2.3/health-check-x86_64-unknown-linux-musl`; any other is 404.
    pub(crate) async fn start(answers: BTreeMap<String, Answer>) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answers) = (Arc::clone(&asked), Arc::new(answers));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, log, answers) = (acceptor.clone(), Arc::clone(&log), Arc::clone(&answers));
                tokio::spawn(async move {
                    // A client that hangs up is no fault of the server's.
                    let _ = serve(acceptor, stream, &log, &answers).await;
                });
            }
        });
        Self {
            address,
            ca: cert.pem(),
            asked,
            serving,
        }
    }

    /// `https://127.0.0.1:<port>`
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The paths that were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for AssetServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    acceptor: TlsAcceptor,
    stream: tokio::net::TcpStream,
    log: &Mutex<Vec<String>>,
    answers: &BTreeMap<String, Answer>,
) -> Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let asked_before = {
        let mut log = log.lock().unwrap();
        let before = log.contains(&path);
        log.push(path.clone());
        before
    };
    let missing = Answer {
        status: 404,
        ..Answer::of("Not Found")
    };
    let answer = answers.get(&path).unwrap_or(&missing);
    let answer = answer.later.as_deref().filter(|_| asked_before).unwrap_or(answer);
    let location = answer.location.as_ref();
    let location = location.map_or_else(String::new, |location| format!("Location: {location}\r\n"));
    let head = format!(
        "HTTP/1.1 {} X\r\nContent-Length: {}\r\n{location}Connection: close\r\n\r\n",
        answer.status, answer.length
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&answer.content).await?;
    if answer.hangs {
        stream.flush().await?;
        return std::future::pending().await;
    }
    stream.shutdown().await?;
    Ok(())
}
