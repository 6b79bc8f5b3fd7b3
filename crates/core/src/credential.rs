//! What may be a credential, and what cannot be one.
//!
//! A mask replaces its text everywhere: in the log, in outputs, in the comment. So a mask such as `true` destroys more
//! than it hides. Inputs that are secrets by their type are masked as they are; what stands in headers and URLs is
//! judged here, by the name that it has and by its shape.

use std::borrow::Cow;

use url::Url;

/// Shorter values are not masked: a runner replaces a mask everywhere, and a mask such as `1` or `on` would turn
/// the whole log into asterisks (and drop job outputs that happen to contain it).
pub(crate) const SHORTEST_MASK: usize = 4;

/// Stands for what is hidden.
const HIDDEN: &str = "***";
/// Words that settings are made of: never a mask, whatever they were given for.
const WORDS: [&str; 12] = [
    "true",
    "false",
    "null",
    "none",
    "undefined",
    "auto",
    "always",
    "never",
    "default",
    "enabled",
    "disabled",
    "yes",
];
/// Parts of the names of headers and parameters that carry credentials.
const CARRIERS: [&str; 14] = [
    "token",
    "secret",
    "password",
    "passwd",
    "authorization",
    "cookie",
    "credential",
    "signature",
    "apikey",
    "api-key",
    "api_key",
    "session",
    "bypass",
    "jwt",
];
/// Names that often do, and often do not (`?key=main`, `?code=de`).
const WEAK_CARRIERS: [&str; 8] = ["key", "auth", "sig", "code", "pass", "pwd", "client-id", "hmac"];
/// Characters; below that, the value of a weak carrier is hidden where it stands and is no mask.
const SHORTEST_WEAK: usize = 8;
/// Digits; fewer are a port, a count, a year.
const SHORTEST_NUMBER: usize = 8;

/// Whether `value` is so common a word that it must not be a mask, whatever it was given for.
pub(crate) fn is_word(value: &str) -> bool {
    WORDS.iter().any(|word| value.trim().eq_ignore_ascii_case(word))
}

fn is_short_number(value: &str) -> bool {
    let of_numbers = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | ':');
    value.len() < SHORTEST_NUMBER && value.chars().all(of_numbers)
}

/// Whether what is called so is a credential by its name.
pub fn carries(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    CARRIERS.iter().any(|part| name.contains(part))
}

fn may_carry(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = |part: &&str| {
        name.strip_suffix(*part)
            .is_some_and(|before| before.is_empty() || before.ends_with(['-', '_', '.']))
    };
    WEAK_CARRIERS.iter().any(ends)
}

/// Whether `value` looks drawn rather than written: a long run of letters and digits, or several shorter ones, that
/// mix them as no word does.
pub fn looks_drawn(value: &str) -> bool {
    let runs = || value.split(|c: char| !c.is_ascii_alphanumeric());
    value.len() >= 12 && runs().map(mixes).sum::<usize>() >= 4 || runs().any(is_drawn)
}

/// How often a run goes from letters to digits, or back.
fn mixes(run: &str) -> usize {
    let pairs = run.as_bytes().windows(2);
    pairs
        .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
        .count()
}

fn is_drawn(run: &str) -> bool {
    let pairs = run.as_bytes().windows(2);
    let humps = pairs
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    let digits = run.bytes().all(|c| c.is_ascii_digit());
    match run.len() {
        0..8 => false,
        8..12 => mixes(run) >= 2,
        12..16 => mixes(run) >= 2 || digits,
        16..24 => mixes(run) >= 1 || humps >= 3 || digits,
        _ => true,
    }
}

/// How vendors begin what is to be kept secret: Stripe, GitHub, GitLab, Slack, Neon, npm, `SendGrid`, Cloudflare.
const SECRET_BEGINNINGS: [&str; 20] = [
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "napi_",
    "npm_",
    "SG.",
    "cfat_",
    "cfut_",
    "sk-ant-",
    "sk-proj-",
];
/// Parts of names that say of a key that everybody may have it.
const PUBLIC_NAMES: [&str; 4] = ["public", "publishable", "site", "client_id"];
/// Endings of names of what is no secret itself.
const OF_NO_SECRET: [&str; 7] = ["_id", "_name", "_url", "_uri", "_host", "_ttl", "_header"];

/// Whether a text that everybody may read looks like a secret that stands there by mistake: by how it begins, or by its
/// name and its shape. Names alone are not enough (`TOKEN_TTL=3600`).
pub fn reads_as_secret(name: &str, value: &str) -> bool {
    let value = value.trim();
    let drawn = |rest: &str| rest.len() >= SHORTEST_WEAK && looks_drawn(rest);
    let is_key = SECRET_BEGINNINGS
        .iter()
        .any(|beginning| value.strip_prefix(beginning).is_some_and(drawn));
    let has_password = || {
        let url = Url::parse(value).ok();
        url.is_some_and(|url| {
            url.password()
                .is_some_and(|password| !password.is_empty() && !is_local(&url))
        })
    };
    if is_key || value.starts_with("-----BEGIN") && value.contains("PRIVATE KEY") || has_password() {
        return true;
    }
    let name = name.to_ascii_lowercase();
    let is_public =
        PUBLIC_NAMES.iter().any(|part| name.contains(part)) || OF_NO_SECRET.iter().any(|end| name.ends_with(end));
    !is_public && !value.contains("://") && (carries(&name) || name.ends_with("key")) && looks_drawn(value)
}

/// A database on a developer's machine has a password that everybody knows.
fn is_local(url: &Url) -> bool {
    url.host_str()
        .is_some_and(|host| host == "localhost" || host == "db" || host.starts_with("127."))
}

/// Whether a value is to be a mask, by the name that it stands under.
fn is_credential(name: &str, value: &str) -> bool {
    if value.chars().count() < SHORTEST_MASK || is_word(value) || is_short_number(value) {
        return false;
    }
    carries(name) || may_carry(name) && value.len() >= SHORTEST_WEAK || looks_drawn(value)
}

/// What of a request header's value is to be masked: the whole, and a credential behind its scheme (`Bearer …`) or
/// each cookie's value, which servers echo alone.
pub fn of_header(name: &str, value: &str) -> Vec<String> {
    if !is_credential(name, value) {
        return Vec::new();
    }
    let mut found = vec![value.to_owned()];
    if name.eq_ignore_ascii_case("cookie") {
        let values = value.split(';').filter_map(|pair| pair.split_once('='));
        // A cookie's name tells less than the header's: most cookies are settings.
        found.extend(
            values
                .filter(|(name, value)| is_credential(name.trim(), value.trim()))
                .map(|(_, value)| value.trim().to_owned()),
        );
    } else if let Some((_, credential)) = value.split_once(' ') {
        found.extend(Some(credential.trim().to_owned()).filter(|credential| is_credential(name, credential)));
    }
    found
}

/// What of a URL is to be masked: its password (or a user that looks like a token), and its query's credentials, each
/// as it is written and as it is meant.
pub fn of_url(url: &Url) -> Vec<String> {
    let mut found: Vec<String> = url.password().map(str::to_owned).into_iter().collect();
    if url.password().is_none() && looks_drawn(url.username()) {
        found.push(url.username().to_owned());
    }
    for (name, value) in parameters(url.query().unwrap_or_default()) {
        if is_credential(&decoded(name), &decoded(value)) {
            found.push(value.to_owned());
        }
    }
    let meant: Vec<String> = found.iter().map(|text| decoded(text).into_owned()).collect();
    found.extend(meant);
    found.dedup();
    found
}

/// A URL as people may see it: without user and password, and with the values of its query that may be credentials
/// hidden. For every URL that is printed, reported or linked.
pub fn shown_url(url: &Url) -> String {
    let mut url = url.clone();
    // Only a URL that cannot have them refuses.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    if let Some(query) = url.query().and_then(hidden) {
        url.set_query(Some(&query));
    }
    if let Some(fragment) = url.fragment().and_then(hidden) {
        url.set_fragment(Some(&fragment));
    }
    url.to_string()
}

/// The same for a text that is to be a URL, or a path with a query: what cannot be parsed loses what stands before an
/// `@`.
pub fn shown(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) if url.has_host() => {
            let shown = shown_url(&url);
            // As it was written, where nothing in it is hidden.
            if shown == url.as_str() { text.to_owned() } else { shown }
        }
        _ => {
            let user = text.rsplit_once('@').filter(|_| !text.starts_with('/'));
            let text = user.map_or(Cow::Borrowed(text), |(_, rest)| format!("…@{rest}").into());
            match text.split_once('?') {
                Some((path, query)) => format!("{path}?{}", hidden(query).as_deref().unwrap_or(query)),
                None => text.into_owned(),
            }
        }
    }
}

/// The query with its credentials hidden; `None` when it has none.
fn hidden(query: &str) -> Option<String> {
    let is_secret = |(name, value): (&str, &str)| {
        let (name, value) = (decoded(name), decoded(value));
        !value.is_empty() && (carries(&name) || may_carry(&name) || looks_drawn(&value))
    };
    if !parameters(query).any(is_secret) {
        return None;
    }
    let parts = query.split('&').map(|part| match part.split_once('=') {
        Some((name, value)) if is_secret((name, value)) => format!("{name}={HIDDEN}"),
        None if looks_drawn(part) => HIDDEN.to_owned(),
        _ => part.to_owned(),
    });
    Some(parts.collect::<Vec<_>>().join("&"))
}

/// A part without `=` is a value without a name: some webhooks carry their secret so.
fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').map(|part| part.split_once('=').unwrap_or(("", part)))
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_credential_is_a_mask() {
        // Header, value, what of it is masked.
        let table: &[(&str, &str, &[&str])] = &[
            ("X-Debug", "true", &[]),
            ("X-Debug", "1", &[]),
            ("X-Environment", "preview", &[]),
            ("X-Environment", "production", &[]),
            ("X-Branch", "preview-pr-42", &[]),
            ("X-Branch", "feature123", &[]),
            ("X-Retries", "1000000", &[]),
            ("Accept", "application/vnd.github.v3+json", &[]),
            ("Accept-Language", "en-US,en;q=0.9", &[]),
            ("Cache-Control", "no-cache, max-age=0", &[]),
            ("Host", "api-preview-42.example.com", &[]),
            ("X-Forwarded-For", "203.0.113.7", &[]),
            ("If-Modified-Since", "Wed, 21 Oct 2026 07:28:00 GMT", &[]),
            ("X-Requested-With", "XMLHttpRequest", &[]),
            ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", &[]),
            ("Authorization", "true", &[]),
            ("X-Api-Key", "null", &[]),
            ("X-Token-Ttl", "3600", &[]),
            (
                "Authorization",
                "Bearer s3cret-token",
                &["Bearer s3cret-token", "s3cret-token"],
            ),
            (
                "authorization",
                "Basic dXNlcjpwdw==",
                &["Basic dXNlcjpwdw==", "dXNlcjpwdw=="],
            ),
            ("CF-Access-Client-Secret", "hunter2", &["hunter2"]),
            ("CF-Access-Client-Id", "acme.access", &["acme.access"]),
            ("X-Api-Key", "correct-horse", &["correct-horse"]),
            ("X-Vercel-Protection-Bypass", "letmein", &["letmein"]),
            (
                "Cookie",
                "theme=dark; session=abcd; id=9f8e7d6c5b",
                &["theme=dark; session=abcd; id=9f8e7d6c5b", "abcd", "9f8e7d6c5b"],
            ),
            ("X-Custom", "hunter2hunter", &["hunter2hunter"]),
            ("X-Custom", "an0ther-s3cret", &["an0ther-s3cret"]),
            ("X-Custom", "another-value", &[]),
            (
                "X-Custom",
                "123e4567-e89b-12d3-a456-426614174000",
                &["123e4567-e89b-12d3-a456-426614174000"],
            ),
            (
                "X-Custom",
                "ghp_aBcDeFgHiJkLmNoPqRsTuVwXyZ012345",
                &["ghp_aBcDeFgHiJkLmNoPqRsTuVwXyZ012345"],
            ),
        ];
        for (name, value, masked) in table {
            assert_eq!(of_header(name, value), *masked, "{name}: {value}");
        }
    }

    #[test]
    fn a_url_is_shown_without_its_credentials() {
        // URL, as it is shown, what of it is masked.
        let table: &[(&str, &str, &[&str])] = &[
            (
                "https://a.example.com/health?page=2&full=true",
                "https://a.example.com/health?page=2&full=true",
                &[],
            ),
            (
                "https://a.example.com/?token=s3cr",
                "https://a.example.com/?token=***",
                &["s3cr"],
            ),
            (
                "https://a.example.com/?a=1&access_token=p%40ss#top",
                "https://a.example.com/?a=1&access_token=***#top",
                &["p%40ss", "p@ss"],
            ),
            (
                "https://a.example.com/?X-Amz-Signature=ab12cd&sig=x%2Fy",
                "https://a.example.com/?X-Amz-Signature=***&sig=***",
                &["ab12cd"],
            ),
            ("https://a.example.com/?key=main", "https://a.example.com/?key=***", &[]),
            (
                "https://a.example.com/?token=true",
                "https://a.example.com/?token=***",
                &[],
            ),
            (
                "https://a.example.com/?monkey=house",
                "https://a.example.com/?monkey=house",
                &[],
            ),
            (
                "https://a.example.com/?x=9f8e7d6c5b4a",
                "https://a.example.com/?x=***",
                &["9f8e7d6c5b4a"],
            ),
            (
                "https://a.example.com/?9f8e7d6c5b4a",
                "https://a.example.com/?***",
                &["9f8e7d6c5b4a"],
            ),
            (
                "https://a.example.com/#id_token=abcd",
                "https://a.example.com/#id_token=***",
                &[],
            ),
            (
                "https://me:p%3Aw0rd@a.example.com/x",
                "https://a.example.com/x",
                &["p%3Aw0rd", "p:w0rd"],
            ),
            ("https://octocat@a.example.com/x", "https://a.example.com/x", &[]),
            (
                "https://9f8e7d6c5b4a@a.example.com/",
                "https://a.example.com/",
                &["9f8e7d6c5b4a"],
            ),
        ];
        for (text, shown, masked) in table {
            let url = Url::parse(text).unwrap();
            assert_eq!(shown_url(&url), *shown, "{text}");
            assert_eq!(of_url(&url), *masked, "{text}");
            assert_eq!(super::shown(text), *shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_shown_without_credentials_too() {
        for (text, shown) in [
            ("me:pw@a.example.com/x?token=abc", "…@a.example.com/x?token=***"),
            ("/health?sig=abc&x=1", "/health?sig=***&x=1"),
            ("/@octocat?page=2", "/@octocat?page=2"),
            ("console.neon.tech", "console.neon.tech"),
            ("localhost:8080?token=abc", "localhost:8080?token=***"),
        ] {
            assert_eq!(super::shown(text), shown);
        }
    }
}
