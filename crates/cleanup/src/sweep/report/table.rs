//! The step summary of a sweep.

use actions_core::markdown::{code_cell, text_cell};
use actions_core::reports::{Cleanup, Status, Swept, SweptOutcome};

use super::wording;
use crate::report::wording::noun;
use crate::sweep::census::Other;

/// So many rows of a table are read by somebody; the report has all.
const ROWS: usize = 200;

pub(super) fn markdown(sentence: &str, report: &Cleanup, alike: &[Other]) -> String {
    let mark = match report.head.status {
        Status::Failed => "❌",
        Status::Planned => "📝",
        _ => "🧹",
    };
    let mut text = format!("### {mark} {}", capital(sentence));
    if !report.environments.is_empty() {
        text.push_str("\n\n| environment | since | outcome | why | |\n|---|---|---|---|---|\n");
        // What went well says the least.
        let mut rows: Vec<&Swept> = report.environments.iter().collect();
        rows.sort_by_key(|swept| swept.outcome == SweptOutcome::Deleted);
        rows.iter().take(ROWS).for_each(|swept| text.push_str(&row(swept)));
        text.push_str(&rest(rows.len()));
    }
    if !alike.is_empty() {
        text.push_str("\n\n| looks like ours, and stays | name | why |\n|---|---|---|\n");
        for other in alike.iter().take(ROWS) {
            let (kind, name) = (noun(other.kind), code_cell(&other.name));
            text.push_str(&format!(
                "| {kind} | {name} | {} |\n",
                text_cell(&wording::other(other))
            ));
        }
        text.push_str(&rest(alike.len()));
    }
    text
}

fn row(swept: &Swept) -> String {
    let outcome = match swept.outcome {
        SweptOutcome::Deleted => "removed",
        SweptOutcome::Failed => "**left in part**",
        SweptOutcome::Kept => "kept",
        SweptOutcome::Remaining => "left to the next run",
        SweptOutcome::Planned => "to remove",
        SweptOutcome::Unknown => "not touched",
    };
    let since = swept.since.as_deref().unwrap_or_default();
    format!(
        "| {} {} | {} | {outcome} | {} | {} |\n",
        text_cell(&swept.environment),
        swept.pull_request,
        since.get(..10).unwrap_or_default(),
        text_cell(&swept.reason),
        text_cell(swept.detail.as_deref().unwrap_or_default())
    )
}

fn rest(rows: usize) -> String {
    match rows.saturating_sub(ROWS) {
        0 => String::new(),
        more => format!("\nand {more} more\n"),
    }
}

fn capital(text: &str) -> String {
    crate::report::capital(text)
}
