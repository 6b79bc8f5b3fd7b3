//! What `uses` names: a commit, or something that moves.

use std::collections::BTreeMap;

use actions_core::text::quoted_list;

use super::Facts;
use super::ours;
use super::uses::references;
use crate::finding::{Finding, Kind, Place, Severity};

pub(super) const THIRD_PARTY: Kind = Kind {
    name: "workflow-ref-third-party",
    severity: Severity::Warning,
    what: "An action of somebody else is used by a tag, a branch or an image's tag, in a workflow that has these actions.",
    why: "Whoever can move the tag runs code beside the tokens of Cloudflare and Neon; that has happened to widely used actions. GitHub: a full-length commit SHA is the only reference that does not move.",
    mend: "Name the full commit, with the version as a comment, and let Dependabot bump it.",
};

pub(super) const TAG: Kind = Kind {
    name: "workflow-ref-tag",
    severity: Severity::Note,
    what: "Actions of GitHub's own are used by a tag, or these actions by a branch.",
    why: "A tag may move, and a branch does with each push. Organizations may ask for full commits of all of them.",
    mend: "Name the full commit, with the version as a comment; of these actions a version's tag.",
};

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let repository = facts.repository;
    for document in repository.workflows.iter().chain(repository.composites.values()) {
        let is_used = facts.uses.iter().any(|used| {
            used.chain.iter().any(|job| job.workflow.file == document.file)
                || used.steps.iter().any(|step| step.document.file == document.file)
        });
        if !is_used {
            continue;
        }
        let mut tags: BTreeMap<&str, Place> = BTreeMap::new();
        let mut others: BTreeMap<&str, Place> = BTreeMap::new();
        for (uses, node) in references(document) {
            let list = match moving(facts, uses) {
                Some(Of::Third) => &mut others,
                Some(Of::Known) => &mut tags,
                None => continue,
            };
            let place = document.place_of(node.get("uses").unwrap_or(node));
            list.entry(uses).or_insert(place);
        }
        for (uses, place) in others {
            let said = format!("`{uses}` may become other code at any time");
            findings.push(Finding::new(&THIRD_PARTY, uses, said, pin(uses)).at(place));
        }
        if let Some(first) = tags.values().min().cloned() {
            let names: Vec<&str> = tags.keys().copied().collect();
            let said = format!("not by a commit: {}", quoted_list(&names));
            let remedy = "name the full commit, with the version as a comment";
            findings.push(Finding::new(&TAG, &document.file, said, remedy).at(first));
        }
    }
    findings
}

enum Of {
    Third,
    Known,
}

/// Whose reference moves.
fn moving(facts: &Facts<'_>, uses: &str) -> Option<Of> {
    if let Some(image) = uses.strip_prefix("docker://") {
        return (!image.contains("@sha256:")).then_some(Of::Third);
    }
    let (home, _, reference) = ours::parts(uses)?;
    let is_commit = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit {
        return None;
    }
    if ours::named(facts.repository, uses).is_some() || facts.repository.homes.contains(home) {
        // Releases are immutable, and `v1` is what the READMEs show.
        let is_version = reference
            .strip_prefix('v')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        return (!is_version).then_some(Of::Known);
    }
    let owner = home.split('/').next().unwrap_or_default();
    Some(if ["actions", "github"].contains(&owner) {
        Of::Known
    } else {
        Of::Third
    })
}

fn pin(uses: &str) -> String {
    if uses.starts_with("docker://") {
        "name the image by its digest: `@sha256:…`".to_owned()
    } else {
        "name the full commit that the tag stands for, with the version as a comment".to_owned()
    }
}
