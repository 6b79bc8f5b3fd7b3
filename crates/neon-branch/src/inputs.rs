//! The inputs, checked all at once.

mod values;

use std::path::PathBuf;
use std::time::Duration;

use actions_core::event::Event;
use actions_core::manifest::OnLimit;
use actions_core::neon::annotation::Origin;
use actions_core::neon::connection::Login;
use actions_core::neon::{Compute, Point};
use actions_core::runner::common::NeonAccess;
use actions_core::runner::{Common, Env, Inquiry, Problems, Source, Wanted, inputs};
use jiff::Timestamp;
use serde::Deserialize;

use crate::subject::Subject;

/// A copy that `run` could not delete is gone by then.
const LIFE_OF_A_COPY: Duration = Duration::from_hours(1);
/// Restore points kept per branch.
const CHECKPOINTS: u64 = 5;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Raw {
    command: Option<String>,
    pub(crate) branch: Option<String>,
    pub(crate) environment: Option<String>,
    parent: Option<String>,
    parent_timestamp: Option<String>,
    parent_lsn: Option<String>,
    schema_only: Option<String>,
    expires: Option<String>,
    role: Option<String>,
    database: Option<String>,
    compute: Option<String>,
    suspend_timeout: Option<String>,
    run: Option<String>,
    working_directory: Option<String>,
    keep: Option<String>,
    preserve_under_name: Option<String>,
    migrated_in_attempt: Option<String>,
    on_limit: Option<String>,
    force_foreign: Option<String>,
    pub(crate) owner: Option<String>,
    wait: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Create,
    Get,
    Delete,
    Reset,
    Restore,
    Checkpoint,
    Run,
    Migrate,
    Diff,
}

impl Command {
    const ALL: [(&'static str, Self); 9] = [
        ("create", Self::Create),
        ("get", Self::Get),
        ("delete", Self::Delete),
        ("reset", Self::Reset),
        ("restore", Self::Restore),
        ("checkpoint", Self::Checkpoint),
        ("run", Self::Run),
        ("migrate", Self::Migrate),
        ("diff", Self::Diff),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, command)| *command == self)
            .map_or("", |(name, _)| *name)
    }
}

/// How long a branch lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Nothing was said: what is, stays.
    Unsaid,
    For(Duration),
    /// `expires: never`
    Endless,
}

/// A point to go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Moment {
    Fixed(Point),
    /// So long before now, and when that was.
    Ago(Duration, Timestamp),
}

impl Moment {
    pub(crate) fn point(&self) -> Point {
        match self {
            Self::Fixed(point) => point.clone(),
            Self::Ago(_, at) => Point::Timestamp(*at),
        }
    }
}

pub(crate) struct Inputs {
    pub(crate) command: Command,
    pub(crate) dry_run: bool,
    pub(crate) access: NeonAccess,
    pub(crate) event: Event,
    /// The pull request and the commit that the run is about.
    pub(crate) inquiry: Inquiry,
    pub(crate) subject: Subject,
    /// Name or id of the branch to copy, reset to, or restore from.
    pub(crate) parent: Option<String>,
    pub(crate) moment: Option<Moment>,
    /// The same as a point.
    pub(crate) point: Option<Point>,
    pub(crate) schema_only: bool,
    pub(crate) life: Life,
    pub(crate) login: Login,
    pub(crate) compute: Option<Compute>,
    pub(crate) suspend_timeout: Option<i64>,
    /// The command of `run` and `migrate`.
    pub(crate) script: String,
    pub(crate) working_directory: PathBuf,
    pub(crate) keep: usize,
    pub(crate) preserve: Option<String>,
    /// The attempt of this workflow run that has migrated the branch: what has put it back since counts.
    pub(crate) migrated_in: Option<u64>,
    pub(crate) on_limit: OnLimit,
    pub(crate) force_foreign: bool,
    /// How long somebody is given to log in; unset: nobody tries.
    pub(crate) wait: Option<Duration>,
}

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// Every wrong one, told at once.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let p = &mut problems;
        let common = Common::read(env, p).await?;
        let command = command(&raw, p);
        let access = common.neon(p);
        let from_manifest = Subject::read(env, &raw, &common, command, p);
        let text = |value: &Option<String>| value.as_deref().map(|text| text.trim().to_owned());
        let database = from_manifest.database.as_ref();
        let either = |given: &Option<String>, manifests: Option<&String>, default: &str| {
            text(given).unwrap_or_else(|| manifests.map_or(default, String::as_str).to_owned())
        };
        let login = Login {
            role: either(&raw.role, database.map(|d| &d.role), "neondb_owner"),
            database: either(&raw.database, database.map(|d| &d.name), "neondb"),
        };
        let mut life = values::life(raw.expires.as_deref(), p);
        if life == Life::Unsaid {
            life = match command {
                Command::Create | Command::Reset => from_manifest.expires.map_or(Life::Unsaid, Life::For),
                Command::Run => Life::For(LIFE_OF_A_COPY),
                _ => Life::Unsaid,
            };
        }
        if command == Command::Run && life == Life::Endless {
            p.add(
                "expires",
                "`never`: a copy that could not be deleted has to go by itself; give a duration, such as `1h`",
            );
        }
        let script = text(&raw.run).or_else(|| database.and_then(|database| database.migrate.clone()));
        let script = script.unwrap_or_default();
        if matches!(command, Command::Run | Command::Migrate) && script.is_empty() {
            p.add(
                "run",
                "missing; give the command to run, such as `npm run db:migrate`, or `[database] migrate` in the manifest",
            );
        }
        let parent = text(&raw.parent).or_else(|| match command {
            // A reset goes to the branch's own parent, a restore to its own past, a diff is against the own parent.
            Command::Create | Command::Run => database.map(|d| d.parent.clone()),
            _ => None,
        });
        let moment = values::point(&raw, p);
        if command == Command::Restore && parent.is_none() && moment.is_none() {
            p.add(
                "parent-timestamp",
                "missing; to restore a branch to its own past, give a time, or `parent-lsn`; to restore it from another branch, give `parent`",
            );
        }
        let keep = p.number("keep", raw.keep.as_deref()).unwrap_or(CHECKPOINTS);
        if keep == 0 {
            p.add("keep", "`0` would delete the restore point just made; give `1` or more");
        }
        let limits = [("fail", OnLimit::Fail), ("evict-oldest", OnLimit::EvictOldest)];
        let working_directory = match text(&raw.working_directory) {
            Some(path) => env.in_workspace(path),
            None => from_manifest.root.clone().unwrap_or_else(|| env.workspace()),
        };
        let wanted = if command == Command::Create && from_manifest.is_pull_requests() {
            Wanted::CommitAndOpen
        } else {
            Wanted::Commit
        };
        let inputs = Self {
            inquiry: common.inquire(from_manifest.owner.pull_request, wanted),
            command,
            dry_run: common.dry_run,
            access,
            parent,
            point: moment.as_ref().map(Moment::point),
            moment,
            schema_only: p.boolean("schema-only", raw.schema_only.as_deref(), false),
            life,
            login,
            compute: values::compute(raw.compute.as_deref(), p),
            suspend_timeout: values::suspend_timeout(raw.suspend_timeout.as_deref(), p),
            script,
            working_directory,
            keep: usize::try_from(keep).unwrap_or(usize::MAX),
            preserve: text(&raw.preserve_under_name).map(|name| actions_core::naming::branch(&name)),
            migrated_in: p.number("migrated-in-attempt", raw.migrated_in_attempt.as_deref()),
            on_limit: p.choice("on-limit", raw.on_limit.as_deref(), &limits, OnLimit::Fail),
            force_foreign: p.boolean("force-foreign", raw.force_foreign.as_deref(), false),
            wait: values::wait(raw.wait.as_deref(), p),
            subject: from_manifest,
            event: common.event,
        };
        problems.finish()?;
        Ok(inputs)
    }

    /// What a branch made now is made from.
    pub(crate) fn origin(&self, source: &Source) -> Origin {
        let run = self.event.run_id.as_ref().map(|run| {
            let attempt = self.event.run_attempt.as_deref().unwrap_or("1");
            format!("{run}/{attempt}")
        });
        Origin {
            sha: source.commit.clone(),
            head_ref: source.head_ref.clone(),
            run,
        }
    }
}

fn command(raw: &Raw, problems: &mut Problems) -> Command {
    if raw.command.is_none() {
        let names: Vec<&str> = Command::ALL.iter().map(|(name, _)| *name).collect();
        let known = actions_core::text::quoted_list(&names);
        problems.add("command", format!("missing; it is one of {known}"));
    }
    problems.choice("command", raw.command.as_deref(), &Command::ALL, Command::Get)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// What needs no request is read at once.
    fn read_env(env: &Env) -> anyhow::Result<Inputs> {
        Inputs::read(env).now_or_never().unwrap()
    }

    fn read(more: &[(&str, &str)]) -> anyhow::Result<Inputs> {
        let base = [
            ("INPUT_NEON_API_KEY", "neon-key-for-tests"),
            ("INPUT_NEON_PROJECT_ID", "quiet-river-12345678"),
            ("GITHUB_REPOSITORY", "acme/app"),
            ("GITHUB_WORKSPACE", "/nowhere"),
        ];
        read_env(&base.iter().chain(more).copied().collect())
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let error = read_env(
            &[
                ("INPUT_COMMAND", "chekpoint"),
                ("INPUT_EXPIRES", "31d"),
                ("INPUT_PARENT_TIMESTAMP", "yesterday"),
                ("INPUT_PARENT_LSN", "12"),
                ("INPUT_COMPUTE", "0.1"),
                ("INPUT_SUSPEND_TIMEOUT", "5s"),
                ("INPUT_KEEP", "0"),
                ("INPUT_ON_LIMIT", "evict"),
                ("INPUT_WAIT", "no"),
                ("GITHUB_WORKSPACE", "/nowhere"),
            ]
            .into_iter()
            .collect(),
        )
        .err()
        .unwrap();
        insta::assert_snapshot!(error, @"
        12 inputs are wrong; nothing was touched
        - `command`: `chekpoint` is none of `create`, `get`, `delete`, `reset`, `restore`, `checkpoint`, `run`, `migrate` and `diff`; did you mean `checkpoint`?
        - `neon-project-id`: missing; pass `neon-project-id: ${{ vars.NEON_PROJECT_ID }}`
        - `neon-api-key`: missing; pass `neon-api-key: ${{ secrets.NEON_API_KEY }}`
        - `branch`: missing; outside a pull request, name the branch
        - `expires`: Neon allows at most `30d`; `never` lets a branch live until it is deleted
        - `parent-lsn`: `parent-timestamp` names a point, too; give one of them
        - `parent-timestamp`: `yesterday` is neither a time with its zone, such as `2026-01-31T09:30:00Z`, nor how long ago, such as `30m`
        - `keep`: `0` would delete the restore point just made; give `1` or more
        - `compute`: `0.1` is no size in compute units, such as `0.25`, or a range such as `0.25-2`
        - `suspend-timeout`: Neon allows from `60s` to `7d`, or `never`
        - `on-limit`: `evict` is none of `fail` and `evict-oldest`
        - `wait`: `no` is neither `true`, `false` nor a duration from `1s` to `10m`, such as `3m`
        ");
    }

    #[test]
    fn without_a_manifest_a_pull_request_has_a_name() {
        let inputs = read(&[("INPUT_COMMAND", "create"), ("INPUT_PULL_REQUEST", "42")]).unwrap();
        assert_eq!(inputs.subject.name(), "preview-pr-42");
        assert_eq!(
            (inputs.login.role.as_str(), inputs.life),
            ("neondb_owner", Life::Unsaid)
        );
        assert!(inputs.wait.is_some() && inputs.parent.is_none());
        let error = read(&[("INPUT_COMMAND", "create")]).err().unwrap();
        insta::assert_snapshot!(error, @"
        one input is wrong; nothing was touched
        - `branch`: missing; outside a pull request, name the branch
        ");
    }

    #[test]
    fn values_are_read_as_users_write_them() {
        let inputs = read(&[
            ("INPUT_COMMAND", "create"),
            ("INPUT_BRANCH", "feat/#12 fix"),
            ("INPUT_COMPUTE", "0.25-2"),
            ("INPUT_SUSPEND_TIMEOUT", "never"),
            ("INPUT_PARENT_LSN", "0/1A2B3C8"),
            ("INPUT_EXPIRES", "never"),
        ])
        .unwrap();
        assert!(
            inputs.subject.name().starts_with("feat/-12-fix-"),
            "{}",
            inputs.subject.name()
        );
        assert_eq!(inputs.compute, Some(Compute { min: 0.25, max: 2.0 }));
        assert_eq!((inputs.suspend_timeout, inputs.life), (Some(-1), Life::Endless));
        assert_eq!(inputs.point, Some(Point::Lsn("0/1A2B3C8".to_owned())));
        let inputs = read(&[
            ("INPUT_COMMAND", "restore"),
            ("INPUT_BRANCH", "dev"),
            ("INPUT_PARENT_TIMESTAMP", "30m"),
        ])
        .unwrap();
        let Some(Point::Timestamp(at)) = inputs.point else {
            panic!("no time");
        };
        let ago = Timestamp::now().duration_since(at).as_secs();
        assert!((1795..=1805).contains(&ago), "{ago}");
    }

    #[test]
    fn a_restore_needs_a_point_or_a_source() {
        let error = read(&[("INPUT_COMMAND", "restore"), ("INPUT_BRANCH", "dev")])
            .err()
            .unwrap();
        assert!(error.to_string().contains("`parent-timestamp`: missing"), "{error}");
        assert!(
            read(&[
                ("INPUT_COMMAND", "restore"),
                ("INPUT_BRANCH", "dev"),
                ("INPUT_PARENT", "backup")
            ])
            .is_ok()
        );
    }

    const MANIFEST: &str = r#"
        [project]
        name = "codex"
        zone = "example.com"
        [database]
        parent = "main"
        name = "app"
        migrate = "npm run db:migrate"
        [environments.preview]
        hostname = "{subdomain}-preview-{pr}"
        worker = "{worker}-preview-{pr}"
        branch = "preview-pr-{pr}"
        expires = "7d"
        [environments.production]
        [services.api]
        path = "api"
    "#;

    /// With the manifest above in the workspace.
    fn with_manifest(more: &[(&str, &str)]) -> anyhow::Result<Inputs> {
        let workspace = std::env::temp_dir().join(format!("neon-branch-{}-{:p}", std::process::id(), more));
        std::fs::create_dir_all(&workspace).unwrap();
        std::fs::write(workspace.join("codex.toml"), MANIFEST).unwrap();
        let path = workspace.display().to_string();
        let inputs = read(&[more, &[("GITHUB_WORKSPACE", path.as_str())]].concat());
        std::fs::remove_dir_all(&workspace).unwrap();
        inputs
    }

    #[test]
    fn the_manifest_says_what_the_inputs_do_not() {
        let preview = with_manifest(&[("INPUT_COMMAND", "create"), ("INPUT_PULL_REQUEST", "42")]).unwrap();
        assert_eq!(preview.subject.name(), "preview-pr-42");
        assert_eq!(
            (preview.parent.as_deref(), preview.login.database.as_str()),
            (Some("main"), "app")
        );
        assert_eq!(preview.life, Life::For(Duration::from_hours(168)));

        let dry_run = with_manifest(&[("INPUT_COMMAND", "run")]).unwrap();
        assert_eq!(
            (dry_run.script.as_str(), dry_run.parent.as_deref()),
            ("npm run db:migrate", Some("main"))
        );
        assert_eq!(dry_run.life, Life::For(LIFE_OF_A_COPY));

        let checkpoint = with_manifest(&[("INPUT_COMMAND", "checkpoint")]).unwrap();
        assert_eq!(checkpoint.subject.names(), ["main"]);
        let nightly = with_manifest(&[("INPUT_COMMAND", "reset"), ("INPUT_BRANCH", "staging")]).unwrap();
        assert_eq!(
            (nightly.subject.names(), nightly.parent),
            (vec!["staging".to_owned()], None)
        );
    }

    #[test]
    fn production_has_no_branch_to_make() {
        let error = with_manifest(&[("INPUT_COMMAND", "create"), ("INPUT_ENVIRONMENT", "production")]);
        insta::assert_snapshot!(error.err().unwrap(), @"
        one input is wrong; nothing was touched
        - `environment`: `production` has no branch of its own, it uses `main` itself; give it a `branch` in the manifest, or name the input `branch`
        ");
        let get = with_manifest(&[("INPUT_COMMAND", "get"), ("INPUT_ENVIRONMENT", "production")]).unwrap();
        assert_eq!(get.subject.name(), "main");
        let error = with_manifest(&[("INPUT_COMMAND", "create")]).err().unwrap().to_string();
        assert!(error.contains("`environment`: missing"), "{error}");
    }
}
