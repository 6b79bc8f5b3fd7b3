//! What the outcome of one probe means. No I/O: a table of cases, each with its sentence.

use serde_json::Value;

use super::{Answer, Document, Expect, Failure, Outcome, Status, TlsFailure, Version, VersionPlace};
use crate::credential::shown;
use crate::text::shorten;

/// What a probe's outcome means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All that was expected is there.
    Healthy,
    /// It may still become so: one sentence why it is not.
    NotYet(String),
    /// Waiting will not help: why, and what to do.
    NotEver { why: String, remedy: String },
}

/// Judges one outcome.
pub fn judge(expect: &Expect, outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Failed(failure) => failed(failure),
        Outcome::Answered(answer) => answered(expect, answer),
    }
}

fn failed(failure: &Failure) -> Verdict {
    let not_yet = |text: &str| Verdict::NotYet(text.to_owned());
    let never = |why: &str, remedy: &str| Verdict::NotEver {
        why: why.to_owned(),
        remedy: remedy.to_owned(),
    };
    match failure {
        Failure::Dns(text) => Verdict::NotYet(format!("the hostname does not resolve ({text})")),
        Failure::Refused => not_yet("the connection was refused"),
        // A new hostname has no certificate for a while: the edge answers with an alert.
        Failure::Tls(TlsFailure::NoCertificate(text)) => {
            Verdict::NotYet(format!("TLS failed: no certificate yet ({text})"))
        }
        Failure::Tls(TlsFailure::WrongName) => never(
            "the certificate is valid, but for other names",
            "order a certificate that covers this hostname; Universal SSL covers one label under the zone",
        ),
        Failure::Tls(TlsFailure::Expired) => never("the certificate has expired", "renew the certificate"),
        Failure::Tls(TlsFailure::Untrusted) => never(
            "the certificate is signed by nobody that is trusted here",
            "pass the private authority's certificate as `ca`",
        ),
        Failure::TimedOut(limit) => Verdict::NotYet(format!("no answer within {}", crate::text::elapsed(*limit))),
        Failure::Redirected(text) => never(text, "check the URL, or allow more with `follow-redirects`"),
        Failure::Other(text) => Verdict::NotYet(format!("the connection failed ({text})")),
    }
}

fn answered(expect: &Expect, answer: &Answer) -> Verdict {
    let document = Document::read(&answer.body);
    if !expect.status.contains(answer.status) {
        return wrong_status(answer, document.as_ref());
    }
    if let Some(verdict) = document.as_ref().and_then(|document| wrong_document(expect, document)) {
        return verdict;
    }
    if document.is_none() && expect.document {
        return Verdict::NotYet(format!("it answered {}, but not with a health document", answer.status));
    }
    if let Some(why) = wrong_version(expect, document.as_ref(), answer).or_else(|| wrong_content(expect, answer)) {
        return Verdict::NotYet(why);
    }
    wrong_certificate(expect, answer).unwrap_or(Verdict::Healthy)
}

fn wrong_document(expect: &Expect, document: &Document) -> Option<Verdict> {
    if let (Some(wanted), Some(found)) = (&expect.environment, &document.environment)
        && wanted != found
    {
        let why = format!("environment `{found}` answers where `{wanted}` is expected");
        let remedy = "another environment's route or record serves this hostname: look for a wildcard route".to_owned();
        return Some(Verdict::NotEver { why, remedy });
    }
    if let (Some(wanted), Some(found)) = (&expect.service, &document.service)
        && wanted != found
    {
        let why = format!("service `{found}` answers where `{wanted}` is expected");
        let remedy = "another Worker serves this hostname: look at its routes and custom domains".to_owned();
        return Some(Verdict::NotEver { why, remedy });
    }
    if document.status != Status::Healthy {
        return Some(Verdict::NotYet(unhealthy(document)));
    }
    let failing = document.failing();
    let first = failing.first()?;
    Some(Verdict::NotYet(format!(
        "it says it is healthy, but a check is not ok ({first})"
    )))
}

fn unhealthy(document: &Document) -> String {
    let failing = document.failing();
    if failing.is_empty() {
        "it says it is unhealthy".to_owned()
    } else {
        format!("it says it is unhealthy ({})", failing.join(", "))
    }
}

fn wrong_version(expect: &Expect, document: Option<&Document>, answer: &Answer) -> Option<String> {
    let Version { wanted, place } = expect.version.as_ref()?;
    let found = match place {
        VersionPlace::Header(name) => answer.header(name).map(str::to_owned),
        VersionPlace::Document | VersionPlace::DocumentIfTold => document.and_then(|document| document.version.clone()),
        VersionPlace::Pointer(pointer) => at_pointer(&answer.body, pointer),
    };
    match found {
        Some(found) if found == *wanted || (wanted.len() >= 8 && found.starts_with(wanted)) => None,
        Some(found) => Some(format!(
            "version `{}` still answers; `{wanted}` is expected",
            shorten(&found, 60)
        )),
        None if *place == VersionPlace::DocumentIfTold => None,
        None => Some(format!("it does not tell its version; `{wanted}` is expected")),
    }
}

/// The first expectation about the content that does not hold.
fn wrong_content(expect: &Expect, answer: &Answer) -> Option<String> {
    let body = String::from_utf8_lossy(&answer.body);
    if let Some(missing) = expect.body.iter().find(|matcher| !matcher.is_in(&body)) {
        return Some(format!("the body does not hold `{missing}`"));
    }
    for (name, matcher) in &expect.headers {
        match answer.header(name) {
            None => return Some(format!("header `{name}` is missing; `{matcher}` is expected")),
            Some(found) if !matcher.is(found) => {
                return Some(format!(
                    "header `{name}` is `{}`; `{matcher}` is expected",
                    shorten(found, 100)
                ));
            }
            Some(_) => {}
        }
    }
    for (name, matcher) in &expect.not_headers {
        if let Some(found) = answer.header(name).filter(|found| matcher.is(found)) {
            return Some(format!(
                "header `{name}` is `{}`, which it must not be",
                shorten(found, 100)
            ));
        }
    }
    for (pointer, matcher) in &expect.json {
        match at_pointer(&answer.body, pointer) {
            None => return Some(format!("there is nothing at `{pointer}`; `{matcher}` is expected")),
            Some(found) if !matcher.is(&found) => {
                return Some(format!(
                    "`{pointer}` is `{}`; `{matcher}` is expected",
                    shorten(&found, 100)
                ));
            }
            Some(_) => {}
        }
    }
    let limit = expect.max_latency.filter(|limit| answer.phases.total > *limit)?;
    Some(format!(
        "the answer took {} ms; at most {} ms are expected",
        answer.phases.total.as_millis(),
        limit.as_millis()
    ))
}

fn wrong_certificate(expect: &Expect, answer: &Answer) -> Option<Verdict> {
    let wanted = expect.certificate_days?;
    let why = match answer.certificate_days {
        Some(left) if left >= i64::from(wanted) => return None,
        Some(left) => format!("the certificate ends in {left} days; {wanted} are expected"),
        None => "there is no certificate to look at: the URL is not https".to_owned(),
    };
    Some(Verdict::NotEver {
        why,
        remedy: "renew the certificate, or lower `certificate-days`".to_owned(),
    })
}

/// What stands at a JSON pointer: a text bare, anything else as JSON.
fn at_pointer(body: &[u8], pointer: &str) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let found = value.pointer(pointer)?;
    Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
}

fn wrong_status(answer: &Answer, document: Option<&Document>) -> Verdict {
    let status = answer.status;
    if let Some(document) = document.filter(|document| document.status != Status::Healthy) {
        return Verdict::NotYet(format!("{} (status {status})", unhealthy(document)));
    }
    let ray = answer
        .header("cf-ray")
        .map(|ray| format!(", ray {ray}"))
        .unwrap_or_default();
    let code = cloudflare_code(&answer.body);
    match (status, code) {
        (_, Some(1101)) => Verdict::NotYet(format!("the Worker threw an exception (error 1101{ray})")),
        (401 | 403, _) => Verdict::NotEver {
            why: format!("it answered {status}: the endpoint wants a login{ray}"),
            remedy: "let the health path through, or pass the credentials it wants as a header".to_owned(),
        },
        (404, _) => Verdict::NotYet("it answered 404: no route yet, or no such path".to_owned()),
        (429, _) => Verdict::NotYet("it answered 429: too many requests".to_owned()),
        (502..=504, None) => Verdict::NotYet(format!(
            "it answered {status}: the server behind it gives no answer yet"
        )),
        (530, _) => Verdict::NotYet("it answered 530: the edge does not know the hostname yet".to_owned()),
        (521..=526, _) => Verdict::NotYet(format!(
            "it answered {status}: the edge has no connection behind the hostname yet"
        )),
        (300..=399, _) => {
            let to = shown(answer.header("location").unwrap_or("nowhere"));
            Verdict::NotYet(format!(
                "it answered {status}, a redirect to `{to}`, which is not followed"
            ))
        }
        (_, Some(code)) => Verdict::NotYet(format!("it answered {status} (Cloudflare error {code}{ray})")),
        _ => Verdict::NotYet(format!("it answered {status}")),
    }
}

/// The code in Cloudflare's own error pages: `error code: 1016`.
fn cloudflare_code(body: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(body.get(..512).unwrap_or(body)).to_lowercase();
    let (_, rest) = text.split_once("error code: ")?;
    rest.chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::health::Matcher;

    fn answer(status: u16, body: &str) -> Outcome {
        Outcome::Answered(Answer {
            status,
            body: body.as_bytes().to_vec(),
            ..Answer::default()
        })
    }

    fn expect() -> Expect {
        let (service, environment) = (Some("api".to_owned()), Some("preview".to_owned()));
        Expect {
            document: true,
            service,
            environment,
            ..Expect::default()
        }
    }

    fn why(verdict: &Verdict) -> &str {
        match verdict {
            Verdict::Healthy => "healthy",
            Verdict::NotYet(why) | Verdict::NotEver { why, .. } => why,
        }
    }

    #[test]
    fn a_table_of_answers() {
        let healthy = r#"{"status":"healthy","service":"api","environment":"preview","checks":{"database":"ok"}}"#;
        let cases = [
            (200, healthy, "healthy"),
            (200, "<html>", "it answered 200, but not with a health document"),
            (
                503,
                r#"{"status":"unhealthy","checks":{"database":"error","kv":"ok"}}"#,
                "it says it is unhealthy (database: error) (status 503)",
            ),
            (
                200,
                r#"{"status":"healthy","checks":{"kv":"error"}}"#,
                "it says it is healthy, but a check is not ok (kv: error)",
            ),
            (
                200,
                r#"{"status":"healthy","environment":"production"}"#,
                "environment `production` answers where `preview` is expected",
            ),
            (
                200,
                r#"{"status":"healthy","service":"web"}"#,
                "service `web` answers where `api` is expected",
            ),
            (
                530,
                "error code: 1016",
                "it answered 530: the edge does not know the hostname yet",
            ),
            (500, "error code: 1101", "the Worker threw an exception (error 1101)"),
            (404, "", "it answered 404: no route yet, or no such path"),
            (
                302,
                "",
                "it answered 302, a redirect to `nowhere`, which is not followed",
            ),
            (
                522,
                "",
                "it answered 522: the edge has no connection behind the hostname yet",
            ),
            (
                502,
                "<html>",
                "it answered 502: the server behind it gives no answer yet",
            ),
        ];
        for (status, body, expected) in cases {
            assert_eq!(why(&judge(&expect(), &answer(status, body))), expected);
        }
    }

    #[test]
    fn some_answers_never_become_right() {
        let never = |verdict| matches!(verdict, Verdict::NotEver { .. });
        assert!(never(judge(&expect(), &answer(403, ""))));
        assert!(never(judge(
            &expect(),
            &answer(200, r#"{"status":"healthy","environment":"production"}"#)
        )));
        assert!(!never(judge(
            &expect(),
            &Outcome::Failed(Failure::Dns("no such host".to_owned()))
        )));
        assert!(!never(judge(
            &expect(),
            &Outcome::Failed(Failure::TimedOut(Duration::from_secs(5)))
        )));
    }

    #[test]
    fn an_old_versions_200_is_not_success() {
        let wanted = |wanted: &str| {
            let version = Version {
                wanted: wanted.to_owned(),
                place: VersionPlace::Document,
            };
            Expect {
                version: Some(version),
                ..Expect::default()
            }
        };
        let body = r#"{"status":"healthy","version":"996445bc-a0df"}"#;
        assert_eq!(judge(&wanted("996445bc"), &answer(200, body)), Verdict::Healthy);
        assert_eq!(
            why(&judge(&wanted("11111111"), &answer(200, body))),
            "version `996445bc-a0df` still answers; `11111111` is expected"
        );
        assert_eq!(
            why(&judge(&wanted("9"), &answer(200, body))),
            "version `996445bc-a0df` still answers; `9` is expected"
        );
        // One that says nothing is right only where that is said.
        let mut silent = wanted("11111111");
        let body = r#"{"status":"healthy"}"#;
        assert_ne!(judge(&silent, &answer(200, body)), Verdict::Healthy);
        silent.version.as_mut().unwrap().place = VersionPlace::DocumentIfTold;
        assert_eq!(judge(&silent, &answer(200, body)), Verdict::Healthy);
    }

    #[test]
    fn content_is_held_against_expectations() {
        let body = r#"{"data":{"items":[{"id":7}],"state":"ready"}}"#;
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let phases = super::super::Phases {
            total: Duration::from_millis(900),
            ..Default::default()
        };
        let answer = Answer {
            status: 200,
            headers,
            body: body.into(),
            phases,
            ..Answer::default()
        };
        let matcher = |text: &str| text.parse::<Matcher>().unwrap();
        let pair = |name: &str, text: &str| vec![(name.to_owned(), matcher(text))];
        let cases = [
            (
                Expect {
                    body: vec![matcher("ready")],
                    ..Expect::default()
                },
                "healthy",
            ),
            (
                Expect {
                    body: vec![matcher("/re+dy$/")],
                    ..Expect::default()
                },
                "the body does not hold `/re+dy$/`",
            ),
            (
                Expect {
                    json: pair("/data/items/0/id", "7"),
                    ..Expect::default()
                },
                "healthy",
            ),
            (
                Expect {
                    json: pair("/data/state", "done"),
                    ..Expect::default()
                },
                "`/data/state` is `ready`; `done` is expected",
            ),
            (
                Expect {
                    json: pair("/nope", "1"),
                    ..Expect::default()
                },
                "there is nothing at `/nope`; `1` is expected",
            ),
            (
                Expect {
                    headers: pair("Content-Type", "/json/"),
                    ..Expect::default()
                },
                "healthy",
            ),
            (
                Expect {
                    headers: pair("x-a", "b"),
                    ..Expect::default()
                },
                "header `x-a` is missing; `b` is expected",
            ),
            (
                Expect {
                    not_headers: pair("content-type", "/json/"),
                    ..Expect::default()
                },
                "header `content-type` is `application/json`, which it must not be",
            ),
            (
                Expect {
                    max_latency: Some(Duration::from_millis(500)),
                    ..Expect::default()
                },
                "the answer took 900 ms; at most 500 ms are expected",
            ),
            (
                Expect {
                    certificate_days: Some(14),
                    ..Expect::default()
                },
                "there is no certificate to look at: the URL is not https",
            ),
        ];
        for (expect, expected) in cases {
            assert_eq!(why(&judge(&expect, &Outcome::Answered(answer.clone()))), expected);
        }
    }
}
