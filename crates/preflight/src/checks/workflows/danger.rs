//! A stranger's code or text beside secrets. zizmor looks for much more of the kind.

use super::Facts;
use super::ours;
use super::triggers::events;
use super::uses::{Job, Use, jobs, steps, text_of};
use crate::document::{Document, Node};
use crate::finding::{Finding, Kind, Severity};

pub(super) const TARGET_CHECKOUT: Kind = Kind {
    name: "workflow-target-checkout",
    severity: Severity::Error,
    what: "A workflow on `pull_request_target` or `workflow_run` checks the pull request's code out and runs something after it.",
    why: "Such a run has the repository's secrets and a token that may write, also for a fork: anybody who opens a pull request runs code with both. `actions/checkout` refuses it from v7 on, and GitHub's default policy for public repositories blocks `pull_request_target` from 2026-12-02 on.",
    mend: "Use `pull_request`; for forks, let a maintainer start `preview.yml` by hand with the commit that was read.",
};

pub(super) const TARGET: Kind = Kind {
    name: "workflow-target",
    severity: Severity::Warning,
    what: "These actions run on `pull_request_target`.",
    why: "Such a run has the secrets also when a stranger opens the pull request, while its code is that of the default branch: it deploys other code than the pull request's, or becomes dangerous with the next change. GitHub's default policy for public repositories blocks the event from 2026-12-02 on.",
    mend: "Use `pull_request`; for forks, let a maintainer start the workflow by hand with the commit that was read.",
};

pub(super) const INJECTION: Kind = Kind {
    name: "workflow-script-injection",
    severity: Severity::Warning,
    what: "A script holds an expression whose text a stranger writes: a title, a branch's name, a comment.",
    why: "GitHub puts the text into the script before the shell reads it, so a title such as `$(curl …)` is run, beside the tokens. zizmor finds this and more of the kind.",
    mend: "Give the text to the step by `env`, and write `\"$NAME\"` in the script.",
};

/// What a stranger decides, as GitHub's own list of untrusted inputs has it.
const UNTRUSTED: [&str; 20] = [
    // With all that is in it, as `toJSON` writes it out.
    "github.event",
    "github.head_ref",
    "github.event.pull_request.title",
    "github.event.pull_request.body",
    "github.event.pull_request.head.ref",
    "github.event.pull_request.head.label",
    "github.event.pull_request.head.repo.default_branch",
    "github.event.issue.title",
    "github.event.issue.body",
    "github.event.comment.body",
    "github.event.review.body",
    "github.event.review_comment.body",
    "github.event.discussion.title",
    "github.event.discussion.body",
    "github.event.commits.*.message",
    "github.event.head_commit.message",
    "github.event.head_commit.author.email",
    "github.event.head_commit.author.name",
    "github.event.workflow_run.head_branch",
    "github.event.workflow_run.display_title",
];

pub(super) const AFTER_RUN: Kind = Kind {
    name: "workflow-run-unguarded",
    severity: Severity::Warning,
    what: "An environment that exists once is deployed by `workflow_run`, and the job does not ask whether that run was of a push.",
    why: "`branches` of this event compares names alone: the checks of a stranger's pull request from a branch called `main` start it, too. And it stands on the default branch's tip, which may be another commit than was tested. `production.yml` refuses such a run.",
    mend: "Deploy in a job of the tests' workflow that `needs` them; or add `github.event.workflow_run.event == 'push'` to the job's condition, and check `github.event.workflow_run.head_sha` out.",
};

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts.uses.iter().filter_map(|used| after_run(facts, used)).collect();
    for document in &facts.repository.workflows {
        let of_ours = || {
            facts
                .uses
                .iter()
                .filter(|used| used.chain.iter().any(|job| job.workflow.file == document.file))
        };
        let events = events(document);
        let risky = events
            .iter()
            .find(|event| ["pull_request_target", "workflow_run"].contains(&event.name));
        if let Some(event) = risky {
            // Every secret of the repository is at stake, whoever uses these actions.
            let checkouts: Vec<Finding> = jobs(document)
                .filter_map(|job| checkout(facts, event.name, job))
                .collect();
            let is_target = event.name == "pull_request_target" && of_ours().next().is_some();
            if checkouts.is_empty() && is_target {
                let said = "these actions run on `pull_request_target`";
                let remedy = "use `pull_request`";
                findings.push(Finding::new(&TARGET, &document.file, said, remedy).at(event.place.clone()));
            }
            findings.extend(checkouts);
        }
        if of_ours().next().is_some() {
            let scripts = jobs(document).flat_map(|job| steps(job.node));
            findings.extend(scripts.filter_map(|step| injection(document, step)));
        }
    }
    for composite in facts.repository.composites.values() {
        let is_used = |document: &Document| {
            facts
                .uses
                .iter()
                .any(|used| used.steps.iter().any(|step| step.document.file == document.file))
        };
        if is_used(composite) {
            let scripts = composite.get(&["runs"]).into_iter().flat_map(steps);
            findings.extend(scripts.filter_map(|step| injection(composite, step)));
        }
    }
    findings
}

/// Whether a condition lets runs in that follow a push, and no others: a pull request's may be a fork's.
fn is_for_pushes(condition: &str) -> bool {
    let packed: String = condition.chars().filter(|c| !c.is_whitespace()).collect();
    let words = ["workflow_run.event=='push'", "workflow_run.event!='pull_request'"];
    words.iter().any(|word| packed.contains(word)) && !packed.contains("=='pull_request'")
}

/// A deployment of what exists once that any run of the right name starts.
fn after_run(facts: &Facts<'_>, used: &Use<'_>) -> Option<Finding> {
    let event = used.events().into_iter().find(|event| event.name == "workflow_run")?;
    if !used.deploys() || facts.is_per_pull_request(used) != Some(false) {
        return None;
    }
    let asks = |node: &Node| {
        text_of(node).is_some_and(|text| is_for_pushes(&text) || text.contains("workflow_run.head_repository"))
    };
    // That one asks nobody.
    let refuses = used.ours.is_workflow && used.ours.name == "production";
    if !refuses && used.conditions().any(|(_, node)| asks(node)) {
        return None;
    }
    let said = format!(
        "job `{}` deploys after any run of that workflow, a stranger's among them, and another commit than was tested",
        used.entry()?.key
    );
    let remedy = if refuses {
        "call `production.yml` from a job of the tests' workflow that `needs` them: it refuses this event"
    } else {
        "deploy in a job of the tests' workflow that `needs` them, or add `if: github.event.workflow_run.event == 'push'` and check `github.event.workflow_run.head_sha` out"
    };
    Some(Finding::new(&AFTER_RUN, used.file(), said, remedy).at(event.place))
}

/// Checking the head out, and running anything in the same job afterwards.
fn checkout(facts: &Facts<'_>, event: &str, job: Job<'_>) -> Option<Finding> {
    let all: Vec<&Node> = steps(job.node).collect();
    // Whoever asks where the code comes from, or lets a maintainer decide, knows what it is about.
    let asks = |node: &Node| {
        let text = node.get("if").and_then(text_of).unwrap_or_default();
        let words = ["head_repository", "head.repo", "author_association", "label"];
        is_for_pushes(&text) || words.iter().any(|word| text.contains(word))
    };
    if asks(job.node) || all.iter().any(|step| asks(step)) {
        return None;
    }
    let at = all.iter().position(|step| is_checkout_of_head(step))?;
    let runs = |step: &&Node| {
        let uses = step.get("uses").and_then(Node::text).unwrap_or_default();
        // These run what the project says; the others only talk to the vendors.
        let ours = ours::named(facts.repository, uses).map(|ours| ours.name);
        let by_ours = ours.is_some_and(|name| ["setup-project", "deploy-workers"].contains(&name));
        step.get("run").is_some() || uses.starts_with("./") || by_ours
    };
    let by_itself = all[at].get("run").is_some();
    if !by_itself && !all[at + 1..].iter().any(runs) {
        return None;
    }
    let said = format!(
        "job `{}` runs on `{event}`, with secrets, what the pull request holds",
        job.key
    );
    let remedy = "use `pull_request`, whose runs for forks have no secrets";
    let step = all[at];
    let place = step.get("uses").or_else(|| step.get("run")).unwrap_or(step);
    let subject = format!("{}#{}", job.workflow.file, job.key);
    Some(Finding::new(&TARGET_CHECKOUT, subject, said, remedy).at(job.workflow.place_of(place)))
}

fn is_checkout_of_head(step: &Node) -> bool {
    const HEADS: [&str; 8] = [
        "pull_request.head.",
        "github.head_ref",
        "refs/pull/",
        "workflow_run.head_",
        "pull_request.merge_commit_sha",
        "head-sha",
        "head_sha",
        "workflow_run.pull_requests",
    ];
    let uses = step.get("uses").and_then(Node::text).unwrap_or_default();
    let with = |key| {
        step.get("with")
            .and_then(|with| text_of(with.get(key)?))
            .unwrap_or_default()
    };
    let reference = format!("{} {}", with("ref"), with("repository"));
    let run = step.get("run").and_then(Node::text).unwrap_or_default();
    uses.starts_with("actions/checkout@") && HEADS.iter().any(|head| reference.contains(head))
        || run.contains("gh pr checkout")
        || run.contains("git fetch") && run.contains("pull/")
}

/// The first expression of a script that a stranger writes.
fn injection(document: &Document, step: &Node) -> Option<Finding> {
    let uses = step.get("uses").and_then(Node::text).unwrap_or_default();
    let script = match step.get("run") {
        Some(run) => run,
        None if uses.starts_with("actions/github-script@") => step.get("with")?.get("script")?,
        None => return None,
    };
    let text = script.text()?;
    let mut expressions = text
        .split("${{")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("}}")?.0.trim()));
    let (expression, name) = expressions.find_map(|expression| {
        let plain = plain(expression);
        let name = UNTRUSTED.iter().find(|name| is_named(&plain, name))?;
        Some((expression, *name))
    })?;
    let said = format!("a script holds `${{{{ {expression} }}}}`, whose text a stranger writes");
    let variable = name.rsplit('.').next().unwrap_or("TEXT").to_uppercase();
    let remedy = format!(
        "give it by `env: {{ {variable}: \"${{{{ {expression} }}}}\" }}`, and write `\"${variable}\"` in the script"
    );
    Some(Finding::new(&INJECTION, &document.file, said, remedy).at(document.place_of(script)))
}

/// An expression in one spelling: names ignore case, `a['b']` is `a.b`, and of a list any item is as good as another.
fn plain(expression: &str) -> String {
    let mut plain = String::new();
    let mut rest = expression;
    while let Some((before, index)) = rest.split_once('[') {
        let Some((index, after)) = index.split_once(']') else {
            break;
        };
        let key = index.trim().trim_matches('\'');
        let is_number = !key.is_empty() && key.chars().all(|char| char.is_ascii_digit());
        plain += before.trim_end();
        plain += ".";
        plain += if is_number { "*" } else { key };
        rest = after;
    }
    plain += rest;
    plain.to_ascii_lowercase()
}

/// Whether the value itself goes into the text: compared or searched it does not.
fn is_named(expression: &str, name: &str) -> bool {
    expression.match_indices(name).any(|(at, _)| {
        let (before, after) = (&expression[..at], &expression[at + name.len()..]);
        let goes_on = after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.');
        let is_compared = after.trim_start().starts_with("==") || after.trim_start().starts_with("!=");
        let is_searched = ["contains(", "startswith(", "endswith("]
            .iter()
            .any(|function| before.contains(function));
        !goes_on && !is_compared && !is_searched
    })
}
