//! Neon's proxy as the internet sees it: one port for all computes, told apart by the name in TLS, for Postgres' own
//! protocol (TLS asked for or at once) and for the HTTP and `WebSocket`s of the serverless driver.

use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::message::{self, Fatal, First};
use super::session::Login;
use super::sql;
use super::visit::Visit;
use crate::authority::{Authority, Identity};
use crate::neon::hosts::FRONT;
use crate::neon::settings::Flaw;
use crate::neon::state::Neon;
use crate::wire::{Accepted, Listener, TLS, serve};

/// What a client says in TLS that begins without being asked for (`sslnegotiation=direct`).
const POSTGRES: &str = "postgresql";
const PROTOCOLS: [&str; 2] = ["http/1.1", POSTGRES];

/// The listener, and the certificates that it may show.
pub(crate) struct Front {
    listener: TcpListener,
    port: u16,
    shown: Shown,
}

/// By flaw: the certificate of the domain, one of another name, one that nobody signed.
#[derive(Clone)]
struct Shown {
    good: Identity,
    other: Identity,
    untrusted: Identity,
}

impl Front {
    pub(crate) async fn bind(authority: &Authority) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let all = format!("*.{FRONT}");
        // By its address it is reached where names below `localhost` are not resolved.
        let names = [all.as_str(), FRONT, "localhost", "127.0.0.1"];
        Ok(Self {
            port: listener.local_addr()?.port(),
            listener,
            shown: Shown {
                good: authority.identity(&names, &PROTOCOLS)?,
                other: authority.identity(&["*.example.com"], &PROTOCOLS)?,
                untrusted: Authority::new()?.identity(&names, &PROTOCOLS)?,
            },
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// For the runtime, whose Workers ask for Neon's hosts by name.
    pub(crate) fn described(&self, authority: &Authority) -> Value {
        json!({"domain": FRONT, "address": format!("127.0.0.1:{}", self.port), "ca": authority.pem()})
    }

    pub(crate) fn serve(self, cloud: &Arc<Neon>, stopped: &watch::Receiver<bool>) -> [JoinHandle<()>; 2] {
        let visit = Visit::new(cloud);
        let (http, requests) = mpsc::channel(16);
        let served = serve(Listener::Fed(requests), sql::router(visit.clone()), stopped.clone());
        let mut stopped = stopped.clone();
        let accepting = tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = self.listener.accept() => accepted,
                    _ = stopped.changed() => return,
                };
                let Ok((client, _)) = accepted else { continue };
                let (visit, shown, http) = (visit.clone(), self.shown.clone(), http.clone());
                tokio::spawn(async move {
                    // A broken connection concerns its two ends alone.
                    let _ = visit.receive(client, &shown, &http).await;
                });
            }
        });
        [served, accepting]
    }
}

impl Visit {
    /// Finds out what a client speaks by its first byte.
    async fn receive(&self, client: TcpStream, shown: &Shown, http: &mpsc::Sender<Accepted>) -> anyhow::Result<()> {
        client.set_nodelay(true)?;
        let (flaw, _) = self.settings()?;
        let identity = match flaw {
            Flaw::TlsUntrusted => &shown.untrusted,
            Flaw::TlsOtherName => &shown.other,
            _ => &shown.good,
        };
        let mut first = [0];
        client.peek(&mut first).await?;
        match first[0] {
            TLS if flaw == Flaw::TlsRefused => Ok(()),
            TLS => {
                let stream = identity.acceptor.accept(client).await?;
                if stream.get_ref().1.alpn_protocol() == Some(POSTGRES.as_bytes()) {
                    self.welcome(stream, &identity.binding, flaw).await
                } else {
                    Ok(http.send((Box::new(stream), true)).await?)
                }
            }
            // The length of a startup packet, which is short.
            0 => self.negotiate(client, identity, flaw).await,
            // Without TLS: as local proxies of the driver serve it.
            _ => Ok(http.send((Box::new(client), false)).await?),
        }
    }

    async fn negotiate(&self, mut client: TcpStream, identity: &Identity, flaw: Flaw) -> anyhow::Result<()> {
        loop {
            match message::read_first(&mut client).await? {
                First::Encryption if flaw == Flaw::TlsRefused => client.write_all(b"N").await?,
                First::Encryption => {
                    client.write_all(b"S").await?;
                    break;
                }
                First::Cancel(_) => return Ok(()),
                First::Startup(_) => {
                    let fatal = Fatal::internal("connection is insecure (try using `sslmode=require`)");
                    return Ok(client.write_all(&fatal.encode()).await?);
                }
            }
        }
        let stream = identity.acceptor.accept(client).await?;
        self.welcome(stream, &identity.binding, flaw).await
    }

    async fn welcome(
        &self,
        mut stream: tokio_rustls::server::TlsStream<TcpStream>,
        binding: &[u8],
        flaw: Flaw,
    ) -> anyhow::Result<()> {
        let name = stream.get_ref().1.server_name().map(str::to_owned);
        let login = Login::Scram(binding);
        if let Err(fatal) = self.session(&mut stream, name.as_deref(), login, flaw).await? {
            stream.write_all(&fatal.encode()).await?;
        }
        Ok(stream.shutdown().await?)
    }
}
