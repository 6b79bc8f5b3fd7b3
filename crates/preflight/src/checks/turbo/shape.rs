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
    what: "`turbo.json` has `pipeline`, and the project asks for Turborepo 2 or newer.",
    why: "Version 2 has renamed it to `tasks`, and refuses the old name.",
    mend: "Rename `pipeline` to `tasks`, or run `npx @turbo/codemod migrate`.",
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
        if document.get(&["pipeline"]).is_some() && workspace.version.is_some_and(|version| version >= 2) {
            let said = "`pipeline` is called `tasks` in the version of Turborepo that the project asks for";
            let finding = Finding::new(&PIPELINE, &document.file, said, "rename `pipeline` to `tasks`");
            findings.push(finding.at(document.place(&["pipeline"])));
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
