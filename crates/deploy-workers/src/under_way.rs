//! Builds that are under way: what a cancelled run says of them, and how they end.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use actions_core::process;
use actions_core::runner::Runner;
use wrangler::project::Progress;

use crate::report;

/// What of the project's code runs now.
#[derive(Default)]
pub(crate) struct UnderWay(Mutex<BTreeSet<String>>);

impl UnderWay {
    /// Tells the log, and remembers.
    pub(crate) fn heed(&self, runner: &Runner, progress: Progress<'_>) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Begins(work) => {
                now.insert(report::work(work));
            }
            Progress::Ends(work) => {
                now.remove(&report::work(work));
            }
            Progress::Built { .. } | Progress::Kept { .. } | Progress::Bundled { .. } => {}
        }
        if let Some(line) = report::progress(progress) {
            runner.say(&line);
        }
    }

    /// What a cancellation came upon, each a few words.
    pub(crate) fn now(&self) -> Vec<String> {
        let now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.iter().cloned().collect()
    }
}

/// While it lives, what builds leave running stays below this process; nothing of it is left when a token is first used.
/// (wrangler's own upload has the token in its environment, where others of the same user can read it.)
pub(crate) struct Corral {
    is_empty: bool,
}

impl Corral {
    pub(crate) fn new() -> Self {
        process::adopt();
        Self { is_empty: false }
    }

    /// Ends what is left, and tells.
    pub(crate) fn end(mut self, runner: &Runner) {
        let left = process::end_descendants();
        self.is_empty = true;
        if !left.is_empty() {
            runner.say(&report::left_running(&left));
        }
    }
}

impl Drop for Corral {
    fn drop(&mut self) {
        // Of a run that failed or was cancelled.
        if !self.is_empty {
            let _ = process::end_descendants();
        }
    }
}
