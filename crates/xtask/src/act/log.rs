//! act's log of a run, read back: one JSON object per line.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;

/// What a run of a workflow came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    /// act's exit status was 0: no job failed.
    pub(crate) succeeded: bool,
    /// Result by job id: `success` or `failure`. A job that was skipped is not here.
    pub(crate) jobs: BTreeMap<String, String>,
    /// In the order in which they ended.
    pub(crate) steps: Vec<Step>,
    /// What a reader of the log sees.
    pub(crate) log: String,
    /// The summaries of all steps.
    pub(crate) summary: String,
    /// What steps asked to be masked.
    pub(super) masked: Vec<String>,
}

/// A step of a workflow, not those inside an action.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) job: String,
    /// The `id`, or the step's place in its job.
    pub(crate) id: String,
    /// The `name`, else what it runs or uses.
    pub(crate) name: String,
    /// `success`, `failure` or `skipped`.
    pub(crate) result: String,
}

impl Outcome {
    /// The run ended so, and exactly these jobs have run, with these results.
    ///
    /// # Errors
    /// What differs, with the log.
    pub(crate) fn ended(&self, succeeded: bool, jobs: &[(&str, &str)]) -> Result<()> {
        let wanted: BTreeMap<String, String> = jobs
            .iter()
            .map(|(job, result)| ((*job).to_owned(), (*result).to_owned()))
            .collect();
        ensure!(
            self.jobs == wanted,
            "the jobs of `{}` ended with {:?}, not {wanted:?}\n{}",
            self.name,
            self.jobs,
            self.log
        );
        ensure!(
            self.succeeded == succeeded,
            "act's exit status for `{}` tells the other result\n{}",
            self.name,
            self.log
        );
        Ok(())
    }

    /// How the step of this job ended whose id or name this is, or that uses this action of ours; `None`: it did not run.
    pub(crate) fn step(&self, job: &str, what: &str) -> Option<&str> {
        let found = self
            .steps
            .iter()
            .find(|step| step.job == job && (step.id == what || step.name == what || action(&step.name) == Some(what)));
        found.map(|step| step.result.as_str())
    }
}

/// The action of ours that a step uses: a step without a name is called as what it uses.
fn action(step: &str) -> Option<&str> {
    let (name, _) = step.strip_prefix("codex/actions/")?.split_once('@')?;
    Some(name)
}

pub(super) fn read(stdout: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for line in stdout.lines() {
        let Ok(entry) = serde_json::from_str::<Value>(line) else {
            outcome.log.push_str(line);
            outcome.log.push('\n');
            continue;
        };
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        outcome.log.push_str(text("msg").trim_end());
        outcome.log.push('\n');
        match text("command") {
            "add-mask" => outcome.masked.push(text("arg").to_owned()),
            "summary" => outcome.summary.push_str(text("content")),
            _ => {}
        }
        if let Some(result) = entry["jobResult"].as_str() {
            outcome.jobs.insert(text("jobID").to_owned(), result.to_owned());
        }
        // The steps before and after the workflow's own have results too.
        if entry["stage"] != "Main" {
            continue;
        }
        // The id is a list: an action's inner steps come below the step of the workflow.
        let ids = entry["stepID"].as_array().map(Vec::as_slice);
        if let (Some([id]), Some(result)) = (ids, entry["stepResult"].as_str()) {
            outcome.steps.push(Step {
                job: text("jobID").to_owned(),
                id: id.as_str().unwrap_or_default().to_owned(),
                name: text("step").to_owned(),
                result: result.to_owned(),
            });
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = concat!(
        r#"{"msg":"running\n","stage":"Main","jobID":"a","stepID":["4"],"step":"codex/actions/preview-dns@v1"}"#,
        "\n",
        r#"{"msg":"***","command":"add-mask","arg":"s3cret","stage":"Main"}"#,
        "\n",
        r#"{"msg":"inner","stage":"Main","jobID":"a","stepID":["4","run"],"step":"codex/actions/preview-dns@v1","stepResult":"success"}"#,
        "\n",
        r#"{"msg":"outer","stage":"Main","jobID":"a","stepID":["4"],"step":"codex/actions/preview-dns@v1","stepResult":"failure"}"#,
        "\n",
        r##"{"msg":"Summary","command":"summary","content":"# Hi\n","stage":"Main"}"##,
        "\n",
        r#"{"msg":"after","stage":"Post","jobID":"a","stepID":["4"],"step":"codex/actions/preview-dns@v1","stepResult":"success"}"#,
        "\nno JSON\n",
        r#"{"msg":"end","jobID":"a","jobResult":"failure"}"#,
        "\n",
    );

    #[test]
    fn results_are_those_of_the_workflows_own_steps() {
        let outcome = read(LOG);
        assert_eq!(outcome.steps.len(), 1);
        assert_eq!(outcome.step("a", "preview-dns"), Some("failure"));
        assert_eq!(outcome.step("b", "preview-dns"), None);
        assert_eq!(
            outcome.log,
            "running\n***\ninner\nouter\nSummary\nafter\nno JSON\nend\n"
        );
        assert_eq!(outcome.masked, ["s3cret"]);
        assert_eq!(outcome.summary, "# Hi\n");
    }

    #[test]
    fn every_job_counts_and_so_does_the_exit_status() {
        let outcome = read(LOG);
        outcome.ended(false, &[("a", "failure")]).unwrap();
        assert!(outcome.ended(true, &[("a", "failure")]).is_err());
        assert!(outcome.ended(false, &[]).is_err());
        assert!(outcome.ended(false, &[("a", "failure"), ("b", "success")]).is_err());
    }
}
