//! One run of an action's binary, with the environment that a runner would give it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::world::World;
use crate::{ids, tokens};

/// No action waits longer in a story; one that does hangs.
const LONGEST_RUN: Duration = Duration::from_mins(2);

/// A run that is being described.
pub struct Start<'w> {
    world: &'w World,
    action: &'static str,
    inputs: BTreeMap<String, String>,
    env: BTreeMap<String, String>,
    as_step: bool,
    unprivileged: bool,
}

impl<'w> Start<'w> {
    pub(crate) fn new(world: &'w World, action: &'static str) -> Self {
        let inputs = [
            ("cloudflare-api-token", tokens::CLOUDFLARE),
            ("cloudflare-account-id", ids::ACCOUNT),
            ("cloudflare-api-url", &world.cloud.cloudflare),
            ("neon-api-key", tokens::NEON),
            ("neon-project-id", ids::NEON_PROJECT),
            ("neon-api-url", &world.cloud.neon),
            ("github-token", tokens::GITHUB),
            ("github-api-url", &world.cloud.github),
        ];
        let env = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_ACTOR", "octocat"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_HEAD_REF", ids::HEAD_REF),
            ("GITHUB_JOB", "preview"),
            ("GITHUB_REF", "refs/pull/42/merge"),
            ("GITHUB_REF_NAME", "42/merge"),
            ("GITHUB_REPOSITORY", ids::REPOSITORY),
            ("GITHUB_REPOSITORY_ID", ids::REPOSITORY_ID),
            ("GITHUB_RUN_ATTEMPT", "1"),
            ("GITHUB_RUN_ID", "1001"),
            ("GITHUB_RUN_NUMBER", "7"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_SHA", "5f6e1f0c9c2b4d0fa2a7d1e5b3c8f9a0d4e6b7c1"),
            ("GITHUB_WORKFLOW", "preview"),
            ("RUNNER_ARCH", "X64"),
            ("RUNNER_OS", "Linux"),
            ("CI", "true"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            world,
            action,
            inputs: inputs.into_iter().map(owned).collect(),
            env: env.into_iter().map(owned).collect(),
            as_step: false,
            unprivileged: false,
        }
    }

    /// Sets an input, by the name that a workflow writes.
    #[must_use]
    pub fn input(mut self, name: &str, value: impl Into<String>) -> Self {
        self.inputs.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves out one of the inputs that every run is given (the three tokens, ids and URLs).
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.inputs.remove(name);
        self
    }

    /// Sets a variable of the step's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// Runs what the action.yml's `run:` says, in the shell that a runner starts for a step: signals go there.
    #[must_use]
    pub fn as_step(mut self) -> Self {
        self.as_step = true;
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
            .env("GITHUB_EVENT_PATH", empty.display().to_string());
        push.env.remove("GITHUB_HEAD_REF");
        push
    }

    /// Runs to the end.
    pub async fn go(self) -> Run {
        self.start().wait().await
    }

    fn command(&self, directory: &Path) -> Command {
        let binary = binary(self.action);
        if !self.as_step {
            return Command::new(binary);
        }
        let file = directory.join("step.sh");
        std::fs::write(&file, script(self.action)).unwrap();
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail"])
            .arg(file);
        command
    }

    /// Starts, for what happens meanwhile (a signal, say).
    pub fn start(self) -> Started {
        static RUNS: AtomicU32 = AtomicU32::new(1);
        let directory = self
            .world
            .directory()
            .join(format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir_all(directory.join("temp")).unwrap();
        let path = |name: &str| directory.join(name);
        let create = |name: &str| File::create(path(name)).unwrap();
        for file in ["output", "summary"] {
            create(file);
        }
        let kept = ["PATH", "TMPDIR", "LANG"]
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        let inputs = self.inputs.iter().map(|(name, value)| (variable(name), value));
        let mut command = self.command(&directory);
        if self.unprivileged && is_root() {
            give_away(self.world.directory());
            command.uid(NOBODY).gid(NOBODY);
        }
        let child = command
            .env_clear()
            .envs(kept)
            .env("HOME", self.world.directory())
            .env(
                "CODEX_ACTIONS_BIN_DIR",
                binary(self.action).parent().unwrap_or(Path::new(".")),
            )
            .env("GITHUB_ACTION_PATH", action_path(self.action))
            .env("RUNNER_TEMP", path("temp"))
            .env("GITHUB_WORKSPACE", self.world.workspace())
            .env("GITHUB_EVENT_PATH", self.world.directory().join("event.json"))
            .env("GITHUB_OUTPUT", path("output"))
            .env("GITHUB_STEP_SUMMARY", path("summary"))
            .envs(&self.env)
            .envs(inputs)
            .current_dir(self.world.workspace())
            .stdin(Stdio::null())
            .stdout(create("stdout"))
            .stderr(create("stderr"))
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Started {
            child,
            directory,
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

/// The folder of an action's action.yml.
fn action_path(action: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../actions").join(action)
}

/// The script of the action's one step.
fn script(action: &str) -> String {
    let yaml = std::fs::read_to_string(action_path(action).join("action.yml")).unwrap();
    let run = yaml
        .lines()
        .find_map(|line| line.trim().strip_prefix("run: '")?.strip_suffix('\''));
    run.unwrap_or_else(|| panic!("`{action}` has no step `run: '…'`"))
        .to_owned()
}

/// `neon-api-key` as the composite steps map it: `INPUT_NEON_API_KEY`.
fn variable(input: &str) -> String {
    format!("INPUT_{}", input.to_uppercase().replace('-', "_"))
}

/// The built binary: from `CODEX_ACTIONS_BIN_DIR`, else beside the test executable's directory.
fn binary(action: &str) -> PathBuf {
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
    binary
}

/// A run under way.
pub struct Started {
    child: Child,
    directory: PathBuf,
    action: &'static str,
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
                self.action
            );
            assert!(
                self.began.elapsed() < LONGEST_RUN,
                "{} has not printed {text:?}:\n{printed}",
                self.action
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
                self.action,
                read(&path("stdout")),
                read(&path("stderr"))
            );
        };
        let outputs = outputs(&read(&path("output")));
        let report = outputs
            .get("report")
            .map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
        Run {
            // A run that a signal killed has no code; shells say 128 + n, we only say that it is none of ours.
            code: status.unwrap().code().unwrap_or(-1),
            stdout: read(&path("stdout")),
            stderr: read(&path("stderr")),
            summary: read(&path("summary")),
            outputs,
            report,
            time: self.began.elapsed(),
        }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// Reads `GITHUB_OUTPUT` as the runner does: `name=value` lines and heredocs. The last value of a name stays.
fn outputs(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let heredoc = line.split_once("<<").filter(|(name, _)| !name.contains('='));
        if let Some((name, delimiter)) = heredoc {
            let mut value = Vec::new();
            loop {
                match lines.next() {
                    Some(line) if line == delimiter => break,
                    Some(line) => value.push(line),
                    None => panic!("output `{name}` has no end, which fails the step on a runner:\n{text}"),
                }
            }
            outputs.insert(name.to_owned(), value.join("\n"));
        } else {
            let Some((name, value)) = line.split_once('=') else {
                panic!("`{line}` in GITHUB_OUTPUT fails the step on a runner");
            };
            outputs.insert(name.to_owned(), value.to_owned());
        }
    }
    outputs
}

/// What a run left behind.
pub struct Run {
    /// The exit status; -1 when a signal ended the run.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// `GITHUB_OUTPUT`, read as the runner does.
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
        let errors: Vec<&str> = self
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("::error "))
            .collect();
        assert!(errors.len() <= 1, "more than one error annotation:\n{}", self.stdout);
        errors.first().map_or(String::new(), |error| {
            let message = error.split_once("::").map_or(*error, |(_, message)| message);
            unescaped(message)
        })
    }

    /// The values that the run told the runner to hide.
    pub fn masks(&self) -> Vec<String> {
        self.stdout
            .lines()
            .filter_map(|line| line.strip_prefix("::add-mask::"))
            .map(unescaped)
            .collect()
    }

    /// The log as a person sees it: without the mask commands.
    pub fn log(&self) -> String {
        let lines: Vec<&str> = self
            .stdout
            .lines()
            .filter(|line| !line.starts_with("::add-mask::"))
            .collect();
        format!("{}\n{}", lines.join("\n"), self.stderr)
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

/// Undoes the escapes of a workflow command's data.
fn unescaped(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
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
