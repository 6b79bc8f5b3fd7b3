//! A manifest that has dropped its zone since the preview was made.

use super::*;

const NO_ZONE: &str = r#"
[project]
name = "codex"

[environments.preview]
worker = "{worker}-preview-{pr}"
routing = "workers-dev"

[services.web]
path = "web"
"#;

async fn moved_to_workers_dev() -> World {
    let world = World::start().await;
    world.file("codex.toml", NO_ZONE);
    world
        .seed(&json!({"cloudflare": {
            "workers": [{"name": "web-preview-42", "tags": [MARKER]}],
            "zones": [{
                "name": "example.com",
                "records": [record("app-42", MARKER), record("mail", "")],
                "routes": [route("app-42", "web-preview-42"), route("other", "other")],
            }],
        }}))
        .await;
    world
}

#[tokio::test]
async fn a_zone_that_is_not_looked_at_is_told() {
    let world = moved_to_workers_dev().await;
    let run = world.run("cleanup").go().await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    assert_eq!(run.report["zoneless"], true, "{run}");
    for text in [&run.stdout, &run.summary] {
        assert!(
            text.contains("othing of preview 42 is left outside of zones; deleted 1 thing")
                && text.contains("no zone was looked at, as the manifest names none"),
            "{run}"
        );
    }
    let left = names(&world).join(", ");
    assert!(left.contains("record app-42.example.com, "), "{left}");

    // The record carries a marker; of the route nothing tells any more whose it is.
    let late = world.run("cleanup").input("cloudflare-zone-id", ids::ZONE).go().await;
    assert_eq!((late.code, late.output("kept")), (0, "1"), "{late}");
    assert_eq!(late.report["zoneless"], false, "{late}");
    assert!(
        late.stdout.contains("deleted DNS record `app-42.example.com`"),
        "{late}"
    );
    assert!(late.stdout.contains("route `app-42.example.com/*` is kept"), "{late}");
    assert!(!late.stdout.contains("nothing of preview 42 is left"), "{late}");
    world.finish().await;
}

#[tokio::test]
async fn a_zone_that_only_an_input_names_is_cleaned_up() {
    let world = moved_to_workers_dev().await;
    let clean = async || world.run("cleanup").input("cloudflare-zone-id", ids::ZONE).go().await;
    let run = clean().await;
    assert_eq!((run.code, run.output("kept")), (0, "0"), "{run}");
    assert!(
        run.stdout.contains("nothing of preview 42 is left; deleted 3 things"),
        "{run}"
    );
    let left = names(&world).join(", ");
    assert!(
        !left.contains("42") && left.contains("route other.example.com/*"),
        "{left}"
    );
    let mark = world.mark();
    assert_eq!(clean().await.output("changed"), "false");
    world.assert_only_reads_since(mark);
    world.finish().await;
}
