//! Every sentence of `write`.

use actions_core::runner::Runner;
use actions_core::text::{count, quoted_list};
use anyhow::bail;

use super::block::Style;
use super::files::{Outcome, Part, Written};

/// So many lines of a difference are shown of each file.
const SHOWN: usize = 20;

/// Why a file is left alone that has no markers.
pub(super) fn hand_made(part: &Part) -> String {
    let style = match part {
        Part::Block { style, .. } => *style,
        _ => Style::Hash,
    };
    format!(
        "it is hand-made; to have our part in it, add these two lines where it is to stand:\n    {}\n    {}",
        style.first(),
        style.last()
    )
}

/// The line of one file.
pub(super) fn line(written: &Written, check: bool) -> String {
    let file = &written.file;
    match &written.outcome {
        Outcome::Same => format!("{file}: as it is to be"),
        Outcome::Left(why) => format!("{file}: not touched: {why}"),
        Outcome::Created if check => format!("{file}: is not there"),
        Outcome::Created => format!("{file}: written"),
        Outcome::Changed => {
            let what = if check { "differs" } else { "brought up to date" };
            let shown: String = written
                .differs
                .iter()
                .take(SHOWN)
                .map(|line| format!("\n    {line}"))
                .collect();
            let more = written.differs.len().saturating_sub(SHOWN);
            let more = if more > 0 {
                format!("\n    … and {more} more")
            } else {
                String::new()
            };
            format!("{file}: {what}{shown}{more}")
        }
    }
}

/// How it ended; with `check`, an error when a file differs.
pub(super) fn tell(runner: &Runner, all: &[Written], check: bool) -> anyhow::Result<()> {
    let changed: Vec<&str> = all
        .iter()
        .filter(|written| matches!(written.outcome, Outcome::Created | Outcome::Changed))
        .map(|written| written.file.as_str())
        .collect();
    runner.output("changed", &changed.join("\n"))?;
    if check && !changed.is_empty() {
        let differ = if changed.len() == 1 { "differs" } else { "differ" };
        bail!(
            "{} {differ} from what the manifest says: run `preflight write`, and commit what it writes",
            quoted_list(&changed)
        );
    }
    runner.say(&ending(all));
    Ok(())
}

/// The last line. Only what was compared is called right.
pub(super) fn ending(all: &[Written]) -> String {
    let files = |is: fn(&Outcome) -> bool| all.iter().filter(|written| is(&written.outcome)).count();
    let written = files(|outcome| matches!(outcome, Outcome::Created | Outcome::Changed));
    let same = files(|outcome| *outcome == Outcome::Same);
    let left = files(|outcome| matches!(outcome, Outcome::Left(_)));
    let mut parts = Vec::new();
    if written > 0 {
        let them = if written == 1 { "it" } else { "them" };
        parts.push(format!(
            "{} written; look at {them}, and commit {them}",
            count(written, "file")
        ));
    }
    if same > 0 {
        let they = if same == 1 { "as it is" } else { "as they are" };
        parts.push(format!("{} {they} to be", count(same, "file")));
    }
    if left > 0 {
        parts.push(format!("{} not touched, and not compared", count(left, "file")));
    }
    parts.join("; ")
}
