//! Repositories, and the small things around them.

use serde_json::{Value, json};

use super::account::{Account, Level};
use super::door::{Answer, Call, Ctx, Reply};
use super::media::Media;
use super::model::Repository;
use super::refusal::Refusal;

/// Fields of a repository that are URLs below its own, with their templates.
const URLS: [(&str, &str); 37] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
    ("url", ""),
];

/// The repository itself.
pub(super) fn json(ctx: &Ctx, repository: &Repository) -> Value {
    let open = repository
        .threads
        .iter()
        .filter(|thread| thread.state == "open")
        .count();
    let mut shown = bare(ctx, repository.id, &repository.full_name(), false);
    shown["private"] = json!(repository.private);
    shown["visibility"] = json!(if repository.private { "private" } else { "public" });
    shown["default_branch"] = json!(repository.default_branch);
    shown["has_issues"] = json!(repository.has_issues);
    shown["open_issues_count"] = json!(open);
    shown["open_issues"] = json!(open);
    for time in ["created_at", "updated_at", "pushed_at"] {
        shown[time] = json!(repository.created_at);
    }
    shown
}

/// A repository of which only the name is known: a fork.
pub(super) fn bare(ctx: &Ctx, id: u64, full_name: &str, is_fork: bool) -> Value {
    let (owner, name) = full_name.split_once('/').unwrap_or((full_name, ""));
    let base = format!("{}/repos/{full_name}", ctx.api);
    let html = format!("https://github.com/{full_name}");
    let mut shown = json!({
        "id": id,
        "node_id": format!("R_kgDO{id}"),
        "name": name,
        "full_name": full_name,
        "owner": Account::user(owner).json(),
        "private": false,
        "visibility": "public",
        "html_url": html,
        "description": null,
        "fork": is_fork,
        "clone_url": format!("{html}.git"),
        "git_url": format!("git://github.com/{full_name}.git"),
        "ssh_url": format!("git@github.com:{full_name}.git"),
        "svn_url": html,
        "mirror_url": null,
        "homepage": null,
        "language": "TypeScript",
        "license": null,
        "topics": [],
        "size": 108,
        "default_branch": "main",
        "archived": false,
        "disabled": false,
        "is_template": false,
        "allow_forking": true,
        "web_commit_signoff_required": false,
        "has_issues": true,
        "has_projects": true,
        "has_downloads": true,
        "has_wiki": true,
        "has_pages": false,
        "has_discussions": false,
        "created_at": ctx.now,
        "updated_at": ctx.now,
        "pushed_at": ctx.now,
    });
    for counter in [
        "forks",
        "forks_count",
        "stargazers_count",
        "watchers",
        "watchers_count",
        "open_issues",
        "open_issues_count",
    ] {
        shown[counter] = json!(0);
    }
    for (field, template) in URLS {
        shown[field] = json!(format!("{base}{template}"));
    }
    shown
}

pub(super) async fn get(call: Call) -> Answer {
    // Metadata is readable by every token that sees the repository.
    call.on(
        &[
            "metadata",
            "contents",
            "issues",
            "pull-requests",
            "deployments",
            "actions",
            "checks",
            "statuses",
        ],
        Level::Read,
        |ctx, repository| {
            let mut shown = json(ctx, repository);
            // Told by this route alone.
            shown["network_count"] = json!(0);
            shown["subscribers_count"] = json!(0);
            Ok(Reply::ok(shown))
        },
    )
}

/// A file of the default branch.
pub(super) async fn contents(call: Call) -> Answer {
    use base64::Engine as _;
    let path = call.param("path").to_owned();
    call.on(&["contents"], Level::Read, |ctx, repository| {
        let text = repository.files.get(&path).ok_or_else(Refusal::not_found)?;
        if call.media == Media::Raw {
            return Ok(Reply::text("application/vnd.github.raw; charset=utf-8", text.clone()));
        }
        let url = format!(
            "{}/contents/{path}?ref={}",
            ctx.repository_url(repository),
            repository.default_branch
        );
        let html = format!(
            "https://github.com/{}/blob/{}/{path}",
            repository.full_name(),
            repository.default_branch
        );
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        Ok(Reply::ok(json!({
            "type": "file",
            "encoding": "base64",
            "size": text.len(),
            "name": path.rsplit('/').next(),
            "path": path,
            "content": format!("{encoded}\n"),
            "sha": git_blob_sha(text),
            "url": url,
            "git_url": format!("{}/git/blobs/{}", ctx.repository_url(repository), git_blob_sha(text)),
            "html_url": html,
            "download_url": null,
            "_links": {"self": url, "git": null, "html": html},
        })))
    })
}

/// Stands for git's SHA-1 of a blob: 40 digits that follow from the text.
fn git_blob_sha(text: &str) -> String {
    use sha2::Digest as _;
    let digest: [u8; 32] = sha2::Sha256::digest(text.as_bytes()).into();
    crate::text::hex(&digest[..20])
}

/// `GET /user`: installation tokens are nobody.
pub(super) async fn user(call: Call) -> Answer {
    if !call.token.is_personal() {
        return Err(Refusal::forbidden());
    }
    let mut shown = call.token.account().json();
    shown["name"] = json!(null);
    shown["email"] = json!(null);
    Ok(Reply::ok(shown))
}
