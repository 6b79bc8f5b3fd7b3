//! The log on a runner: a group for each severity, and annotations at their places.

use actions_core::runner::Runner;
use actions_core::runner::command::{self, Level, Spot};
use actions_core::text::count;

use super::{counted, location, outcome, sentence, unseen};
use crate::finding::{Finding, Severity};
use crate::silence::Judged;

/// GitHub shows ten annotations of a level per step and drops the rest without a word.
const SHOWN: usize = 10;

pub(super) fn say(runner: &Runner, judged: &Judged) {
    for severity in Severity::ALL {
        let Some(title) = counted(judged, severity) else {
            continue;
        };
        command::group(&title);
        for finding in judged.of(severity) {
            runner.say(&line(finding));
        }
        command::end_group();
    }
    if !judged.silenced.is_empty() {
        command::group(&format!("{} silenced", count(judged.silenced.len(), "finding")));
        for (finding, reason) in &judged.silenced {
            runner.say(&format!("{} (silenced: {reason})", line(finding)));
        }
        command::end_group();
    }
    // A person reads the same lines above.
    if runner.is_read_by_a_runner() {
        for severity in Severity::ALL {
            annotate(runner, judged, severity);
        }
    }
    for line in unseen(judged) {
        runner.say(&line);
    }
    if judged.told.is_empty() {
        runner.say(&outcome(judged));
    }
}

pub(super) fn line(finding: &Finding) -> String {
    format!("{}: {} [{}]", location(finding), sentence(finding), finding.kind.name)
}

fn annotate(runner: &Runner, judged: &Judged, severity: Severity) {
    let level = match severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Note => Level::Notice,
    };
    // The run's own error is the tenth.
    let room = if severity == Severity::Error { SHOWN - 1 } else { SHOWN };
    for finding in judged.of(severity).take(room) {
        let spot = finding.place.as_ref().map(|place| Spot {
            file: &place.file,
            line: place.line,
            column: place.column,
        });
        let title = format!("preflight: {}", finding.kind.name);
        command::annotate(level, &title, spot, &sentence(finding));
    }
    let more = judged.count(severity).saturating_sub(room);
    if more > 0 {
        runner.say(&format!(
            "GitHub shows no more than {SHOWN} annotations of a level; above and in the summary: {} more",
            count(more, severity.word())
        ));
    }
}
