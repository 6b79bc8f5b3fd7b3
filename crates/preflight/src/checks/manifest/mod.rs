//! `codex.toml`: whether there is one, all that is wrong in it at its place, and environments that cannot be made of it.

#[cfg(test)]
mod tests;

use actions_core::environment::Environment;
use actions_core::manifest::{Located, Manifest, Unread, Wrong};
use actions_core::text::count;

use crate::document::Document;
use crate::finding::{Finding, Kind, Place, Severity};
use crate::world::World;

const MISSING: Kind = Kind {
    name: "manifest-missing",
    severity: Severity::Error,
    what: "There is no `codex.toml` where it is looked for.",
    why: "Without it nothing tells which Workers an environment has, what they are called and where they answer.",
    mend: "Run `preflight init`, which proposes one from the wrangler configurations; or name its path by `manifest`.",
};

const INVALID: Kind = Kind {
    name: "manifest-invalid",
    severity: Severity::Error,
    what: "Something in `codex.toml` cannot be used: a key that does not exist or is missing, a value of the wrong kind, names that contradict each other.",
    why: "Every action that reads the manifest refuses to start, before it has touched anything.",
    mend: "Change it as the finding says; the keys stand in `.github/docs/manifest.md`, and an editor knows them by the schema.",
};

const UNRESOLVABLE: Kind = Kind {
    name: "environment-unresolvable",
    severity: Severity::Error,
    what: "An environment cannot be made of the manifest: a name of it is too long or has a letter that DNS or Cloudflare refuses, or two services would have the same one.",
    why: "A label of a hostname has at most 63 characters (RFC 1035), and so has the name of a Worker; two Workers of one name would overwrite each other.",
    mend: "Shorten the templates `hostname` and `worker` of the environment or the services' names, or give each service a `worker` and a `subdomain` of its own.",
};

const TIGHT: Kind = Kind {
    name: "environment-name-tight",
    severity: Severity::Warning,
    what: "Names of an environment that is one per pull request fit with small numbers only.",
    why: "A label of a hostname and the name of a Worker have at most 63 characters: the previews of pull requests with five digits would be refused.",
    mend: "Shorten the templates `hostname` and `worker` of the environment, or the services' names.",
};

const UNLIMITED: Kind = Kind {
    name: "environment-unlimited",
    severity: Severity::Note,
    what: "An environment that is one per pull request has no `limit`.",
    why: "Each open pull request takes a database branch, its Workers and its hostnames; the first that goes beyond a plan's limits is refused by the vendor, in the middle of its deployment.",
    mend: "Set `limit` to how many previews there may be at once; `on-limit` says what happens to the next one.",
};

pub(super) const KINDS: &[&Kind] = &[&MISSING, &INVALID, &UNRESOLVABLE, &TIGHT, &UNLIMITED];

const REFERENCE: &str = "https://github.com/codex/actions/blob/main/.github/docs/manifest.md";

/// A pull request of a repository that has seen some.
const LATER: u64 = 99_999;

pub(super) fn findings(world: &World) -> Vec<Finding> {
    match &world.manifest {
        Err(wrong) => of_wrong(wrong, &world.manifest_file),
        Ok(manifest) => of_environments(world, manifest),
    }
}

fn of_wrong(wrong: &Wrong, file: &str) -> Vec<Finding> {
    match &wrong.unread {
        Some(Unread::Missing) => vec![Finding::new(
            &MISSING,
            file,
            format!("there is no `{file}`"),
            "run `preflight init`, which proposes one, or name its path by `manifest`",
        )],
        Some(Unread::Refused(why)) => vec![
            Finding::new(
                &INVALID,
                file,
                format!("`{file}` cannot be read: {why}"),
                "make it a file that this user may read",
            )
            .at(Place::of_file(file)),
        ],
        None => wrong.problems.iter().map(|problem| of_problem(problem, file)).collect(),
    }
}

/// What a problem says, and its own advice where it has some.
fn advice<'t>(text: &'t str, otherwise: &str) -> (&'t str, String) {
    if let Some((said, meant)) = text.split_once("; did you mean ") {
        return (said, format!("write {}", meant.trim_end_matches('?')));
    }
    if let Some((said, known)) = text.split_once("; known here: ") {
        return (said, format!("take it out, or write one of {known}"));
    }
    (text, otherwise.to_owned())
}

fn of_problem(problem: &Located, file: &str) -> Finding {
    let text = &problem.text;
    let change = if text.contains("` is missing") {
        "add it"
    } else {
        "change it"
    };
    let otherwise = format!("{change}: {REFERENCE} tells what may stand here");
    let (said, remedy) = advice(text, &otherwise);
    // What it is about is what it names first.
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']');
    let named = text.split('`').nth(1);
    let subject = named.filter(|name| name.starts_with(char::is_alphanumeric) && name.chars().all(plain));
    Finding::new(&INVALID, subject.unwrap_or(file), said, remedy).at(Place {
        file: file.to_owned(),
        line: problem.line,
        column: problem.column,
    })
}

fn of_environments(world: &World, manifest: &Manifest) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, problem) in &world.unresolved {
        let remedy = "change `hostname` or `worker` of the environment, or the services' own names";
        let (said, remedy) = advice(problem, remedy);
        let finding = Finding::new(&UNRESOLVABLE, format!("environments.{name}"), said, remedy);
        findings.push(at(finding, world.document.as_ref(), name));
    }
    for environment in world.environments.iter().filter(|it| it.pull_request.is_some()) {
        let name = &environment.name;
        findings.extend(unlimited(world, manifest, environment));
        let Err(wrong) = Environment::resolve(manifest, name, Some(LATER), &environment.owner.repository) else {
            continue;
        };
        if let Some((_, problem)) = wrong.0.first() {
            let finding = Finding::new(
                &TIGHT,
                format!("environments.{name}"),
                format!("in pull request {LATER} {problem}"),
                "shorten `hostname` or `worker` of the environment, or the service's own name",
            );
            findings.push(at(finding, world.document.as_ref(), name));
        }
    }
    findings
}

/// `limit` counts previews by their database branches.
fn unlimited(world: &World, manifest: &Manifest, environment: &Environment) -> Option<Finding> {
    let name = &environment.name;
    let spec = manifest.environments.get(name)?;
    manifest.database.as_ref()?;
    spec.branch.as_ref()?;
    if spec.limit.is_some() {
        return None;
    }
    let said = format!(
        "nothing says how many of `{name}` may be alive at once: each takes a database branch and {}",
        count(environment.services.len(), "Worker")
    );
    let remedy = "set `limit`, such as `limit = 20`";
    let finding = Finding::new(&UNLIMITED, format!("environments.{name}"), said, remedy);
    Some(at(finding, world.document.as_ref(), name))
}

fn at(finding: Finding, document: Option<&Document>, environment: &str) -> Finding {
    match document {
        Some(document) => finding.at(document.place(&["environments", environment])),
        None => finding,
    }
}
