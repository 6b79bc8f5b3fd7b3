//! What is said of hostnames that could not be led to their Workers, or lead there no longer.

use actions_core::cloudflare::Zone;
use actions_core::error::{Fault, fault};
use actions_core::text::quoted_list;

use crate::apply::outcome::{Did, Outcome};
use crate::plan::ServicePlan;
use crate::plan::hostnames::Step;

/// A hostname was somebody else's when it was to be attached.
pub(crate) fn route_taken(hostname: &str, worker: &str, owner: &str) -> Fault {
    fault(format!("could not attach `{hostname}` to Worker `{worker}`"))
        .because(fault(format!("it became {owner} meanwhile")))
}

/// The same of a custom domain.
pub(crate) fn domain_taken(hostname: &str, worker: &str, owner: &str) -> Fault {
    route_taken(hostname, worker, owner).hint(
        "a custom domain makes its own DNS record and shares its name with no other: choose another hostname; or, where nothing is served by the record that is there, delete it; a route (`routing = \"route\"`) answers behind any proxied record",
    )
}

/// Cloudflare does not put the custom domain's record in the place of ours.
pub(crate) fn not_replaced(zone: &Zone, hostname: &str, worker: &str) -> Fault {
    let parent = hostname.split_once('.').filter(|_| *hostname != zone.name);
    let hint = match parent {
        Some((_, parent)) => format!(
            "let a wildcard answer while the record is exchanged: make DNS record `AAAA *.{parent} 100::`, proxied, run this again, and delete the wildcard; or keep `routing = \"route\"`"
        ),
        None => "keep `routing = \"route\"`: no wildcard can answer for the zone itself while the record is exchanged"
            .to_owned(),
    };
    fault(format!("could not attach `{hostname}` to Worker `{worker}`"))
        .because(fault(
            "Cloudflare does not replace the DNS record of its route, and the name would not resolve without one; its route answers as before",
        ))
        .hint(hint)
}

/// The account has no name at workers.dev yet.
pub(crate) fn no_workers_dev() -> Fault {
    fault("could not tell where Workers answer: the account has no name at workers.dev yet")
        .hint("choose one in the dashboard, Workers & Pages → Overview → Your subdomain; or give the environment a zone and another `routing`")
}

/// The manifest knows another name for the account than Cloudflare.
pub(crate) fn other_workers_dev(said: &str, told: &str) -> Fault {
    fault(format!(
        "`project.workers-dev` is `{said}`, and the account's name at workers.dev is `{told}`"
    ))
    .hint("make them agree; without the key, Cloudflare is asked")
}

/// The former hostnames that a service has given up in this run; `None`: none.
pub(crate) fn given_up(service: &ServicePlan, outcome: &Outcome) -> Option<String> {
    let is_done = |step: &&Step| outcome.did.contains(&Did::Step((*step).clone()));
    let gone: Vec<&str> = service
        .former
        .iter()
        .filter(is_done)
        .filter_map(Step::takes_away)
        .collect();
    (!gone.is_empty()).then(|| format!("{} no longer to it", leads(&gone)))
}

fn leads(hostnames: &[&str]) -> String {
    let verb = if hostnames.len() == 1 { "leads" } else { "lead" };
    format!("{} {verb}", quoted_list(hostnames))
}

/// A former hostname stays for now.
pub(crate) fn not_given_up(step: &Step, error: anyhow::Error) -> String {
    let hostname = step.takes_away().unwrap_or_default();
    let fault = fault(format!("`{hostname}`, which it had before, could not be given up"))
        .because(error)
        .hint("the next run tries again; until then it may still lead to the new code");
    actions_core::error::render(&fault.into()).replace('\n', "; ")
}

/// What a rollback says of hostnames that the run which is undone gave up; `None`: none.
pub(crate) fn given_up_before(hostnames: &[String]) -> Option<String> {
    let gone: Vec<&str> = hostnames.iter().map(String::as_str).collect();
    (!gone.is_empty()).then(|| {
        format!(
            "{} no longer to it since that run, and a rollback does not change hostnames: to have {} back, deploy the manifest of before",
            leads(&gone),
            if gone.len() == 1 { "it" } else { "them" }
        )
    })
}
