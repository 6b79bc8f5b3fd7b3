//! `preflight` and `deploy-workers` with `command: validate` do not contradict each other: what one refuses of the
//! configurations the other refuses with the same words, though nothing is bundled for the first.

use scenarios::{Run, World};
use serde_json::{Value, json};

use crate::deploy_workers::worker;

const LIVE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OURS: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// A project of two Workers; `preview` and `service` are lines of the manifest, `api` is in its configuration.
fn write(world: &World, preview: &str, service: &str, api: &Value) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"shop\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\n\
             worker = \"{{worker}}-{{pr}}\"\n{preview}\n[environments.staging]\nhostname = \"{{subdomain}}-staging\"\n\
             worker = \"{{worker}}-staging\"\nwrangler-env = \"staging\"\n[environments.production]\n\
             worker = \"{{worker}}-production\"\nwrangler-env = \"production\"\n[services.api]\npath = \"api\"\n{service}\n\
             [services.web]\npath = \"web\"\n"
        ),
    );
    worker(world, "api", api, "export default {}");
    worker(
        world,
        "web",
        &json!({"env": {"staging": {}, "production": {}}}),
        "export default {}",
    );
}

/// What `preflight` calls an error, each as a sentence with its remedy.
fn errors(run: &Run) -> Vec<(String, String)> {
    let findings = run.report["findings"].as_array().unwrap().iter();
    let errors = findings.filter(|finding| finding["severity"] == "error");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    errors
        .map(|finding| (text(finding, "said"), text(finding, "remedy")))
        .collect()
}

#[tokio::test]
async fn what_one_refuses_the_other_refuses_with_the_same_words() {
    let kv = |id: &str| json!([{"binding": "CACHE", "id": id}]);
    let of = |top: Value, staging: Value, production: Value| {
        let mut api = top;
        api["env"] = json!({"staging": staging, "production": production});
        api
    };
    let none = || json!({});
    let bound = |service: &str| json!({"services": [{"binding": "OTHER", "service": service}]});
    let room =
        json!({"durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room", "script_name": "chat"}]}});
    // Lines of the preview, lines of the service, its configuration.
    let table: Vec<(&str, &str, Value)> = vec![
        ("", "", of(none(), none(), none())),
        (
            "",
            "kv = [\"CACHE\"]",
            of(
                json!({"kv_namespaces": [{"binding": "CACHE"}]}),
                json!({"kv_namespaces": kv(OURS)}),
                json!({"kv_namespaces": kv(LIVE)}),
            ),
        ),
        ("", "", of(none(), bound("web"), bound("web-production"))),
        (
            "vars = { STAGE = \"preview\" }",
            "vars = { WEB = \"{web.url}\" }",
            of(
                json!({"vars": {"STAGE": "dev"}}),
                json!({"vars": {"STAGE": "s"}}),
                json!({"vars": {"STAGE": "p"}}),
            ),
        ),
        (
            "r2 = { MEDIA = \"media-{pr}\" }",
            "",
            of(
                json!({"r2_buckets": [{"binding": "MEDIA", "bucket_name": "dev"}]}),
                json!({"r2_buckets": [{"binding": "MEDIA", "bucket_name": "s"}]}),
                json!({"r2_buckets": [{"binding": "MEDIA", "bucket_name": "p"}]}),
            ),
        ),
        (
            "shared = [\"CACHE\"]",
            "",
            of(
                json!({"kv_namespaces": kv(OURS)}),
                json!({"kv_namespaces": []}),
                json!({"kv_namespaces": kv(LIVE)}),
            ),
        ),
        (
            "",
            "",
            of(
                json!({"logpush": true, "ai": {"binding": "AI"}, "version_metadata": {"binding": "V"}}),
                json!({"ai": {"binding": "AI"}, "version_metadata": {"binding": "V"}}),
                json!({"ai": {"binding": "AI"}, "version_metadata": {"binding": "V"}}),
            ),
        ),
        // What both refuse.
        (
            "",
            "kv = [\"CACHE\"]",
            of(
                json!({"kv_namespaces": [{"binding": "CACHE"}]}),
                json!({"kv_namespaces": kv(LIVE)}),
                json!({"kv_namespaces": kv(LIVE)}),
            ),
        ),
        (
            "",
            "",
            of(
                json!({"kv_namespaces": kv(OURS)}),
                json!({"kv_namespaces": []}),
                json!({"kv_namespaces": []}),
            ),
        ),
        (
            "",
            "",
            of(
                json!({"kv_namespaces": [{"binding": "CACHE"}]}),
                json!({"kv_namespaces": kv(OURS)}),
                json!({"kv_namespaces": kv(LIVE)}),
            ),
        ),
        ("", "", of(none(), bound("mail"), none())),
        ("", "", of(none(), room.clone(), room)),
        (
            "",
            "secrets = [\"KEY\"]",
            of(
                json!({"vars": {"KEY": "a"}}),
                json!({"vars": {"KEY": "a"}}),
                json!({"vars": {"KEY": "a"}}),
            ),
        ),
        (
            "vars = { STAGE = 1 }",
            "",
            of(
                json!({"vars": {"STAGE": "dev"}}),
                json!({"vars": {"STAGE": "s"}}),
                json!({"vars": {"STAGE": "p"}}),
            ),
        ),
        ("", "", of(json!({"vars": {"WEB": "{web.url}"}}), none(), none())),
        (
            "",
            "",
            of(
                json!({"vars": {"STAGE": "dev"}, "compatibility_date": "2099-01-01"}),
                json!({"vars": {}}),
                json!({"vars": {}}),
            ),
        ),
        (
            "",
            "",
            of(
                none(),
                json!({"routes": [{"pattern": "*-staging.example.com/*", "custom_domain": true}]}),
                none(),
            ),
        ),
        (
            "",
            "",
            of(none(), json!({"queues": {"consumers": [{"queue": "mail"}]}}), none()),
        ),
        ("d1 = { DB = \"shop\" }", "", of(none(), none(), none())),
        (
            "",
            "",
            of(
                json!({"tail_consumers": [{"service": "logs"}]}),
                json!({"tail_consumers": [{"service": "logs"}]}),
                none(),
            ),
        ),
    ];
    let world = World::start().await;
    let (mut refused, mut accepted) = (0, 0);
    for (preview, service, api) in &table {
        write(&world, preview, service, api);
        for environment in ["preview", "staging", "production"] {
            let case = format!("{environment}, {preview} {service} {api}");
            let start = |action| {
                let run = world
                    .run(action)
                    .input("environment", environment)
                    .env("KEY", "k3y0fth3s3rv1c3");
                if environment == "preview" { run } else { run.on_push() }
            };
            let looked = start("preflight").input("offline", "true").go().await;
            let validated = start("deploy-workers").input("command", "validate").go().await;
            let errors = errors(&looked);
            assert_eq!(
                errors.is_empty(),
                validated.code == 0,
                "{case}\n{errors:#?}\n{validated}"
            );
            for (said, remedy) in &errors {
                // The sentence behind the service's name and the environment's; the date's has a remedy of its own.
                let sentence = said.split_once(": ").map_or(said.as_str(), |(_, sentence)| sentence);
                let known = validated.error().contains(sentence)
                    && (remedy.starts_with("set it to the day") || validated.error().contains(remedy.as_str()));
                assert!(
                    known || said.contains("environments."),
                    "{case}\n{said}\n{remedy}\n{validated}"
                );
            }
            if errors.is_empty() { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(
        accepted >= 21 && refused >= 12,
        "{accepted} accepted, {refused} refused"
    );
    world.finish().await;
}
