//! One run of an action's binary, with the environment that a runner would give it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use step::{ActionYml, Files, Job, Log, Step, Way};
use tokio::process::{Child, Command};

use crate::world::World;
use crate::{ids, tokens};

/// No action waits longer in a story; one that does hangs.
const LONGEST_RUN: Duration = Duration::from_mins(2);

/// A run that is being described.
pub struct Start<'w> {
    world: &'w World,
    action: ActionYml,
    job: Job,
    inputs: BTreeMap<String, String>,
    env: BTreeMap<String, String>,
    way: Way,
    unprivileged: bool,
}

impl<'w> Start<'w> {
    pub(crate) fn new(world: &'w World, action: &str) -> Self {
        let actions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../actions");
        let action = ActionYml::read(&actions, action).unwrap_or_else(|error| panic!("{error:#}"));
        let given = [
            ("cloudflare-api-token", tokens::CLOUDFLARE),
            ("cloudflare-account-id", ids::ACCOUNT),
            ("cloudflare-api-url", &world.cloud.cloudflare),
            ("neon-api-key", tokens::NEON),
            ("neon-project-id", ids::NEON_PROJECT),
            ("neon-api-url", &world.cloud.neon),
        ];
        let has = |(name, _): &(&str, &str)| action.inputs().contains_key(*name);
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let job = ids::pull_request()
            .job()
            .token(tokens::GITHUB)
            .set("GITHUB_API_URL", &world.cloud.github)
            .set("GITHUB_EVENT_PATH", text(&world.directory().join("event.json")))
            .set("GITHUB_RUN_ID", "1001")
            .set("GITHUB_SHA", "5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1")
            .set("GITHUB_WORKSPACE", text(&world.workspace()))
            .set("HOME", text(world.directory()));
        Self {
            world,
            // Of these an action is given what it has.
            inputs: given.into_iter().filter(has).map(owned).collect(),
            action,
            job,
            env: BTreeMap::new(),
            way: Way::Binary,
            unprivileged: false,
        }
    }

    /// Sets an input, by the name that a workflow writes.
    #[must_use]
    pub fn input(mut self, name: &str, value: impl Into<String>) -> Self {
        self.inputs.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves out one of the inputs that every run is given (the three tokens, ids and URLs): as a workflow does that
    /// gives nothing for it, or, where action.yml has a default, that gives nothing on purpose.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.inputs.remove(name);
        let declared = self.action.inputs().get(name);
        if declared.is_some_and(|input| !input.default.is_empty()) {
            self.inputs.insert(name.to_owned(), String::new());
        }
        self
    }

    /// Sets a variable: of the step's environment, or `GITHUB_…`, where it tells of another event.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// Runs what the action.yml's `run:` says, in the shell that a runner starts for a step: signals go there.
    #[must_use]
    pub fn as_step(mut self) -> Self {
        self.way = Way::Shell;
        self
    }

    /// Runs as a user that is not root, as on a hosted runner: as [`NOBODY`], to whom everything of the world is given,
    /// where the story is root's.
    #[must_use]
    pub fn unprivileged(mut self) -> Self {
        self.unprivileged = true;
        self
    }

    /// As an event without a pull request would start it: a push to `main`.
    #[must_use]
    pub fn on_push(self) -> Self {
        let empty = self.world.directory().join("push.json");
        std::fs::write(
            &empty,
            format!(r#"{{"repository":{{"id":1296269,"full_name":"{}"}}}}"#, ids::REPOSITORY),
        )
        .unwrap();
        let mut push = self
            .env("GITHUB_EVENT_NAME", "push")
            .env("GITHUB_REF", "refs/heads/main")
            .env("GITHUB_REF_NAME", "main")
            .env("GITHUB_EVENT_PATH", text(&empty));
        push.job = push.job.unset("GITHUB_HEAD_REF").unset("GITHUB_BASE_REF");
        push
    }

    /// Runs to the end.
    pub async fn go(self) -> Run {
        self.start().wait().await
    }

    /// Starts, for what happens meanwhile (a signal, say).
    pub fn start(self) -> Started {
        static RUNS: AtomicU32 = AtomicU32::new(1);
        let directory = self
            .world
            .directory()
            .join(format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed)));
        let temp = directory.join("temp");
        std::fs::create_dir_all(&temp).unwrap();
        let files = Files::create(&directory).unwrap();
        let create = |name: &str| File::create(directory.join(name)).unwrap();
        let job = self.job.set("RUNNER_TEMP", text(&temp));
        let set = |job: Job, (name, value): (&String, &String)| job.set(name, value);
        let step = Step {
            action: &self.action,
            job: &self.env.iter().fold(job, set),
            binaries: &binaries(self.action.action()),
            way: self.way,
        };
        let command = step.command(&self.inputs, &files);
        let mut command = Command::from(command.unwrap_or_else(|error| panic!("{error:#}")));
        if self.unprivileged && is_root() {
            give_away(self.world.directory());
            command.uid(NOBODY).gid(NOBODY);
        }
        let child = command
            .stdout(create("stdout"))
            .stderr(create("stderr"))
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Started {
            child,
            directory,
            files,
            action: self.action,
            began: Instant::now(),
        }
    }
}

/// The user of unprivileged runs, where the story is root's.
pub const NOBODY: u32 = 65_534;

/// Whether the story runs as root, for whom `/proc` has no secrets.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

/// Gives a folder and all that is in it to [`NOBODY`].
fn give_away(path: &Path) {
    std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        for entry in std::fs::read_dir(path).unwrap() {
            give_away(&entry.unwrap().path());
        }
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Where the built binaries are: in `CODEX_ACTIONS_BIN_DIR`, else beside the test executable's directory.
fn binaries(action: &str) -> PathBuf {
    let directory = std::env::var_os("CODEX_ACTIONS_BIN_DIR").map_or_else(
        || {
            let test = std::env::current_exe().unwrap();
            test.ancestors().nth(2).unwrap().to_path_buf()
        },
        PathBuf::from,
    );
    let binary = directory.join(action);
    assert!(
        binary.is_file(),
        "`{}` is not built; run `cargo build --bins` first",
        binary.display()
    );
    directory
}

/// A run under way.
pub struct Started {
    child: Child,
    directory: PathBuf,
    files: Files,
    action: ActionYml,
    began: Instant,
}

impl Started {
    /// Waits until the run has printed `text`.
    pub async fn printed(&mut self, text: &str) {
        loop {
            let printed = read(&self.directory.join("stdout"));
            if printed.contains(text) {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "{} ended ({ended:?}) before it printed {text:?}:\n{printed}",
                self.action.action()
            );
            assert!(
                self.began.elapsed() < LONGEST_RUN,
                "{} has not printed {text:?}:\n{printed}",
                self.action.action()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends a signal: `INT`, `TERM`, `KILL`.
    pub async fn signal(&self, signal: &str) {
        let pid = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits for the end, and reads what the run left behind.
    pub async fn wait(mut self) -> Run {
        let path = |name: &str| self.directory.join(name);
        let Ok(status) = tokio::time::timeout(LONGEST_RUN, self.child.wait()).await else {
            panic!(
                "{} hangs; it printed:\n{}{}",
                self.action.action(),
                read(&path("stdout")),
                read(&path("stderr"))
            );
        };
        let left = self.files.left().unwrap_or_else(|error| panic!("{error:#}"));
        let outputs = self
            .action
            .made(&left.outputs)
            .unwrap_or_else(|error| panic!("{error:#}"));
        let report = outputs
            .get("report")
            .map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
        Run {
            // A run that a signal killed has no code; shells say 128 + n, we only say that it is none of ours.
            code: status.unwrap().code().unwrap_or(-1),
            stdout: read(&path("stdout")),
            stderr: read(&path("stderr")),
            summary: left.summary,
            outputs,
            report,
            time: self.began.elapsed(),
        }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// What a run left behind.
pub struct Run {
    /// The exit status; -1 when a signal ended the run.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// The action's outputs, as its action.yml makes them.
    pub outputs: BTreeMap<String, String>,
    /// `GITHUB_STEP_SUMMARY`.
    pub summary: String,
    /// The output `report`; null when there is none.
    pub report: Value,
    pub time: Duration,
}

impl Run {
    /// An output, or "" when it was not set (as `${{ steps.x.outputs.y }}` reads).
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// The text of the one error annotation; "" when there is none.
    pub fn error(&self) -> String {
        let annotations = Log::read(&self.stdout).annotations.into_iter();
        let mut errors = annotations.filter(|annotation| annotation.level == "error");
        let error = errors.next().map_or(String::new(), |error| error.message);
        assert!(
            errors.next().is_none(),
            "more than one error annotation:\n{}",
            self.stdout
        );
        error
    }

    /// The values that the run told the runner to hide.
    pub fn masks(&self) -> Vec<String> {
        Log::read(&self.stdout).masks
    }

    /// The log as a person sees it: without the mask commands.
    pub fn log(&self) -> String {
        format!("{}{}", Log::read(&self.stdout).shown, self.stderr)
    }

    /// Fails when a token, or anything that was masked, stands in the log, the summary or the report; and when a
    /// value was masked only after it had been written.
    #[track_caller]
    pub fn assert_no_secret_leaks(&self) {
        let report = self.report.to_string();
        let log = self.log();
        let given = [tokens::CLOUDFLARE, tokens::NEON, tokens::GITHUB].map(str::to_owned);
        for secret in self.masks().iter().chain(&given) {
            for (place, text) in [("log", &log), ("summary", &self.summary), ("report", &report)] {
                assert!(
                    !text.contains(secret.as_str()),
                    "a secret ({} characters) stands in the {place}:\n{text}",
                    secret.len()
                );
            }
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exit status {} after {:.1} s\n--- log\n{}--- report\n{:#}",
            self.code,
            self.time.as_secs_f64(),
            self.log(),
            self.report
        )
    }
}
