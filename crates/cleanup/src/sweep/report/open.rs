//! What a sweep could not judge.

use super::super::Read;
use super::super::census::{Census, Other, Why};
use super::super::index::in_zone;
use crate::unread::Unread;

/// What nobody can tell whose it is.
pub(super) fn alike(census: &Census) -> Vec<Other> {
    let others = census.others.iter();
    let alike = others.filter(|other| matches!(other.why, Why::Alike(_) | Why::Unreadable(_)));
    alike.cloned().collect()
}

pub(super) fn unread(read: &Read, with_kv: bool) -> Vec<(&'static str, Unread)> {
    let facts = &read.facts;
    let zone = in_zone(facts);
    let of_zone = match &facts.zone {
        Some(Err(unread)) => Some(unread),
        Some(Ok(_)) | None => None,
    };
    let lists = [
        ("the zone's routes, custom domains and DNS records", of_zone),
        ("the zone's routes", zone.and_then(|zone| zone.routes.as_ref().err())),
        (
            "the zone's custom domains",
            zone.and_then(|zone| zone.domains.as_ref().err()),
        ),
        (
            "the zone's DNS records",
            zone.and_then(|zone| zone.records.as_ref().err()),
        ),
        (
            "the account's Workers",
            facts.workers.as_ref().and_then(|list| list.as_ref().err()),
        ),
        (
            "the account's KV namespaces",
            facts
                .namespaces
                .as_ref()
                .and_then(|list| list.as_ref().err())
                .filter(|_| with_kv),
        ),
        (
            "the database's branches",
            facts.branches.as_ref().and_then(|list| list.as_ref().err()),
        ),
    ];
    let lists = lists.into_iter();
    lists
        .filter_map(|(what, unread)| Some((what, unread?.clone())))
        .collect()
}
