//! Workflows as a team's repository runs them: by act, on this machine, against the local cloud with its runtime.
//!
//! A story is a function over a [`Shop`], the scratch repository of a team (a copy of `action-tests/platform`) with the
//! caller workflows that the story names, and a cloud of its own. It runs events and looks at what they did:
//!
//! ```ignore
//! pub(super) const STORY: Story = Story {
//!     name: "production",                      // cargo xtask test --only workflows --story production
//!     what: "a push to main is deployed",
//!     always: true,                            // false: only with `--full`, which .ci/run gives
//!     callers: &[("production.yml", CALLER)],  // written to .github/workflows, on main
//!     play,
//! };
//!
//! fn play(shop: &mut Shop) -> Result<()> {
//!     let run = shop.run(&shop.push_to_main("production.yml"))?;
//!     run.ended(true, &[("build", "success"), ("deploy", "success")])?;  // exactly these jobs ran
//!     ensure!(run.summary.contains("…"));
//!     shop.state()?                                                      // and what the cloud holds
//! }
//! ```
//!
//! and one line in [`stories`]. The callers name our workflows and actions as everybody does,
//! `codex/actions/.github/workflows/preview.yml@v1`; what stands there is a release tree, rendered for runners that do
//! not know the syntax of 2026 (`release::references`). Actions of others are stood in for (`stand_in`): add the action
//! there when a workflow uses another one. Secrets and variables are those of [`shop::secrets`] and `Shop::variables`.
//! Every run is looked through for secrets, in its log and in its artifacts, and every story ends with a look at what
//! the local cloud was asked and does not know; neither is left to the story.
//!
//! What act does not do (contract sheet of act): `concurrency` and `permissions` have no effect, and outputs of jobs
//! that hold a masked value are passed on.

mod call;
mod log;
mod preflight;
mod preview;
mod production;
mod run;
mod shop;
mod smallest;
mod stand_in;
mod testing;
mod unwell;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};

use self::shop::Shop;
use crate::say;
use crate::test::Passed;
use crate::workspace::Workspace;

/// One thing that happens in a team's repository, and what must come of it.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// It runs each time, not only with `--full`.
    pub(crate) always: bool,
    /// The workflows of the team's repository: file name and text.
    pub(crate) callers: &'static [(&'static str, &'static str)],
    pub(crate) play: fn(&mut Shop) -> Result<()>,
}

/// How many are played at once. Each has a repository, a cloud and ports of its own; it waits for health, for deletions
/// and for its slowest job half of its time.
const SIDE_BY_SIDE: usize = 2;

/// In the order in which they begin: the long ones first, so that none is left alone at the end.
fn stories() -> Vec<Story> {
    let mut all = vec![testing::STORY];
    all.extend(production::STORIES);
    all.extend(unwell::STORIES);
    all.extend(preview::STORIES);
    all.extend([smallest::STORY, preflight::STORY]);
    all
}

/// Which stories are played.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// Also those that do not run each time.
    pub(crate) full: bool,
    /// Only these. Empty: all.
    pub(crate) only: Vec<String>,
}

impl Selection {
    fn of<'a>(&self, stories: &'a [Story]) -> Result<Vec<&'a Story>> {
        let unknown = |name: &&String| stories.iter().all(|story| story.name != **name);
        if let Some(name) = self.only.iter().find(unknown) {
            let all: Vec<_> = stories.iter().map(|story| story.name).collect();
            bail!("there is no story `{name}`, but {}", all.join(", "));
        }
        let wanted = |story: &&Story| {
            let named = self.only.iter().any(|name| name == story.name);
            named || self.only.is_empty() && (self.full || story.always)
        };
        Ok(stories.iter().filter(wanted).collect())
    }
}

/// The names of the stories and what each shows, for `--list`.
pub(crate) fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    stories().into_iter().map(|story| (story.name, story.what))
}

pub(crate) fn step(workspace: &Workspace) -> Result<Passed> {
    let all = stories();
    let chosen = workspace.stories.of(&all)?;
    let next = AtomicUsize::new(0);
    let ends: Mutex<Vec<(usize, Result<String>)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE.min(chosen.len()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(story) = chosen.get(number).filter(|_| !crate::child::interrupted()) else {
                        break;
                    };
                    let end = told(workspace, story);
                    ends.lock().unwrap_or_else(PoisonError::into_inner).push((number, end));
                }
            });
        }
    });
    if crate::child::interrupted() {
        bail!("interrupted");
    }
    let mut ends = ends.into_inner().unwrap_or_else(PoisonError::into_inner);
    ends.sort_by_key(|(number, _)| *number);
    let (mut passed, mut failed) = (String::new(), Vec::new());
    for (number, end) in ends {
        let story = chosen[number];
        match end {
            Ok(runs) => passed += &format!("{}: {runs}\n", story.name),
            Err(error) => failed.push(format!("{} ({})\n{error:#}", story.name, story.what)),
        }
    }
    if !failed.is_empty() {
        bail!("{}", failed.join("\n\n"));
    }
    Ok(Passed::Ran(passed))
}

/// Plays one story, tells how it ended, and plays it once more where act itself has crashed.
fn told(workspace: &Workspace, story: &Story) -> Result<String> {
    let start = Instant::now();
    let mut end = played(workspace, story);
    // In a world of its own, so that nothing of the first time is there.
    if let Err(error) = &end
        && error.is::<run::Crashed>()
    {
        say!(
            "  {:<24} once more: {}",
            story.name,
            error.to_string().lines().next().unwrap_or_default()
        );
        end = played(workspace, story);
    }
    let runs = end.as_deref().unwrap_or("FAILED");
    say!("  {:<24} {:>5.0} s  {runs}", story.name, start.elapsed().as_secs_f64());
    end
}

/// Plays one story; answers its runs and how long each took.
fn played(workspace: &Workspace, story: &Story) -> Result<String> {
    let mut shop = Shop::open(workspace, story.callers)?;
    let done = (story.play)(&mut shop).and_then(|()| shop.knows_all());
    if let Err(error) = done {
        let log = shop.cloud.log();
        return Err(match log.trim() {
            "" => error,
            log => error.context(format!("local-cloud said:\n{log}")),
        });
    }
    shop.close()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(name: &'static str, always: bool) -> Story {
        Story {
            name,
            what: "",
            always,
            callers: &[],
            play: |_| Ok(()),
        }
    }

    #[test]
    fn a_story_that_is_named_is_played_whether_it_runs_each_time_or_not() {
        let stories = [story("a", true), story("b", false)];
        let names = |full, only: &[&str]| -> Vec<&str> {
            let only = only.iter().map(|name| (*name).to_owned()).collect();
            let selection = Selection { full, only };
            selection.of(&stories).unwrap().iter().map(|story| story.name).collect()
        };
        assert_eq!(names(false, &[]), ["a"]);
        assert_eq!(names(true, &[]), ["a", "b"]);
        assert_eq!(names(false, &["b"]), ["b"]);
        let none = Selection {
            full: false,
            only: vec!["c".to_owned()],
        };
        let error = none.of(&stories).err().unwrap().to_string();
        assert_eq!(error, "there is no story `c`, but a, b");
    }
}
