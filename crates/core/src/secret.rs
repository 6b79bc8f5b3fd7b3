//! Secrets are a type: masked the moment they are parsed, never printed, found again by [`redact`].

use std::sync::{Mutex, OnceLock, PoisonError};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
pub use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::credential;

/// What URLs escape in a user, password or query: all but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn known() -> &'static Mutex<Vec<String>> {
    static KNOWN: OnceLock<Mutex<Vec<String>>> = OnceLock::new();
    KNOWN.get_or_init(Mutex::default)
}

/// Who tells the runner of a mask. Outside of an action nobody does.
static ANNOUNCE: OnceLock<fn(&str)> = OnceLock::new();

/// From here on each new mask is announced so, before its value can be printed; once per process, at its beginning.
pub(crate) fn announce(by: fn(&str)) {
    let _ = ANNOUNCE.set(by);
}

/// Makes a secret of `value` and masks it first: the value, each of its lines, and its percent-encoded form.
pub fn secret(value: impl Into<String>) -> SecretString {
    let value = value.into();
    mask(&value);
    SecretString::from(value)
}

/// Makes a secret of a database URL and masks, beside the URL, its password raw and percent-encoded.
pub fn database_url(value: impl Into<String>) -> SecretString {
    let value = value.into();
    if let Ok(url) = Url::parse(&value)
        && let Some(encoded) = url.password()
    {
        mask(encoded);
        if let Ok(raw) = percent_encoding::percent_decode_str(encoded).decode_utf8() {
            mask(&raw);
        }
    }
    secret(value)
}

/// Reads a URL, and masks what in it is secret. It is shown by [`credential::shown_url`].
///
/// # Errors
/// It is no URL.
pub fn url(text: &str) -> Result<Url, url::ParseError> {
    let url = Url::parse(text)?;
    for secret in credential::of_url(&url) {
        mask(&secret);
    }
    Ok(url)
}

/// Masks what in a request header may be a credential.
pub fn header(name: &str, value: &str) {
    for secret in credential::of_header(name, value) {
        mask(&secret);
    }
}

/// Tells the runner to hide `value`, and remembers it for [`redact`]. Words such as `true` are no masks.
pub fn mask(value: &str) {
    let encoded = utf8_percent_encode(value, RESERVED).to_string();
    let lines = value.lines().map(str::trim).map(str::to_owned);
    let forms: Vec<String> = lines
        .chain([value.to_owned(), encoded])
        .filter(|form| form.trim().len() >= credential::SHORTEST_MASK && !credential::is_word(form))
        .collect();
    let mut known = known().lock().unwrap_or_else(PoisonError::into_inner);
    for form in forms {
        if known.contains(&form) {
            continue;
        }
        // One command a line: older runners mask only the first line of a multi-line value (actions/runner#161).
        if let Some(announce) = ANNOUNCE.get()
            && !form.contains('\n')
        {
            announce(&form);
        }
        known.push(form);
    }
}

/// `text` with each secret of this process replaced by `***`. The last line of defence for whatever a vendor
/// echoes back: reports, summaries, comments and errors all pass here.
pub fn redact(text: &str) -> String {
    let mut secrets = known().lock().unwrap_or_else(PoisonError::into_inner).clone();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(text.to_owned(), |text, secret| {
        if text.contains(secret.as_str()) {
            text.replace(secret.as_str(), "***")
        } else {
            text
        }
    })
}

/// `value` with each secret in its texts replaced. Keys, numbers and the shape stay: it is JSON afterwards, too. So do
/// the texts of the `fixed` keys, which are words of our own that readers know: a secret may be spelled like one of them.
pub fn redacted(value: Value, fixed: &[&str]) -> Value {
    match value {
        Value::String(text) => redact(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| redacted(item, fixed)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let stays = value.is_string() && fixed.contains(&name.as_str());
                let value = if stays { value } else { redacted(value, fixed) };
                (name, value)
            });
            fields.collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_database_urls_password_is_hidden_in_each_form() {
        let url = database_url("postgresql://owner:p%40ss%2Fword@ep-a.neon.tech/neondb");
        assert!(url.expose_secret().starts_with("postgresql://"));
        for leaked in [
            "p@ss/word",
            "p%40ss%2Fword",
            "postgresql://owner:p%40ss%2Fword@ep-a.neon.tech/neondb",
        ] {
            assert_eq!(redact(&format!("<{leaked}>")), "<***>", "{leaked}");
        }
    }

    #[test]
    fn each_line_of_a_secret_is_hidden() {
        mask("first-line\nsecond-line");
        assert_eq!(redact("a second-line b first-line"), "a *** b ***");
    }

    #[test]
    fn short_values_and_words_are_left_alone() {
        for word in ["on", "443", "true", "False", "null"] {
            mask(word);
            assert_eq!(redact(&format!("it is {word}")), format!("it is {word}"));
        }
        // A secret by its type is one, however poor it is.
        for poor in ["tru3", "8086"] {
            mask(poor);
            assert_eq!(redact(&format!("it is {poor}")), "it is ***");
        }
    }

    #[test]
    fn json_stays_json() {
        mask("healthy-s3cret");
        mask("quoted\"s3cret\\n");
        let value =
            json!({"healthy-s3cret": true, "list": ["x healthy-s3cret", 4711, null], "text": "a quoted\"s3cret\\n b"});
        assert_eq!(
            redacted(value, &[]),
            json!({"healthy-s3cret": true, "list": ["x ***", 4711, null], "text": "a *** b"})
        );
    }
}
