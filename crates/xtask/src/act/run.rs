//! One run of a workflow by act, without containers.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::call::Call;
use super::log::{self, Outcome};
use super::shop::{self, Shop};
use crate::child;
use crate::demo::{event, verify, world};

/// More than a run ever takes.
const LIMIT: Duration = Duration::from_mins(15);
/// The token of a fork's run.
const READ_ONLY: &str = "ghs_2002_demo.Rd8nYq4LzPvK6wXm2BtCs9HfGj";

impl Shop {
    /// Runs a workflow for an event, of which GitHub knows what the event tells. Two may run at once.
    ///
    /// # Errors
    /// act could not run it, or the run has printed or kept a secret. A run that fails is no error: see
    /// [`Outcome::ended`].
    pub(crate) fn run(&self, call: &Call) -> Result<Outcome> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let home = self.folder(&format!("run-{number}"))?;
        let artifacts = self.folder(&format!("artifacts-{number}"))?;
        self.see(call)?;
        let token = if call.trusted { world::GITHUB_TOKEN } else { READ_ONLY };
        if !call.trusted {
            let permissions = json!({"contents": "read", "pull-requests": "read", "issues": "read"});
            let seed = json!({"github": {"tokens": [{"token": READ_ONLY, "permissions": permissions}]}});
            self.cloud.post("seed", &seed)?;
        }
        let kept = shop::secrets().into_iter();
        let kept = kept.map(|(name, value)| (name.to_owned(), value));
        let mut given = vec![("GITHUB_TOKEN", token.to_owned())];
        if call.trusted {
            given.extend(shop::secrets());
        }
        let file = |name: &str, content: &str| -> Result<_> {
            let path = home.join(name);
            fs::write(&path, content)?;
            Ok(path)
        };
        let mut command = Command::new(self.workspace.python_tool("act"));
        child::scrub(&mut command);
        command
            .arg(call.event)
            .args(["--json", "--no-cache-server", "--actor", call.actor])
            .args(
                RUNNERS
                    .iter()
                    .flat_map(|label| ["--platform".to_owned(), format!("{label}=-self-hosted")]),
            )
            .args(["--workflows", &format!(".github/workflows/{}", call.workflow)])
            .arg("--eventpath")
            .arg(file("event.json", &call.payload.to_string())?)
            // Files, not arguments: those can be read by every user of a machine.
            .arg("--secret-file")
            .arg(file("secrets", &lines(&given))?)
            .arg("--var-file")
            .arg(file("vars", &lines(&self.variables()))?)
            .args([
                "--local-repository",
                &format!("codex/actions@v1={}", self.release.display()),
            ])
            .args(&self.stand_ins)
            .env("HOME", &home)
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .current_dir(&self.consumer.folder);
        let ca = file("ca.pem", &self.cloud.ca()?)?;
        for (name, value) in self.environment(call, number, &ca, &artifacts)? {
            command.args(["--env", &format!("{name}={value}")]);
        }
        let start = Instant::now();
        let done = child::run(&mut command, LIMIT)?;
        let took = start.elapsed();
        let mut outcome = log::read(&done.stdout);
        // Failed jobs are status 1. Go's own end of a program (two jobs at once, one map) is 2, and says so.
        if done.status.code() != Some(0) && done.status.code() != Some(1) {
            return Err(Crashed(format!(
                "act itself ended with {} in `{}`\n{}",
                done.status,
                call.name,
                done.stderr.lines().take(40).collect::<Vec<_>>().join("\n")
            ))
            .into());
        }
        if outcome.jobs.is_empty() {
            bail!("act ran nothing for `{}`\n{}\n{}", call.name, outcome.log, done.stderr);
        }
        outcome.succeeded = done.status.success();
        outcome.name.clone_from(&call.name);
        if let Ok(mut runs) = self.runs.lock() {
            runs.push((call.name.clone(), took));
        }
        // Shorter masks would be found by accident.
        let masked = outcome.masked.iter().filter(|value| value.len() >= 8);
        let masked = masked.map(|value| ("a masked value".to_owned(), value.clone()));
        let secret: Vec<_> = kept.chain(masked).collect();
        let mut leaks = verify::secrets_in(&outcome.log, &secret);
        leaks.extend(verify::secrets_in(&outcome.summary, &secret));
        leaks.extend(shop::secrets_below(&artifacts, &secret)?);
        if !leaks.is_empty() {
            bail!("`{}` leaks {}\n{}", call.name, leaks.join(", "), outcome.log);
        }
        Ok(outcome)
    }

    /// GitHub knows what an event tells of its pull request, though no workflow runs for it.
    pub(crate) fn see(&self, call: &Call) -> Result<()> {
        let pull = &call.payload["pull_request"];
        if pull.is_object() {
            self.cloud.post("seed", &event::seed(pull))?;
        }
        Ok(())
    }

    /// What every step of a run finds in its environment.
    fn environment(&self, call: &Call, number: u64, ca: &Path, artifacts: &Path) -> Result<Vec<(String, String)>> {
        let text = |path: &Path| path.display().to_string();
        let mut all = vec![
            ("SCRATCH_REPOSITORY".to_owned(), text(&self.consumer.folder)),
            ("SCRATCH_ARTIFACTS".to_owned(), text(artifacts)),
            ("CODEX_ACTIONS_BIN_DIR".to_owned(), text(&self.workspace.actions)),
            (world::DB_METHOD.0.to_owned(), world::DB_METHOD.1.to_owned()),
            ("SSL_CERT_FILE".to_owned(), text(ca)),
            ("GITHUB_API_URL".to_owned(), self.cloud.github.clone()),
            (
                "GITHUB_GRAPHQL_URL".to_owned(),
                format!("{}/graphql", self.cloud.github),
            ),
            ("GITHUB_REPOSITORY".to_owned(), world::REPOSITORY.to_owned()),
            ("GITHUB_SHA".to_owned(), call.sha.clone()),
            // act leaves it out.
            (
                "GITHUB_WORKFLOW_REF".to_owned(),
                format!(
                    "{}/.github/workflows/{}@refs/heads/main",
                    world::REPOSITORY,
                    call.workflow
                ),
            ),
            ("GITHUB_RUN_ID".to_owned(), (1000 + number).to_string()),
            ("GITHUB_RUN_NUMBER".to_owned(), (1 + number).to_string()),
        ];
        // An install uses the developer's registry and cache: `HOME` is another folder here.
        for key in ["userconfig", "cache"] {
            let asked = child::run(
                Command::new("npm").args(["config", "get", key]),
                Duration::from_secs(30),
            )
            .with_context(|| format!("npm does not tell its `{key}`"))?;
            all.push((format!("npm_config_{key}"), asked.stdout.trim().to_owned()));
        }
        all.push(("npm_config_prefer_offline".to_owned(), "true".to_owned()));
        Ok(all)
    }
}

/// act has come to an end of its own, whatever the workflow does.
#[derive(Debug)]
pub(super) struct Crashed(String);

impl std::fmt::Display for Crashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Crashed {}

/// The labels that workflows ask for.
const RUNNERS: [&str; 3] = ["ubuntu-latest", "ubuntu-slim", "ubuntu-24.04"];

/// The form of act's files: a value in double quotes may have escapes, one in single quotes is as it is.
fn lines(pairs: &[(&str, String)]) -> String {
    let line = |(name, value): &(&str, String)| format!("{name}='{value}'\n");
    pairs.iter().map(line).collect()
}
