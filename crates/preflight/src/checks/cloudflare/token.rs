//! Whether the token lives. Pure.

use actions_core::cloudflare::{Error, TokenStatus};
use jiff::{Timestamp, ToSpan as _};

use super::facts::{Facts, Shape};
use super::{TOKEN, kinds, page};
use crate::finding::Finding;

/// Hours before its end from which a token's end is told: fourteen days.
const SOON: i64 = 14 * 24;

pub(super) fn judge(facts: &Facts, now: Timestamp) -> Vec<Finding> {
    match &facts.token {
        Ok(token) => of_living(facts, token, now).into_iter().collect(),
        Err(error) if facts.is_dead() => vec![unknown(facts, error)],
        Err(_) => Vec::new(),
    }
}

/// Cloudflare knows no such token.
fn unknown(facts: &Facts, error: &Error) -> Finding {
    let status = error.status().unwrap_or_default();
    let codes = error
        .refusal()
        .map(|refusal| refusal.codes.as_slice())
        .unwrap_or_default();
    // `Cannot use the access token from location: …` (code 9109).
    if codes.iter().any(|code| code.message.contains("from location")) {
        return Finding::new(
            &kinds::TOKEN_INACTIVE,
            TOKEN,
            "the API token is limited to some addresses, and this machine's is none of them",
            format!("allow it under Client IP Address Filtering at {}", page(facts)),
        );
    }
    let (what, remedy) = match facts.reads_like {
        Shape::GlobalKey => (
            "it reads like the global API key, which is none",
            "make an API token instead".to_owned(),
        ),
        Shape::Quoted => ("it begins with a quotation mark", "store it without quotes".to_owned()),
        Shape::OfAccount => (
            "it is an account's own, and was deleted or belongs to another account",
            format!("compare `cloudflare-account-id` (`{}`), or make a new token", facts.account),
        ),
        Shape::Usual => (
            "it was deleted or rolled, or is not whole",
            "make a new token (one that an account owns is known to that account alone: compare `cloudflare-account-id`)"
                .to_owned(),
        ),
    };
    Finding::new(
        &kinds::TOKEN_INVALID,
        TOKEN,
        format!("Cloudflare does not accept the API token ({status}): {what}"),
        format!("{remedy}, at {}, and store it as the secret `{TOKEN}`", page(facts)),
    )
}

fn of_living(facts: &Facts, token: &TokenStatus, now: Timestamp) -> Option<Finding> {
    let page = page(facts);
    let inactive = |said: String, remedy: String| Some(Finding::new(&kinds::TOKEN_INACTIVE, TOKEN, said, remedy));
    let ended = token.expires_on.filter(|end| *end <= now);
    if token.status == "expired" || ended.is_some() {
        let at = ended.map(|at| format!(" at {at}")).unwrap_or_default();
        let remedy = format!("roll it, or give it a later end, at {page}");
        return inactive(format!("the API token has expired{at}"), remedy);
    }
    if !token.is_active() {
        let said = format!("the API token is `{}`", token.status);
        return inactive(said, format!("enable it, or make a new one, at {page}"));
    }
    if let Some(begin) = token.not_before.filter(|begin| *begin > now) {
        let said = format!("the API token is valid from {begin} only");
        return inactive(said, format!("give it an earlier beginning at {page}"));
    }
    let soon = now.checked_add(SOON.hours()).ok()?;
    let end = token.expires_on.filter(|end| *end <= soon)?;
    let hours = end.duration_since(now).as_hours();
    let left = match hours {
        0..24 => "today".to_owned(),
        24..48 => "in a day".to_owned(),
        _ => format!("in {} days", hours / 24),
    };
    Some(Finding::new(
        &kinds::TOKEN_EXPIRES,
        TOKEN,
        format!("the API token expires {left}, at {end}"),
        format!("roll it, or give it a later end, at {page}, and store the new value as the secret `{TOKEN}`"),
    ))
}
