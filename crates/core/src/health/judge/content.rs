//! What an answer holds, against what it is expected to.

use std::borrow::Cow;

use serde_json::Value;

use super::{Reason, Verdict};
use crate::health::{Answer, Expect};
use crate::text::shorten;

/// The first expectation about the content that does not hold.
pub(super) fn wrong(expect: &Expect, answer: &Answer) -> Option<Reason> {
    body(expect, answer)
        .or_else(|| headers(expect, answer))
        .or_else(|| json(expect, answer))
        .or_else(|| slow(expect, answer))
}

fn body(expect: &Expect, answer: &Answer) -> Option<Reason> {
    let body = text(answer);
    let missing = expect.body.iter().find(|matcher| !matcher.is_in(&body))?;
    Some(format!("the body does not hold `{missing}`{}", cut(answer)).into())
}

/// Where a body was not read to its end, what is not found may still be there.
fn cut(answer: &Answer) -> String {
    if answer.truncated {
        format!(
            " in its first {} MiB; the rest was not read",
            answer.body.len().div_ceil(1 << 20)
        )
    } else {
        String::new()
    }
}

fn headers(expect: &Expect, answer: &Answer) -> Option<Reason> {
    for (name, matcher) in &expect.headers {
        let found: Vec<&str> = answer.headers(name).collect();
        if found.is_empty() {
            return Some(format!("header `{name}` is missing; `{matcher}` is expected").into());
        }
        if !found.iter().any(|found| matcher.is(found)) {
            let shown: Vec<String> = found.iter().map(|found| format!("`{}`", shorten(found, 100))).collect();
            return Some(Reason::varying(
                format!("header `{name}` is {}; `{matcher}` is expected", shown.join(" and ")),
                format!("header `{name}` is not `{matcher}`"),
            ));
        }
    }
    expect.not_headers.iter().find_map(|(name, matcher)| {
        let found = answer.headers(name).find(|found| matcher.is(found))?;
        Some(format!("header `{name}` is `{}`, which it must not be", shorten(found, 100)).into())
    })
}

fn json(expect: &Expect, answer: &Answer) -> Option<Reason> {
    if expect.json.is_empty() {
        return None;
    }
    let root = match serde_json::from_str::<Value>(json_text(&text(answer))) {
        Ok(root) => root,
        Err(_) if answer.truncated => {
            return Some(format!("JSON is expected, but the body was cut{}", cut(answer)).into());
        }
        Err(error) => {
            return Some(match html_title(answer) {
                Some(title) => format!("it answered with an HTML page{title} where JSON is expected").into(),
                None if answer.body.is_empty() => "the body is empty, where JSON is expected".into(),
                None => Reason::varying(
                    format!("JSON is expected, but the body is none ({error})"),
                    "JSON is expected, but the body is none".to_owned(),
                ),
            });
        }
    };
    for (pointer, matcher) in &expect.json {
        match root.pointer(pointer).map(shown) {
            None => return Some(format!("there is nothing at `{pointer}`; `{matcher}` is expected").into()),
            Some(found) if !matcher.is(&found) => {
                return Some(Reason::varying(
                    format!("`{pointer}` is `{}`; `{matcher}` is expected", shorten(&found, 100)),
                    format!("`{pointer}` is not `{matcher}`"),
                ));
            }
            Some(_) => {}
        }
    }
    None
}

/// How long it took differs on each try: that it was too long does not.
fn slow(expect: &Expect, answer: &Answer) -> Option<Reason> {
    let limit = expect.max_latency.filter(|limit| answer.phases.total > *limit)?;
    Some(
        format!(
            "the answer took longer than the {} ms that are expected",
            limit.as_millis()
        )
        .into(),
    )
}

pub(super) fn wrong_certificate(expect: &Expect, answer: &Answer) -> Option<Verdict> {
    let wanted = expect.certificate_days?;
    let why = match answer.certificate_days {
        Some(left) if left >= i64::from(wanted) => return None,
        Some(left) => format!(
            "the certificate ends in {left} {}; {wanted} are expected",
            if left == 1 { "day" } else { "days" }
        ),
        None => "there is no certificate to look at: the URL is not https".to_owned(),
    };
    Some(Verdict::never(
        why,
        "renew the certificate, or lower `certificate-days`",
    ))
}

/// A JSON text without the byte order mark that some put before it.
fn json_text(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

fn text(answer: &Answer) -> Cow<'_, str> {
    String::from_utf8_lossy(&answer.body)
}

/// A text bare, anything else as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What stands at a JSON pointer (RFC 6901): a text bare, anything else as JSON.
pub(in crate::health) fn at_pointer(body: &[u8], pointer: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let root: Value = serde_json::from_str(json_text(&text)).ok()?;
    root.pointer(pointer).map(shown)
}

/// Where the answer is an HTML page: its title, as ` ("Welcome")`, or nothing.
pub(super) fn html_title(answer: &Answer) -> Option<String> {
    let head = String::from_utf8_lossy(answer.body.get(..8192).unwrap_or(&answer.body)).into_owned();
    let lower = head.to_ascii_lowercase();
    let is_html = crate::health::document::content_type(answer) == "text/html"
        || ["<!doctype html", "<html"]
            .iter()
            .any(|start| lower.trim_start().starts_with(start));
    if !is_html {
        return None;
    }
    let title = lower.find("<title").and_then(|at| {
        let from = at + lower.get(at..)?.find('>')? + 1;
        let to = from + lower.get(from..)?.find('<')?;
        let title = head.get(from..to)?.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(title).filter(|title| !title.is_empty())
    });
    Some(
        title
            .map(|title| format!(" (\"{}\")", shorten(&title, 60)))
            .unwrap_or_default(),
    )
}
