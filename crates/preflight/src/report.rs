//! Every sentence of the run: log, summary, outputs.

use actions_core::runner::Runner;
use anyhow::bail;

use crate::finding::Finding;
use crate::inputs::Inputs;

/// Tells the findings; an error when one of them fails the run.
pub(crate) fn tell(runner: &Runner, inputs: &Inputs, findings: &[Finding]) -> anyhow::Result<()> {
    for finding in findings {
        let place = finding
            .place
            .as_ref()
            .map(|place| format!("{place}: "))
            .unwrap_or_default();
        runner.say(&format!(
            "{place}{} {}: {}; {}",
            finding.kind.severity, finding.kind.name, finding.said, finding.remedy
        ));
    }
    let failing = findings
        .iter()
        .filter(|finding| finding.kind.severity >= inputs.fail_on);
    match failing.count() {
        0 => Ok(()),
        failing => bail!("{failing} findings"),
    }
}
