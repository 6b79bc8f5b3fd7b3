//! A TCP connection to the first of a host's addresses that answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::dns::Resolve as _;
use tokio::net::TcpStream;

/// An attempt on one address gives way to the next family after this (RFC 8305 suggests 250 ms).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// The addresses of a host, in the order of the system's preference.
///
/// # Errors
/// The name has none.
pub(crate) async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = bare.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let found = crate::http::LoopbackAware
        .resolve(name)
        .await
        .map_err(io::Error::other)?;
    Ok(found.map(|found| SocketAddr::new(found.ip(), port)).collect())
}

/// Tries the addresses one after the other, the next one as soon as the one before fails or is slow.
pub(crate) async fn first_to_connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    use futures_util::stream::{FuturesUnordered, StreamExt as _};
    let mut left = addresses.iter().copied();
    let mut running = FuturesUnordered::new();
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    running.extend(left.next().map(TcpStream::connect));
    loop {
        tokio::select! {
            done = running.next() => match done {
                Some(Ok(stream)) => return Ok(stream),
                // "Refused" says more than "no route to the IPv6 address".
                Some(Err(error)) => {
                    if failed.kind() != io::ErrorKind::ConnectionRefused {
                        failed = error;
                    }
                    match left.next() {
                        Some(address) => running.push(TcpStream::connect(address)),
                        None if running.is_empty() => return Err(failed),
                        None => {}
                    }
                }
                None => return Err(failed),
            },
            () = tokio::time::sleep(NEXT_ADDRESS), if left.len() > 0 => running.extend(left.next().map(TcpStream::connect)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// An address that drops whatever comes, as a network without IPv6 does: the queue of who may wait there is full.
    async fn black_hole() -> (SocketAddr, Vec<TcpStream>, TcpListener) {
        let (socket, address) = match TcpSocket::new_v6().map(|socket| (socket, "[::1]:0")) {
            Ok((socket, address)) if socket.bind(address.parse().unwrap()).is_ok() => (socket, "bound"),
            // A machine without IPv6: what counts is that one address is silent.
            _ => (TcpSocket::new_v4().unwrap(), "127.0.0.1:0"),
        };
        if address != "bound" {
            socket.bind(address.parse().unwrap()).unwrap();
        }
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(Ok(stream)) = tokio::time::timeout(NEXT_ADDRESS, TcpStream::connect(address)).await {
            waiting.push(stream);
        }
        (address, waiting, listener)
    }

    #[tokio::test]
    async fn an_address_that_is_silent_does_not_keep_us_from_the_next() {
        let (silent, _waiting, _listener) = black_hole().await;
        let there = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = there.local_addr().unwrap();
        let began = Instant::now();
        let stream = first_to_connect(&[silent, silent, address]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
        assert!(began.elapsed() >= NEXT_ADDRESS, "the first address was not silent");
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn who_refuses_is_told_when_nobody_else_answers() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let error = first_to_connect(&[gone, gone]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(!addresses("a.b.localhost", 5432).await.unwrap().is_empty());
        assert_eq!(addresses("[::1]", 5432).await.unwrap()[0].port(), 5432);
    }
}
