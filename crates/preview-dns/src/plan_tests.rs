//! Decisions from facts alone.

use crate::wanted::Kind;
use serde_json::{Value, json};

use super::*;

fn owner(pull_request: u64) -> Owner {
    Owner {
        repository: actions_core::owner::Repository {
            id: None,
            name: "acme/app".to_owned(),
        },
        project: "codex".to_owned(),
        environment: "preview".to_owned(),
        pull_request: Some(pull_request),
    }
}

fn record(id: &str, value: &Value) -> DnsRecord {
    let mut value = value.clone();
    value["id"] = json!(id);
    serde_json::from_value(value).unwrap()
}

fn zone(records: &[Value]) -> Vec<DnsRecord> {
    records
        .iter()
        .enumerate()
        .map(|(at, value)| record(&at.to_string(), value))
        .collect()
}

fn txt(name: &str, content: &str) -> Wanted {
    Wanted {
        name: name.to_owned(),
        kind: Kind::Txt,
        content: content.to_owned(),
        ttl: 300,
        proxied: false,
        placeholder: false,
    }
}

fn rules(owner: &Owner) -> Rules<'_> {
    Rules {
        owner,
        zone: "x.com",
        kept: &[],
        adopt: false,
        prune: true,
        accept_foreign: false,
    }
}

#[test]
fn nothing_is_planned_where_all_is_right() {
    let owner = owner(42);
    let existing = zone(&[
        json!({"type": "AAAA", "name": "Api.X.com.", "content": "0100::0", "ttl": 1, "proxied": true, "comment": owner.marker()}),
    ]);
    let decision = decide(&[Wanted::placeholder("api.x.com")], &existing, rules(&owner));
    assert!(decision.plan.is_empty());
    assert_eq!(decision.lines[0].fate, Fate::Right);
}

#[test]
fn each_drift_is_named() {
    let owner = owner(42);
    let marked = |mut value: Value| {
        value["comment"] = json!(owner.marker());
        value
    };
    let existing = zone(&[
        marked(json!({"type": "AAAA", "name": "off.x.com", "content": "100::", "ttl": 300, "proxied": false})),
        marked(json!({"type": "AAAA", "name": "moved.x.com", "content": "2001:db8::1", "ttl": 1, "proxied": true})),
        marked(json!({"type": "A", "name": "other.x.com", "content": "192.0.2.0", "ttl": 1, "proxied": true})),
        marked(json!({"type": "AAAA", "name": "gone.x.com", "content": "100::", "ttl": 1, "proxied": true})),
    ]);
    let wanted = ["off.x.com", "moved.x.com", "other.x.com", "new.x.com"].map(Wanted::placeholder);
    let decision = decide(&wanted, &existing, rules(&owner));
    insta::assert_snapshot!(decision.plan, @r"
    ~ DNS record off.x.com    DNS only → proxied
    ~ DNS record moved.x.com  AAAA 2001:db8::1 → AAAA 100::
    + DNS record other.x.com  AAAA 100:: proxied
    + DNS record new.x.com    AAAA 100:: proxied
    - DNS record other.x.com  A 192.0.2.0, replaced
    - DNS record gone.x.com   AAAA 100::, no longer wanted
    ");
}

#[test]
fn wanted_records_of_one_name_do_not_take_each_others_place() {
    let owner = owner(42);
    let existing =
        zone(&[json!({"type": "TXT", "name": "_v.x.com", "content": "\"b\"", "ttl": 300, "comment": owner.marker()})]);
    // The second is right as it is, so the first must not be made out of it.
    let decision = decide(&[txt("_v.x.com", "a"), txt("_v.x.com", "b")], &existing, rules(&owner));
    insta::assert_snapshot!(decision.plan, @"+ DNS record _v.x.com  TXT a ttl 300");
}

#[test]
fn a_rival_beside_our_record_is_told() {
    let owner = owner(42);
    let existing = zone(&[
        json!({"type": "AAAA", "name": "api.x.com", "content": "100::", "ttl": 1, "proxied": true, "comment": owner.marker()}),
        json!({"type": "A", "name": "api.x.com", "content": "192.0.2.1", "ttl": 1, "proxied": true}),
    ]);
    let wanted = [Wanted::placeholder("api.x.com")];
    let decision = decide(&wanted, &existing, rules(&owner));
    assert_eq!(decision.lines[0].fate, Fate::Conflict(Remedy::Adopt));
    let adopting = Rules {
        adopt: true,
        ..rules(&owner)
    };
    insta::assert_snapshot!(decide(&wanted, &existing, adopting).plan, @"- DNS record api.x.com  A 192.0.2.1, adopt: makes room");
}

#[test]
fn what_stands_at_the_zone_itself_or_at_a_wildcard_is_never_taken_over() {
    let owner = owner(42);
    let proxied = |proxied: bool| {
        zone(&[
            json!({"type": "A", "name": "x.com", "content": "192.0.2.1", "ttl": 1, "proxied": proxied}),
            json!({"type": "NS", "name": "x.com", "content": "ns.x.net", "ttl": 300}),
            json!({"type": "CNAME", "name": "*.x.com", "content": "shop.net", "ttl": 1, "proxied": proxied}),
        ])
    };
    let wanted = ["x.com", "*.x.com"].map(Wanted::placeholder);
    for adopt in [false, true] {
        let rules = Rules { adopt, ..rules(&owner) };
        let decision = decide(&wanted, &proxied(true), rules);
        assert!(decision.plan.is_empty(), "{}", decision.plan);
        assert!(decision.lines.iter().all(|line| line.fate == Fate::Right));
        let decision = decide(&wanted, &proxied(false), rules);
        assert!(decision.plan.is_empty(), "{}", decision.plan);
        let proxy = Fate::Conflict(Remedy::Proxy);
        assert!(
            decision.lines.iter().all(|line| line.fate == proxy),
            "{:?}",
            decision.lines
        );
    }
    insta::assert_snapshot!(decide(&wanted, &zone(&[]), rules(&owner)).plan, @r"
    + DNS record x.com    AAAA 100:: proxied
    + DNS record *.x.com  AAAA 100:: proxied
    ");
}

#[test]
fn a_record_that_serves_until_a_custom_domain_replaces_it_stays() {
    let owner = owner(42);
    let existing = zone(&[
        json!({"type": "AAAA", "name": "api.x.com", "content": "100::", "ttl": 1, "proxied": true, "comment": owner.marker()}),
    ]);
    let kept = ["api.x.com".to_owned()];
    let keeping = Rules {
        kept: &kept,
        ..rules(&owner)
    };
    assert!(decide(&[], &existing, keeping).plan.is_empty());
    assert_eq!(decide(&[], &existing, rules(&owner)).plan.changes.len(), 1);
}

#[test]
fn only_the_owners_own_records_are_deleted() {
    let existing = zone(&[
        json!({"type": "AAAA", "name": "a.x.com", "content": "100::", "comment": owner(4).marker()}),
        json!({"type": "AAAA", "name": "b.x.com", "content": "100::", "comment": owner(42).marker()}),
        json!({"type": "AAAA", "name": "c.x.com", "content": "100::", "comment": owner(42).marker(), "meta": {"read_only": true}}),
        json!({"type": "MX", "name": "d.x.com", "content": "mail", "comment": owner(42).marker()}),
        json!({"type": "A", "name": "e.x.com", "content": "192.0.2.1", "comment": null, "meta": null}),
    ]);
    insta::assert_snapshot!(deletions(&existing, &owner(42), None).plan, @"- DNS record b.x.com  AAAA 100::, of this owner");
    let other = ["a.x.com".to_owned()];
    assert!(deletions(&existing, &owner(42), Some(&other)).plan.is_empty());
}
