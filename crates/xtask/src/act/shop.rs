//! A team's repository, its settings, and the cloud that it deploys to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::stand_in;
use crate::demo::cloud::Cloud;
use crate::demo::consumer::Consumer;
use crate::demo::{verify, world};
use crate::git::commit;
use crate::release::references::References;
use crate::release::tree;
use crate::workspace::Workspace;

/// A scratch copy of `action-tests/platform`, whose pull request 42 is pushed and not opened yet.
pub(crate) struct Shop {
    pub(crate) cloud: Cloud,
    pub(crate) consumer: Consumer,
    pub(super) workspace: Workspace,
    /// What `codex/actions@v1` is: a release tree.
    pub(super) release: PathBuf,
    /// act's arguments for the actions of others.
    pub(super) stand_ins: Vec<String>,
    pub(super) scratch: tempfile::TempDir,
    /// How many runs there were: a run's id is 1000 more.
    pub(super) count: AtomicU64,
    /// What each run was called, and how long it took.
    pub(super) runs: Mutex<Vec<(String, Duration)>>,
}

impl Shop {
    pub(super) fn open(workspace: &Workspace, callers: &[(&str, &str)]) -> Result<Self> {
        let scratch = workspace.scratch("act")?;
        let release = scratch.path().join("release");
        // The ref that callers name. act does not know `$/`, nor other syntax of 2026.
        tree::write(workspace, &release, &tree::Options::tagged("v1"))?;
        let stubs = scratch.path().join("stand-ins");
        stand_in::write(&stubs)?;

        let cloud = Cloud::start(workspace)?;
        let mut consumer = Consumer::create(workspace, &scratch.path().join("app"), cloud.edge_port())?;
        let workflows = consumer.folder.join(".github/workflows");
        fs::remove_dir_all(&workflows)?;
        fs::create_dir_all(&workflows)?;
        let rendered = References::tagged("v1");
        for (name, text) in callers {
            fs::write(workflows.join(name), rendered.render(text))?;
        }
        consumer.base_sha = commit(&consumer.folder, "Use Codex Actions")?;
        consumer.branch_off()?;
        let stand_ins = stand_in::arguments(&stubs, &[&release, &consumer.folder])?;
        Ok(Self {
            cloud,
            consumer,
            workspace: workspace.clone(),
            release,
            stand_ins,
            scratch,
            count: AtomicU64::new(0),
            runs: Mutex::default(),
        })
    }

    /// Writes a file of the repository; [`Consumer::push`] commits it.
    pub(crate) fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.consumer.folder.join(file);
        fs::create_dir_all(path.parent().unwrap_or(&self.consumer.folder))?;
        fs::write(&path, text).with_context(|| format!("could not write `{file}`"))
    }

    /// Replaces `from`, which must be there, in a file of the repository; [`Consumer::push`] commits it.
    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) -> Result<()> {
        let text = fs::read_to_string(self.consumer.folder.join(file))?;
        ensure!(text.contains(from), "`{file}` does not hold `{from}`");
        self.write(file, &text.replace(from, to))
    }

    /// Lets requests fail: see the admin API of local-cloud.
    pub(crate) fn fault(&self, fault: &Value) -> Result<()> {
        self.cloud.post("faults", fault).map(drop)
    }

    /// What is kept of a run, counted from 0: `name/file` of an artifact.
    pub(crate) fn artifact(&self, run: u64, file: &str) -> Result<String> {
        let path = self.folder(&format!("artifacts-{run}"))?.join(file);
        fs::read_to_string(&path).with_context(|| format!("no artifact has `{file}`"))
    }

    /// Everything that the three vendors hold.
    pub(crate) fn state(&self) -> Result<Value> {
        self.cloud.state()
    }

    /// The bodies of the comments that a workflow wrote on the pull request.
    pub(crate) fn comments(&self) -> Result<Vec<String>> {
        let state = self.cloud.state()?;
        let own = verify::own_comments(&state, world::PULL_REQUEST);
        let bodies = own.iter().filter_map(|comment| comment["body"].as_str());
        Ok(bodies.map(str::to_owned).collect())
    }

    /// The one comment on the pull request.
    pub(crate) fn comment(&self) -> Result<String> {
        let mut comments = self.comments()?;
        ensure!(
            comments.len() == 1,
            "{} comments of ours: {comments:#?}",
            comments.len()
        );
        Ok(comments.remove(0))
    }

    /// What the repository's settings hold under `vars`.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CLOUDFLARE_ACCOUNT_ID", world::ACCOUNT.to_owned()),
            ("CLOUDFLARE_API_URL", self.cloud.cloudflare.clone()),
            ("NEON_PROJECT_ID", world::NEON_PROJECT.to_owned()),
            ("NEON_API_URL", self.cloud.neon.clone()),
            ("SUPPORT_EMAIL", SUPPORT_EMAIL.to_owned()),
        ]
    }

    /// Nothing was asked of the local cloud that it does not know.
    pub(super) fn knows_all(&self) -> Result<()> {
        let unknown = verify::unknown(&self.cloud.requests()?);
        ensure!(
            unknown.is_empty(),
            "the local cloud does not know {}",
            unknown.join(", ")
        );
        Ok(())
    }

    /// Ends the cloud; answers the runs and how long each took.
    pub(super) fn close(self) -> Result<String> {
        self.cloud.stop()?;
        let runs = self.runs.into_inner().unwrap_or_default();
        let runs = runs
            .iter()
            .map(|(name, took)| format!("{name} {:.0} s", took.as_secs_f64()));
        Ok(runs.collect::<Vec<_>>().join(", "))
    }

    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.scratch.path().join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

/// A variable of the repository that a service may have, by the manifest's `step-vars`.
pub(super) const SUPPORT_EMAIL: &str = "help@example.com";

/// Secrets that production's services want in the place of the test keys.
const LIVE_SECRETS: [(&str, &str); 2] = [
    ("STRIPE_SECRET_KEY", "sk_live_demoQ7rVx3wZp8LkTn5Yb2Mc6Hs9"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_liveB9cXz4yRm7KqWt2Np6Lv3Hd8"),
];

/// What the repository's settings hold under `secrets`: each service's own by name, and all of them as one.
pub(super) fn secrets() -> Vec<(&'static str, String)> {
    let services: serde_json::Map<_, _> = world::SERVICE_SECRETS
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let live = LIVE_SECRETS.map(|(name, value)| (name.to_owned(), json!(value)));
    let services: serde_json::Map<_, _> = services.into_iter().chain(live).collect();
    let mut secrets = vec![
        ("CLOUDFLARE_API_TOKEN", world::CLOUDFLARE_API_TOKEN.to_owned()),
        ("NEON_API_KEY", world::NEON_API_KEY.to_owned()),
        ("WORKER_SECRETS", Value::Object(services).to_string()),
    ];
    let all = world::SERVICE_SECRETS.into_iter().chain(LIVE_SECRETS);
    secrets.extend(all.map(|(name, value)| (name, value.to_owned())));
    secrets
}

/// The names of the secrets that a file below `folder` holds.
pub(super) fn secrets_below(folder: &Path, secrets: &[(String, String)]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(secrets_below(&path, secrets)?);
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
            let held = verify::secrets_in(&text, secrets).into_iter();
            found.extend(held.map(|name| format!("{name} in artifact `{}`", path.display())));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_an_artifact() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b"), "x=s3cretvalue\n").unwrap();
        let secrets = [("the key".to_owned(), "s3cretvalue".to_owned())];
        assert_eq!(secrets_below(folder.path(), &secrets).unwrap().len(), 1);
        let other = [("the key".to_owned(), "another".to_owned())];
        assert_eq!(secrets_below(folder.path(), &other).unwrap(), [""; 0]);
    }
}
