//! The lone use: URLs and expectations from the inputs, no manifest.

use actions_core::credential::shown;
use actions_core::health::{self, Expect, Matcher, Request, Target, parse_checks};
use actions_core::manifest;
use actions_core::runner::{Problems, inputs};
use actions_core::secret;
use url::Url;

use crate::inputs::Raw;

/// The expectations that go with `urls`.
pub(crate) fn expect(raw: &Raw, problems: &mut Problems) -> Expect {
    let mut expect = Expect::default();
    if let Some(status) = &raw.expect_status {
        expect.status = parsed("expect-status", status.parse(), problems).unwrap_or_default();
    }
    if let Some(version) = &raw.expect_version {
        expect.version = parsed("expect-version", version.trim().parse(), problems);
    }
    for line in inputs::lines(raw.expect_body.as_deref()) {
        expect.body.extend(parsed("expect-body", line.parse(), problems));
    }
    expect.headers = pairs(
        "expect-header",
        raw.expect_header.as_deref(),
        ": ",
        "Content-Type: application/json",
        problems,
    );
    expect.json = pairs("expect-json", raw.expect_json.as_deref(), "=", "/status = ok", problems);
    if let Some((pointer, _)) = expect.json.iter().find(|(pointer, _)| !pointer.starts_with('/')) {
        problems.add(
            "expect-json",
            format!("`{pointer}` is no JSON pointer: it starts with `/`, such as `/data/0/id`"),
        );
    }
    // What is said of status or JSON decides: the document is then told, unless it is asked for, too.
    let decided = raw.expect_status.is_some() || !expect.json.is_empty();
    expect.document =
        parsed("document", health::reading(raw.document.as_deref(), decided), problems).unwrap_or_default();
    expect.max_latency = problems.duration("max-latency", raw.max_latency.as_deref());
    let days = problems.number("certificate-days", raw.certificate_days.as_deref());
    expect.certificate_days = days.map(|days| u32::try_from(days).unwrap_or(u32::MAX));
    expect
}

pub(crate) fn parsed<T>(input: &str, result: Result<T, String>, problems: &mut Problems) -> Option<T> {
    result.map_err(|problem| problems.add(input, problem)).ok()
}

/// `name<separator>value` a line.
fn pairs(
    input: &str,
    value: Option<&str>,
    separator: &str,
    example: &str,
    problems: &mut Problems,
) -> Vec<(String, Matcher)> {
    let mut found = Vec::new();
    for line in inputs::lines(value) {
        match line.split_once(separator.trim()) {
            Some((name, value)) if !name.trim().is_empty() => {
                let matcher = parsed(input, value.trim().parse(), problems);
                found.extend(matcher.map(|matcher| (name.trim().to_owned(), matcher)));
            }
            _ => problems.add(input, format!("`{line}` is not like `{example}`")),
        }
    }
    found
}

/// The targets of `urls` and `checks`.
pub(crate) fn targets(raw: &Raw, expect: &Expect, problems: &mut Problems) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for line in inputs::lines(raw.urls.as_deref()) {
        let Some(url) = url(&line, problems) else { continue };
        if !targets.iter().any(|seen| seen.request.url == url) {
            let name = Request::get(url.clone()).name();
            targets.push(Target::get(name, url, expect.clone()));
        }
    }
    if raw.urls.is_some() && inputs::lines(raw.urls.as_deref()).is_empty() {
        problems.add("urls", "holds no URL; give one per line");
    }
    if let Some(text) = &raw.checks {
        match manifest::lone_checks(text) {
            Err(wrong) => problems.add("checks", wrong.to_string()),
            Ok(checks) => match parse_checks(&checks, None) {
                Ok(more) => targets.extend(more),
                Err(wrong) => wrong.iter().for_each(|wrong| problems.add("checks", wrong.to_string())),
            },
        }
    }
    targets
}

/// An http or https URL. What is secret in it is masked.
fn url(line: &str, problems: &mut Problems) -> Option<Url> {
    let url = secret::url(line)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if url.is_none() {
        problems.add(
            "urls",
            format!(
                "`{}` is not an http or https URL, such as `https://example.com/health`",
                shown(line)
            ),
        );
    }
    url
}

/// The expectations are for `urls`: with a manifest they would be ignored silently.
pub(crate) fn refuse_expectations(raw: &Raw, problems: &mut Problems) {
    let given = [
        ("expect-status", &raw.expect_status),
        ("expect-body", &raw.expect_body),
        ("expect-json", &raw.expect_json),
        ("expect-header", &raw.expect_header),
        ("expect-version", &raw.expect_version),
        ("max-latency", &raw.max_latency),
        ("certificate-days", &raw.certificate_days),
    ];
    for (input, _) in given.iter().filter(|(_, value)| value.is_some()) {
        problems.add(
            input,
            "goes with `urls`; with a manifest, write `[[services.<key>.checks]]`",
        );
    }
}
