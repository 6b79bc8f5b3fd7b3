//! Comments go, all but what people typed into them.

use actions_core::github::{Error, Writer};

use super::{Done, Facts, Outcome, look, replace};
use crate::marker::Run;
use crate::plan;

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
            let removed = clear(writer, &facts, key, &ids, done).await;
            if done.deleted + done.noted > 0 {
                done.outcome = Outcome::Deleted;
            }
            removed
        }
    }
}

/// Takes all that is ours away: the comments, but for those in which a person wrote something, which keep that.
pub(super) async fn clear(
    writer: &Writer,
    facts: &Facts,
    key: &str,
    ids: &[u64],
    done: &mut Done,
) -> Result<(), Error> {
    for id in ids {
        let comment = facts.comment(*id);
        let note = comment.and_then(|comment| plan::note(comment, key));
        match (comment, note) {
            (Some(comment), Some(note)) => {
                replace(writer, comment, &note, done).await?;
                done.noted += 1;
                done.set(comment, done.outcome);
            }
            _ => remove(writer, &[*id], done).await?,
        }
    }
    Ok(())
}

/// Deletes comments that were there a moment ago. Gone is deleted: a repeated request meets what its first try did.
pub(super) async fn remove(writer: &Writer, ids: &[u64], done: &mut Done) -> Result<(), Error> {
    for id in ids {
        done.unclear = true;
        let deleted = writer.delete_comment(*id).await;
        done.unclear = deleted.as_ref().is_err_and(Error::is_ambiguous);
        deleted?;
        done.deleted += 1;
    }
    Ok(())
}
