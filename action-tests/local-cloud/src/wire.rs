//! Listeners whose connections can be cut from inside a request, so that a dropped answer is a closed socket with no
//! bytes and not an HTTP status; and TLS on the same port as plain HTTP.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// First byte of a TLS connection: a handshake.
pub(crate) const TLS: u8 = 0x16;

/// Any connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// Cuts the connection that a request came in on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scissors {
    cut: Arc<AtomicBool>,
    secure: bool,
}

impl Scissors {
    /// From now on nothing is read from nor written to the connection; the server closes it.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
    }

    /// Whether the connection is encrypted.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    fn check(&self) -> Result<()> {
        if self.cut.load(Ordering::Acquire) {
            Err(Error::new(ErrorKind::ConnectionAborted, "cut by a fault rule"))
        } else {
            Ok(())
        }
    }
}

impl Connected<IncomingStream<'_, Listener>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A connection, and whether it is encrypted.
pub(crate) type Accepted = (Box<dyn Stream>, bool);

/// Accepts connections together with the scissors for each.
pub(crate) enum Listener {
    Plain(TcpListener),
    /// Somebody else accepts them.
    Fed(mpsc::Receiver<Accepted>),
}

impl Listener {
    /// Plain HTTP and HTTPS on one port, told apart by the first byte.
    pub(crate) fn with_tls(listener: TcpListener, acceptor: TlsAcceptor) -> Self {
        let (feed, accepted) = mpsc::channel(16);
        tokio::spawn(async move {
            loop {
                let stream = tokio::select! {
                    stream = accept(&listener) => stream,
                    () = feed.closed() => return,
                };
                let (feed, acceptor) = (feed.clone(), acceptor.clone());
                tokio::spawn(async move {
                    if let Some(accepted) = greet(stream, &acceptor).await {
                        let _ = feed.send(accepted).await;
                    }
                });
            }
        });
        Self::Fed(accepted)
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it, small answers wait for the peer's delayed acknowledgement.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            // Out of file descriptors, or the peer has gone: the next one may do.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// None when the client goes, or cannot agree with us on TLS.
async fn greet(stream: TcpStream, acceptor: &TlsAcceptor) -> Option<Accepted> {
    let mut first = [0];
    stream.peek(&mut first).await.ok()?;
    if first == [TLS] {
        Some((Box::new(acceptor.accept(stream).await.ok()?), true))
    } else {
        Some((Box::new(stream), false))
    }
}

impl axum::serve::Listener for Listener {
    type Io = Wire;
    type Addr = Scissors;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, secure): Accepted = match self {
            Self::Plain(listener) => (Box::new(accept(listener).await), false),
            Self::Fed(accepted) => match accepted.recv().await {
                Some(accepted) => accepted,
                None => std::future::pending().await,
            },
        };
        let scissors = Scissors {
            cut: Arc::default(),
            secure,
        };
        let wire = Wire {
            stream,
            scissors: scissors.clone(),
        };
        (wire, scissors)
    }

    fn local_addr(&self) -> Result<Self::Addr> {
        Ok(Scissors::default())
    }
}

/// Serves until told to stop, or until the handle that could tell is gone.
pub(crate) fn serve(listener: Listener, router: Router, mut stopped: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<Scissors>();
        let _ = axum::serve(listener, service)
            .with_graceful_shutdown(async move {
                let _ = stopped.wait_for(|stopped| *stopped).await;
            })
            .await;
    })
}

/// A connection that can be cut.
pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    scissors: Scissors,
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
