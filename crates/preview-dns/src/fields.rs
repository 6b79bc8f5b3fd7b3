//! Single inputs, read and checked.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use actions_core::http::DNS_OVER_HTTPS;
use actions_core::runner::{Problems, inputs};

use crate::explicit::{self, Explicit, TTL};
use crate::hostname;
use crate::inputs::{Raw, Wait};
use crate::wait::Resolver;
use crate::wanted::AUTOMATIC;

/// How long `wait` is patient, unless told otherwise.
const WAIT_TIMEOUT: Duration = Duration::from_mins(2);
/// TTL of records that are not proxied: short where they come and go, long where they stay.
const TTL_OF_PREVIEW: u32 = 300;
const TTL_OF_THE_REST: u32 = 3600;

pub(crate) fn hosts(raw: &Raw, problems: &mut Problems) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for host in inputs::list(raw.hosts.as_deref()) {
        // A single label is relative to the zone, when the zone is named.
        let full = match &raw.zone {
            Some(zone) if !host.trim_end_matches('.').contains('.') => format!("{host}.{zone}"),
            _ => host,
        };
        match hostname::normal(&full) {
            Ok(name) if !hosts.contains(&name) => hosts.push(name),
            Ok(_) => {}
            Err(problem) => problems.add("hosts", problem),
        }
    }
    hosts
}

pub(crate) fn records(raw: &Raw, problems: &mut Problems) -> Vec<Explicit> {
    let parsed = inputs::lines(raw.records.as_deref())
        .into_iter()
        .map(|line| explicit::parse(&line));
    parsed
        .filter_map(|record| record.map_err(|problem| problems.add("records", problem)).ok())
        .collect()
}

pub(crate) fn owner_name(owner: &str, problems: &mut Problems) -> String {
    let owner = owner.trim();
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if owner.len() > 40 || !owner.chars().all(valid) {
        problems.add(
            "owner",
            format!("`{owner}` is to be at most 40 letters, digits, dots, dashes and underscores"),
        );
    }
    owner.to_owned()
}

pub(crate) fn ttl(raw: &Raw, preview: bool, problems: &mut Problems) -> u32 {
    let default = if preview { TTL_OF_PREVIEW } else { TTL_OF_THE_REST };
    match raw.ttl.as_deref().map(str::trim) {
        None => default,
        Some("auto" | "1") => AUTOMATIC,
        Some(text) => {
            let seconds = problems.duration("ttl", Some(text)).map(|ttl| ttl.as_secs());
            if seconds.is_some_and(|seconds| !TTL.contains(&seconds)) {
                problems.add("ttl", format!("`{text}` is to be from `60s` to `1d`, or `auto`"));
            }
            seconds
                .and_then(|seconds| u32::try_from(seconds).ok())
                .unwrap_or(default)
        }
    }
}

pub(crate) fn wait(raw: &Raw, problems: &mut Problems) -> Option<Wait> {
    let wanted = problems.boolean("wait", raw.wait.as_deref(), false);
    let timeout = problems.duration("wait-timeout", raw.wait_timeout.as_deref());
    let resolver =
        match raw.resolver.as_deref().map(str::trim) {
            None | Some("authoritative") => Resolver::Authoritative,
            Some(text) if text.starts_with("https://") || text.starts_with("http://") => {
                Resolver::Https(problems.base_url("resolver", Some(text), DNS_OVER_HTTPS))
            }
            Some(text) => {
                if let Ok(address) = text
                    .parse::<SocketAddr>()
                    .or(text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)))
                {
                    Resolver::Server(address)
                } else {
                    problems.add(
                "resolver",
                format!("`{text}` is neither `authoritative`, a DNS-over-HTTPS URL, nor an address such as `1.1.1.1`"),
            );
                    Resolver::Authoritative
                }
            }
        };
    wanted.then(|| Wait {
        resolver,
        timeout: timeout.unwrap_or(WAIT_TIMEOUT),
    })
}
