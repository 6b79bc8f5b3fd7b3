//! Each step fails in its turn: what does not depend on it goes all the same, an issue tells what is left, and the next
//! run finishes and closes it.

use scenarios::{client, tokens};
use serde_json::json;

use super::*;

/// A step's request, how it is refused, and what is left then.
struct Step {
    provider: &'static str,
    method: &'static str,
    path: &'static str,
    left: &'static [&'static str],
}

const STEPS: [Step; 8] = [
    Step {
        provider: "cloudflare",
        method: "DELETE",
        path: "/zones/*/workers/routes/*",
        left: &[
            "route identity-preview-42.example.com/*",
            "route content-preview-42.example.com/*",
            "route web-preview-42.example.com/*",
        ],
    },
    Step {
        provider: "cloudflare",
        method: "DELETE",
        path: "/accounts/*/workers/domains/*",
        left: &[
            "custom-domain docs-preview-42.example.com",
            "certificate docs-preview-42.example.com",
            // Nothing but this Worker tells whose that domain is.
            "worker web-preview-42",
            "branch preview-pr-42",
        ],
    },
    Step {
        provider: "cloudflare",
        method: "DELETE",
        path: "/zones/*/ssl/certificate_packs/*",
        left: &["certificate web-preview-42.example.com"],
    },
    Step {
        provider: "cloudflare",
        method: "DELETE",
        path: "/accounts/*/workers/scripts/identity-preview-42",
        left: &[
            "worker identity-preview-42",
            "kv-namespace codex-preview-42-CACHE",
            "branch preview-pr-42",
        ],
    },
    Step {
        provider: "cloudflare",
        method: "POST",
        path: "/zones/*/dns_records/batch",
        left: &[
            "dns-record identity-preview-42.example.com",
            "dns-record content-preview-42.example.com",
            "dns-record web-preview-42.example.com",
        ],
    },
    Step {
        provider: "cloudflare",
        method: "DELETE",
        path: "/accounts/*/storage/kv/namespaces/*",
        left: &["kv-namespace codex-preview-42-CACHE"],
    },
    Step {
        provider: "neon",
        method: "DELETE",
        path: "/projects/*/branches/*",
        left: &["branch preview-pr-42"],
    },
    Step {
        provider: "github",
        method: "DELETE",
        path: "/repos/*/*/deployments/*",
        left: &["deployment"],
    },
];

impl Step {
    fn refused(&self) -> Value {
        let body = match self.provider {
            "cloudflare" => {
                json!({"success": false, "errors": [{"code": 10000, "message": "Authentication error"}], "messages": [], "result": null})
            }
            "neon" => json!({"code": "", "message": "no"}),
            _ => json!({"message": "Resource not accessible by integration"}),
        };
        json!({"provider": self.provider, "method": self.method, "path": self.path, "status": 403, "body": body, "times": null})
    }
}

/// Somebody else's call to GitHub.
pub(super) async fn at_github(world: &World, method: &str, path: &str, body: &Value) -> Value {
    let url = format!("{}/repos/acme/app{path}", world.cloud.github);
    let request = client()
        .request(method.parse().unwrap(), url)
        .bearer_auth(tokens::GITHUB);
    let answer = request.header("user-agent", "stories").json(body).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{method} {path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// A deployment that says whose it is; its id.
pub(super) async fn deployment(world: &World, marker: &str, state: &str) -> u64 {
    let body = json!({"ref": "main", "environment": "preview", "auto_merge": false, "required_contexts": [],
        "transient_environment": true, "payload": {"owner": marker, "run": 1000, "attempt": 1}});
    let made = at_github(world, "POST", "/deployments", &body).await;
    let id = made["id"].as_u64().unwrap();
    let status = json!({"state": state, "auto_inactive": false});
    at_github(world, "POST", &format!("/deployments/{id}/statuses"), &status).await;
    id
}

/// The ids of all deployments, newest first.
pub(super) async fn deployments(world: &World) -> Vec<u64> {
    let listed = at_github(world, "GET", "/deployments", &json!({})).await;
    listed
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_u64().unwrap())
        .collect()
}

/// All issues that are no pull requests: `open Cleanup left 3 things of preview 42`.
pub(super) async fn issues(world: &World) -> Vec<String> {
    let listed = at_github(world, "GET", "/issues?state=all&per_page=100", &json!({})).await;
    let listed = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["pull_request"].is_null());
    let line = |item: &Value| {
        format!(
            "{} {}",
            item["state"].as_str().unwrap(),
            item["title"].as_str().unwrap()
        )
    };
    listed.map(line).collect()
}

/// Whether a certificate of the environment is there. Of a hostname that the manifest does not name, only its custom
/// domain tells whose it is: where that went and the certificate did not, the run that saw it says so, and no later one.
fn leaks(world: &World, but_unnamed: bool) -> bool {
    let packs = packs(world);
    packs.contains("web-preview-42.") || !but_unnamed && packs.contains("docs-preview-42.")
}

fn packs(world: &World) -> String {
    world.state()["cloudflare"]["zones"][ids::ZONE]["certificate_packs"].to_string()
}

/// [`world`] with a custom domain that only its Worker tells of, a certificate that one left behind, and deployments of
/// this pull request and of another.
async fn whole_world() -> World {
    let world = world().await;
    for (hostname, worker) in [
        ("docs-preview-42.example.com", "web-preview-42"),
        ("web-preview-42.example.com", "web-preview-42"),
        ("docs-preview-421.example.com", "identity-preview-421"),
    ] {
        // What is in the way of a custom domain in real life is not what this story is about.
        let body = json!({"hostname": hostname, "service": worker, "zone_id": ids::ZONE, "environment": "production",
            "override_existing_dns_record": true});
        world.by_hand("PUT", "/workers/domains", &body).await;
    }
    // The domain went, by hand or by wrangler, and its certificate did not.
    let domains = world.state()["cloudflare"]["accounts"][ids::ACCOUNT]["domains"].clone();
    let gone = domains
        .as_array()
        .unwrap()
        .iter()
        .find(|domain| domain["hostname"] == "web-preview-42.example.com");
    let id = gone.unwrap()["id"].as_str().unwrap();
    world
        .by_hand("DELETE", &format!("/workers/domains/{id}"), &json!({}))
        .await;
    world
        .seed(
            &json!({"cloudflare": {"zones": [{"name": "example.com", "records": [record("web-preview-42", MARKER)]}]}}),
        )
        .await;
    deployment(&world, MARKER, "inactive").await;
    deployment(&world, MARKER, "success").await;
    deployment(&world, "codex-actions:1296269:acme/app:codex:preview:421", "success").await;
    world
}

#[tokio::test]
async fn a_run_that_could_not_delete_something_is_finished_by_the_next_one() {
    // What an undisturbed run leaves.
    let undisturbed = whole_world().await;
    let run = clean(&undisturbed).await;
    assert_eq!((run.code, run.output("left")), (0, "0"), "{run}");
    let rest = names(&undisturbed);
    assert!(!packs(&undisturbed).contains("preview-42."), "{}", packs(&undisturbed));
    assert!(
        packs(&undisturbed).contains("docs-preview-421"),
        "{}",
        packs(&undisturbed)
    );
    assert_eq!(deployments(&undisturbed).await.len(), 1, "the other pull request's");
    let mark = undisturbed.mark();
    assert_eq!(clean(&undisturbed).await.output("changed"), "false");
    undisturbed.assert_only_reads_since(mark);
    undisturbed.finish().await;

    for step in &STEPS {
        let world = whole_world().await;
        world.fail(&step.refused());
        let run = world.run("cleanup").input("alert-issue", "true").go().await;
        assert_eq!((run.code, run.output("changed")), (1, "true"), "{}: {run}", step.path);
        let left: Vec<String> = outcomes(&run)
            .into_iter()
            .filter(|line| line.starts_with("failed"))
            .collect();
        for wanted in step.left {
            assert!(left.iter().any(|line| line.contains(wanted)), "{}: {left:?}", step.path);
        }
        assert_eq!(run.output("left"), left.len().to_string(), "{run}");
        let open = issues(&world).await;
        assert!(
            open.len() == 1 && open[0].starts_with("open Cleanup left "),
            "{}: {open:?}",
            step.path
        );
        assert!(run.log().contains("opened an issue: https://"), "{run}");

        world.heal();
        let again = world.run("cleanup").input("alert-issue", "true").go().await;
        assert_eq!((again.code, again.output("left")), (0, "0"), "{}: {again}", step.path);
        assert_eq!(names(&world), rest, "{}", step.path);
        assert!(
            !leaks(&world, step.path.contains("ssl")),
            "{}: {}",
            step.path,
            packs(&world)
        );
        assert_eq!(deployments(&world).await.len(), 1, "{}", step.path);
        let closed = issues(&world).await;
        assert!(
            closed.len() == 1 && closed[0].starts_with("closed "),
            "{}: {closed:?}",
            step.path
        );
        world.finish().await;
    }
}

#[tokio::test]
async fn a_run_that_was_killed_is_finished_by_the_next_one() {
    let undisturbed = whole_world().await;
    assert_eq!(clean(&undisturbed).await.code, 0);
    let rest = names(&undisturbed);
    undisturbed.finish().await;

    // Killed at the first thing of each kind that is deleted.
    for printed in [
        "deleted route",
        "deleted custom domain",
        "deleted certificate",
        "deleted Worker `web-preview-42`",
        "deleted KV namespace",
    ] {
        let world = whole_world().await;
        let mut started = world.run("cleanup").start();
        started.printed(printed).await;
        started.signal("KILL").await;
        started.wait().await;
        let again = clean(&world).await;
        assert_eq!((again.code, again.output("left")), (0, "0"), "{printed}: {again}");
        assert_eq!(names(&world), rest, "{printed}");
        assert!(!leaks(&world, true), "{printed}: {}", packs(&world));
        assert_eq!(deployments(&world).await.len(), 1, "{printed}");
        world.finish().await;
    }
}

#[tokio::test]
async fn people_are_told_first_that_it_goes_and_the_deployments_go_last() {
    let world = whole_world().await;
    let mark = world.mark();
    let run = clean(&world).await;
    assert_eq!(run.code, 0, "{run}");
    let writes: Vec<String> = world
        .since(mark)
        .iter()
        .filter(|request| request["write"] == true)
        .map(|request| {
            format!(
                "{} {}",
                request["method"].as_str().unwrap(),
                request["path"].as_str().unwrap()
            )
        })
        .collect();
    let at = |what: &str| {
        writes
            .iter()
            .position(|line| line.contains(what))
            .unwrap_or_else(|| panic!("{what}: {writes:#?}"))
    };
    let order = ["/statuses", "/workers/routes/", "/workers/scripts/", "/branches/"].map(at);
    assert!(order.is_sorted(), "{writes:#?}");
    assert!(writes.last().unwrap().contains("/deployments/"), "{writes:#?}");
    // The one that was inactive is not retired again.
    assert_eq!(
        writes.iter().filter(|line| line.contains("/statuses")).count(),
        1,
        "{writes:#?}"
    );
    world.finish().await;
}
