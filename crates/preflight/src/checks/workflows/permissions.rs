//! `permissions` against what the actions in a job need, as their READMEs say it.

use std::collections::BTreeMap;

use actions_core::grants::{self, Case, When};
use actions_core::text::quoted_list;

use super::Facts;
use super::levels::{Granted, Level, granted};
use super::read::local;
use super::uses::{Job, Use, steps};
use crate::checks::github::{Expected, Scope};
use crate::document::Node;
use crate::finding::{Finding, Kind, Severity};

pub(super) const MISSING: Kind = Kind {
    name: "workflow-permissions-missing",
    severity: Severity::Warning,
    what: "A job with these actions has no `permissions`, nor has its workflow.",
    why: "The token then has whatever the repository's settings say: too little where they say read-only, as they do in new repositories, and every scope of the repository otherwise.",
    mend: "Add `permissions: {}` to the workflow, and to each job the scopes that the actions' READMEs name.",
};

pub(super) const NARROW: Kind = Kind {
    name: "workflow-permissions-narrow",
    severity: Severity::Error,
    what: "A job's `permissions` lack a scope that an action in it needs, or that a workflow that it calls asks for.",
    why: "Once `permissions` names a scope, all others are none. The action fails with 403, or cannot do that part of its work; a called workflow that asks for more than its caller has is refused before it starts.",
    mend: "Add the scopes to `permissions` of the job.",
};

pub(super) const WIDE: Kind = Kind {
    name: "workflow-permissions-wide",
    severity: Severity::Warning,
    what: "A job may write more than the actions in it need.",
    why: "Whatever runs in the job has the token: a script of a dependency may push code or publish packages with it.",
    mend: "Name the scopes one by one in `permissions` of the job, as the actions' READMEs do.",
};

pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    // By job: what it is in, and what of ours is in it.
    let mut jobs: Vec<(&Use<'_>, Vec<&Use<'_>>)> = Vec::new();
    for used in &facts.uses {
        let path = |used: &Use<'_>| -> Vec<(String, String)> {
            let names = used
                .chain
                .iter()
                .map(|job| (job.workflow.file.clone(), job.key.to_owned()));
            names.collect()
        };
        match jobs.iter_mut().find(|(first, _)| path(first) == path(used)) {
            Some((_, all)) => all.push(used),
            None => jobs.push((used, vec![used])),
        }
    }
    let mut findings = Vec::new();
    let mut without: Vec<(&str, Vec<&Use<'_>>)> = Vec::new();
    for (first, all) in &jobs {
        if first.chain.iter().any(|job| granted(job).is_some()) {
            findings.extend(of_job(facts, first, all));
        } else if !first.is_called_from_elsewhere() {
            match without.iter_mut().find(|(file, _)| *file == first.file()) {
                Some((_, known)) => known.extend(all),
                None => without.push((first.file(), all.clone())),
            }
        }
    }
    findings.extend(without.into_iter().filter_map(|(_, all)| missing(facts, &all)));
    findings
}

fn of_job(facts: &Facts<'_>, first: &Use<'_>, all: &[&Use<'_>]) -> Option<Finding> {
    let job = first.job()?;
    let levels: Vec<Granted<'_>> = first.chain.iter().filter_map(granted).collect();
    // The last that says anything is where it is to be mended.
    let nearest = levels.last()?;
    let wanted = wanted(facts, all);
    let has = |scope: &str| {
        levels
            .iter()
            .map(|granted| granted.level(scope))
            .min()
            .unwrap_or(Level::None)
    };
    let lacking: Vec<(&str, Level, &str)> = wanted
        .iter()
        .filter(|(scope, (level, _))| has(scope) < *level)
        // The comment of a pull request is one of an issue, too.
        .filter(|(scope, (_, name))| {
            !(**scope == "pull-requests" && *name == "pr-comment" && has("issues") == Level::Write)
        })
        .map(|(scope, (level, name))| (*scope, *level, *name))
        .collect();
    if !lacking.is_empty() {
        return Some(narrow(&job, nearest, &levels, &lacking));
    }
    wide(&job, nearest, all)
}

/// The highest level of each scope that is needed, and the action that needs it.
fn wanted(facts: &Facts<'_>, all: &[&Use<'_>]) -> BTreeMap<&'static str, (Level, &'static str)> {
    let mut wanted: BTreeMap<&str, (Level, &str)> = BTreeMap::new();
    for used in all {
        for (scope, level) in needs(facts, used) {
            let has = wanted.entry(scope).or_insert((level, used.ours.name));
            if level > has.0 {
                *has = (level, used.ours.name);
            }
        }
    }
    wanted
}

/// What the actions of this one job need and its files grant, or leave to the repository's settings: what the files
/// withhold is found above. The live token may have less, still.
pub(super) fn undenied(facts: &Facts<'_>, all: &[&Use<'_>]) -> Option<Expected> {
    let first = all.first()?;
    let levels: Vec<Granted<'_>> = first.chain.iter().filter_map(granted).collect();
    let grants = |scope: &str, level: Level| levels.iter().all(|granted| granted.level(scope) >= level);
    let scopes = wanted(facts, all).into_iter().filter(|(scope, (level, name))| {
        // The comment of a pull request is one of an issue, too.
        let or_issues = *scope == "pull-requests" && *name == "pr-comment" && grants("issues", Level::Write);
        grants(scope, *level) && (levels.is_empty() || !or_issues)
    });
    let scopes = scopes.map(|(key, (level, action))| Scope {
        key,
        level: level.word(),
        action,
    });
    Some(Expected {
        job: first.job()?.key.to_owned(),
        scopes: scopes.collect(),
        granted: !levels.is_empty(),
    })
}

/// Of a workflow: everything in it whose jobs have none.
fn missing(facts: &Facts<'_>, all: &[&Use<'_>]) -> Option<Finding> {
    let entry = all.first()?.entry()?;
    let mut scopes: BTreeMap<&str, Level> = BTreeMap::from([("contents", Level::Read)]);
    for used in all {
        for (scope, level) in needs(facts, used) {
            let known = scopes.entry(scope).or_insert(level);
            *known = level.max(*known);
        }
    }
    let mut jobs: Vec<&str> = all.iter().filter_map(|used| Some(used.entry()?.key)).collect();
    jobs.dedup();
    let list: Vec<String> = scopes
        .iter()
        .map(|(scope, level)| format!("{scope}: {}", level.word()))
        .collect();
    let (said, whom) = match &jobs[..] {
        [job] => (
            format!("job `{job}` has no `permissions`, nor has its workflow"),
            "the job",
        ),
        jobs => (
            format!(
                "jobs {} have no `permissions`, nor has their workflow",
                quoted_list(jobs)
            ),
            "the jobs, to each what it needs of it",
        ),
    };
    let remedy = format!("add `permissions: {{ {} }}` to {whom}", list.join(", "));
    let place = entry.workflow.place(&["jobs", entry.key]);
    Some(Finding::new(&MISSING, &entry.workflow.file, said, remedy).at(place))
}

fn narrow(job: &Job<'_>, nearest: &Granted<'_>, levels: &[Granted<'_>], lacking: &[(&str, Level, &str)]) -> Finding {
    let (_, _, name) = lacking[0];
    let scopes: Vec<String> = lacking
        .iter()
        .map(|(scope, level, _)| format!("{scope}: {}", level.word()))
        .collect();
    // Where a job is called, its caller may be the one that grants too little.
    let lacks = |granted: &&Granted<'_>| lacking.iter().any(|(scope, level, _)| granted.level(scope) < *level);
    let at = levels.iter().find(lacks).unwrap_or(nearest);
    let said = format!(
        "`{name}` in job `{}` needs {}, which its `permissions` do not grant",
        job.key,
        quoted_list(&scopes)
    );
    let remedy = format!("add {} to `permissions` of the job", quoted_list(&scopes));
    let subject = format!("{}#{}", job.workflow.file, job.key);
    Finding::new(&NARROW, subject, said, remedy).at(at.document.place_of(at.node))
}

/// What is certainly needed: optional scopes, and those for private repositories, are nobody's mistake.
fn needs(facts: &Facts<'_>, used: &Use<'_>) -> Vec<(&'static str, Level)> {
    if used.ours.is_workflow {
        let asked = used.ours.permissions.iter();
        return asked.map(|(scope, level)| (scope.as_str(), *level)).collect();
    }
    let own_token = used
        .input("github-token")
        .is_some_and(|token| !token.contains("github.token") && !token.contains("secrets.GITHUB_TOKEN"));
    if own_token || used.is_on("dry-run") {
        return Vec::new();
    }
    let is_needed = |when: When| match when {
        // Without a pull request there is no comment, and none to ask about.
        When::Always => facts.is_per_pull_request(used) == Some(true),
        When::Only(Case::Deployment) => used.is_on("deployment"),
        When::Only(Case::CommitStatus) => used.is_on("commit-status"),
        When::Only(Case::AlertIssue) => used.is_on("alert-issue"),
        When::Only(Case::Sweep) => used.command("environment").is_some_and(|command| command == "sweep"),
        When::Only(Case::SweepOrExplain) => {
            let command = used.command("environment");
            command.is_some_and(|command| ["sweep", "explain"].contains(&command.as_str()))
        }
        When::Only(_) | When::Optional => false,
    };
    let needed = grants::of(used.ours.name).iter().filter(|grant| is_needed(grant.when));
    needed
        .filter_map(|grant| grant.of.scope())
        .map(|(scope, level)| (scope, Level::of(level)))
        .collect()
}

/// What a job of ours and GitHub's own actions alone may write and nothing in it can need.
fn wide(job: &Job<'_>, granted: &Granted<'_>, all: &[&Use<'_>]) -> Option<Finding> {
    let written = granted.written();
    let is_all = written == ["write-all"];
    if !is_all && !is_known(job, all) {
        return None;
    }
    let may_need = |scope: &str| {
        all.iter().any(|used| {
            let own = grants::of(used.ours.name).iter().filter_map(|grant| grant.of.scope());
            let by_action = own.into_iter().any(|(own, level)| own == scope && level == "write");
            let or_issues = used.ours.name == "pr-comment" && scope == "issues";
            let by_workflow = used.ours.permissions.get(scope) == Some(&Level::Write);
            if used.ours.is_workflow {
                by_workflow
            } else {
                by_action || or_issues
            }
        })
    };
    let scopes: Vec<String> = written
        .iter()
        .filter(|scope| is_all || !may_need(scope))
        .map(|scope| {
            if is_all {
                (*scope).to_owned()
            } else {
                format!("{scope}: write")
            }
        })
        .collect();
    if scopes.is_empty() {
        return None;
    }
    let names: Vec<&str> = all.iter().map(|used| used.ours.name).collect();
    let said = format!(
        "job `{}` has {}, which {} never need",
        job.key,
        quoted_list(&scopes),
        if is_all {
            "these actions".to_owned()
        } else {
            quoted_list(&names)
        }
    );
    let remedy = if is_all {
        "name the scopes that the actions' READMEs name".to_owned()
    } else {
        format!("take {} out of `permissions`", quoted_list(&scopes))
    };
    let subject = format!("{}#{}", job.workflow.file, job.key);
    Some(Finding::new(&WIDE, subject, said, remedy).at(granted.document.place_of(granted.node)))
}

/// Whether everything in the job is known to need no scope of its own: ours, and actions that only fetch and keep files.
fn is_known(job: &Job<'_>, all: &[&Use<'_>]) -> bool {
    const PLAIN: [&str; 6] = [
        "actions/checkout@",
        "actions/setup-node@",
        "actions/cache@",
        "actions/upload-artifact@",
        "actions/download-artifact@",
        "pnpm/action-setup@",
    ];
    if all.iter().any(|used| used.ours.is_workflow) {
        return true;
    }
    steps(job.node).all(|step| {
        let uses = step.get("uses").and_then(Node::text).unwrap_or_default();
        let is_ours = all
            .iter()
            .any(|used| used.steps.first().is_some_and(|own| std::ptr::eq(own.node, step)));
        PLAIN.iter().any(|plain| uses.starts_with(plain))
            || is_ours && local(uses).is_none_or(|path| path.starts_with("actions/"))
    })
}
