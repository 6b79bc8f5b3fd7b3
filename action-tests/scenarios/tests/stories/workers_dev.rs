//! Stories of teams without a zone: everything answers at workers.dev.

use scenarios::World;
use serde_json::{Value, json};

use crate::deploy_workers::{account, bindings, worker};
use crate::health_check::proxy::Proxy;

fn write(world: &World, more: &str) -> String {
    let port = world.cloud.edge.rsplit(':').next().unwrap().to_owned();
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nurl = \"http://{{hostname}}:{port}\"\n{more}[environments.preview]\nworker = \"{{worker}}-preview-{{pr}}\"\nrouting = \"workers-dev\"\n[environments.production]\nrouting = \"workers-dev\"\n[services.api]\npath = \"api\"\n[services.web]\npath = \"web\"\nneeds = [\"api\"]\nvars = {{ API_URL = \"{{api.url}}/v1\" }}\n"
        ),
    );
    for name in ["api", "web"] {
        worker(world, name, &json!({}), "export default {}");
    }
    port
}

fn on(world: &World, worker: &str) -> Value {
    account(world)["workers"][worker]["workers_dev"].clone()
}

#[tokio::test]
async fn an_environment_without_a_zone_lives_at_workers_dev() {
    let world = World::start().await;
    let port = write(&world, "");
    // Takes every name for this machine, as the internet's DNS would for names of Cloudflare's.
    let proxy = Proxy::start().await;
    let start = |action: &'static str| proxy.beyond_here(world.run(action));
    let first = start("deploy-workers").go().await;
    assert_eq!(first.code, 0, "{first}");
    let urls = json!({
        "api": format!("http://api-preview-42.acme.workers.dev:{port}"),
        "web": format!("http://web-preview-42.acme.workers.dev:{port}"),
    });
    assert_eq!(first.output("urls"), urls.to_string());
    assert_eq!(
        first.report["services"][0]["hostname"],
        "api-preview-42.acme.workers.dev"
    );
    let asked = format!("GET http://api-preview-42.acme.workers.dev:{port}/health HTTP/1.1");
    assert!(proxy.asked().contains(&asked), "{:?}", proxy.asked());
    assert_eq!(
        bindings(&world, "web-preview-42")["API_URL"]["text"],
        format!("http://api-preview-42.acme.workers.dev:{port}/v1")
    );
    assert_eq!(
        (on(&world, "api-preview-42"), on(&world, "web-preview-42")),
        (json!(true), json!(true))
    );
    assert!(first.stdout.contains("workers.dev"), "{first}");

    let mark = world.mark();
    let second = start("deploy-workers").go().await;
    assert_eq!((second.code, second.output("changed")), (0, "false"), "{second}");
    let dns = start("preview-dns").go().await;
    assert_eq!(
        (dns.code, dns.output("changed"), dns.output("records")),
        (0, "false", "[]"),
        "{dns}"
    );
    assert!(
        dns.stdout
            .contains("its Workers answer at workers.dev: no DNS record is needed"),
        "{dns}"
    );
    world.assert_only_reads_since(mark);

    // Somebody switched it off by hand.
    let off = json!({"enabled": false});
    world
        .by_hand("POST", "/workers/scripts/api-preview-42/subdomain", &off)
        .await;
    let again = start("deploy-workers").go().await;
    assert_eq!((again.code, again.output("changed")), (0, "true"), "{again}");
    assert_eq!(on(&world, "api-preview-42"), true);

    // health-check has no token to ask with.
    let health = start("health-check").go().await;
    assert_eq!(health.code, 2, "{health}");
    assert!(health.error().contains("such as `workers-dev = \"acme\"`"), "{health}");
    write(&world, "workers-dev = \"acme\"\n");
    let health = start("health-check").go().await;
    assert_eq!(health.code, 0, "{health}");
    write(&world, "workers-dev = \"other\"\n");
    let wrong = start("deploy-workers").go().await;
    assert_eq!(wrong.code, 1, "{wrong}");
    assert!(
        wrong
            .error()
            .contains("`project.workers-dev` is `other`, and the account's name at workers.dev is `acme`"),
        "{wrong}"
    );

    write(&world, "");
    world.close_pull_request().await;
    let cleanup = start("cleanup").go().await;
    assert_eq!(cleanup.code, 0, "{cleanup}");
    let workers = account(&world)["workers"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect::<Vec<_>>();
    assert!(!workers.iter().any(|name| name.contains("preview-42")), "{workers:?}");
    let asked_for_zone = world
        .requests()
        .iter()
        .any(|request| request["path"].as_str().unwrap().contains("/zones"));
    assert!(!asked_for_zone, "there is no zone to ask for");
    world.finish().await;
}

#[tokio::test]
async fn one_worker_alone_answers_at_workers_dev() {
    let world = World::start().await;
    worker(&world, "shop", &json!({}), "export default {}");
    let run = || {
        world
            .run("deploy-workers")
            .on_push()
            .input("path", "shop")
            .input("workers-dev", "true")
            .input("health", "false")
    };
    let first = run().go().await;
    assert_eq!(first.code, 0, "{first}");
    assert_eq!(first.output("urls"), r#"{"shop":"https://shop.acme.workers.dev"}"#);
    assert_eq!(on(&world, "shop"), true);
    let mark = world.mark();
    let second = run().go().await;
    assert_eq!((second.code, second.output("changed")), (0, "false"), "{second}");
    world.assert_only_reads_since(mark);

    let bad = run()
        .input("worker", "My_Shop")
        .input("hostnames", "shop.example.com")
        .input("zone", "Example.com.")
        .go()
        .await;
    assert_eq!(bad.code, 2, "{bad}");
    for part in [
        "goes not with `hostnames` and `routing`",
        "`My_Shop` is no label of an address",
    ] {
        assert!(bad.error().contains(part), "{bad}");
    }
    let named = || {
        world
            .run("deploy-workers")
            .on_push()
            .input("path", "shop")
            .input("worker", "My_Shop")
            .input("hostnames", "Shop.EXAMPLE.com., bücher.example.com")
            .input("zone", "Example.com.")
            .input("health", "false")
    };
    // Cloudflare makes none with capitals any more: told before anything is touched.
    let mark = world.mark();
    let new = named().go().await;
    assert_eq!(new.code, 1, "{new}");
    assert!(
        new.error()
            .contains("there is no Worker `My_Shop`, and Cloudflare makes new ones with lower-case names only"),
        "{new}"
    );
    world.assert_only_reads_since(mark);
    // One that is there keeps its name, and what it holds.
    world
        .seed(&json!({"cloudflare": {"workers": [{"name": "My_Shop"}]}}))
        .await;
    let adopted = named().go().await;
    assert_eq!(adopted.code, 0, "{adopted}");
    let domains = account(&world)["domains"].to_string();
    assert!(
        domains.contains("shop.example.com") && domains.contains("xn--bcher-kva.example.com"),
        "{domains}"
    );
    assert_eq!(
        account(&world)["workers"]["My_Shop"]["versions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    world.finish().await;
}
