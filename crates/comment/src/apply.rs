//! Carries the plan out, and looks again whenever the world may be another than the plan thought.

use actions_core::github::{Comment, Edited, Error, Identity, Reader, Writer};

use crate::marker::Run;
use crate::plan::{self, Plan, Step, Wanted};

/// Looking, then writing, is repeated this often at most: a comment that vanishes each time is somebody's intent.
const MOST_ROUNDS: u32 = 5;

/// More comments than that come in several answers (GitHub's largest page).
const A_PAGE: usize = 100;

/// What became of the comment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    pub outcome: Outcome,
    pub id: Option<u64>,
    pub url: Option<String>,
    /// How many more comments of ours were deleted.
    pub deleted: usize,
    /// Something was sent whose outcome nobody has seen: it may have been carried out.
    pub unclear: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    Deleted,
    /// Nothing to delete.
    Absent,
    /// A later run wrote the comment.
    Newer(Run),
    #[default]
    Nothing,
}

impl Done {
    /// Whether what stands on the pull request is other than before, or may be.
    pub fn changed(&self) -> bool {
        matches!(self.outcome, Outcome::Created | Outcome::Updated | Outcome::Deleted)
            || self.deleted > 0
            || self.unclear
    }

    fn of(comment: &Comment, outcome: Outcome) -> Self {
        Self {
            outcome,
            id: Some(comment.id),
            url: Some(comment.html_url.clone()).filter(|url| !url.is_empty()),
            deleted: 0,
            unclear: false,
        }
    }
}

/// What stands on the pull request, and whose it is.
pub struct Facts {
    pub comments: Vec<Comment>,
    pub identity: Identity,
}

/// Reads the comments; asks whose token it is only when one of them may be ours.
pub async fn look(reader: &Reader, pull_request: u64, key: &str, known: Option<&Identity>) -> Result<Facts, Error> {
    let comments = reader.comments(pull_request).await?;
    let candidates = plan::candidates(&comments, key);
    let identity = match known {
        Some(identity) => identity.clone(),
        None if candidates.is_empty() => Identity::Actions,
        None => reader.identity(&candidates).await?,
    };
    Ok(Facts { comments, identity })
}

/// Makes the one comment say what is wanted. `done` tells what was reached, also when an error ends it.
///
/// What a write did is never taken from the attempt: after an answer that was lost, the comments are read again.
pub async fn upsert(writer: &Writer, pull_request: u64, wanted: &Wanted, done: &mut Done) -> Result<(), Error> {
    let mut known: Option<Identity> = None;
    // What the last write was to be, and why nobody knows whether it is.
    let mut lost: Option<(Outcome, Error)> = None;
    let mut tries = writer.reader().tries_of_create();
    let mut may_ask = true;
    let mut absent = false;
    for round in 0..=MOST_ROUNDS {
        let facts = look(writer.reader(), pull_request, &wanted.key, known.as_ref()).await?;
        done.unclear = false;
        let Plan { step, duplicates } = plan::upsert(&facts.comments, &facts.identity, wanted);
        let comment = |id: u64| facts.comments.iter().find(|comment| comment.id == id);
        let outcome = match step {
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
                if done.outcome != Outcome::Created
                    && let Some(comment) = comment(id)
                {
                    // It did not say this before our lost attempt: that did it.
                    let outcome = lost.map_or(Outcome::Unchanged, |(outcome, _)| outcome);
                    *done = Done::of(comment, outcome);
                }
                return remove(writer, &duplicates, done).await;
            }
            Step::Newer(id, run) => {
                let outcome = Outcome::Newer(run);
                *done = comment(id).map_or_else(Done::default, |comment| Done::of(comment, outcome));
                return Ok(());
            }
        };
        // Not as it should be, and it is too early, or too late, to ask again.
        if !may_ask || round == MOST_ROUNDS {
            break;
        }
        done.unclear = true;
        let written = match step {
            Step::Edit(id) | Step::Renew(id) => writer.edit_comment(id, &wanted.signed()).await,
            _ => writer
                .create_comment(pull_request, &wanted.signed(), &mut tries)
                .await
                .map(Edited::Done),
        };
        match written {
            // Deleted since we looked: look again.
            Ok(Edited::Gone) => lost = None,
            Ok(Edited::Done(comment)) if outcome == Outcome::Created => {
                *done = Done::of(&comment, outcome);
                known = comment.user.map(|author| Identity::Login(author.login));
                lost = None;
            }
            Ok(Edited::Done(comment)) => {
                // A comment that we made in this run, and then merged into an older one, is one change.
                *done = Done::of(&comment, outcome);
                return remove(writer, &duplicates, done).await;
            }
            Err(error) if error.is_ambiguous() => {
                tracing::warn!("{error}; looking whether the comment is there");
                // An edit was repeated where it was asked: for it, this is the last look.
                may_ask = outcome == Outcome::Created && tries.pause().await;
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

/// Deletes every comment of ours with this key.
pub async fn delete(
    writer: &Writer,
    pull_request: u64,
    key: &str,
    run: Option<Run>,
    done: &mut Done,
) -> Result<(), Error> {
    let facts = look(writer.reader(), pull_request, key, None).await?;
    match plan::delete(&facts.comments, &facts.identity, key, run) {
        Err((id, run)) => {
            done.outcome = Outcome::Newer(run);
            done.id = Some(id);
            Ok(())
        }
        Ok(ids) => {
            done.outcome = Outcome::Absent;
            done.id = ids.first().copied();
            let removed = remove(writer, &ids, done).await;
            if done.deleted > 0 {
                done.outcome = Outcome::Deleted;
            }
            removed
        }
    }
}

/// Deletes comments that were there a moment ago. Gone is deleted: a repeated request meets what its first try did.
async fn remove(writer: &Writer, ids: &[u64], done: &mut Done) -> Result<(), Error> {
    for id in ids {
        done.unclear = true;
        let deleted = writer.delete_comment(*id).await;
        done.unclear = deleted.as_ref().is_err_and(Error::is_ambiguous);
        deleted?;
        done.deleted += 1;
    }
    Ok(())
}
