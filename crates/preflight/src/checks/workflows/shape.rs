//! Workflows that are YAML, and that GitHub cannot run all the same: the few shapes that can be told from the file alone.

use super::read::{Repository, local};
use super::triggers;
use crate::document::{Data, Document, Node};
use crate::finding::{Finding, Kind, Severity};

pub(super) const INVALID: Kind = Kind {
    name: "workflow-invalid",
    severity: Severity::Warning,
    what: "A workflow has no event in `on`, no `jobs`, a job without steps, or one that calls a workflow which is not there.",
    why: "GitHub starts no run of such a workflow, or ends it before its first job, and tells so on the page of the workflow alone.",
    mend: "Add what the finding names, or delete the file.",
};

pub(super) fn findings(repository: &Repository) -> Vec<Finding> {
    let workflows = repository.workflows.iter();
    workflows
        .flat_map(|document| of_workflow(repository, document))
        .collect()
}

fn of_workflow(repository: &Repository, document: &Document) -> Vec<Finding> {
    let Data::Table(top) = &document.root.data else {
        let said = format!("the workflow is {}, not a table of keys", shape(&document.root));
        return vec![told(
            document,
            &document.root,
            said,
            "write `on` and `jobs`, or delete the file",
        )];
    };
    let mut findings = Vec::new();
    if ["on", "true", "jobs"].iter().all(|key| !top.contains_key(*key)) {
        let said = "the workflow has neither `on` nor `jobs`";
        return vec![told(document, &document.root, said, "write both, or delete the file")];
    }
    // A tool that writes YAML 1.1 makes `true` of `on`; it is no place to look for what is missing.
    if !top.contains_key("true") && triggers::events(document).is_empty() {
        let at = top.get("on").unwrap_or(&document.root);
        let said = match top.get("on") {
            Some(_) => "`on` names no event, so nothing starts the workflow",
            None => "the workflow has no `on`, so nothing starts it",
        };
        findings.push(told(
            document,
            at,
            said,
            "name the events under `on`, such as `on: push`",
        ));
    }
    match top.get("jobs").map(|jobs| (jobs, &jobs.data)) {
        Some((_, Data::Table(jobs))) if !jobs.is_empty() => {
            let jobs = jobs.iter();
            findings.extend(jobs.filter_map(|(key, job)| of_job(repository, document, key, job)));
        }
        Some((jobs, _)) => {
            let said = format!("`jobs` is {}, so there is nothing to run", shape(jobs));
            findings.push(told(
                document,
                jobs,
                said,
                "write the jobs, each with a name of its own",
            ));
        }
        None => {
            let said = "the workflow has no `jobs`, so there is nothing to run";
            findings.push(told(document, &document.root, said, "add `jobs`, or delete the file"));
        }
    }
    findings
}

fn of_job(repository: &Repository, document: &Document, key: &str, job: &Node) -> Option<Finding> {
    const REMEDY: &str = "give it `steps`, or let it call a workflow with `uses`";
    if !matches!(job.data, Data::Table(_)) {
        let said = format!("job `{key}` is {}, not a table of keys", shape(job));
        return Some(told(document, job, said, REMEDY));
    }
    if let Some(uses) = job.get("uses") {
        let called = uses.text()?;
        // One of ours that a tree of ours ships is found by its path, as GitHub finds it.
        let file = local(called)?;
        return (!repository.has_file(file)).then(|| {
            let said = format!("job `{key}` calls `{called}`, and there is no such workflow");
            let remedy = "correct the path: workflows lie in `.github/workflows` itself, and the call names no version";
            told(document, uses, said, remedy)
        });
    }
    let steps = job.get("steps");
    if steps.is_some_and(|steps| steps.items().next().is_some()) {
        return None;
    }
    let said = match steps {
        Some(steps) => format!("`steps` of job `{key}` is {}", shape(steps)),
        None => format!("job `{key}` has neither `steps` nor `uses`"),
    };
    Some(told(document, steps.unwrap_or(job), said, REMEDY))
}

/// What stands there instead, as a person would say it.
fn shape(node: &Node) -> &'static str {
    match &node.data {
        Data::Plain(value) if value.is_null() => "empty",
        Data::Plain(value) if value.as_str().is_some_and(|text| text.trim().is_empty()) => "empty",
        Data::Plain(_) => "one value",
        Data::List(items) if items.is_empty() => "an empty list",
        Data::List(_) => "a list",
        Data::Table(table) if table.is_empty() => "an empty table",
        Data::Table(_) => "a table",
    }
}

fn told(document: &Document, at: &Node, said: impl Into<String>, remedy: &str) -> Finding {
    Finding::new(&INVALID, &document.file, said, remedy).at(document.place_of(at))
}
