//! Decisions on whole worlds, as they are told.

mod whose;

use std::collections::BTreeMap;
use std::path::PathBuf;

use actions_core::cloudflare::{DnsRecord, Route, Worker, Zone};
use actions_core::environment::Environment;
use actions_core::manifest::Manifest;
use actions_core::neon::Branch;
use serde_json::{Value, json};

use crate::facts::{Facts, InZone};
use crate::outcome::Settled;
use crate::plan::{Decision, decide};
use crate::report;
use crate::subject::Subject;
use crate::unread::Unread;

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
    [services.identity]
    path = "identity"
    kv = ["CACHE"]
    [services.web]
    path = "web"
    needs = ["identity"]
    kv = ["CACHE"]
"#;
const MARKER: &str = "codex-actions:-:acme/app:codex:preview:42";

fn subject() -> Subject {
    let manifest = Manifest::parse(MANIFEST, "codex.toml", PathBuf::new()).unwrap();
    let environment = Environment::resolve(
        &manifest,
        "preview",
        Some(42),
        &actions_core::owner::Repository {
            id: None,
            name: "acme/app".to_owned(),
        },
    )
    .unwrap();
    Subject::of(&environment, &manifest.environments["preview"].worker)
}

fn of<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn worker(name: &str, tags: &[&str]) -> Worker {
    of(json!({"id": name, "tags": tags}))
}

fn route(pattern: &str, script: &str) -> Route {
    of(json!({"id": pattern, "pattern": pattern, "script": script}))
}

fn record(name: &str, comment: &str) -> DnsRecord {
    of(json!({"id": name, "name": name, "type": "AAAA", "content": "100::", "comment": comment}))
}

fn branch(id: &str, name: &str, parent: Option<&str>, marker: Option<&str>) -> Branch {
    let mut branch: Branch = of(json!({"id": id, "name": name, "parent_id": parent}));
    branch.annotation = marker
        .map(|marker| BTreeMap::from([("codex-actions".to_owned(), marker.to_owned())]))
        .unwrap_or_default();
    branch
}

fn nothing() -> Facts {
    Facts {
        zone: Some(Ok(InZone {
            zone: of::<Zone>(json!({"id": "z", "name": "example.com"})),
            routes: Ok(Vec::new()),
            domains: Ok(Vec::new()),
            records: Ok(Vec::new()),
            certificates: Ok(Vec::new()),
        })),
        workers: Some(Ok(Vec::new())),
        namespaces: Some(Ok(Vec::new())),
        branches: Some(Ok(Vec::new())),
        ..Facts::default()
    }
}

fn zone(facts: &mut Facts) -> &mut InZone {
    let Some(Ok(zone)) = &mut facts.zone else {
        panic!("no zone")
    };
    zone
}

/// The plan, then what is settled, a line each.
fn told(facts: &Facts) -> String {
    told_of(decide(&subject(), facts, false))
}

fn told_of(decision: Decision) -> String {
    let plan = report::plan(&decision).to_string();
    let settled = decision.staying.into_iter().map(|staying| {
        let removal = report::removal(&Settled::from(staying));
        let detail = removal.detail.as_deref().unwrap_or_default();
        format!("{:?} {:?} {} {detail}", removal.outcome, removal.kind, removal.name)
            .trim_end()
            .to_owned()
    });
    let lines: Vec<String> = std::iter::once(plan.trim_end().to_owned()).chain(settled).collect();
    lines.join("\n")
}

#[test]
fn everything_of_the_environment_goes_in_order() {
    let mut facts = nothing();
    facts.workers = Some(Ok(vec![
        worker("identity-preview-42", &[MARKER]),
        worker("web-preview-42", &[MARKER]),
    ]));
    facts.namespaces = Some(Ok(vec![of(json!({"id": "k", "title": "codex-preview-42-CACHE"}))]));
    facts.branches = Some(Ok(vec![
        branch("br-a", "production", None, None),
        branch("br-b", "preview-pr-42", Some("br-a"), Some(MARKER)),
    ]));
    zone(&mut facts).routes = Ok(vec![
        route("identity-preview-42.example.com/*", "identity-preview-42"),
        route("web-preview-42.example.com/*", "web-preview-42"),
    ]);
    zone(&mut facts).records = Ok(vec![record("web-preview-42.example.com", MARKER)]);
    insta::assert_snapshot!(told(&facts), @"
    - route identity-preview-42.example.com/*  to Worker identity-preview-42
    - route web-preview-42.example.com/*       to Worker web-preview-42
    - Worker web-preview-42
    - Worker identity-preview-42
    - DNS record web-preview-42.example.com         AAAA 100::
    - KV namespace codex-preview-42-CACHE
    - branch preview-pr-42                      br-b
    ");
}

#[test]
fn look_alikes_stay() {
    let mut facts = nothing();
    facts.workers = Some(Ok(vec![
        worker("web-preview-421", &[]),
        worker("web-preview-4", &[]),
        worker("tenant-preview-42", &[]),
        worker("pr-42", &[]),
        worker("old-preview-42", &["codex-actions:-:acme/app:codex:preview:421"]),
    ]));
    facts.namespaces = Some(Ok(vec![
        of(json!({"id": "1", "title": "codex-preview-421-CACHE"})),
        of(json!({"id": "2", "title": "codex-preview-42-CACHE-2"})),
    ]));
    facts.branches = Some(Ok(vec![
        branch("br-a", "production", None, None),
        branch(
            "br-b",
            "preview-pr-421",
            Some("br-a"),
            Some("codex-actions:-:acme/app:codex:preview:421"),
        ),
        branch("br-c", "preview-pr-4", Some("br-a"), None),
    ]));
    zone(&mut facts).routes = Ok(vec![
        route("web-preview-421.example.com/*", "web-preview-421"),
        route("pr-42.example.com/*", "pr-42"),
    ]);
    zone(&mut facts).records = Ok(vec![
        record(
            "web-preview-421.example.com",
            "codex-actions:-:acme/app:codex:preview:421",
        ),
        record("pr-42.example.com", "tenant 42"),
        record("a.example.com", "codex-actions:-:ACME/app:codex:preview:42"),
    ]);
    insta::assert_snapshot!(told(&facts), @"
    - DNS record a.example.com  AAAA 100::
    Absent Worker web-preview-42
    Absent Worker identity-preview-42
    Absent KvNamespace codex-preview-42-CACHE
    Kept KvNamespace codex-preview-42-CACHE-2 it is named like this environment's, and nothing in the manifest has that name; it has no owner written on it: delete it under Storage & databases → KV, where nobody needs it
    Absent Branch preview-pr-42
    ");
}

#[test]
fn what_the_manifest_forgot_goes_by_its_marks() {
    let mut facts = nothing();
    facts.workers = Some(Ok(vec![
        worker("tagged-preview-42", &[MARKER]),
        worker("routed-preview-42", &[]),
        worker("stray-preview-42", &[]),
        worker("marked-but-elsewhere", &[MARKER]),
    ]));
    zone(&mut facts).routes = Ok(vec![
        route("routed-preview-42.example.com/*", "routed-preview-42"),
        route("stray-preview-42.example.com/*", "stray-preview-42"),
    ]);
    zone(&mut facts).records = Ok(vec![record("routed-preview-42.example.com", MARKER)]);
    insta::assert_snapshot!(told(&facts), @"
    - Worker tagged-preview-42              no longer in the manifest
    - Worker marked-but-elsewhere           no longer in the manifest
    - DNS record routed-preview-42.example.com  AAAA 100::
    Kept Worker routed-preview-42 it is named like this environment's, and nothing in the manifest has that name
    Absent Worker web-preview-42
    Absent Worker identity-preview-42
    Absent KvNamespace codex-preview-42-CACHE
    Absent Branch preview-pr-42
    ");
}

#[test]
fn anothers_things_of_the_same_name_are_kept() {
    let other = "codex-actions:-:acme/fork:codex:preview:42";
    let mut facts = nothing();
    facts.workers = Some(Ok(vec![worker("web-preview-42", &[other])]));
    facts.namespaces = Some(Ok(vec![of(json!({"id": "k", "title": "codex-preview-42-CACHE"}))]));
    facts.branches = Some(Ok(vec![
        branch("br-a", "production", None, None),
        branch("br-b", "preview-pr-42", Some("br-a"), Some(other)),
    ]));
    zone(&mut facts).routes = Ok(vec![route("web-preview-42.example.com/*", "web-preview-42")]);
    zone(&mut facts).domains = Ok(vec![of(json!({
        "id": "d", "hostname": "identity-preview-42.example.com", "service": "theirs"
    }))]);
    insta::assert_snapshot!(told(&facts), @"

    Kept Route web-preview-42.example.com/* it leads to Worker `web-preview-42`, which belongs to preview 42 of codex in acme/fork
    Kept CustomDomain identity-preview-42.example.com it leads to no Worker of this environment
    Kept Worker web-preview-42 it belongs to preview 42 of codex in acme/fork
    Absent Worker identity-preview-42
    Kept KvNamespace codex-preview-42-CACHE it is for Worker `web-preview-42`, which belongs to preview 42 of codex in acme/fork
    Kept Branch preview-pr-42 it belongs to preview 42 of codex in acme/fork
    ");
}

#[test]
fn a_branch_that_matters_stays() {
    let with = |change: fn(&mut Branch)| {
        let mut facts = nothing();
        let mut ours = branch("br-b", "preview-pr-42", Some("br-a"), None);
        change(&mut ours);
        facts.branches = Some(Ok(vec![branch("br-a", "production", None, None), ours]));
        told(&facts).lines().last().unwrap_or_default().to_owned()
    };
    let lines = [
        with(|branch| branch.default = true),
        with(|branch| branch.protected = true),
        with(|branch| branch.parent_id = None),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    Kept Branch preview-pr-42 it is the project's default branch, a root, or the branch that others are copied from
    Failed Branch preview-pr-42 it is protected: take the protection off in Neon's console, then run again
    Kept Branch preview-pr-42 it is the project's default branch, a root, or the branch that others are copied from
    ");
}

#[test]
fn branches_go_deepest_first_and_only_if_nobody_elses_hangs_on_them() {
    let mut facts = nothing();
    let mut branches = vec![
        branch("br-a", "production", None, None),
        branch("br-b", "preview-pr-42", Some("br-a"), Some(MARKER)),
        branch("br-c", "preview-pr-42-checkpoint", Some("br-b"), Some(MARKER)),
    ];
    facts.branches = Some(Ok(branches.clone()));
    let decision = decide(&subject(), &facts, false);
    let names: Vec<&str> = decision.going.iter().map(|going| going.thing.name()).collect();
    assert_eq!(names, ["preview-pr-42-checkpoint", "preview-pr-42"]);
    branches.push(branch("br-d", "ada-experiments", Some("br-b"), None));
    facts.branches = Some(Ok(branches));
    assert!(told(&facts).contains("Failed Branch preview-pr-42 branch `ada-experiments` was made from it"));
}

#[test]
fn a_list_that_cannot_be_read_is_something_left() {
    let mut facts = nothing();
    facts.namespaces = Some(Err(Unread {
        reason: "could not list the KV namespaces: Cloudflare answered 403".to_owned(),
        hint: None,
    }));
    let lines = told(&facts);
    assert!(
        lines.contains("Failed KvNamespace any of preview 42 could not list the KV namespaces"),
        "{lines}"
    );
}
