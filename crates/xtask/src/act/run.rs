//! One run of a workflow by act, without containers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::child;
use crate::demo::cloud::Cloud;
use crate::demo::consumer::Consumer;
use crate::demo::{event, verify, world};
use crate::workspace::Workspace;

const WORKFLOW: &str = ".github/workflows/preview.yml";
/// The workflow's own limit.
const LIMIT: Duration = Duration::from_mins(15);

pub(super) struct Act<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) cloud: &'a Cloud,
    pub(super) consumer: &'a Consumer,
    /// What `codex/actions@v1` is: a release tree.
    pub(super) release: PathBuf,
    /// Where what stands in for the actions of others is, by name.
    pub(super) stubs: &'a Path,
    /// act keeps its copies of actions here.
    pub(super) home: PathBuf,
}

pub(super) struct Outcome {
    pub(super) succeeded: bool,
    /// Result by step id.
    pub(super) steps: BTreeMap<String, String>,
    /// What a reader of the log sees.
    pub(super) log: String,
    /// What steps asked to be masked.
    masked: Vec<String>,
    /// Names of the secrets in the log.
    pub(super) leaks: Vec<String>,
}

impl Act<'_> {
    /// Runs the workflow for a `pull_request` event with this action.
    pub(super) fn run(&self, action: &str) -> Result<Outcome> {
        let pull = event::pull_request(self.consumer, action);
        self.cloud.post("seed", &event::seed(&pull))?;
        let event_file = self.file("event.json", &event::payload(action, &pull).to_string())?;

        let mut secrets = vec![
            ("GITHUB_TOKEN", world::GITHUB_TOKEN),
            ("CLOUDFLARE_API_TOKEN", world::CLOUDFLARE_API_TOKEN),
            ("NEON_API_KEY", world::NEON_API_KEY),
        ];
        secrets.extend(world::SERVICE_SECRETS);
        // Files, not arguments: those can be read by every user of a machine.
        let secrets_file = self.file("secrets", &lines(&secrets))?;
        let vars_file = self.file(
            "vars",
            &lines(&[
                ("CLOUDFLARE_ACCOUNT_ID", world::ACCOUNT),
                ("CLOUDFLARE_API_URL", &self.cloud.cloudflare),
                ("NEON_PROJECT_ID", world::NEON_PROJECT),
                ("NEON_API_URL", &self.cloud.neon),
            ]),
        )?;
        let trusted = self.file("ca.pem", &self.cloud.ca()?)?;
        let mut command = Command::new(self.workspace.python_tool("act"));
        child::scrub(&mut command);
        command
            .arg("pull_request")
            .args([
                "--json",
                "--no-cache-server",
                "--platform",
                "ubuntu-latest=-self-hosted",
            ])
            .args(["--workflows", WORKFLOW])
            .arg("--eventpath")
            .arg(event_file)
            .arg("--secret-file")
            .arg(secrets_file)
            .arg("--var-file")
            .arg(vars_file)
            .args([
                "--local-repository",
                &format!("codex/actions@v1={}", self.release.display()),
            ])
            .args(self.stands_in(&["checkout", "setup-node"])?)
            .args([
                "--env",
                &format!("SCRATCH_REPOSITORY={}", self.consumer.folder.display()),
            ])
            .args([
                "--env",
                &format!("CODEX_ACTIONS_BIN_DIR={}", self.workspace.actions.display()),
            ])
            .args(["--env", &format!("{}={}", world::DB_METHOD.0, world::DB_METHOD.1)])
            .args(["--env", &format!("SSL_CERT_FILE={}", trusted.display())])
            .args(["--env", &format!("GITHUB_API_URL={}", self.cloud.github)])
            .args(["--env", &format!("GITHUB_GRAPHQL_URL={}/graphql", self.cloud.github)])
            .args(["--env", &format!("GITHUB_REPOSITORY={}", world::REPOSITORY)])
            .args(Self::npm()?)
            .env("HOME", &self.home)
            .env("XDG_CACHE_HOME", self.home.join(".cache"))
            .current_dir(&self.consumer.folder);
        let done = child::run(&mut command, LIMIT)?;
        let mut outcome = read(&done.stdout);
        outcome.succeeded = done.status.success();
        let secrets = secrets
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        // Shorter masks would be found by accident.
        let masked = outcome.masked.iter().filter(|value| value.len() >= 8);
        let masked = masked.map(|value| ("a masked value".to_owned(), value.clone()));
        outcome.leaks = verify::secrets_in(&outcome.log, &secrets.chain(masked).collect::<Vec<_>>());
        Ok(outcome)
    }

    fn file(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.home.join(name);
        fs::write(&path, content)?;
        Ok(path)
    }

    /// For each action of `actions/…` that the workflow uses, at the commit that it names: our folder.
    fn stands_in(&self, names: &[&str]) -> Result<Vec<String>> {
        let workflow = fs::read_to_string(self.consumer.folder.join(WORKFLOW))?;
        let mut arguments = Vec::new();
        for name in names {
            let marker = format!("uses: actions/{name}@");
            let rest = workflow
                .split(&marker)
                .nth(1)
                .with_context(|| format!("the workflow has no `{marker}`"))?;
            let commit = rest.split_whitespace().next().unwrap_or_default();
            let folder = self.stubs.join(name);
            arguments.extend([
                "--local-repository".to_owned(),
                format!("actions/{name}@{commit}={}", folder.display()),
            ]);
        }
        Ok(arguments)
    }

    /// The workflow's `npm ci` uses the developer's registry and cache: `HOME` is another folder here.
    fn npm() -> Result<Vec<String>> {
        let mut arguments = Vec::new();
        for key in ["userconfig", "cache"] {
            let asked = child::run(
                Command::new("npm").args(["config", "get", key]),
                Duration::from_secs(30),
            )
            .with_context(|| format!("npm does not tell its `{key}`"))?;
            arguments.extend(["--env".to_owned(), format!("npm_config_{key}={}", asked.stdout.trim())]);
        }
        Ok(arguments)
    }
}

fn lines(pairs: &[(&str, &str)]) -> String {
    pairs
        .iter()
        .flat_map(|(name, value)| [name, "=", value, "\n"])
        .collect()
}

/// The action of ours that a step uses: a step without a name is called as what it uses.
fn action(step: &str) -> Option<&str> {
    let (name, _) = step.strip_prefix("codex/actions/")?.split_once('@')?;
    Some(name)
}

/// Reads act's log: one JSON object per line.
fn read(stdout: &str) -> Outcome {
    let (mut steps, mut log, mut masked) = (BTreeMap::new(), String::new(), Vec::new());
    for line in stdout.lines() {
        let Ok(entry) = serde_json::from_str::<Value>(line) else {
            log.push_str(line);
            log.push('\n');
            continue;
        };
        log.push_str(entry["msg"].as_str().unwrap_or_default().trim_end());
        log.push('\n');
        if entry["command"] == "add-mask" {
            masked.extend(entry["arg"].as_str().map(str::to_owned));
        }
        // The steps before and after the workflow's own have results too.
        if entry["stage"] != "Main" {
            continue;
        }
        // The id is a list: an action's inner steps come below the step of the workflow.
        let is_inner = entry["stepID"].as_array().is_some_and(|ids| ids.len() != 1);
        let action = entry["step"].as_str().and_then(action);
        if let (false, Some(action), Some(result)) = (is_inner, action, entry["stepResult"].as_str()) {
            steps.insert(action.to_owned(), result.to_owned());
        }
    }
    Outcome {
        succeeded: false,
        steps,
        log,
        masked,
        leaks: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_those_of_the_workflows_own_steps() {
        let outcome = read(concat!(
            "{\"msg\":\"running\\n\",\"stage\":\"Main\",\"stepID\":[\"4\"],\"step\":\"codex/actions/preview-dns@v1\"}\n",
            "{\"msg\":\"***\",\"command\":\"add-mask\",\"arg\":\"s3cret\",\"stage\":\"Main\"}\n",
            "{\"msg\":\"inner\",\"stage\":\"Main\",\"stepID\":[\"4\",\"run\"],\"step\":\"codex/actions/preview-dns@v1\",\"stepResult\":\"success\"}\n",
            "{\"msg\":\"outer\",\"stage\":\"Main\",\"stepID\":[\"4\"],\"step\":\"codex/actions/preview-dns@v1\",\"stepResult\":\"failure\"}\n",
            "{\"msg\":\"after\",\"stage\":\"Post\",\"stepID\":[\"4\"],\"step\":\"codex/actions/preview-dns@v1\",\"stepResult\":\"success\"}\n",
            "no JSON\n",
        ));
        assert_eq!(
            outcome.steps,
            BTreeMap::from([("preview-dns".to_owned(), "failure".to_owned())])
        );
        assert_eq!(outcome.log, "running\n***\ninner\nouter\nafter\nno JSON\n");
        assert_eq!(outcome.masked, ["s3cret"]);
    }
}
