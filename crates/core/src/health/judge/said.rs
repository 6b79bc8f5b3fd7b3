//! What a health document says, held against what is expected of it.

use super::{Reason, Verdict, content};
use crate::health::document::{Found, Meaning};
use crate::health::{Answer, Document, Expect, Reading, Warn};
use crate::text::{quoted_list, shorten};

/// Why the answer is not healthy by its own words. What is only told goes to `notes`.
pub(super) fn judge(expect: &Expect, answer: &Answer, found: &Found, notes: &mut Vec<Reason>) -> Option<Verdict> {
    let strict = expect.document == Reading::Strict;
    let document = match found {
        Found::Document(document) => document,
        Found::Unreadable(why) => {
            // Where in the text it ends may differ on each try.
            let why = Reason::varying(why.clone(), "its JSON cannot be read".to_owned());
            if expect.document != Reading::Told {
                return Some(Verdict::NotYet(why));
            }
            notes.push(why);
            return None;
        }
        Found::Other if strict => return Some(Verdict::not_yet(none(answer))),
        Found::Other => return None,
    };
    if let Some(verdict) = another(expect, document) {
        return Some(verdict);
    }
    if let Some(why) = unhealthy(document) {
        if expect.document == Reading::Told {
            let told = |text: &str| format!("{text}, but what is expected decides");
            notes.push(Reason::varying(told(&why.text), told(&why.state)));
            return None;
        }
        return Some(Verdict::NotYet(why));
    }
    let unknown = document.unknown();
    let whole_is_unknown = document.status.as_ref().is_some_and(|word| word.meaning.is_none());
    if strict && !unknown.is_empty() {
        let what = if whole_is_unknown { "of itself" } else { "of a check" };
        return Some(Verdict::not_yet(format!(
            "it says {} {what}, which is not understood",
            quoted_list(&unknown[..1])
        )));
    }
    if document.meaning() == Some(Meaning::Degraded) {
        let degraded = degraded(document);
        if expect.warn == Warn::Fail {
            return Some(Verdict::NotYet(degraded));
        }
        let told = |text: &str| format!("{text}, which counts as healthy");
        notes.push(Reason::varying(told(&degraded.text), told(&degraded.state)));
    } else if whole_is_unknown && document.meaning().is_none() {
        notes.push(
            format!(
                "what it says is not understood ({}); its status {} decides",
                quoted_list(&unknown[..1]),
                answer.status
            )
            .into(),
        );
    } else if !unknown.is_empty() {
        let text = format!(
            "what some of its checks say is not understood ({})",
            quoted_list(&unknown)
        );
        notes.push(Reason::varying(text, "some checks are not understood".to_owned()));
    }
    None
}

fn none(answer: &Answer) -> String {
    let page = content::html_title(answer)
        .map(|title| format!(": it is an HTML page{title}"))
        .unwrap_or_default();
    format!("it answered {}, but not with a health document{page}", answer.status)
}

/// Whether another environment or service answers.
fn another(expect: &Expect, document: &Document) -> Option<Verdict> {
    if let (Some(wanted), Some(found)) = (&expect.environment, &document.environment)
        && wanted != found
    {
        return Some(Verdict::never(
            format!(
                "environment `{}` answers where `{wanted}` is expected",
                shorten(found, 60)
            ),
            "another environment's route or record serves this hostname: look for a wildcard route",
        ));
    }
    let (wanted, found) = (expect.service.first()?, document.service.as_ref()?);
    let is = |names: &[String]| names.iter().any(|name| plain(name) == plain(found));
    if is(&expect.service) {
        return None;
    }
    let remedy = if is(&expect.other_services) {
        "another Worker serves this hostname: look at its routes and custom domains".to_owned()
    } else {
        format!(
            "let `service` in the health document be {}, or leave it out; if that is another Worker, look at the hostname's routes and custom domains",
            quoted_list(&expect.service)
        )
    };
    Some(Verdict::never(
        format!("service `{}` answers where `{wanted}` is expected", shorten(found, 60)),
        remedy,
    ))
}

/// A name as it is compared: `Identity API` is `identity-api`.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Why a document says that its service is not healthy.
pub(super) fn unhealthy(document: &Document) -> Option<Reason> {
    let failing = document.saying(Meaning::Unhealthy);
    let word = document
        .status
        .as_ref()
        .filter(|word| word.meaning == Some(Meaning::Unhealthy));
    let what = match word {
        Some(word) if failing.is_empty() => {
            let bare = word.text.to_lowercase();
            let other = (bare != "unhealthy").then(|| format!(" (`{}`)", word.text));
            return Some(format!("it says it is unhealthy{}", other.unwrap_or_default()).into());
        }
        Some(_) => "it says it is unhealthy",
        None if failing.is_empty() => return None,
        None if document.status.is_none() => "it says that a check fails",
        None => "it says it is healthy, but a check is not ok",
    };
    Some(of_checks(what, document, Meaning::Unhealthy))
}

fn degraded(document: &Document) -> Reason {
    let what = "it says it is degraded";
    if document.saying(Meaning::Degraded).is_empty() {
        return what.into();
    }
    of_checks(what, document, Meaning::Degraded)
}

/// `it says … (database: down, kv: error)`. Its messages are no news.
fn of_checks(what: &str, document: &Document, meaning: Meaning) -> Reason {
    let parts = document.checks.iter().filter(|part| part.word.meaning == Some(meaning));
    let bare: Vec<String> = parts.map(|part| format!("{}: {}", part.name, part.word.text)).collect();
    let told = document.saying(meaning).join(", ");
    Reason::varying(
        format!("{what} ({})", shorten(&told, 400)),
        format!("{what} ({})", bare.join(", ")),
    )
}
