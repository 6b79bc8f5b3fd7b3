//! Every sentence about the issue.

use actions_comment::{document, render};
use actions_core::github::Error;
use actions_core::github::issues::{Issue, Raised};
use actions_core::markdown;

/// The last line of an alert.
const CLOSES: &str = "This issue is kept current, and closes when a deployment of this environment succeeds.";

pub(super) fn title(environment: &str) -> String {
    format!("Deployment of {environment} failed")
}

/// Characters of the comment's text in an issue, which takes as many as a comment does; the rest is for what stands
/// around it.
const LONGEST_TEXT: usize = 58_000;

/// `text` is what the comment says, or would say. Cut as a comment is, so that the last line stays.
pub(super) fn body(text: &str, run_url: Option<&str>) -> String {
    let run = run_url
        .map(|url| format!("[The run that failed.]({url})\n\n"))
        .unwrap_or_default();
    let text = document::contained(&markdown::fit(text.trim(), LONGEST_TEXT, &render::cut(run_url)));
    format!("{run}{text}\n\n{CLOSES}")
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
