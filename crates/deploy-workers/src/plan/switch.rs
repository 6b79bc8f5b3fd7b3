//! From a custom domain to a route and back, at a hostname that serves: what is to come answers before what was goes. Pure.
//!
//! A custom domain owns its DNS record: beside it no other can be made (81062), and it goes when the domain is detached.
//! A name that does not resolve for a second stays unknown to resolvers for up to half an hour. So a domain gives way to a
//! route only where a proxied wildcard record answers in between.

use actions_core::cloudflare::{CustomDomain, DnsRecord, Route, stand_in};
use actions_core::environment::Environment;
use actions_core::manifest::Routing;

use super::hostnames::{Attachment, Decision, Step, There};

/// The Worker's route is there, or made by the steps so far.
pub(super) fn to_route(
    environment: &Environment,
    domain: &CustomDomain,
    records: Option<&[DnsRecord]>,
    decision: &mut Decision,
) {
    let hostname = &domain.hostname;
    let Some(records) = records else {
        decision.conflicts.push(unseen(hostname));
        return;
    };
    if let Some(wildcard) = stand_in::wildcard(records, hostname, &environment.zone) {
        decision.notes.push(format!(
            "`{hostname}` changes from custom domain to route: DNS record `{}` answers for it until `preview-dns` has made its own",
            wildcard.name
        ));
        decision.steps.push(Step::DetachDomain(domain.clone()));
        return;
    }
    let what = format!(
        "`{hostname}` is a custom domain, and its DNS record goes with it: with a route in its place nobody could resolve it for a while; keep `routing = \"custom-domain\"`"
    );
    let way = hostname.split_once('.').filter(|_| *hostname != environment.zone);
    decision.conflicts.push(match way {
        Some((_, parent)) => format!(
            "{what}, or let a wildcard answer meanwhile: make DNS record `AAAA *.{parent} 100::`, proxied, run this again, let `preview-dns` make the record of `{hostname}`, and delete the wildcard"
        ),
        None => format!("{what}, since no wildcard can answer for the zone itself meanwhile"),
    });
}

/// `serves`: the Worker answers at the hostname by a route.
pub(super) fn to_domain(
    environment: &Environment,
    hostname: &str,
    serves: bool,
    records: Option<&[DnsRecord]>,
    decision: &mut Decision,
) {
    let mut attachment = Attachment {
        hostname: hostname.to_owned(),
        instead_of: Vec::new(),
        has_stand_in: false,
    };
    if serves {
        let Some(records) = records else {
            decision.conflicts.push(unseen(hostname));
            return;
        };
        let at_host = records
            .iter()
            .filter(|record| record.name == hostname && record.is_address() && !record.meta.read_only);
        let (ours, others): (Vec<&DnsRecord>, Vec<&DnsRecord>) =
            at_host.partition(|record| record.is_made_by(&environment.owner));
        if let Some(other) = others.first() {
            decision.conflicts.push(format!(
                "`{hostname}` answers by a route and DNS record `{} {}`, which is not of this environment, and a custom domain shares its name with no other record; keep `routing = \"route\"`, or choose another hostname",
                other.kind, other.content
            ));
            return;
        }
        attachment.instead_of = ours.into_iter().cloned().collect();
        attachment.has_stand_in = stand_in::wildcard(records, hostname, &environment.zone).is_some();
    }
    decision.steps.push(Step::AttachDomain(attachment));
}

fn unseen(hostname: &str) -> String {
    format!(
        "`{hostname}` is to change between custom domain and route, and the token may not read the zone's DNS records, which tell whether it goes on answering; add Zone → DNS → Edit to the token, or leave `routing` as it was"
    )
}

/// Whether hostnames may change from one mechanism to the other, so that the zone's records matter.
pub(crate) fn is_planned(environment: &Environment, chosen: &[String], there: There<'_>) -> bool {
    let own = |worker: &str| environment.services.iter().any(|service| service.worker == worker);
    let services = environment.services.iter();
    let services = services.filter(|service| chosen.contains(&service.key));
    let mut hostnames = services.flat_map(|service| service.hostnames().map(move |hostname| (service, hostname)));
    hostnames.any(|(service, hostname)| {
        let is_domain = |domain: &CustomDomain| domain.hostname == hostname && domain.service == service.worker;
        let has_domain = there.domains.iter().any(is_domain);
        let leads_here =
            |route: &Route| route.is_whole() && route.covers(hostname) && route.script.as_deref().is_some_and(own);
        match environment.routing.of(hostname) {
            Routing::Route => has_domain,
            Routing::CustomDomain => !has_domain && there.routes.iter().any(leads_here),
            Routing::Record | Routing::WorkersDev => false,
        }
    })
}
