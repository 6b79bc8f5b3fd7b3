//! Every sentence of the run: log, terminal, summary, outputs, files.

mod json;
mod log;
mod markdown;
mod sarif;
mod terminal;

use std::collections::BTreeSet;
use std::time::Duration;

use actions_core::error::{fault, render};
use actions_core::runner::Runner;
use actions_core::text::{count, listed};

use self::terminal::Terminal;
use crate::checks::{AREAS, is_unread};
use crate::finding::{Finding, Severity};
use crate::inputs::Inputs;
use crate::silence::Judged;
use crate::world::World;

/// Where each kind of finding is documented.
pub(crate) const DOCUMENT: &str = "https://github.com/codex/actions/blob/main/.github/docs/findings.md";

/// Tells what was found; an error when something of it fails the run.
pub(crate) fn tell(
    runner: &Runner,
    inputs: &Inputs,
    world: &World,
    judged: &Judged,
    took: Duration,
) -> anyhow::Result<()> {
    let error = failing(runner, inputs, judged);
    match Terminal::of(&runner.env) {
        Some(terminal) => terminal.print(judged),
        None => log::say(runner, judged),
    }
    // The error's own line says it, too.
    if error.is_none() && !judged.told.is_empty() {
        runner.say(&outcome(judged));
    }
    runner.summary(&markdown::summary(&runner.env, judged));
    sarif::write(inputs, judged, &world.manifest_file)?;
    for severity in Severity::ALL {
        runner.output(&format!("{severity}s"), &judged.count(severity).to_string())?;
    }
    runner.output("sarif", inputs.sarif.as_deref().unwrap_or_default())?;
    let told = error.as_ref().map(render);
    runner.report(json::report(inputs, judged, told, took))?;
    error.map_or(Ok(()), Err)
}

/// The error of a run that its findings fail.
fn failing(runner: &Runner, inputs: &Inputs, judged: &Judged) -> Option<anyhow::Error> {
    let least = inputs.fail_on?;
    let worst = judged.told.first().filter(|worst| worst.kind.severity >= least)?;
    let mut error = fault(format!("preflight found {}", outcome(judged))).hint(
        "all are told above, each with what to do; what is meant so can be silenced in `codex.toml`: `[preflight] silence`",
    );
    // Where annotations are read without the log.
    if runner.is_read_by_a_runner() {
        error = error.because(anyhow::anyhow!(sentence(worst)));
    }
    Some(error.into())
}

/// `2 errors`; `None` without one.
fn counted(judged: &Judged, severity: Severity) -> Option<String> {
    let found = judged.count(severity);
    (found > 0).then(|| count(found, severity.word()))
}

/// What was seen and what to do, in one line.
fn sentence(finding: &Finding) -> String {
    format!("{}; {}", finding.said, finding.remedy)
}

/// Where a finding lies: its place, or what it is about.
fn location(finding: &Finding) -> String {
    finding
        .place
        .as_ref()
        .map_or_else(|| finding.subject.clone(), ToString::to_string)
}

/// The last line: `3 errors, 1 note in 8 areas, 1 of them not wholly read; 2 silenced`.
fn outcome(judged: &Judged) -> String {
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .filter_map(|severity| counted(judged, severity))
        .collect();
    let counts = if counts.is_empty() {
        "nothing found".to_owned()
    } else {
        counts.join(", ")
    };
    let areas = count(AREAS.len() - judged.unseen.len(), "area");
    // A silenced one was not read any more than another.
    let findings = judged
        .told
        .iter()
        .chain(judged.silenced.iter().map(|(finding, _)| finding));
    let unread: BTreeSet<&str> = findings
        .filter(|finding| is_unread(finding))
        .map(|finding| finding.kind.name)
        .collect();
    let unread = match unread.len() {
        0 => String::new(),
        unread => format!(", {unread} of them not wholly read"),
    };
    let silenced = match judged.silenced.len() {
        0 => String::new(),
        silenced => format!("; {silenced} silenced"),
    };
    format!("{counts} in {areas}{unread}{silenced}")
}

/// One line for all areas that were left out for one reason.
fn unseen(judged: &Judged) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for unseen in &judged.unseen {
        match reasons.iter_mut().find(|(why, _)| *why == unseen.why) {
            Some((_, areas)) => areas.push(unseen.area.to_owned()),
            None => reasons.push((unseen.why, vec![unseen.area.to_owned()])),
        }
    }
    let line = |(why, areas): (&str, Vec<String>)| format!("not looked at: {}, since {why}", listed(&areas));
    reasons.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests;
