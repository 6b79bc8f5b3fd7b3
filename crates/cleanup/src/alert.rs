//! The issue that tells what a cleanup left: opened or brought up to date by the run that leaves something, closed by the
//! one that does not.

use std::time::Duration;

use actions_core::github::issues::Alert;
use actions_core::github::{Error, Reader, Writer};
use actions_core::owner::Owner;
use actions_core::retry::Patience;
use actions_core::runner::{Runner, command};

use crate::report::{Report, wording};

/// The report is out already: what GitHub is told then must not keep the job.
pub(crate) const AFTERWARDS: Patience = Patience {
    total: Duration::from_secs(20),
    ..Patience::USUAL
};

/// What the issue of an environment is about.
fn key(owner: &Owner) -> String {
    let number = owner.pull_request.map(|number| format!("/{number}"));
    format!(
        "{}/{}{}/cleanup",
        owner.project,
        owner.environment,
        number.unwrap_or_default()
    )
}

/// Makes the environment's issue say what the report does. An issue that cannot be written is a warning: what is left is
/// told by the run itself.
pub(crate) async fn keep(github: &Reader, owner: &Owner, report: &Report, runner: &Runner) {
    if report.is_cancelled() {
        return;
    }
    let (key, run) = (key(owner), runner.env.run_url());
    let alert = report.alert(key.clone(), run.as_deref());
    set(github, &key, alert, &report.over(run.as_deref()), runner).await;
}

/// Opens or updates the issue of this key; without an alert closes it, with `over` as the last word.
pub(crate) async fn set(github: &Reader, key: &str, alert: Option<Alert>, over: &str, runner: &Runner) {
    let writer = Writer::from(github.with_patience(AFTERWARDS));
    match write(&writer, key, alert, over).await {
        Ok(Some(line)) => runner.say(&line),
        Ok(None) => {}
        Err(error) => command::warning("cleanup", &wording::no_alert(&error)),
    }
}

async fn write(writer: &Writer, key: &str, alert: Option<Alert>, over: &str) -> Result<Option<String>, Error> {
    if let Some(alert) = alert {
        let raised = writer.raise(&alert).await?;
        return Ok(Some(wording::raised(&raised)));
    }
    let closed = writer.clear(key, over).await?;
    Ok(closed.first().map(wording::closed))
}
