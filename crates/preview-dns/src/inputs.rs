//! What the user asked for, checked before any request is made.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use actions_core::environment::Environment;
use actions_core::manifest::Routing;
use actions_core::owner::Owner;
use actions_core::runner::common::CloudflareAccess;
use actions_core::runner::{BadInput, Common, Env, Problems, inputs};
use serde::Deserialize;

use crate::domains::Host;
use crate::explicit::{self, Explicit, TTL};
use crate::hostname;
use crate::wait::Resolver;
use crate::wanted::{AUTOMATIC, Wanted};
use crate::zone::Known;

/// How many existing records an `apply` may change or delete, unless told otherwise.
const MAX_DELETES: usize = 10;
/// How long `wait` is patient, unless told otherwise.
const WAIT_TIMEOUT: Duration = Duration::from_mins(2);
/// TTL of records that are not proxied: short where they come and go, long where they stay.
const TTL_OF_PREVIEW: u32 = 300;
const TTL_OF_THE_REST: u32 = 3600;
/// The project in the marker of records that no manifest names.
const NO_PROJECT: &str = "hosts";

#[derive(Debug, Default, Deserialize)]
struct Raw {
    command: Option<String>,
    hosts: Option<String>,
    zone: Option<String>,
    routing: Option<String>,
    records: Option<String>,
    owner: Option<String>,
    ttl: Option<String>,
    proxied: Option<String>,
    wildcard: Option<String>,
    adopt: Option<String>,
    prune: Option<String>,
    max_deletes: Option<String>,
    create_missing: Option<String>,
    wait: Option<String>,
    wait_timeout: Option<String>,
    resolver: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Apply,
    Verify,
    Delete,
}

impl Command {
    const NAMES: [(&str, Self); 3] = [("apply", Self::Apply), ("verify", Self::Verify), ("delete", Self::Delete)];

    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, command)| *command == self).map_or("", |(name, _)| name)
    }
}

/// How a hostname reaches its Worker, as users write it.
const ROUTINGS: [(&str, Routing); 3] = [
    ("route", Routing::Route),
    ("custom-domain", Routing::CustomDomain),
    ("record", Routing::Record),
];

/// The routing's name, as users write it.
pub fn routing_name(routing: Routing) -> &'static str {
    ROUTINGS.iter().find(|(_, known)| *known == routing).map_or("", |(name, _)| name)
}

/// What was asked for.
pub struct Inputs {
    pub command: Command,
    pub access: CloudflareAccess,
    pub dry_run: bool,
    pub zone: Known,
    pub owner: Owner,
    pub routing: Routing,
    /// Hostnames that a Worker answers.
    pub hosts: Vec<Host>,
    /// Records beside the hostnames'.
    pub records: Vec<Explicit>,
    /// One record `*.<label>` for all hostnames.
    pub wildcard: bool,
    /// Seconds, for records that are not proxied and say nothing themselves.
    pub ttl: u32,
    /// For explicit records that say nothing themselves.
    pub proxied: bool,
    pub adopt: bool,
    pub prune: bool,
    /// `None`: no limit.
    pub max_deletes: Option<usize>,
    pub create_missing: bool,
    pub wait: Option<Wait>,
}

/// How to wait for the records to answer.
#[derive(Debug, Clone)]
pub struct Wait {
    pub resolver: Resolver,
    pub timeout: Duration,
}

/// Where the hostnames come from.
enum Source {
    Manifest(Box<Environment>),
    Inputs,
}

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`BadInput`] with every problem.
    pub fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems)?;
        let inputs = Self::checked(&raw, &common, env, &mut problems);
        problems.finish()?;
        // Without a problem there is a value: each `None` below recorded one.
        inputs.ok_or_else(|| BadInput::one("manifest", "cannot be used").into())
    }

    fn checked(raw: &Raw, common: &Common, env: &Env, problems: &mut Problems) -> Option<Self> {
        let command = problems.choice("command", raw.command.as_deref(), &Command::NAMES, Command::Apply);
        let access = common.cloudflare_zone(problems);
        let flag = |problems: &mut Problems, name, value: &Option<String>, default| {
            problems.boolean(name, value.as_deref(), default)
        };
        let adopt = flag(problems, "adopt", &raw.adopt, false);
        let create_missing = flag(problems, "create-missing", &raw.create_missing, false);
        let proxied = flag(problems, "proxied", &raw.proxied, false);
        let max_deletes = problems.number("max-deletes", raw.max_deletes.as_deref());
        let wait = wait(raw, problems);
        let project = raw.owner.as_deref().map(|owner| owner_name(owner, problems));
        let records = records(raw, problems);
        let named_hosts = hosts(raw, problems);

        let source = source(raw, common, env, command, problems)?;
        let (zone_name, mut owner, mut hosts, mut all_records, routing, wildcard) = match source {
            Source::Manifest(environment) => {
                let hosts = environment.services.iter().map(|service| Host {
                    name: service.hostname.clone(),
                    worker: Some(service.worker.clone()),
                });
                let explicit = environment.records.iter().filter_map(|record| {
                    Explicit::of(record).map_err(|problem| problems.add("manifest", problem)).ok()
                });
                let explicit: Vec<Explicit> = explicit.collect();
                (
                    Some(environment.zone.clone()),
                    environment.owner.clone(),
                    hosts.collect::<Vec<_>>(),
                    explicit,
                    environment.routing,
                    environment.wildcard,
                )
            }
            Source::Inputs => {
                let zone = raw.zone.as_deref().and_then(|zone| {
                    hostname::normal(zone).map_err(|problem| problems.add("zone", problem)).ok()
                });
                let owner = common.owner(project.as_deref().unwrap_or(NO_PROJECT));
                (zone, owner, Vec::new(), Vec::new(), Routing::Route, false)
            }
        };
        let by_hand = raw.hosts.is_some();
        if let Some(project) = project {
            owner.project = project;
        }
        if by_hand {
            hosts = named_hosts.into_iter().map(|name| Host { name, worker: None }).collect();
        }
        all_records.extend(records);
        let routing = problems.choice("routing", raw.routing.as_deref(), &ROUTINGS, routing);
        let wildcard = problems.boolean("wildcard", raw.wildcard.as_deref(), wildcard);
        let ttl = ttl(raw, owner.pull_request.is_some(), problems);
        if raw.proxied.is_some() && !proxied && routing == Routing::Route && all_records.is_empty() {
            problems.add("proxied", "a route answers only behind Cloudflare's proxy: leave it out, or use `routing: record`");
        }
        let zone = Known {
            host: hosts.first().map(|host| host.name.clone()),
            name: zone_name,
            id: access.zone_id.clone(),
        };
        let inputs = Self {
            command,
            access,
            dry_run: common.dry_run,
            zone,
            owner,
            routing,
            hosts,
            records: all_records,
            wildcard,
            ttl,
            proxied,
            adopt,
            prune: problems.boolean("prune", raw.prune.as_deref(), !by_hand && raw.records.is_none()),
            max_deletes: max_deletes
                .and_then(|number| usize::try_from(number).ok())
                .or((command != Command::Delete).then_some(MAX_DELETES)),
            create_missing,
            wait,
        };
        inputs.check(raw, problems);
        Some(inputs)
    }

    /// What is wrong with the whole, as far as it can be told without a request.
    fn check(&self, raw: &Raw, problems: &mut Problems) {
        let nothing_to_do = self.hosts.is_empty() && self.records.is_empty();
        match self.command {
            Command::Delete => {}
            _ if self.routing == Routing::Record && self.records.is_empty() => {
                problems.add("records", "missing; with `routing: record`, name them one per line: `CNAME docs acme.github.io`");
            }
            _ if nothing_to_do => problems.add("hosts", "missing; name one hostname per line"),
            _ => {}
        }
        if self.routing == Routing::Record && raw.hosts.is_some() {
            problems.add("hosts", "with `routing: record` there is no record for a hostname; name records in `records`");
        }
        if let Some(zone) = &self.zone.name {
            for problem in self.problems_in_zone(zone) {
                problems.add(problem.0, problem.1);
            }
        } else if self.zone.id.is_none() && self.hosts.is_empty() {
            problems.add("zone", "missing; name the zone, such as `example.com`");
        }
    }

    /// Hostnames and records that are not of this zone, or cannot be in it.
    pub fn problems_in_zone(&self, zone: &str) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for host in self.hosts.iter().filter(|host| !hostname::is_in(&host.name, zone)) {
            found.push(("hosts", format!("`{}` is not in zone `{zone}`", host.name)));
        }
        for record in &self.records {
            if let Err(problem) = record.wanted(zone, self.ttl, self.proxied) {
                found.push(("records", problem));
            }
        }
        if self.wildcard
            && self.routing == Routing::Route
            && let Err(problem) = one_label(&self.hosts, zone)
        {
            found.push(("wildcard", problem));
        }
        found
    }

    /// The records that are to be, in this zone.
    pub fn wanted(&self, zone: &str) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = Vec::new();
        if self.routing == Routing::Route {
            match one_label(&self.hosts, zone) {
                Ok(parent) if self.wildcard => wanted.push(Wanted::placeholder(format!("*.{parent}"))),
                _ => wanted.extend(self.hosts.iter().map(|host| Wanted::placeholder(&host.name))),
            }
        }
        for record in self.records.iter().filter_map(|record| record.wanted(zone, self.ttl, self.proxied).ok()) {
            // An explicit record takes the place of the placeholder of its name.
            wanted.retain(|other| !(other.placeholder && other.name == record.name && record.kind.is_address()));
            if !wanted.contains(&record) {
                wanted.push(record);
            }
        }
        wanted
    }

    /// The names that a `delete` is about; all of the owner's when no hosts and records were named.
    pub fn names_to_delete(&self, zone: &str) -> Option<Vec<String>> {
        let hosts = || self.hosts.iter().map(|host| host.name.clone());
        let records = || self.wanted(zone).into_iter().map(|wanted| wanted.name);
        (!self.prune).then(|| hosts().chain(records()).collect())
    }
}

/// The label that all hostnames sit under, with its parents.
fn one_label<'a>(hosts: &'a [Host], zone: &str) -> Result<&'a str, String> {
    let parents: Vec<&str> = hosts.iter().filter_map(|host| host.name.split_once('.').map(|(_, rest)| rest)).collect();
    match parents.first() {
        Some(first) if parents.iter().any(|parent| parent != first) => Err(format!(
            "the hostnames do not sit under one label (`{first}` and `{}`)",
            parents.iter().find(|parent| *parent != first).unwrap_or(first)
        )),
        Some(first) if !hostname::is_in(first, zone) || *first == zone => Err(format!(
            "the hostnames sit directly under the zone, where `*.{zone}` would answer for every name; use a hostname such as `{{subdomain}}.preview-{{pr}}`"
        )),
        Some(first) => Ok(first),
        None => Err("there is no hostname".to_owned()),
    }
}

fn source(raw: &Raw, common: &Common, env: &Env, command: Command, problems: &mut Problems) -> Option<Source> {
    let by_hand = raw.hosts.is_some() || raw.zone.is_some() || command == Command::Delete && raw.records.is_some();
    if by_hand || raw.records.is_some() && !common.has_manifest(env) {
        return Some(Source::Inputs);
    }
    if !common.has_manifest(env) {
        let path = common.manifest_path(env);
        problems.add(
            "manifest",
            format!(
                "there is no `{}`; check out the repository first, or name `hosts` (one per line)",
                path.display()
            ),
        );
        return None;
    }
    common.environment(env, problems).map(|environment| Source::Manifest(Box::new(environment)))
}

fn hosts(raw: &Raw, problems: &mut Problems) -> Vec<String> {
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

fn records(raw: &Raw, problems: &mut Problems) -> Vec<Explicit> {
    let parsed = inputs::lines(raw.records.as_deref()).into_iter().map(|line| explicit::parse(&line));
    parsed
        .filter_map(|record| record.map_err(|problem| problems.add("records", problem)).ok())
        .collect()
}

fn owner_name(owner: &str, problems: &mut Problems) -> String {
    let owner = owner.trim();
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if owner.len() > 40 || !owner.chars().all(valid) {
        problems.add("owner", format!("`{owner}` is to be at most 40 letters, digits, dots, dashes and underscores"));
    }
    owner.to_owned()
}

fn ttl(raw: &Raw, preview: bool, problems: &mut Problems) -> u32 {
    let default = if preview { TTL_OF_PREVIEW } else { TTL_OF_THE_REST };
    match raw.ttl.as_deref().map(str::trim) {
        None => default,
        Some("auto" | "1") => AUTOMATIC,
        Some(text) => {
            let seconds = problems.duration("ttl", Some(text)).map(|ttl| ttl.as_secs());
            if seconds.is_some_and(|seconds| !TTL.contains(&seconds)) {
                problems.add("ttl", format!("`{text}` is to be from `60s` to `1d`, or `auto`"));
            }
            seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(default)
        }
    }
}

fn wait(raw: &Raw, problems: &mut Problems) -> Option<Wait> {
    let wanted = problems.boolean("wait", raw.wait.as_deref(), false);
    let timeout = problems.duration("wait-timeout", raw.wait_timeout.as_deref());
    let resolver = match raw.resolver.as_deref().map(str::trim) {
        None | Some("authoritative") => Resolver::Authoritative,
        Some(text) if text.starts_with("https://") || text.starts_with("http://") => {
            Resolver::Https(problems.base_url("resolver", Some(text), "https://cloudflare-dns.com/dns-query"))
        }
        Some(text) => match text.parse::<SocketAddr>().or(text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53))) {
            Ok(address) => Resolver::Server(address),
            Err(_) => {
                problems.add(
                    "resolver",
                    format!("`{text}` is neither `authoritative`, a DNS-over-HTTPS URL, nor an address such as `1.1.1.1`"),
                );
                Resolver::Authoritative
            }
        },
    };
    wanted.then(|| Wait {
        resolver,
        timeout: timeout.unwrap_or(WAIT_TIMEOUT),
    })
}

#[cfg(test)]
#[path = "inputs_tests.rs"]
mod tests;
