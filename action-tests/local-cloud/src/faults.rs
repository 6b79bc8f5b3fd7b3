//! Fault rules: which requests fail, how, and how often. Pure; the gate carries them out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::log::Provider;

/// When a connection is closed without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Hangup {
    /// The request is never handled.
    Before,
    /// The request is handled, its effects stay, the answer is lost.
    After,
}

/// One rule of `POST /_cloud/faults`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<Provider>,
    /// Absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    /// Glob over the path below the provider's base; `*` is one segment (or a part of one), `**` any.
    #[serde(default = "anywhere")]
    pub(crate) path: String,
    /// Edge only: the host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) body: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drop: Option<Hangup>,
    /// Before the request is handled.
    #[serde(default)]
    pub(crate) delay_ms: u64,
    /// After the request was handled, before it is answered (or the connection is cut).
    #[serde(default)]
    pub(crate) delay_after_ms: u64,
    /// With `status`: handle the request first, then answer with `status`.
    #[serde(default)]
    pub(crate) after: bool,
    /// How many requests it still applies to; null: until cleared. Absent: 1.
    #[serde(default = "once")]
    pub(crate) times: Option<u32>,
    /// How many matching requests pass untouched first.
    #[serde(default)]
    pub(crate) skip: u32,
}

fn anywhere() -> String {
    "**".into()
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's type")]
fn once() -> Option<u32> {
    Some(1)
}

/// What a rule is held against.
pub(crate) struct Asked<'a> {
    pub(crate) provider: Provider,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) host: Option<&'a str>,
}

impl Rule {
    fn matches(&self, asked: &Asked<'_>) -> bool {
        self.provider.is_none_or(|it| it == asked.provider)
            && self
                .method
                .as_deref()
                .is_none_or(|it| it == "*" || it.eq_ignore_ascii_case(asked.method))
            && self
                .host
                .as_deref()
                .is_none_or(|it| asked.host.is_some_and(|host| host.eq_ignore_ascii_case(it)))
            && glob(&self.path, asked.path)
    }
}

/// All rules, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
}

impl Faults {
    /// Adds one rule or an array of them; nothing is added when one is wrong.
    pub(crate) fn add(&mut self, document: &Value) -> anyhow::Result<()> {
        let rules: Vec<Rule> = if document.is_array() {
            serde_json::from_value(document.clone())?
        } else {
            vec![serde_json::from_value(document.clone())?]
        };
        for rule in &rules {
            if rule.status.is_none() && rule.drop.is_none() && rule.delay_ms == 0 && rule.delay_after_ms == 0 {
                anyhow::bail!("a fault rule needs `status`, `drop`, `delay_ms` or `delay_after_ms`");
            }
            if rule.status.is_some_and(|status| !(200..=599).contains(&status)) {
                anyhow::bail!("`status` of a fault rule is from 200 to 599");
            }
        }
        self.rules.extend(rules);
        Ok(())
    }

    /// The rule for this request, counted down. The first that applies wins.
    pub(crate) fn take(&mut self, asked: &Asked<'_>) -> Option<Rule> {
        for rule in &mut self.rules {
            if rule.times == Some(0) || !rule.matches(asked) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if let Some(times) = &mut rule.times {
                *times -= 1;
            }
            return Some(rule.clone());
        }
        None
    }

    /// All rules with what remains of them; spent ones have `times` 0.
    pub(crate) fn all(&self) -> &[Rule] {
        &self.rules
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }
}

/// Matches a path against a pattern, segment by segment.
fn glob(pattern: &str, path: &str) -> bool {
    fn segments(text: &str) -> Vec<&str> {
        text.split('/').filter(|segment| !segment.is_empty()).collect()
    }
    fn walk(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((&"**", rest)), _) => {
                walk(rest, path) || path.split_first().is_some_and(|(_, tail)| walk(pattern, tail))
            }
            (Some((first, rest)), Some((segment, tail))) => wildcard(first, segment) && walk(rest, tail),
            _ => false,
        }
    }
    walk(&segments(pattern), &segments(path))
}

/// `*` inside one segment stands for any run of characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|tail| {
            (0..=tail.len())
                .filter(|at| tail.is_char_boundary(*at))
                .any(|at| wildcard(rest, &tail[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked<'a>(method: &'a str, path: &'a str) -> Asked<'a> {
        Asked {
            provider: Provider::Neon,
            method,
            path,
            host: None,
        }
    }

    #[test]
    fn a_star_is_one_segment_and_two_are_any() {
        assert!(glob("/projects/*/branches", "/projects/p-1/branches"));
        assert!(!glob("/projects/*/branches", "/projects/p-1/branches/b-1"));
        assert!(!glob("/projects/*/branches", "/projects/branches"));
        assert!(glob("/projects/**", "/projects/p-1/branches/b-1"));
        assert!(glob("**/branches/*", "/projects/p-1/branches/b-1"));
        assert!(glob("/repos/**/comments", "/repos/a/b/issues/42/comments"));
        assert!(glob("/scripts/*-preview-*", "/scripts/api-preview-42"));
        assert!(!glob("/scripts/*-preview-*", "/scripts/api-production"));
    }

    #[test]
    fn a_rule_skips_then_applies_as_often_as_told() {
        let mut faults = Faults::default();
        faults
            .add(&json!({"provider":"neon","method":"POST","path":"/a","status":423,"skip":1,"times":2}))
            .unwrap();
        assert!(faults.take(&asked("GET", "/a")).is_none());
        assert!(faults.take(&asked("POST", "/a")).is_none());
        assert!(faults.take(&asked("POST", "/a")).is_some());
        assert!(faults.take(&asked("POST", "/a")).is_some());
        assert!(faults.take(&asked("POST", "/a")).is_none());
        assert_eq!(faults.all()[0].times, Some(0));
    }

    #[test]
    fn a_rule_that_does_nothing_or_is_misspelt_is_refused() {
        let mut faults = Faults::default();
        assert!(faults.add(&json!({"path":"/a"})).is_err());
        assert!(faults.add(&json!({"path":"/a","statsu":500})).is_err());
        assert!(faults.add(&json!([{"status":500},{"status":99}])).is_err());
        assert!(faults.all().is_empty());
    }
}
