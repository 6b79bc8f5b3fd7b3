//! Stories of `deploy-workers` about proof: which version was it that answered?

use scenarios::{World, ids};
use serde_json::json;

use crate::deploy_workers::{account, worker};
use crate::deploy_workers_rollback::{live, rolled_back};
use crate::health_check::proxy::Proxy;
use crate::health_check::servers::{Server, answer, site as site_of};

/// A healthy document that does not say which version wrote it.
const SILENT: &str = r#"{"status":"healthy","service":"api","environment":"preview","checks":{}}"#;

/// A version id as Cloudflare makes them, of no version of ours.
const OLD: &str = "996445bc-a0df-4656-b356-8f9baf681df5";

/// One service; `url` is the template of its URL.
fn one_service(world: &World, url: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\nurl = \"{url}\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\n[services.api]\npath = \"api\"\nvars = {{ SERVICE_NAME = \"api\" }}\n"
        ),
    );
}

fn code(world: &World, says: &str) {
    worker(
        world,
        "api",
        &json!({}),
        &format!("export default {{ fetch: () => new Response('{says}') }}"),
    );
}

#[tokio::test]
async fn the_old_versions_answer_is_no_success_of_a_new_one_that_is_sick() {
    let world = World::start().await;
    let well = Server::start(vec![answer(200, SILENT)]).await;
    one_service(&world, &well.url("/{hostname}"));
    code(&world, "one");
    let run = world.run("deploy-workers").go().await;
    assert_eq!(run.code, 0, "{run}");
    // Nothing served before: whoever answers is the new one.
    assert!(!run.stdout.contains("does not tell its version"), "{run}");
    let before = live(&world, "api-42");

    // For a while the edge still answers with the old version.
    let sick = answer(
        503,
        r#"{"status":"unhealthy","service":"api","checks":{"database":"down"}}"#,
    );
    let edge = Server::start(vec![
        answer(200, SILENT),
        answer(200, SILENT),
        answer(200, SILENT),
        sick,
    ])
    .await;
    one_service(&world, &edge.url("/{hostname}"));
    code(&world, "two");
    let run = world.run("deploy-workers").input("health-timeout", "6s").go().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.stdout
            .contains("api does not tell its version, so the old one may have answered"),
        "{run}"
    );
    assert!(run.error().starts_with("`api` is deployed, but not healthy"), "{run}");
    assert_eq!(live(&world, "api-42"), before, "{run}");
    assert_eq!(rolled_back(&run), ["api"]);
    let mut shown = insta::Settings::clone_current();
    shown.add_filter(r"127\.0\.0\.1:\d+", "HOST");
    shown.add_filter(r"[0-9a-f]{8}…", "VERSION…");
    shown.add_filter(r"\d+ tries", "N tries");
    shown.add_filter(r"\d\.\d s", "N s");
    shown.bind(|| {
        insta::assert_snapshot!(run.summary, @r"
        ### Workers of preview 42: failed

        Put back is the code with its bindings and secrets. Hostnames, schedules, settings that no version holds, and data stay as they are now.

        | | service | version | size | time | |
        |---|---|---|---|---|---|
        | ↩️ | [api](http://HOST/api-42.example.com) | `VERSION…` | 51 B, 74 B compressed | N s | it is not healthy: it says it is unhealthy (database: down) (status 503) |

        ❌ **deploy-workers failed**

        ```text
        `api` is deployed, but not healthy
        caused by: http://HOST/api-42.example.com/health: it says it is unhealthy (database: down) (status 503) (N tries after N s)
        ```
        ");
    });

    // A new version that stays healthy goes through, though it says nothing of itself.
    one_service(&world, &well.url("/{hostname}"));
    let asked = well.requests();
    let run = world.run("deploy-workers").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_ne!(live(&world, "api-42"), before);
    assert!(well.requests() - asked >= 18, "{} requests", well.requests() - asked);
    // A gate that is shorter than that asks as often as it can.
    code(&world, "three");
    let run = world.run("deploy-workers").input("health-timeout", "3s").go().await;
    assert_eq!(run.code, 0, "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_new_version_that_no_longer_tells_is_not_taken_for_the_old_one() {
    let world = World::start().await;
    let silent = Server::start(vec![answer(200, SILENT)]).await;
    one_service(&world, &silent.url("/{hostname}"));
    code(&world, "one");
    assert_eq!(world.run("deploy-workers").go().await.code, 0);
    let old = answer(
        200,
        &SILENT.replace("\"checks\"", &format!("\"version\":\"{OLD}\",\"checks\"")),
    );
    let edge = Server::start(vec![old.clone(), old, answer(200, SILENT)]).await;
    one_service(&world, &edge.url("/{hostname}"));
    code(&world, "two");
    let run = world.run("deploy-workers").input("health-timeout", "5s").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains(&format!("version `{OLD}` still answers")), "{run}");
    assert!(run.stdout.contains("does not tell its version"), "{run}");
    world.finish().await;
}

/// What the Workers of the platform that this is made for answer: an application's version, and checks with details.
#[tokio::test]
async fn an_applications_own_version_is_none_of_cloudflares() {
    let world = World::start().await;
    let document = r#"{"status":"healthy","service":"api-worker","version":"1.0.0","checks":{"database":{"status":"ok"},"kv":{"status":"ok","details":[]}}}"#;
    let site = Server::start(vec![answer(200, document)]).await;
    one_service(&world, &site.url("/{hostname}"));
    let manifest = std::fs::read_to_string(world.workspace().join("codex.toml")).unwrap();
    let manifest = manifest.replace("path = \"api\"", "path = \"api\"\nworker = \"api-worker\"");
    world.file("codex.toml", &manifest);
    code(&world, "one");
    let run = world.run("deploy-workers").go().await;
    assert_eq!(run.code, 0, "{run}");
    // A new Worker needs one healthy answer.
    assert_eq!(site.requests(), 1, "{run}");
    let before = live(&world, "api-worker-42");
    code(&world, "two");
    let run = world.run("deploy-workers").input("health-timeout", "3s").go().await;
    assert_eq!(run.code, 0, "{run}");
    assert_ne!(live(&world, "api-worker-42"), before);
    assert!(!run.stdout.contains("still answers"), "{run}");
    assert!(run.stdout.contains("does not tell its version"), "{run}");
    world.finish().await;
}

#[tokio::test]
async fn a_commit_proves_a_version_by_the_setting_unless_the_one_before_was_of_it_too() {
    const BEFORE: &str = "1111111111111111111111111111111111111111";
    let world = World::start().await;
    let telling = |commit: &str| {
        let document = SILENT.replace("\"environment\":\"preview\",", "").replace(
            "\"checks\"",
            &format!("\"version\":\"1.0.0\",\"commit\":\"{commit}\",\"checks\""),
        );
        answer(200, &document)
    };
    let deploy = async |commit: &str| {
        let run = world.run("deploy-workers").on_push().input("environment", "production");
        let run = run.input("health-version", "commit").input("health-timeout", "5s");
        run.env("GITHUB_SHA", commit).go().await
    };
    let first = Server::start(vec![telling(&BEFORE[..7])]).await;
    production(&world, &first.url("/{hostname}"));
    code(&world, "one");
    let run = deploy(BEFORE).await;
    assert_eq!(run.code, 0, "{run}");

    // The edge still answers with the old commit, then with the new one, abbreviated.
    let edge = Server::start(vec![telling(BEFORE), telling(BEFORE), telling(&ids::HEAD_SHA[..8])]).await;
    production(&world, &edge.url("/{hostname}"));
    code(&world, "two");
    let run = deploy(ids::HEAD_SHA).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("still answers"), "{run}");
    assert!(!run.stdout.contains("does not tell its version"), "{run}");
    assert_eq!(edge.requests(), 3, "{run}");
    assert_eq!(run.stdout.matches("api is healthy after").count(), 1, "{run}");

    // Deployed again with other variables: the version before tells this commit, too.
    let again = Server::start(vec![telling(ids::HEAD_SHA)]).await;
    production(&world, &again.url("/{hostname}"));
    code(&world, "three");
    let run = deploy(ids::HEAD_SHA).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("does not tell its version"), "{run}");
    assert_eq!(run.stdout.matches("api is healthy after").count(), 1, "{run}");
    world.finish().await;
}

/// The same service in production.
fn production(world: &World, url: &str) {
    one_service(world, url);
    let manifest = std::fs::read_to_string(world.workspace().join("codex.toml")).unwrap();
    world.file(
        "codex.toml",
        &manifest.replace("[services.api]", "[environments.production]\n[services.api]"),
    );
}

#[tokio::test]
async fn a_slow_sibling_does_not_use_up_the_time_for_proof() {
    let world = World::start().await;
    let quick = Server::start(vec![answer(200, SILENT)]).await;
    one_service(&world, &quick.url("/{hostname}"));
    let manifest = std::fs::read_to_string(world.workspace().join("codex.toml")).unwrap();
    let both = format!("{manifest}[services.web]\npath = \"web\"\n");
    world.file("codex.toml", &both);
    let well = "export default { fetch: () => new Response('one') }";
    worker(&world, "web", &json!({}), well);
    code(&world, "one");
    let healthy = SILENT.replace("\"service\":\"api\",", "");
    let site = Server::start(vec![answer(200, &healthy)]).await;
    world.file("codex.toml", &both.replace(&quick.url(""), &site.url("")));
    assert_eq!(world.run("deploy-workers").go().await.code, 0);

    // One that comes up after five of nine seconds; the other is asked all the while.
    let began = std::time::Instant::now();
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    let edge = Server::start(vec![site_of(move |request| {
        let is_web = request.starts_with("GET /web-42.");
        if !is_web {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        let up = !is_web || began.elapsed() > std::time::Duration::from_secs(5);
        (if up { 200 } else { 502 }, String::new(), healthy.clone().into_bytes())
    })])
    .await;
    world.file("codex.toml", &both.replace(&quick.url(""), &edge.url("")));
    code(&world, "two");
    let run = world.run("deploy-workers").input("health-timeout", "9s").go().await;
    assert_eq!(run.code, 0, "{run}");
    let asked = asked.load(std::sync::atomic::Ordering::Relaxed);
    assert!(asked >= 8, "{asked} {run}");
    world.finish().await;
}

#[tokio::test]
async fn a_version_that_falls_ill_while_it_is_watched_is_put_back_at_once() {
    let world = World::start().await;
    let port = world.cloud.edge.rsplit(':').next().unwrap().to_owned();
    one_service(&world, &format!("http://{{hostname}}:{port}"));
    let manifest = std::fs::read_to_string(world.workspace().join("codex.toml")).unwrap();
    world.file("codex.toml", &manifest.replace("example.com", "revelations.localhost"));
    world
        .seed(&json!({"cloudflare": {"zones": [{"name": "revelations.localhost", "records": [{"type": "AAAA", "name": "api-42", "content": "100::", "proxied": true}]}]}}))
        .await;
    code(&world, "one");
    let run = world.run("deploy-workers").go().await;
    assert_eq!(run.code, 0, "{run}");
    let before = live(&world, "api-42");

    // Healthy while it is proven, ill when it has been watched for a while.
    code(&world, "two");
    let mut run = world
        .run("deploy-workers")
        .input("rollout", "10,100")
        .input("bake", "10m")
        .input("health-timeout", "3s")
        .start();
    run.printed("10 % of the traffic to the new version of api, watched for 10 min 0 s")
        .await;
    run.printed("api is healthy after").await;
    world
        .seed(&json!({"edge": {"hosts": {"api-42.revelations.localhost": {"status": 503, "body": "{\"status\":\"unhealthy\",\"checks\":{\"database\":\"down\"}}"}}}}))
        .await;
    let run = run.wait().await;
    assert_eq!(run.code, 1, "{run}");
    assert!(run.error().contains("database: down"), "{run}");
    assert!(run.time < std::time::Duration::from_mins(1), "{run}");
    assert_eq!(live(&world, "api-42"), before);
    assert_eq!(rolled_back(&run), ["api"]);
    world.finish().await;
}

#[tokio::test]
async fn a_version_is_asked_at_its_own_url_where_it_has_one() {
    let world = World::start().await;
    let port = world.cloud.edge.rsplit(':').next().unwrap().to_owned();
    one_service(&world, &format!("http://{{hostname}}:{port}"));
    world
        .seed(&json!({"cloudflare": {"zones": [{"name": "example.com", "records": [{"type": "AAAA", "name": "api-42", "content": "100::", "proxied": true}]}]}}))
        .await;
    // Takes every name for this machine, as the internet's DNS would for names of Cloudflare's.
    let proxy = Proxy::start().await;
    let deploy = || proxy.beyond_here(world.run("deploy-workers"));
    code(&world, "one");
    let run = deploy().go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.report["services"][0]["version-url"].is_null(), "{run}");

    let switched = json!({"enabled": false, "previews_enabled": true});
    world
        .by_hand("POST", "/workers/scripts/api-42/subdomain", &switched)
        .await;
    // At its hostname the Worker does not say which version it is.
    world
        .seed(&json!({"edge": {"hosts": {"api-42.example.com": {"status": 200, "body": SILENT}}}}))
        .await;
    code(&world, "two");
    let run = deploy().go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout
            .contains("api does not tell its version, but is healthy at its version's own URL"),
        "{run}"
    );
    let url = format!("http://{}-api-42.acme.workers.dev:{port}", &live(&world, "api-42")[..8]);
    assert_eq!(run.report["services"][0]["version-url"], url.as_str());
    assert!(run.summary.contains(&format!("]({url}) |")), "{}", run.summary);
    assert!(
        proxy.asked().contains(&format!("GET {url}/health HTTP/1.1")),
        "{:?}",
        proxy.asked()
    );
    assert_eq!(account(&world)["workers"]["api-42"]["workers_dev"], false);
    world.finish().await;
}
