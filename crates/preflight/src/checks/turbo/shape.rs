//! Whether Turborepo takes the files at all.

use super::tasks;
use super::workspace::Workspace;
use crate::finding::{Finding, Kind, Severity};

pub(super) const UNREADABLE: Kind = Kind {
    name: "turbo-unreadable",
    severity: Severity::Error,
    what: "A `turbo.json` cannot be parsed.",
    why: "Turborepo refuses to run anything.",
    mend: "Mend the file at the place that is named.",
};

pub(super) const PIPELINE: Kind = Kind {
    name: "turbo-pipeline-renamed",
    severity: Severity::Error,
    what: "`turbo.json` has `pipeline`, and the project asks for Turborepo 2 or newer; or `tasks`, and it asks for version 1.",
    why: "Version 2 has renamed `pipeline` to `tasks`; each version refuses the other's name.",
    mend: "Rename the key, or run `npx @turbo/codemod migrate`, which brings both to version 2.",
};

pub(super) const EXTENDS: Kind = Kind {
    name: "turbo-extends-missing",
    severity: Severity::Error,
    what: "A package's `turbo.json` has no `extends`.",
    why: "Turborepo refuses to run anything: a package's configuration adds to the root's.",
    mend: "Add `\"extends\": [\"//\"]`.",
};

pub(super) fn findings(workspace: &Workspace) -> Vec<Finding> {
    let mut findings: Vec<Finding> = workspace
        .unreadable
        .iter()
        .map(|wrong| {
            let finding = Finding::new(
                &UNREADABLE,
                &wrong.place.file,
                wrong.problem.clone(),
                "mend the file there",
            );
            finding.at(wrong.place.clone())
        })
        .collect();
    let packages = || workspace.packages.iter().filter_map(|package| package.turbo.as_ref());
    for document in workspace.root.iter().chain(packages()) {
        let (given, wanted) = match workspace.version {
            Some(0 | 1) => ("tasks", "pipeline"),
            Some(_) => ("pipeline", "tasks"),
            None => continue,
        };
        if document.get(&[given]).is_some() {
            let said = format!("`{given}` is called `{wanted}` in the version of Turborepo that the project asks for");
            let remedy = format!("rename `{given}` to `{wanted}`");
            let finding = Finding::new(&PIPELINE, &document.file, said, remedy);
            findings.push(finding.at(document.place(&[given])));
        }
    }
    for document in packages() {
        if document.get(&["extends"]).is_none() && tasks::list(document).is_some() {
            let said = format!("`{}` extends nothing, so Turborepo refuses to run", document.file);
            let finding = Finding::new(&EXTENDS, &document.file, said, "add `\"extends\": [\"//\"]`");
            findings.push(finding.at(document.place(&[])));
        }
    }
    findings
}
