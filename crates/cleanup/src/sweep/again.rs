//! The last look before an environment goes: what a list said minutes ago may have changed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use actions_core::event::PullRequest;
use actions_core::github::deployments::State;
use actions_core::github::{Error, OpenPull, Reader, Run};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::plan::Ground;
use crate::unread::Unread;

/// How long the list of runs under way holds. A run needs longer than that from its start to its first change.
const HOLDS: Duration = Duration::from_secs(10);
/// So many questions that GitHub left without an answer, and it is not asked any more.
const ENOUGH: usize = 2;

/// A deployment that has been under way for longer is one that crashed.
const DEPLOYS: SignedDuration = SignedDuration::from_hours(1);

/// Why an environment that was to go stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeptBack {
    /// Its pull request is open.
    Reopened,
    /// It was pushed to since.
    Pushed,
    /// A run of its branch is under way: where.
    Running(String),
    /// Its GitHub deployment is under way, in whichever run: those that a comment or another run started stand on the
    /// default branch.
    Deploying,
    /// GitHub shows no pull request of this number.
    NoPull,
    /// GitHub could not be asked.
    Unasked(Unread),
    /// The token's requests are used up for now.
    UsedUp,
}

/// GitHub, asked again.
pub(crate) struct Again {
    reader: Reader,
    /// The run itself, which is under way as well.
    own: Option<u64>,
    /// Locked while it is asked: environments that go side by side share one answer.
    runs: Mutex<Option<(Instant, Rc<Vec<Run>>)>>,
    unanswered: Cell<usize>,
    last: RefCell<Option<KeptBack>>,
}

impl Again {
    pub(crate) fn new(reader: Reader, own: Option<u64>) -> Self {
        Self {
            reader,
            own,
            runs: Mutex::default(),
            unanswered: Cell::default(),
            last: RefCell::default(),
        }
    }

    /// Looks at the pull request once more, at what runs, and at the `newest` of its GitHub deployments. `listed`: as it
    /// was among the open ones.
    pub(crate) async fn look(
        &self,
        ground: &Ground,
        number: u64,
        listed: Option<&OpenPull>,
        newest: Option<u64>,
    ) -> Result<(), KeptBack> {
        if self.unanswered.get() >= ENOUGH
            && let Some(last) = &*self.last.borrow()
        {
            return Err(last.clone());
        }
        let (pull, runs, deploys) = tokio::join!(self.reader.pull_request(number), self.runs(), self.deploys(newest));
        let pull = pull.map_err(|error| self.unasked(&error))?;
        let runs = runs.map_err(|error| self.unasked(&error))?;
        if deploys.map_err(|error| self.unasked(&error))? {
            return Err(KeptBack::Deploying);
        }
        may_go(ground, pull.as_ref(), listed, &runs, self.own)
    }

    async fn deploys(&self, newest: Option<u64>) -> Result<bool, Error> {
        let Some(id) = newest else { return Ok(false) };
        let statuses = self.reader.deployment_statuses(id, 1).await?;
        let last = statuses.and_then(|statuses| statuses.into_iter().next());
        Ok(last.is_some_and(|last| {
            let begun = matches!(last.state, State::Queued | State::Pending | State::InProgress);
            let young = |at: Timestamp| Timestamp::now().duration_since(at) < DEPLOYS;
            begun && last.at.is_none_or(young)
        }))
    }

    fn unasked(&self, error: &Error) -> KeptBack {
        self.unanswered.set(self.unanswered.get() + 1);
        let why = match error {
            Error::Refused { limited: true, .. } => KeptBack::UsedUp,
            error => KeptBack::Unasked(Unread::from(error)),
        };
        *self.last.borrow_mut() = Some(why.clone());
        why
    }

    /// What is under way, as of a few seconds ago at most.
    async fn runs(&self) -> Result<Rc<Vec<Run>>, Error> {
        let mut known = self.runs.lock().await;
        if let Some((at, runs)) = &*known
            && at.elapsed() < HOLDS
        {
            return Ok(Rc::clone(runs));
        }
        let asked = Instant::now();
        let runs = Rc::new(self.reader.runs_under_way().await?);
        *known = Some((asked, Rc::clone(&runs)));
        Ok(runs)
    }
}

fn may_go(
    ground: &Ground,
    pull: Option<&PullRequest>,
    listed: Option<&OpenPull>,
    runs: &[Run],
    own: Option<u64>,
) -> Result<(), KeptBack> {
    let pull = pull.ok_or(KeptBack::NoPull)?;
    if !pull.is_closed() {
        if *ground == Ground::Closed {
            return Err(KeptBack::Reopened);
        }
        let head = listed.and_then(|listed| listed.head_sha.as_ref());
        if head.is_none() || head != pull.head_sha.as_ref() {
            return Err(KeptBack::Pushed);
        }
    }
    let same = |one: Option<&String>, other: Option<&String>| one.is_some() && one == other;
    let mut of_it = runs.iter().filter(|run| Some(run.id) != own);
    let of_it = of_it.find(|run| {
        same(run.head_branch.as_ref(), pull.head_ref.as_ref()) || same(run.head_sha.as_ref(), pull.head_sha.as_ref())
    });
    of_it.map_or(Ok(()), |run| Err(KeptBack::Running(run.html_url.clone())))
}

#[cfg(test)]
mod tests {
    use actions_core::event::State;

    use super::*;

    #[test]
    fn the_last_look() {
        let text = |text: &str| Some(text.to_owned());
        let pull = |state, sha: &str| PullRequest {
            head_sha: text(sha),
            head_ref: text("topic"),
            state,
            ..PullRequest::numbered(1)
        };
        let listed = OpenPull {
            number: 1,
            head_sha: text("a"),
            updated_at: None,
        };
        let run = |id, branch: &str, sha: &str| Run {
            id,
            head_branch: text(branch),
            head_sha: text(sha),
            html_url: "url".to_owned(),
            ..Run::default()
        };
        let old = Ground::BeyondLimit { alive: 2, limit: 1 };
        let (open, closed) = (Some(State::Open), Some(State::Closed));
        let none: &[Run] = &[];
        for (what, ground, pull, listed, runs, expected) in [
            ("closed", Ground::Closed, Some(pull(closed, "a")), None, none, Ok(())),
            (
                "reopened",
                Ground::Closed,
                Some(pull(open, "a")),
                None,
                none,
                Err(KeptBack::Reopened),
            ),
            (
                "state not told",
                Ground::Closed,
                Some(pull(None, "a")),
                None,
                none,
                Err(KeptBack::Reopened),
            ),
            ("not there", Ground::Closed, None, None, none, Err(KeptBack::NoPull)),
            ("old", old, Some(pull(open, "a")), Some(&listed), none, Ok(())),
            (
                "old, and closed meanwhile",
                old,
                Some(pull(closed, "b")),
                Some(&listed),
                none,
                Ok(()),
            ),
            (
                "pushed to",
                old,
                Some(pull(open, "b")),
                Some(&listed),
                none,
                Err(KeptBack::Pushed),
            ),
            (
                "others run, and we",
                Ground::Closed,
                Some(pull(closed, "a")),
                None,
                &[run(7, "topic", "a"), run(8, "main", "m")][..],
                Ok(()),
            ),
            (
                "its branch runs",
                Ground::Closed,
                Some(pull(closed, "a")),
                None,
                &[run(8, "topic", "m")],
                Err(KeptBack::Running("url".to_owned())),
            ),
            (
                "its commit runs",
                Ground::Closed,
                Some(pull(closed, "a")),
                None,
                &[run(8, "main", "a")],
                Err(KeptBack::Running("url".to_owned())),
            ),
        ] {
            assert_eq!(
                may_go(&ground, pull.as_ref(), listed, runs, Some(7)),
                expected,
                "{what}"
            );
        }
    }
}
