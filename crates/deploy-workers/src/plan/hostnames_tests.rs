use std::path::PathBuf;

use actions_core::manifest::Manifest;
use serde_json::json;

use super::*;

/// Two services, once for pull request 42 and once as production.
fn environment(name: &str, routing: &str) -> Environment {
    let text = format!(
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{{subdomain}}-{{pr}}\"\nworker = \"{{worker}}-{{pr}}\"\nrouting = \"{routing}\"\n[environments.production]\nrouting = \"{routing}\"\n[services.api]\npath = \"api\"\n[services.web]\npath = \"web\"\nhostnames = [\"@\", \"www\", \"*\"]\n"
    );
    let manifest = Manifest::parse(&text, "codex.toml", PathBuf::new()).unwrap();
    let repository = actions_core::owner::Repository {
        id: None,
        name: "acme/app".to_owned(),
    };
    Environment::resolve(&manifest, name, Some(42), &repository).unwrap()
}

fn route(pattern: &str, script: Option<&str>) -> Route {
    Route {
        id: "r".to_owned(),
        pattern: pattern.to_owned(),
        script: script.map(str::to_owned),
    }
}

fn domain(hostname: &str, service: &str) -> CustomDomain {
    CustomDomain {
        id: "d".to_owned(),
        hostname: hostname.to_owned(),
        service: service.to_owned(),
        zone_id: String::new(),
        cert_id: None,
    }
}

fn record(name: &str, comment: &str) -> DnsRecord {
    let value =
        json!({"id": name, "type": "AAAA", "name": name, "content": "100::", "proxied": true, "comment": comment});
    serde_json::from_value(value).unwrap()
}

fn there<'a>(routes: &'a [Route], domains: &'a [CustomDomain], records: Option<&'a [DnsRecord]>) -> There<'a> {
    There {
        routes,
        domains,
        records,
    }
}

fn decided(environment: &Environment, key: &str, there: There<'_>) -> Decision {
    decide(environment, environment.service(key).unwrap(), there, &[])
}

fn api(routing: &str, routes: &[Route], domains: &[CustomDomain]) -> Decision {
    decided(&environment("preview", routing), "api", there(routes, domains, None))
}

fn to(pattern: &str, worker: &str) -> Step {
    Step::CreateRoute {
        pattern: pattern.to_owned(),
        worker: worker.to_owned(),
    }
}

fn attach(hostname: &str) -> Step {
    Step::AttachDomain(Attachment {
        hostname: hostname.to_owned(),
        instead_of: Vec::new(),
        has_stand_in: false,
    })
}

#[test]
fn a_route_is_made_once() {
    let pattern = "api-42.example.com/*";
    assert_eq!(api("route", &[], &[]).steps, [to(pattern, "api-42")]);
    assert_eq!(
        api("route", &[route(pattern, Some("api-42"))], &[]),
        Decision::default()
    );
    let moved = route(pattern, Some("web-42"));
    assert_eq!(
        api("route", std::slice::from_ref(&moved), &[]).steps,
        [Step::MoveRoute(moved)]
    );
}

#[test]
fn nobody_elses_hostname_is_taken() {
    for (routing, routes, domains) in [
        ("route", vec![route("api-42.example.com/*", Some("tenant"))], vec![]),
        ("route", vec![route("api-42.example.com/*", None)], vec![]),
        (
            "route",
            vec![route("https://api-42.example.com/*", Some("tenant"))],
            vec![],
        ),
        ("route", vec![], vec![domain("api-42.example.com", "tenant")]),
        ("custom-domain", vec![], vec![domain("api-42.example.com", "tenant")]),
        (
            "custom-domain",
            vec![route("api-42.example.com/*", Some("tenant"))],
            vec![],
        ),
        ("custom-domain", vec![route("api-42.example.com/*", None)], vec![]),
        ("custom-domain", vec![route("*.example.com/*", Some("tenant"))], vec![]),
    ] {
        let decision = api(routing, &routes, &domains);
        assert_eq!(
            decision.conflicts.len(),
            1,
            "{routing} {routes:?} {domains:?} {decision:?}"
        );
        assert!(
            !decision
                .steps
                .iter()
                .any(|step| matches!(step, Step::DeleteRoute(_) | Step::DetachDomain(_)))
        );
    }
}

#[test]
fn a_path_of_another_worker_is_told_only() {
    for routing in ["route", "custom-domain"] {
        let decision = api(routing, &[route("api-42.example.com/blog/*", Some("blog"))], &[]);
        assert!(decision.conflicts.is_empty(), "{decision:?}");
        assert_eq!(decision.steps.len(), 1, "{decision:?}");
        assert_eq!(
            decision.notes,
            [
                "what matches route `api-42.example.com/blog/*` is answered by Worker `blog`, the rest of `api-42.example.com` by this Worker"
            ]
        );
    }
}

#[test]
fn a_wildcard_behind_an_exact_route_is_told_only() {
    let decision = api("route", &[route("*.example.com/*", Some("tenants"))], &[]);
    assert!(decision.conflicts.is_empty());
    assert_eq!(
        decision.notes,
        [
            "`api-42.example.com` is also matched by route `*.example.com/*` of Worker `tenants`; the exact route goes first"
        ]
    );
}

#[test]
fn a_custom_domain_behind_a_wildcard_has_a_route_of_its_own() {
    let production = environment("production", "custom-domain");
    // The wildcard is still to come, or there.
    for routes in [vec![], vec![route("*.example.com/*", Some("web"))]] {
        let decision = decided(&production, "api", there(&routes, &[], None));
        assert!(decision.conflicts.is_empty(), "{decision:?}");
        assert_eq!(
            decision.steps,
            [to("api.example.com/*", "api"), attach("api.example.com")]
        );
    }
    let all = [
        route("*.example.com/*", Some("web")),
        route("api.example.com/*", Some("api")),
    ];
    let attached = [domain("api.example.com", "api")];
    let decision = decided(&production, "api", there(&all, &attached, None));
    assert!(decision.steps.is_empty() && decision.notes.len() == 1, "{decision:?}");
    // A route without a Worker does it, too.
    let excluded = [route("*.example.com/*", Some("web")), route("api.example.com/*", None)];
    let decision = decided(&production, "api", there(&excluded, &attached, None));
    assert!(
        decision.steps.is_empty() && decision.conflicts.is_empty(),
        "{decision:?}"
    );
    // One of somebody else's, behind which a route of ours was made by hand.
    let by_hand = [
        route("*.example.com/*", Some("tenants")),
        route("api-42.example.com/*", Some("api-42")),
    ];
    let decision = api("custom-domain", &by_hand, &[domain("api-42.example.com", "api-42")]);
    assert!(
        decision.steps.is_empty() && decision.conflicts.is_empty(),
        "{decision:?}"
    );
}

#[test]
fn a_wildcard_route_takes_nothing_from_custom_domains() {
    let production = environment("production", "custom-domain");
    let sibling = [domain("api.example.com", "api")];
    let decision = decided(&production, "web", there(&[], &sibling, None));
    assert_eq!(
        decision.steps,
        [
            attach("example.com"),
            attach("www.example.com"),
            to("api.example.com/*", "api"),
            to("*.example.com/*", "web"),
        ]
    );
    let foreign = [domain("docs.example.com", "docs")];
    let decision = decided(&production, "web", there(&[], &foreign, None));
    assert_eq!(
        decision.conflicts,
        [
            "route `*.example.com/*` would go before `docs.example.com`, the custom domain of Worker `docs`; exclude that host first with a route of its own, `docs.example.com/*` to that Worker"
        ]
    );
    let excluded = [route("docs.example.com/*", None)];
    let decision = decided(&production, "web", there(&excluded, &foreign, None));
    assert!(decision.conflicts.is_empty(), "{decision:?}");
    // What is there already takes nothing that it does not have.
    let own = [route("*.example.com/*", Some("web"))];
    let decision = decided(&production, "web", there(&own, &foreign, None));
    assert!(decision.conflicts.is_empty(), "{decision:?}");
}

#[test]
fn only_what_we_attached_is_detached_from_what_exists_once() {
    let (old, hand) = (domain("old.example.com", "api"), domain("hand.example.com", "api"));
    let was = route("was.example.com/*", Some("api"));
    let deeper = route("was.example.com/admin*", Some("api"));
    let (routes, domains) = (
        [was.clone(), deeper],
        [
            old.clone(),
            hand,
            domain("old.example.com", "other"),
            domain("new.example.com", "api"),
        ],
    );
    let claimed = [
        "old.example.com",
        "was.example.com",
        "new.example.com",
        "gone.example.com",
    ];
    let steps = dropped("api", &["new.example.com"], &claimed, there(&routes, &domains, None));
    assert_eq!(steps, [Step::DeleteRoute(was), Step::DetachDomain(old)]);
}

#[test]
fn what_the_manifest_dropped_is_detached() {
    let old = route("old-42.example.com/*", Some("api-42"));
    let decision = api(
        "route",
        &[old.clone(), route("old-42.example.com/*", Some("other"))],
        &[],
    );
    assert_eq!(decision.steps[1..], [Step::DeleteRoute(old)]);
}

#[test]
fn what_takes_over_a_kept_hostname_is_no_former_one() {
    let (own, old) = (
        route("api.example.com/*", Some("api")),
        domain("old.example.com", "api"),
    );
    let steps = vec![
        attach("api.example.com"),
        Step::DeleteRoute(own.clone()),
        Step::DetachDomain(old.clone()),
    ];
    let (turn, former) = part(steps, &["api.example.com".to_owned()]);
    assert_eq!(turn, [attach("api.example.com"), Step::DeleteRoute(own)]);
    assert_eq!(former, [Step::DetachDomain(old)]);
}

#[test]
fn a_custom_domain_gives_way_only_where_the_name_goes_on_resolving() {
    let environment = environment("preview", "route");
    let own = domain("api-42.example.com", "api-42");
    let decide =
        |records: Option<&[DnsRecord]>| decided(&environment, "api", there(&[], std::slice::from_ref(&own), records));
    let managed = record("api-42.example.com", "");
    let covered = [managed.clone(), record("*.example.com", "")];
    let decision = decide(Some(&covered));
    assert_eq!(
        decision.steps,
        [to("api-42.example.com/*", "api-42"), Step::DetachDomain(own.clone())]
    );
    assert!(decision.conflicts.is_empty());
    for records in [None, Some(std::slice::from_ref(&managed))] {
        let decision = decide(records);
        assert_eq!(decision.conflicts.len(), 1, "{decision:?}");
        assert!(!decision.steps.contains(&Step::DetachDomain(own.clone())));
    }
}

#[test]
fn a_route_gives_way_to_a_domain_that_takes_over_its_record() {
    let environment = environment("preview", "custom-domain");
    let own = route("api-42.example.com/*", Some("api-42"));
    let decide =
        |records: Option<&[DnsRecord]>| decided(&environment, "api", there(std::slice::from_ref(&own), &[], records));
    let ours = record("api-42.example.com", &environment.owner.marker());
    let decision = decide(Some(std::slice::from_ref(&ours)));
    assert_eq!(
        decision.steps,
        [
            Step::AttachDomain(Attachment {
                hostname: "api-42.example.com".to_owned(),
                instead_of: vec![ours],
                has_stand_in: false
            }),
            Step::DeleteRoute(own.clone())
        ]
    );
    assert_eq!(decide(Some(&[])).steps[0], attach("api-42.example.com"));
    for records in [None, Some(&[record("api-42.example.com", "by hand")][..])] {
        let decision = decide(records);
        assert_eq!(decision.conflicts.len(), 1, "{decision:?}");
    }
}

#[test]
fn what_another_service_is_to_have_is_left_to_it() {
    // The manifest gives the first hostname to `web`, and the second to nobody any more.
    for (name, worker, other, gone) in [
        ("production", "api", "www.example.com", "old.example.com"),
        ("preview", "api-42", "web-42.example.com", "old-42.example.com"),
    ] {
        let environment = environment(name, "route");
        let led = wanted(&environment, environment.service("web").unwrap());
        assert!(led.contains(&other), "{led:?}");
        let (kept, old) = (format!("{other}/*"), route(&format!("{gone}/*"), Some(worker)));
        let routes = [route(&kept, Some(worker)), old.clone()];
        let domains = [domain(other, worker), domain(gone, worker)];
        let service = environment.service("api").unwrap();
        let decision = decide(&environment, service, there(&routes, &domains, None), &[other, gone]);
        assert_eq!(
            decision.steps[1..],
            [Step::DeleteRoute(old), Step::DetachDomain(domains[1].clone())],
            "{name}"
        );
    }
}
