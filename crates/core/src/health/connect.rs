//! Connections whose parts are timed: name, TCP, TLS. Through the proxies of the environment when it names some.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::proxy::matcher::Matcher as Proxies;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::resolve::Resolver;
use super::tls;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// How long each part of the last connection took, and its certificate's end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Laps {
    pub(super) resolve: Option<Duration>,
    pub(super) connect: Option<Duration>,
    pub(super) tls: Option<Duration>,
    /// Seconds since 1970.
    pub(super) certificate_end: Option<i64>,
}

/// Shared between a client's connector and its prober.
pub(super) type Clock = Arc<Mutex<Laps>>;

pub(super) fn lap(clock: &Clock, set: impl FnOnce(&mut Laps)) {
    set(&mut clock.lock().unwrap_or_else(PoisonError::into_inner));
}

/// The name does not resolve.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoAddress(pub(super) String);

/// A TCP connection, to the host or to a proxy.
pub(super) struct Stream {
    io: TokioIo<TcpStream>,
    proxied: bool,
}

/// Connects by TCP: own addresses first, proxies if the environment names one for the host.
#[derive(Clone)]
pub(super) struct Tcp {
    resolver: Arc<Resolver>,
    proxies: Arc<Proxies>,
    clock: Clock,
}

impl Tcp {
    async fn dial(self, host: &str, port: u16) -> Result<TcpStream, BoxError> {
        let started = Instant::now();
        let addresses = self.resolver.find(host, port).await.map_err(NoAddress)?;
        let resolved = Instant::now();
        lap(&self.clock, |laps| laps.resolve = Some(resolved - started));
        let stream = crate::dial::first_to_connect(&addresses).await?;
        stream.set_nodelay(true)?;
        lap(&self.clock, |laps| laps.connect = Some(resolved.elapsed()));
        Ok(stream)
    }
}

fn port_of(uri: &Uri) -> u16 {
    uri.port_u16()
        .unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 })
}

impl Service<Uri> for Tcp {
    type Response = Stream;
    type Error = BoxError;
    type Future = Connecting<Stream>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let Some(proxy) = this.proxies.intercept(&to) else {
                let (host, port) = (to.host().unwrap_or_default().to_owned(), port_of(&to));
                return Ok(Stream {
                    io: TokioIo::new(this.dial(&host, port).await?),
                    proxied: false,
                });
            };
            let via = proxy.uri().clone();
            if to.scheme_str() == Some("https") {
                let mut tunnel = Tunnel::new(via, Direct(this));
                if let Some(auth) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                return Ok(Stream {
                    io: tunnel.call(to).await?,
                    proxied: false,
                });
            }
            let (host, port) = (via.host().unwrap_or_default().to_owned(), port_of(&via));
            Ok(Stream {
                io: TokioIo::new(this.dial(&host, port).await?),
                proxied: true,
            })
        })
    }
}

/// A connection to the proxy itself.
#[derive(Clone)]
struct Direct(Tcp);

impl Service<Uri> for Direct {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Connecting<TokioIo<TcpStream>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let tcp = self.0.clone();
        Box::pin(async move {
            let (host, port) = (to.host().unwrap_or_default().to_owned(), port_of(&to));
            Ok(TokioIo::new(tcp.dial(&host, port).await?))
        })
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.proxied)
    }
}

impl hyper::rt::Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl hyper::rt::Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Connects by TCP and, for https, TLS on top; HTTP/2 where the server offers it.
#[derive(Clone)]
pub(super) struct Connector {
    https: HttpsConnector<Tcp>,
    clock: Clock,
}

impl Connector {
    pub(super) fn new(
        resolver: Arc<Resolver>,
        proxies: Arc<Proxies>,
        config: rustls::ClientConfig,
        clock: Clock,
    ) -> Self {
        let tcp = Tcp {
            resolver,
            proxies,
            clock: clock.clone(),
        };
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        Self { https, clock }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Stream>;
    type Error = BoxError;
    type Future = Connecting<MaybeHttpsStream<Stream>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (started, clock) = (Instant::now(), self.clock.clone());
        let connecting = self.https.call(to);
        Box::pin(async move {
            let stream = connecting.await?;
            if let MaybeHttpsStream::Https(secure) = &stream {
                let certificates = secure.inner().get_ref().1.peer_certificates().unwrap_or_default();
                let certificate_end = certificates.first().and_then(tls::not_after);
                lap(&clock, |laps| {
                    let before = laps.resolve.unwrap_or_default() + laps.connect.unwrap_or_default();
                    laps.tls = Some(started.elapsed().saturating_sub(before));
                    laps.certificate_end = certificate_end;
                });
            }
            Ok(stream)
        })
    }
}
