//! What the person in front of the demo reads: one line per step, as it happens.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::say;

/// Wide enough for `deploy-workers deploy`.
const NAME: usize = 22;

/// A failure that a line has told already: which step it was.
#[derive(Debug)]
pub(crate) struct FailedStep(pub(crate) String);

impl std::fmt::Display for FailedStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the demo failed at `{}`", self.0)
    }
}

pub(crate) fn phase(title: &str) {
    say!("\n{title}");
}

/// Runs one step and tells its name, how long it took, and what it did: the text that `run` answers.
pub(crate) fn step<T>(name: &str, run: impl FnOnce() -> Result<(T, String)>) -> Result<T> {
    let terminal = std::io::stdout().is_terminal();
    if terminal {
        // Shows that something is under way; the full line replaces it.
        let mut out = std::io::stdout().lock();
        let _ = write!(out, "  {name} …").and_then(|()| out.flush());
    }
    let start = Instant::now();
    let done = run();
    if terminal {
        let mut out = std::io::stdout().lock();
        let _ = write!(out, "\r\x1b[K").and_then(|()| out.flush());
    }
    let took = start.elapsed().as_secs_f64();
    let what = match &done {
        Ok((_, what)) => what.as_str(),
        Err(_) => "FAILED",
    };
    say!("  {name:<NAME$} {took:>6.1} s  {what}");
    done.map(|(value, _)| value)
        .with_context(|| FailedStep(name.to_owned()))
}

/// A block of text that others wrote: a comment, a log.
pub(crate) fn quoted(text: &str) {
    for line in text.lines() {
        say!("  │ {line}");
    }
}
