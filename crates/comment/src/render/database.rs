//! The database branches, and what a command does to their schema.

use actions_core::reports::{Branch, Command, NeonBranch, Report, SchemaDiff, Status};
use actions_core::text::{count, fenced};

use actions_core::markdown::{code, inline};

/// Characters of a schema diff: the comment has other sections, too.
const LONGEST_DIFF: usize = 10_000;

fn neons(reports: &[Report]) -> impl DoubleEndedIterator<Item = &NeonBranch> {
    reports.iter().filter_map(|report| match report {
        Report::NeonBranch(neon) => Some(neon),
        _ => None,
    })
}

/// `Database  branch preview-pr-42 of production, expires 30 November 2026, 22:15 UTC`, one a branch; of several
/// reports of one branch the last.
pub(super) fn lines(reports: &[Report]) -> Vec<String> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for neon in neons(reports) {
        let Some((name, line)) = line(neon) else { continue };
        lines.retain(|(known, _)| *known != name);
        lines.push((name, line));
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

fn line(neon: &NeonBranch) -> Option<(String, String)> {
    let planned = neon.head.status == Status::Planned;
    let done = neon.head.status == Status::Done;
    if neon.head.command == Command::Delete {
        let name = neon
            .branch
            .as_ref()
            .map(|branch| &branch.name)
            .or(neon.deleted.first())?;
        let fate = match (planned, done) {
            (true, _) => ", to be deleted",
            (_, true) => ", deleted",
            _ => "",
        };
        return Some((name.clone(), format!("**Database** branch {}{fate}", code(name))));
    }
    let branch = neon.branch.as_ref()?;
    let parent = branch.parent.as_ref().map(|parent| format!(" of {}", code(parent)));
    let what = if neon.head.command == Command::Checkpoint {
        "restore point"
    } else {
        "branch"
    };
    let verb = match neon.head.command {
        _ if planned => ", planned".to_owned(),
        Command::Reset if done => ", reset".to_owned(),
        Command::Restore if done => ", restored".to_owned(),
        _ => String::new(),
    };
    let line = format!(
        "**Database** {what} {}{}{verb}{}",
        code(&branch.name),
        parent.unwrap_or_default(),
        if is_kept(neon) {
            String::new()
        } else {
            expiry(branch, planned)
        }
    );
    Some((branch.name.clone(), line))
}

fn expiry(branch: &Branch, planned: bool) -> String {
    match &branch.expires_at {
        Some(expires) if !planned => format!(", expires {}", moment(expires)),
        _ => String::new(),
    }
}

/// Until when a pull request's environment is there, and what keeps it: its branch's expiry moves on with each run.
pub(super) fn kept(reports: &[Report]) -> Option<String> {
    let expires = neons(reports)
        .rfind(|neon| is_kept(neon))?
        .branch
        .as_ref()?
        .expires_at
        .as_deref()?;
    Some(format!(
        "**Kept** until {}, or until the pull request is closed. A push, or another run, moves that on",
        moment(expires)
    ))
}

fn is_kept(neon: &NeonBranch) -> bool {
    neon.head.command == Command::Create && neon.head.status == Status::Done && neon.head.pull_request.is_some()
}

/// What else the reports say of the database: what deleting made room for, warnings, what a dry run would do, and the
/// schema diff in a fold.
pub(super) fn section(reports: &[Report]) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let list = |lines: Vec<String>| lines.join("\n");
    let plans: Vec<String> = neons(reports)
        .flat_map(|neon| &neon.plan)
        .map(|line| format!("- would {}", inline(line)))
        .collect();
    let gone: Vec<String> = neons(reports)
        .filter(|neon| neon.head.command != Command::Delete)
        .flat_map(|neon| &neon.deleted)
        .map(|name| format!("- database branch {} was deleted to make room", code(name)))
        .collect();
    let warnings: Vec<String> = neons(reports)
        .flat_map(|neon| &neon.warnings)
        .map(|warning| format!("- ⚠️ {}", inline(warning)))
        .collect();
    parts.extend(
        [plans, gone, warnings]
            .into_iter()
            .filter(|lines| !lines.is_empty())
            .map(list),
    );
    parts.extend(neons(reports).filter_map(|neon| neon.schema_diff.as_ref()).map(diff));
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

fn diff(diff: &SchemaDiff) -> String {
    if diff.added + diff.removed == 0 {
        return "**Schema**: no change".to_owned();
    }
    let mut text = diff.text.as_str();
    let cut = text.char_indices().nth(LONGEST_DIFF).map(|(at, _)| at);
    if let Some(end) = cut {
        text = text.get(..text[..end].rfind('\n').unwrap_or(end)).unwrap_or(text);
    }
    let note = if cut.is_some() || diff.truncated {
        "\n… cut: the whole diff is in the run's log and outputs\n"
    } else {
        ""
    };
    format!(
        "<details><summary><b>Schema</b>: {} added, {} removed</summary>\n\n{}\n{note}\n</details>",
        count(diff.added, "line"),
        diff.removed,
        fenced("diff", text)
    )
}

/// A time as a person reads it; the text itself when it is no time.
fn moment(text: &str) -> String {
    text.parse().map_or_else(|_| code(text), super::moment)
}
