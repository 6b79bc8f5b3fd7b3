//! The JSON shapes of issues and pull requests.

use serde_json::{Value, json};

use super::account::{self, Account};
use super::door::Ctx;
use super::model::{Pull, Repository, Subject, Thread};
use super::{labels, reaction_counts, repos};

fn association(repository: &Repository, author: Option<&Account>) -> &'static str {
    match author {
        Some(author) if author.login == repository.owner => "OWNER",
        Some(_) => "CONTRIBUTOR",
        None => "NONE",
    }
}

/// GraphQL's name of an issue or a pull request.
pub(super) fn node_id(thread: &Thread) -> String {
    let kind = if thread.pull.is_some() { "PR" } else { "I" };
    format!("{kind}_kwDO{}", thread.id)
}

pub(super) fn html_url(repository: &Repository, thread: &Thread) -> String {
    let kind = if thread.pull.is_some() { "pull" } else { "issues" };
    format!("https://github.com/{}/{kind}/{}", repository.full_name(), thread.number)
}

/// An issue, or a pull request as the issues' API shows it.
pub(super) fn issue(ctx: &Ctx, repository: &Repository, thread: &Thread) -> Value {
    let base = ctx.repository_url(repository);
    let url = format!("{base}/issues/{}", thread.number);
    let html = html_url(repository, thread);
    let comments = repository.comments.iter().filter(|c| c.thread == thread.number).count();
    let mut shown = json!({
        "id": thread.id,
        "node_id": node_id(thread),
        "url": url,
        "repository_url": base,
        "labels_url": format!("{url}/labels{{/name}}"),
        "comments_url": format!("{url}/comments"),
        "events_url": format!("{url}/events"),
        "html_url": html,
        "number": thread.number,
        "state": thread.state,
        "state_reason": thread.state_reason,
        "title": thread.title,
        "body": thread.body,
        "user": account::maybe(thread.author.as_ref()),
        "labels": labels::of(ctx, repository, thread),
        "assignee": null,
        "assignees": [],
        "milestone": null,
        "locked": thread.locked,
        "active_lock_reason": null,
        "comments": comments,
        "created_at": thread.created_at,
        "updated_at": thread.updated_at,
        "closed_at": thread.closed_at,
        "author_association": association(repository, thread.author.as_ref()),
    });
    shown["reactions"] = reaction_counts::counts(repository, Subject::Thread(thread.number), &url);
    if let Some(pull) = &thread.pull {
        shown["draft"] = json!(pull.draft);
        shown["pull_request"] = json!({
            "url": format!("{base}/pulls/{}", thread.number),
            "html_url": html,
            "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"),
            "merged_at": pull.merged_at,
        });
    }
    shown
}

/// A pull request; `whole` adds what lists leave out.
pub(super) fn pull(ctx: &Ctx, repository: &Repository, thread: &Thread, pull: &Pull, whole: bool) -> Value {
    let base = ctx.repository_url(repository);
    let number = thread.number;
    let url = format!("{base}/pulls/{number}");
    let html = html_url(repository, thread);
    let issue_url = format!("{base}/issues/{number}");
    let statuses_url = format!("{base}/statuses/{}", pull.head_sha);
    let mut shown = json!({
        "url": url,
        "id": thread.id,
        "node_id": node_id(thread),
        "html_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "issue_url": issue_url,
        "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"),
        "review_comment_url": format!("{base}/pulls/comments{{/number}}"),
        "comments_url": format!("{issue_url}/comments"),
        "statuses_url": statuses_url,
        "number": number,
        "state": thread.state,
        "locked": thread.locked,
        "title": thread.title,
        "user": account::maybe(thread.author.as_ref()),
        "body": thread.body,
        "labels": labels::of(ctx, repository, thread),
        "milestone": null,
        "active_lock_reason": null,
        "created_at": thread.created_at,
        "updated_at": thread.updated_at,
        "closed_at": thread.closed_at,
        "merged_at": pull.merged_at,
        "merge_commit_sha": (!pull.conflicts).then(|| pull.merged(&number.to_string())),
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": head(ctx, repository, pull),
        "base": {
            "label": format!("{}:{}", repository.owner, pull.base_ref),
            "ref": pull.base_ref,
            // A branch that is not seeded still is somewhere.
            "sha": repository.refs.get(&pull.base_ref).or_else(|| repository.refs.get(&repository.default_branch)),
            "user": Account::user(&repository.owner).json(),
            "repo": repos::json(ctx, repository),
        },
        "author_association": association(repository, thread.author.as_ref()),
        "auto_merge": null,
        "draft": pull.draft,
    });
    shown["_links"] = json!({
        "self": {"href": url},
        "html": {"href": html},
        "issue": {"href": issue_url},
        "comments": {"href": format!("{issue_url}/comments")},
        "review_comments": {"href": format!("{url}/comments")},
        "review_comment": {"href": format!("{base}/pulls/comments{{/number}}")},
        "commits": {"href": format!("{url}/commits")},
        "statuses": {"href": statuses_url},
    });
    if whole {
        add_details(&mut shown, repository, thread, pull);
    }
    shown
}

fn head(ctx: &Ctx, repository: &Repository, pull: &Pull) -> Value {
    let repo = match &pull.head_repository {
        // The fork was deleted.
        None => Value::Null,
        Some(name) if *name == repository.full_name() => repos::json(ctx, repository),
        Some(name) => repos::bare(ctx, repository.id + 1, name, true),
    };
    json!({
        "label": format!("{}:{}", pull.head_owner, pull.head_ref),
        "ref": pull.head_ref,
        "sha": pull.head_sha,
        "user": Account::user(&pull.head_owner).json(),
        "repo": repo,
    })
}

fn add_details(shown: &mut Value, repository: &Repository, thread: &Thread, pull: &Pull) {
    let is_open = thread.state == "open";
    shown["merged"] = json!(pull.merged_at.is_some());
    shown["mergeable"] = if is_open { json!(!pull.conflicts) } else { Value::Null };
    shown["rebaseable"] = shown["mergeable"].clone();
    shown["mergeable_state"] = json!(match (is_open, pull.conflicts, pull.behind) {
        (false, ..) => "unknown",
        (true, true, _) => "dirty",
        (true, false, true) => "behind",
        (true, false, false) => "clean",
    });
    shown["merged_by"] = pull
        .merged_at
        .map_or(Value::Null, |_| Account::user(&repository.owner).json());
    shown["comments"] = json!(repository.comments.iter().filter(|c| c.thread == thread.number).count());
    shown["maintainer_can_modify"] = json!(false);
    for counter in ["review_comments", "commits", "additions", "deletions", "changed_files"] {
        shown[counter] = json!(1);
    }
    shown["review_comments"] = json!(0);
}
