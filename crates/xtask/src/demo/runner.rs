//! Runs one action's binary the way a runner would: the same variables, the same files, nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use step::{ActionYml, Files, Job, Log, Step, Way};

use super::cloud::Cloud;
use super::watch::Watch;
use super::world::DB_METHOD;
use crate::child;
use crate::workspace::Workspace;

/// What one step may take: a deploy of five Workers on two cores is the longest.
const LIMIT: Duration = Duration::from_mins(5);

pub(crate) struct Runner<'a> {
    workspace: &'a Workspace,
    /// `$RUNNER_TEMP`, and `$HOME` below it.
    temp: PathBuf,
    /// What every job finds here, beside what its event tells.
    variables: Vec<(&'static str, String)>,
    github_token: String,
    pub(crate) watch: Watch,
    /// Everything that the steps printed, and their summaries.
    pub(crate) log: String,
    /// Values that steps asked to be masked.
    pub(crate) masked: Vec<String>,
    steps: usize,
}

/// The event that started the workflow.
pub(crate) struct Event {
    pub(crate) payload: Value,
    /// The job that it starts, as far as the event tells it.
    pub(crate) job: Job,
}

/// What a step left.
pub(crate) struct Done {
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) stdout: String,
}

impl Done {
    pub(crate) fn output(&self, name: &str) -> Result<&str> {
        self.outputs
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("it set no output `{name}`"))
    }

    /// The output `report`, read.
    pub(crate) fn report(&self) -> Result<Value> {
        serde_json::from_str(self.output("report")?).context("its output `report` is no JSON")
    }
}

impl<'a> Runner<'a> {
    pub(crate) fn new(
        workspace: &'a Workspace,
        temp: &Path,
        checkout: &Path,
        cloud: &Cloud,
        github_token: &str,
    ) -> Result<Self> {
        fs::create_dir_all(temp.join("home"))?;
        // As an administrator of a self-hosted runner would have it trust the local cloud.
        let trusted = temp.join("ca.pem");
        fs::write(&trusted, cloud.ca()?)?;
        let text = |path: &Path| path.display().to_string();
        let (method, local_proxy) = DB_METHOD;
        let variables = vec![
            (method, local_proxy.to_owned()),
            ("SSL_CERT_FILE", text(&trusted)),
            ("GITHUB_API_URL", cloud.github.clone()),
            ("GITHUB_GRAPHQL_URL", format!("{}/graphql", cloud.github)),
            ("GITHUB_WORKSPACE", text(checkout)),
            ("HOME", text(&temp.join("home"))),
            ("LANG", "C.UTF-8".to_owned()),
            ("RUNNER_TEMP", text(temp)),
        ];
        Ok(Self {
            workspace,
            temp: temp.to_path_buf(),
            variables,
            github_token: github_token.to_owned(),
            watch: Watch::default(),
            log: String::new(),
            masked: Vec::new(),
            steps: 0,
        })
    }

    /// One action: `inputs` as under `with:`, `env` as under the step's `env:`.
    pub(crate) fn action(
        &mut self,
        action: &str,
        event: &Event,
        inputs: &BTreeMap<&str, String>,
        env: &BTreeMap<&str, String>,
    ) -> Result<Done> {
        let (job, files) = self.prepare(event, env)?;
        let action = ActionYml::read(&self.workspace.path("actions"), action)?;
        let step = Step {
            action: &action,
            job: &job,
            binaries: &self.workspace.bin,
            way: Way::Binary,
        };
        let with = inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let mut done = self.run(&mut step.command(&with.collect(), &files)?, &files)?;
        done.outputs = action.made(&done.outputs)?;
        Ok(done)
    }

    /// One step of the consumer's own: `run: <program> <arguments>`.
    pub(crate) fn script(
        &mut self,
        program: &str,
        arguments: &[&str],
        event: &Event,
        env: &BTreeMap<&str, String>,
    ) -> Result<Done> {
        let (job, files) = self.prepare(event, env)?;
        self.run(job.command(program, &files).args(arguments), &files)
    }

    /// The job as this step finds it, and the files that are the step's own.
    fn prepare(&mut self, event: &Event, env: &BTreeMap<&str, String>) -> Result<(Job, Files)> {
        self.steps += 1;
        let files = Files::create(&self.temp.join(format!("step-{}", self.steps)))?;
        let event_path = files.folder().join("event.json");
        fs::write(&event_path, event.payload.to_string())?;
        let told = [("GITHUB_EVENT_PATH", event_path.display().to_string())];
        let job = event.job.clone().token(&self.github_token);
        let env = env.iter().map(|(name, value)| (*name, value.clone()));
        let variables = self.variables.iter().cloned().chain(told).chain(env);
        Ok((variables.fold(job, |job, (name, value)| job.set(name, value)), files))
    }

    fn run(&mut self, command: &mut Command, files: &Files) -> Result<Done> {
        let watch = &mut self.watch;
        let finished = child::run_watched(command, LIMIT, |root| watch.look(root))?;
        let left = files.left()?;
        let log = Log::read(&finished.both());
        self.masked.extend(log.masks);
        self.log.push_str(&log.shown);
        self.log.push_str(&left.summary);
        if !finished.status.success() {
            bail!("it ended with {}\n{}", finished.status, log.shown.trim_end());
        }
        Ok(Done {
            outputs: left.outputs,
            stdout: finished.stdout,
        })
    }
}
