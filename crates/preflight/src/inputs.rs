//! The inputs, checked all at once.

use std::path::PathBuf;

use actions_core::owner::Repository;
use actions_core::runner::common::{CloudflareAccess, GithubAccess, NeonAccess};
use actions_core::runner::worker_secrets::Pack;
use actions_core::runner::{Common, Env, Problems, inputs};
use actions_core::text::quoted_list;
use serde::Deserialize;

use crate::finding::Severity;
use crate::write::Document;

#[derive(Debug, Default, Deserialize)]
struct Raw {
    fail_on: Option<String>,
    offline: Option<String>,
    worker_secrets: Option<String>,
    files: Option<String>,
    check: Option<String>,
    stdout: Option<String>,
}

pub(crate) struct Inputs {
    /// Where the repository is.
    pub(crate) workspace: PathBuf,
    /// The manifest, from the workspace.
    pub(crate) manifest: PathBuf,
    /// The environments to look at; empty: all of the manifest.
    pub(crate) environments: Vec<String>,
    /// From here on a finding fails the run.
    pub(crate) fail_on: Severity,
    /// The pull request that the run is about.
    pub(crate) pull_request: Option<u64>,
    pub(crate) repository: Repository,
    /// Nothing is asked of a vendor.
    pub(crate) offline: bool,
    /// What `write` writes.
    pub(crate) documents: Vec<Document>,
    /// `write` only says what differs.
    pub(crate) check: bool,
    /// `init` prints its proposal and writes nothing.
    pub(crate) stdout: bool,
    /// The services' secrets that the step has as one text.
    pub(crate) worker_secrets: Option<Pack>,
    /// Where a token is given.
    pub(crate) cloudflare: Option<CloudflareAccess>,
    pub(crate) neon: Option<NeonAccess>,
    pub(crate) github: Option<GithubAccess>,
}

const FAIL_ON: [(&str, Severity); 3] = [
    ("error", Severity::Error),
    ("warning", Severity::Warning),
    ("note", Severity::Note),
];

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`actions_core::runner::BadInput`] with every wrong one.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems).await?;
        let cloudflare = common.has_cloudflare().then(|| common.cloudflare(&mut problems));
        let neon = common.has_neon().then(|| common.neon(&mut problems));
        let inputs = Self {
            workspace: env.workspace(),
            manifest: common.manifest_path(env),
            environments: common.stated_environment().map(str::to_owned).into_iter().collect(),
            fail_on: problems.choice("fail-on", raw.fail_on.as_deref(), &FAIL_ON, Severity::Error),
            offline: problems.boolean("offline", raw.offline.as_deref(), false),
            pull_request: common.pull_request,
            repository: common.event.identity(),
            documents: documents(raw.files.as_deref(), &mut problems),
            check: problems.boolean("check", raw.check.as_deref(), false),
            stdout: problems.boolean("stdout", raw.stdout.as_deref(), false),
            worker_secrets: Pack::read(raw.worker_secrets.as_deref(), env, &mut problems),
            cloudflare,
            neon,
            github: common.github_if_given(),
        };
        problems.finish()?;
        Ok(inputs)
    }
}

/// The input `files`: all, unless some are named.
fn documents(value: Option<&str>, problems: &mut Problems) -> Vec<Document> {
    let all = Document::NAMES;
    let mut chosen = Vec::new();
    for name in inputs::list(value) {
        match all.iter().find(|(known, _)| *known == name) {
            Some((_, document)) => chosen.push(*document),
            None => {
                let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
                problems.add("files", format!("`{name}` is none of {}", quoted_list(&known)));
            }
        }
    }
    if chosen.is_empty() {
        chosen = all.map(|(_, document)| document).to_vec();
    }
    chosen
}
