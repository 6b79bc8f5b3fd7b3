//! The hostnames of a configuration's routes. Pure.

use actions_core::naming;
use serde_json::Value;

/// A hostname of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::init) struct Host {
    /// Its first label may be `*`.
    pub(in crate::init) name: String,
    /// Whether it is a custom domain, and not a route.
    pub(in crate::init) custom: bool,
    pub(in crate::init) zone: Option<String>,
}

/// The hostnames that a route means whole.
pub(in crate::init) fn hosts(route: &Value) -> Result<Vec<Host>, String> {
    let pattern = wrangler::routes::pattern(route).unwrap_or_default();
    let custom = route["custom_domain"] == true;
    let bare = pattern.trim_start_matches("https://").trim_start_matches("http://");
    let (name, path) = bare.split_once('/').unwrap_or((bare, "*"));
    if !matches!(path, "*" | "") && !custom {
        return Err(format!(
            "route `{pattern}` has a path, and a service has whole hostnames"
        ));
    }
    let zone = route["zone_name"].as_str().map(naming::domain);
    // Every hostname of the zone, whichever that is.
    if name == "*" && zone.is_none() {
        return Err(format!(
            "route `{pattern}` names no zone, and a service has hostnames of one"
        ));
    }
    // `*example.com` means the zone itself, too.
    let names = match name.strip_prefix('*') {
        Some("") => {
            let zone = zone.clone().unwrap_or_default();
            vec![zone.clone(), format!("*.{zone}")]
        }
        // It matches parts of labels: `*-staging.example.com`.
        Some(rest) if rest.starts_with('-') => {
            return Err(format!(
                "route `{pattern}` matches parts of labels, and a service has whole hostnames"
            ));
        }
        Some(rest) if !rest.starts_with('.') => vec![naming::domain(rest), format!("*.{}", naming::domain(rest))],
        Some(rest) => vec![format!("*.{}", naming::domain(&rest[1..]))],
        None => vec![naming::domain(name)],
    };
    let all = names
        .into_iter()
        .filter(|name| name.contains('.') && !name[1..].contains('*'));
    Ok(all
        .map(|name| Host {
            custom: custom && !naming::is_wildcard(&name),
            zone: zone.clone(),
            name,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_route_means_whole_hostnames() {
        for (route, names) in [
            (json!("example.com/*"), &["example.com"][..]),
            (
                json!({"pattern": "API.example.com", "custom_domain": true}),
                &["api.example.com"],
            ),
            (
                json!({"pattern": "*.example.com/*", "zone_name": "example.com"}),
                &["*.example.com"],
            ),
            (json!("*example.com/*"), &["example.com", "*.example.com"]),
            (json!("https://example.com/*"), &["example.com"]),
            (
                json!({"pattern": "*/*", "zone_name": "example.com"}),
                &["example.com", "*.example.com"],
            ),
            (json!("api.*.example.com/*"), &[]),
        ] {
            let found = hosts(&route).unwrap();
            let found: Vec<&str> = found.iter().map(|host| host.name.as_str()).collect();
            assert_eq!(found, names, "{route}");
        }
        assert!(
            hosts(&json!("*-staging.example.com/*"))
                .unwrap_err()
                .contains("parts of labels")
        );
        assert!(hosts(&json!("*/*")).unwrap_err().contains("names no zone"));
        assert!(hosts(&json!("example.com/api/*")).unwrap_err().contains("has a path"));
    }
}
