//! The inputs, checked all at once.

use actions_core::event::Event;
use actions_core::reports::Report;
use actions_core::runner::common::GithubAccess;
use actions_core::runner::{Common, Env, Problems, Source, Wanted, inputs};
use serde::Deserialize;
use serde_json::Value;

use crate::comment::{Frame, Job};
use crate::marker::{self, Run};
use crate::report;

#[derive(Debug, Default, Deserialize)]
struct Raw {
    command: Option<String>,
    reports: Option<String>,
    body: Option<String>,
    key: Option<String>,
    title: Option<String>,
    job_status: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Upsert,
    Delete,
}

pub(crate) struct Inputs {
    pub(crate) command: Command,
    pub(crate) github: GithubAccess,
    pub(crate) pull_request: u64,
    pub(crate) key: String,
    pub(crate) run: Option<Run>,
    pub(crate) reports: Vec<Report>,
    pub(crate) frame: Frame,
    pub(crate) dry_run: bool,
    /// The token of such a run can only read, whatever `permissions:` says.
    pub(crate) read_only_token: bool,
    /// What could not be found out about the commit.
    pub(crate) unknown: Option<String>,
}

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`actions_core::runner::BadInput`] with every wrong one.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems).await?;
        let commands = [("upsert", Command::Upsert), ("delete", Command::Delete)];
        let command = problems.choice("command", raw.command.as_deref(), &commands, Command::Upsert);
        let github = common.github(&mut problems);
        if common.pull_request.is_none() {
            problems.add(
                "pull-request",
                common.unknown_pull_request().unwrap_or(report::NO_PULL_REQUEST),
            );
        }
        let mut wrong = Problems::default();
        let reports = reports(raw.reports.as_deref(), &mut wrong);
        let unreadable = !wrong.is_empty();
        problems.extend(wrong);
        let jobs = [
            ("success", Job::Fine),
            ("failure", Job::Failed),
            ("cancelled", Job::Cancelled),
        ];
        let job = problems.choice("job-status", raw.job_status.as_deref(), &jobs, Job::Fine);
        // When an early step fails, no action has a report: that is worth telling, not a mistake.
        let nothing = reports.is_empty() && !unreadable && raw.body.is_none() && job == Job::Fine;
        if command == Command::Upsert && nothing {
            problems.add("reports", report::NOTHING_TO_SAY);
        }
        let environment = common.owner("").environment;
        let key = key(raw.key.as_deref(), &common, env, &reports, &environment, &mut problems);
        let run = run(&common.event);
        problems.finish()?;
        // The comment that goes needs no commit.
        let source = match command {
            Command::Upsert => common.inquire(common.pull_request, Wanted::Commit).source().await,
            Command::Delete => Source::default(),
        };
        Ok(Self {
            command,
            github,
            pull_request: common.pull_request.unwrap_or_default(),
            key,
            run,
            reports,
            frame: Frame {
                title: raw.title.map(|title| title.trim().to_owned()),
                environment,
                sha: source.commit,
                repository_url: env.repository_url(),
                run_url: env.run_url(),
                job,
                body: raw.body,
            },
            dry_run: common.dry_run,
            read_only_token: common.event.withheld().is_some(),
            unknown: source.unknown,
        })
    }
}

fn run(event: &Event) -> Option<Run> {
    Some(Run {
        id: event.run_id.as_deref()?.parse().ok()?,
        attempt: event
            .run_attempt
            .as_deref()
            .and_then(|text| text.parse().ok())
            .unwrap_or(1),
    })
}

/// The key of the comment: `project/environment` by the manifest, else the environment.
fn key(
    given: Option<&str>,
    common: &Common,
    env: &Env,
    reports: &[Report],
    environment: &str,
    problems: &mut Problems,
) -> String {
    if let Some(key) = given.map(str::trim) {
        if !marker::is_key(key) {
            problems.add("key", report::bad_key(key));
        }
        return key.to_owned();
    }
    let environment = reports
        .iter()
        .map(|report| report.head().environment.as_str())
        .find(|name| !name.is_empty())
        .unwrap_or(environment);
    if !common.has_manifest(env) {
        return marker::key_of(environment);
    }
    common
        .manifest(env, problems)
        .map(|manifest| marker::key_of(&format!("{}/{environment}", manifest.project.name)))
        .unwrap_or_default()
}

/// The reports: JSON values one after the other, arrays of them too. What a skipped step left blank is skipped.
fn reports(text: Option<&str>, problems: &mut Problems) -> Vec<Report> {
    let mut reports = Vec::new();
    let values = serde_json::Deserializer::from_str(text.unwrap_or_default()).into_iter::<Value>();
    for value in values {
        match value {
            Ok(value) => collect(value, &mut reports, problems),
            Err(error) => {
                problems.add("reports", report::not_json(&error));
                break;
            }
        }
    }
    reports
}

fn collect(value: Value, reports: &mut Vec<Report>, problems: &mut Problems) {
    match value {
        Value::Null => {}
        Value::String(text) if text.trim().is_empty() => {}
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, reports, problems)),
        // `toJSON(steps.x.outputs.report)` quotes the report once more.
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => collect(value, reports, problems),
            _ => problems.add("reports", report::no_report(&text)),
        },
        value => {
            let shown = value.to_string();
            match Report::of(value) {
                Ok(report) => reports.push(report),
                Err(error) => problems.add("reports", format!("{}: {error}", report::no_report(&shown))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (usize, Option<String>) {
        let mut problems = Problems::default();
        let reports = reports(Some(text), &mut problems);
        (reports.len(), problems.finish().err().map(|error| error.to_string()))
    }

    #[test]
    fn reports_come_by_line_or_in_an_array() {
        let report = r#"{"action":"health-check","healthy":true}"#;
        assert_eq!(read(&format!("{report}\n\n{report}\n")), (2, None));
        assert_eq!(read(&format!("[{report}, \"\", null, {report}]")), (2, None));
        let quoted = serde_json::to_string(report).unwrap();
        assert_eq!(read(&format!("[{quoted}]\n{report}")), (2, None));
        assert_eq!(read("\n \n"), (0, None));
    }

    #[test]
    fn what_is_no_report_is_told_with_its_place() {
        insta::assert_snapshot!(read("{\"action\":\"cleanup\"}\noops").1.unwrap(), @"
        one input is wrong; nothing was touched
        - `reports`: expected value at line 2 column 1; each line is to be the `report` output of an action
        ");
        insta::assert_snapshot!(read("{\"healthy\":true}").1.unwrap(), @r#"
        one input is wrong; nothing was touched
        - `reports`: `{"healthy":true}` is not the `report` output of an action: not a JSON object with `action`
        "#);
    }
}
