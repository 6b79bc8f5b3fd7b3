//! What one commit has that another has not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::account::Level;
use super::door::{Answer, Call, Ctx, Reply};
use super::model::{Commit, Repository};
use super::refusal::Refusal;

/// Commits that are told at most: the newest ones. Asked for by page, it would be others, which is not modelled.
const MOST: usize = 250;

/// All that a commit stands on, itself included.
fn reach<'a>(repository: &'a Repository, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut left = vec![from];
    while let Some(sha) = left.pop() {
        if reached.insert(sha)
            && let Some(commit) = repository.history.iter().find(|commit| commit.sha == sha)
        {
            left.extend(commit.parents.iter().map(String::as_str));
        }
    }
    reached
}

fn json(ctx: &Ctx, repository: &Repository, commit: &Commit) -> Value {
    let url = |sha: &str| format!("{}/commits/{sha}", ctx.repository_url(repository));
    let html = |sha: &str| format!("https://github.com/{}/commit/{sha}", repository.full_name());
    let tree = format!("{}/git/trees/{}", ctx.repository_url(repository), commit.sha);
    let who = json!({"name": "Octo Cat", "email": "octocat@github.com", "date": commit.at});
    let parent = |sha: &String| json!({"sha": sha, "url": url(sha), "html_url": html(sha)});
    json!({
        "url": url(&commit.sha),
        "sha": commit.sha,
        "node_id": format!("C_kwDO{}", commit.sha),
        "html_url": html(&commit.sha),
        "comments_url": format!("{}/comments", url(&commit.sha)),
        "commit": {
            "url": format!("{}/git/commits/{}", ctx.repository_url(repository), commit.sha),
            "author": who,
            "committer": who,
            "message": "Change something",
            "comment_count": 0,
            "tree": {"sha": commit.sha, "url": tree},
        },
        "author": null,
        "committer": null,
        "parents": commit.parents.iter().map(parent).collect::<Value>(),
    })
}

/// `GET /compare/{base}...{head}`, commits in the order in which they were written.
pub(super) async fn compare(call: Call) -> Answer {
    let (base, head) = call.param("range").split_once("...").ok_or_else(Refusal::not_found)?;
    if call.asked("page").is_some() || call.asked("per_page").is_some() {
        return Err(Refusal::unmodelled("pages of a comparison"));
    }
    call.on(&["contents"], Level::Read, |ctx, repository| {
        let resolve = |name: &str| repository.resolve(name).ok_or_else(Refusal::not_found);
        let (base, head) = (resolve(base)?, resolve(head)?);
        let alone = |sha: &str| Commit {
            sha: sha.to_owned(),
            parents: Vec::new(),
            at: repository.created_at,
        };
        let known = |sha: &str| repository.history.iter().find(|commit| commit.sha == sha);
        let of = |sha: &str| known(sha).cloned().unwrap_or_else(|| alone(sha));
        let (old, new) = (reach(repository, &base), reach(repository, &head));
        let mut ahead: Vec<Commit> = new.difference(&old).map(|sha| of(sha)).collect();
        ahead.sort_by(|one, other| (one.at, &one.sha).cmp(&(other.at, &other.sha)));
        let behind = old.difference(&new).count();
        let total = ahead.len();
        let status = match (total, behind) {
            (0, 0) => "identical",
            (_, 0) => "ahead",
            (0, _) => "behind",
            _ => "diverged",
        };
        let url = format!("{}/compare/{base}...{head}", ctx.repository_url(repository));
        let html = format!("https://github.com/{}/compare/{base}...{head}", repository.full_name());
        let newest = ahead.iter().skip(total.saturating_sub(MOST));
        let commits: Value = newest.map(|commit| json(ctx, repository, commit)).collect();
        let common = json(ctx, repository, &of(&base));
        Ok(Reply::ok(json!({
            "url": url,
            "html_url": html,
            "permalink_url": html,
            "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"),
            "base_commit": common,
            "merge_base_commit": common,
            "status": status,
            "ahead_by": total,
            "behind_by": behind,
            "total_commits": total,
            "commits": commits,
            "files": [],
        })))
    })
}
