//! The words in which makers say how they are.
//!
//! - ours: `healthy`, `unhealthy`, checks `ok`
//! - health+json (draft-inadarei-api-health-check-06 §3.1): `pass`, `fail`, `warn`, with `ok`, `up`, `error`, `down` as
//!   aliases
//! - Spring Boot Actuator (`org.springframework.boot.actuate.health.Status`): `UP`, `DOWN`, `OUT_OF_SERVICE`, `UNKNOWN`
//! - `MicroProfile` Health 4 (Quarkus, Open Liberty), Micronaut: `UP`, `DOWN`
//! - `NestJS` Terminus (`HealthCheckStatus`): `ok`, `error`, `shutting_down`; its indicators `up`, `down`
//! - ASP.NET Core (`HealthStatus`): `Healthy`, `Degraded`, `Unhealthy`
//! - Kubernetes (`/livez?verbose`) and what imitates it: `ok`, `failed`
//! - Consul: `passing`, `warning`, `critical`; Elasticsearch, `SonarQube`: `green`, `yellow`, `red`; Statuspage: `minor`,
//!   `major`, `operational`, `degraded_performance`, `partial_outage`; gRPC (`grpc.health.v1`): `SERVING`,
//!   `NOT_SERVING`; etcd: `"true"`, `"false"`; hellofresh/health-go: `OK`, `Partially Available`, `Unavailable`;
//!   lightship: `SERVER_IS_READY`; Liip's monitor: `OK`, `KO`

/// What a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    Healthy,
    /// It serves, though not as it should (`warn`).
    Degraded,
    Unhealthy,
}

const HEALTHY: &[&str] = &[
    "healthy",
    "ok",
    "okay",
    "up",
    "pass",
    "passed",
    "passing",
    "green",
    "available",
    "alive",
    "live",
    "ready",
    "running",
    "serving",
    "operational",
    "success",
    "working",
    "online",
    "good",
    "true",
    "connected",
    "reachable",
    "server is ready",
    "server is live",
    "server is alive",
    "check result ok",
    "skipped",
];

const DEGRADED: &[&str] = &[
    "warn",
    "warning",
    "degraded",
    "degraded performance",
    "partially available",
    "partially healthy",
    "yellow",
    "minor",
    "check result warning",
];

const UNHEALTHY: &[&str] = &[
    "unhealthy",
    "down",
    "fail",
    "failed",
    "failing",
    "failure",
    "error",
    "errored",
    "err",
    "critical",
    "red",
    "out of service",
    "unavailable",
    "crashed",
    "broken",
    "dead",
    "offline",
    "disconnected",
    "unreachable",
    "ko",
    "timeout",
    "timed out",
    "major",
    "partial outage",
    "major outage",
    "outage",
    "false",
    "shutting down",
    "server is shutting down",
    "server is not ready",
    "starting",
    "starting up",
    "restarting",
    "stopping",
    "stopped",
    "draining",
    "db migration needed",
    "db migration running",
    "check result critical",
    "check result failure",
];

/// Words that nobody uses but to say how a service is: they make a document a health document wherever it stands.
const SPECIFIC: &[&str] = &[
    "healthy",
    "unhealthy",
    "degraded",
    "out of service",
    "not serving",
    "partially healthy",
    "server is ready",
    "server is not ready",
    "server is shutting down",
];

/// Lower case, `_` and `-` as spaces, no punctuation at the end.
fn plain(word: &str) -> String {
    let spaced = word.to_lowercase().replace(['_', '-'], " ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words
        .join(" ")
        .trim_end_matches(|c: char| c.is_ascii_punctuation())
        .to_owned()
}

/// What a word means; `None` when nobody that we know uses it.
pub(super) fn meaning(word: &str) -> Option<Meaning> {
    let word = plain(word);
    let is = |known: &[&str], word: &str| known.contains(&word);
    if is(HEALTHY, &word) {
        return Some(Meaning::Healthy);
    }
    if is(DEGRADED, &word) {
        return Some(Meaning::Degraded);
    }
    // `unavailable: no connection`, `error (timeout)`, `not ready`. A good word followed by more proves nothing.
    let first = word
        .split([':', ',', ';', '(', '.', '!'])
        .next()
        .unwrap_or_default()
        .trim();
    let negated = first
        .strip_prefix("not ")
        .is_some_and(|rest| is(HEALTHY, rest) || rest == "responding");
    let bad = is(UNHEALTHY, first) || negated || first.starts_with("timeout ");
    bad.then_some(Meaning::Unhealthy)
}

/// Whether the word alone tells that this is a health document. `UP` and `DOWN` in capitals are Spring's.
pub(super) fn specific(word: &str) -> bool {
    matches!(word.trim(), "UP" | "DOWN") || SPECIFIC.contains(&plain(word).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_people_write_them() {
        for word in ["OK", " ok. ", "Healthy", "SERVER_IS_READY", "UP", "Passing!"] {
            assert_eq!(meaning(word), Some(Meaning::Healthy), "{word}");
        }
        for word in ["degraded_performance", "WARN", "Partially Available"] {
            assert_eq!(meaning(word), Some(Meaning::Degraded), "{word}");
        }
        for word in [
            "OUT_OF_SERVICE",
            "not ok",
            "NOT_SERVING",
            "unavailable: no route",
            "error (code 7)",
            "Timeout during health check",
        ] {
            assert_eq!(meaning(word), Some(Meaning::Unhealthy), "{word}");
        }
        for word in [
            "",
            "pending",
            "UNKNOWN",
            "ok but slow",
            "no errors",
            "not configured",
            "42",
        ] {
            assert_eq!(meaning(word), None, "{word}");
        }
    }
}
