//! Stories of `cleanup` with `command: sweep`.

mod bound;
mod comments;
mod doubts;
mod explain;
mod rules;
mod size;

use std::collections::BTreeSet;

use scenarios::{Run, Start, World};
use serde_json::{Value, json};

use super::cleanup::names;

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
RULES

[environments.production]
worker = "{worker}-production"

[services.identity]
path = "identity"
kv = ["CACHE"]

[services.auth]
path = "auth"
needs = ["identity"]

[services.content]
path = "content"
needs = ["identity"]
kv = ["CACHE"]

[services.media]
path = "media"

[services.web]
path = "web"
needs = ["content", "auth"]
"#;
const SERVICES: [&str; 5] = ["identity", "auth", "content", "media", "web"];
const DAY: i64 = 86_400;

fn marker(pull_request: u64) -> String {
    format!("codex-actions:1296269:acme/app:codex:preview:{pull_request}")
}

/// Seeds of Cloudflare, Neon and GitHub, collected.
#[derive(Default)]
struct Seed {
    workers: Vec<Value>,
    records: Vec<Value>,
    routes: Vec<Value>,
    kv: Vec<Value>,
    branches: Vec<Value>,
    pulls: Vec<Value>,
}

impl Seed {
    fn worker(&mut self, name: &str, tag: &str, services: &Value, days: i64) {
        self.workers
            .push(json!({"name": name, "tags": [tag], "services": services, "created_seconds_ago": days * DAY}));
    }

    fn record(&mut self, host: &str, comment: &str) {
        let name = format!("{host}.example.com");
        self.records.push(
            json!({"type": "AAAA", "name": name, "content": "100::", "ttl": 1, "proxied": true, "comment": comment}),
        );
    }

    fn route(&mut self, host: &str, script: &str) {
        self.routes
            .push(json!({"pattern": format!("{host}.example.com/*"), "script": script}));
    }

    fn branch(&mut self, name: &str, marker: &str, days: i64) {
        let annotation = json!({"codex-actions": marker, "codex-actions-kind": "environment"});
        self.branches
            .push(json!({"name": name, "annotation": annotation, "created_seconds_ago": days * DAY}));
    }

    /// A whole preview as the other actions leave it, deployed so many days ago.
    fn preview(&mut self, number: u64, days: i64) {
        let marker = marker(number);
        let named = |service: &str| format!("{service}-preview-{number}");
        for service in SERVICES {
            let bound = match service {
                "auth" | "content" => json!({"IDENTITY": named("identity")}),
                "web" => json!({"CONTENT": named("content"), "AUTH": named("auth")}),
                _ => json!({}),
            };
            self.worker(&named(service), &marker, &bound, days);
            self.record(&named(service), &marker);
            self.route(&named(service), &named(service));
        }
        self.kv.push(json!({"title": format!("codex-preview-{number}-CACHE")}));
        self.branch(&format!("preview-pr-{number}"), &marker, days);
    }

    fn pull(&mut self, number: u64, state: &str) {
        self.pulls.push(json!({"number": number, "state": state}));
    }

    async fn plant(self, world: &World) {
        // More Workers, records and branches than the smallest plans have.
        world
            .seed(&json!({
                "github": {"pulls": self.pulls, "runs": [{
                    "name": "Sweep", "path": ".github/workflows/sweep.yml", "event": "schedule",
                    "status": "completed", "conclusion": "success", "head_branch": "main",
                    "head_sha": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"}]},
                "cloudflare": {
                    "settings": {"record_quota": 100_000},
                    "kv": self.kv,
                    "workers": self.workers,
                    "zones": [{"name": "example.com", "plan": "pro", "records": self.records, "routes": self.routes}]},
                "neon": {"branches": self.branches, "settings": {"operation_ms": 1}},
            }))
            .await;
    }
}

/// A world with this manifest.
async fn world(rules: &str) -> World {
    let world = World::start().await;
    world.file("codex.toml", &MANIFEST.replace("RULES", rules));
    world
}

/// A sweep as the schedule starts it.
fn sweep(world: &World) -> Start<'_> {
    world
        .run("cleanup")
        .on_push()
        .env("GITHUB_EVENT_NAME", "schedule")
        .env(
            "GITHUB_WORKFLOW_REF",
            "acme/app/.github/workflows/sweep.yml@refs/heads/main",
        )
        .input("command", "sweep")
}

/// What was there before and is not any more.
fn gone(before: &[String], world: &World) -> BTreeSet<String> {
    let after = names(world);
    before.iter().filter(|name| !after.contains(name)).cloned().collect()
}

/// The names of a preview's things.
fn whole(number: u64) -> Vec<String> {
    let mut all = vec![
        format!("KV codex-preview-{number}-CACHE"),
        format!("branch preview-pr-{number}"),
    ];
    for service in SERVICES {
        all.push(format!("Worker {service}-preview-{number}"));
        all.push(format!("record {service}-preview-{number}.example.com"));
        all.push(format!("route {service}-preview-{number}.example.com/*"));
    }
    all
}

fn ok(run: Run) -> Run {
    run.assert_no_secret_leaks();
    assert_eq!(run.code, 0, "{run}");
    run
}

/// 83 leaked previews among 30 open ones, and all that only looks like them.
async fn crowd() -> (World, BTreeSet<String>) {
    let world = world("").await;
    let mut seed = Seed::default();
    let leaked: Vec<u64> = (1..=83).collect();
    // 421 reads like 42, 210 like 21, 830 like 83.
    let open: Vec<u64> = (101..=127).chain([210, 421, 830]).collect();
    for number in &leaked {
        seed.preview(*number, 30);
        seed.pull(*number, "closed");
    }
    for number in &open {
        seed.preview(*number, 1);
        seed.pull(*number, "open");
    }
    // Production, and what is the repository's own.
    let production = "codex-actions:1296269:acme/app:codex:production";
    for service in SERVICES {
        seed.worker(&format!("{service}-production"), production, &json!({}), 300);
        seed.record(service, production);
        seed.route(service, &format!("{service}-production"));
    }
    seed.kv.push(json!({"title": "codex-production-CACHE"}));
    seed.branch("checkpoint", production, 2);
    seed.branch("ci-shared", "codex-actions:1296269:acme/app:codex:-", 200);
    // Another repository's preview of one of our numbers, under a name like ours; and a newcomer under our own name.
    for (id, host) in [("8:eve/app", "eve-preview-12"), ("9:acme/app", "new-preview-13")] {
        let marker = format!("codex-actions:{id}:shop:preview:12");
        seed.worker(host, &marker, &json!({}), 90);
        seed.record(host, &marker);
        seed.route(host, host);
        seed.branch(&format!("{host}-db"), &marker, 90);
    }
    // A tenant whose name fits the template, and what people made by hand.
    seed.worker("tenant-preview-14", "", &json!({}), 400);
    seed.record("tenant-preview-14", "tenant 14");
    seed.route("tenant-preview-14", "tenant-preview-14");
    seed.worker("identity-preview-900", "", &json!({}), 400);
    seed.record("identity-preview-901", "by hand");
    seed.kv.push(json!({"title": "codex-preview-42-SESSIONS"}));
    seed.kv.push(json!({"title": "codex-preview-042-CACHE"}));
    seed.branches.push(json!({"name": "preview-pr-15-ada"}));
    seed.branches.push(json!({"name": "preview-pr-902"}));
    seed.plant(&world).await;
    let expected = leaked.iter().flat_map(|number| whole(*number)).collect();
    (world, expected)
}

#[tokio::test]
async fn exactly_the_leaked_ones_of_a_crowd_go() {
    let (world, expected) = crowd().await;
    let before = names(&world);
    let mark = world.mark();
    // A first backlog is more than goes unasked; a dry run says so, too.
    let dry = ok(sweep(&world).input("dry-run", "true").go().await);
    assert!(
        dry.log().contains("a real run would refuse this, since 83 environments would go, more than the 20 that may at once, unless it has `max-environments: 83`"),
        "{dry}"
    );
    let refused = sweep(&world).go().await;
    assert_eq!(refused.code, 1, "{refused}");
    insta::assert_snapshot!(refused.error(), @"
    83 environments would go, more than the 20 that may at once; nothing was touched
    hint: read the list above; if it is right, run it once by hand with `max-environments: 83` and `dry-run: false`
    ");
    world.assert_only_reads_since(mark);
    assert_eq!(refused.report["environments"].as_array().unwrap().len(), 83);

    let run = ok(sweep(&world).input("max-environments", "83").go().await);
    assert_eq!(gone(&before, &world), expected);
    assert_eq!(
        (
            run.output("removed"),
            run.output("remaining"),
            run.output("left"),
            run.output("changed")
        ),
        ("83", "0", "0", "true"),
        "{run}"
    );
    insta::assert_snapshot!(last_line(&run), @"removed 83 environments (1411 things) in …; 30 alive; 2 things look like ours and stay, since nothing tells whose: Worker `identity-preview-900`, branch `preview-pr-902`");
    println!(
        "a crowd took {:.1} s and {} requests",
        run.time.as_secs_f64(),
        world.since(mark).len()
    );

    let mark = world.mark();
    let again = ok(sweep(&world).go().await);
    world.assert_only_reads_since(mark);
    assert_eq!(
        (again.output("changed"), again.output("removed")),
        ("false", "0"),
        "{again}"
    );
    insta::assert_snapshot!(last_line(&again), @"nothing to sweep: 30 environments of this repository, all alive; 2 things look like ours and stay, since nothing tells whose: Worker `identity-preview-900`, branch `preview-pr-902`");
    world.finish().await;
}

/// The last line of the log that is no command.
fn last_line(run: &Run) -> String {
    let log = run.log();
    let mut lines = log
        .lines()
        .filter(|line| !line.starts_with("::") && !line.trim().is_empty());
    let line = lines.next_back().unwrap_or_default();
    // How long it took differs.
    match line
        .split_once(") in ")
        .and_then(|(before, rest)| Some((before, rest.split_once(';')?.1)))
    {
        Some((before, after)) => format!("{before}) in …;{after}"),
        None => line.to_owned(),
    }
}

/// Without the days of this week.
fn undated(line: &str) -> String {
    let words = line.split(' ').map(|word| {
        let bare = word.trim_end_matches(',');
        let is_day = bare.len() == 10 && bare.matches('-').count() == 2;
        if is_day {
            word.replace(bare, "DAY")
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// One closed preview (12) beside an open one (13).
async fn pair(rules: &str) -> World {
    let world = world(rules).await;
    let mut seed = Seed::default();
    seed.preview(12, 9);
    seed.preview(13, 9);
    seed.pull(12, "closed");
    seed.pull(13, "open");
    seed.plant(&world).await;
    world
}

#[tokio::test]
async fn nothing_goes_before_somebody_could_have_seen_the_plan() {
    let world = world("").await;
    let mut seed = Seed::default();
    seed.preview(12, 9);
    seed.pull(12, "closed");
    seed.plant(&world).await;
    let mark = world.mark();
    let other = "acme/app/.github/workflows/other.yml@refs/heads/main";
    // The first scheduled run of its workflow; a run by hand; one that was told to; one that knows nothing.
    let runs = [
        ok(sweep(&world).env("GITHUB_WORKFLOW_REF", other).go().await),
        ok(sweep(&world).env("GITHUB_EVENT_NAME", "workflow_dispatch").go().await),
        ok(sweep(&world).input("dry-run", "true").go().await),
        ok(sweep(&world).env("GITHUB_WORKFLOW_REF", "").go().await),
    ];
    world.assert_only_reads_since(mark);
    for run in &runs {
        assert_eq!(
            (run.output("changed"), &run.report["status"]),
            ("false", &json!("planned")),
            "{run}"
        );
        assert_eq!(run.report["environments"][0]["outcome"], "planned", "{run}");
    }
    let lines: Vec<String> = runs.iter().map(last_line).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    would remove 1 of 1 environment; nothing was touched: no scheduled run of this workflow has succeeded before this one, so it only shows what the next one does; `dry-run: false` does it now
    would remove 1 of 1 environment; nothing was touched: only a schedule deletes by itself, `dry-run: false` does it now
    would remove 1 of 1 environment; nothing was touched (`dry-run`)
    would remove 1 of 1 environment; nothing was touched: whether a scheduled run of this workflow has succeeded before is not known, since `GITHUB_WORKFLOW_REF` is not set; give the job `actions: read`, or `dry-run: false`
    ");
    let before = names(&world);
    // What was said counts, whoever started it.
    ok(sweep(&world)
        .env("GITHUB_WORKFLOW_REF", other)
        .input("dry-run", "false")
        .go()
        .await);
    assert_eq!(gone(&before, &world), whole(12).into_iter().collect());
    world.finish().await;
}
