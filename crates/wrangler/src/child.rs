//! The environment in which a project's own code runs: a build may run anything, so it is given nothing to steal.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::process::Command;

use super::output::{Failed, ended, printed, tail};
use actions_core::runner::Env;

/// Variables that a build may see. None of them holds a secret; `NODE_AUTH_TOKEN` and `NPM_TOKEN`, for two, are not here.
const ALLOWED: &[&str] = &[
    "ASDF_DATA_DIR",
    "ASDF_DIR",
    "GITHUB_ACTIONS",
    "GITHUB_HEAD_REF",
    "GITHUB_REF",
    "GITHUB_REF_NAME",
    "GITHUB_REPOSITORY",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_NUMBER",
    "GITHUB_SERVER_URL",
    "GITHUB_SHA",
    "GITHUB_WORKSPACE",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "NODE_ENV",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "NVM_DIR",
    "PATH",
    "PNPM_HOME",
    "RUNNER_ARCH",
    "RUNNER_OS",
    "SOURCE_DATE_EPOCH",
    "TERM",
    "TMPDIR",
    "TZ",
];

/// Tools that live in the home directory, which a build does not see: variable, and place from the home directory.
const IN_HOME: &[(&str, &str)] = &[("COREPACK_HOME", ".cache/node/corepack"), ("VOLTA_HOME", ".volta")];

/// Which environment of the configuration a build is for, as Vite's plugin and wrangler read it. Empty means its top
/// level, whatever a `.env` file in the project says.
pub(super) const CLOUDFLARE_ENV: &str = "CLOUDFLARE_ENV";

/// Below 4.87, `wrangler deploy` of an `OpenNext` project starts `opennextjs-cloudflare deploy`, the project's own code,
/// with the token; this variable, by which that program calls wrangler in turn, keeps it from doing so (tried: 4.74,
/// 4.86). Later ones do so only without `--config`.
pub(super) const NOT_OPENNEXT: (&str, &str) = ("OPEN_NEXT_DEPLOY", "true");

/// A build that takes longer hangs.
pub(super) const LONGEST_BUILD: Duration = Duration::from_mins(15);

/// A home of its own, and few variables.
#[derive(Debug)]
pub struct Sandbox {
    home: TempDir,
    vars: Vec<(OsString, OsString)>,
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
        let mut vars: Vec<(OsString, OsString)> = Vec::new();
        let mut set = |name: &str, value: &OsStr| vars.push((name.into(), value.into()));
        for name in ALLOWED {
            if let Some(value) = env.get(name) {
                set(name, OsStr::new(value));
            }
        }
        for (name, place) in IN_HOME {
            let usual = env
                .get("HOME")
                .map(|home| Path::new(home).join(place))
                .filter(|place| place.is_dir());
            if let Some(value) = env.get(name) {
                set(name, OsStr::new(value));
            } else if let Some(place) = usual {
                set(name, place.as_os_str());
            }
        }
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
        Ok(Self { home, vars })
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
        Err(Failed {
            reason: format!("`{command}` {}", ended(output.status)),
            log: tail(&printed(&output.stdout, &output.stderr)),
        })
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
        let child = Command::new(program)
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
        let mut group = Group(child.id());
        let output = tokio::time::timeout(limit, child.wait_with_output()).await;
        let output = output.map_err(|_| {
            let limit = actions_core::text::elapsed(limit);
            io::Error::new(io::ErrorKind::TimedOut, format!("it did not end within {limit}"))
        })??;
        group.0 = None;
        Ok(output)
    }
}

/// A process group that ends with its owner: wrangler starts children, which would outlive it.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            let _ = std::process::Command::new("kill")
                .args(["-KILL", "--", &format!("-{id}")])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
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
        assert!(!printed.contains("HOME=/root"));
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
