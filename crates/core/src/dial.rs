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
    let found = crate::http::LoopbackAware.resolve(name).await.map_err(io::Error::other)?;
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

