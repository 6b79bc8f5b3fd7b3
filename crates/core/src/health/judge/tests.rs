//! A table of answers, each with its sentence.

use std::time::Duration;

use super::*;
use crate::health::{Failure, Matcher, Reading, Version, VersionPlace};

fn answer(status: u16, body: &str) -> Outcome {
    Outcome::Answered(Answer {
        status,
        body: body.as_bytes().to_vec(),
        ..Answer::default()
    })
}

fn expect() -> Expect {
    Expect {
        document: Reading::Strict,
        service: vec!["api".to_owned(), "api-worker".to_owned()],
        other_services: vec!["web".to_owned()],
        environment: Some("preview".to_owned()),
        ..Expect::default()
    }
}

fn why(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Healthy(None) => "healthy".to_owned(),
        Verdict::Healthy(Some(note)) => format!("healthy: {note}"),
        Verdict::NotYet(why) | Verdict::NotEver { why, .. } => why.to_string(),
    }
}

#[test]
fn a_table_of_answers() {
    let healthy = r#"{"status":"healthy","service":"api","environment":"preview","checks":{"database":"ok"}}"#;
    let cases = [
        (200, healthy, "healthy"),
        (
            200,
            "<html>",
            "it answered 200, but not with a health document: it is an HTML page",
        ),
        (200, "[]", "it answered 200, but not with a health document"),
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
            also: Vec::new(),
            place: VersionPlace::Document,
        };
        Expect {
            version: Some(version),
            ..Expect::default()
        }
    };
    let body = r#"{"status":"healthy","version":"996445bc-a0df"}"#;
    assert!(judge(&wanted("996445bc"), &answer(200, body)).is_healthy());
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
    assert!(!judge(&silent, &answer(200, body)).is_healthy());
    silent.version.as_mut().unwrap().place = VersionPlace::DocumentIfTold;
    assert!(judge(&silent, &answer(200, body)).is_healthy());
    // An application's own version is none of Cloudflare's: it says nothing of which deploy answers.
    for told in ["\"1.0.0\"", "7", "\"2026.11.27-1\"", "null"] {
        let body = format!(r#"{{"status":"healthy","version":{told}}}"#);
        assert!(judge(&silent, &answer(200, &body)).is_healthy(), "{told}");
    }
    let other = r#"{"status":"healthy","version":"996445bc-a0df-4656-b356-8f9baf681df5"}"#;
    assert_eq!(
        why(&judge(&silent, &answer(200, other))),
        "version `996445bc-a0df-4656-b356-8f9baf681df5` still answers; `11111111` is expected"
    );
    // Unless it is known to stand for the version that is wanted.
    silent.version.as_mut().unwrap().also = vec!["0123456789abcdef".to_owned()];
    let by_commit = r#"{"status":"healthy","version":"1.0.0","commit":"0123456789abcdef"}"#;
    assert!(judge(&silent, &answer(200, by_commit)).is_healthy());
}

#[test]
fn content_is_held_against_expectations() {
    let body = r#"{"data":{"items":[{"id":7}],"state":"ready"}}"#;
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let phases = crate::health::Phases {
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
            "the answer took longer than the 500 ms that are expected",
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

fn with_headers(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.into(),
        ..Answer::default()
    }
}

/// Status, headers, body; what is said of it, and what the remedy names.
type Wall = (
    u16,
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
    &'static str,
);

const HTML: (&str, &str) = ("content-type", "text/html");
const PAGE: &str = "<html><title>Just a moment...</title>";

const WALLS: &[Wall] = &[
    (
        403,
        &[("cf-mitigated", "challenge"), HTML],
        PAGE,
        "Cloudflare's bot protection answered 403 (cf-mitigated: challenge)",
        "Skip",
    ),
    (
        200,
        &[("cf-mitigated", "challenge")],
        "",
        "Cloudflare's bot protection answered 200",
        "Bot Fight Mode",
    ),
    (
        302,
        &[(
            "location",
            "https://acme.cloudflareaccess.com/cdn-cgi/access/login/a.example.com?kid=1",
        )],
        "",
        "Cloudflare Access asks for a login",
        "CF-Access-Client-Id",
    ),
    (
        302,
        &[("location", "/cdn-cgi/access/login?redirect_url=%2F")],
        "",
        "Cloudflare Access asks for a login",
        "CF-Access-Client-Secret",
    ),
    (
        401,
        &[("www-authenticate", "Cloudflare-Access resource_metadata=\"x\"")],
        "",
        "Cloudflare Access asks for a login",
        "Service Auth",
    ),
    (
        302,
        &[("location", "https://vercel.com/sso-api?url=https%3A%2F%2Fa.vercel.app")],
        "",
        "Vercel's deployment protection asks for a login",
        "x-vercel-protection-bypass",
    ),
    (
        401,
        &[("server", "Vercel"), HTML],
        "<title>Authentication Required</title>",
        "it answered 401: Vercel's deployment protection",
        "x-vercel-protection-bypass",
    ),
    (
        429,
        &[("x-vercel-mitigated", "challenge")],
        "",
        "Vercel's firewall answered 429",
        "x-vercel-protection-bypass",
    ),
    (
        401,
        &[("server", "Netlify"), HTML],
        "<form>",
        "it answered 401: Netlify asks for the site's password",
        "password protection",
    ),
    (
        401,
        &[("www-authenticate", "Basic realm=\"x\"")],
        "",
        "wants user and password (HTTP Basic)",
        "user:password@",
    ),
    (
        403,
        &[],
        "error code: 1020",
        "a rule of Cloudflare's firewall refuses this machine (error 1020)",
        "Security",
    ),
    (
        421,
        &[],
        "",
        "it answered 421: the server is not responsible for this hostname",
        "resolve",
    ),
    (
        400,
        &[HTML],
        "The plain HTTP request was sent to HTTPS port",
        "speaks https, and was asked in plain HTTP",
        "https://",
    ),
    (407, &[], "", "the proxy wants a login", "proxy"),
    (
        200,
        &[HTML],
        "<title>shop.com</title><script src=\"https://d1.parkingcrew.net/a.js\">",
        "a parking page answers (\"shop.com\")",
        "name servers",
    ),
    (
        200,
        &[HTML],
        "<script>window.onload=function(){window.location.href=\"/lander\"}</script>",
        "a parking page answers",
        "name servers",
    ),
];

#[test]
fn each_wall_is_named() {
    for (status, headers, body, told, remedy) in WALLS {
        let verdict = judge(
            &Expect::default(),
            &Outcome::Answered(with_headers(*status, headers, body)),
        );
        let Verdict::NotEver { why, remedy: found } = &verdict else {
            panic!("{told}: {verdict:?}")
        };
        assert!(
            why.to_string().contains(told) && found.contains(remedy),
            "{told}: {why} {found}"
        );
    }
}

#[test]
fn a_wall_is_never_healthy_unless_it_is_what_is_looked_for() {
    let access = with_headers(
        302,
        &[("location", "https://acme.cloudflareaccess.com/cdn-cgi/access/login/a")],
        "",
    );
    let mut expect = Expect {
        status: "200-399".parse().unwrap(),
        document: Reading::Told,
        ..Expect::default()
    };
    let challenge = with_headers(403, &[("cf-mitigated", "challenge")], "");
    let any = Expect {
        status: "403".parse().unwrap(),
        ..expect.clone()
    };
    assert!(!judge(&expect, &Outcome::Answered(access.clone())).is_healthy());
    assert!(!judge(&any, &Outcome::Answered(challenge)).is_healthy());
    expect.headers = vec![("location".to_owned(), "/cloudflareaccess/".parse().unwrap())];
    assert!(judge(&expect, &Outcome::Answered(access)).is_healthy());
}

#[test]
fn what_differs_on_each_try_is_no_other_verdict() {
    let of = |status: u16, headers: &[(&str, &str)], body: &str, millis: u64, expect: &Expect| {
        let mut answer = with_headers(status, headers, body);
        answer.phases.total = Duration::from_millis(millis);
        judge(expect, &Outcome::Answered(answer))
    };
    let plain = Expect::default();
    assert_eq!(
        of(403, &[("cf-ray", "8a1-FRA")], "", 1, &plain),
        of(403, &[("cf-ray", "9b2-FRA")], "", 2, &plain)
    );
    let failing = |message: &str| {
        format!(r#"{{"status":"unhealthy","checks":{{"database":{{"status":"down","message":"{message}"}}}}}}"#)
    };
    assert_eq!(
        of(503, &[], &failing("no answer in 1203 ms"), 1, &plain),
        of(503, &[], &failing("no answer in 1187 ms"), 1, &plain)
    );
    let quick = Expect {
        max_latency: Some(Duration::from_millis(5)),
        ..Expect::default()
    };
    assert_eq!(of(200, &[], "", 10, &quick), of(200, &[], "", 11, &quick));
    let ready = Expect {
        json: vec![("/at".to_owned(), "7".parse().unwrap())],
        ..Expect::default()
    };
    assert_eq!(
        of(200, &[], r#"{"at":1}"#, 1, &ready),
        of(200, &[], r#"{"at":2}"#, 1, &ready)
    );
    // Another status, or another failing check, is another state.
    assert_ne!(of(502, &[], "", 1, &plain), of(503, &[], "", 1, &plain));
    assert_ne!(
        of(503, &[], &failing("x"), 1, &plain),
        of(503, &[], &failing("x").replace("database", "kv"), 1, &plain)
    );
}

#[test]
fn a_header_that_stands_twice_is_right_by_any_of_its_values() {
    let header = |matcher: &str| vec![("vary".to_owned(), matcher.parse::<Matcher>().unwrap())];
    let answer = Outcome::Answered(with_headers(200, &[("vary", "accept"), ("vary", "origin")], ""));
    let wants = |headers| Expect {
        headers,
        ..Expect::default()
    };
    assert!(judge(&wants(header("origin")), &answer).is_healthy());
    assert_eq!(
        why(&judge(&wants(header("cookie")), &answer)),
        "header `vary` is `accept` and `origin`; `cookie` is expected"
    );
    let refuses = Expect {
        not_headers: header("origin"),
        ..Expect::default()
    };
    assert_eq!(
        why(&judge(&refuses, &answer)),
        "header `vary` is `origin`, which it must not be"
    );
}

#[test]
fn a_service_may_call_itself_by_any_of_its_names() {
    let body = |name: &str| format!(r#"{{"status":"healthy","service":"{name}"}}"#);
    for name in ["api", "api-worker", "API Worker"] {
        assert_eq!(why(&judge(&expect(), &answer(200, &body(name)))), "healthy", "{name}");
    }
    let remedy = |name: &str| match judge(&expect(), &answer(200, &body(name))) {
        Verdict::NotEver { remedy, .. } => remedy,
        other => panic!("{other:?}"),
    };
    assert!(remedy("web").starts_with("another Worker serves this hostname"));
    assert!(remedy("who-knows").starts_with("let `service` in the health document be `api` and `api-worker`"));
}

#[test]
fn a_body_that_was_cut_is_told_as_cut() {
    let mut cut = with_headers(200, &[], &"x".repeat(1 << 20));
    cut.truncated = true;
    let outcome = Outcome::Answered(cut);
    assert_eq!(
        why(&judge(&Expect::default(), &outcome)),
        "healthy: only the first 1 MiB of its body were read"
    );
    let wants = Expect {
        body: vec!["y".parse().unwrap()],
        ..Expect::default()
    };
    assert_eq!(
        why(&judge(&wants, &outcome)),
        "the body does not hold `y` in its first 1 MiB; the rest was not read"
    );
}

#[test]
fn a_page_where_json_is_expected_is_told_as_one() {
    let wants = Expect {
        json: vec![("/a".to_owned(), "1".parse().unwrap())],
        ..Expect::default()
    };
    let page = answer(200, "<!doctype html><html><head><title>Welcome\n to it</title>");
    assert_eq!(
        why(&judge(&wants, &page)),
        "it answered with an HTML page (\"Welcome to it\") where JSON is expected"
    );
    let strict = Expect {
        document: Reading::Strict,
        ..Expect::default()
    };
    assert_eq!(
        why(&judge(&strict, &page)),
        "it answered 200, but not with a health document: it is an HTML page (\"Welcome to it\")"
    );
}

#[test]
fn a_body_that_cannot_be_decoded_is_no_success_where_it_is_needed() {
    let mut answer = with_headers(200, &[], "?");
    answer.problem = Some("its body is encoded as `zstd`".to_owned());
    answer.path = "/health".to_owned();
    let read = judge(&Expect::default(), &Outcome::Answered(answer.clone()));
    assert_eq!(why(&read), "its body is encoded as `zstd`");
    answer.path = "/".to_owned();
    let not_read = judge(&Expect::default(), &Outcome::Answered(answer));
    assert_eq!(why(&not_read), "healthy: its body is encoded as `zstd`");
}

#[test]
fn a_commit_stands_for_a_version_where_that_is_said() {
    const COMMIT: &str = "4c2e1229f1d3a4b5c6d7e8f90a1b2c3d4e5f6a7b";
    let version = |also: &[&str]| Version {
        wanted: "996445bc-a0df-4656-b356-8f9baf681df5".to_owned(),
        also: also.iter().map(|also| (*also).to_owned()).collect(),
        place: VersionPlace::DocumentIfTold,
    };
    let told = |also: &[&str], told: &str| {
        let body = format!(r#"{{"status":"healthy","version":"{told}"}}"#);
        match answer(200, &body) {
            Outcome::Answered(answer) => tells(&version(also), &answer),
            Outcome::Failed(_) => panic!("an answer"),
        }
    };
    for (also, said, expected) in [
        (&[][..], "4c2e122", None),
        (&[], "1.0.0", None),
        (&[], "996445bc-a0df-4656-b356-8f9baf681df5", Some(true)),
        (&[], "00000000-a0df-4656-b356-8f9baf681df5", Some(false)),
        (&[COMMIT], COMMIT, Some(true)),
        (&[COMMIT], "4C2E122", Some(true)),
        // Too short, and no prefix.
        (&[COMMIT], "4c2e12", None),
        (&[COMMIT], "2e1229f1", Some(false)),
        (&[COMMIT], "1.0.0", None),
        (&[COMMIT, "v2.1.0", "2.1.0"], "2.1.0", Some(true)),
        (&[COMMIT, "v2.1.0", "2.1.0"], "2.0.0", None),
    ] {
        assert_eq!(told(also, said), expected, "{said} of {also:?}");
    }
}
