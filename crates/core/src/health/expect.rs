//! What an endpoint is expected to answer.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

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
    /// What the document's `version` or the answer's header is to be; a prefix of 8 or more characters is enough.
    pub wanted: String,
    /// Read from this header instead of the document.
    pub header: Option<String>,
}

/// What an endpoint is expected to answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    pub status: StatusSet,
    /// The answer is to be a health document. When unset, one is read if it is there.
    pub document: bool,
    /// The document's `service`, when it tells one.
    pub service: Option<String>,
    /// The document's `environment`, when it tells one.
    pub environment: Option<String>,
    pub version: Option<Version>,
}

#[cfg(test)]
mod tests {
    use super::*;

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
