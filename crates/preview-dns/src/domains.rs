//! Custom domains: Cloudflare makes their records. What is there must be theirs, or nothing. Pure.

use actions_core::cloudflare::domains::CustomDomain;
use actions_core::cloudflare::{DnsRecord, Route};
use actions_core::manifest::Routing;
use actions_core::owner::Owner;

use crate::plan::{Decision, Fate, Line, Remedy, Rules, describe, is_ours, remedy};
use crate::report;

/// A hostname, and the Worker that it is for (unknown without a manifest).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    pub name: String,
    pub worker: Option<String>,
    pub routing: Routing,
}

/// Adds to a decision about records what is to be said of hostnames that Cloudflare is to own. `attached` is `None`
/// when it could not be asked for. Names in `kept` answer by a route now.
pub(crate) fn decide(
    hosts: &[Host],
    existing: &[DnsRecord],
    attached: Option<&[CustomDomain]>,
    rules: Rules<'_>,
    mut decision: Decision,
) -> Decision {
    let owner = rules.owner;
    for host in hosts.iter().filter(|host| host.routing == Routing::CustomDomain) {
        let there: Vec<&DnsRecord> = existing
            .iter()
            .filter(|record| record.name == host.name && record.competes_with_addresses(rules.zone))
            .collect();
        let (ours, others): (Vec<&DnsRecord>, Vec<&DnsRecord>) =
            there.into_iter().partition(|record| is_ours(record, owner));
        let kept = rules.kept.contains(&host.name);
        let (fate, mut detail) = standing(host, &others, attached, owner, kept);
        if kept && fate == Fate::Right && !ours.is_empty() {
            report::SERVED_BY_ROUTE.clone_into(&mut detail);
        }
        decision.lines.push(Line {
            name: host.name.clone(),
            kind: "custom domain".to_owned(),
            content: String::new(),
            proxied: true,
            fate,
            detail: Some(detail),
        });
        // A placeholder of ours, from when the hostname had a route, would make attaching fail (100117). While the route
        // answers it stays: who attaches the domain replaces it.
        for record in ours {
            if !kept && !decision.deletes(record) {
                decision.delete(record, "makes room for the custom domain");
            }
        }
    }
    decision
}

/// Hostnames that are to have a route, and are custom domains of the very Workers that they are for: `deploy-workers` puts
/// the route in the domain's place. Until then the domain's own record is right, and no other can be made (81062).
pub(crate) fn give_way(hosts: &[Host], attached: &[CustomDomain], mut decision: Decision) -> Decision {
    for line in &mut decision.lines {
        let host = hosts
            .iter()
            .find(|host| host.name == line.name && host.routing == Routing::Route);
        let worker = host.and_then(|host| host.worker.as_ref());
        let own = |domain: &&CustomDomain| {
            domain.hostname.eq_ignore_ascii_case(&line.name) && Some(&domain.service) == worker
        };
        if line.fate == Fate::Conflict(Remedy::Detach) && attached.iter().any(|domain| own(&domain)) {
            line.fate = Fate::Right;
            line.detail = Some(report::STILL_A_DOMAIN.to_owned());
        }
    }
    decision
}

/// Hostnames that are to be custom domains, and answer by a route now: all of them, where routes are not to be seen.
pub(crate) fn served_by_route(hosts: &[Host], routes: Option<&[Route]>) -> Vec<String> {
    let workers: Vec<&str> = hosts.iter().filter_map(|host| host.worker.as_deref()).collect();
    let leads = |route: &Route| match route.script.as_deref() {
        Some(script) => workers.is_empty() || workers.contains(&script),
        None => false,
    };
    let served = |host: &&Host| {
        let to_it = |route: &Route| route.is_whole() && route.covers(&host.name) && leads(route);
        host.routing == Routing::CustomDomain && routes.is_none_or(|routes| routes.iter().any(to_it))
    };
    hosts.iter().filter(served).map(|host| host.name.clone()).collect()
}

/// How a hostname stands, given what others have on it, and whether it answers by a route (`kept`).
fn standing(
    host: &Host,
    others: &[&DnsRecord],
    attached: Option<&[CustomDomain]>,
    owner: &Owner,
    kept: bool,
) -> (Fate, String) {
    let domain = attached
        .into_iter()
        .flatten()
        .find(|domain| domain.hostname.eq_ignore_ascii_case(&host.name));
    if let (Some(domain), Some(worker)) = (domain, &host.worker)
        && domain.service != *worker
    {
        let detail = format!("the custom domain of Worker `{}`, not of `{worker}`", domain.service);
        return (Fate::Conflict(Remedy::Detach), detail);
    }
    let in_the_way: Vec<&&DnsRecord> = others
        .iter()
        .filter(|record| record.meta.origin_worker_id.is_none())
        .collect();
    // Nothing is adopted here: deleting a record that serves would take the name down until the domain is attached.
    if let Some(hardest) = in_the_way
        .iter()
        .map(|record| remedy(record, owner).max(Remedy::Delete))
        .max()
    {
        let described: Vec<String> = in_the_way.iter().map(|record| describe(record, owner)).collect();
        // A route answers only where a proxied record is: whosever it is, the name goes down with it.
        let serves = kept && in_the_way.iter().any(|record| record.is_address() && record.proxied);
        let remedy = if serves { Remedy::KeepRoute } else { hardest };
        return (Fate::Conflict(remedy), described.join("; "));
    }
    match domain {
        Some(domain) => (Fate::Right, format!("the custom domain of Worker `{}`", domain.service)),
        None if others.is_empty() => (
            Fate::Right,
            "free: Cloudflare makes the record when the custom domain is attached".to_owned(),
        ),
        // The account's list was read and does not have it.
        None if attached.is_some() => (
            Fate::Conflict(Remedy::Detach),
            "the custom domain of a Worker in another account".to_owned(),
        ),
        None => (Fate::Right, "the custom domain of a Worker".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn owner() -> Owner {
        Owner {
            repository: actions_core::owner::Repository {
                id: None,
                name: "acme/app".to_owned(),
            },
            project: "codex".to_owned(),
            environment: "production".to_owned(),
            pull_request: None,
        }
    }

    fn record(value: Value) -> DnsRecord {
        serde_json::from_value(value).unwrap()
    }

    fn domain(hostname: &str, service: &str) -> CustomDomain {
        serde_json::from_value(json!({"id": "1", "hostname": hostname, "service": service})).unwrap()
    }

    #[test]
    fn what_stands_in_the_way_is_named_with_its_owner() {
        let managed = json!({"read_only": true, "origin_worker_id": "w"});
        let existing = [
            record(
                json!({"id": "1", "type": "AAAA", "name": "mine.x.com", "content": "100::", "proxied": true, "meta": managed}),
            ),
            record(
                json!({"id": "2", "type": "AAAA", "name": "theirs.x.com", "content": "100::", "proxied": true, "meta": managed}),
            ),
            record(
                json!({"id": "3", "type": "CNAME", "name": "pages.x.com", "content": "docs.pages.dev", "proxied": true}),
            ),
            record(
                json!({"id": "4", "type": "AAAA", "name": "was-route.x.com", "content": "100::", "proxied": true, "comment": owner().marker()}),
            ),
            record(json!({"id": "5", "type": "TXT", "name": "free.x.com", "content": "v=spf1"})),
            record(
                json!({"id": "6", "type": "A", "name": "pr.x.com", "content": "192.0.2.1", "comment": "codex-actions:-:acme/app:codex:preview:4"}),
            ),
        ];
        let attached = [domain("mine.x.com", "api"), domain("theirs.x.com", "legacy")];
        let hosts = ["mine", "theirs", "pages", "was-route", "free", "pr"].map(|label| Host {
            name: format!("{label}.x.com"),
            worker: Some("api".to_owned()),
            routing: Routing::CustomDomain,
        });
        let owner = owner();
        let rules = Rules {
            owner: &owner,
            zone: "x.com",
            adopt: false,
            prune: true,
            accept_foreign: false,
            kept: &[],
        };
        let decision = decide(&hosts, &existing, Some(&attached), rules, Decision::default());
        let told: Vec<String> = decision
            .lines
            .iter()
            .map(|line| {
                format!(
                    "{:?} {}: {}",
                    line.fate,
                    line.name,
                    line.detail.clone().unwrap_or_default()
                )
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @"
        Right mine.x.com: the custom domain of Worker `api`
        Conflict(Detach) theirs.x.com: the custom domain of Worker `legacy`, not of `api`
        Conflict(Delete) pages.x.com: CNAME docs.pages.dev (of a Pages project, not ours)
        Right was-route.x.com: free: Cloudflare makes the record when the custom domain is attached
        Planned(0) was-route.x.com: makes room for the custom domain
        Right free.x.com: free: Cloudflare makes the record when the custom domain is attached
        Conflict(OtherOwner) pr.x.com: A 192.0.2.1 (of preview 4 of codex in this repository)
        ");
        assert_eq!(decision.plan.changes.len(), 1);
    }

    #[test]
    fn a_record_that_serves_is_not_to_be_deleted() {
        let at = |kind: &str, proxied: bool, comment: &str| {
            record(
                json!({"id": "1", "type": kind, "name": "app.x.com", "content": "100::", "proxied": proxied, "comment": comment}),
            )
        };
        let of_preview = "codex-actions:-:acme/app:codex:preview:4";
        let hosts = [Host {
            name: "app.x.com".to_owned(),
            worker: Some("api".to_owned()),
            routing: Routing::CustomDomain,
        }];
        let owner = owner();
        let names = ["app.x.com".to_owned()];
        let fate = |record: DnsRecord, kept: &[String]| {
            let rules = Rules {
                owner: &owner,
                zone: "x.com",
                adopt: false,
                prune: true,
                accept_foreign: false,
                kept,
            };
            decide(&hosts, &[record], Some(&[]), rules, Decision::default()).lines[0].fate
        };
        assert_eq!(fate(at("AAAA", true, ""), &names), Fate::Conflict(Remedy::KeepRoute));
        assert_eq!(
            fate(at("AAAA", true, of_preview), &names),
            Fate::Conflict(Remedy::KeepRoute)
        );
        // No route answers: not at this name, or not past the record.
        assert_eq!(fate(at("AAAA", true, ""), &[]), Fate::Conflict(Remedy::Delete));
        assert_eq!(fate(at("AAAA", false, ""), &names), Fate::Conflict(Remedy::Delete));
        assert_eq!(fate(at("NS", false, ""), &names), Fate::Conflict(Remedy::Delete));
    }
}
