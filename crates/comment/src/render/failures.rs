//! What failed, and what to do about it.

use actions_core::reports::{Outcome, Report};
use actions_core::text::{fenced, shorten};

use super::state::{About, State, has_failed};
use actions_core::markdown::{inline, link, quoted};

/// Longer causes are cut here: the run's log has them all.
const LONGEST_CAUSE: usize = 2000;

/// An error as `core::error` renders it, taken apart again.
pub(super) struct Told<'a> {
    what: &'a str,
    /// `caused by:` and whatever follows.
    why: Vec<&'a str>,
    pub(super) hints: Vec<&'a str>,
}

impl<'a> Told<'a> {
    pub(super) fn of(error: &'a str) -> Self {
        let mut lines = error.lines();
        let mut told = Self {
            what: lines.next().unwrap_or_default(),
            why: Vec::new(),
            hints: Vec::new(),
        };
        for line in lines {
            match line.strip_prefix("hint: ") {
                Some(hint) => told.hints.push(hint),
                None => told.why.push(line),
            }
        }
        told
    }
}

/// One alert with every failure; none when nothing failed.
pub(super) fn section(reports: &[Report]) -> Option<String> {
    let parts: Vec<String> = reports
        .iter()
        .filter(|report| has_failed(report))
        .filter_map(part)
        .collect();
    (!parts.is_empty()).then(|| quoted(&format!("[!CAUTION]\n{}", parts.join("\n\n"))))
}

/// No report tells of a failure, and the job failed or was cancelled all the same.
pub(super) fn elsewhere(state: &State, run_url: Option<&str>) -> Option<String> {
    let (alert, text) = match state.about {
        About::FailedStep => (
            "CAUTION",
            "A step that reports nothing here failed, such as a build or a migration.",
        ),
        About::CancelledJob => (
            "CAUTION",
            "The run was cancelled before it ended: what is told here may be half done.",
        ),
        About::SkippedJob => (
            "NOTE",
            "The job did not run: one that it needs did not succeed, or its `if` was false.",
        ),
        _ => return None,
    };
    let run = run_url.map(|url| format!(" {}", link("See the workflow run.", url)));
    Some(quoted(&format!("[!{alert}]\n{text}{}", run.unwrap_or_default())))
}

fn part(report: &Report) -> Option<String> {
    if let Report::Cleanup(cleanup) = report
        && cleanup.results.iter().any(|removal| removal.outcome == Outcome::Failed)
    {
        // What is left is listed with its reasons: the error would only repeat it.
        return None;
    }
    let action = inline(report.action());
    let Some(error) = report.head().error.as_deref().filter(|error| !error.trim().is_empty()) else {
        // The sections below tell what is wrong.
        return match report {
            Report::Cleanup(cleanup) if cleanup.results.is_empty() => {
                Some(format!("**{action}** failed; its log says why."))
            }
            Report::Cleanup(_) | Report::HealthCheck(_) | Report::DeployWorkers(_) => None,
            _ => Some(format!("**{action}** failed; its log says why.")),
        };
    };
    let told = Told::of(error);
    let mut parts = vec![format!("**{action}**: {}", inline(told.what))];
    if !told.why.is_empty() {
        let why = shorten(&told.why.join("\n"), LONGEST_CAUSE);
        parts.push(fenced("text", &why));
    }
    parts.extend(
        told.hints
            .iter()
            .map(|hint| format!("**What to do:** {}", inline(hint))),
    );
    Some(parts.join("\n\n"))
}
