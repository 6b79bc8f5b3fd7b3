//! What a status means that is not the expected one.

use super::{Verdict, says_unhealthy, walls};
use crate::credential::shown;
use crate::health::Answer;
use crate::health::document::Found;

pub(super) fn wrong(answer: &Answer, found: &Found) -> Verdict {
    let status = answer.status;
    if let Some(why) = says_unhealthy(found) {
        let told = |text: &str| format!("{text} (status {status})");
        return Verdict::NotYet(super::Reason::varying(told(&why.text), told(&why.state)));
    }
    let code = cloudflare_code(&answer.body);
    match (status, code) {
        (_, Some(1101)) => Verdict::not_yet("the Worker threw an exception (error 1101)"),
        (400, _) if wants_https(answer) => Verdict::never(
            "it answered 400: the port speaks https, and was asked in plain HTTP",
            "write `https://`",
        ),
        (401 | 403, code) => walls::login(answer, code),
        (404, _) => Verdict::not_yet("it answered 404: no route yet, or no such path"),
        (405, _) => Verdict::never(
            "it answered 405: the path does not take this method",
            "give the check the `method` that the path takes",
        ),
        (407, _) => super::failed::meaning(&crate::health::Failure::ProxyLogin),
        (421, _) => Verdict::never(
            "it answered 421: the server is not responsible for this hostname (misdirected request)",
            "the address that was asked belongs to another site: look at DNS, `resolve` and the server's list of names",
        ),
        (429, _) => Verdict::not_yet("it answered 429: too many requests"),
        (502..=504, None) => Verdict::not_yet(format!(
            "it answered {status}: the server behind it gives no answer yet"
        )),
        (530, _) => Verdict::not_yet("it answered 530: the edge does not know the hostname yet"),
        (521..=526, _) => Verdict::not_yet(format!(
            "it answered {status}: the edge has no connection behind the hostname yet"
        )),
        (300..=399, _) => Verdict::not_yet(format!(
            "it answered {status}, a redirect to `{}`, which is not followed",
            shown(without_query(answer.header("location").unwrap_or("nowhere")))
        )),
        (_, Some(code)) => Verdict::not_yet(format!("it answered {status} (Cloudflare error {code})")),
        _ => Verdict::not_yet(format!("it answered {status}{}", though_healthy(found))),
    }
}

/// The query of a redirect may hold a nonce, which differs on each try.
fn without_query(location: &str) -> &str {
    location.split(['?', '#']).next().unwrap_or(location)
}

fn though_healthy(found: &Found) -> &'static str {
    match found {
        Found::Document(document) if document.meaning().is_some() => ", though it says it is healthy",
        _ => "",
    }
}

/// What nginx, Go and Apache answer to plain HTTP on a port that speaks TLS.
fn wants_https(answer: &Answer) -> bool {
    let text = String::from_utf8_lossy(answer.body.get(..2048).unwrap_or(&answer.body)).to_lowercase();
    [
        "plain http request was sent to https port",
        "http request to an https server",
        "speaking plain http to an ssl",
    ]
    .iter()
    .any(|known| text.contains(known))
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
