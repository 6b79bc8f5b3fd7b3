//! Pull requests.

use axum::body::Bytes;
use serde::Deserialize;

use super::account::Level;
use super::door::{Answer, Call, Ctx, Reply, decode};
use super::media::Media;
use super::model::{Pull, Repository, Thread};
use super::refusal::Refusal;
use super::threads;

const KEYS: [&str; 1] = ["pull-requests"];

#[derive(Default, Deserialize)]
struct UpdateRequest {
    title: Option<String>,
    body: Option<String>,
    state: Option<String>,
}

/// Newest first, unless asked otherwise.
pub(super) async fn list(call: Call) -> Answer {
    let state = call.asked("state").unwrap_or("open");
    if !["open", "closed", "all"].contains(&state) {
        return Err(Refusal::invalid("PullRequest", "state", "invalid", None));
    }
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let mut found: Vec<(&Thread, &Pull)> = repository
            .threads
            .iter()
            .filter_map(|thread| Some((thread, thread.pull.as_ref()?)))
            .filter(|(thread, _)| state == "all" || thread.state == state)
            .filter(|(_, pull)| {
                let label = format!("{}:{}", pull.head_owner, pull.head_ref);
                call.asked("head").is_none_or(|head| head == label)
            })
            .filter(|(_, pull)| call.asked("base").is_none_or(|base| base == pull.base_ref))
            .collect();
        let by_update = matches!(call.asked("sort"), Some("updated"));
        found.sort_by_key(|(thread, _)| {
            let time = if by_update {
                thread.updated_at
            } else {
                thread.created_at
            };
            (time, thread.number)
        });
        // `created` sorts descending by default, every other order ascending.
        let default = if by_update { "asc" } else { "desc" };
        if call.asked("direction").unwrap_or(default) == "desc" {
            found.reverse();
        }
        call.page(repository, found, None, |(thread, pull)| {
            threads::pull(ctx, repository, thread, pull, false)
        })
    })
}

fn whole(ctx: &Ctx, repository: &Repository, number: u64) -> Answer {
    let thread = repository.thread(number).ok_or_else(Refusal::not_found)?;
    let pull = thread.pull.as_ref().ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(threads::pull(ctx, repository, thread, pull, true)))
}

/// What it changes. Unless it was seeded, that is one line, as its counts say.
fn diff(repository: &Repository, number: u64) -> Answer {
    let thread = repository.thread(number).ok_or_else(Refusal::not_found)?;
    let pull = thread.pull.as_ref().ok_or_else(Refusal::not_found)?;
    let usual = || {
        let (base, head) = (&pull.base_ref, &pull.head_ref);
        format!(
            "diff --git a/README.md b/README.md\nindex 1111111..2222222 100644\n--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-{base}\n+{head}\n"
        )
    };
    let text = pull.diff.clone().unwrap_or_else(usual);
    Ok(Reply::text("application/vnd.github.diff; charset=utf-8", text))
}

pub(super) async fn get(call: Call) -> Answer {
    let number = call.number("number")?;
    call.on(&KEYS, Level::Read, |ctx, repository| match call.media {
        Media::Diff => diff(repository, number),
        _ => whole(ctx, repository, number),
    })
}

pub(super) async fn update(call: Call, body: Bytes) -> Answer {
    let number = call.number("number")?;
    call.on(&KEYS, Level::Write, |ctx, repository| {
        whole(ctx, repository, number)?;
        let request: UpdateRequest = decode(&body)?;
        if let Some(thread) = repository.thread_mut(number) {
            if let Some(state) = &request.state {
                turn(thread, state, ctx)?;
            }
            if let Some(title) = request.title {
                thread.title = title;
            }
            if request.body.is_some() {
                thread.body = request.body;
            }
            thread.updated_at = ctx.now;
        }
        whole(ctx, repository, number)
    })
}

/// Opens or closes an issue or a pull request.
pub(super) fn turn(thread: &mut Thread, state: &str, ctx: &Ctx) -> Result<(), Refusal> {
    let is_merged = thread.pull.as_ref().is_some_and(|pull| pull.merged_at.is_some());
    match state {
        "closed" => {
            if thread.state == "open" {
                thread.closed_at = Some(ctx.now);
            }
        }
        "open" if is_merged => {
            return Err(Refusal::invalid(
                "PullRequest",
                "state",
                "invalid",
                Some("state cannot be changed. The pull request was merged."),
            ));
        }
        "open" => thread.closed_at = None,
        _ => return Err(Refusal::invalid("Issue", "state", "invalid", None)),
    }
    state.clone_into(&mut thread.state);
    Ok(())
}

/// Pull requests that contain a commit, or were merged by it: those whose head it is, or that it merged.
pub(super) async fn of_commit(call: Call) -> Answer {
    let sha = call.param("sha").to_owned();
    call.on(&KEYS, Level::Read, |ctx, repository| {
        let found: Vec<(&Thread, &Pull)> = repository
            .threads
            .iter()
            .filter_map(|thread| Some((thread, thread.pull.as_ref()?)))
            .filter(|(_, pull)| pull.head_sha == sha || pull.merge_commit_sha.as_ref() == Some(&sha))
            .collect();
        call.page(repository, found, None, |(thread, pull)| {
            threads::pull(ctx, repository, thread, pull, false)
        })
    })
}
