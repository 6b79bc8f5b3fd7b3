//! What a document says: every word that is found in it counts; a value of an unexpected type says nothing, and no more.

use super::node::{Node, same};
use super::{Document, Meaning, Part, Word, shape, words};
use crate::text::shorten;

/// Keys (as [`same`] has them) under which a document says how it is.
const VERDICTS: &[&str] = &[
    "status",
    "state",
    "health",
    "healthy",
    "ishealthy",
    "healthstatus",
    "ok",
    "isok",
    "up",
    "isup",
    "alive",
    "isalive",
    "ready",
    "isready",
    "reachable",
    "connected",
    "success",
    "outcome",
    "globalstatus",
    "overall",
    "overallstatus",
];
/// Keys that hold checks, beside those that hardly hold anything else: a text in them is a word.
const MORE_CHECKS: &[&str] = &["services", "subsystems", "probes"];
/// Keys that hold checks or whatever else: Terminus, Spring Boot 2.0, the sample of ASP.NET's documentation.
const LOOSE: &[&str] = &["info", "error", "errors", "details", "results", "failures"];
/// Texts under these say nothing of health, whatever they are.
const PROSE: &[&str] = &[
    "name",
    "message",
    "description",
    "output",
    "error",
    "note",
    "notes",
    "reason",
    "level",
    "loglevel",
    "severity",
    "mode",
    "environment",
    "service",
    "version",
    "title",
];
const MESSAGES: &[&str] = &[
    "message",
    "output",
    "error",
    "notificationmessage",
    "reason",
    "description",
];
const VERSIONS: &[&str] = &["version", "releaseid", "release", "commit", "sha", "revision", "build"];
const NAMES: &[&str] = &[
    "name",
    "id",
    "key",
    "label",
    "checkname",
    "component",
    "componentid",
    "service",
    "checkid",
];
/// The longest word that is shown.
pub(super) const LONGEST_WORD: usize = 60;
pub(super) const LONGEST_MESSAGE: usize = 120;

/// Whether a value under this key says how its owner is.
pub(super) fn is_verdict(key: &str) -> bool {
    VERDICTS.contains(&same(key).as_str())
}

fn holds_checks(key: &str) -> bool {
    let name = same(key);
    holds_all_checks(key) || name.ends_with("check") || name.ends_with("checks")
}

/// Whether a key is a word for all checks: `checks`, and not `master_check` (GitLab), which names one.
fn holds_all_checks(key: &str) -> bool {
    let key = same(key);
    shape::OF_CHECKS.contains(&key.as_str()) || MORE_CHECKS.contains(&key.as_str())
}

/// What once was says nothing of now.
fn is_past(key: &str) -> bool {
    let key = same(key);
    matches!(key.as_str(), "history" | "incidents" | "scheduledmaintenances")
        || ["last", "previous"].iter().any(|start| key.starts_with(start))
}

pub(super) fn word(text: &str) -> Word {
    Word {
        meaning: words::meaning(text),
        text: shorten(text.trim(), LONGEST_WORD),
    }
}

/// What a document says.
pub(super) fn document(node: &Node) -> Document {
    let mut found = Document::default();
    let Node::Map(members) = node else {
        // Consul answers with the list of its checks.
        children(node, "", true, &mut found.checks);
        return found;
    };
    let mut whole = Vec::new();
    for (key, value) in members {
        match value {
            _ if is_past(key) => {}
            // `status: {"indicator": "none"}`, and Spring Boot 1's `status: {"code": "UP"}`.
            _ if is_verdict(key) => verdict(key, value, &mut whole),
            Node::Map(_) | Node::List(_) if holds_checks(key) => {
                let prefix = if holds_all_checks(key) { "" } else { key };
                children(value, prefix, true, &mut found.checks);
            }
            Node::Map(_) | Node::List(_) if LOOSE.contains(&same(key).as_str()) => {
                children(value, "", false, &mut found.checks);
            }
            Node::Map(_) | Node::List(_) => part(key, value, &mut found.checks),
            Node::Text(text) if !PROSE.contains(&same(key).as_str()) => {
                // A text under some name: `"database": "ok"`, and much that is no word at all.
                let word = word(text);
                if word.meaning.is_some() || holds_checks(key) {
                    push(key, word, None, &mut found.checks);
                }
            }
            Node::Bool(good) if holds_checks(key) => push(key, boolean(*good), None, &mut found.checks),
            _ => {}
        }
    }
    found.status = worst(whole);
    let texts = |names: &[&str]| names.iter().filter_map(|name| node.get(name)?.as_text()).collect();
    let one = |name: &str| match node.get(name) {
        Some(Node::Text(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    found.service = one("service");
    found.environment = one("environment");
    found.versions = texts(VERSIONS);
    found
}

/// The words of a value that stands under a verdict's key.
fn verdict(key: &str, value: &Node, into: &mut Vec<Word>) {
    match value {
        Node::Text(text) if !text.trim().is_empty() => into.push(word(text)),
        Node::Bool(good) => into.push(boolean(*good)),
        // An HTTP status; what other numbers mean, only their maker knows.
        Node::Number(number) if same(key) == "status" => into.push(Word {
            text: number.to_string(),
            meaning: match number.as_u64() {
                Some(200..=299) => Some(Meaning::Healthy),
                Some(400..=599) => Some(Meaning::Unhealthy),
                _ => None,
            },
        }),
        Node::List(items) => items.iter().for_each(|item| verdict(key, item, into)),
        Node::Map(members) => {
            for (inner, value) in members {
                match same(inner).as_str() {
                    // Statuspage: how bad it is.
                    "indicator" if *value == Node::Text("none".to_owned()) => into.push(Word {
                        text: "none".to_owned(),
                        meaning: Some(Meaning::Healthy),
                    }),
                    "code" | "indicator" | "value" => verdict(key, value, into),
                    _ if is_verdict(inner) => verdict(inner, value, into),
                    _ => {}
                }
            }
        }
        Node::Text(_) | Node::Number(_) | Node::Null => {}
    }
}

fn boolean(good: bool) -> Word {
    Word {
        text: good.to_string(),
        meaning: Some(if good { Meaning::Healthy } else { Meaning::Unhealthy }),
    }
}

/// The worst of several words; one that nobody knows only when there is no other.
fn worst(words: Vec<Word>) -> Option<Word> {
    words.into_iter().rev().max_by_key(|word| word.meaning)
}

/// What stands in a holder of checks. Where it holds nothing else (`firm`), each text in it is a word.
fn children(holder: &Node, prefix: &str, firm: bool, into: &mut Vec<Part>) {
    let mut one = |name: &str, value: &Node| {
        let name = if name.is_empty() {
            prefix.to_owned()
        } else {
            join(prefix, name)
        };
        match value {
            Node::Text(text) => {
                let word = word(text);
                if firm || word.meaning.is_some() {
                    push(&name, word, None, into);
                }
            }
            Node::Bool(good) if firm => push(&name, boolean(*good), None, into),
            _ => part(&name, value, into),
        }
    };
    match holder {
        Node::Map(members) => members
            .iter()
            .filter(|(key, _)| !is_past(key))
            .for_each(|(key, value)| one(key, value)),
        Node::List(items) => {
            for (at, item) in items.iter().enumerate() {
                if let Node::Text(text) = item {
                    // `"database: down"`, `"database down"`
                    let split = text.split_once([':', '=', ' ']);
                    let (name, rest) = split.unwrap_or((text, text));
                    one(name, &Node::Text(rest.trim().to_owned()));
                } else {
                    let number = || {
                        if prefix.is_empty() {
                            (at + 1).to_string()
                        } else {
                            String::new()
                        }
                    };
                    one(&name_of(item).unwrap_or_else(number), item);
                }
            }
        }
        _ => {}
    }
}

/// A check that may say how it is, and hold others that do.
fn part(name: &str, value: &Node, into: &mut Vec<Part>) {
    match value {
        Node::Map(members) => {
            let mut own = Vec::new();
            for (key, value) in members.iter().filter(|(key, _)| is_verdict(key)) {
                verdict(key, value, &mut own);
            }
            if let Some(word) = worst(own) {
                push(name, word, message(value), into);
            }
            for (key, value) in members {
                let holder = holds_checks(key) || LOOSE.contains(&same(key).as_str());
                match value {
                    Node::Map(_) | Node::List(_) if is_past(key) || is_verdict(key) => {}
                    Node::Map(_) | Node::List(_) if holder => part(name, value, into),
                    Node::Map(_) | Node::List(_) => part(&join(name, key), value, into),
                    _ => {}
                }
            }
        }
        Node::List(items) => {
            for item in items {
                let own = name_of(item).map_or_else(|| name.to_owned(), |own| join(name, &own));
                part(&own, item, into);
            }
        }
        _ => {}
    }
}

/// One check is told once, with the worst that is said of it (Terminus lists each twice).
fn push(name: &str, word: Word, message: Option<String>, into: &mut Vec<Part>) {
    let name = shorten(name, LONGEST_WORD);
    if let Some(known) = into.iter_mut().find(|part| part.name == name) {
        if word.meaning > known.word.meaning {
            known.word = word;
        }
        known.message = known.message.take().or(message);
    } else {
        into.push(Part { name, word, message });
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

fn name_of(node: &Node) -> Option<String> {
    NAMES.iter().find_map(|name| node.get(name)?.as_text())
}

/// What a check says beside its word.
fn message(node: &Node) -> Option<String> {
    let text = MESSAGES.iter().find_map(|name| match node.get(name) {
        Some(Node::Text(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    })?;
    let line = text.split_whitespace().map(without_login).collect::<Vec<_>>().join(" ");
    Some(shorten(&line, LONGEST_MESSAGE))
}

/// A database's error may hold its URL: the password in it is nobody's business.
fn without_login(word: &str) -> String {
    if word.contains("://") {
        crate::credential::shown(word)
    } else {
        word.to_owned()
    }
}
