//! The `WebSocket`s of the serverless driver (`wss://<host>/v2`): Postgres' protocol in binary messages, the password in
//! clear text.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::session::Login;
use super::visit::Visit;

/// Bytes that may wait in each direction.
const BUFFER: usize = 64 << 10;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// `host:port` of the compute, where the socket's own host is a proxy's (as Neon's `wsproxy` takes it).
    address: Option<String>,
}

pub(super) async fn open(
    State(visit): State<Visit>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = asked.address.as_deref().or(host).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default().to_owned();
    upgrade.on_upgrade(async move |socket| {
        let (near, far) = tokio::io::duplex(BUFFER);
        tokio::join!(converse(visit, name, far), carry(socket, near));
    })
}

async fn converse(visit: Visit, name: String, mut stream: DuplexStream) {
    let Ok((flaw, _)) = visit.settings() else { return };
    // A broken connection concerns its two ends alone.
    if let Ok(Err(fatal)) = visit.session(&mut stream, Some(&name), Login::ClearText, flaw).await {
        let _ = stream.write_all(&fatal.encode()).await;
    }
}

/// Until either end is done.
async fn carry(mut socket: WebSocket, mut stream: DuplexStream) {
    let mut buffer = vec![0; BUFFER];
    loop {
        tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    if stream.write_all(&bytes).await.is_err() {
                        break;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return,
            },
            read = stream.read(&mut buffer) => match read {
                Ok(length @ 1..) => {
                    if socket.send(Message::Binary(Bytes::copy_from_slice(&buffer[..length]))).await.is_err() {
                        return;
                    }
                }
                _ => break,
            },
        }
    }
    // What the session said last may not have been read yet.
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let last = Message::Binary(Bytes::copy_from_slice(&buffer[..length]));
        if socket.send(last).await.is_err() {
            return;
        }
    }
    let _ = socket.send(Message::Close(None)).await;
}
