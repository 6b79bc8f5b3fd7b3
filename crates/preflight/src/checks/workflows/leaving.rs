//! Whether what a pull request gets goes again: the close event, and the sweep behind it.

use super::Facts;
use super::triggers::{self, Event};
use super::uses::{self, Use, text_of};
use crate::document::{Document, Node};
use crate::finding::{Finding, Kind, Severity};

pub(super) const CLOSED_MISSING: Kind = Kind {
    name: "workflow-closed-missing",
    severity: Severity::Warning,
    what: "Pull requests get environments, and no workflow removes one when its pull request is closed.",
    why: "GitHub starts a workflow on `pull_request` for the types opened, synchronize and reopened unless it names others; each closed pull request then leaves its Workers, records, namespaces and database branch behind.",
    mend: "Add a workflow with `on: { pull_request: { types: [closed] } }` that calls `cleanup.yml`, or `closed` to the types of the one that has the cleanup.",
};

pub(super) const CLOSED_FILTERED: Kind = Kind {
    name: "workflow-closed-filtered",
    severity: Severity::Warning,
    what: "The workflow that removes environments has a filter, so some closed pull requests start no run of it.",
    why: "GitHub compares `paths` with the pull request's files as they are when it is closed, and `branches` with the base that it has then; a pull request that got its environment before a file was taken back, or before it was retargeted, leaves it behind.",
    mend: "Let the cleanup have a workflow of its own, without filters: removing what is not there does no harm.",
};

pub(super) const MERGED_ONLY: Kind = Kind {
    name: "workflow-cleanup-merged-only",
    severity: Severity::Warning,
    what: "The cleanup runs only when a pull request was merged.",
    why: "A pull request that is closed without merging leaves its environment behind.",
    mend: "Take `github.event.pull_request.merged` out of the condition.",
};

pub(super) const SWALLOWED: Kind = Kind {
    name: "workflow-cleanup-swallowed",
    severity: Severity::Warning,
    what: "A cleanup, by these actions, Neon's or a command that deletes Workers or branches, has `continue-on-error`, and nothing asks how it ended.",
    why: "A failure is told as a success then: nobody learns what is left, and it costs money and counts against limits.",
    mend: "Take `continue-on-error` away, or let a later step ask for `steps.<id>.outcome`; `cleanup` with `alert-issue: true` opens an issue that tells what is left.",
};

pub(super) const NO_SWEEP: Kind = Kind {
    name: "workflow-no-sweep",
    severity: Severity::Warning,
    what: "Pull requests get environments, and no workflow looks on a schedule for what closed ones have left.",
    why: "GitHub starts no `pull_request` run for a pull request with a merge conflict, and a run may be cancelled or fail: such a close leaves its environment behind, and nothing comes again.",
    mend: "Add a workflow with `on: { schedule: [{ cron: \"17 3 * * *\" }] }` that calls `sweep.yml`, or has `cleanup` with `command: sweep`.",
};

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let previews: Vec<&Use<'_>> = facts.uses.iter().filter(|used| facts.makes_preview(used)).collect();
    let mut findings = Vec::new();
    findings.extend(closed(facts, &previews));
    findings.extend(sweep(facts, &previews));
    for used in facts.uses.iter().filter(|used| used.cleans()) {
        findings.extend(filtered(used, &previews));
        findings.extend(merged_only(used));
    }
    let cleanups = facts.uses.iter().filter(|used| used.cleans() || used.sweeps());
    for used in cleanups {
        let jobs = used.chain.iter().map(|job| (job.workflow, job.node));
        let steps = used.steps.iter().map(|step| (step.document, step.node));
        findings.extend(
            jobs.chain(steps)
                .find_map(|(document, node)| swallowed(document, node, OURS)),
        );
    }
    for document in &facts.repository.workflows {
        for step in uses::jobs(document).flat_map(|job| uses::steps(job.node)) {
            findings.extend(swallowed(document, step, OTHERS).filter(|_| deletes(step)));
        }
    }
    findings
}

/// Whether a step of others removes what a pull request or a test has got.
fn deletes(step: &Node) -> bool {
    const COMMANDS: [&str; 3] = ["wrangler delete", "neonctl branches delete", "neon branches delete"];
    let text = |key: &str| step.get(key).and_then(Node::text).unwrap_or_default();
    text("uses").starts_with("neondatabase/delete-branch-action@")
        || COMMANDS.iter().any(|command| text("run").contains(command))
}

fn closed(facts: &Facts<'_>, previews: &[&Use<'_>]) -> Option<Finding> {
    let preview = previews.first()?;
    let cleanups = || facts.uses.iter().filter(|used| used.cleans());
    if cleanups().any(|used| used.events().iter().any(Event::has_closed)) {
        return None;
    }
    // One that only lacks the type is named before the one that makes previews.
    let (used, said) = match cleanups().find(|used| used.starts_on_pull_requests()) {
        Some(used) => (
            used,
            "has the cleanup, and does not start when a pull request is closed",
        ),
        None => (
            *preview,
            "makes an environment for each pull request, and no workflow has `cleanup` for when one is closed",
        ),
    };
    let document = used.entry()?.workflow;
    // One that another run or a comment starts has no such event.
    let event = used.events().into_iter().find(Event::is_of_pull_request);
    let place = event.map_or_else(|| used.place("uses"), |event| Some(event.place_of(document, "types")));
    let remedy = if used.cleans() {
        "add `closed` to `types` of `pull_request`"
    } else {
        "add a workflow with `on: { pull_request: { types: [closed] } }` that calls `cleanup.yml`"
    };
    let said = format!("`{}` {said}", used.file());
    Some(Finding::new(&CLOSED_MISSING, used.file(), said, remedy).at(place?))
}

fn sweep(facts: &Facts<'_>, previews: &[&Use<'_>]) -> Option<Finding> {
    let preview = previews.first()?;
    let is_by_the_clock = |used: &Use<'_>| used.events().iter().any(|event| event.name == "schedule");
    if facts.uses.iter().any(|used| used.sweeps() && is_by_the_clock(used)) {
        return None;
    }
    let said = format!(
        "`{}` makes environments, and no workflow sweeps on a schedule",
        preview.file()
    );
    let remedy = "add a workflow with a `schedule` that calls `sweep.yml`";
    let finding = Finding::new(&NO_SWEEP, preview.file(), said, remedy);
    preview.place("uses").map(|place| finding.at(place))
}

/// Filters that keep a close from starting the cleanup. The same `branches` as the previews' hold back what was never made.
fn filtered(used: &Use<'_>, previews: &[&Use<'_>]) -> Option<Finding> {
    let document = used.entry()?.workflow;
    let event = used.events().into_iter().find(Event::has_closed)?;
    let same = |key: &str, node: &Node| {
        let events = previews.iter().flat_map(|preview| preview.events());
        let mut others = events.filter(Event::is_of_pull_request).map(|event| event.filter(key));
        others.any(|other| other.map(triggers::texts) == Some(triggers::texts(node)))
    };
    let key = ["paths", "paths-ignore", "branches", "branches-ignore"]
        .into_iter()
        .find(|key| {
            let node = event.filter(key);
            node.is_some_and(|node| key.starts_with("paths") || !same(key, node))
        })?;
    let said = format!(
        "`{}` removes environments, and `{key}` keeps it from starting for some pull requests that are closed",
        used.file()
    );
    let remedy = format!("take `{key}` away, or let the cleanup have a workflow of its own without filters");
    Some(Finding::new(&CLOSED_FILTERED, used.file(), said, remedy).at(event.place_of(document, key)))
}

fn merged_only(used: &Use<'_>) -> Option<Finding> {
    let (document, node) = used.conditions().find(|(_, node)| {
        let text = text_of(node).unwrap_or_default();
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let merged = "github.event.pull_request.merged";
        let bare = text.contains(merged) && !text.contains("||") && !text.contains(&format!("!{merged}"));
        bare && !text.contains(&format!("{merged}==false")) && !text.contains(&format!("{merged}!="))
    })?;
    let said = format!("the cleanup of `{}` runs for merged pull requests alone", used.file());
    let remedy = "take `github.event.pull_request.merged` out of the condition";
    Some(Finding::new(&MERGED_ONLY, used.file(), said, remedy).at(document.place_of(node)))
}

/// What to do about a failure of ours, and about one of others that nobody hears of.
const OURS: &str =
    "take `continue-on-error` away; with `alert-issue: true`, `cleanup` opens an issue that tells what is left";
const OTHERS: &str = "take `continue-on-error` away, or let a later step ask for `steps.<id>.outcome`";

/// A step or job whose failure counts as none, unless something else asks for its outcome.
fn swallowed(document: &Document, node: &Node, remedy: &str) -> Option<Finding> {
    let flag = node.get("continue-on-error")?;
    if text_of(flag)?.trim() != "true" {
        return None;
    }
    let id = node.get("id").and_then(Node::text);
    if id.is_some_and(|id| {
        document
            .root
            .value()
            .to_string()
            .contains(&format!("steps.{id}.outcome"))
    }) {
        return None;
    }
    let said = "a cleanup that fails is told as a success: `continue-on-error` is on";
    Some(Finding::new(&SWALLOWED, &document.file, said, remedy).at(document.place_of(flag)))
}
