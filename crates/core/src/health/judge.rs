//! What the outcome of one probe means. No I/O: a table of cases, each with its sentence.

use super::{Answer, Document, Expect, Failure, Outcome, Status};

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
    match failure {
        Failure::Dns(text) => Verdict::NotYet(format!("the hostname does not resolve ({text})")),
        Failure::Refused => not_yet("the connection was refused"),
        // A new hostname has no certificate for a while: the edge answers with an alert.
        Failure::Tls(text) => Verdict::NotYet(format!("TLS failed ({text})")),
        Failure::TimedOut(limit) => Verdict::NotYet(format!("no answer within {}", crate::text::elapsed(*limit))),
        Failure::Other(text) => Verdict::NotYet(format!("the connection failed ({text})")),
    }
}

fn answered(expect: &Expect, answer: &Answer) -> Verdict {
    let document = Document::read(&answer.body);
    if !expect.status.contains(answer.status) {
        return wrong_status(answer, document.as_ref());
    }
    let Some(document) = document else {
        if expect.document {
            return Verdict::NotYet(format!("it answered {}, but not with a health document", answer.status));
        }
        return version(expect, None, answer);
    };
    if let (Some(wanted), Some(found)) = (&expect.environment, &document.environment)
        && wanted != found
    {
        let why = format!("environment `{found}` answers where `{wanted}` is expected");
        let remedy = "another environment's route or record serves this hostname: look for a wildcard route".to_owned();
        return Verdict::NotEver { why, remedy };
    }
    if let (Some(wanted), Some(found)) = (&expect.service, &document.service)
        && wanted != found
    {
        let why = format!("service `{found}` answers where `{wanted}` is expected");
        let remedy = "another Worker serves this hostname: look at its routes and custom domains".to_owned();
        return Verdict::NotEver { why, remedy };
    }
    if document.status != Status::Healthy {
        return Verdict::NotYet(unhealthy(&document));
    }
    if let Some(failing) = document.failing().first() {
        return Verdict::NotYet(format!("it says it is healthy, but a check is not ok ({failing})"));
    }
    version(expect, Some(&document), answer)
}

fn unhealthy(document: &Document) -> String {
    let failing = document.failing();
    if failing.is_empty() {
        "it says it is unhealthy".to_owned()
    } else {
        format!("it says it is unhealthy ({})", failing.join(", "))
    }
}

fn version(expect: &Expect, document: Option<&Document>, answer: &Answer) -> Verdict {
    let Some(version) = &expect.version else {
        return Verdict::Healthy;
    };
    let found = match &version.header {
        Some(header) => answer.header(header),
        None => document.and_then(|document| document.version.as_deref()),
    };
    match found {
        Some(found) if found == version.wanted || (version.wanted.len() >= 8 && found.starts_with(&version.wanted)) => {
            Verdict::Healthy
        }
        Some(found) => Verdict::NotYet(format!(
            "version `{found}` still answers; `{}` is expected",
            version.wanted
        )),
        None => Verdict::NotYet(format!(
            "it does not tell its version; `{}` is expected",
            version.wanted
        )),
    }
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
        (530, _) => Verdict::NotYet("it answered 530: the edge does not know the hostname yet".to_owned()),
        (521..=526, _) => Verdict::NotYet(format!(
            "it answered {status}: the edge has no connection behind the hostname yet"
        )),
        (300..=399, _) => {
            let to = answer.header("location").unwrap_or("nowhere");
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
    use crate::health::Version;

    fn answer(status: u16, body: &str) -> Outcome {
        Outcome::Answered(Answer {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            truncated: false,
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
            (502, "<html>", "it answered 502"),
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
        let wanted = |wanted: &str| Expect {
            version: Some(Version {
                wanted: wanted.to_owned(),
                header: None,
            }),
            ..Expect::default()
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
    }
}
