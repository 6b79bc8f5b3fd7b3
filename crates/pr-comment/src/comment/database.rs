//! The database branch.

use actions_core::reports::{Command, NeonBranch, Report, Status};
use jiff::Timestamp;

use crate::markdown::code;

/// `Database  preview-pr-42, copied from production, expires on 30 November 2026 at 22:15 UTC`.
pub(super) fn line(reports: &[Report]) -> Option<String> {
    let neon: &NeonBranch = reports.iter().rev().find_map(|report| match report {
        Report::NeonBranch(neon) if neon.branch.is_some() => Some(neon),
        _ => None,
    })?;
    let branch = neon.branch.as_ref()?;
    let name = code(&branch.name);
    let parent = branch.parent.as_ref().map(|parent| format!(" of {}", code(parent)));
    let fate = match (&branch.expires_at, neon.head.status) {
        (_, Status::Planned) => ", planned".to_owned(),
        _ if neon.head.command == Command::Delete => ", deleted".to_owned(),
        (Some(expires), _) => format!(", expires {}", moment(expires)),
        (None, _) => String::new(),
    };
    Some(format!(
        "**Database** branch {name}{}{fate}",
        parent.unwrap_or_default()
    ))
}

/// A time as a person reads it; the text itself when it is no time.
fn moment(text: &str) -> String {
    text.parse::<Timestamp>().map_or_else(
        |_| code(text),
        |time| format!("{} UTC", time.strftime("%-d %B %Y, %H:%M")),
    )
}
