//! Carries the plan out, and looks again whenever the world may be another than the plan thought.

mod done;
mod remove;

use std::time::Duration;

use actions_core::github::{Comment, Edited, Error, Hidden, Identity, Reader, Writer};
use actions_core::retry::{Patience, Tries};
use tokio::time::Instant;

pub use self::done::{Done, Outcome};
pub use self::remove::delete;
use self::remove::{clear, remove};
use crate::marker;
use crate::plan::{self, LONGEST, Mode, Plan, Step, Wanted};

/// Looking, then writing, is repeated this often at most: a comment that vanishes each time is somebody's intent.
const MOST_ROUNDS: u32 = 5;
/// The same for a comment that many jobs write at once; patience ends it before.
const MOST_ROUNDS_SHARED: u32 = 100;

/// More comments than that come in several answers (GitHub's largest page).
const A_PAGE: usize = 100;

/// GitHub's limit may count what we do not; a text that it calls too long is tried in halves down to this.
const SHORTEST: usize = 10_000;

/// How long others may take from reading the comment to having written it, as a multiple of our own time, and at least
/// and at most. GitHub has no condition for a write: who reads before our write and writes after it takes our part out
/// again, and that shows only then.
const SETTLE: u32 = 4;
const LEAST_SETTLE: Duration = Duration::from_secs(2);
const MOST_SETTLE: Duration = Duration::from_secs(10);

/// What stands on the pull request, and whose it is.
pub struct Facts {
    pub comments: Vec<Comment>,
    pub identity: Identity,
}

impl Facts {
    fn comment(&self, id: u64) -> Option<&Comment> {
        self.comments.iter().find(|comment| comment.id == id)
    }

    /// In how many of these a person has written something, so that only our part of them is to go.
    pub fn noted(&self, ids: &[u64], key: &str) -> usize {
        let noted = |id: &&u64| {
            self.comment(**id)
                .and_then(|comment| plan::note(comment, key))
                .is_some()
        };
        ids.iter().filter(noted).count()
    }
}

/// Reads the comments, and at the same time asks whose token it is.
pub async fn look(reader: &Reader, pull_request: u64, key: &str, known: Option<&Identity>) -> Result<Facts, Error> {
    if let Some(identity) = known {
        let comments = reader.comments(pull_request).await?;
        let identity = identity.clone();
        return Ok(Facts { comments, identity });
    }
    let (comments, person) = tokio::join!(reader.comments(pull_request), reader.person());
    let comments = comments?;
    let candidates = plan::candidates(&comments, key);
    let identity = match person {
        // Without one of ours, it matters to nothing whose token it is.
        person if candidates.is_empty() => reader.identity(person.unwrap_or_default(), &[]).await?,
        person => reader.identity(person?, &candidates).await?,
    };
    Ok(Facts { comments, identity })
}

/// Makes the one comment say what is wanted. `done` tells what was reached, also when an error ends it.
///
/// What a write did is never taken from the attempt: after an answer that was lost, the comments are read again. A
/// comment that several jobs write is read again in any case, once they have had the time to overwrite it.
#[expect(clippy::too_many_lines, reason = "one loop, whose steps share all that it knows")]
pub async fn upsert(writer: &Writer, pull_request: u64, wanted: &Wanted, done: &mut Done) -> Result<(), Error> {
    let mut known: Option<Identity> = None;
    let mut stuck = false;
    // What the last write was to be, and why nobody knows whether it is.
    let mut lost: Option<(Outcome, Error)> = None;
    let mut creates = writer.reader().tries_of_create();
    let mut edits = Tries::new(&Patience::default());
    let mut contention = Tries::new(&Patience {
        first: Duration::from_millis(300),
        longest: Duration::from_secs(4),
        ..Patience::default()
    });
    let mut most = LONGEST;
    let mut may_ask = true;
    let mut absent = false;
    let mut overwritten = false;
    let mut round = 0;
    loop {
        let began = Instant::now();
        let facts = look(writer.reader(), pull_request, &wanted.key, known.as_ref()).await?;
        done.unclear = false;
        let wanted = &Wanted {
            stuck,
            ..wanted.clone()
        };
        let plan = plan::upsert(&facts.comments, &facts.identity, wanted, most);
        let outcome = match &plan.step {
            // We made it, and the list does not show it yet.
            Step::Create if done.outcome == Outcome::Created => return Ok(()),
            // One that goes from the first page while the next ones are read hides another: not there twice is not there.
            Step::Create if facts.comments.len() >= A_PAGE && !absent => {
                absent = true;
                continue;
            }
            Step::Create => Outcome::Created,
            Step::Edit(_) => Outcome::Updated,
            Step::Renew(_) => Outcome::Unchanged,
            Step::Same(id) => {
                let wrote = done.wrote() || lost.is_some();
                if let Some(comment) = facts.comment(*id) {
                    // It did not say this before our lost attempt: that did it. And what we made, then merged into an
                    // older one, is one change.
                    let before = if done.wrote() { done.outcome } else { Outcome::Unchanged };
                    done.set(comment, lost.map_or(before, |(outcome, _)| outcome));
                    return finish(writer, &facts, &plan, wanted, (comment, wrote), done).await;
                }
                return Ok(());
            }
            Step::Newer(id, _) | Step::Unknown(id) => {
                let outcome = match plan.step {
                    Step::Newer(_, run) => Outcome::Newer(run),
                    _ => Outcome::Unknown,
                };
                if let Some(comment) = facts.comment(*id) {
                    done.set(comment, outcome);
                }
                return Ok(());
            }
            Step::Absent => {
                if done.outcome == Outcome::Nothing {
                    done.outcome = Outcome::Absent;
                }
                return Ok(());
            }
            Step::Delete(ids) => {
                clear(writer, &facts, &wanted.key, ids, done).await?;
                done.outcome = Outcome::Deleted;
                return Ok(());
            }
        };
        // Ours was there, and is not any more: others write, too. Not all of them again at the same time.
        if overwritten {
            overwritten = false;
            if !contention.pause().await {
                done.outcome = Outcome::Overwritten;
                return Ok(());
            }
            continue;
        }
        let shared = plan.document.is_shared();
        let most_rounds = if shared { MOST_ROUNDS_SHARED } else { MOST_ROUNDS };
        // Not as it should be, and it is too early, or too late, to ask again.
        if !may_ask || round >= most_rounds {
            break;
        }
        // Before it is written: what it then says is what the next run finds, also when this one ends in between.
        if let (true, Step::Edit(id)) = (plan.show, &plan.step)
            && let Some(comment) = facts.comment(*id)
            && let Err(error) = writer.show_comment(comment).await
        {
            // What it says is the truth in either case.
            done.warnings.push(error.to_string());
            stuck = true;
            continue;
        }
        round += 1;
        done.unclear = true;
        let body = plan.document.body(&wanted.key);
        let written = match plan.step {
            Step::Edit(id) | Step::Renew(id) => writer.edit_comment(id, &body, &mut edits).await,
            _ => writer
                .create_comment(pull_request, &body, &mut creates)
                .await
                .map(Edited::Done),
        };
        match written {
            // Deleted since we looked: look again.
            Ok(Edited::Gone) => lost = None,
            Ok(Edited::Done(comment)) => {
                // What was made and then merged into an older one, or taken out by others and put back, is one change.
                let first = if done.wrote() && !matches!(plan.step, Step::Create) {
                    done.outcome
                } else {
                    outcome
                };
                done.set(&comment, if outcome == Outcome::Updated { outcome } else { first });
                lost = None;
                if shared {
                    let settle = (began.elapsed() * SETTLE).clamp(LEAST_SETTLE, MOST_SETTLE);
                    tokio::time::sleep(settle).await;
                    overwritten = true;
                } else if outcome != Outcome::Created {
                    return finish(writer, &facts, &plan, wanted, (&comment, true), done).await;
                }
                if let (Outcome::Created, Some(author)) = (outcome, comment.user) {
                    known = Some(Identity::Login(author.login));
                }
            }
            Err(error) if error.is_too_long() && most > SHORTEST => {
                done.unclear = false;
                most /= 2;
                tracing::info!("{error}; trying again with {most} characters");
            }
            Err(error) if error.is_passing() => {
                tracing::warn!("{error}; looking whether the comment is there");
                done.unclear = error.is_ambiguous();
                may_ask = match outcome {
                    Outcome::Created => error.is_ambiguous() && creates.pause().await,
                    _ => edits.pause().await,
                };
                lost = Some((outcome, error));
            }
            Err(error) => {
                done.unclear = false;
                return Err(error);
            }
        }
    }
    match lost {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// What follows once the comment says what is wanted: superfluous ones go, and it is folded away, also when an earlier
/// run could not; whether it was `written` now.
async fn finish(
    writer: &Writer,
    facts: &Facts,
    plan: &Plan,
    wanted: &Wanted,
    (comment, written): (&Comment, bool),
    done: &mut Done,
) -> Result<(), Error> {
    if wanted.hide {
        // It says the truth in either case.
        match fold(writer, comment, written).await {
            Ok(folded) => done.folded |= folded && !written,
            Err(error) => done.warnings.push(error.to_string()),
        }
    }
    if wanted.mode != Mode::HidePrevious {
        remove(writer, &plan.leftovers, done).await?;
        return fold_due(writer, facts, &wanted.key, done).await;
    }
    for id in &plan.leftovers {
        let Some(former) = facts.comment(*id) else { continue };
        let folded = match writer.hide_comment(former, Hidden::Outdated).await {
            Ok(()) => true,
            Err(error) => {
                done.warnings.push(error.to_string());
                false
            }
        };
        // Its marker no longer is one, so that it is never taken for the current comment.
        replace(
            writer,
            former,
            &marker::retired(former.text(), &wanted.key, folded),
            done,
        )
        .await?;
        done.hidden += usize::from(folded);
    }
    fold_due(writer, facts, &wanted.key, done).await
}

/// Folds the comment away, unless it is; whether it was not.
async fn fold(writer: &Writer, comment: &Comment, written: bool) -> Result<bool, Error> {
    if !written && writer.is_hidden(comment).await? {
        return Ok(false);
    }
    writer.hide_comment(comment, Hidden::Resolved).await?;
    Ok(true)
}

/// Folds away former comments that an earlier run could not. What refuses one refuses them all.
async fn fold_due(writer: &Writer, facts: &Facts, key: &str, done: &mut Done) -> Result<(), Error> {
    for former in facts.comments.iter().filter(|comment| facts.identity.wrote(comment)) {
        let Some(text) = marker::due(former.text(), key) else {
            continue;
        };
        if former.minimized.is_none()
            && let Err(error) = writer.hide_comment(former, Hidden::Outdated).await
        {
            done.warnings.push(error.to_string());
            return Ok(());
        }
        replace(writer, former, &text, done).await?;
        done.hidden += 1;
    }
    Ok(())
}

/// Gives a comment that nobody else writes another text: what a lost answer did is what the next one does.
async fn replace(writer: &Writer, comment: &Comment, text: &str, done: &mut Done) -> Result<(), Error> {
    let mut tries = Tries::new(&Patience::default());
    done.unclear = true;
    loop {
        match writer.edit_comment(comment.id, text, &mut tries).await {
            Err(error) if error.is_passing() && tries.pause().await => {}
            edited => {
                done.unclear = edited.as_ref().is_err_and(Error::is_ambiguous);
                return edited.map(drop);
            }
        }
    }
}
