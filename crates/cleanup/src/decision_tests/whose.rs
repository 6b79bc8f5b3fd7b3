//! What is whose.

use super::*;

#[test]
fn what_nobody_marked_goes_only_when_asked() {
    let mut facts = nothing();
    facts.workers = Some(Ok(vec![
        worker("web-preview-42", &[]),
        worker("routed-preview-42", &["cf:service=api"]),
        worker("tenant-preview-42", &[]),
    ]));
    facts.namespaces = Some(Ok(vec![of(json!({"id": "k", "title": "codex-preview-42-CACHE"}))]));
    zone(&mut facts).routes = Ok(vec![
        route("web-preview-42.example.com/*", "web-preview-42"),
        route("routed-preview-42.example.com/*", "routed-preview-42"),
        route("tenant-preview-42.example.com/*", "tenant-preview-42"),
    ]);
    zone(&mut facts).records = Ok(vec![
        record("routed-preview-42.example.com", MARKER),
        record("web-preview-42.example.com", ""),
    ]);
    insta::assert_snapshot!(told(&facts), @"
    - DNS record routed-preview-42.example.com  AAAA 100::
    Kept Route web-preview-42.example.com/* it leads to Worker `web-preview-42`, which carries nobody's marker
    Kept Worker routed-preview-42 it is named like this environment's, and nothing in the manifest has that name
    Kept Worker web-preview-42 it carries nobody's marker, and a name proves nothing; `adopt: true` deletes it
    Absent Worker identity-preview-42
    Kept DnsRecord web-preview-42.example.com it carries nobody's marker, and a name proves nothing
    Kept KvNamespace codex-preview-42-CACHE it is for Worker `web-preview-42`, which carries nobody's marker
    Absent Branch preview-pr-42
    ");
    insta::assert_snapshot!(told_of(decide(&subject(), &facts, true)), @"
    - route web-preview-42.example.com/*     to Worker web-preview-42
    - route routed-preview-42.example.com/*  to Worker routed-preview-42
    - Worker routed-preview-42                carries nobody's marker (`adopt`)
    - Worker web-preview-42                   carries nobody's marker (`adopt`)
    - DNS record routed-preview-42.example.com    AAAA 100::
    - KV namespace codex-preview-42-CACHE
    Absent Worker identity-preview-42
    Kept DnsRecord web-preview-42.example.com it carries nobody's marker, and a name proves nothing
    Absent Branch preview-pr-42
    ");
}

#[test]
fn what_hangs_on_an_unreadable_list_is_not_touched() {
    let refused = || Unread {
        reason: "could not list the Workers: Cloudflare answered 403".to_owned(),
        hint: None,
    };
    let mut facts = nothing();
    facts.workers = Some(Err(refused()));
    facts.namespaces = Some(Ok(vec![of(json!({"id": "k", "title": "codex-preview-42-CACHE"}))]));
    zone(&mut facts).routes = Ok(vec![
        route("web-preview-42.example.com/*", "web-preview-42"),
        route("web-preview-42.example.com/blog/*", "blog"),
        route("elsewhere.example.com/*", "elsewhere"),
    ]);
    zone(&mut facts).records = Ok(vec![record("web-preview-42.example.com", MARKER)]);
    insta::assert_snapshot!(told(&facts), @"
    - DNS record web-preview-42.example.com  AAAA 100::
    Failed Route web-preview-42.example.com/* not touched, since whose it is cannot be known: could not list the Workers: Cloudflare answered 403
    Failed Route web-preview-42.example.com/blog/* not touched, since whose it is cannot be known: could not list the Workers: Cloudflare answered 403
    Failed Worker any of preview 42 could not list the Workers: Cloudflare answered 403
    Failed KvNamespace codex-preview-42-CACHE not touched, since whose it is cannot be known: could not list the Workers: Cloudflare answered 403
    Absent Branch preview-pr-42
    ");
}

#[test]
fn what_a_run_before_left_behind_goes_without_its_worker() {
    let mut facts = nothing();
    facts.namespaces = Some(Ok(vec![of(json!({"id": "k", "title": "codex-preview-42-CACHE"}))]));
    zone(&mut facts).routes = Ok(vec![
        route("web-preview-42.example.com/*", "web-preview-42"),
        route("web-preview-42.example.com/*", "gone-too"),
        of(json!({"id": "x", "pattern": "web-preview-42.example.com/static/*"})),
    ]);
    insta::assert_snapshot!(told(&facts), @"
    - route web-preview-42.example.com/*  to Worker web-preview-42
    - KV namespace codex-preview-42-CACHE
    Kept Route web-preview-42.example.com/* it leads to no Worker of this environment
    Kept Route web-preview-42.example.com/static/* it leads to no Worker of this environment
    Absent Worker web-preview-42
    Absent Worker identity-preview-42
    Absent Branch preview-pr-42
    ");
}

#[test]
fn anothers_things_at_our_hostnames_are_told() {
    let mut facts = nothing();
    facts.workers = Some(Ok(vec![worker("theirs", &["codex-actions:7:eve/app:codex:preview:9"])]));
    facts.namespaces = Some(Ok(vec![of(json!({"id": "k", "title": "codex-preview-42-SESSIONS"}))]));
    zone(&mut facts).routes = Ok(vec![route("web-preview-42.example.com/*", "theirs")]);
    zone(&mut facts).domains = Ok(vec![of(json!({
        "id": "d", "hostname": "identity-preview-42.example.com", "service": "theirs"
    }))]);
    zone(&mut facts).records = Ok(vec![
        record("web-preview-42.example.com", "codex-actions:7:eve/app:codex:preview:9"),
        record("identity-preview-42.example.com", "by hand"),
    ]);
    insta::assert_snapshot!(told(&facts), @"

    Kept Route web-preview-42.example.com/* it leads to Worker `theirs`, which belongs to preview 9 of codex in eve/app (7)
    Kept CustomDomain identity-preview-42.example.com it leads to Worker `theirs`, which belongs to preview 9 of codex in eve/app (7)
    Absent Worker web-preview-42
    Absent Worker identity-preview-42
    Kept DnsRecord web-preview-42.example.com it belongs to preview 9 of codex in eve/app (7)
    Kept DnsRecord identity-preview-42.example.com it carries nobody's marker, and a name proves nothing
    Absent KvNamespace codex-preview-42-CACHE
    Kept KvNamespace codex-preview-42-SESSIONS it is named like this environment's, and nothing in the manifest has that name; it has no owner written on it: delete it under Storage & databases → KV, where nobody needs it
    Absent Branch preview-pr-42
    ");
}

/// Production's `web` may be called what a preview's service is: the marker on the hostname's record contradicts.
#[test]
fn a_hostname_whose_record_is_anothers_gives_nothing_away() {
    let production = "codex-actions:-:acme/app:codex:production";
    let mut facts = nothing();
    zone(&mut facts).routes = Ok(vec![route("web-preview-42.example.com/*", "web-preview-42")]);
    zone(&mut facts).records = Ok(vec![record("web-preview-42.example.com", production)]);
    for adopt in [false, true] {
        assert!(decide(&subject(), &facts, adopt).going.is_empty(), "its Worker is gone");
    }
    facts.workers = Some(Ok(vec![worker("web-preview-42", &[])]));
    assert!(
        decide(&subject(), &facts, true).going.is_empty(),
        "its Worker carries no marker"
    );
    zone(&mut facts).records = Ok(vec![record("web-preview-42.example.com", MARKER)]);
    assert_eq!(decide(&subject(), &facts, true).going.len(), 3, "the record is ours");
}
