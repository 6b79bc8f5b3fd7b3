//! Runs one action's binary the way a runner would: the same variables, the same files, nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::cloud::Cloud;
use super::watch::Watch;
use super::world::DB_METHOD;
use crate::action_yml::ActionYml;
use crate::child;
use crate::workspace::Workspace;

/// What one step may take: a deploy of five Workers on two cores is the longest.
const LIMIT: Duration = Duration::from_mins(5);

pub(crate) struct Runner<'a> {
    workspace: &'a Workspace,
    /// `$RUNNER_TEMP`, and `$HOME` below it.
    temp: PathBuf,
    /// The consumer's checkout: `$GITHUB_WORKSPACE`.
    checkout: PathBuf,
    /// `GITHUB_*` of the job, but for those that differ by event.
    job: BTreeMap<&'static str, String>,
    /// Values of expressions that an input's default may hold.
    expressions: BTreeMap<&'static str, String>,
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
    pub(crate) head_ref: String,
    pub(crate) merge_sha: String,
    /// Each event starts a workflow run of its own; a newer one has a higher id.
    pub(crate) run_id: u64,
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
        let text = str::to_owned;
        let github_api_url = cloud.github.as_str();
        // As an administrator of a self-hosted runner would have it trust the local cloud.
        let trusted = temp.join("ca.pem");
        fs::write(&trusted, cloud.ca()?)?;
        let (method, local_proxy) = DB_METHOD;
        let job = BTreeMap::from([
            (method, text(local_proxy)),
            ("SSL_CERT_FILE", trusted.display().to_string()),
            ("GITHUB_ACTIONS", text("true")),
            ("GITHUB_ACTOR", text("octocat")),
            ("GITHUB_API_URL", text(github_api_url)),
            ("GITHUB_GRAPHQL_URL", format!("{github_api_url}/graphql")),
            ("GITHUB_JOB", text("preview")),
            ("GITHUB_REPOSITORY", text("acme/app")),
            ("GITHUB_REPOSITORY_ID", text("1296269")),
            ("GITHUB_REPOSITORY_OWNER", text("acme")),
            ("GITHUB_RUN_ATTEMPT", text("1")),
            ("GITHUB_RUN_NUMBER", text("7")),
            ("GITHUB_SERVER_URL", text("https://github.com")),
            ("GITHUB_WORKFLOW", text("preview")),
            ("GITHUB_WORKSPACE", checkout.display().to_string()),
            (
                "RUNNER_ARCH",
                text(if cfg!(target_arch = "aarch64") { "ARM64" } else { "X64" }),
            ),
            ("RUNNER_OS", text("Linux")),
            ("RUNNER_TEMP", temp.display().to_string()),
        ]);
        let expressions = BTreeMap::from([
            ("github.token", text(github_token)),
            ("github.api_url", text(github_api_url)),
            // A step that fails ends the demo: those that run have seen none.
            ("job.status", "success".to_owned()),
            ("github.graphql_url", format!("{github_api_url}/graphql")),
        ]);
        Ok(Self {
            workspace,
            temp: temp.to_path_buf(),
            checkout: checkout.to_path_buf(),
            job,
            expressions,
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
        let mapped = ActionYml::read(self.workspace, action)?.environment(inputs, &self.expressions)?;
        let mut command = Command::new(self.workspace.bin.join(action));
        let folder = self.prepare(&mut command, event)?;
        command
            .envs(env)
            .envs(mapped)
            .env("GITHUB_ACTION_PATH", self.workspace.path("actions").join(action));
        self.run(&mut command, &folder)
    }

    /// One step of the consumer's own: `run: <program> <arguments>`.
    pub(crate) fn script(
        &mut self,
        program: &str,
        arguments: &[&str],
        event: &Event,
        env: &BTreeMap<&str, String>,
    ) -> Result<Done> {
        let mut command = Command::new(program);
        let folder = self.prepare(&mut command, event)?;
        command.args(arguments).envs(env);
        self.run(&mut command, &folder)
    }

    /// The environment that every step gets, and the files that are its own.
    fn prepare(&mut self, command: &mut Command, event: &Event) -> Result<PathBuf> {
        self.steps += 1;
        let folder = self.temp.join(format!("step-{}", self.steps));
        fs::create_dir_all(&folder)?;
        let event_path = folder.join("event.json");
        fs::write(&event_path, event.payload.to_string())?;
        command
            .env_clear()
            .current_dir(&self.checkout)
            .envs(&self.job)
            .env("CI", "true")
            .env("HOME", self.temp.join("home"))
            .env("LANG", "C.UTF-8")
            .env("PATH", std::env::var_os("PATH").context("PATH is not set")?)
            .env("GITHUB_BASE_REF", "main")
            .env("GITHUB_EVENT_NAME", "pull_request")
            .env("GITHUB_EVENT_PATH", event_path)
            .env("GITHUB_HEAD_REF", &event.head_ref)
            .env("GITHUB_REF", "refs/pull/42/merge")
            .env("GITHUB_RUN_ID", event.run_id.to_string())
            .env("GITHUB_SHA", &event.merge_sha);
        for (variable, file) in FILES {
            let path = folder.join(file);
            fs::write(&path, "")?;
            command.env(variable, path);
        }
        Ok(folder)
    }

    fn run(&mut self, command: &mut Command, folder: &Path) -> Result<Done> {
        let watch = &mut self.watch;
        let finished = child::run_watched(command, LIMIT, |root| watch.look(root))?;
        let printed = finished.both();
        let summary = fs::read_to_string(folder.join("summary"))?;
        let (masked, shown) = take_masks(&printed);
        self.masked.extend(masked);
        self.log.push_str(&shown);
        self.log.push_str(&summary);
        if !finished.status.success() {
            bail!("it ended with {}\n{}", finished.status, shown.trim_end());
        }
        let outputs = parse_outputs(&fs::read_to_string(folder.join("output"))?)?;
        Ok(Done {
            outputs,
            stdout: finished.stdout,
        })
    }
}

/// The files by which a step talks to its runner.
const FILES: [(&str, &str); 5] = [
    ("GITHUB_ENV", "env"),
    ("GITHUB_OUTPUT", "output"),
    ("GITHUB_PATH", "path"),
    ("GITHUB_STATE", "state"),
    ("GITHUB_STEP_SUMMARY", "summary"),
];

/// Splits what a step printed into the values to mask and the rest, which is what a reader of the log sees
/// before any masking: a secret in it was printed.
fn take_masks(printed: &str) -> (Vec<String>, String) {
    let (mut masked, mut shown) = (Vec::new(), String::new());
    for line in printed.lines() {
        if let Some(value) = line.trim_start().strip_prefix("::add-mask::") {
            let value = value.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
            masked.push(value);
        } else {
            shown.push_str(line);
            shown.push('\n');
        }
    }
    (masked, shown)
}

/// Reads `GITHUB_OUTPUT` as a runner does: `name=value` lines and `name<<delimiter` blocks.
fn parse_outputs(text: &str) -> Result<BTreeMap<String, String>> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (before, after) = (line.find('='), line.find("<<"));
        if let Some((name, delimiter)) = line
            .split_once("<<")
            .filter(|_| before.is_none_or(|at| after < Some(at)))
        {
            let mut value = Vec::new();
            loop {
                match lines.next() {
                    Some(line) if line == delimiter => break,
                    Some(line) => value.push(line),
                    None => bail!("output `{name}` is not closed"),
                }
            }
            outputs.insert(name.to_owned(), value.join("\n"));
        } else if let Some((name, value)) = line.split_once('=') {
            outputs.insert(name.to_owned(), value.to_owned());
        } else {
            bail!("a line of GITHUB_OUTPUT is no output: {line}");
        }
    }
    Ok(outputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_as_a_runner_reads_them() {
        let outputs = parse_outputs("a=1=2\nb<<END\none\n\ntwo=2\nEND\nc<<E\nE\n").unwrap();
        assert_eq!(outputs["a"], "1=2");
        assert_eq!(outputs["b"], "one\n\ntwo=2");
        assert_eq!(outputs["c"], "");
        assert!(parse_outputs("b<<END\none\n").is_err());
        assert!(parse_outputs("nothing\n").is_err());
    }

    #[test]
    fn masks_are_taken_out_of_what_is_shown() {
        let (masked, shown) = take_masks("one\n::add-mask::s3cret%25\ntwo\n");
        assert_eq!((masked, shown.as_str()), (vec!["s3cret%".to_owned()], "one\ntwo\n"));
    }
}
