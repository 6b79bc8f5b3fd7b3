//! The one HTTP client of a process.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::no_answer::{Cause, NoAddress};

/// A public resolver over HTTPS: the example of inputs, and who is asked where a zone's name servers are out of reach.
pub const DNS_OVER_HTTPS: &str = "https://cloudflare-dns.com/dns-query";
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
    let version = crate::release::VERSION.map_or(env!("CARGO_PKG_VERSION"), |version| version.trim_start_matches('v'));
    format!("codex-actions/{version}{action}")
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

/// "There is no such name" is an answer, which asking again does not change; "try again" of the resolver is none.
fn no_address(name: String, error: io::Error) -> Cause {
    // The standard library keeps getaddrinfo's number to itself.
    let text = error.to_string();
    let temporary = ["emporary failure", "ry again"]
        .iter()
        .any(|words| text.contains(words));
    if text.contains("failed to lookup address information") && !temporary {
        NoAddress { name, source: error }.into()
    } else {
        error.into()
    }
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
                let found = tokio::net::lookup_host((host.as_str(), 0)).await;
                found.map_err(|error| no_address(host.clone(), error))?.collect()
            };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_does_not_exist_is_told_from_a_resolver_in_trouble() {
        let is_answer =
            |text: &str| no_address("x.test".to_owned(), io::Error::other(text.to_owned())).is::<NoAddress>();
        for text in [
            "Name or service not known",
            "No address associated with hostname",
            "Name does not resolve",
            "nodename nor servname provided, or not known",
        ] {
            assert!(
                is_answer(&format!("failed to lookup address information: {text}")),
                "{text}"
            );
        }
        for text in ["Temporary failure in name resolution", "Try again"] {
            assert!(
                !is_answer(&format!("failed to lookup address information: {text}")),
                "{text}"
            );
        }
        assert!(!is_answer("Too many open files (os error 24)"));
    }

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
