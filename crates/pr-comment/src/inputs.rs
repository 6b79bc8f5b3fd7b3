//! The inputs, checked all at once.

use actions_core::event::Run;
use actions_core::github::{Error, Reader};
use actions_core::owner::Owner;
use actions_core::reports::Report;
use actions_core::runner::common::GithubAccess;
use actions_core::runner::{Common, Env, Problems, Source, Wanted, command, inputs};
use serde::Deserialize;

use crate::deployment::{self, Asked, Phase, Subject};
use crate::{report, sources};
use actions_comment::document::MAIN;
use actions_comment::marker;
use actions_comment::plan::Mode;
use actions_comment::render::{self, Ending, Frame, Job};

#[derive(Debug, Default, Deserialize)]
struct Raw {
    command: Option<String>,
    mode: Option<String>,
    section: Option<String>,
    reports: Option<String>,
    body: Option<String>,
    body_file: Option<String>,
    key: Option<String>,
    title: Option<String>,
    template: Option<String>,
    job_status: Option<String>,
    deployment: Option<String>,
    commit_status: Option<String>,
    environment_url: Option<String>,
    alert_issue: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Upsert,
    /// Before the work.
    Start,
    Delete,
}

const COMMANDS: [(&str, Command); 3] = [
    ("upsert", Command::Upsert),
    ("start", Command::Start),
    ("delete", Command::Delete),
];
const MODES: [(&str, Mode); 5] = [
    ("upsert", Mode::Upsert),
    ("append", Mode::Append),
    ("recreate", Mode::Recreate),
    ("hide-previous", Mode::HidePrevious),
    ("only-update", Mode::OnlyUpdate),
];
/// `job.status` has the first three, `needs.<job>.result` all of them.
const JOBS: [(&str, Job); 4] = [
    ("success", Job::Fine),
    ("failure", Job::Failed),
    ("cancelled", Job::Cancelled),
    ("skipped", Job::Skipped),
];

pub(crate) struct Inputs {
    pub(crate) command: Command,
    pub(crate) github: GithubAccess,
    /// `None`: only the environment itself is told of.
    pub(crate) pull_request: Option<u64>,
    pub(crate) key: String,
    pub(crate) mode: Mode,
    /// [`MAIN`] when the whole comment is meant.
    pub(crate) section: String,
    pub(crate) run: Option<Run>,
    pub(crate) reports: Vec<Report>,
    pub(crate) frame: Frame,
    /// The user's own look.
    pub(crate) template: Option<String>,
    pub(crate) dry_run: bool,
    /// The token of such a run can only read, whatever `permissions:` says.
    pub(crate) reads_only: bool,
    /// What could not be found out about the commit.
    pub(crate) unknown: Option<String>,
    /// What GitHub is to show of the environment, beside the comment.
    pub(crate) asked: Asked,
    /// Whether an issue is open as long as the environment cannot be deployed.
    pub(crate) alert_issue: bool,
}

impl Inputs {
    /// Access to GitHub.
    ///
    /// # Errors
    /// A token or URL that cannot be used.
    pub(crate) fn reader(&self) -> Result<Reader, Error> {
        self.github.reader(actions_core::http::client().map_err(Error::Client)?)
    }

    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`actions_core::runner::BadInput`] with every wrong one.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems).await?;
        let command = problems.choice("command", raw.command.as_deref(), &COMMANDS, Command::Upsert);
        let mode = problems.choice("mode", raw.mode.as_deref(), &MODES, Mode::Upsert);
        let section = raw.section.as_deref().map_or(MAIN, str::trim).to_owned();
        if section != MAIN && !marker::is_key(&section) {
            problems.add("section", report::bad_key(&section));
        }
        let github = common.github(&mut problems);
        let deployment = problems.boolean("deployment", raw.deployment.as_deref(), false);
        let commit_status = problems.boolean("commit-status", raw.commit_status.as_deref(), false);
        let alert_issue = problems.boolean("alert-issue", raw.alert_issue.as_deref(), false);
        let alone = (deployment || commit_status || alert_issue) && common.unknown_pull_request().is_none();
        if common.pull_request.is_none() && !alone {
            problems.add(
                "pull-request",
                common.unknown_pull_request().unwrap_or(report::NO_PULL_REQUEST),
            );
        }
        let with_body = raw.body.is_some() || raw.body_file.is_some();
        let mut wrong = Problems::default();
        let reports = match raw.reports.as_deref().map(str::trim) {
            // A body alone is a comment of its own, whatever the job did before.
            None if with_body => Vec::new(),
            None | Some(report::OF_JOB) => sources::of_job(env),
            Some(text) => sources::given(text, &mut wrong),
        };
        let unreadable = !wrong.is_empty();
        problems.extend(wrong);
        let body = sources::body(raw.body, raw.body_file.as_deref(), env, &mut problems);
        let template = sources::template(raw.template.as_deref(), env, &mut problems);
        let job = problems.choice("job-status", raw.job_status.as_deref(), &JOBS, Job::Fine);
        // When an early step fails, no action has a report: that is worth telling, not a mistake.
        let nothing = reports.is_empty() && !unreadable && !with_body && job == Job::Fine;
        // An environment of its own can be told of by the job alone.
        let needless = common.pull_request.is_none() && alone;
        if command == Command::Upsert && nothing && !needless {
            problems.add("reports", report::NOTHING_TO_SAY);
        }
        let environment = common.owner("").environment;
        let told = Told::of(&common, env);
        let owner = owner(&common, told.project.as_deref(), &reports);
        if needless && owner.is_none() {
            problems.add("environment", deployment::report::NEEDS_ENVIRONMENT);
        }
        let owner = owner.unwrap_or_else(|| common.owner(told.project.as_deref().unwrap_or_default()));
        let key = key(raw.key.as_deref(), &owner, &mut problems);
        let url = url(
            raw.environment_url.as_deref(),
            &reports,
            told.front.as_deref(),
            &mut problems,
        );
        let run = common.event.run();
        problems.finish()?;
        // A comment that goes, or says what the user says, names no commit: a round trip less.
        let own = with_body && reports.is_empty() && template.is_none() && !deployment && !commit_status;
        let source = commit(&common, command != Command::Delete && !own).await;
        Ok(Self {
            command,
            github,
            pull_request: common.pull_request,
            mode,
            section,
            run,
            asked: Asked {
                subject: Subject {
                    owner,
                    sha: source.commit.clone(),
                    run,
                    url,
                    log_url: env.run_url().unwrap_or_default(),
                    before: common.event.before.clone(),
                },
                deployment,
                commit_status: commit_status.then(|| key.clone()),
                phase: phase(command, &reports, job),
                dry_run: common.dry_run,
                reads_only: common.event.withheld().is_some(),
            },
            key,
            reports,
            frame: Frame {
                title: raw.title.map(|title| title.trim().to_owned()),
                environment,
                sha: source.commit,
                repository_url: env.repository_url(),
                run_url: env.run_url(),
                job,
                front: told.front,
                body,
            },
            template,
            dry_run: common.dry_run,
            reads_only: common.event.withheld().is_some(),
            unknown: source.unknown,
            alert_issue,
        })
    }
}

/// The pull request's commit, where it is `told`.
async fn commit(common: &Common, told: bool) -> Source {
    if told {
        common.inquire(common.pull_request, Wanted::Commit).source().await
    } else {
        Source::default()
    }
}

/// What a deployment is to say; `None`: it goes.
fn phase(command: Command, reports: &[Report], job: Job) -> Option<Phase> {
    match command {
        Command::Start => Some(Phase::Begin),
        Command::Upsert => Some(Phase::End(Ending::of(reports, job))),
        Command::Delete => None,
    }
}

/// Whose environment it is: by the reports, else by the input; `None` where nobody says which.
fn owner(common: &Common, project: Option<&str>, reports: &[Report]) -> Option<Owner> {
    let mut named = reports.iter().map(|report| report.head().environment.as_str());
    let named = named.find(|name| !name.is_empty());
    let owner = common.owner(project.unwrap_or_default());
    let environment = named.or_else(|| common.stated_environment())?.to_owned();
    Some(Owner { environment, ..owner })
}

/// Where the environment is: as it is said, else as the comment's door says it.
fn url(given: Option<&str>, reports: &[Report], front: Option<&str>, problems: &mut Problems) -> String {
    let Some(given) = given.map(str::trim) else {
        return render::address(reports, front).unwrap_or_default();
    };
    if !render::is_address(given) {
        problems.add("environment-url", deployment::report::bad_url(given));
    }
    given.to_owned()
}

/// What the manifest tells of the comment.
#[derive(Default)]
struct Told {
    project: Option<String>,
    front: Option<String>,
}

impl Told {
    /// Other actions fail at a manifest that is wrong, and the comment is to tell that.
    fn of(common: &Common, env: &Env) -> Self {
        if !common.has_manifest(env) {
            return Self::default();
        }
        let mut wrong = Problems::default();
        let project = common.manifest(env, &mut wrong).map(|manifest| manifest.project);
        if let Err(wrong) = wrong.finish() {
            command::warning("pr-comment", &report::manifest_is_wrong(&wrong.to_string()));
        }
        match project {
            Some(project) => Self {
                project: Some(project.name),
                front: project.front,
            },
            None => Self {
                project: sources::project_name(&common.manifest_path(env)),
                front: None,
            },
        }
    }
}

/// The key of the comment: `project/environment` by the manifest, else the environment.
fn key(given: Option<&str>, owner: &Owner, problems: &mut Problems) -> String {
    if let Some(key) = given.map(str::trim) {
        if !marker::is_key(key) {
            problems.add("key", report::bad_key(key));
        }
        return key.to_owned();
    }
    match owner.project.as_str() {
        "" => marker::key_of(&owner.environment),
        project => marker::key_of(&format!("{project}/{}", owner.environment)),
    }
}
