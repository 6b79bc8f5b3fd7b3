//! What is said of builds and of bundles as a folder.

use std::collections::BTreeSet;

use actions_core::error::{Fault, fault};
use actions_core::runner::Runner;
use actions_core::text::{count, elapsed, quoted_list};
use wrangler::bundles::Taken;
use wrangler::project::{Progress, Work};

use super::{bundled, content, log_of, needed};
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
    log_of(runner, "the project", &error);
    fault("could not build the project; nothing was touched")
        .because(error)
        .into()
}

/// The same beside other problems.
pub(crate) fn project_not_built_either(runner: &Runner, error: &anyhow::Error) -> String {
    log_of(runner, "the project", error);
    format!("failed: {}", actions_core::error::render(error).replace('\n', "\n  "))
}
