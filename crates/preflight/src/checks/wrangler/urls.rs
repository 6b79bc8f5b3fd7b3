//! Variables of a Worker as it is deployed, and the hosts that are in them. Pure.

use std::collections::BTreeMap;

use actions_core::environment::Service;
use serde_json::Value;
use wrangler::Settings;

/// The variables that a service has: the configuration's, over them the manifest's.
pub(super) fn effective<'a>(service: &'a Service, settings: &Settings<'a>) -> BTreeMap<&'a str, &'a Value> {
    let configured = settings.get("vars").and_then(Value::as_object).into_iter().flatten();
    let configured = configured.map(|(name, value)| (name.as_str(), value));
    let manifest = service.vars.iter().map(|(name, value)| (name.as_str(), value));
    configured.chain(manifest).collect()
}

/// Every host that a value names: those of URLs in its texts, and a text that is a hostname.
pub(super) fn hosts(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found.sort();
    found.dedup();
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let urls = text.match_indices("://").map(|(at, mark)| &text[at + mark.len()..]);
            found.extend(urls.filter_map(host));
            if !text.contains("://") {
                found.extend(host(text).filter(|host| host.contains('.') || host == "localhost"));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        _ => {}
    }
}

/// The host that a text begins with: `me:pw@api.example.com:8080/x`.
fn host(text: &str) -> Option<String> {
    let end = text.find(['/', '?', '#', '"', '\'', ',', ' ', '\n', ';', '|']);
    let authority = &text[..end.unwrap_or(text.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => host.split(':').next()?,
    };
    let host = host.to_ascii_lowercase();
    let is_host = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '_' | '{' | '}'));
    is_host.then_some(host)
}

/// Whether a host is the machine itself: of a Worker, nothing.
pub(super) fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "0.0.0.0" | "::1" | "host.docker.internal")
        || host.ends_with(".localhost")
        || host.starts_with("127.") && host.split('.').count() == 4
}
