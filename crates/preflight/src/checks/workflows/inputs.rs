//! `with` and `secrets` against what the action or the called workflow takes.

use actions_core::text::nearest;

use super::Facts;
use super::uses::Use;
use crate::document::Node;
use crate::finding::{Finding, Kind, Severity};

pub(super) const UNKNOWN: Kind = Kind {
    name: "workflow-input-unknown",
    severity: Severity::Warning,
    what: "A step gives an action an input that it does not have.",
    why: "GitHub only warns of it in the log and runs the action without: what the input was to change does not happen.",
    mend: "Correct the name: the action's README has all inputs.",
};

pub(super) const CALL: Kind = Kind {
    name: "workflow-call-unknown",
    severity: Severity::Error,
    what: "A job gives a called workflow an input or a secret that it does not have.",
    why: "GitHub refuses the whole workflow file: no run of it starts.",
    mend: "Correct the name: `.github/docs/workflows.md` has all inputs and secrets.",
};

pub(super) const MISSING: Kind = Kind {
    name: "workflow-input-missing",
    severity: Severity::Error,
    what: "A step lacks an input that the action cannot do without.",
    why: "The action fails at once, and names the input.",
    mend: "Add the input under `with`.",
};

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    facts.uses.iter().flat_map(of_use).collect()
}

/// What an action cannot do without once it is known what it is to do.
fn for_its_command(used: &Use<'_>) -> Vec<&'static str> {
    let mut inputs = Vec::new();
    let deploys = used
        .command("deploy")
        .is_some_and(|command| ["deploy", "rollback"].contains(&command.as_str()));
    let is = |name: &str| used.ours.name == name && !used.ours.is_workflow;
    if is("deploy-workers") && deploys {
        inputs.push("cloudflare-api-token");
        // The event says the pull request, and with it the environment; these have none.
        let elsewhere = ["push", "schedule", "release", "create"];
        let is_elsewhere = used.events().iter().all(|event| elsewhere.contains(&event.name));
        if is_elsewhere && used.input("path").is_none() && used.input("pull-request").is_none() {
            inputs.push("environment");
        }
    }
    if is("cleanup") && used.input("only").is_none() {
        inputs.push("cloudflare-api-token");
    }
    inputs
}

fn of_use(used: &Use<'_>) -> Vec<Finding> {
    let Some((document, holder)) = used.holder() else {
        return Vec::new();
    };
    let ours = used.ours;
    let what = if ours.is_workflow {
        format!("`{}.yml`", ours.name)
    } else {
        format!("`{}`", ours.name)
    };
    let kind = if ours.is_workflow { &CALL } else { &UNKNOWN };
    let unknown = |key: &str, noun: &str, node: &Node, known: &mut dyn Iterator<Item = &str>| {
        let said = format!("{what} has no {noun} `{key}`");
        let remedy =
            nearest(key, known).map_or_else(|| format!("take `{key}` away"), |near| format!("is `{near}` meant?"));
        Finding::new(kind, used.file(), said, remedy).at(document.place_of(node))
    };
    let mut findings = Vec::new();
    for (key, node) in used.with().into_iter().flat_map(Node::entries) {
        if !ours.inputs.keys().any(|known| known.eq_ignore_ascii_case(key)) {
            findings.push(unknown(key, "input", node, &mut ours.inputs.keys().map(String::as_str)));
        }
    }
    if ours.is_workflow {
        for (key, node) in holder.get("secrets").into_iter().flat_map(Node::entries) {
            if !ours.secrets.contains(key) {
                findings.push(unknown(
                    key,
                    "secret",
                    node,
                    &mut ours.secrets.iter().map(String::as_str),
                ));
            }
        }
    }
    let given = |name: &str| used.with().is_some_and(|with| with.get(name).is_some());
    let required = ours
        .inputs
        .iter()
        .filter(|(_, required)| **required)
        .map(|(name, _)| name.as_str());
    let required = required.chain(for_its_command(used)).filter(|name| !given(name));
    findings.extend(required.filter_map(|name| {
        let said = format!("{what} is without its input `{name}`");
        let remedy = format!("add `{name}` under `with`");
        let finding = Finding::new(&MISSING, format!("{}.{name}", ours.name), said, remedy);
        Some(finding.at(used.place("uses")?))
    }));
    findings
}
