//! The GitHub runner's protocol, and the `main` of every action.

pub mod command;
pub mod common;
mod ending;
mod env;
mod event;
mod file;
pub mod inputs;
pub mod kept;
mod log;
pub mod pairs;
pub mod signal;
pub mod source;
pub mod worker_secrets;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

pub use common::Common;
pub use env::Env;
pub use inputs::{BadInput, Problems};
pub use source::{Inquiry, Source, Wanted};

use crate::error;
use crate::release;
use crate::reports::{self, Report};

/// What an action is given: its environment, and where its results go.
///
/// Outputs are written the moment they are set, so that a run that is killed has told what it did until then.
#[derive(Clone)]
pub struct Runner {
    /// The action's name, as in `uses: codex/actions/<name>@v1`.
    pub action: &'static str,
    /// The process environment, read once.
    pub env: Env,
    output: Option<PathBuf>,
    summary: Option<PathBuf>,
    /// Whether an output that no file takes is printed.
    prints_outputs: bool,
    /// The file of the report, once there is one (`None` in it where files have no place).
    reported: Arc<OnceLock<Option<PathBuf>>>,
}

impl Runner {
    /// A runner for `action` in `env`.
    pub fn new(action: &'static str, env: Env) -> Self {
        let path = |name: &str| env.get(name).map(PathBuf::from);
        Self {
            action,
            output: path("GITHUB_OUTPUT"),
            summary: path("GITHUB_STEP_SUMMARY"),
            prints_outputs: true,
            env,
            reported: Arc::default(),
        }
    }

    /// Whether a GitHub runner (or act) reads what is printed, not a person.
    pub fn is_read_by_a_runner(&self) -> bool {
        self.env.get("GITHUB_ACTIONS") == Some("true")
    }

    /// Sets a step output. Outside a runner it is printed instead.
    ///
    /// # Errors
    /// The output file cannot be written.
    pub fn output(&self, name: &str, value: &str) -> anyhow::Result<()> {
        if let Some(path) = &self.output {
            return file::output(path, name, value);
        }
        if self.prints_outputs {
            self.say(&format!("{name}: {value}"));
        }
        Ok(())
    }

    /// Leaves the report, secrets redacted: whole as a file for later steps of this job, and as the output `report`,
    /// cut to what may travel between jobs.
    ///
    /// # Errors
    /// The output file cannot be written.
    pub fn report(&self, report: impl Into<Report>) -> anyhow::Result<()> {
        let json = report.into().redacted()?;
        self.keep(&json.to_string());
        self.output("report", &reports::bounded(json, reports::LONGEST_OUTPUT).to_string())
    }

    /// A report that cannot be kept as a file is told in the log, not fatal: the output has it, too.
    fn keep(&self, report: &str) {
        let kept = match self.reported.get() {
            // A second report of one run takes the first one's place.
            Some(Some(path)) => std::fs::write(path, report),
            Some(None) => Ok(()),
            None => {
                let kept = kept::Place::of(&self.env).map(|place| place.keep(self.action, report));
                let (path, kept) = match kept.transpose() {
                    Ok(path) => (path, Ok(())),
                    Err(error) => (None, Err(error)),
                };
                let _ = self.reported.set(path);
                kept
            }
        };
        if let Err(error) = kept {
            self.say(&format!(
                "warning: the report was not kept for later steps of this job: {error}"
            ));
        }
    }

    /// Appends Markdown to the step's summary. A summary that cannot be written is told in the log, not fatal.
    pub fn summary(&self, markdown: &str) {
        if let Some(path) = &self.summary
            && let Err(error) = file::summary(path, markdown)
        {
            self.say(&format!("the summary was not written: {error:#}"));
        }
    }

    /// One line (or more) in the log, for a person.
    pub fn say(&self, text: &str) {
        command::print(text);
    }
}

/// Runs an action: reads the environment, runs `action`, tells an error once in the log, as an annotation and at the
/// end of the summary, and leaves a report where the action left none. Exit status: 0 done, 1 failed (or what the
/// error asks for), 2 bad input, 130 and 143 after a signal.
pub fn main<F>(name: &'static str, action: F) -> ExitCode
where
    F: AsyncFnOnce(&Runner) -> anyhow::Result<()>,
{
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == "--version")
    {
        command::print(&release::line(name));
        return ExitCode::SUCCESS;
    }
    run(&Runner::new(name, Env::of_process()), action)
}

/// The same for a command that people run, too: in an environment that its arguments complete, and without outputs
/// that nothing takes.
pub fn command_line<F>(name: &'static str, env: Env, action: F) -> ExitCode
where
    F: AsyncFnOnce(&Runner) -> anyhow::Result<()>,
{
    let runner = Runner {
        prints_outputs: false,
        ..Runner::new(name, env)
    };
    run(&runner, action)
}

fn run<F>(runner: &Runner, action: F) -> ExitCode
where
    F: AsyncFnOnce(&Runner) -> anyhow::Result<()>,
{
    let name = runner.action;
    // Before anything is started: a project's own code runs below some actions, and all inputs are in our environment.
    let hidden = crate::process::hide();
    crate::secret::announce(command::add_mask);
    if let Err(error) = hidden {
        command::warning(name, &ending::not_hidden(&error));
    }
    log::start(&runner.env);
    crate::http::identify(name);
    ending::mask_proxies(&runner.env);
    ending::tell_panics(runner);
    // In builds from source, too: what tests read is what a release prints.
    runner.say(&release::line(name));
    let began = Instant::now();
    let done = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(async {
            let unheard = signal::unheard();
            tokio::select! {
                biased;
                done = action(runner) => done,
                interrupt = unheard => Err(ending::cancelled(interrupt)),
            }
        }),
        Err(error) => Err(error.into()),
    };
    if runner.reported.get().is_none() {
        ending::report(runner, done.as_ref().err(), began.elapsed());
    }
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ending::tell(runner, &error::render(&error));
            ExitCode::from(if error.downcast_ref::<BadInput>().is_some() {
                2
            } else {
                error::exit_status(&error).unwrap_or(1)
            })
        }
    }
}
