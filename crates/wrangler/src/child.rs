//! The environment in which a project's own code runs: a build may run anything, so it is given nothing to steal.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use futures_util::future::FusedFuture as _;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use super::output::{Failed, ended, printed, tail};
use super::visible;
use actions_core::runner::Env;

/// Which environment of the configuration a build is for, as Vite's plugin and wrangler read it. Empty means its top
/// level, whatever a `.env` file in the project says.
pub(super) const CLOUDFLARE_ENV: &str = "CLOUDFLARE_ENV";

/// Below 4.87, `wrangler deploy` of an `OpenNext` project starts `opennextjs-cloudflare deploy`, the project's own code,
/// with the token; this variable, by which that program calls wrangler in turn, keeps it from doing so (tried: 4.74,
/// 4.86). Later ones do so only without `--config`.
pub(super) const NOT_OPENNEXT: (&str, &str) = ("OPEN_NEXT_DEPLOY", "true");

/// What a build leaves running is waited for so long, when it holds the output open.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// A build that takes longer hangs.
pub(super) const LONGEST_BUILD: Duration = Duration::from_mins(15);

/// A home of its own, and few variables.
#[derive(Debug)]
pub struct Sandbox {
    home: TempDir,
    vars: Vec<(OsString, OsString)>,
    /// The step's variables that are not among them, by name.
    withheld: Vec<String>,
}

impl Sandbox {
    /// A sandbox in which Cloudflare's API is pinned to `api_url`: wrangler reads a `.env` file in the project, which
    /// could name another one, but a variable that is set already wins. `more` is passed on as it is.
    ///
    /// # Errors
    /// No temporary folder can be made.
    pub fn new(env: &Env, api_url: &str, more: &[(String, String)]) -> anyhow::Result<Self> {
        let home = tempfile::Builder::new()
            .prefix("codex-actions-")
            .tempdir()
            .context("could not make a temporary folder")?;
        let mut vars = visible::passed_on(env);
        let mut set = |name: &str, value: &OsStr| vars.push((name.into(), value.into()));
        for (name, value) in more {
            set(name, OsStr::new(value));
        }
        set("HOME", home.path().as_os_str());
        for (name, value) in [
            ("CI", "true"),
            ("CLOUDFLARE_API_BASE_URL", api_url),
            ("NO_COLOR", "1"),
            ("WRANGLER_HIDE_BANNER", "true"),
            ("WRANGLER_SEND_ERROR_REPORTS", "false"),
            ("WRANGLER_SEND_METRICS", "false"),
        ] {
            set(name, OsStr::new(value));
        }
        let withheld = visible::withheld(env, &vars);
        Ok(Self { home, vars, withheld })
    }

    /// A folder that goes away with the sandbox.
    pub(super) fn folder(&self) -> &Path {
        self.home.path()
    }

    pub(super) fn path(&self) -> &OsStr {
        let found = self.vars.iter().find(|(name, _)| name == "PATH");
        found.map_or(OsStr::new(""), |(_, value)| value)
    }

    /// Runs a service's own build command by the shell, in its folder, for an environment of its configuration or for
    /// its top level.
    ///
    /// # Errors
    /// It failed, or took longer than a quarter of an hour; with the end of what it printed.
    pub async fn build(&self, command: &str, folder: &Path, environment: Option<&str>) -> Result<(), Failed> {
        let args = [OsStr::new("-c"), OsStr::new(command)];
        let more = [(CLOUDFLARE_ENV, OsStr::new(environment.unwrap_or_default()))];
        let output = self
            .run(Path::new("/bin/sh"), &args, folder, &more, LONGEST_BUILD)
            .await
            .map_err(|error| Failed {
                reason: format!("`{command}` could not be run: {error}"),
                log: String::new(),
            })?;
        if output.status.success() {
            return Ok(());
        }
        let printed = printed(&output.stdout, &output.stderr);
        Err(self.failed(format!("`{command}` {}", ended(output.status)), &printed))
    }

    /// A failure, with what the step has and the sandbox withholds.
    pub(super) fn failed(&self, mut reason: String, printed: &str) -> Failed {
        if let Some(missed) = visible::missed(&self.withheld, printed) {
            reason.push('\n');
            reason.push_str(&missed);
        }
        let list = visible::list(&self.withheld);
        let log: Vec<String> = std::iter::once(tail(printed)).chain(list).collect();
        Failed {
            reason,
            log: log.join("\n").trim_start().to_owned(),
        }
    }

    /// What a command prints, when it ends well.
    pub(super) async fn output(&self, program: &Path, args: &[&OsStr], folder: &Path) -> io::Result<String> {
        let output = self.run(program, args, folder, &[], Duration::from_secs(30)).await?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs a command in `folder` to its end, its input closed. When `limit` is over, or the future is dropped, the
    /// whole process group is killed.
    pub(super) async fn run(
        &self,
        program: &Path,
        args: &[&OsStr],
        folder: &Path,
        more: &[(&str, &OsStr)],
        limit: Duration,
    ) -> io::Result<Output> {
        let mut child = Command::new(program)
            .args(args)
            .current_dir(folder)
            .env_clear()
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        // Read while it lives: the number of a child that was waited for is gone.
        let mut group = Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
        let output = tokio::time::timeout(limit, until_its_end(&mut child)).await;
        let output = output.map_err(|_| {
            let limit = actions_core::text::elapsed(limit);
            io::Error::new(io::ErrorKind::TimedOut, format!("it did not end within {limit}"))
        })??;
        group.0 = None;
        Ok(output)
    }
}

/// What a child prints until its end. What it leaves running may hold its output open: that gets a moment for last words.
async fn until_its_end(child: &mut Child) -> io::Result<Output> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let status = {
        let reading = async { tokio::join!(read(&mut out, &mut stdout), read(&mut err, &mut stderr)) };
        let mut reading = std::pin::pin!(reading.fuse());
        let status = tokio::select! {
            status = child.wait() => status?,
            _ = &mut reading => child.wait().await?,
        };
        if !reading.is_terminated() {
            let _ = tokio::time::timeout(LAST_WORDS, reading).await;
        }
        status
    };
    Ok(Output { status, stdout, stderr })
}

async fn read(from: &mut Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> io::Result<()> {
    if let Some(from) = from {
        from.read_to_end(into).await?;
    }
    Ok(())
}

/// A process group that ends with its owner: wrangler starts children, which would outlive it.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn printed(env: &[(&str, &str)], more: &[(String, String)]) -> String {
        let env: Env = env.iter().copied().chain([("PATH", "/usr/bin:/bin")]).collect();
        let sandbox = Sandbox::new(&env, "https://api.cloudflare.com/client/v4", more).unwrap();
        sandbox
            .output(Path::new("/usr/bin/env"), &[], Path::new("/"))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_build_sees_no_secret() {
        let env = [
            ("CLOUDFLARE_API_TOKEN", "stolen-1"),
            ("INPUT_NEON_API_KEY", "stolen-2"),
            ("DATABASE_URL", "stolen-3"),
            ("NODE_AUTH_TOKEN", "stolen-4"),
            ("GITHUB_TOKEN", "stolen-5"),
            ("ACTIONS_RUNTIME_TOKEN", "stolen-6"),
            ("HOME", "/root"),
            ("CLOUDFLARE_API_BASE_URL", "https://evil.example"),
            ("GITHUB_SHA", "abc"),
        ];
        let printed = printed(&env, &[("PUBLIC_URL".to_owned(), "https://x".to_owned())]).await;
        assert!(!printed.contains("stolen") && !printed.contains("evil"), "{printed}");
        assert!(!printed.lines().any(|line| line == "HOME=/root"));
        for line in [
            "GITHUB_SHA=abc",
            "CI=true",
            "PUBLIC_URL=https://x",
            "WRANGLER_SEND_METRICS=false",
        ] {
            assert!(printed.contains(line), "{line} is not in {printed}");
        }
    }

    #[tokio::test]
    async fn what_a_build_leaves_running_is_not_waited_for() {
        let env: Env = [("PATH", "/usr/bin:/bin")].into_iter().collect();
        let sandbox = Sandbox::new(&env, "https://api.cloudflare.com/client/v4", &[]).unwrap();
        let started = std::time::Instant::now();
        let ended = sandbox
            .run(
                Path::new("/bin/sh"),
                &[OsStr::new("-c"), OsStr::new("echo made; sleep 60 &")],
                Path::new("/"),
                &[],
                Duration::from_secs(50),
            )
            .await
            .unwrap();
        assert!(ended.status.success() && ended.stdout == b"made\n");
        assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn a_build_that_hangs_is_killed_with_its_children() {
        let env: Env = [("PATH", "/usr/bin:/bin")].into_iter().collect();
        let sandbox = Sandbox::new(&env, "https://api.cloudflare.com/client/v4", &[]).unwrap();
        let marker = sandbox.folder().join("alive");
        let script = format!("(sleep 1; touch {}) & wait", marker.display());
        let args = [OsStr::new("-c"), OsStr::new(&script)];
        let ended = sandbox
            .run(
                Path::new("/bin/sh"),
                &args,
                Path::new("/"),
                &[],
                Duration::from_millis(200),
            )
            .await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        tokio::time::sleep(Duration::from_millis(1300)).await;
        assert!(!marker.exists(), "a child went on after the time was over");
    }
}
