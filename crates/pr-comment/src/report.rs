//! What a user of pr-comment reads beside the comment: log, summary, report, problems with inputs.

use actions_core::error::fault;
use actions_core::reports::{Comment, CommentAction, Status};
use actions_core::text::{count, shorten};

use crate::apply::{Done, Outcome};
use crate::marker::Run;
use crate::plan::Step;

pub(crate) const NO_PULL_REQUEST: &str =
    "missing; the event has no pull request: run on `pull_request`, or pass its number";
pub(crate) const NOTHING_TO_SAY: &str =
    "missing; pass the `report` outputs of the other actions, one per line, or pass `body`";
/// Stands where a comment that is too long was cut.
pub(crate) const CUT: &str = "_Cut here: GitHub takes no longer comment. The workflow run's summary has the rest._";

pub(crate) fn bad_key(key: &str) -> String {
    format!(
        "`{}` is to be at most 120 letters, digits and `. _ / -`",
        shorten(key, 60)
    )
}

pub(crate) fn not_json(error: &serde_json::Error) -> String {
    format!("{error}; each line is to be the `report` output of an action")
}

pub(crate) fn no_report(text: &str) -> String {
    format!("`{}` is not the `report` output of an action", shorten(text, 40))
}

/// The last line of the log.
pub(crate) fn sentence(done: &Done, pull_request: u64) -> String {
    let at = done.url.as_ref().map(|url| format!(": {url}")).unwrap_or_default();
    let more = match (done.outcome, done.deleted) {
        (Outcome::Deleted, _) | (_, 0) => String::new(),
        (_, n) => format!("; {} of ours deleted", count(n, "duplicate")),
    };
    match done.outcome {
        Outcome::Created => format!("commented on pull request #{pull_request}{at}{more}"),
        Outcome::Updated => format!("updated the comment on pull request #{pull_request}{at}{more}"),
        Outcome::Unchanged => format!("the comment on pull request #{pull_request} says this already{at}{more}"),
        Outcome::Deleted => format!(
            "deleted {} on pull request #{pull_request}",
            count(done.deleted, "comment")
        ),
        Outcome::Absent => format!("pull request #{pull_request} has no comment of ours"),
        Outcome::Newer(run) => format!(
            "left the comment on pull request #{pull_request} alone: run {} (attempt {}) is newer than this one{at}",
            run.id, run.attempt
        ),
        Outcome::Nothing => format!("pull request #{pull_request} was not touched"),
    }
}

/// What a dry run would do.
pub(crate) fn planned(step: &Step, duplicates: usize, pull_request: u64) -> String {
    let more = if duplicates > 0 {
        format!(", and delete {}", count(duplicates, "duplicate"))
    } else {
        String::new()
    };
    match step {
        Step::Create => format!("would comment on pull request #{pull_request}{more}"),
        Step::Edit(id) => format!("would update comment {id} on pull request #{pull_request}{more}"),
        Step::Same(id) => format!("comment {id} on pull request #{pull_request} says this already{more}"),
        Step::Newer(id, run) => format!(
            "would leave comment {id} on pull request #{pull_request} alone: run {} is newer than this one",
            run.id
        ),
    }
}

/// What a dry run of `delete` would do.
pub(crate) fn planned_deletion(plan: &Result<Vec<u64>, (u64, Run)>, pull_request: u64) -> String {
    match plan {
        Ok(ids) if ids.is_empty() => format!("pull request #{pull_request} has no comment of ours"),
        Ok(ids) => format!(
            "would delete {} on pull request #{pull_request}",
            count(ids.len(), "comment")
        ),
        Err((id, run)) => planned(&Step::Newer(*id, *run), 0, pull_request),
    }
}

/// Why nothing was written on a pull request whose token can only read.
pub(crate) fn read_only(pull_request: u64) -> String {
    format!(
        "pull request #{pull_request} comes from a fork or from Dependabot: its token can only read, so the comment stands in the run's summary instead. To have it on the pull request, write it from a `workflow_run` job"
    )
}

/// The comment vanished each time it was written.
pub(crate) fn vanished(pull_request: u64) -> anyhow::Error {
    fault(format!(
        "the comment on pull request #{pull_request} is deleted again each time"
    ))
    .hint("another workflow removes it: give each its own `key`")
    .into()
}

/// What the output `report` says of the comment.
pub(crate) fn comment(done: &Done, status: Status) -> Comment {
    let action = match (status, done.outcome) {
        (Status::Planned, _) => CommentAction::Planned,
        (_, Outcome::Created) => CommentAction::Created,
        (_, Outcome::Updated) => CommentAction::Updated,
        (_, Outcome::Unchanged) => CommentAction::Unchanged,
        (_, Outcome::Deleted) => CommentAction::Deleted,
        (_, Outcome::Absent) => CommentAction::Absent,
        (_, Outcome::Newer(_)) => CommentAction::Newer,
        (Status::Done, Outcome::Nothing) => CommentAction::Skipped,
        (_, Outcome::Nothing) => CommentAction::None,
    };
    Comment {
        id: done.id,
        url: done.url.clone(),
        action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_says_what_became_of_the_comment() {
        let done = |outcome, deleted| Done {
            outcome,
            id: Some(7),
            url: Some("https://github.com/acme/app/pull/42#issuecomment-7".to_owned()),
            deleted,
        };
        let newer = Outcome::Newer(Run { id: 1002, attempt: 1 });
        let lines: Vec<String> = [
            done(Outcome::Created, 0),
            done(Outcome::Updated, 2),
            done(Outcome::Unchanged, 0),
            done(Outcome::Deleted, 1),
            done(Outcome::Absent, 0),
            done(newer, 0),
        ]
        .iter()
        .map(|done| sentence(done, 42))
        .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        commented on pull request #42: https://github.com/acme/app/pull/42#issuecomment-7
        updated the comment on pull request #42: https://github.com/acme/app/pull/42#issuecomment-7; 2 duplicates of ours deleted
        the comment on pull request #42 says this already: https://github.com/acme/app/pull/42#issuecomment-7
        deleted 1 comment on pull request #42
        pull request #42 has no comment of ours
        left the comment on pull request #42 alone: run 1002 (attempt 1) is newer than this one: https://github.com/acme/app/pull/42#issuecomment-7
        ");
    }
}
