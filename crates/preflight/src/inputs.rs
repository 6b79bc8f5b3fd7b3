//! The inputs, checked all at once.

use std::path::PathBuf;

use actions_core::owner::Repository;
use actions_core::runner::common::{CloudflareAccess, GithubAccess, NeonAccess};
use actions_core::runner::worker_secrets::Pack;
use actions_core::runner::{Common, Env, Problems, inputs};
use actions_core::text::quoted_list;
use serde::Deserialize;

use crate::finding::Severity;
use crate::world::World;
use crate::write::Document;

#[derive(Debug, Default, Deserialize)]
struct Raw {
    command: Option<String>,
    check: Option<String>,
    fail_on: Option<String>,
    offline: Option<String>,
    sarif: Option<String>,
    cloudflare_account_id: Option<String>,
    github_token: Option<String>,
    worker_secrets: Option<String>,
    files: Option<String>,
    stdout: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Say what is missing or wrong.
    Check,
    /// Propose a manifest.
    Init,
    /// Write what the team needs: checklists, workflows.
    Write,
}

pub(crate) const COMMANDS: [(&str, Command); 3] = [
    ("check", Command::Check),
    ("init", Command::Init),
    ("write", Command::Write),
];

pub(crate) struct Inputs {
    pub(crate) command: Command,
    /// With `write`: nothing is written, and what is not current fails the run.
    pub(crate) check: bool,
    /// Where the repository is.
    pub(crate) workspace: PathBuf,
    /// The manifest, from the workspace.
    pub(crate) manifest: PathBuf,
    /// The environments to look at; empty: all of the manifest.
    pub(crate) environments: Vec<String>,
    /// From here on a finding fails the run; `None`: none does.
    pub(crate) fail_on: Option<Severity>,
    /// Where the SARIF file goes, as it was named.
    pub(crate) sarif: Option<String>,
    /// The pull request that the run is about.
    pub(crate) pull_request: Option<u64>,
    pub(crate) repository: Repository,
    /// Nothing is asked of a vendor.
    pub(crate) offline: bool,
    /// What `write` writes.
    pub(crate) documents: Vec<Document>,
    /// `init` prints its proposal and writes nothing.
    pub(crate) stdout: bool,
    /// The services' secrets that the step has as one text.
    pub(crate) worker_secrets: Option<Pack>,
    /// Where a token is given.
    pub(crate) cloudflare: Option<CloudflareAccess>,
    pub(crate) neon: Option<NeonAccess>,
    pub(crate) github: Option<GithubAccess>,
    /// Why GitHub is not asked, where it is not.
    pub(crate) no_github: &'static str,
}

const FAIL_ON: [(&str, Option<Severity>); 4] = [
    ("error", Some(Severity::Error)),
    ("warning", Some(Severity::Warning)),
    ("note", Some(Severity::Note)),
    ("never", None),
];

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`actions_core::runner::BadInput`] with every wrong one.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let offline = problems.boolean("offline", raw.offline.as_deref(), false);
        // With a token, the shared inputs would ask which pull request a run is about.
        let asking: Env = env
            .iter()
            .filter(|(name, _)| !(offline && *name == "INPUT_GITHUB_TOKEN"))
            .collect();
        let common = Common::read(&asking, &mut problems).await?;
        // A token alone, as wrangler's users have it in their shell, is none: the area says what it lacks.
        let has_account = raw.cloudflare_account_id.is_some();
        let cloudflare = (common.has_cloudflare() && has_account).then(|| common.cloudflare(&mut problems));
        let neon = common.has_neon().then(|| common.neon(&mut problems));
        let command = problems.choice("command", raw.command.as_deref(), &COMMANDS, Command::Check);
        for (input, given, of, name) in [
            ("check", raw.check.is_some(), Command::Write, "write"),
            ("files", raw.files.is_some(), Command::Write, "write"),
            ("stdout", raw.stdout.is_some(), Command::Init, "init"),
        ] {
            if given && command != of {
                problems.add(
                    input,
                    format!("goes with `command: {name}` alone; on a laptop: `preflight {name}`"),
                );
            }
        }
        let inputs = Self {
            command,
            check: problems.boolean("check", raw.check.as_deref(), false),
            sarif: raw.sarif.map(|path| path.trim().to_owned()),
            workspace: env.workspace(),
            manifest: common.manifest_path(env),
            environments: common.stated_environment().map(str::to_owned).into_iter().collect(),
            fail_on: problems.choice("fail-on", raw.fail_on.as_deref(), &FAIL_ON, Some(Severity::Error)),
            offline,
            pull_request: common.pull_request,
            repository: common.event.identity(),
            documents: documents(raw.files.as_deref(), &mut problems),
            stdout: problems.boolean("stdout", raw.stdout.as_deref(), false),
            worker_secrets: Pack::read(raw.worker_secrets.as_deref(), env, &mut problems),
            cloudflare,
            neon,
            no_github: if raw.github_token.is_some() && common.event.repository.is_none() {
                "nothing says which repository this is: set `GITHUB_REPOSITORY` to `owner/name`"
            } else {
                "no `github-token` is given"
            },
            github: common.github_if_given(),
        };
        problems.finish()?;
        Ok(inputs)
    }
}

/// Looks whether the manifest has the environments that are named.
///
/// # Errors
/// [`actions_core::runner::BadInput`], as of every action that is given such a name.
pub(crate) fn check_environments(world: &World) -> anyhow::Result<()> {
    let Ok(manifest) = &world.manifest else {
        return Ok(());
    };
    let mut problems = Problems::default();
    for (name, problem) in &world.unresolved {
        if !manifest.environments.contains_key(name) {
            problems.add("environment", problem.clone());
        }
    }
    Ok(problems.finish()?)
}

/// The input `files`: all, unless some are named.
fn documents(value: Option<&str>, problems: &mut Problems) -> Vec<Document> {
    let all = Document::NAMES;
    let mut chosen = Vec::new();
    for name in inputs::list(value) {
        if let Some((_, document)) = all.iter().find(|(known, _)| *known == name) {
            chosen.push(*document);
        } else {
            let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
            problems.add("files", format!("`{name}` is none of {}", quoted_list(&known)));
        }
    }
    if chosen.is_empty() {
        chosen = all.map(|(_, document)| document).to_vec();
    }
    chosen
}
