//! What is said of builds and of bundles as a folder.

use std::collections::BTreeSet;

use actions_core::error::{Fault, fault};
use actions_core::runner::{Runner, command};
use actions_core::text::{bytes, count, elapsed, listed, quoted_list};
use indexmap::IndexMap;
use wrangler::Failed;
use wrangler::bundles::Taken;
use wrangler::project::{Built, Progress, Work};

use super::{needed, size};
use crate::bundled::{NotBundled, Stage};
use crate::bundles::Left;
use crate::inputs::Inputs;

/// A build or a bundle ended well.
pub(crate) fn progress(progress: Progress<'_>) -> Option<String> {
    match progress {
        Progress::Begins(_) | Progress::Ends(_) => None,
        Progress::Built { work, took } => {
            let (what, command) = match work {
                Work::Project { command } => ("all services".to_owned(), command),
                Work::Services { keys, command } => (keys.join(" and "), command),
                Work::Bundle { key } => (key.to_owned(), "wrangler"),
            };
            Some(format!("{what}: built by `{command}` in {}", elapsed(took)))
        }
        Progress::Kept { keys, command, pointer } => Some(format!(
            "{}: `{command}` left `{pointer}` as it was, as a build cache does when all is in place; what it leads to is deployed",
            keys.join(" and ")
        )),
        Progress::Bundled { key, built } => Some(bundled(key, built)),
    }
}

/// Something that takes its time, to stand behind "while".
pub(crate) fn work(work: Work<'_>) -> String {
    match work {
        Work::Project { command } => format!("the project was built by `{command}`"),
        Work::Services { keys, command } => {
            let verb = if keys.len() == 1 { "was" } else { "were" };
            format!("{} {verb} built by `{command}`", quoted_list(keys))
        }
        Work::Bundle { key } => format!("`{key}` was bundled"),
    }
}

/// What follows the signal's name when it came upon builds.
pub(crate) fn cut_short(before: &str, work: &[String]) -> String {
    match work {
        [] => before.to_owned(),
        work => format!("{before}, while {}", work.join(" and ")),
    }
}

/// What builds left running.
pub(crate) fn left_running(names: &BTreeSet<String>) -> String {
    let names: Vec<&String> = names.iter().collect();
    format!("ended what builds had left running: {}", quoted_list(&names))
}

/// Names of `worker-secrets` that no service asks for here.
pub(crate) fn unused_secrets(names: &[String]) -> String {
    format!("worker-secrets: not used here: {}", listed(names))
}

/// Bundles of an earlier job are what they were.
pub(crate) fn taken(taken: &Taken) -> String {
    let mut text = format!(
        "{} taken from bundles; {} {} what was built",
        count(taken.built.len(), "service"),
        count(taken.files, "file"),
        if taken.files == 1 { "is" } else { "are" }
    );
    for (key, built) in &taken.built {
        let by = built.bundled_by.map_or_else(
            || "built already".to_owned(),
            |by| format!("bundled by wrangler {} on Node {}", by.wrangler, by.node),
        );
        text.push_str(&format!("\n{key}: {by}: {}", content(built)));
    }
    text
}

/// What an environment probably lacks, where no wrangler warns of it.
pub(crate) fn lost(key: &str, what: &str) -> String {
    format!("warning: {key}: {what}")
}

/// Where bundles are left, and what goes with them.
pub(crate) fn left(inputs: &Inputs, left: &Left) -> String {
    format!(
        "{} in `{}`, for {} and commit `{}` only\nbundles-digest: {}{}",
        count(inputs.chosen.len(), "bundle"),
        left.folder,
        inputs.environment.title(),
        left.source.commit,
        left.digest,
        needed(inputs)
    )
}

/// Bundles would be those of any commit.
pub(crate) fn commit_not_known(why: Option<String>) -> Fault {
    let what = fault("the commit that this run is about is not known, and bundles are bound to theirs");
    match why {
        Some(why) => what.because(fault(why)),
        None => what.hint("outside GitHub Actions, set `GITHUB_SHA`"),
    }
}

/// The project's own build failed, and nothing else is wrong.
pub(crate) fn project_not_built(runner: &Runner, error: anyhow::Error) -> anyhow::Error {
    log_of(runner, "the project was built", &error);
    fault("could not build the project; nothing was touched")
        .because(error)
        .into()
}

/// The same beside other problems.
pub(crate) fn project_not_built_either(runner: &Runner, error: &anyhow::Error) -> String {
    log_of(runner, "the project was built", error);
    format!("failed: {}", actions_core::error::render(error).replace('\n', "\n  "))
}

/// Services that are not built, since something is wrong already.
pub(crate) fn builds_skipped(runner: &Runner, keys: Vec<String>) -> IndexMap<String, anyhow::Error> {
    if !keys.is_empty() {
        runner.say(&format!(
            "not built, since secrets are missing: {}; what is wrong is told as far as it is known without",
            keys.join(", ")
        ));
    }
    let skipped = keys.into_iter().map(|key| (key, fault("it was not built").into()));
    skipped.collect()
}

/// A service was bundled.
fn bundled(key: &str, built: &Built) -> String {
    let by = built.bundled_by.map_or_else(
        || "read, as it is built already,".to_owned(),
        |by| format!("bundled by wrangler {} on Node {}", by.wrangler, by.node),
    );
    format!("{key}: {by} in {}: {}", elapsed(built.took), content(built))
}

/// What a bundle holds, and what wrangler says of it.
fn content(built: &Built) -> String {
    let assets = built.assets.as_ref().map_or_else(String::new, |files| {
        format!(", {} ({})", count(files.assets.len(), "asset"), bytes(files.size()))
    });
    let warnings: Vec<String> = built
        .warnings
        .iter()
        .map(|warning| format!("\n  wrangler warns: {warning}"))
        .collect();
    format!("{}{assets}{}", size(built.size), warnings.concat())
}

/// What was printed by a build that failed: to the log, folded.
fn log_of(runner: &Runner, what: &str, error: &anyhow::Error) {
    if let Some(failed) = error.downcast_ref::<Failed>().filter(|failed| !failed.log.is_empty()) {
        command::group(&format!("what was printed while {what}"));
        runner.say(&failed.log);
        command::end_group();
    }
}

/// One service that could not be bundled, beside other problems; what was printed goes to the log, folded.
pub(crate) fn not_bundled(runner: &Runner, failed: &NotBundled) -> String {
    print_log(runner, failed);
    let (_, done) = failed.verbs();
    let hint = failed
        .hint()
        .map(|hint| format!("\n  hint: {hint}"))
        .unwrap_or_default();
    format!(
        "could not be {done}: {}{hint}",
        actions_core::error::render(&failed.error).replace('\n', "\n  ")
    )
}

fn print_log(runner: &Runner, failed: &NotBundled) {
    let (_, done) = failed.verbs();
    log_of(runner, &format!("{} was {done}", failed.key), &failed.error);
}

impl NotBundled {
    fn verbs(&self) -> (&'static str, &'static str) {
        match self.stage {
            Stage::Build => ("build", "built"),
            Stage::Bundle => ("bundle", "bundled"),
        }
    }

    /// What to do where the code is not there: in wrangler's words, or in those of a Worker that is built already.
    fn hint(&self) -> Option<&'static str> {
        let text = format!("{:#}", self.error);
        let missing =
            text.contains("entry-point file") && text.contains("was not found") || text.contains("so build it first");
        match (missing, self.has_build) {
            (false, _) => None,
            (true, true) => Some("the service's `build` has run, and does not make this file"),
            (true, false) => Some(
                "nothing builds the service: give it a `build`, such as `build = \"npm run build\"`, or build it in a step before this one",
            ),
        }
    }
}

/// Every service that could not be bundled, and nothing else is wrong.
pub(crate) fn bundling_failed(runner: &Runner, mut failed: Vec<NotBundled>) -> anyhow::Error {
    let verbs: Vec<&str> = failed.iter().map(|failed| failed.verbs().0).collect();
    let verb = if verbs.iter().all(|verb| *verb == verbs[0]) {
        verbs[0]
    } else {
        "build or bundle"
    };
    let keys: Vec<&str> = failed.iter().map(|failed| failed.key.as_str()).collect();
    let what = format!("could not {verb} {}; nothing was touched", quoted_list(&keys));
    if failed.len() == 1 {
        let failed = failed.remove(0);
        print_log(runner, &failed);
        let hint = failed.hint();
        let error = fault(what).because(failed.error);
        return match hint {
            Some(hint) => error.hint(hint).into(),
            None => error.into(),
        };
    }
    let lines: Vec<String> = failed
        .iter()
        .map(|failed| format!("{}: {}", failed.key, not_bundled(runner, failed)))
        .collect();
    fault(what).because(fault(lines.join("\n"))).into()
}
