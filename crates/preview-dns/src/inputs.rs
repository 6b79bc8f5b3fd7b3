//! What the user asked for, checked before any request is made.

use std::time::Duration;

use actions_core::environment::Environment;
use actions_core::manifest::Routing;
use actions_core::owner::Owner;
use actions_core::runner::common::CloudflareAccess;
use actions_core::runner::{BadInput, Common, Env, Inquiry, Problems, Wanted, inputs};
use serde::Deserialize;

use crate::domains::Host;
use crate::explicit::Explicit;
use crate::fields::{hosts, owner_name, records, ttl, wait};
use crate::hostname;
use crate::wait::Resolver;
use crate::zone::Known;

/// How many existing records an `apply` may change or delete, unless told otherwise.
const MAX_DELETES: usize = 10;
/// The project in the marker of records that no manifest names.
const NO_PROJECT: &str = "hosts";

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Raw {
    pub(crate) command: Option<String>,
    pub(crate) hosts: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) routing: Option<String>,
    pub(crate) records: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) ttl: Option<String>,
    pub(crate) proxied: Option<String>,
    pub(crate) wildcard: Option<String>,
    pub(crate) adopt: Option<String>,
    pub(crate) prune: Option<String>,
    pub(crate) max_deletes: Option<String>,
    pub(crate) create_missing: Option<String>,
    pub(crate) wait: Option<String>,
    pub(crate) wait_timeout: Option<String>,
    pub(crate) resolver: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Apply,
    Verify,
    Delete,
}

impl Command {
    const NAMES: [(&str, Self); 3] = [
        ("apply", Self::Apply),
        ("verify", Self::Verify),
        ("delete", Self::Delete),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, command)| *command == self)
            .map_or("", |(name, _)| name)
    }
}

/// How a hostname reaches its Worker, as users write it.
const ROUTINGS: [(&str, Routing); 4] = [
    ("route", Routing::Route),
    ("custom-domain", Routing::CustomDomain),
    ("record", Routing::Record),
    ("workers-dev", Routing::WorkersDev),
];

/// The routing's name, as users write it.
pub(crate) fn routing_name(routing: Routing) -> &'static str {
    ROUTINGS
        .iter()
        .find(|(_, known)| *known == routing)
        .map_or("", |(name, _)| name)
}

/// What was asked for.
#[expect(clippy::struct_excessive_bools, reason = "each is an input of its own")]
pub(crate) struct Inputs {
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
    /// The pull request, asked for its state before records are made for it.
    pub inquiry: Inquiry,
}

/// How to wait for the records to answer.
#[derive(Debug, Clone)]
pub(crate) struct Wait {
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
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems).await?;
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
                let (hosts, explicit) = (hosts_of(&environment), records_of(&environment, problems));
                (
                    Some(environment.zone.clone()).filter(|zone| !zone.is_empty()),
                    environment.owner.clone(),
                    hosts,
                    explicit,
                    environment.routing,
                    environment.wildcard,
                )
            }
            Source::Inputs => {
                let zone = raw.zone.as_deref().and_then(|zone| {
                    hostname::normal(zone)
                        .map_err(|problem| problems.add("zone", problem))
                        .ok()
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
            hosts = named_hosts
                .into_iter()
                .map(|name| Host {
                    name,
                    worker: None,
                    routing: Routing::Route,
                })
                .collect();
        }
        all_records.extend(records);
        let routing = problems.choice("routing", raw.routing.as_deref(), &ROUTINGS, routing);
        for host in &mut hosts {
            host.routing = routing.of(&host.name);
        }
        let wildcard = problems.boolean("wildcard", raw.wildcard.as_deref(), wildcard);
        let ttl = ttl(raw, owner.pull_request.is_some(), problems);
        if raw.proxied.is_some() && !proxied && routing == Routing::Route && all_records.is_empty() {
            problems.add(
                "proxied",
                "a route answers only behind Cloudflare's proxy: leave it out, or use `routing: record`",
            );
        }
        let zone = Known {
            host: hosts.first().map(|host| host.name.clone()),
            name: zone_name,
            id: access.zone_id.clone(),
        };
        let inputs = Self {
            inquiry: common.inquire(owner.pull_request, Wanted::Open),
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
                problems.add(
                    "records",
                    "missing; with `routing: record`, name them one per line: `CNAME docs acme.github.io`",
                );
            }
            _ if self.routing == Routing::WorkersDev => {}
            _ if nothing_to_do => problems.add("hosts", "missing; name one hostname per line"),
            _ => {}
        }
        if self.routing == Routing::Record && raw.hosts.is_some() {
            problems.add(
                "hosts",
                "with `routing: record` there is no record for a hostname; name records in `records`",
            );
        }
        if let Some(zone) = &self.zone.name {
            for problem in self.problems_in_zone(zone) {
                problems.add(problem.0, problem.1);
            }
        } else if self.zone.id.is_none() && self.hosts.is_empty() && !self.needs_no_zone() {
            problems.add("zone", "missing; name the zone, such as `example.com`");
        }
    }
}

/// The hostnames of an environment; at workers.dev there are none.
fn hosts_of(environment: &Environment) -> Vec<Host> {
    let services = environment.services.iter();
    let services = services.filter(|_| environment.routing != Routing::WorkersDev);
    let hosts = services.flat_map(|service| {
        service.hostnames().map(|name| Host {
            name: name.to_owned(),
            worker: Some(service.worker.clone()),
            routing: environment.routing.of(name),
        })
    });
    hosts.collect()
}

/// The records that an environment names.
fn records_of(environment: &Environment, problems: &mut Problems) -> Vec<Explicit> {
    let explicit = environment.records.iter().filter_map(|record| {
        Explicit::of(record)
            .map_err(|problem| problems.add("manifest", problem))
            .ok()
    });
    explicit.collect()
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
    common
        .environment(env, problems)
        .map(|environment| Source::Manifest(Box::new(environment)))
}
