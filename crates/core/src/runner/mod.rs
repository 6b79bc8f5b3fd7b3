//! The GitHub runner's protocol, and the `main` of every action.

pub mod command;
pub mod common;
mod env;
mod file;
pub mod inputs;
mod log;
pub mod signal;

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

pub use common::Common;
pub use env::Env;
pub use inputs::{BadInput, Problems};

use crate::error;

/// What an action is given: its environment, and where its results go.
///
/// Outputs are written the moment they are set, so that a run that is killed has told what it did until then.
pub struct Runner {
    /// The action's name, as in `uses: codex/actions/<name>@v1`.
    pub action: &'static str,
    /// The process environment, read once.
    pub env: Env,
    output: Option<PathBuf>,
    summary: Option<PathBuf>,
}

impl Runner {
    /// A runner for `action` in `env`.
    pub fn new(action: &'static str, env: Env) -> Self {
        let path = |name: &str| env.get(name).map(PathBuf::from);
        Self {
            action,
            output: path("GITHUB_OUTPUT"),
            summary: path("GITHUB_STEP_SUMMARY"),
            env,
        }
    }

    /// Sets a step output. Outside a runner it is printed instead.
    ///
    /// # Errors
    /// The output file cannot be written.
    pub fn output(&self, name: &str, value: &str) -> anyhow::Result<()> {
        if let Some(path) = &self.output {
            return file::output(path, name, value);
        }
        self.say(&format!("{name}: {value}"));
        Ok(())
    }

    /// Sets the output `report`: JSON, secrets redacted, with the action's name in `action`.
    ///
    /// # Errors
    /// The output file cannot be written.
    pub fn report<T: Serialize>(&self, report: &T) -> anyhow::Result<()> {
        let mut json = serde_json::to_value(report)?;
        if let Some(object) = json.as_object_mut() {
            object.shift_insert(0, "action".to_owned(), self.action.into());
        }
        self.output("report", &crate::secret::redact(&json.to_string()))
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
/// end of the summary. Exit status: 0 done, 1 failed (or what the error asks
/// for), 2 bad input.
pub fn main<F>(name: &'static str, action: F) -> ExitCode
where
    F: AsyncFnOnce(&Runner) -> anyhow::Result<()>,
{
    let runner = Runner::new(name, Env::of_process());
    log::start(&runner.env);
    crate::http::identify(name);
    let done = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(action(&runner)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = error::render(&error);
            command::error(name, &text);
            runner.summary(&format!(
                "\n❌ **{name} failed**\n\n{}",
                crate::text::fenced("text", &text)
            ));
            ExitCode::from(if error.downcast_ref::<BadInput>().is_some() {
                2
            } else {
                error::exit_status(&error).unwrap_or(1)
            })
        }
    }
}
