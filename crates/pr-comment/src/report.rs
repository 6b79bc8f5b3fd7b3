//! What a user of pr-comment reads beside the comment: log, summary, report, problems with inputs.

use actions_core::error::fault;
use actions_core::github::Error;
use actions_core::reports::{Comment, CommentAction, Status};
use actions_core::runner::signal::Interrupt;
use actions_core::text::{count, shorten};

use actions_comment::apply::{Done, Outcome};
use actions_comment::marker::Run;
use actions_comment::plan::Step;
use actions_comment::refusal::{Refusal, Silence};

pub(crate) const NO_PULL_REQUEST: &str =
    "missing; the event has no pull request: run on `pull_request`, or pass its number";
pub(crate) const NOTHING_TO_SAY: &str = "missing, and no earlier step of this job has left one; pass the `report` \
    outputs of other jobs' actions, one per line, or pass `body`";
pub(crate) const TWO_BODIES: &str = "goes without `body`: give one of them";
/// The value of `reports` that means the job's own.
pub(crate) const OF_JOB: &str = "job";
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

/// A report that an earlier step left, and that cannot be read.
pub(crate) fn unreadable(name: &str, why: &str) -> String {
    format!("the report `{name}` of this job is left out: {why}")
}

/// The manifest names the comment; what is wrong with it is other actions' to fail at.
pub(crate) fn manifest_is_wrong(problems: &str) -> String {
    format!("the comment is written all the same, but the manifest cannot be used: {problems}")
}

pub(crate) fn outside(path: &str) -> String {
    format!("`{}` lies outside the workspace", shorten(path, 100))
}

pub(crate) fn unreadable_body(path: &str, why: &str) -> String {
    format!("`{}` cannot be read: {why}", shorten(path, 100))
}

/// The last line of the log.
pub(crate) fn sentence(done: &Done, pull_request: u64) -> String {
    let at = done.url.as_ref().map(|url| format!(": {url}")).unwrap_or_default();
    let mut more = match (done.outcome, done.deleted) {
        (Outcome::Deleted, _) if done.noted == 0 => String::new(),
        (_, 0) => String::new(),
        (_, n) => format!("; {} of ours deleted", count(n, "more comment")),
    };
    if done.folded {
        more += "; it is folded away";
    }
    if done.hidden > 0 {
        more += &format!("; {} folded away", count(done.hidden, "former comment"));
    }
    match done.outcome {
        Outcome::Created => format!("commented on pull request #{pull_request}{at}{more}"),
        Outcome::Updated => format!("updated the comment on pull request #{pull_request}{at}{more}"),
        Outcome::Unchanged => format!("the comment on pull request #{pull_request} says this already{at}{more}"),
        Outcome::Deleted if done.noted > 0 => format!(
            "took our part out of {} on pull request #{pull_request}, where what somebody wrote above it stays{at}{more}",
            count(done.noted, "comment")
        ),
        Outcome::Deleted => format!(
            "deleted {} on pull request #{pull_request}",
            count(done.deleted, "comment")
        ),
        Outcome::Absent => format!("pull request #{pull_request} has no comment of ours"),
        Outcome::Newer(run) => format!(
            "left the comment on pull request #{pull_request} alone: run {} (attempt {}) is newer than this one{at}",
            run.id, run.attempt
        ),
        Outcome::Unknown => format!(
            "left the comment on pull request #{pull_request} alone: a later version of this action has written it{at}"
        ),
        Outcome::Overwritten => {
            format!("other jobs took this one's part of the comment on pull request #{pull_request} out again{at}")
        }
        Outcome::Nothing => format!("pull request #{pull_request} was not touched"),
    }
}

/// What a dry run would do.
pub(crate) fn planned(step: &Step, duplicates: usize, pull_request: u64) -> String {
    let more = if duplicates > 0 {
        format!(", and delete or fold away {}", count(duplicates, "more comment"))
    } else {
        String::new()
    };
    match step {
        Step::Create => format!("would comment on pull request #{pull_request}{more}"),
        Step::Edit(id) => format!("would update comment {id} on pull request #{pull_request}{more}"),
        Step::Same(id) | Step::Renew(id) => {
            format!("comment {id} on pull request #{pull_request} says this already{more}")
        }
        Step::Newer(id, run) => format!(
            "would leave comment {id} on pull request #{pull_request} alone: run {} is newer than this one",
            run.id
        ),
        Step::Unknown(id) => format!(
            "would leave comment {id} on pull request #{pull_request} alone: a later version of this action has written it"
        ),
        Step::Absent => format!("pull request #{pull_request} has no comment of ours"),
        Step::Delete(ids) => deletion(ids.len(), 0, pull_request),
    }
}

/// What a dry run says of comments that would go; of those that are `noted` what a person wrote would stay.
pub(crate) fn deletion(all: usize, noted: usize, pull_request: u64) -> String {
    let part = format!(
        "take our part out of {}, where what somebody wrote above it stays,",
        count(noted, "comment")
    );
    let whole = format!("delete {}", count(all.saturating_sub(noted), "comment"));
    let what = match (all.saturating_sub(noted), noted) {
        (_, 0) => whole,
        (0, _) => part,
        _ => format!("{whole} and {part}"),
    };
    format!("would {what} on pull request #{pull_request}")
}

/// What a dry run of `delete` would do.
pub(crate) fn planned_deletion(plan: &Result<Vec<u64>, (u64, Run)>, noted: usize, pull_request: u64) -> String {
    match plan {
        Ok(ids) if ids.is_empty() => format!("pull request #{pull_request} has no comment of ours"),
        Ok(ids) => deletion(ids.len(), noted, pull_request),
        Err((id, run)) => planned(&Step::Newer(*id, *run), 0, pull_request),
    }
}

/// Why nothing was written, where that is nobody's mistake.
pub(crate) fn not_written(silence: Silence, pull_request: u64) -> String {
    match silence {
        Silence::ReadOnly => format!(
            "pull request #{pull_request} comes from a fork or from Dependabot: its token can only read, so the comment stands in the run's summary instead. To have it on the pull request, write it from a `workflow_run` job"
        ),
        Silence::Locked => format!(
            "the conversation of pull request #{pull_request} is locked: the comment stands in the run's summary instead"
        ),
    }
}

/// A refusal with the remedy that its own words ask for.
pub(crate) fn refused(error: Error, refusal: Refusal, pull_request: u64) -> anyhow::Error {
    let what = fault(format!("could not comment on pull request #{pull_request}"));
    let told = error.to_string();
    let hint = match refusal {
        Refusal::Archived => {
            "the repository is archived, so that nothing in it can be changed: unarchive it, or leave this step out"
                .to_owned()
        }
        Refusal::PersonalToken => {
            "give the token `Pull requests: Read and write` on this repository (a classic one: `repo`), or pass \
             `github-token: ${{ github.token }}`"
                .to_owned()
        }
        Refusal::Permission => {
            let asked = match &error {
                Error::Refused {
                    permissions: Some(asked),
                    ..
                } => format!(" (GitHub asks for {})", asked.replace("; ", " or ")),
                _ => String::new(),
            };
            format!(
                "add `permissions: {{ contents: read, pull-requests: write }}` to the job{asked}: naming one permission \
                 takes all others away"
            )
        }
        Refusal::Other => return what.because(error).into(),
    };
    what.because(anyhow::anyhow!(told)).hint(hint).into()
}

/// The run was cancelled.
pub(crate) fn cancelled(signal: Interrupt, pull_request: u64, unclear: bool) -> anyhow::Error {
    let may_be = if unclear {
        "; it may be written all the same"
    } else {
        ""
    };
    fault(format!(
        "cancelled ({}) before the comment on pull request #{pull_request} was written{may_be}",
        signal.name()
    ))
    .hint("run it again: it looks first")
    .exit(signal.exit_status())
    .into()
}

/// The user's own template cannot be rendered; nothing was touched.
pub(crate) fn bad_template(error: minijinja::Error) -> anyhow::Error {
    fault("the input `template` cannot be rendered; nothing was touched")
        .because(error)
        .exit(2)
        .into()
}

/// What was given leaves nothing to say; the comment that stands there is none of this run's to take away.
pub(crate) fn says_nothing() -> anyhow::Error {
    fault("the comment would be empty; nothing was touched")
        .hint("see whether `body`, `body-file` or `template` is empty; `command: delete` removes the comment or its `section`")
        .exit(2)
        .into()
}

/// What did not work beside the comment, which stands.
pub(crate) fn beside(warning: &str) -> String {
    format!("the comment is written, but not folded away or shown again; the next run tries again: {warning}")
}

/// A later version's comment was left alone.
pub(crate) fn later_version(pull_request: u64) -> anyhow::Error {
    fault(format!(
        "the comment on pull request #{pull_request} was written by a later version of this action, whose sections this one cannot keep"
    ))
    .hint("use the same version of `pr-comment` in all jobs, or give this one a `key` of its own")
    .into()
}

/// Many jobs write the comment at once, each slower than the others wait.
pub(crate) fn overwritten(pull_request: u64) -> anyhow::Error {
    fault(format!(
        "other jobs took this one's part of the comment on pull request #{pull_request} out again each time"
    ))
    .hint("give the jobs comments of their own, each with a `key`, or run this one again")
    .into()
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
        (_, Outcome::Unknown) => CommentAction::LaterVersion,
        (Status::Done, Outcome::Nothing) => CommentAction::Skipped,
        (_, Outcome::Nothing | Outcome::Overwritten) => CommentAction::None,
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
    fn a_refusal_is_told_with_what_it_asks_for() {
        let refused = |message: &str| Error::Refused {
            status: 403,
            doing: "write a comment",
            message: message.to_owned(),
            request_id: None,
            permissions: Some("issues=write; pull_requests=write".to_owned()),
            limited: false,
        };
        let mut texts = vec![
            not_written(Silence::ReadOnly, 42),
            not_written(Silence::Locked, 42),
            actions_core::error::render(&cancelled(Interrupt::Int, 42, true)),
        ];
        for (message, refusal) in [
            ("Repository was archived so is read-only.", Refusal::Archived),
            ("Resource not accessible by integration", Refusal::Permission),
            (
                "Resource not accessible by personal access token",
                Refusal::PersonalToken,
            ),
        ] {
            texts.push(actions_core::error::render(&super::refused(
                refused(message),
                refusal,
                42,
            )));
        }
        texts.push(unreadable("7-1-preview.0001.cleanup.json", "it is no file"));
        texts.push(manifest_is_wrong("`codex.toml` is no TOML"));
        insta::assert_snapshot!(texts.join("\n\n"));
    }

    #[test]
    fn the_log_says_what_became_of_the_comment() {
        let done = |outcome, deleted| Done {
            outcome,
            id: Some(7),
            url: Some("https://github.com/acme/app/pull/42#issuecomment-7".to_owned()),
            deleted,
            ..Done::default()
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
        updated the comment on pull request #42: https://github.com/acme/app/pull/42#issuecomment-7; 2 more comments of ours deleted
        the comment on pull request #42 says this already: https://github.com/acme/app/pull/42#issuecomment-7
        deleted 1 comment on pull request #42
        pull request #42 has no comment of ours
        left the comment on pull request #42 alone: run 1002 (attempt 1) is newer than this one: https://github.com/acme/app/pull/42#issuecomment-7
        ");
    }
}
