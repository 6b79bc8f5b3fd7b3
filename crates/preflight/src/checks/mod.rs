//! The checks, area by area. Each is facts in, findings out; only tokens ask the vendors, and only read.

mod cloudflare;
mod github;
mod manifest;
mod neon;
mod secrets;
mod turbo;
mod workflows;
mod wrangler;

use crate::finding::{Finding, Kind};
use crate::inputs::Inputs;
use crate::world::World;

/// What is looked at, and the kinds of findings of each.
pub(crate) const AREAS: [(&str, &[&Kind]); 8] = [
    ("manifest", manifest::KINDS),
    ("cloudflare", cloudflare::KINDS),
    ("neon", neon::KINDS),
    ("github", github::KINDS),
    ("secrets", secrets::KINDS),
    ("wrangler", wrangler::KINDS),
    ("turbo", turbo::KINDS),
    ("workflows", workflows::KINDS),
];

/// Everything that can be found.
pub(crate) async fn all(inputs: &Inputs, world: &World) -> Vec<Finding> {
    let (cloudflare, neon, github) = tokio::join!(
        cloudflare::findings(inputs, world),
        neon::findings(inputs, world),
        github::findings(inputs, world),
    );
    let mut findings = manifest::findings(world);
    findings.extend([cloudflare, neon, github].into_iter().flatten());
    findings.extend(secrets::findings(inputs, world));
    findings.extend(wrangler::findings(inputs, world));
    findings.extend(turbo::findings(world));
    findings.extend(workflows::findings(world));
    findings
}
