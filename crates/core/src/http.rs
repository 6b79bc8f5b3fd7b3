//! The one HTTP client of a process.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A vendor that has not accepted a connection by then is down for us.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence while an answer arrives; a try's total is bounded in [`crate::retry`].
const READ_TIMEOUT: Duration = Duration::from_mins(1);

static ACTION: OnceLock<&'static str> = OnceLock::new();

/// Names the action in the `User-Agent` of every request.
pub(crate) fn identify(action: &'static str) {
    let _ = ACTION.set(action);
}

/// `codex-actions/<version> (<action>)`.
pub fn user_agent() -> String {
    let action = ACTION.get().map(|action| format!(" ({action})")).unwrap_or_default();
    format!("codex-actions/{}{action}", env!("CARGO_PKG_VERSION"))
}

/// A builder with what every client of ours shares: ring, our resolver, our user agent, the proxies of the environment.
pub fn builder() -> reqwest::ClientBuilder {
    // Already installed is fine: a process has one provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(user_agent())
        .dns_resolver(Arc::new(LoopbackAware))
}

/// The client for the three vendors' APIs. Cloning it shares its connections.
///
/// # Errors
/// The platform's certificates cannot be read.
pub fn client() -> anyhow::Result<reqwest::Client> {
    builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build()
        .context("could not build the HTTP client; are CA certificates installed?")
}

/// Whether a host is a loopback name: `localhost` and everything under it (RFC 6761 §6.3).
pub fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// The system's resolver, but for `*.localhost`, which not every libc resolves (glibc without nss-myhostname).
#[derive(Debug)]
pub struct LoopbackAware;

impl Resolve for LoopbackAware {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = if is_localhost(&host) {
                [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
                    .map(|ip| SocketAddr::new(ip, 0))
                    .to_vec()
            } else {
                tokio::net::lookup_host((host.as_str(), 0)).await?.collect()
            };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names() {
        for host in ["localhost", "a.b.localhost", "API.LOCALHOST.", "localhost."] {
            assert!(is_localhost(host), "{host}");
        }
        for host in ["localhost.example.com", "notlocalhost", "example.com"] {
            assert!(!is_localhost(host), "{host}");
        }
    }
}
