//! Cloudflare: the token and its permissions, the zone, and what of the account the environments run into.

mod facts;
mod hostnames;
mod kinds;
pub(crate) mod needs;
mod permissions;
mod resources;
mod room;
#[cfg(test)]
mod tests;
mod things;
mod token;
mod zone;

use indexmap::IndexMap;
use jiff::Timestamp;

use self::facts::Facts;
use self::needs::Need;
use self::resources::Named;
use crate::checks::asking;
use crate::finding::{Finding, Kind};
use crate::inputs::Inputs;
use crate::world::World;

pub(super) const KINDS: &[&Kind] = kinds::ALL;
pub(super) const NOT_READ: &Kind = &kinds::NOT_READ;

const TOKEN: &str = "CLOUDFLARE_API_TOKEN";

pub(super) async fn findings(inputs: &Inputs, world: &World) -> Vec<Finding> {
    // What the manifest alone tells: no request is made for it.
    let mut findings = room::judge(world);
    let asks = !inputs.offline && !world.environments.is_empty();
    let Some(access) = inputs.cloudflare.as_ref().filter(|_| asks) else {
        return findings;
    };
    let real = inputs.pull_request.is_some();
    let (needs, named) = (needs::of(world, &world.environments), resources::named(world, real));
    match Facts::read(access, world, &needs, &named).await {
        Ok(facts) => findings.extend(judge(&facts, world, &needs, &named, real, Timestamp::now())),
        Err(error) => findings.push(not_read(&asking::told(error.as_ref()))),
    }
    findings
}

/// Everything that Cloudflare's answers tell. `real`: the names of pull requests are those of one that exists. Pure.
fn judge(facts: &Facts, world: &World, needs: &[Need], named: &[Named], real: bool, now: Timestamp) -> Vec<Finding> {
    let mut findings = token::judge(facts, now);
    // A dead token has no permissions: nothing else was asked.
    if facts.is_dead() {
        return findings;
    }
    let unseen = zone::judge(facts, world, needs);
    let mut unknown = Vec::new();
    findings.extend(permissions::judge(facts, needs, &unseen, &mut unknown));
    findings.extend(unseen);
    findings.extend(hostnames::judge(facts, world, real));
    findings.extend(things::judge(facts, world, named, real));
    if let Err(error) = &facts.token {
        unknown.push(("the token's state".to_owned(), asking::told(error)));
    }
    findings.extend(told_unknown(&unknown));
    findings
}

/// A row for each reason, with all that was not read for it.
fn told_unknown(unknown: &[(String, String)]) -> Vec<Finding> {
    let mut reasons: IndexMap<&str, Vec<String>> = IndexMap::new();
    for (what, why) in unknown {
        reasons.entry(why).or_default().push(what.clone());
    }
    let rows = reasons.into_iter();
    rows.map(|(why, what)| not_read(&format!("{}: {why}", actions_core::text::listed(&what))))
        .collect()
}

fn not_read(what: &str) -> Finding {
    Finding::new(
        &kinds::NOT_READ,
        "cloudflare",
        format!("Cloudflare was not wholly looked at: {what}"),
        "run again; nothing is known of what was not read",
    )
}

/// The dashboard's page with the token.
fn page(facts: &Facts) -> String {
    match &facts.token {
        Ok(token) if token.of_account => format!("https://dash.cloudflare.com/{}/api-tokens", facts.account),
        _ => "https://dash.cloudflare.com/profile/api-tokens".to_owned(),
    }
}
