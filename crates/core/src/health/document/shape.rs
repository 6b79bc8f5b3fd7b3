//! Whether an answer is a health document at all: by its content type, by its path, or by its shape.

use super::node::{Node, same};
use super::{walk, words};
use crate::health::Answer;

/// Last segments of paths that are asked for health and nothing else.
const PATHS: &[&str] = &[
    "alive",
    "health",
    "healthcheck",
    "healthz",
    "heartbeat",
    "hc",
    "live",
    "livez",
    "liveness",
    "ping",
    "ready",
    "readyz",
    "readiness",
    "startupz",
    "up",
];
/// Segments under which one more segment names a part: `/actuator/health/db`, `/health/ready`.
const GROUPS: &[&str] = &["health", "healthz", "livez", "readyz"];
/// What may stand before a `status` that is a service's: orders have one, too.
const BEFORE_STATUS: &[&str] = &["api", "system", "sys", "internal", "v1", "v2", "v3", "-", ""];
/// Content types of health documents: health+json (draft-inadarei-api-health-check-06 §6), Spring Boot Actuator 1 to 3.
const TYPES: &[&str] = &[
    "application/health+json",
    "application/vnd.health+json",
    "application/vnd.spring-boot.actuator.v1+json",
    "application/vnd.spring-boot.actuator.v2+json",
    "application/vnd.spring-boot.actuator.v3+json",
];
/// Keys that hold checks and hardly anything else.
pub(super) const OF_CHECKS: &[&str] = &[
    "checks",
    "components",
    "entries",
    "dependencies",
    "indicators",
    "healthchecks",
    "checkresults",
];

/// Whether the content type or the path says so.
pub(super) fn announced(answer: &Answer) -> bool {
    let essence = content_type(answer);
    TYPES.contains(&essence.as_str()) || is_health_path(&answer.path)
}

/// The content type without its parameters, in lower case.
pub(crate) fn content_type(answer: &Answer) -> String {
    let value = answer.header("content-type").unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_lowercase()
}

/// Whether a path is one that is asked for health.
pub(crate) fn is_health_path(path: &str) -> bool {
    let segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| {
            segment
                .trim_end_matches(".json")
                .trim_start_matches('_')
                .to_lowercase()
                .replace(['-', '_'], "")
        })
        .collect();
    match &segments[..] {
        [.., last] if PATHS.contains(&last.as_str()) => true,
        [front @ .., last] if last == "status" => front.iter().all(|front| BEFORE_STATUS.contains(&front.as_str())),
        [.., group, _] => GROUPS.contains(&group.as_str()),
        _ => false,
    }
}

/// Whether JSON looks like one wherever it stands: a word that only health has, or a known word beside what is only
/// in health documents.
pub(super) fn looks_like_one(node: &Node) -> bool {
    let Node::Map(members) = node else { return false };
    let mut texts = Vec::new();
    for (key, value) in members.iter().filter(|(key, _)| walk::is_verdict(key)) {
        if matches!(same(key).as_str(), "healthy" | "ishealthy") && matches!(value, Node::Bool(_)) {
            return true;
        }
        texts_of(value, &mut texts);
    }
    if texts.iter().any(|text| words::specific(text)) {
        return true;
    }
    let has = |names: &[&str]| members.iter().any(|(key, _)| names.contains(&same(key).as_str()));
    let all = |names: &[&str]| names.iter().all(|name| has(&[name]));
    // Terminus has `info`, `error` and `details`; a service tells its name and version, or for how long it is up.
    let told = has(OF_CHECKS)
        || all(&["info", "details"])
        || all(&["error", "details"])
        || has(&["uptime"])
        || (has(&["service"]) && has(&["version", "timestamp"]));
    told && texts.iter().any(|text| words::meaning(text).is_some())
}

/// Every text in a value.
fn texts_of<'a>(node: &'a Node, into: &mut Vec<&'a str>) {
    match node {
        Node::Text(text) => into.push(text),
        Node::List(items) => items.iter().for_each(|item| texts_of(item, into)),
        Node::Map(members) => members.iter().for_each(|(_, value)| texts_of(value, into)),
        Node::Null | Node::Bool(_) | Node::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_asked_for_health() {
        for path in [
            "/health",
            "/api/health",
            "/actuator/health/db",
            "/_health",
            "/healthz/",
            "/-/readiness",
            "/health-check",
            "/health.json",
            "/_cluster/health",
            "/status",
            "/api/status",
            "/api/system/status",
        ] {
            assert!(is_health_path(path), "{path}");
        }
        for path in [
            "",
            "/",
            "/orders/7",
            "/orders/7/status",
            "/api/items",
            "/healthy-food",
            "/health/records/7",
        ] {
            assert!(!is_health_path(path), "{path}");
        }
    }
}
