//! Waits until the records answer: asked of the zone's own name servers, so that no resolver between us and them
//! remembers that a name did not exist (for up to half an hour, as Cloudflare's zones say).

mod question;
mod transport;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use actions_core::cloudflare::Zone;
use actions_core::http::DNS_OVER_HTTPS;
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::wanted::Wanted;
use question::{Heard, Question};
use transport::Server;

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

/// What was still missing at the end: hostname, and what was answered last.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) names: Vec<(String, String)>,
    /// Whether any server answered at all.
    heard: bool,
}

/// How long it took until all answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) after: Duration,
    pub(crate) servers: Vec<String>,
}

/// Waits until every record answers at every server, or `limit` is over.
pub(crate) async fn until_answered(
    http: &reqwest::Client,
    zone: &Zone,
    wanted: &[Wanted],
    resolver: &Resolver,
    limit: Duration,
) -> Result<Answered, Missing> {
    let over_https = |url: &str| Server::Https {
        http: http.clone(),
        url: url.to_owned(),
    };
    match resolver {
        Resolver::Https(url) => ask_until(wanted, vec![over_https(url)], limit, false).await,
        Resolver::Server(address) => {
            let server = Server::Address {
                name: address.to_string(),
                address: *address,
                recursion: true,
            };
            ask_until(wanted, vec![server], limit, false).await
        }
        Resolver::Authoritative => {
            let start = Instant::now();
            let servers = name_servers(zone).await;
            if !servers.is_empty() {
                match ask_until(wanted, servers, limit, true).await {
                    Err(missing) if !missing.heard => {}
                    ended => return ended,
                }
            }
            tracing::info!(
                "the name servers of `{}` cannot be reached from here; asking {DNS_OVER_HTTPS}",
                zone.name
            );
            let rest = limit.saturating_sub(start.elapsed());
            ask_until(wanted, vec![over_https(DNS_OVER_HTTPS)], rest, false).await
        }
    }
}

/// Asks every server about every record until all have answered, or `limit` is over; with `need_sound`, or as soon
/// as a whole round has passed in which no server said anything.
async fn ask_until(
    wanted: &[Wanted],
    servers: Vec<Server>,
    limit: Duration,
    need_sound: bool,
) -> Result<Answered, Missing> {
    let start = Instant::now();
    let questions: Vec<Question> = wanted.iter().map(Question::about).collect();
    let mut open: BTreeMap<(usize, usize), String> = (0..questions.len())
        .flat_map(|question| (0..servers.len()).map(move |server| ((question, server), String::new())))
        .collect();
    let mut pause = FIRST_PAUSE;
    let mut heard = false;
    loop {
        let asked = open.keys().copied().map(async |(question, server)| {
            let answer = servers[server].ask(&questions[question]).await;
            ((question, server), answer)
        });
        for (key, answer) in join_all(asked).await {
            let server = servers[key.1].name();
            heard |= answer.is_ok();
            let instead = match answer {
                Ok(Heard::Yes) => {
                    open.remove(&key);
                    continue;
                }
                Ok(Heard::NotYet(instead)) => format!("`{server}` {instead}"),
                Ok(Heard::Truncated) => format!("`{server}` cut its answer"),
                Err(error) => format!("`{server}`: {error:#}"),
            };
            open.insert(key, instead);
        }
        if open.is_empty() {
            return Ok(Answered {
                after: start.elapsed(),
                servers: servers.iter().map(|server| server.name().to_owned()).collect(),
            });
        }
        if need_sound && !heard || start.elapsed() + pause >= limit {
            let mut names: BTreeMap<String, String> = BTreeMap::new();
            for ((question, _), instead) in open {
                names.entry(questions[question].hostname.clone()).or_insert(instead);
            }
            let names = names.into_iter().collect();
            return Err(Missing { names, heard });
        }
        tracing::info!(
            "{} without the right answer yet; asking again in {}",
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
