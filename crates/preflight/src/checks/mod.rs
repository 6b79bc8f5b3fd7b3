//! The checks, area by area. Each is facts in, findings out; only tokens ask the vendors, and only read.

mod asking;
pub(crate) mod cloudflare;
mod github;
mod manifest;
mod neon;
mod secrets;
#[cfg(test)]
mod testing;
mod turbo;
mod workflows;
mod wrangler;

use crate::finding::{Finding, Kind};
use crate::inputs::Inputs;
use crate::silence;
use crate::world::World;

/// What is looked at, and the kinds of findings of each.
pub(crate) const AREAS: [(&str, &[&Kind]); 9] = [
    ("manifest", manifest::KINDS),
    ("silences", silence::KINDS),
    ("cloudflare", cloudflare::KINDS),
    ("neon", neon::KINDS),
    ("github", github::KINDS),
    ("secrets", secrets::KINDS),
    ("wrangler", wrangler::KINDS),
    ("turbo", turbo::KINDS),
    ("workflows", workflows::KINDS),
];

/// Whether this finding says that its area was not, or not wholly, looked at.
pub(crate) fn is_unread(finding: &Finding) -> bool {
    let unread = [cloudflare::NOT_READ, neon::NOT_READ, github::NOT_READ];
    unread.iter().any(|kind| kind.name == finding.kind.name)
}

/// What the checks found, and where nobody looked.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) findings: Vec<Finding>,
    pub(crate) unseen: Vec<Unseen>,
}

/// An area that was not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unseen {
    pub(crate) area: &'static str,
    /// Completes "not looked at: …".
    pub(crate) why: &'static str,
}

/// Everything that can be found. What `offline` and missing tokens leave out, each vendor's area knows itself.
pub(crate) async fn all(inputs: &Inputs, world: &World) -> Seen {
    let (cloudflare, neon, github) = tokio::join!(
        Box::pin(cloudflare::findings(inputs, world)),
        Box::pin(neon::findings(inputs, world)),
        Box::pin(github::findings(inputs, world)),
    );
    let mut findings = manifest::findings(world);
    findings.extend([cloudflare, neon, github].into_iter().flatten());
    findings.extend(secrets::findings(inputs, world));
    findings.extend(wrangler::findings(world));
    findings.extend(turbo::findings(world));
    findings.extend(workflows::findings(world));
    Seen {
        findings,
        unseen: unseen(inputs, world),
    }
}

/// What can be found in the manifest and the configurations that it names.
pub(crate) fn of_manifest(world: &World) -> Vec<Finding> {
    let mut findings = manifest::findings(world);
    findings.extend(wrangler::findings(world));
    findings
}

/// The areas that nothing was asked about, and why.
fn unseen(inputs: &Inputs, world: &World) -> Vec<Unseen> {
    const NO_MANIFEST: &str = "there is no manifest that can be used";
    let usable = world.manifest.as_ref().ok();
    let mut all = Vec::new();
    let mut leave = |area, why| all.push(Unseen { area, why });
    let vendors = [
        (
            "cloudflare",
            inputs.cloudflare.is_some(),
            "no `cloudflare-api-token` with a `cloudflare-account-id` is given",
        ),
        (
            "neon",
            inputs.neon.is_some(),
            "no `neon-api-key` with a `neon-project-id` is given",
        ),
        ("github", inputs.github.is_some(), inputs.no_github),
    ];
    for (area, given, why) in vendors {
        if area == "neon" && usable.is_some_and(|manifest| manifest.database.is_none()) {
            continue;
        }
        if inputs.offline {
            leave(area, "`offline` is set");
        } else if !given {
            leave(area, why);
        } else if usable.is_none() && area != "github" {
            leave(area, NO_MANIFEST);
        }
    }
    if usable.is_none() {
        for area in ["secrets", "wrangler"] {
            leave(area, NO_MANIFEST);
        }
    }
    all
}
