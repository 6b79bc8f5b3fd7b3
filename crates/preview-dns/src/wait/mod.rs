//! Waits until the records answer: asked of the zone's own name servers, so that no resolver between us and them
//! remembers that a name did not exist (for up to half an hour, as Cloudflare's zones say).

mod question;
mod transport;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use actions_core::cloudflare::Zone;
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::wanted::Wanted;
use question::{Heard, Question};
use transport::Server;

/// Where to ask when the name servers cannot be reached from here (port 53 closed, say).
const FALLBACK: &str = "https://cloudflare-dns.com/dns-query";
/// The pause between rounds; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolver {
    /// The zone's name servers, each of them.
    Authoritative,
    /// A DNS-over-HTTPS resolver.
    Https(String),
    /// A resolver by address.
    Server(SocketAddr),
}

/// What the deadline found still missing: hostname, and what was answered last.
#[derive(Debug)]
pub(crate) struct Missing(pub Vec<(String, String)>);

/// How long it took until all answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub after: Duration,
    pub servers: Vec<String>,
}

/// Waits until every record answers at every server, or `limit` is over.
pub(crate) async fn until_answered(
    http: &reqwest::Client,
    zone: &Zone,
    wanted: &[Wanted],
    resolver: &Resolver,
    limit: Duration,
) -> Result<Answered, Missing> {
    let start = Instant::now();
    let over_https = |url: &str| Server::Https {
        http: http.clone(),
        url: url.to_owned(),
    };
    let mut servers = match resolver {
        Resolver::Authoritative => name_servers(zone).await,
        Resolver::Https(url) => vec![over_https(url)],
        Resolver::Server(address) => vec![Server::Address {
            name: address.to_string(),
            address: *address,
            recursion: true,
        }],
    };
    if servers.is_empty() {
        tracing::info!("no name server of `{}` is known; asking {FALLBACK}", zone.name);
        servers = vec![over_https(FALLBACK)];
    }
    let mut open: BTreeMap<(usize, usize), String> = (0..wanted.len())
        .flat_map(|record| (0..servers.len()).map(move |server| ((record, server), "was not asked".to_owned())))
        .collect();
    let questions: Vec<Question> = wanted.iter().map(Question::about).collect();
    let mut pause = FIRST_PAUSE;
    let mut anyone = false;
    loop {
        let asked = open.keys().copied().map(async |(record, server)| {
            let heard = servers[server].ask(&questions[record]).await;
            ((record, server), heard)
        });
        for (key, heard) in join_all(asked).await {
            let server = servers[key.1].name();
            match heard {
                Ok(Heard::Yes) => {
                    anyone = true;
                    open.remove(&key);
                }
                Ok(Heard::NotYet(instead)) => {
                    anyone = true;
                    open.insert(key, format!("`{server}` {instead}"));
                }
                Ok(Heard::Truncated) => drop(open.insert(key, format!("`{server}` cut its answer"))),
                Err(error) => drop(open.insert(key, format!("`{server}`: {error:#}"))),
            }
        }
        if open.is_empty() {
            return Ok(Answered {
                after: start.elapsed(),
                servers: servers.iter().map(|server| server.name().to_owned()).collect(),
            });
        }
        if !anyone && *resolver == Resolver::Authoritative && servers[0].name() != FALLBACK {
            tracing::info!("the name servers cannot be reached from here; asking {FALLBACK}");
            servers = vec![over_https(FALLBACK)];
            open = (0..wanted.len())
                .map(|record| ((record, 0), "was not asked".to_owned()))
                .collect();
            continue;
        }
        if start.elapsed() + pause >= limit {
            let mut missing: BTreeMap<&str, String> = BTreeMap::new();
            for ((record, _), instead) in &open {
                missing
                    .entry(&questions[*record].hostname)
                    .or_insert_with(|| instead.clone());
            }
            return Err(Missing(
                missing
                    .into_iter()
                    .map(|(name, instead)| (name.to_owned(), instead))
                    .collect(),
            ));
        }
        tracing::info!(
            "{} not answered yet; asking again in {}",
            actions_core::text::count(open.len(), "question"),
            actions_core::text::elapsed(pause)
        );
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The zone's name servers by address. Their own names are old and safe to ask any resolver for.
async fn name_servers(zone: &Zone) -> Vec<Server> {
    let found = zone.name_servers.iter().map(async |name| {
        let mut addresses = tokio::net::lookup_host((name.as_str(), 53))
            .await
            .ok()?
            .collect::<Vec<_>>();
        // A runner often has no IPv6.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        addresses.first().map(|address| Server::Address {
            name: name.clone(),
            address: *address,
            recursion: false,
        })
    });
    join_all(found).await.into_iter().flatten().collect()
}

#[cfg(test)]
#[path = "../wait_tests.rs"]
mod tests;
