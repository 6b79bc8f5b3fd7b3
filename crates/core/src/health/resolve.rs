//! Where a hostname is: what the user says, loopback for `*.localhost`, DNS-over-HTTPS, or the system's resolver.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use serde::Deserialize;

/// `host:port:address`, as curl's `--resolve` has it. The address may be an IPv6 one in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    pub host: String,
    pub port: u16,
    pub address: IpAddr,
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not `host:port:address`, such as `api.example.com:443:127.0.0.1`");
        let mut parts = text.splitn(3, ':');
        let (Some(host), Some(port), Some(address)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let address = address
            .trim()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .map_err(|_| wrong())?;
        let port = port.parse().map_err(|_| wrong())?;
        if host.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_lowercase(),
            port,
            address,
        })
    }
}

/// Finds addresses. Each probe asks anew: a cached "no such host" would hide that the name has come up.
#[derive(Debug, Clone, Default)]
pub struct Resolver {
    overrides: Vec<Override>,
    /// A DNS-over-HTTPS endpoint that answers `application/dns-json`, and the client for it.
    https: Option<(String, reqwest::Client)>,
}

#[derive(Deserialize)]
struct DnsAnswer {
    #[serde(rename = "Status")]
    status: u32,
    #[serde(rename = "Answer", default)]
    answer: Vec<DnsRecord>,
}

#[derive(Deserialize)]
struct DnsRecord {
    data: String,
}

impl Resolver {
    /// A resolver with the user's own addresses and, if given, DNS-over-HTTPS (`https://…/dns-query`) in place of the
    /// system's: it is not subject to the negative cache of the runner's network.
    ///
    /// # Errors
    /// The HTTP client for DNS-over-HTTPS cannot be built.
    pub fn new(overrides: Vec<Override>, https: Option<String>) -> anyhow::Result<Self> {
        let https = https.map(|url| anyhow::Ok((url, crate::http::client()?))).transpose()?;
        Ok(Self { overrides, https })
    }

    /// The addresses of a host. IPv6 and IPv4 are both returned; the caller tries both.
    ///
    /// # Errors
    /// One sentence: the name does not exist, or the resolver gave no answer.
    pub(super) async fn find(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
        let bare = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .trim_end_matches('.')
            .to_lowercase();
        let given: Vec<SocketAddr> = self
            .overrides
            .iter()
            .filter(|known| known.host == bare && known.port == port)
            .map(|known| SocketAddr::new(known.address, port))
            .collect();
        if !given.is_empty() {
            return Ok(given);
        }
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        if crate::http::is_localhost(&bare) {
            let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Ok(loopback.map(|ip| SocketAddr::new(ip, port)).to_vec());
        }
        if let Some((url, client)) = &self.https {
            return over_https(client, url, &bare, port).await;
        }
        let found = tokio::net::lookup_host((bare.as_str(), port)).await;
        found
            .map(Iterator::collect)
            .map_err(|_| format!("no address for `{bare}`"))
    }
}

async fn over_https(client: &reqwest::Client, url: &str, host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let ask = async |kind: &str| -> reqwest::Result<DnsAnswer> {
        let request = client
            .get(url)
            .query(&[("name", host), ("type", kind)])
            .header("accept", "application/dns-json");
        request.send().await?.error_for_status()?.json().await
    };
    let (v4, v6) = futures_util::future::join(ask("A"), ask("AAAA")).await;
    let answers: Vec<DnsAnswer> = match (v4, v6) {
        (Err(error), Err(_)) => return Err(format!("the resolver gave no answer: {}", error.without_url())),
        (v4, v6) => [v4, v6].into_iter().flatten().collect(),
    };
    let addresses: Vec<SocketAddr> = answers
        .iter()
        .filter(|answer| answer.status == 0)
        .flat_map(|answer| &answer.answer)
        // CNAME records on the way to the address are in the answer too.
        .filter_map(|record| record.data.parse::<IpAddr>().ok())
        .map(|ip| SocketAddr::new(ip, port))
        .collect();
    if addresses.is_empty() {
        Err(format!("no address for `{host}` yet"))
    } else {
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_curls() {
        let parsed: Override = "API.example.com:443:127.0.0.1".parse().unwrap();
        assert_eq!(
            parsed,
            Override {
                host: "api.example.com".into(),
                port: 443,
                address: IpAddr::V4(Ipv4Addr::LOCALHOST)
            }
        );
        assert_eq!(
            "a:80:[::1]".parse::<Override>().unwrap().address,
            IpAddr::V6(Ipv6Addr::LOCALHOST)
        );
        for wrong in ["a:80", "a:b:127.0.0.1", ":80:127.0.0.1", "a:80:host"] {
            assert!(wrong.parse::<Override>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn loopback_names_and_literals_need_no_dns() {
        let resolver = Resolver::default();
        assert_eq!(resolver.find("a.b.localhost", 80).await.unwrap().len(), 2);
        assert_eq!(
            resolver.find("[::1]", 80).await.unwrap(),
            [SocketAddr::new(Ipv6Addr::LOCALHOST.into(), 80)]
        );
    }
}
