//! Every sentence about the issue.

use actions_core::github::Error;
use actions_core::github::issues::{Issue, Raised};

/// The last line of an alert.
const CLOSES: &str = "This issue is kept current, and closes when a deployment of this environment succeeds.";

pub(super) fn title(environment: &str) -> String {
    format!("Deployment of {environment} failed")
}

/// `text` is what the comment says, or would say.
pub(super) fn body(text: &str, run: Option<&str>) -> String {
    let run = run
        .map(|url| format!("[The run that failed.]({url})\n\n"))
        .unwrap_or_default();
    format!("{run}{}\n\n{CLOSES}", text.trim())
}

/// The text of an alert that is over.
pub(super) fn over(environment: &str, run: Option<&str>) -> String {
    let run = run.map(|url| format!(" ([this run]({url}))")).unwrap_or_default();
    format!("Done: {environment} is deployed{run}.")
}

pub(super) fn planned(open: bool) -> &'static str {
    if open {
        "would see to it that the issue of this environment is open, and current"
    } else {
        "would close the issue of this environment, if there is one"
    }
}

pub(super) fn raised(raised: &Raised) -> String {
    let url = raised.issue().url();
    match raised {
        Raised::Opened(_) => format!("opened an issue: {url}"),
        Raised::Updated(_) | Raised::Unchanged(_) => format!("the issue is still open: {url}"),
    }
}

pub(super) fn closed(issue: &Issue) -> String {
    format!("closed the issue: {}", issue.url())
}

/// Why the issue is not as it should be.
pub(super) fn not_written(error: Error) -> String {
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    let what = actions_core::error::render(&error.into()).replace('\n', "; ");
    format!("the issue is not as it should be: {what}{hint}")
}
