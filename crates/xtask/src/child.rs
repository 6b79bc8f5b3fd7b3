//! Child processes: run to their end under a time limit, their whole group ended when it passes or on Ctrl-C.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// How often a running child is looked at.
const POLL: Duration = Duration::from_millis(20);
/// What a group is given to end by itself after SIGTERM, before SIGKILL.
const GRACE: Duration = Duration::from_secs(10);

static INTERRUPTED: std::sync::OnceLock<Arc<AtomicBool>> = std::sync::OnceLock::new();

/// From here on Ctrl-C and SIGTERM are noted, not obeyed: whoever runs sees [`interrupted`], gives up with an
/// error, and its destructors end the children and remove the scratch folders. A second Ctrl-C ends at once.
pub(crate) fn notice_interrupts() -> Result<()> {
    let flag = INTERRUPTED.get_or_init(Arc::default);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Order matters: the first registration acts on the second signal only, when the flag is set already.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(flag))?;
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

pub(crate) fn interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// A child in a process group of its own; dropping it ends the whole group.
pub(crate) struct Group(Child);

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start `{}`", command.get_program().display()))?;
        Ok(Self(child))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.0.stdout.take()
    }

    pub(crate) fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    /// Asks the group to end, waits, and insists. Answers the leader's exit status.
    pub(crate) fn end(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.0.try_wait()? {
            return Ok(status);
        }
        self.signal(Signal::TERM);
        let start = Instant::now();
        while start.elapsed() < GRACE {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(POLL);
        }
        self.signal(Signal::KILL);
        Ok(self.0.wait()?)
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // Fails only when the group is gone, which is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// What a finished child left.
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Both streams, the way a log shows them when their order does not matter.
    pub(crate) fn both(&self) -> String {
        let mut text = self.stdout.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text + &self.stderr
    }
}

/// Runs to the end. A non-zero exit is not an error here; running longer than `limit` is, and so is Ctrl-C.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<Finished> {
    run_watched(command, limit, |_| {})
}

/// Like [`run`]; `look` is called with the child's process id again and again while it runs.
pub(crate) fn run_watched(command: &mut Command, limit: Duration, look: impl FnMut(u32)) -> Result<Finished> {
    run_into(command, limit, tempfile::tempfile()?, tempfile::tempfile()?, look)
}

/// Like [`run`], with both streams in the order in which they were written, as `stdout`.
pub(crate) fn run_together(command: &mut Command, limit: Duration) -> Result<Finished> {
    let both = tempfile::tempfile()?;
    let mut finished = run_into(command, limit, both.try_clone()?, both, |_| {})?;
    finished.stderr.clear();
    Ok(finished)
}

/// Files, not pipes: nothing has to read them while the child runs, and no grandchild holds us up.
fn run_into(
    command: &mut Command,
    limit: Duration,
    mut out: File,
    mut err: File,
    mut look: impl FnMut(u32),
) -> Result<Finished> {
    command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(err.try_clone()?);
    let mut group = Group::spawn(command)?;
    let start = Instant::now();
    let status = loop {
        look(group.id());
        if let Some(status) = group.try_wait()? {
            break status;
        }
        if interrupted() {
            bail!("interrupted");
        }
        if start.elapsed() > limit {
            group.end()?;
            bail!(
                "`{}` did not end within {} s\n{}",
                command.get_program().display(),
                limit.as_secs(),
                text(&mut out)?
            );
        }
        std::thread::sleep(POLL);
    };
    Ok(Finished {
        status,
        stdout: text(&mut out)?,
        stderr: text(&mut err)?,
    })
}

fn text(file: &mut File) -> Result<String> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Variables that a hosted runner or a developer's shell may hold and that would change what a test does:
/// the suite is to behave the same in a workflow and at a desk.
pub(crate) fn scrub(command: &mut Command) {
    const PREFIXES: [&str; 9] = [
        "GITHUB_",
        "RUNNER_",
        "ACTIONS_",
        "INPUT_",
        "GH_",
        "CLOUDFLARE_",
        "CF_",
        "NEON_",
        "WRANGLER_",
    ];
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if PREFIXES.iter().any(|prefix| name_text.starts_with(prefix)) || name_text == "DATABASE_URL" {
            command.env_remove(&name);
        }
    }
}

/// The cargo that started us, when one did, and nothing of what it has set for this crate: ring, and all that stands on
/// it, is built anew whenever `CARGO_MANIFEST_DIR` is another one than in the build before.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_of_a_crate) {
            command.env_remove(name);
        }
    }
    command
}

fn is_of_a_crate(name: &str) -> bool {
    ["CARGO_MANIFEST_", "CARGO_PKG_"]
        .iter()
        .any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_sees_nothing_of_the_crate_that_starts_it() {
        let command = cargo();
        let changed: Vec<_> = command.get_envs().collect();
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"] {
            assert!(std::env::var_os(name).is_some(), "`cargo test` does not set {name}");
            assert!(changed.contains(&(name.as_ref(), None)), "{name}");
        }
        assert!(!is_of_a_crate("CARGO_HOME"));
    }
}
