//! The output `report`.

use std::time::Duration;

use actions_core::reports::{self, Command, Head, Preflight, Status};

use crate::finding::{Finding, Severity};
use crate::inputs::Inputs;
use crate::silence::Judged;

pub(super) fn report(inputs: &Inputs, judged: &Judged, error: Option<String>, took: Duration) -> Preflight {
    let silenced = judged.silenced.iter().map(|(silenced, reason)| reports::Silenced {
        finding: finding(silenced),
        reason: reason.clone(),
    });
    let unseen = judged.unseen.iter().map(|unseen| reports::Unseen {
        area: unseen.area.to_owned(),
        why: unseen.why.to_owned(),
    });
    Preflight {
        head: Head {
            command: Command::Check,
            environment: inputs.environments.first().cloned().unwrap_or_default(),
            pull_request: inputs.pull_request,
            status: if error.is_some() { Status::Failed } else { Status::Done },
            seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
            error,
            ..Head::default()
        },
        errors: judged.count(Severity::Error),
        warnings: judged.count(Severity::Warning),
        notes: judged.count(Severity::Note),
        findings: judged.told.iter().map(finding).collect(),
        silenced: silenced.collect(),
        unseen: unseen.collect(),
        sarif: inputs.sarif.clone(),
    }
}

fn finding(finding: &Finding) -> reports::Finding {
    let place = finding.place.as_ref();
    reports::Finding {
        kind: finding.kind.name.to_owned(),
        severity: finding.kind.severity.to_string(),
        subject: finding.subject.clone(),
        said: finding.said.clone(),
        remedy: finding.remedy.clone(),
        file: place.map(|place| place.file.clone()),
        line: place.map(|place| place.line),
        column: place.map(|place| place.column),
    }
}
