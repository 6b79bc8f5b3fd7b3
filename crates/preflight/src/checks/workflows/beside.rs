//! Forks, and other tools that do the same beside these actions.

use std::collections::BTreeMap;

use actions_core::text::quoted_list;

use super::Facts;
use super::uses::{Job, Use, jobs, references, steps, text_of};
use super::{ours, triggers};
use crate::document::{Document, Node};
use crate::finding::{Finding, Kind, Place, Severity};

pub(super) const FORK: Kind = Kind {
    name: "workflow-fork-unguarded",
    severity: Severity::Note,
    what: "A preview is made for every pull request, also for those of forks.",
    why: "GitHub gives the run of a fork's pull request no secrets and a token that only reads, so the preview fails there, and the pull request has a red check that its author cannot mend.",
    mend: "Add `if: github.event.pull_request.head.repo.full_name == github.repository` to the job, or call `preview.yml`, which says that there is no preview and why.",
};

pub(super) const OTHERS: Kind = Kind {
    name: "workflow-other-tools",
    severity: Severity::Note,
    what: "Tools that do the same stand beside these actions in a workflow, or deploy Workers in a workflow of their own.",
    why: "What others make carries no mark of its owner: `cleanup` leaves it alone, and two comments or two deployments of one Worker take turns.",
    mend: "Let one of them do it: these actions replace `wrangler deploy` and `wrangler-action`, Neon's branch actions and sticky comments. Where another one deploys a Worker that is not in the manifest, silence this by its subject.",
};

/// Up to the `@`.
const OTHER_TOOLS: [&str; 7] = [
    "cloudflare/wrangler-action",
    "cloudflare/pages-action",
    "neondatabase/create-branch-action",
    "neondatabase/delete-branch-action",
    "neondatabase/reset-branch-action",
    "marocchino/sticky-pull-request-comment",
    "thollander/actions-comment-pull-request",
];

/// What of a script deploys a Worker.
const DEPLOY: &str = "wrangler deploy";

/// Of all these, what deploys a Worker.
const DEPLOYERS: [&str; 2] = ["cloudflare/wrangler-action", DEPLOY];

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts.uses.iter().filter_map(|used| fork(facts, used)).collect();
    findings.extend(others(facts));
    findings
}

fn fork(facts: &Facts<'_>, used: &Use<'_>) -> Option<Finding> {
    let event = used.events().into_iter().find(|event| event.name == "pull_request")?;
    if used.ours.is_workflow || !facts.makes_preview(used) || !used.starts_on_pull_requests() || is_guarded(facts, used)
    {
        return None;
    }
    let said = format!(
        "job `{}` makes previews for pull requests of forks, whose runs have no secrets",
        used.entry()?.key
    );
    let remedy = "add `if: github.event.pull_request.head.repo.full_name == github.repository` to the job";
    Some(Finding::new(&FORK, used.file(), said, remedy).at(event.place))
}

/// Whether a condition on the way asks where the pull request comes from, or one of the steps does.
fn is_guarded(facts: &Facts<'_>, used: &Use<'_>) -> bool {
    let asks = |text: &str| {
        let words = [
            "head.repo",
            ".fork",
            "secrets.",
            "env.",
            "vars.",
            "author_association",
            "outputs.",
        ];
        words.iter().any(|word| text.contains(word))
    };
    if used
        .conditions()
        .any(|(_, node)| text_of(node).is_some_and(|text| asks(&text)))
    {
        return true;
    }
    let needed = used.chain.iter().flat_map(needed);
    needed.into_iter().any(|job| {
        let by_condition = job.node.get("if").and_then(text_of).is_some_and(|text| asks(&text));
        let by_step = steps(job.node).any(|step| {
            let name = step.get("uses").and_then(Node::text).unwrap_or_default();
            ours::named(facts.repository, name).is_some_and(|ours| ours.name == "pull-request")
        });
        by_condition || by_step
    })
}

/// The jobs that a job waits for, itself among them.
pub(super) fn needed<'a>(job: &Job<'a>) -> Vec<Job<'a>> {
    let mut found = vec![*job];
    let mut at = 0;
    while let Some(job) = found.get(at).copied() {
        let names = job.node.get("needs").map(triggers::texts).unwrap_or_default();
        for other in jobs(job.workflow).filter(|other| names.contains(&other.key)) {
            if !found.iter().any(|known| known.key == other.key) {
                found.push(other);
            }
        }
        at += 1;
    }
    found
}

/// The first script that deploys by wrangler.
fn by_command(document: &Document) -> Option<Place> {
    let mut scripts = jobs(document)
        .flat_map(|job| steps(job.node))
        .filter_map(|step| step.get("run"));
    let script = scripts.find(|run| {
        let text = run.text().unwrap_or_default().replace("\\\n", " ");
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        lines.flat_map(|line| line.split(['&', '|', ';'])).any(is_deployment)
    })?;
    Some(document.place_of(script))
}

/// `npx wrangler@4 deploy --env production`, and not `pages deploy` nor what is only tried.
fn is_deployment(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let is_wrangler = |word: &str| word.rsplit('/').next().unwrap_or_default().split('@').next() == Some("wrangler");
    if !words.any(is_wrangler) {
        return false;
    }
    let rest: Vec<&str> = words.collect();
    let has = |word: &str| rest.contains(&word);
    (has("deploy") || has("publish")) && !has("pages") && !has("--dry-run")
}

fn others(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for document in &facts.repository.workflows {
        let is_ours = facts
            .uses
            .iter()
            .any(|used| used.chain.iter().any(|job| job.workflow.file == document.file));
        let mut found: BTreeMap<&str, Place> = BTreeMap::new();
        for (uses, node) in references(document) {
            let name = uses.split('@').next().unwrap_or_default();
            let node = node.get("uses").unwrap_or(node);
            if OTHER_TOOLS.contains(&name) && !found.contains_key(name) {
                found.insert(name, document.place_of(node));
            }
        }
        found.extend(by_command(document).map(|place| (DEPLOY, place)));
        if !is_ours {
            // What only tests branch or comment by may stay; a Worker has one deployer.
            found.retain(|name, _| facts.manifest.is_some() && DEPLOYERS.contains(name));
        }
        let Some(first) = found.values().min().cloned() else {
            continue;
        };
        let names: Vec<&str> = found.keys().copied().collect();
        let names = quoted_list(&names);
        let (said, remedy) = if is_ours {
            (format!("beside these actions stand {names}"), "let one of them do it")
        } else {
            (
                format!("Workers are deployed past the manifest, by {names}"),
                "let these actions deploy what is in the manifest (`preflight write` writes their workflows), and take it out here",
            )
        };
        findings.push(Finding::new(&OTHERS, &document.file, said, remedy).at(first));
    }
    findings
}
