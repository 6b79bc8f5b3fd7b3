//! Carries a question to a name server (UDP, TCP where the answer is long) or to a DNS-over-HTTPS resolver.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::question::{Heard, Question};

/// One exchange ends by then; the loop around asks again.
const PATIENCE: Duration = Duration::from_secs(3);
/// The largest answer over UDP without EDNS, with room to spare.
const DATAGRAM: usize = 4096;
/// The media type of DNS messages over HTTPS (RFC 8484).
const DNS_MESSAGE: &str = "application/dns-message";

/// Someone who can be asked.
#[derive(Debug, Clone)]
pub(super) enum Server {
    /// A name server. `name` is for reports.
    Address {
        name: String,
        address: SocketAddr,
        /// Whether it is to ask others: a resolver does, an authoritative server does not.
        recursion: bool,
    },
    /// DNS over HTTPS.
    Https { http: reqwest::Client, url: String },
}

impl Server {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Address { name, .. } => name,
            Self::Https { url, .. } => url,
        }
    }

    /// Asks once. An error means that nobody answered.
    pub(super) async fn ask(&self, question: &Question) -> anyhow::Result<Heard> {
        timeout(PATIENCE, self.exchange(question))
            .await
            .context("no answer within 3 seconds")?
    }

    async fn exchange(&self, question: &Question) -> anyhow::Result<Heard> {
        match self {
            Self::Address { address, recursion, .. } => {
                let id = next_id();
                let query = question.query(id, *recursion)?;
                match question.heard(id, &over_udp(*address, &query).await?) {
                    Heard::Truncated => Ok(question.heard(id, &over_tcp(*address, &query).await?)),
                    heard => Ok(heard),
                }
            }
            Self::Https { http, url } => {
                // RFC 8484 asks for id 0, so that caches see equal requests.
                let query = question.query(0, true)?;
                let answer = http
                    .post(url)
                    .header("content-type", DNS_MESSAGE)
                    .header("accept", DNS_MESSAGE)
                    .body(query)
                    .send()
                    .await
                    .map_err(reqwest::Error::without_url)?;
                if !answer.status().is_success() {
                    bail!("answered {}", answer.status().as_u16());
                }
                let bytes = answer.bytes().await.map_err(reqwest::Error::without_url)?;
                Ok(question.heard(0, &bytes))
            }
        }
    }
}

fn next_id() -> u16 {
    // Not a defence against forged answers: a wrong answer here would end a wait early, no more.
    static NEXT: AtomicU16 = AtomicU16::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

async fn over_udp(server: SocketAddr, query: &[u8]) -> anyhow::Result<Vec<u8>> {
    let own: SocketAddr = if server.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(own).await?;
    // Connected, so that only this server's datagrams arrive.
    socket.connect(server).await?;
    socket.send(query).await?;
    let mut answer = vec![0; DATAGRAM];
    let length = socket.recv(&mut answer).await?;
    answer.truncate(length);
    Ok(answer)
}

/// Over TCP each message follows its length in two bytes (RFC 1035 §4.2.2).
async fn over_tcp(server: SocketAddr, query: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&u16::try_from(query.len())?.to_be_bytes()).await?;
    stream.write_all(query).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}
