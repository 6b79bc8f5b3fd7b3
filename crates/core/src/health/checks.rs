//! Deeper checks: the grammar of `[[services.<key>.checks]]` in the manifest and of the input `checks`.
//!
//! A check is one request and what its answer is to be; `cors` adds one preflight for each origin it names.

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use indexmap::IndexMap;
use serde::Deserialize;
use url::Url;

use super::{Expect, Matcher, Reading, Request, StatusSet, Target, Version, Warn, steps};
use crate::credential::shown;

/// Headers that a page on the open web is to send, and what they are to hold.
const SECURITY_HEADERS: [(&str, &str); 4] = [
    ("strict-transport-security", "/max-age=[1-9]/"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "/./"),
    ("content-security-policy", "/./"),
];

/// Headers that belong to the connection, or follow from the URL.
const NOT_TO_SEND: [&str; 7] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
];

/// One check, as the user writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Check {
    pub name: Option<String>,
    /// A path under the service's URL.
    pub path: Option<String>,
    /// A whole URL, where there is no service.
    pub url: Option<String>,
    pub method: Option<String>,
    #[serde(default)]
    pub send: IndexMap<String, String>,
    pub body: Option<String>,
    pub status: Option<String>,
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    #[serde(default)]
    pub contains: Vec<String>,
    #[serde(default)]
    pub json: IndexMap<String, String>,
    pub max_latency: Option<String>,
    pub version: Option<String>,
    pub certificate_days: Option<u32>,
    #[serde(default)]
    pub security_headers: bool,
    pub cors: Option<Cors>,
    /// What later checks send: JSON pointer or header's name, and the name that they use in braces.
    #[serde(default)]
    pub capture: IndexMap<String, String>,
    /// `auto`, `none` or `strict`.
    pub document: Option<String>,
    /// `pass` or `fail`.
    pub warn: Option<String>,
}

/// Which origins may call, and which must not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cors {
    #[serde(default)]
    pub allow: Vec<String>,
    #[serde(default)]
    pub refuse: Vec<String>,
}

/// What is wrong with a check, and which one it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("check `{check}`: {problem}")]
pub struct WrongCheck {
    pub check: String,
    pub problem: String,
}

/// The targets of a list of checks. Paths are joined to `base`; without one, each check needs a `url`.
///
/// # Errors
/// Every check that is wrong.
pub fn parse(checks: &[Check], base: Option<&str>) -> Result<Vec<Target>, Vec<WrongCheck>> {
    let name_of = |at: usize| {
        let check: &Check = &checks[at];
        let place = || Some(steps::braces(&shown(check.path.as_ref().or(check.url.as_ref())?)));
        let name = check.name.clone().or_else(place);
        name.unwrap_or_else(|| format!("number {}", at + 1))
    };
    let values = steps::placeholders(checks);
    let mut wrong = Vec::new();
    let mut made: Vec<Vec<Target>> = Vec::new();
    for (at, check) in checks.iter().enumerate() {
        let found = match steps::problem(checks, at) {
            Some(problem) => Err(problem),
            None => targets_of(&steps::filled(check, &values), &name_of(at), base),
        };
        made.push(found.unwrap_or_else(|problem| {
            let check = name_of(at);
            wrong.push(WrongCheck { check, problem });
            Vec::new()
        }));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut targets = Vec::new();
    for group in steps::groups(checks) {
        match &group[..] {
            [alone] => targets.append(&mut made[*alone]),
            members => {
                let of_group = members.iter().map(|at| (name_of(*at), checks[*at].clone())).collect();
                let last = members.last().and_then(|at| made[*at].first().cloned());
                targets.extend(last.map(|last| steps::target(of_group, base, last)));
            }
        }
    }
    Ok(targets)
}

/// The request of one check, and the preflights that it asks for.
pub(super) fn targets_of(check: &Check, name: &str, base: Option<&str>) -> Result<Vec<Target>, String> {
    let url = url_of(check, base)?;
    let request = Request {
        method: check.method.as_deref().map_or(Ok(Method::GET), |method| {
            method
                .to_uppercase()
                .parse()
                .map_err(|_| format!("`{method}` is no HTTP method"))
        })?,
        url: url.clone(),
        headers: headers(&check.send)?,
        body: check.body.clone().unwrap_or_default(),
    };
    let mut targets = vec![Target {
        name: name.to_owned(),
        request,
        expect: expect(check)?,
        sequence: None,
    }];
    let cors = check.cors.clone().unwrap_or_default();
    for (origins, allowed) in [(&cors.allow, true), (&cors.refuse, false)] {
        for origin in origins {
            targets.push(preflight(name, &url, origin, allowed)?);
        }
    }
    Ok(targets)
}

fn url_of(check: &Check, base: Option<&str>) -> Result<Url, String> {
    let text = match (&check.url, &check.path, base) {
        (Some(url), None, _) => url.clone(),
        (None, Some(path), Some(base)) if path.starts_with('/') => format!("{base}{path}"),
        (None, Some(path), Some(_)) => return Err(format!("`path` is to start with `/`, not `{}`", shown(path))),
        (None, Some(_), None) => return Err("a `path` needs a service; give a whole `url`".to_owned()),
        (Some(_), Some(_), _) => return Err("has both `url` and `path`; give one".to_owned()),
        (None, None, _) => return Err("has neither `url` nor `path`".to_owned()),
    };
    let url = crate::secret::url(&text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| format!("`{}` is no http or https URL", shown(&text)))
}

fn headers(given: &IndexMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        crate::secret::header(name, value);
        let parsed = name
            .parse::<HeaderName>()
            .map_err(|_| format!("`{name}` is no header's name"))?;
        if let Some(problem) = not_to_send(&parsed) {
            return Err(problem);
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| format!("the value of header `{name}` has a character that headers cannot hold"))?;
        headers.append(parsed, value);
    }
    Ok(headers)
}

/// Why a header cannot be sent by hand.
pub fn not_to_send(name: &HeaderName) -> Option<String> {
    if *name == http::header::HOST {
        return Some(
            "`Host` follows from the URL, as do route and certificate; write the hostname in the URL and its address in `resolve`"
                .to_owned(),
        );
    }
    NOT_TO_SEND
        .contains(&name.as_str())
        .then(|| format!("`{name}` belongs to the connection and cannot be given"))
}

/// `auto`, `none` or `strict`. What is not said is `auto`, but for what the check expects of the status or the JSON
/// itself: that then decides, and the document is only told.
pub fn reading(given: Option<&str>, decided: bool) -> Result<Reading, String> {
    match given.map(str::trim) {
        None if decided => Ok(Reading::Told),
        None | Some("auto") => Ok(Reading::Auto),
        Some("none") => Ok(Reading::None),
        Some("strict") => Ok(Reading::Strict),
        Some(other) => Err(format!("`{other}` is none of `auto`, `none` and `strict`")),
    }
}

/// `pass` or `fail`.
pub fn warn(given: Option<&str>) -> Result<Warn, String> {
    match given.map(str::trim) {
        None | Some("pass") => Ok(Warn::Pass),
        Some("fail") => Ok(Warn::Fail),
        Some(other) => Err(format!("`{other}` is none of `pass` and `fail`")),
    }
}

fn expect(check: &Check) -> Result<Expect, String> {
    let matchers = |given: &IndexMap<String, String>| -> Result<Vec<(String, Matcher)>, String> {
        given
            .iter()
            .map(|(name, value)| Ok((name.clone(), value.parse()?)))
            .collect()
    };
    let mut wanted = matchers(&check.headers)?;
    if check.security_headers {
        for (name, value) in SECURITY_HEADERS {
            wanted.push((name.to_owned(), value.parse()?));
        }
    }
    if let Some(pointer) = check.json.keys().find(|pointer| !pointer.starts_with('/')) {
        return Err(format!(
            "`json.{pointer}`: a JSON pointer starts with `/`, such as `/data/0/id`"
        ));
    }
    Ok(Expect {
        document: reading(
            check.document.as_deref(),
            check.status.is_some() || !check.json.is_empty(),
        )
        .map_err(|problem| format!("`document`: {problem}"))?,
        warn: warn(check.warn.as_deref()).map_err(|problem| format!("`warn`: {problem}"))?,
        status: check.status.as_deref().map_or(Ok(StatusSet::default()), str::parse)?,
        version: check.version.as_deref().map(str::parse::<Version>).transpose()?,
        body: check
            .contains
            .iter()
            .map(|text| text.parse())
            .collect::<Result<_, _>>()?,
        headers: wanted,
        json: matchers(&check.json)?,
        max_latency: check.max_latency.as_deref().map(latency).transpose()?,
        certificate_days: check.certificate_days,
        ..Expect::default()
    })
}

/// A duration such as `800ms`.
fn latency(text: &str) -> Result<Duration, String> {
    crate::duration::parse(text).ok_or_else(|| format!("`{text}` is no duration, such as `800ms`"))
}

/// What a browser asks before it lets a page of `origin` call.
fn preflight(name: &str, url: &Url, origin: &str, allowed: bool) -> Result<Target, String> {
    let text = |text: &str| {
        HeaderValue::from_str(text).map_err(|_| format!("`{text}` is no origin, such as `https://app.example.com`"))
    };
    let mut headers = HeaderMap::new();
    headers.insert(http::header::ORIGIN, text(origin)?);
    headers.insert(
        http::header::ACCESS_CONTROL_REQUEST_METHOD,
        HeaderValue::from_static("GET"),
    );
    let request = Request {
        method: Method::OPTIONS,
        url: url.clone(),
        headers,
        body: String::new(),
    };
    // `*` lets everybody in, so it counts as an answer to each origin.
    let says_yes = format!(r"/^(\*|{})$/", regex_lite::escape(origin)).parse::<Matcher>()?;
    let header = "access-control-allow-origin".to_owned();
    let (status, verb) = if allowed {
        (StatusSet::default(), "allows")
    } else {
        ("100-599".parse()?, "refuses")
    };
    // A preflight has no document, and a refusal may be of any kind.
    let mut expect = Expect {
        status,
        document: Reading::None,
        ..Expect::default()
    };
    if allowed {
        expect.headers.push((header, says_yes));
    } else {
        expect.not_headers.push((header, says_yes));
    }
    Ok(Target {
        name: format!("{name} {verb} {origin}"),
        request,
        expect,
        sequence: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        checks: Vec<Check>,
    }

    fn checks(text: &str) -> Vec<Check> {
        toml::from_str::<File>(text).unwrap().checks
    }

    #[test]
    fn a_check_becomes_a_request_and_its_preflights() {
        let checks = checks(
            r#"
            [[checks]]
            name = "items"
            path = "/items?limit=1"
            status = "200"
            json = { "/items/0/id" = "/^[0-9]+$/" }
            max-latency = "800ms"
            cors = { allow = ["https://app.example.com"], refuse = ["https://evil.example"] }
            "#,
        );
        let targets = parse(&checks, Some("https://api.example.com")).unwrap();
        let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "items",
                "items allows https://app.example.com",
                "items refuses https://evil.example"
            ]
        );
        assert_eq!(targets[0].request.url.as_str(), "https://api.example.com/items?limit=1");
        assert_eq!(targets[0].expect.max_latency, Some(Duration::from_millis(800)));
        assert!(targets[2].expect.not_headers[0].1.is("*"));
        assert!(!targets[2].expect.not_headers[0].1.is("https://app.example.com"));
    }

    #[test]
    fn every_wrong_check_is_told() {
        let checks = checks(
            r#"
            [[checks]]
            path = "items"
            [[checks]]
            name = "status"
            path = "/"
            status = "fine"
            [[checks]]
            name = "pointer"
            path = "/"
            json = { "items.0" = "x" }
            [[checks]]
            "#,
        );
        let told: Vec<String> = parse(&checks, Some("https://a.b"))
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "check `items`: `path` is to start with `/`, not `items`",
                "check `status`: `fine` is no status; write `200`, `200-299`, `2xx` or several with commas",
                "check `pointer`: `json.items.0`: a JSON pointer starts with `/`, such as `/data/0/id`",
                "check `number 4`: has neither `url` nor `path`",
            ]
        );
    }
}
