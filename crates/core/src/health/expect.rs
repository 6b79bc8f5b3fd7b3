//! What an endpoint is expected to answer.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::document::is_health_path;
use super::{Matcher, Reading};

/// Statuses: `200`, `200-299`, `2xx`, or several of them separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSet(Vec<RangeInclusive<u16>>);

impl StatusSet {
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

impl Default for StatusSet {
    /// Any success: 200 to 299.
    fn default() -> Self {
        Self(vec![200..=299])
    }
}

impl FromStr for StatusSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |part: &str| format!("`{part}` is no status; write `200`, `200-299`, `2xx` or several with commas");
        let number = |part: &str| part.trim().parse::<u16>().ok().filter(|n| (100..=599).contains(n));
        let range = |part: &str| {
            let part = part.trim();
            if let Some(hundreds) = part.strip_suffix("xx").and_then(|digit| digit.parse::<u16>().ok()) {
                return (1..=5)
                    .contains(&hundreds)
                    .then(|| hundreds * 100..=hundreds * 100 + 99);
            }
            match part.split_once('-') {
                Some((first, last)) => Some(number(first)?..=number(last)?).filter(|range| !range.is_empty()),
                None => number(part).map(|only| only..=only),
            }
        };
        let ranges: Result<Vec<_>, String> = text
            .split(',')
            .map(|part| range(part).ok_or_else(|| wrong(part.trim())))
            .collect();
        Ok(Self(ranges?))
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|range| {
                if range.start() == range.end() {
                    range.start().to_string()
                } else {
                    format!("{}-{}", range.start(), range.end())
                }
            })
            .collect();
        f.write_str(&parts.join(","))
    }
}

/// The version that must answer, so that an old one's 200 is not taken for success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// What is to be found; a prefix of 8 or more characters of it is enough.
    pub wanted: String,
    /// Other names of the same version, such as the commit that it was built from.
    pub also: Vec<String>,
    pub place: VersionPlace,
}

/// Where an endpoint tells its version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum VersionPlace {
    /// The health document's `version`, or its release or commit.
    #[default]
    Document,
    /// The same, where it can be one of Cloudflare's version ids; a document that tells none is right.
    DocumentIfTold,
    /// A header of the answer.
    Header(String),
    /// A JSON pointer into the body (RFC 6901).
    Pointer(String),
}

impl FromStr for Version {
    type Err = String;

    /// `<version>` in the health document, `<Header-Name>: <version>`, or `</json/pointer>: <version>`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (place, wanted) = match text.split_once(':') {
            None => (VersionPlace::Document, text),
            Some((pointer, wanted)) if pointer.starts_with('/') => {
                (VersionPlace::Pointer(pointer.trim().to_owned()), wanted)
            }
            Some((header, wanted)) => (VersionPlace::Header(header.trim().to_owned()), wanted),
        };
        let wanted = wanted.trim().to_owned();
        if wanted.is_empty() {
            return Err(format!(
                "`{text}` names no version; write `<version>`, `X-Version: <version>` or `/commit: <version>`"
            ));
        }
        Ok(Self {
            wanted,
            also: Vec::new(),
            place,
        })
    }
}

/// What an endpoint is expected to answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    pub status: StatusSet,
    /// How far the answer is taken for a health document.
    pub document: Reading,
    /// What `degraded` counts as.
    pub warn: Warn,
    /// The names that the document's `service` may have, when it tells one; the first is shown.
    pub service: Vec<String>,
    /// The names of services that answer elsewhere.
    pub other_services: Vec<String>,
    /// The document's `environment`, when it tells one.
    pub environment: Option<String>,
    pub version: Option<Version>,
    /// What the body holds.
    pub body: Vec<Matcher>,
    /// What headers say. Names in lower case.
    pub headers: Vec<(String, Matcher)>,
    /// What headers must not say: a header that is absent is right.
    pub not_headers: Vec<(String, Matcher)>,
    /// What is found at JSON pointers (RFC 6901). Texts are compared bare, other values as JSON.
    pub json: Vec<(String, Matcher)>,
    /// The longest time from the request until the whole answer is there.
    pub max_latency: Option<Duration>,
    /// The days for which the certificate must still be valid.
    pub certificate_days: Option<u32>,
}

/// What a service counts as that says it is degraded (`warn`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Warn {
    /// Healthy: it serves. It is told.
    #[default]
    Pass,
    Fail,
}

impl Expect {
    /// Whether what is found depends on the body of an answer from this path.
    pub(super) fn reads_body(&self, path: &str) -> bool {
        let pointer = |version: &Version| !matches!(version.place, VersionPlace::Header(_));
        !self.body.is_empty()
            || !self.json.is_empty()
            || self.version.as_ref().is_some_and(pointer)
            || self.document == Reading::Strict
            || (self.document == Reading::Auto && is_health_path(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_say_where_they_are_found() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert_eq!(version("abc").place, VersionPlace::Document);
        assert_eq!(
            version("X-Version: abc"),
            Version {
                wanted: "abc".into(),
                also: Vec::new(),
                place: VersionPlace::Header("X-Version".into())
            }
        );
        assert_eq!(
            version("/build/commit: abc").place,
            VersionPlace::Pointer("/build/commit".into())
        );
        assert!("X-Version:".parse::<Version>().is_err());
    }

    #[test]
    fn status_sets() {
        let set: StatusSet = "200, 204,3xx, 401-403".parse().unwrap();
        for status in [200, 204, 301, 399, 401, 403] {
            assert!(set.contains(status), "{status}");
        }
        for status in [201, 400, 404, 500] {
            assert!(!set.contains(status), "{status}");
        }
        assert_eq!(set.to_string(), "200,204,300-399,401-403");
        for wrong in ["", "ok", "6xx", "99", "300-200", "2xxx"] {
            assert!(wrong.parse::<StatusSet>().is_err(), "{wrong}");
        }
    }
}
