//! What a run is made from, resolved once: its pull request, the commit that is meant, and whether it may still be done.
//!
//! From the event where it tells; GitHub is asked only for what it does not tell, or told too long ago. An [`Inquiry`]
//! is part of the inputs; an action waits for its [`Source`] together with all else that it reads.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{LocalBoxFuture, Shared};
use jiff::Timestamp;

use super::common::GithubAccess;
use crate::error::{Fault, fault};
use crate::event::{Event, Head, PullRequest};
use crate::github::{Error, Reader};

/// What an event tells of a pull request's state holds this long: time for a job to begin and to build. A job that
/// waited longer (for an approval, for another run) may be about one that was closed meanwhile.
const HOLDS: Duration = Duration::from_mins(5);

/// What an action wants to know of its pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The commit.
    Commit,
    /// Whether it is open, before something is made for it.
    Open,
    /// Both.
    CommitAndOpen,
    /// Whether it is closed, before what was made for it is deleted.
    Closed,
}

/// What a run is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    pub pull_request: Option<PullRequest>,
    /// The commit that is meant; `None` when it is not known, never a guess.
    pub commit: Option<String>,
    /// Its branch. Untrusted text.
    pub head_ref: Option<String>,
    /// What is not known although it was wanted, and what to do about it: one sentence.
    pub unknown: Option<String>,
    /// GitHub was asked and could not answer, rather than that it may not be asked.
    unanswered: bool,
    /// Somebody asked for a deletion itself, rather than that a pull request was closed.
    asked_for: bool,
    /// GitHub has told the state.
    asked: bool,
}

/// A question that is asked when its answer is first waited for, and only once.
#[derive(Clone)]
pub struct Inquiry(Shared<LocalBoxFuture<'static, Source>>);

impl Inquiry {
    /// What a run for the environment of this pull request is about (`None`: of none).
    pub(super) fn new(event: Event, number: Option<u64>, wanted: Wanted, github: Option<GithubAccess>) -> Self {
        Self(resolve(event, number, wanted, github).boxed_local().shared())
    }

    /// What the run is about.
    pub async fn source(&self) -> Source {
        self.0.clone().await
    }
}

async fn resolve(event: Event, number: Option<u64>, wanted: Wanted, github: Option<GithubAccess>) -> Source {
    let Some(number) = number else {
        return Source {
            commit: event.commit().map(str::to_owned),
            head_ref: event.head_ref,
            ..Source::default()
        };
    };
    let mut pull = event.known_of(number);
    let must = asks_state(&event, &pull, wanted, Timestamp::now());
    // Between a closing and its job lies the wait for a runner, and what is deleted is gone: with a token one question is
    // cheap. Where it may not be asked, the closing is the word that counts.
    let may = wanted == Wanted::Closed && !event.asked && !is_asked_for(&event) && github.is_some();
    let open = must || may;
    let commit = matches!(wanted, Wanted::Commit | Wanted::CommitAndOpen) && event.commit_of(&pull).is_none();
    let (mut unknown, mut unanswered, mut asked) = (None, false, false);
    if open || commit {
        let missing = missing(number, wanted, commit, open);
        let why = match ask(github, number).await {
            Ok(answer) => {
                pull = pull.now(answer);
                asked = true;
                None
            }
            Err(unasked) => {
                unanswered = matches!(unasked, Unasked::Failed(_));
                Some(unasked.sentence())
            }
        };
        unknown = why.map(|why| format!("{missing} not known, since {why}"));
    }
    Source {
        commit: event.commit_of(&pull).map(str::to_owned),
        head_ref: pull.head_ref.clone(),
        pull_request: Some(pull),
        unknown,
        unanswered,
        asked_for: is_asked_for(&event),
        asked,
    }
}

fn missing(number: u64, wanted: Wanted, commit: bool, state: bool) -> String {
    match (commit, state) {
        (true, true) => format!("the commit of pull request #{number}, and whether it is still open, are"),
        (true, false) => format!("the commit of pull request #{number} is"),
        _ if wanted == Wanted::Closed => format!("whether pull request #{number} is still closed is"),
        _ => format!("whether pull request #{number} is still open is"),
    }
}

/// Whether the state has to be asked: the event does not tell it, or told it too long ago to act on.
fn asks_state(event: &Event, pull: &PullRequest, wanted: Wanted, now: Timestamp) -> bool {
    let late = event.at.is_some_and(|at| now.duration_since(at).unsigned_abs() > HOLDS);
    let old = !event.asked && (event.is_again() || late);
    let untold = pull.state.is_none();
    match wanted {
        Wanted::Commit => false,
        Wanted::Open | Wanted::CommitAndOpen => untold || old,
        Wanted::Closed => untold || old && !is_asked_for(event),
    }
}

/// Why GitHub did not tell.
enum Unasked {
    NoToken,
    Forbidden,
    NotFound,
    Failed(String),
}

impl Unasked {
    fn sentence(&self) -> String {
        match self {
            Self::NoToken => {
                "no `github-token` was given: pass `${{ github.token }}`, and give the job `pull-requests: read`".to_owned()
            }
            Self::Forbidden => "the `github-token` may not read it: give the job `pull-requests: read`".to_owned(),
            Self::NotFound => {
                "GitHub shows no such pull request to the `github-token`: check the number, and give the job `pull-requests: read`".to_owned()
            }
            Self::Failed(error) => format!("GitHub could not be asked: {error}"),
        }
    }
}

impl From<Error> for Unasked {
    fn from(error: Error) -> Self {
        if error.is_forbidden() || error.status() == Some(401) {
            Self::Forbidden
        } else {
            Self::Failed(error.to_string())
        }
    }
}

fn reader(github: Option<GithubAccess>) -> Result<Reader, Unasked> {
    let access = github.ok_or(Unasked::NoToken)?;
    let http = crate::http::client().map_err(|error| Unasked::Failed(error.to_string()))?;
    Ok(access.reader(http)?)
}

async fn ask(github: Option<GithubAccess>, number: u64) -> Result<PullRequest, Unasked> {
    reader(github)?.pull_request(number).await?.ok_or(Unasked::NotFound)
}

/// The pull request whose head a run that is over (`workflow_run`) was about.
///
/// # Errors
/// Why there is none to be found, as the problem of the input `pull-request`.
pub(super) async fn find(head: &Head, github: Option<GithubAccess>) -> Result<PullRequest, String> {
    let commit: String = head.sha.chars().take(12).collect();
    let otherwise = "pass its number as `pull-request`";
    let found = async { Ok::<_, Unasked>(reader(github)?.pull_requests_of(head).await?) };
    match found.await {
        Ok(mut found) if found.len() == 1 => Ok(found.remove(0)),
        Ok(found) if found.is_empty() => Err(format!(
            "no pull request has commit `{commit}` as its head, which the run that is over was about: it was pushed to since, and the newer run counts"
        )),
        Ok(found) => {
            let numbers: Vec<String> = found.iter().map(|pull| format!("#{}", pull.number)).collect();
            Err(format!(
                "commit `{commit}`, which the run that is over was about, is the head of more than one pull request ({}): {otherwise}",
                numbers.join(", ")
            ))
        }
        Err(unasked) => Err(format!(
            "which pull request has commit `{commit}` as its head is not known, since {}; or {otherwise}",
            unasked.sentence()
        )),
    }
}

/// Whether a run that deletes was asked for as such: by hand, by a comment, by a label. What follows a closing, or only
/// the clock, has no other reason than that the pull request is closed.
fn is_asked_for(event: &Event) -> bool {
    match event.name.as_str() {
        "" | "workflow_dispatch" | "repository_dispatch" | "issue_comment" => true,
        name => name.starts_with("pull_request") && !event.is_closing(),
    }
}

impl Source {
    /// Refuses to make anything for a pull request that is closed: nobody would delete it.
    ///
    /// This is a failure, not a step that is passed over: the steps that follow (a migration, a test) would run on
    /// what is not there, and a `DATABASE_URL` that is empty makes many tools look for another one.
    ///
    /// # Errors
    /// It is closed. Where that is not known, [`Source::unknown`] says so, and the work goes on: an answer that GitHub
    /// owes is no reason to deploy nothing.
    pub fn may_make(&self) -> Result<(), Fault> {
        match self.pull_request.as_ref().filter(|pull| pull.is_closed()) {
            None => Ok(()),
            Some(pull) => {
                let how = if pull.merged == Some(true) {
                    "was merged"
                } else {
                    "is closed"
                };
                let remedy = if pull.merged == Some(true) {
                    "open a new pull request to see its changes again"
                } else {
                    "reopen it to have its environment again"
                };
                Err(fault(format!(
                    "pull request #{} {how}: nothing is made for it any more, and nothing was touched",
                    pull.number
                ))
                .hint(remedy))
            }
        }
    }

    /// Refuses to delete what belongs to a pull request that is open again, where its closing is the reason; says so
    /// where somebody asked for the deletion itself.
    ///
    /// # Errors
    /// It is open, or GitHub could not say whether it is. Without a token, or with one that may not read it, the work
    /// goes on and [`Source::unknown`] says so: starting a failed run again is the usual second attempt.
    pub fn may_remove(&self) -> Result<Option<String>, Fault> {
        let Some(pull) = &self.pull_request else {
            return Ok(None);
        };
        let number = pull.number;
        if self.asked_for {
            let note = || format!("pull request #{number} is open: its next run makes its environment again");
            return Ok((self.asked && pull.is_open()).then(note));
        }
        if pull.is_open() {
            return Err(fault(format!(
                "pull request #{number} is open: its environment stays, and nothing was touched"
            ))
            .hint("close it to have its environment deleted, or start the cleanup by hand (`workflow_dispatch`)"));
        }
        match &self.unknown {
            Some(unknown) if self.unanswered => {
                Err(fault(format!("{unknown}; nothing was touched"))
                    .hint("run it again: what is to be deleted can wait"))
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
