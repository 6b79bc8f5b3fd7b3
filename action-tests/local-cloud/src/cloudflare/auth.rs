//! Who may ask what: tokens, their limits, the request rate, and ids in the path.

use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::envelope::Refusal;
use super::model;
use super::shared::Shared;
use crate::cloudflare::shared::Cloudflare;
use crate::gate;
use crate::lock::lock;

/// Length of the rate-limit window.
const WINDOW_SECONDS: i64 = 300;
/// Cloudflare's documented limit for one token in one window.
const USUAL_LIMIT: u32 = 1200;

/// The names of permissions here, and those of Cloudflare's permission groups.
const GROUPS: [(&str, &str); 11] = [
    ("zone", "Zone"),
    ("dns", "DNS"),
    ("routes", "Workers Routes"),
    ("ssl", "SSL and Certificates"),
    ("pagerules", "Page Rules"),
    ("workers", "Workers Scripts"),
    ("kv", "Workers KV Storage"),
    ("r2", "Workers R2 Storage"),
    ("d1", "D1"),
    ("queues", "Queues"),
    ("tokens", "API Tokens"),
];

/// A token with limits. Seeded; see the README.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Token {
    pub(super) id: String,
    /// `dns:read`, `workers:edit` and so on; an edit includes its read. None: all.
    pub(super) permissions: Option<Vec<String>>,
    /// Names of the zones it is limited to. None: all.
    pub(super) zones: Option<Vec<String>>,
    pub(super) status: Status,
    pub(super) kind: Kind,
    pub(super) expires_on: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Active,
    Disabled,
    Expired,
    /// Not a token at all.
    Invalid,
}

/// User tokens and account tokens are verified at different paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    User,
    Account,
}

impl Default for Token {
    fn default() -> Self {
        Self {
            id: "ed17574386854bf78a67040be0a770b0".into(),
            permissions: None,
            zones: None,
            status: Status::Active,
            kind: Kind::User,
            expires_on: None,
        }
    }
}

impl Token {
    /// Does it hold this permission?
    pub(super) fn may(&self, permission: &str) -> bool {
        let Some(held) = &self.permissions else {
            return true;
        };
        held.iter().any(|it| {
            it == permission
                || permission
                    .strip_suffix(":read")
                    .is_some_and(|of| it.strip_suffix(":edit") == Some(of))
        })
    }

    /// The permission groups that it has, as Cloudflare calls them.
    pub(super) fn groups(&self) -> Vec<String> {
        let held = |(name, group): &(&str, &str)| {
            let level = |it: &str, word: &str| self.may(&format!("{name}:{it}")).then(|| format!("{group} {word}"));
            [level("read", "Read"), level("edit", "Write")]
        };
        GROUPS.iter().flat_map(held).flatten().collect()
    }

    /// Is this zone in its scope?
    pub(super) fn sees(&self, zone: &str) -> bool {
        self.zones
            .as_ref()
            .is_none_or(|zones| zones.iter().any(|it| it == zone))
    }
}

impl model::State {
    /// What is known of a token; one that was not seeded may do everything.
    pub(super) fn token(&self, value: &str) -> Token {
        self.tokens.get(value).cloned().unwrap_or_default()
    }
}

/// Checks headers, token, rate, ids and permissions before any handler runs.
pub(super) async fn guard(
    State(cloud): State<Shared>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let path = uri.path();
    let segments: Vec<&str> = path
        .trim_start_matches("/client/v4")
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    match admit(&cloud, path, &segments, request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            let limited = refusal.status == 429;
            let mut response = refusal.into_response();
            if limited {
                let left = seconds_left(&cloud).to_string();
                if let Ok(value) = HeaderValue::from_str(&left) {
                    response.headers_mut().insert(header::RETRY_AFTER, value);
                }
            }
            response
        }
    }
}

fn admit(
    cloud: &Cloudflare,
    path: &str,
    segments: &[&str],
    method: &Method,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        return Err(Refusal::new(
            400,
            9106,
            "Missing X-Auth-Key, X-Auth-Email or Authorization headers",
        ));
    };
    let Some(value) = gate::token(headers).filter(|_| authorization.to_str().is_ok()) else {
        return Err(
            Refusal::new(400, 6003, "Invalid request headers").because(6111, "Invalid format for Authorization header")
        );
    };
    // The bearer of an asset upload is the session's own token; the handler checks it.
    if matches!(segments, ["accounts", _, "workers", "assets", "upload", ..]) {
        return Ok(());
    }
    let mut state = lock(&cloud.state);
    count(&mut state, cloud, &value)?;
    let token = state.token(&value);
    let zonal = segments.first() == Some(&"zones");
    // Verifying tells what is wrong with a token by itself.
    if token.status != Status::Active && !segments.ends_with(&["tokens", "verify"]) {
        return Err(if zonal {
            Refusal::new(403, 9109, "Invalid access token")
        } else {
            Refusal::new(401, 10000, "Authentication error")
        });
    }
    match segments {
        ["accounts", id, ..] if !state.accounts.contains_key(*id) => {
            return Err(if is_id(id) {
                Refusal::new(403, 10000, "Authentication error")
            } else {
                Refusal::no_route(path)
            });
        }
        ["zones", id, ..] => match state.zones.get(*id) {
            Some(zone) if token.sees(&zone.name) => {}
            None if !is_id(id) => return Err(Refusal::no_route(path)),
            _ => return Err(Refusal::new(403, 9109, "Invalid zone identifier")),
        },
        _ => {}
    }
    match needs(method, segments).iter().find(|it| !token.may(it)) {
        None => Ok(()),
        Some(missing) if missing.starts_with("zone:") => {
            Err(Refusal::new(403, 9109, "Unauthorized to access requested resource"))
        }
        Some(_) => Err(Refusal::new(403, 10000, "Authentication error")),
    }
}

/// The permissions that a request takes.
fn needs(method: &Method, segments: &[&str]) -> Vec<&'static str> {
    let writes = !matches!(*method, Method::GET | Method::HEAD);
    let of = |read, edit| vec![if writes { edit } else { read }];
    match segments {
        // A custom domain belongs to the account and to the zone.
        ["accounts", _, "workers", "domains", ..]
        | ["accounts", _, "workers", "scripts", _, "domains" | "routes", ..]
            if writes =>
        {
            vec!["workers:edit", "routes:edit"]
        }
        // Workflows belong to the permission of Workers.
        ["accounts", _, "workers" | "workflows", ..] => of("workers:read", "workers:edit"),
        ["accounts", _, "r2", ..] => of("r2:read", "r2:edit"),
        ["accounts", _, "d1", ..] => of("d1:read", "d1:edit"),
        ["accounts", _, "queues", ..] => of("queues:read", "queues:edit"),
        ["accounts", _, "storage", "kv", ..] => of("kv:read", "kv:edit"),
        ["zones", _, "dns_records", ..] => of("dns:read", "dns:edit"),
        ["zones", _, "workers", "routes", ..] => of("routes:read", "routes:edit"),
        ["zones", _, "pagerules", ..] => of("pagerules:read", "pagerules:edit"),
        ["zones", _, "ssl", ..] => of("ssl:read", "ssl:edit"),
        ["zones"] | ["zones", _] => of("zone:read", "zone:edit"),
        // Verifying takes nothing.
        ["accounts", _, "tokens", id] | ["user", "tokens", id] if *id != "verify" => vec!["tokens:read"],
        _ => Vec::new(),
    }
}

/// Counts a request of the token's window.
fn count(state: &mut model::State, cloud: &Cloudflare, token: &str) -> Result<(), Refusal> {
    let now = cloud.ground.clock.now().as_second();
    if now - state.window.started >= state.settings.rate_window {
        state.window.started = now;
        state.window.used.clear();
    }
    let used = state.window.used.entry(token.to_owned()).or_default();
    *used += 1;
    match state.settings.rate_limit {
        Some(limit) if *used > limit => Err(Refusal::new(
            429,
            10429,
            "Rate limited. Please wait and consider throttling your request speed",
        )),
        _ => Ok(()),
    }
}

fn seconds_left(cloud: &Cloudflare) -> i64 {
    let (started, window) = {
        let state = lock(&cloud.state);
        (state.window.started, state.settings.rate_window)
    };
    (started + window - cloud.ground.clock.now().as_second()).clamp(1, window.max(1))
}

/// What is on every answer of the API: the ray and the rate limit.
pub(super) fn stamp(cloud: &Cloudflare, token: Option<&str>, headers: &mut HeaderMap) {
    let ray = format!("{}-LHR", cloud.ground.ids.hex(16));
    let left = {
        let state = lock(&cloud.state);
        let used = token.and_then(|token| state.window.used.get(token)).copied();
        state
            .settings
            .rate_limit
            .unwrap_or(USUAL_LIMIT)
            .saturating_sub(used.unwrap_or_default())
    };
    let reset = seconds_left(cloud);
    let values = [
        ("cf-ray", ray),
        ("ratelimit", format!("\"default\";r={left};t={reset}")),
        (
            "ratelimit-policy",
            format!("\"default\";q={USUAL_LIMIT};w={WINDOW_SECONDS}"),
        ),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.entry(name).or_insert(value);
        }
    }
}

/// 32 hexadecimal digits, as the ids of accounts and zones are.
fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_includes_its_read_and_nothing_else() {
        let token = Token {
            permissions: Some(vec!["dns:edit".into(), "zone:read".into()]),
            ..Token::default()
        };
        assert!(token.may("dns:read") && token.may("dns:edit") && token.may("zone:read"));
        assert!(!token.may("zone:edit") && !token.may("routes:read"));
        assert!(Token::default().may("workers:edit"));
    }

    #[test]
    fn a_custom_domain_takes_two_permissions() {
        let path = ["accounts", "a", "workers", "domains"];
        assert_eq!(needs(&Method::PUT, &path), ["workers:edit", "routes:edit"]);
        assert_eq!(needs(&Method::GET, &path), ["workers:read"]);
        assert_eq!(
            needs(&Method::POST, &["zones", "z", "dns_records", "batch"]),
            ["dns:edit"]
        );
    }
}
