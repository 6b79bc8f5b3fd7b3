//! Stories of a hostname that serves, and changes between custom domain and route: it answers all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use scenarios::{Run, World, ids, tokens};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::deploy_workers::{account, worker};

const HOST: &str = "app.example.com";

fn write(world: &World, routing: &str) {
    world.file(
        "codex.toml",
        &format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.production]\nrouting = \"{routing}\"\n[services.app]\npath = \"app\"\n"
        ),
    );
}

async fn action(world: &World, action: &'static str) -> Run {
    let run = world.run(action).on_push().input("environment", "production");
    let run = if action == "deploy-workers" {
        run.input("health", "false")
    } else {
        run
    };
    run.go().await
}

async fn done(world: &World, name: &'static str, changed: bool) -> Run {
    let run = action(world, name).await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.output("changed"), changed.to_string(), "{run}");
    run
}

/// Asks the edge for the hostname, again and again.
struct Asker {
    stop: Arc<AtomicBool>,
    asking: JoinHandle<(usize, Vec<String>)>,
}

impl Asker {
    fn start(world: &World) -> Self {
        let (url, stop) = (world.cloud.edge.clone(), Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&stop);
        let asking = tokio::spawn(async move {
            let (client, mut asked, mut bad) = (scenarios::client(), 0, Vec::new());
            while !told.load(Ordering::Relaxed) {
                let answer = client.get(&url).header("host", HOST).send().await.unwrap();
                asked += 1;
                if answer.status() != 200 {
                    bad.push(format!("{}: {}", answer.status(), answer.text().await.unwrap()));
                }
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            (asked, bad)
        });
        Self { stop, asking }
    }

    async fn always_answered(self) {
        self.stop.store(true, Ordering::Relaxed);
        let (asked, bad) = self.asking.await.unwrap();
        assert!(asked > 100, "asked only {asked} times");
        assert!(bad.is_empty(), "of {asked}, {} were not answered: {bad:?}", bad.len());
    }
}

async fn answers(world: &World) -> bool {
    let asked = scenarios::client().get(&world.cloud.edge).header("host", HOST);
    asked.send().await.unwrap().status() == 200
}

async fn in_zone_by_hand(world: &World, method: &str, path: &str, body: &Value) -> Value {
    let url = format!("{}/zones/{}{path}", world.cloud.cloudflare, ids::ZONE);
    let asked = scenarios::client().request(method.parse().unwrap(), url);
    let answer = asked.bearer_auth(tokens::CLOUDFLARE).json(body).send().await.unwrap();
    answer.json().await.unwrap()
}

/// A record that answers for every name of the zone; what Cloudflare answers.
async fn wildcard_by_hand(world: &World) -> Value {
    let record = json!({"type": "AAAA", "name": "*.example.com", "content": "100::", "ttl": 1, "proxied": true});
    in_zone_by_hand(world, "POST", "/dns_records", &record).await
}

/// `app.example.com ours`, for each record of the zone.
fn records(world: &World) -> Vec<String> {
    let state = world.state();
    let all = state["cloudflare"]["zones"][ids::ZONE]["records"].as_array().unwrap();
    let told = |record: &Value| {
        let whose = match (&record["meta"]["read_only"], record["comment"].as_str()) {
            (Value::Bool(true), _) => "the domain's",
            (_, Some(comment)) if comment.starts_with("codex-actions:") => "ours",
            _ => "by hand",
        };
        format!("{} {whose}", record["name"].as_str().unwrap())
    };
    all.iter().map(told).collect()
}

/// Writes after a mark, without ids.
fn writes(world: &World, mark: usize) -> Vec<String> {
    let all = world.since(mark);
    let writes = all.iter().filter(|request| request["write"] == true);
    let line = |request: &Value| {
        let path = request["path"].as_str().unwrap();
        let kind = ["routes", "domains", "certificate_packs", "dns_records"]
            .into_iter()
            .find(|kind| path.contains(kind))
            .unwrap_or("other");
        format!("{} {kind} {}", request["method"].as_str().unwrap(), request["status"])
    };
    writes.map(line).filter(|line| !line.contains("other")).collect()
}

#[tokio::test]
async fn a_live_custom_domain_becomes_a_route_and_a_domain_again_and_always_answers() {
    let world = World::start().await;
    worker(&world, "app", &json!({}), "export default {}");
    write(&world, "custom-domain");
    done(&world, "deploy-workers", true).await;
    assert!(answers(&world).await);

    // Nothing would resolve the name in between: refused before anything is touched.
    write(&world, "route");
    let mark = world.mark();
    let run = action(&world, "deploy-workers").await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @r#"
    one check failed before the first upload; nothing was touched
    - app: `app.example.com` is a custom domain, and its DNS record goes with it: with a route in its place nobody could resolve it for a while; keep `routing = "custom-domain"`, or let a wildcard answer meanwhile: make DNS record `AAAA *.example.com 100::`, proxied, run this again, let `preview-dns` make the record of `app.example.com`, and delete the wildcard
    "#);
    world.assert_only_reads_since(mark);
    // preview-dns knows whose domain it is, and leaves it to the one who can put a route in its place.
    let run = done(&world, "preview-dns", false).await;
    assert!(run.stdout.contains("1 unchanged"), "{run}");
    assert!(
        run.report["records"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("once `deploy-workers` has put the route in its place"),
        "{run}"
    );

    // A wildcard answers meanwhile.
    let wildcard = wildcard_by_hand(&world).await;
    let asker = Asker::start(&world);
    let mark = world.mark();
    let run = done(&world, "deploy-workers", true).await;
    let order = ["POST routes 200", "DELETE domains 200", "DELETE certificate_packs 200"];
    assert_eq!(writes(&world, mark), order, "{run}");
    assert_eq!(run.report["services"][0]["hostnames"], json!([HOST]));
    assert!(account(&world)["domains"].as_array().unwrap().is_empty());
    let mark = world.mark();
    done(&world, "deploy-workers", false).await;
    world.assert_only_reads_since(mark);

    // Its own record, and the wildcard is of no more use.
    done(&world, "preview-dns", true).await;
    let path = format!("/dns_records/{}", wildcard["result"]["id"].as_str().unwrap());
    in_zone_by_hand(&world, "DELETE", &path, &json!({})).await;
    assert_eq!(records(&world), ["app.example.com ours"]);

    // And back: our record stays until the domain's own replaces it.
    write(&world, "custom-domain");
    let run = done(&world, "preview-dns", false).await;
    assert!(
        run.report["records"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("answers by its route"),
        "{run}"
    );
    assert_eq!(records(&world), ["app.example.com ours"]);
    let mark = world.mark();
    let run = done(&world, "deploy-workers", true).await;
    assert_eq!(writes(&world, mark), ["PUT domains 200", "DELETE routes 200"], "{run}");
    assert_eq!(records(&world), ["app.example.com the domain's"]);
    asker.always_answered().await;
    let mark = world.mark();
    done(&world, "deploy-workers", false).await;
    done(&world, "preview-dns", false).await;
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn where_cloudflare_does_not_replace_our_record_the_route_goes_on_answering() {
    let world = World::start().await;
    worker(&world, "app", &json!({}), "export default {}");
    write(&world, "route");
    done(&world, "preview-dns", true).await;
    done(&world, "deploy-workers", true).await;
    write(&world, "custom-domain");
    // Only records of another Worker's domain are replaced, says one of Cloudflare's own; others have seen more.
    let refusal = || {
        json!({"provider": "cloudflare", "method": "PUT", "path": "/accounts/*/workers/domains", "status": 409,
            "body": {"success": false, "errors": [{"code": 100_117, "message": "Hostname 'app.example.com' already has externally managed DNS records (A, CNAME, etc)."}], "messages": [], "result": null}})
    };
    let asker = Asker::start(&world);
    world.fail(&refusal());
    let run = action(&world, "deploy-workers").await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @r#"
    could not deploy `app`
    caused by: could not attach `app.example.com` to Worker `app`
    caused by: Cloudflare does not replace the DNS record of its route, and the name would not resolve without one; its route answers as before
    hint: let a wildcard answer while the record is exchanged: make DNS record `AAAA *.example.com 100::`, proxied, run this again, and delete the wildcard; or keep `routing = "route"`
    "#);
    assert_eq!(run.report["services"][0]["hostnames"], Value::Null, "{run}");
    assert_eq!(records(&world), ["app.example.com ours"]);

    wildcard_by_hand(&world).await;
    world.fail(&refusal());
    let mark = world.mark();
    done(&world, "deploy-workers", true).await;
    let order = [
        "PUT domains 409",
        "DELETE dns_records 200",
        "PUT domains 200",
        "DELETE routes 200",
    ];
    assert_eq!(writes(&world, mark), order);
    asker.always_answered().await;
    assert_eq!(
        records(&world),
        ["*.example.com by hand", "app.example.com the domain's"]
    );
    let mark = world.mark();
    done(&world, "deploy-workers", false).await;
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn a_run_that_dies_in_the_middle_of_a_switch_is_taken_up_by_the_next() {
    let world = World::start().await;
    worker(&world, "app", &json!({}), "export default {}");
    write(&world, "custom-domain");
    done(&world, "deploy-workers", true).await;
    wildcard_by_hand(&world).await;
    write(&world, "route");
    let asker = Asker::start(&world);
    // The route is there, the domain too.
    let run = world
        .run("deploy-workers")
        .on_push()
        .input("environment", "production")
        .input("health", "false")
        .start();
    while !world
        .requests()
        .iter()
        .any(|request| request["method"] == "POST" && request["path"].as_str().unwrap().contains("/workers/routes"))
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    run.signal("KILL").await;
    let _ = run.wait().await;
    assert_eq!(account(&world)["domains"].as_array().unwrap().len(), 1);
    done(&world, "deploy-workers", true).await;
    assert!(account(&world)["domains"].as_array().unwrap().is_empty());
    asker.always_answered().await;

    // A token that may not read DNS cannot tell whether the name goes on resolving.
    write(&world, "custom-domain");
    let forbidden = json!({"provider": "cloudflare", "method": "GET", "path": "/zones/*/dns_records", "status": 403,
        "body": {"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null}});
    world.fail(&forbidden);
    let mark = world.mark();
    let run = action(&world, "deploy-workers").await;
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.error().contains("the token may not read the zone's DNS records"),
        "{run}"
    );
    world.assert_only_reads_since(mark);
    world.finish().await;
}
