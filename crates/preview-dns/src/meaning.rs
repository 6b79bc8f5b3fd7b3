//! What the inputs mean in a zone: the records that are to be, and what cannot be there.

use actions_core::manifest::Routing;

use crate::domains::Host;
use crate::hostname;
use crate::inputs::{Command, Inputs};
use crate::wanted::Wanted;

impl Inputs {
    /// Whether the run may change something.
    pub(crate) fn writes(&self) -> bool {
        !self.dry_run && (self.command != Command::Verify || self.create_missing)
    }

    /// Whether records are made (or planned), rather than looked at or deleted.
    pub(crate) fn makes(&self) -> bool {
        match self.command {
            Command::Apply => true,
            Command::Verify => self.create_missing,
            Command::Delete => false,
        }
    }

    /// Hostnames that a route answers: each needs a record.
    fn by_route(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| host.routing == Routing::Route)
    }

    /// Whether everything is at workers.dev, and there is no zone to look at.
    pub(crate) fn needs_no_zone(&self) -> bool {
        self.routing == Routing::WorkersDev && self.zone.name.is_none() && self.hosts.is_empty()
    }

    /// Hostnames and records that are not of this zone, or cannot be in it.
    pub(crate) fn problems_in_zone(&self, zone: &str) -> Vec<(&'static str, String)> {
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
            && self.by_route().next().is_some()
            && let Err(problem) = one_label(self.by_route(), zone)
        {
            found.push(("wildcard", problem));
        }
        found
    }

    /// The records that are to be, in this zone.
    pub(crate) fn wanted(&self, zone: &str) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = Vec::new();
        match one_label(self.by_route(), zone) {
            Ok(parent) if self.wildcard => wanted.push(Wanted::placeholder(format!("*.{parent}"))),
            _ => wanted.extend(self.by_route().map(|host| Wanted::placeholder(&host.name))),
        }
        for record in self
            .records
            .iter()
            .filter_map(|record| record.wanted(zone, self.ttl, self.proxied).ok())
        {
            // An explicit record takes the place of the placeholder of its name.
            wanted.retain(|other| !(other.placeholder && other.name == record.name && record.kind.is_address()));
            if !wanted.contains(&record) {
                wanted.push(record);
            }
        }
        wanted
    }

    /// The names that a `delete` is about; all of the owner's when no hosts and records were named.
    pub(crate) fn names_to_delete(&self, zone: &str) -> Option<Vec<String>> {
        let hosts = || self.hosts.iter().map(|host| host.name.clone());
        let records = || self.wanted(zone).into_iter().map(|wanted| wanted.name);
        (!self.prune).then(|| hosts().chain(records()).collect())
    }
}

/// The label that all hostnames sit under, with its parents.
fn one_label<'a>(hosts: impl Iterator<Item = &'a Host>, zone: &str) -> Result<&'a str, String> {
    let parents: Vec<&str> = hosts
        .filter_map(|host| host.name.split_once('.').map(|(_, rest)| rest))
        .collect();
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
