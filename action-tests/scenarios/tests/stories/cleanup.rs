//! Stories of `cleanup`.

mod alerts;
mod limits;
mod markers;
mod partial;
mod points;
mod told;
mod whose;
mod zoneless;

use scenarios::{Run, World, ids};
use serde_json::{Value, json};

const MANIFEST: &str = r#"
[project]
name = "codex"
zone = "example.com"

[database]
parent = "production"

[environments.preview]
hostname = "{subdomain}-preview-{pr}"
worker = "{worker}-preview-{pr}"
branch = "preview-pr-{pr}"

[environments.production]
worker = "{worker}-production"

[services.identity]
path = "identity"
kv = ["CACHE"]

[services.content]
path = "content"
needs = ["identity"]
kv = ["CACHE"]

[services.web]
path = "web"
# It also binds `identity`, which only its wrangler.jsonc says.
needs = ["content"]
"#;
const MARKER: &str = "codex-actions:1296269:acme/app:codex:preview:42";

fn record(name: &str, comment: &str) -> Value {
    json!({"type": "AAAA", "name": format!("{name}.example.com"), "content": "100::", "ttl": 1, "proxied": true, "comment": comment})
}

fn route(host: &str, script: &str) -> Value {
    json!({"pattern": format!("{host}.example.com/*"), "script": script})
}

/// Preview 42 as the other actions leave it, and beside it what only looks like it.
pub(crate) async fn world() -> World {
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    let others = "codex-actions:1296269:acme/app:codex:preview:421";
    let worker = |name: &str, tag: &str, services: Value| json!({"name": name, "tags": [tag], "services": services});
    world
        .seed(&json!({
            "cloudflare": {
                "kv": [
                    {"title": "codex-preview-42-CACHE"},
                    {"title": "codex-preview-421-CACHE"}, {"title": "codex-production-CACHE"}],
                "workers": [
                    worker("identity-preview-42", MARKER, json!({})),
                    worker("content-preview-42", MARKER, json!({"IDENTITY": "identity-preview-42"})),
                    worker("web-preview-42", MARKER, json!({"CONTENT": "content-preview-42", "IDENTITY": "identity-preview-42"})),
                    worker("identity-preview-421", others, json!({})),
                    worker("identity-production", "codex-actions:1296269:acme/app:codex:production", json!({})),
                    worker("pr-42", "", json!({}))],
                "zones": [{
                    "name": "example.com",
                    "records": [
                        record("identity-preview-42", MARKER), record("content-preview-42", MARKER), record("web-preview-42", MARKER),
                        record("identity-preview-421", others), record("pr-42", "tenant 42"), record("preview-42", "")],
                    "routes": [
                        route("identity-preview-42", "identity-preview-42"), route("content-preview-42", "content-preview-42"),
                        route("web-preview-42", "web-preview-42"), route("identity-preview-421", "identity-preview-421"),
                        route("pr-42", "pr-42")],
                }],
            },
            "neon": {"branches": [
                {"name": "preview-pr-42", "annotation": {"codex-actions": MARKER}},
                {"name": "preview-pr-421", "annotation": {"codex-actions": others}},
                {"name": "pr-42"}, {"name": "preview-pr-42-ada"}]},
        }))
        .await;
    world
}

/// Everything that has a name at Cloudflare and Neon.
pub(crate) fn names(world: &World) -> Vec<String> {
    let state = world.state();
    let mut names = Vec::new();
    let account = &state["cloudflare"]["accounts"][ids::ACCOUNT];
    names.extend(
        account["workers"]
            .as_object()
            .unwrap()
            .keys()
            .map(|name| format!("Worker {name}")),
    );
    let listed = |list: &Value, kind: &str, key: &str| -> Vec<String> {
        let items = list.as_array().unwrap().iter();
        items
            .map(|item| format!("{kind} {}", item[key].as_str().unwrap()))
            .collect()
    };
    names.extend(listed(&account["kv"], "KV", "title"));
    let zone = &state["cloudflare"]["zones"][ids::ZONE];
    names.extend(listed(&zone["records"], "record", "name"));
    names.extend(listed(&zone["routes"], "route", "pattern"));
    names.extend(branches(&state).into_iter().map(|name| format!("branch {name}")));
    names.sort();
    names
}

/// The names of all branches.
pub(crate) fn branches(state: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(&state["neon"], &mut found);
    found
}

/// Adds the names of all objects that are branches, wherever the state keeps them.
fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
            if let (true, Some(name)) = (id.starts_with("br-"), fields.get("name").and_then(Value::as_str)) {
                found.push(name.to_owned());
            }
            fields.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// Without what differs from run to run: times and Cloudflare's request ids.
pub(crate) fn steady(text: &str) -> String {
    let words = text.trim().split_inclusive([' ', '\n']);
    let mut steady = String::new();
    for word in words {
        let bare = word.trim_end_matches([' ', '\n', ')', ':', ',']);
        if bare.ends_with("-LHR") || bare.parse::<f64>().is_ok_and(|_| bare.contains('.')) {
            steady.push_str(&word.replace(bare, "…"));
        } else {
            steady.push_str(word);
        }
    }
    steady
}

async fn clean(world: &World) -> Run {
    let run = world.run("cleanup").go().await;
    run.assert_no_secret_leaks();
    run
}

fn outcomes(run: &Run) -> Vec<String> {
    let results = run.report["results"].as_array().unwrap().iter();
    let text = |result: &Value, key: &str| result[key].as_str().unwrap_or_default().to_owned();
    results
        .map(|result| {
            format!(
                "{} {} {}",
                text(result, "outcome"),
                text(result, "kind"),
                text(result, "name")
            )
        })
        .collect()
}

#[tokio::test]
async fn a_preview_goes_and_its_look_alikes_stay() {
    let world = world().await;
    let before = names(&world);
    let run = clean(&world).await;
    assert_eq!(
        (run.code, run.output("changed"), run.output("left")),
        (0, "true", "0"),
        "{run}"
    );
    let after = names(&world);
    let gone: Vec<&String> = before.iter().filter(|name| !after.contains(name)).collect();
    insta::assert_snapshot!(gone.iter().map(|name| name.as_str()).collect::<Vec<_>>().join("\n"), @"
    KV codex-preview-42-CACHE
    Worker content-preview-42
    Worker identity-preview-42
    Worker web-preview-42
    branch preview-pr-42
    record content-preview-42.example.com
    record identity-preview-42.example.com
    record web-preview-42.example.com
    route content-preview-42.example.com/*
    route identity-preview-42.example.com/*
    route web-preview-42.example.com/*
    ");
    // What is independent goes side by side: only the first and the last line have their places.
    let log = steady(&run.log());
    let mut lines: Vec<&str> = log.lines().collect();
    lines[1..12].sort_unstable();
    insta::assert_snapshot!(lines.join("\n"), @"
    preview 42: 11 to delete
    deleted DNS record `content-preview-42.example.com`
    deleted DNS record `identity-preview-42.example.com`
    deleted DNS record `web-preview-42.example.com`
    deleted KV namespace `codex-preview-42-CACHE`
    deleted Worker `content-preview-42`
    deleted Worker `identity-preview-42`
    deleted Worker `web-preview-42`
    deleted branch `preview-pr-42`
    deleted route `content-preview-42.example.com/*`
    deleted route `identity-preview-42.example.com/*`
    deleted route `web-preview-42.example.com/*`
    nothing of preview 42 is left; deleted 11 things in … s
    ");
    let writes = world
        .requests()
        .iter()
        .filter(|request| request["write"] == true)
        .count();
    // Three routes, three Workers, one batch of three records, a namespace, a branch.
    assert_eq!(writes, 9, "{:#?}", world.lines_since(0));
    // The first look is a list of each kind, and the zone; waiting for Neon's operations comes on top.
    let lists = world
        .requests()
        .iter()
        .filter(|request| request["write"] == false)
        .count();
    assert!(lists <= 17, "{:#?}", world.lines_since(0));

    let mark = world.mark();
    let again = clean(&world).await;
    assert_eq!((again.code, again.output("changed")), (0, "false"), "{again}");
    world.assert_only_reads_since(mark);
    assert!(world.since(mark).len() <= 10, "{:#?}", world.lines_since(mark));
    assert_eq!(names(&world), after);
    world.finish().await;
}

#[tokio::test]
async fn a_dry_run_names_what_would_go() {
    let world = world().await;
    let before = names(&world);
    let run = world.run("cleanup").input("dry-run", "true").go().await;
    assert_eq!(
        (run.code, run.output("changed"), &run.report["status"]),
        (0, "false", &json!("planned")),
        "{run}"
    );
    assert_eq!(
        outcomes(&run).iter().filter(|line| line.starts_with("planned")).count(),
        11,
        "{run}"
    );
    assert_eq!(names(&world), before);
    world.assert_only_reads_since(0);
    world.finish().await;
}

#[tokio::test]
async fn dependents_go_first_even_when_the_manifest_does_not_know_them() {
    let world = world().await;
    // A Worker that the manifest forgot, bound to one that it names.
    world
        .seed(&json!({"cloudflare": {"workers": [
        {"name": "old-preview-42", "tags": [MARKER], "services": {"WEB": "web-preview-42"}}]}}))
        .await;
    world.file("codex.toml", &MANIFEST.replace("needs = [\"content\"]\n", ""));
    let run = clean(&world).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        outcomes(&run).contains(&"deleted worker old-preview-42".to_owned()),
        "{run}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_worker_that_a_stranger_binds_to_is_left_and_told() {
    let world = world().await;
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "stranger", "services": {"X": "content-preview-42"}}]}}))
        .await;
    let run = clean(&world).await;
    assert_eq!((run.code, run.output("left")), (1, "4"), "{run}");
    insta::assert_snapshot!(steady(&run.error()), @"
    4 things of preview 42 left: Worker `content-preview-42`, Worker `identity-preview-42`, KV namespace `codex-preview-42-CACHE`, branch `preview-pr-42`
    caused by: could not delete Worker `content-preview-42`, since other Workers bind to it
    caused by: Cloudflare answered 400 (code 10142, ray …): Cannot delete this Worker because it is used in service bindings of other Workers: stranger. Use `force=true` to delete it anyway.
    hint: remove the binding from the Workers that are not of this environment; cleanup does not break them by force
    ");
    // What could go has gone, but not the database that those Workers use.
    assert!(branches(&world.state()).contains(&"preview-pr-42".to_owned()));
    assert_eq!(run.report["status"], "failed");
    world.finish().await;
}

#[tokio::test]
async fn it_goes_on_past_failures_and_converges_when_run_again() {
    let world = world().await;
    world.fail(&json!([
        {"provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/workers/scripts/content-preview-42", "status": 403,
            "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}, "times": 1},
        {"provider": "neon", "method": "DELETE", "path": "/projects/*/branches/*", "status": 422,
            "body": {"code": "", "message": "no"}, "times": 1},
    ]));
    let run = clean(&world).await;
    assert_eq!(run.code, 1, "{run}");
    let left: Vec<String> = outcomes(&run)
        .into_iter()
        .filter(|line| line.starts_with("failed"))
        .collect();
    assert_eq!(
        left,
        [
            "failed worker content-preview-42",
            "failed worker identity-preview-42",
            "failed kv-namespace codex-preview-42-CACHE",
            "failed branch preview-pr-42"
        ],
        "{run}"
    );
    assert!(
        run.error()
            .contains("hint: the token needs Account → Workers Scripts → Edit"),
        "{}",
        run.error()
    );
    world.heal();
    let again = clean(&world).await;
    assert_eq!(
        (again.code, again.output("changed"), again.output("left")),
        (0, "true", "0"),
        "{again}"
    );
    world.finish().await;
}

#[tokio::test]
async fn lost_answers_and_locks_do_not_matter() {
    let world = world().await;
    world.fail(&json!([
        {"provider": "cloudflare", "method": "DELETE", "path": "/accounts/*/workers/scripts/web-preview-42", "drop": "after", "times": 1},
        {"provider": "cloudflare", "method": "DELETE", "path": "/zones/*/workers/routes/*", "status": 502, "after": true, "times": 2},
        {"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "drop": "after", "times": 1},
        {"provider": "neon", "method": "DELETE", "path": "/projects/*/branches/*", "status": 423, "times": 2,
            "body": {"code": "", "message": "project already has running conflicting operations"}},
        {"provider": "neon", "method": "DELETE", "path": "/projects/*/branches/*", "drop": "after", "times": 1, "skip": 2},
    ]));
    let run = clean(&world).await;
    assert_eq!(
        (run.code, run.output("changed"), run.output("left")),
        (0, "true", "0"),
        "{run}"
    );
    assert!(outcomes(&run).iter().all(|line| line.starts_with("deleted")), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn one_dns_record_that_vanishes_does_not_keep_the_rest() {
    let world = world().await;
    // The batch is all or nothing: the first is refused since a record is gone, as Cloudflare would.
    world.fail(&json!({"provider": "cloudflare", "method": "POST", "path": "/zones/*/dns_records/batch", "times": 1, "status": 503}));
    let run = clean(&world).await;
    assert_eq!(run.code, 0, "{run}");
    let reads = world
        .lines_since(0)
        .iter()
        .filter(|line| line.starts_with("GET") && line.contains("dns_records"))
        .count();
    assert_eq!(reads, 2, "{:#?}", world.lines_since(0));
    world.finish().await;
}

#[tokio::test]
async fn custom_domains_go_with_their_certificates() {
    let world = World::start().await;
    world.file(
        "codex.toml",
        &MANIFEST.replace(
            "branch = \"preview-pr-{pr}\"",
            "branch = \"preview-pr-{pr}\"\nrouting = \"custom-domain\"",
        ),
    );
    world
        .seed(&json!({"cloudflare": {"workers": [
        {"name": "web-preview-42", "tags": [MARKER], "domains": ["web-preview-42.example.com"]},
        {"name": "web-preview-421", "domains": ["web-preview-421.example.com"]}]}}))
        .await;
    let run = clean(&world).await;
    assert_eq!(run.code, 0, "{run}");
    let state = world.state();
    let domains = &state["cloudflare"]["accounts"][ids::ACCOUNT]["domains"];
    assert_eq!(domains.as_array().unwrap().len(), 1, "{domains:#}");
    let packs = state["cloudflare"]["zones"][ids::ZONE]["certificate_packs"].to_string();
    assert!(
        !packs.contains("web-preview-42.example.com") && packs.contains("web-preview-421.example.com"),
        "{packs}"
    );
    world.finish().await;
}

#[tokio::test]
async fn production_is_refused_before_any_request() {
    let world = world().await;
    let mark = world.mark();
    let run = world.run("cleanup").input("environment", "production").go().await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(steady(&run.error()), @"
    one input is wrong; nothing was touched
    - `environment`: `production` is not one per pull request (its names have no `{pr}`); cleanup removes only environments that are
    ");
    assert_eq!(world.mark(), mark);
    world.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_inputs_is_told_at_once_before_any_request() {
    let world = world().await;
    let mark = world.mark();
    let run = world
        .run("cleanup")
        .without("cloudflare-api-token")
        .without("neon-api-key")
        .input("neon-project-id", "Quiet River")
        .input("cloudflare-account-id", "acme")
        .input("only", "clouds")
        .input("dry-run", "si")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(steady(&run.error()), @"
    6 inputs are wrong; nothing was touched
    - `dry-run`: `si` is neither `true` nor `false`
    - `only`: `clouds` is none of `cloudflare` and `neon`
    - `cloudflare-account-id`: not an id of 32 hexadecimal digits; copy it from the dashboard's overview page
    - `cloudflare-api-token`: missing; pass `cloudflare-api-token: ${{ secrets.CLOUDFLARE_API_TOKEN }}` (in a reusable workflow: the caller passes it on with `secrets: inherit`)
    - `neon-project-id`: `Quiet River` is not a project id, such as `quiet-river-12345678`
    - `neon-api-key`: missing; pass `neon-api-key: ${{ secrets.NEON_API_KEY }}` (in a reusable workflow: the caller passes it on with `secrets: inherit`)
    ");
    assert_eq!(world.mark(), mark);
    world.finish().await;
}

#[tokio::test]
async fn one_vendor_alone_needs_no_token_of_the_other() {
    let world = world().await;
    let neon = world
        .run("cleanup")
        .without("cloudflare-api-token")
        .without("cloudflare-account-id")
        .input("only", "neon")
        .go()
        .await;
    assert_eq!(
        (neon.code, outcomes(&neon)),
        (0, vec!["deleted branch preview-pr-42".to_owned()]),
        "{neon}"
    );
    let cloudflare = world
        .run("cleanup")
        .without("neon-api-key")
        .without("neon-project-id")
        .input("only", "cloudflare")
        .go()
        .await;
    assert_eq!(cloudflare.code, 0, "{cloudflare}");
    assert_eq!(
        outcomes(&cloudflare)
            .iter()
            .filter(|line| line.starts_with("deleted"))
            .count(),
        10,
        "{cloudflare}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_protected_branch_is_left_and_told() {
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    world
        .seed(&json!({"neon": {"branches": [{"name": "preview-pr-42", "protected": true}]}}))
        .await;
    let run = clean(&world).await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.error().contains("branch `preview-pr-42`"), "{}", run.error());
    assert!(run.report["results"].to_string().contains("it is protected"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_token_that_may_not_see_the_zone_still_frees_the_database() {
    let world = world().await;
    world.fail(&json!({"provider": "cloudflare", "method": "GET", "path": "/zones", "status": 403, "times": 9,
        "body": {"success": false, "errors": [{"code": 9109, "message": "Unauthorized to access requested resource"}], "messages": [], "result": null}}));
    let run = clean(&world).await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        outcomes(&run).contains(&"deleted branch preview-pr-42".to_owned()),
        "{run}"
    );
    assert!(
        run.error().contains("hint: the token needs Zone → Zone → Read"),
        "{}",
        run.error()
    );
    world.finish().await;
}
