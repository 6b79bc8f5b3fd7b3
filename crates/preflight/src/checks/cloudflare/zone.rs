//! Whether the zone is the one that is meant, and serves. Pure.

use actions_core::cloudflare::{Cause, Zone};

use super::facts::{Facts, is_forbidden};
use super::needs::Need;
use super::{kinds, page};
use crate::finding::{Finding, Kind};
use crate::world::World;

const SUBJECT: &str = "project.zone";

/// The zone's name in the manifest.
pub(super) fn name(world: &World) -> &str {
    let mut zones = world.environments.iter().map(|environment| environment.zone.as_str());
    zones.find(|zone| !zone.is_empty()).unwrap_or_default()
}

pub(super) fn judge(facts: &Facts, world: &World, needs: &[Need]) -> Vec<Finding> {
    let name = name(world);
    match &facts.zone {
        Some(Ok(zone)) => of_zone(facts, zone, world),
        Some(Err(error)) => match &error.cause {
            Cause::Unfit { problem, remedy } => {
                vec![lacking(facts, world, needs, problem, remedy)]
            }
            // Refused, and all lists of the zone with it: it is the zone that the token does not include.
            _ if is_forbidden(error) && is_wholly_refused(facts) => {
                let said = format!(
                    "the token may read nothing of zone `{name}` (id `{}`)",
                    facts.zone_id.as_deref().unwrap_or_default()
                );
                let remedy = format!("let it include the zone under Zone Resources at {}", page(facts));
                vec![placed(&kinds::ZONE_UNSEEN, world, said, remedy)]
            }
            _ => Vec::new(),
        },
        None => Vec::new(),
    }
}

fn is_wholly_refused(facts: &Facts) -> bool {
    let refused = [
        facts.records.as_ref().map(|read| read.as_ref().err()),
        facts.routes.as_ref().map(|read| read.as_ref().err()),
    ];
    let mut asked = refused.into_iter().flatten().peekable();
    asked.peek().is_some() && asked.all(|error| error.is_some_and(is_forbidden))
}

fn lacking(facts: &Facts, world: &World, needs: &[Need], problem: &str, remedy: &str) -> Finding {
    let name = name(world);
    if let Some(zone) = &facts.elsewhere {
        let said = format!(
            "zone `{name}` is in account `{}`{}, and `cloudflare-account-id` is `{}`",
            zone.account.id,
            named(zone),
            facts.account
        );
        let remedy = "give the account that the zone is in, or write another zone in the manifest";
        return placed(&kinds::ZONE_MISMATCH, world, said, remedy);
    }
    // An id was given, and it is another zone's; or several zones have the name.
    if facts.zone_id.is_some() || !problem.contains("tells of no zone") {
        return placed(&kinds::ZONE_MISMATCH, world, problem, remedy);
    }
    let menus: Vec<&str> = needs
        .iter()
        .filter(|need| need.permission.is_of_zone() && !need.optional)
        .map(|need| need.permission.menus())
        .collect();
    let said = format!("the token sees no zone `{name}` in account `{}`", facts.account);
    let remedy = format!(
        "correct `zone` in `[project]`, or let the token include the zone with {} at {}",
        actions_core::text::quoted_list(&menus),
        page(facts)
    );
    placed(&kinds::ZONE_UNSEEN, world, said, remedy)
}

fn named(zone: &Zone) -> String {
    if zone.account.name.is_empty() {
        String::new()
    } else {
        format!(" ({})", zone.account.name)
    }
}

fn of_zone(facts: &Facts, zone: &Zone, world: &World) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (name, account) = (&zone.name, &zone.account.id);
    if !account.is_empty() && *account != facts.account {
        let said = format!(
            "zone `{name}` is in account `{account}`{}, and `cloudflare-account-id` is `{}`",
            named(zone),
            facts.account
        );
        let remedy = "give the account that the zone is in, or the id of a zone of the account";
        findings.push(placed(&kinds::ZONE_MISMATCH, world, said, remedy));
    }
    if zone.paused {
        let said = format!("zone `{name}` is paused: Cloudflare answers DNS for it and runs no Worker");
        let remedy = format!(
            "resume it on its overview page, https://dash.cloudflare.com/{}/{name}",
            facts.account
        );
        findings.push(placed(&kinds::ZONE_INACTIVE, world, said, remedy));
    } else if !zone.status.is_empty() && zone.status != "active" {
        let servers = actions_core::text::quoted_list(&zone.name_servers);
        let said = format!("zone `{name}` is `{}`, not active", zone.status);
        let remedy = if servers.is_empty() {
            "finish its set-up on its overview page in the dashboard".to_owned()
        } else {
            format!("set its name servers at the registrar: {servers}")
        };
        findings.push(placed(&kinds::ZONE_INACTIVE, world, said, remedy));
    }
    findings
}

fn placed(kind: &'static Kind, world: &World, said: impl Into<String>, remedy: impl Into<String>) -> Finding {
    world.in_manifest(Finding::new(kind, SUBJECT, said, remedy), &["project", "zone"])
}
