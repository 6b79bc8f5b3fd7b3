//! A user's command: its output streamed as untrusted text, its whole process group ended when we are interrupted.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use actions_core::error::fault;
use actions_core::process;
use actions_core::runner::Runner;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

use actions_core::runner::signal::{Interrupt, Interrupts};

use crate::report;
use crate::variables::OUR_INPUTS;

/// How long an interrupted command may take to end before it is killed. The copy has to be deleted within the ten
/// seconds that a runner leaves us.
const GRACE: Duration = Duration::from_secs(2);
/// What has left the group (a daemon) may hold the output open; we wait no longer for that.
const LAST_WORDS: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(20);

pub(crate) struct Script<'a> {
    pub(crate) text: &'a str,
    pub(crate) directory: &'a Path,
    /// Secrets, which is why they are no arguments.
    pub(crate) env: &'a [(String, String)],
}

/// How the command ended.
#[derive(Debug)]
pub(crate) enum End {
    /// With this status; 128 and more when a signal ended it.
    Exited(i32),
    /// We were told to stop, at this time.
    Interrupted(Interrupt, Instant),
}

impl Script<'_> {
    /// Runs the command as a step's `run:` would be: by bash, which stops at the first error, also in a pipe.
    pub(crate) async fn run(&self, runner: &Runner, interrupts: &mut Interrupts) -> anyhow::Result<End> {
        // Also what leaves the group is ended with it.
        process::adopt();
        let mut child = self
            .command()
            .spawn()
            .map_err(|cause| fault("could not start `bash` for the command").because(cause))?;
        // Read while it lives: the number of a child that was waited for is gone.
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let printed = async { tokio::join!(stream(runner, out), stream(runner, err)) };
        tokio::pin!(printed);
        let mut is_silent = false;
        let end = loop {
            tokio::select! {
                status = child.wait() => break End::Exited(code(status?)),
                signal = interrupts.next() => break End::Interrupted(signal, Instant::now()),
                _ = &mut printed, if !is_silent => is_silent = true,
            }
        };
        // What it has left running goes, too: nobody else would end it, and the copy under it is about to go.
        let last_words = async {
            if !is_silent {
                let _ = timeout(GRACE + 2 * LAST_WORDS, printed).await;
            }
        };
        let at_once = matches!(end, End::Interrupted(..));
        let (had_company, ()) = tokio::join!(end_group(&mut child, group, at_once), last_words);
        let has_escaped = !process::end_descendants().is_empty();
        if (had_company || has_escaped) && !at_once {
            runner.say(report::left_running());
        }
        Ok(end)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", self.text])
            .current_dir(self.directory)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        // Our own inputs hold the API key; the command has no business with it.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(OUR_INPUTS) {
                command.env_remove(name);
            }
        }
        command
    }
}

fn code(status: ExitStatus) -> i32 {
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1)
}

/// SIGTERM to the whole group, SIGKILL when that is not enough. What the leader has left behind may be about to end, such
/// as a `tee` behind it: unless `at_once`, it is given a moment. Whether anybody had to be told.
async fn end_group(child: &mut Child, group: Option<Pid>, at_once: bool) -> bool {
    let Some(group) = group else { return false };
    if !at_once && !is_left(child, group, LAST_WORDS).await {
        return false;
    }
    if kill_process_group(group, Signal::TERM).is_err() {
        return false;
    }
    if is_left(child, group, GRACE).await {
        let _ = kill_process_group(group, Signal::KILL);
        let _ = timeout(LAST_WORDS, child.wait()).await;
    }
    true
}

/// Whether anybody of the group is left after this time at the latest.
async fn is_left(child: &mut Child, group: Pid, longest: Duration) -> bool {
    let empty = async {
        // The leader counts until it is waited for.
        while child.try_wait().is_ok_and(|status| status.is_none()) || process::group_lives(group) {
            tokio::time::sleep(POLL).await;
        }
    };
    timeout(longest, empty).await.is_err()
}

/// Prints each line as it comes.
async fn stream(runner: &Runner, output: Option<impl AsyncRead + Unpin>) {
    let Some(output) = output else { return };
    let mut lines = BufReader::new(output);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line);
        runner.say(&plain(text.trim_end_matches(['\n', '\r'])));
        line.clear();
    }
}

/// Without the colours of a terminal (ECMA-48 control sequences): the log would show their remains.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            plain.push(c);
        } else if chars.next() == Some('[') {
            // Parameters and intermediates end at a byte from `@` to `~`.
            let _ = chars.by_ref().find(|c| ('@'..='~').contains(c));
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_dropped() {
        assert_eq!(plain("\u{1b}[1;31mred\u{1b}[0m text"), "red text");
    }

    #[test]
    fn a_signals_death_has_a_status() {
        assert_eq!(code(ExitStatus::from_raw(9)), 137);
        assert_eq!(code(ExitStatus::from_raw(3 << 8)), 3);
    }
}
