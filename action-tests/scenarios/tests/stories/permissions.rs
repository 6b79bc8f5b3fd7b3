//! The READMEs' tables of permissions are true: an action does its work with exactly what its table says, and names
//! what is missing where one line of it is not granted.

use actions_core::cloudflare::Permission;
use actions_core::grants::{self, Case, Of, When};
use scenarios::{Run, Start, World, ids, tokens};
use serde_json::json;

use crate::deploy_workers::{self, MANIFEST};
use crate::health_check::servers::{HEALTHY, Server, answer};

/// As the local cloud names it.
fn name(permission: Permission) -> &'static str {
    match permission {
        Permission::ZoneRead => "zone:read",
        Permission::DnsRead => "dns:read",
        Permission::DnsEdit => "dns:edit",
        Permission::WorkersRoutesRead => "routes:read",
        Permission::WorkersRoutesEdit => "routes:edit",
        Permission::SslRead => "ssl:read",
        Permission::SslEdit => "ssl:edit",
        Permission::WorkersScriptsRead => "workers:read",
        Permission::WorkersScriptsEdit => "workers:edit",
        Permission::KvRead => "kv:read",
        Permission::KvEdit => "kv:edit",
        Permission::R2Read => "r2:read",
        Permission::D1Read => "d1:read",
        Permission::QueuesEdit => "queues:edit",
        Permission::AccountSettingsRead => "account:read",
    }
}

/// The Cloudflare permissions of the action's table, where these are the cases that the story is.
fn needed(action: &str, cases: &[Case]) -> Vec<Permission> {
    let here = |when: &When| match when {
        When::Always => true,
        When::Only(case) => cases.contains(case),
        When::Optional => false,
    };
    let lines = grants::of(action).iter().filter(|grant| here(&grant.when));
    lines
        .filter_map(|grant| match grant.of {
            Of::Cloudflare(permission) => Some(permission),
            Of::GitHub(_) | Of::Neon(_) => None,
        })
        .collect()
}

async fn world(routing: &str) -> World {
    let world = World::start().await;
    deploy_workers::write_platform(&world);
    let preview = format!("[environments.preview]\nbranch = \"preview-pr-{{pr}}\"\nrouting = \"{routing}\"");
    let manifest = MANIFEST.replace("[environments.preview]", &preview);
    world.file(
        "codex.toml",
        &format!("{manifest}\n[database]\nparent = \"production\"\n"),
    );
    world
        .seed(&json!({
            "neon": {"api_keys": [{"key": "of-the-project", "project": ids::NEON_PROJECT}]},
            "github": {"tokens": [{"token": tokens::GITHUB, "permissions": {"contents": "read"}}]},
        }))
        .await;
    world
}

/// A token with these permissions, limited to the zone.
async fn narrow(world: &World, permissions: &[Permission]) {
    let names: Vec<&str> = permissions.iter().map(|permission| name(*permission)).collect();
    world
        .seed(&json!({"cloudflare": {"tokens": {"narrow": {"permissions": names, "zones": ["example.com"]}}}}))
        .await;
}

fn start<'w>(world: &'w World, action: &'static str) -> Start<'w> {
    let run = world.run(action);
    let key = |run: Start<'w>| run.input("neon-api-key", "of-the-project");
    match action {
        "neon-branch" => key(run).input("command", "create").input("wait", "false"),
        "cleanup" => key(run),
        "preview-dns" => run.input("command", "apply"),
        "deploy-workers" => run
            .input("health", "false")
            .env("DATABASE_URL", deploy_workers::DATABASE_URL)
            .env("SESSION_SECRET", "session-secret-1"),
        _ => run,
    }
}

async fn done(run: Start<'_>) -> Run {
    let run = run.go().await;
    assert_eq!(run.code, 0, "{run}");
    run
}

/// The world as the action finds it: what goes before was done with every permission.
async fn before(action: &str, routing: &str) -> World {
    let world = world(routing).await;
    let earlier: &[&'static str] = match action {
        "deploy-workers" if routing == "route" => &["preview-dns"],
        "cleanup" if routing == "route" => &["neon-branch", "preview-dns", "deploy-workers"],
        "cleanup" => &["neon-branch", "deploy-workers"],
        _ => &[],
    };
    for action in earlier {
        done(start(&world, action)).await;
    }
    if action == "cleanup" {
        world.close_pull_request().await;
    }
    world
}

async fn takes_exactly(action: &'static str, routing: &str, cases: &[Case]) {
    let all = needed(action, cases);
    let world = before(action, routing).await;
    narrow(&world, &all).await;
    let run = start(&world, action).input("cloudflare-api-token", "narrow");
    let run = done(run).await;
    assert_eq!(run.output("changed"), "true", "{run}");
    world.finish().await;

    for missing in &all {
        let world = before(action, routing).await;
        let rest: Vec<Permission> = all.iter().filter(|other| *other != missing).copied().collect();
        narrow(&world, &rest).await;
        let run = start(&world, action).input("cloudflare-api-token", "narrow").go().await;
        let what = missing.menus();
        assert_eq!(run.code, 1, "{action} did without {what}: {run}");
        // Its level, too, though a read comes first: nobody is to grant that and be refused again half-way.
        assert!(run.log().contains(what), "{action} without {what}: {run}");
        world.finish().await;
    }
}

#[tokio::test]
async fn of_preview_dns() {
    let cases = [Case::ZoneByName];
    takes_exactly("preview-dns", "route", &cases).await;
}

#[tokio::test]
async fn of_deploy_workers() {
    takes_exactly("deploy-workers", "route", &[Case::Hostnames, Case::Kv]).await;
}

#[tokio::test]
async fn of_deploy_workers_with_custom_domains() {
    takes_exactly("deploy-workers", "custom-domain", &[Case::Hostnames, Case::Kv]).await;
}

#[tokio::test]
async fn of_cleanup() {
    takes_exactly("cleanup", "route", &[Case::Kv]).await;
}

#[tokio::test]
async fn of_cleanup_with_custom_domains() {
    takes_exactly("cleanup", "custom-domain", &[Case::Kv, Case::CustomDomains]).await;
}

#[tokio::test]
async fn of_neon_branch_a_key_of_the_project_alone() {
    let world = world("route").await;
    let run = done(start(&world, "neon-branch")).await;
    assert_eq!(run.output("created"), "true", "{run}");
    let other = json!({"neon": {"api_keys": [{"key": "of-another", "project": "late-lake-87654321"}],
        "projects": [{"id": "late-lake-87654321", "name": "other"}]}});
    world.seed(&other).await;
    let run = start(&world, "neon-branch")
        .input("neon-api-key", "of-another")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn of_pr_comment_and_of_health_check() {
    let world = world("route").await;
    let comment = || world.run("pr-comment").input("body", "hello");
    let refused = comment().go().await;
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.error().contains("pull-requests: write"), "{refused}");
    assert!(
        grants::of("pr-comment")
            .iter()
            .any(|grant| grant.of == Of::GitHub("pull-requests: write"))
    );
    for scope in ["pull-requests", "issues"] {
        let token = json!({"token": tokens::GITHUB, "permissions": {scope: "write"}});
        world.seed(&json!({"github": {"tokens": [token]}})).await;
        let run = comment().input("key", scope).go().await;
        assert_eq!(run.code, 0, "{scope}: {run}");
    }

    let site = Server::start(vec![answer(200, HEALTHY)]).await;
    let run = world
        .run("health-check")
        .without("github-token")
        .without("cloudflare-api-token")
        .without("neon-api-key")
        .input("urls", site.url("/health"));
    let run = run.go().await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}
