//! The life of a preview, from the first push to the end: each action reads what the others really report and leave.

use scenarios::{Run, World, ids};
use serde_json::{Value, json};

use crate::deploy_workers::{self, MANIFEST};

const DATABASE: &str = "\n[database]\nparent = \"production\"\n";

async fn world(routing: &str) -> World {
    let world = World::start().await;
    deploy_workers::write_platform(&world);
    let preview =
        format!("[environments.preview]\nbranch = \"preview-pr-{{pr}}\"\nexpires = \"7d\"\nrouting = \"{routing}\"");
    let manifest = MANIFEST.replace("[environments.preview]", &preview);
    world.file("codex.toml", &format!("{manifest}{DATABASE}"));
    world
        .seed(&json!({
            "cloudflare": {
                "kv": [{"title": "codex-preview-421-CACHE"}],
                "workers": [{"name": "web-preview-421"}, {"name": "tenant-preview-42"}],
                "zones": [{"name": "example.com",
                    "records": [{"type": "A", "name": "pr-42.example.com", "content": "192.0.2.7", "ttl": 300, "comment": "tenant"}],
                    "routes": [{"pattern": "tenant.example.com/*", "script": "tenant-preview-42"}]}],
            },
            "neon": {"branches": [{"name": "preview-pr-421"}]},
        }))
        .await;
    world
}

/// All that exists at Cloudflare and Neon, without the times and counters that tell of reading alone.
fn things(world: &World) -> Value {
    let state = world.state();
    let account = &state["cloudflare"]["accounts"][ids::ACCOUNT];
    let zone = &state["cloudflare"]["zones"][ids::ZONE];
    let branches = crate::cleanup::branches(&state);
    let workers: Vec<&String> = account["workers"].as_object().unwrap().keys().collect();
    json!({"workers": workers, "domains": account["domains"], "kv": account["kv"], "records": zone["records"],
        "routes": zone["routes"], "certificates": zone["certificate_packs"], "branches": branches})
}

async fn ran(run: scenarios::Start<'_>) -> Run {
    let run = run.go().await;
    assert_eq!(run.code, 0, "{run}");
    run.assert_no_secret_leaks();
    run
}

/// What a push does.
async fn push(world: &World) -> Run {
    let database = ran(world
        .run("neon-branch")
        .input("command", "create")
        .input("wait", "false"))
    .await;
    let dns = ran(world
        .run("preview-dns")
        .input("command", "apply")
        .input("wait", "false"))
    .await;
    let deploy = deploy_workers::deploy(world, &[]).await;
    assert_eq!(deploy.code, 0, "{deploy}");
    let reports = [&database, &dns, &deploy]
        .map(|run| run.output("report").to_owned())
        .join("\n");
    ran(world.run("pr-comment").input("reports", reports)).await
}

fn comments(world: &World) -> Vec<String> {
    let state = world.state();
    let found = crate::pr_comment::comments(&state);
    found.into_iter().map(|(_, _, text)| text).collect()
}

async fn lives_and_leaves_nothing(routing: &str) {
    let world = world(routing).await;
    let before = things(&world);

    let first = push(&world).await;
    assert_eq!(first.report["comment"]["action"], "created");
    let text = &comments(&world)[0];
    assert!(
        text.contains(
            "### 🚀 Preview is deployed

3 deployed · commit "
        ),
        "{text}"
    );
    for part in [
        "[**web**](https://web-preview-42.example.com)",
        "branch `preview-pr-42` of `production`",
        "**Kept** until ",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }

    let mark = world.mark();
    let second = push(&world).await;
    assert_eq!(second.output("comment-id"), first.output("comment-id"));
    let writes: Vec<Value> = world
        .since(mark)
        .into_iter()
        .filter(|request| request["write"] == true)
        .collect();
    // The branch's life is prolonged by each push, and the comment tells the new day.
    let methods: Vec<&str> = writes
        .iter()
        .map(|request| request["method"].as_str().unwrap())
        .collect();
    assert!(
        methods.iter().all(|method| *method == "PATCH") && methods.len() <= 2,
        "{writes:#?}"
    );

    // Before it is closed, the pull request takes a service away.
    let manifest = std::fs::read_to_string(world.workspace().join("codex.toml")).unwrap();
    let without = manifest.replace(
        "[services.auth]\npath = \"auth\"\nsecrets = [\"DATABASE_URL\", \"SESSION_SECRET\"]\nkv = [\"CACHE\"]\n",
        "",
    );
    assert_ne!(manifest, without);
    world.file("codex.toml", &without);

    world.close_pull_request().await;
    let cleanup = ran(world.run("cleanup")).await;
    assert_eq!(things(&world), before, "{cleanup}");
    let told = ran(world.run("pr-comment").input("reports", cleanup.output("report"))).await;
    assert_eq!(told.output("comment-id"), first.output("comment-id"));
    let all = comments(&world);
    assert_eq!(all.len(), 1);
    assert!(all[0].contains("### 🧹 Preview is removed"), "{}", all[0]);

    let mark = world.mark();
    let again = ran(world.run("cleanup")).await;
    assert_eq!(again.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_preview_on_routes_leaves_nothing() {
    lives_and_leaves_nothing("route").await;
}

#[tokio::test]
async fn a_preview_on_custom_domains_leaves_nothing() {
    lives_and_leaves_nothing("custom-domain").await;
}
