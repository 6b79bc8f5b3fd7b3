//! Which runs wait for each other, and which are ended in the middle.

use super::Facts;
use super::triggers::Event;
use super::uses::{Use, is_expression, text_of};
use crate::document::{Document, Node};
use crate::finding::{Finding, Kind, Severity};

pub(super) const MISSING: Kind = Kind {
    name: "workflow-concurrency-missing",
    severity: Severity::Warning,
    what: "A workflow deploys without a concurrency group.",
    why: "GitHub runs two pushes side by side; the older one may end last, and then serves.",
    mend: "Give the workflow a `concurrency` with a `group` for each environment and `cancel-in-progress: false`.",
};

pub(super) const CANCELS: Kind = Kind {
    name: "workflow-concurrency-cancels",
    severity: Severity::Warning,
    what: "A newer run ends a cleanup or a production deployment in the middle.",
    why: "With `cancel-in-progress: true` GitHub ends the run that is under way: production is left half deployed, or an environment half removed, and a closed pull request starts no second run.",
    mend: "Set `cancel-in-progress: false`, and give previews and the cleanup groups of their own.",
};

pub(super) const GROUP: Kind = Kind {
    name: "workflow-concurrency-group",
    severity: Severity::Warning,
    what: "The concurrency group of previews or of their cleanup does not tell pull requests from each other, or makes no run wait.",
    why: "In one group of a fixed name GitHub keeps one pending run and drops the others, so pull requests lose their previews to each other, and a close that is dropped never comes again; a group that is new for each run makes nothing wait; and `github.ref` is the base branch once a pull request was merged, so that its close does not wait for its own deploy, and shares a group with all others.",
    mend: "Name the group by the number: `group: preview-${{ github.event.pull_request.number }}`.",
};

pub(super) const DEADLOCK: Kind = Kind {
    name: "workflow-concurrency-deadlock",
    severity: Severity::Error,
    what: "The caller of one of these workflows is in the same concurrency group as what it calls.",
    why: "The called workflow waits for its caller, which waits for it; GitHub sees that and cancels the run.",
    mend: "Take `concurrency` out of the caller, or give its group another name: the called workflow has a group of its own.",
};

/// Groups of the workflows that others call, up to what differs.
const OWN_GROUPS: [(&str, &[&str]); 4] = [
    ("preview", &["codex-preview-"]),
    ("production", &["codex-production"]),
    ("cleanup", &["codex-preview-", "codex-cleanup-preview-"]),
    ("sweep", &["codex-sweep"]),
];

/// What tells one pull request from another.
const NUMBERS: [&str; 9] = [
    "pull_request.number",
    "github.event.number",
    "github.event.issue.number",
    "head_ref",
    "head.ref",
    "head_branch",
    "inputs.",
    "needs.",
    "pull_requests[0].number",
];

/// What is another for each run.
const EACH_RUN: [&str; 4] = ["github.run_id", "github.run_number", "github.sha", "head.sha"];

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for used in &facts.uses {
        let groups = groups(used);
        let makes_preview = facts.makes_preview(used);
        let is_told = findings
            .iter()
            .any(|finding: &Finding| finding.kind == &MISSING && finding.subject == used.file());
        if used.deploys() && groups.is_empty() && !used.ours.is_workflow && !used.is_called_from_elsewhere() && !is_told
        {
            findings.extend(missing(used));
        }
        let is_production = used.deploys() && facts.is_per_pull_request(used) == Some(false);
        if is_production || used.cleans() {
            findings.extend(groups.iter().find_map(|group| cancels(used, group)));
        }
        if makes_preview {
            let cleans_too = facts.uses.iter().any(|other| {
                other.cleans() && other.file() == used.file() && other.events().iter().any(Event::has_closed)
            });
            let group = groups
                .iter()
                .find_map(|group| group_of_previews(used, group, cleans_too));
            findings.extend(group);
        }
        if used.cleans() && used.events().iter().any(Event::has_closed) {
            findings.extend(groups.iter().find_map(|group| group_of_cleanups(used, group)));
        }
        findings.extend(deadlock(used));
    }
    findings
}

/// A group that a use is in.
struct Group<'a> {
    document: &'a Document,
    node: &'a Node,
    name: String,
}

impl<'a> Group<'a> {
    fn of(document: &'a Document, holder: &'a Node) -> Option<Self> {
        let node = holder.get("concurrency")?;
        let name = node.get("group").unwrap_or(node);
        Some(Self {
            document,
            node,
            name: text_of(name)?,
        })
    }

    /// Whether every run that waits has its turn.
    fn keeps_all(&self) -> bool {
        self.node.get("queue").and_then(Node::text) == Some("max")
    }
}

/// The groups of the workflows and jobs around a use.
fn groups<'a>(used: &Use<'a>) -> Vec<Group<'a>> {
    let holders = used
        .chain
        .iter()
        .flat_map(|job| [(job.workflow, &job.workflow.root), (job.workflow, job.node)]);
    holders
        .filter_map(|(document, holder)| Group::of(document, holder))
        .collect()
}

fn missing(used: &Use<'_>) -> Option<Finding> {
    let job = used.entry()?;
    let said = format!("job `{}` deploys, and two runs of it may go side by side", job.key);
    let group = if used.starts_on_pull_requests() {
        "preview-${{ github.event.pull_request.number }}"
    } else {
        "production"
    };
    let remedy = format!("add `concurrency: {{ group: \"{group}\", cancel-in-progress: false }}`");
    let finding = Finding::new(&MISSING, used.file(), said, remedy);
    Some(finding.at(job.workflow.place(&["jobs", job.key])))
}

fn cancels(used: &Use<'_>, group: &Group<'_>) -> Option<Finding> {
    let flag = group.node.get("cancel-in-progress")?;
    let value: String = text_of(flag)?.chars().filter(|c| !c.is_whitespace()).collect();
    // What an expression says is not known here.
    if value != "true" && value != "${{true}}" {
        return None;
    }
    let what = if used.cleans() {
        "cleanup"
    } else {
        "deployment of production"
    };
    let said = format!("a newer run in group `{}` ends a {what} in the middle", group.name);
    let finding = Finding::new(&CANCELS, used.file(), said, "set `cancel-in-progress: false`");
    Some(finding.at(group.document.place_of(flag)))
}

fn group_of_previews(used: &Use<'_>, group: &Group<'_>, cleans_too: bool) -> Option<Finding> {
    let name = &group.name;
    if !used.starts_on_pull_requests() || NUMBERS.iter().any(|number| name.contains(number)) {
        return None;
    }
    let is_new = EACH_RUN.iter().any(|each| name.contains(each));
    let said = if is_new {
        format!("group `{name}` is new for each run, so no run waits for another")
    } else if name.contains("github.ref") {
        if !cleans_too {
            return None;
        }
        format!(
            "group `{name}` is another one once the pull request was merged, so the cleanup does not wait for a deploy under way"
        )
    } else if is_expression(name) && !is_of_workflow(name) || group.keeps_all() {
        return None;
    } else {
        format!(
            "group `{name}` is the same for all pull requests: they wait for each other, and all but the newest are dropped"
        )
    };
    let remedy = "name it by the number: `preview-${{ github.event.pull_request.number }}`";
    let place = group.node.get("group").unwrap_or(group.node);
    Some(Finding::new(&GROUP, used.file(), said, remedy).at(group.document.place_of(place)))
}

/// A close comes once: in a group with those of other pull requests it is dropped while it waits.
fn group_of_cleanups(used: &Use<'_>, group: &Group<'_>) -> Option<Finding> {
    let name = &group.name;
    let is_by_ref = name.contains("github.ref");
    let is_told = NUMBERS.iter().chain(&EACH_RUN).any(|number| name.contains(number));
    if is_told || group.keeps_all() || is_expression(name) && !is_by_ref && !is_of_workflow(name) {
        return None;
    }
    let said = if is_by_ref {
        format!(
            "group `{name}` is the base branch's for every merged pull request: of closes that wait, all but the newest are dropped"
        )
    } else {
        format!("group `{name}` is the same for all pull requests: of closes that wait, all but the newest are dropped")
    };
    let remedy = "name it by the number: `cleanup-${{ github.event.pull_request.number }}`";
    let place = group.node.get("group").unwrap_or(group.node);
    Some(Finding::new(&GROUP, used.file(), said, remedy).at(group.document.place_of(place)))
}

/// Whether the only thing that it is named by is the workflow.
fn is_of_workflow(name: &str) -> bool {
    let rest: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    !rest.replace("${{github.workflow}}", "").contains("${{")
}

fn deadlock(used: &Use<'_>) -> Option<Finding> {
    let (_, own) = OWN_GROUPS
        .iter()
        .find(|(name, _)| used.ours.is_workflow && used.ours.name == *name)?;
    let groups = groups(used);
    let group = groups.iter().find(|group| {
        own.iter().any(|own| match own.strip_suffix('-') {
            Some(_) => group.name.starts_with(own) && NUMBERS.iter().any(|number| group.name.contains(number)),
            None => group.name.trim() == *own,
        })
    })?;
    let said = format!(
        "group `{}` is that of the called `{}.yml`, which would wait for its caller for ever",
        group.name, used.ours.name
    );
    let remedy = "take `concurrency` out of the caller, or name its group otherwise";
    Some(Finding::new(&DEADLOCK, used.file(), said, remedy).at(group.document.place_of(group.node)))
}
