//! Stories of `command: explain`.

use super::*;

#[tokio::test]
async fn each_thing_is_told_and_nothing_is_touched() {
    let world = world("").await;
    let mut seed = Seed::default();
    let closed = marker(12);
    seed.worker("identity-preview-12", &closed, &json!({}), 9);
    seed.record("identity-preview-12", &closed);
    seed.route("identity-preview-12", "identity-preview-12");
    seed.worker("web-preview-12", "", &json!({}), 9);
    seed.worker("old-preview-12", &closed, &json!({}), 9);
    seed.kv.push(json!({"title": "codex-preview-12-CACHE"}));
    seed.kv.push(json!({"title": "codex-preview-12-OLD"}));
    seed.branch("preview-pr-12", &closed, 9);
    seed.worker("identity-preview-13", &marker(13), &json!({}), 1);
    seed.worker(
        "identity-production",
        "codex-actions:1296269:acme/app:codex:production",
        &json!({}),
        90,
    );
    seed.worker("eve", "codex-actions:8:eve/app:shop:preview:12", &json!({}), 90);
    seed.worker("cut", "codex-actions:8:eve", &json!({}), 90);
    seed.worker("web-preview-77", "", &json!({}), 90);
    seed.branches.push(json!({"name": "preview-pr-78"}));
    seed.worker("tenant", "", &json!({}), 90);
    seed.pull(12, "closed");
    seed.pull(13, "open");
    seed.plant(&world).await;
    let mark = world.mark();
    let run = ok(sweep(&world).input("command", "explain").go().await);
    world.assert_only_reads_since(mark);
    let log: Vec<String> = run
        .log()
        .lines()
        .filter(|line| !line.starts_with("::"))
        .map(without_times)
        .collect();
    insta::assert_snapshot!(log.join("\n").trim(), @"
    preview 12 would go: its pull request is not open, since DAY
      route `identity-preview-12.example.com/*` would go with it (to Worker identity-preview-12)
      Worker `old-preview-12` would go with it (no longer in the manifest), since DAY
      Worker `identity-preview-12` would go with it, since DAY
      DNS record `identity-preview-12.example.com` would go with it, since DAY
      KV namespace `codex-preview-12-CACHE` would go with it
      branch `preview-pr-12` would go with it, since DAY
      Worker `web-preview-12` is kept: it carries nobody's marker, and a name proves nothing; `adopt: true` deletes it
      KV namespace `codex-preview-12-OLD` is kept: it is named like this environment's, and nothing in the manifest has that name; it has no owner written on it: delete it under Storage & databases → KV, where nobody needs it
    preview 13 stays: its pull request is open, since DAY
      Worker `identity-preview-13` stays with it, since DAY
    Worker `cut` stays: it looks like ours, and whose it is cannot be read from `codex-actions:8:eve`, since DAY
    Worker `eve` stays: it belongs to preview 12 of shop in eve/app (8), since DAY
    Worker `identity-production` stays: it belongs to production of codex, which is not one per pull request, since DAY
    Worker `web-preview-77` stays: it carries nobody's marker, and a name proves nothing; `adopt: true` deletes it
    branch `preview-pr-78` stays: it carries nobody's marker, and a name proves nothing
    3 more carry nobody's marker and are called like nothing of this repository's: never touched
    would remove 1 of 2 environments; nothing was touched; 3 things look like ours and stay, since DAY
    ");
    assert_eq!(
        (&run.report["command"], &run.report["status"]),
        (&json!("explain"), &json!("planned"))
    );
    world.finish().await;
}

/// Without the days of this week, and the places of branches.
fn without_times(line: &str) -> String {
    match line.find(", since ") {
        Some(at) => format!("{}, since DAY", &line[..at]),
        None => line.to_owned(),
    }
}
