//! Which routes of a configuration count. Pure.

use serde_json::Value;

use crate::Settings;

impl<'a> Settings<'a> {
    /// The routes that wrangler attaches: `routes`, and `route` only where there are none. Each is the environment's own
    /// or the top level's, so that a top level's `routes` hide an environment's own `route` (wrangler 4.74, `deploy`:
    /// `config.routes ?? [config.route]`).
    pub fn routes(&self) -> Vec<&'a Value> {
        match self.get("routes").filter(|routes| !routes.is_null()) {
            Some(routes) => routes.as_array().into_iter().flatten().collect(),
            None => self
                .get("route")
                .into_iter()
                .filter(|route| pattern(route).is_some())
                .collect(),
        }
    }
}

/// The pattern of a route, which may be a text alone.
pub fn pattern(route: &Value) -> Option<&str> {
    let pattern = route.as_str().or_else(|| route.get("pattern")?.as_str())?;
    Some(pattern).filter(|pattern| !pattern.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Config;

    #[test]
    fn route_counts_where_there_are_no_routes() {
        let (route, routes) = (
            json!("dev.example.com/*"),
            json!(["a.example.com/*", {"pattern": "b.example.com", "custom_domain": true}]),
        );
        let both = ["a.example.com/*", "b.example.com"];
        let one = ["dev.example.com/*"];
        for (top, own, expected) in [
            (json!({"route": route}), json!({}), &one[..]),
            (json!({"route": route}), json!({"routes": routes}), &both),
            (json!({"routes": routes}), json!({}), &both),
            (json!({"routes": routes}), json!({"route": route}), &both),
            (json!({"route": route}), json!({"routes": []}), &[]),
            (json!({}), json!({"route": route}), &one),
            (json!({}), json!({"route": ""}), &[]),
            (json!({}), json!({}), &[]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let mut config: Value = top.clone();
            config["env"] = json!({"production": own});
            std::fs::write(folder.path().join("wrangler.json"), config.to_string()).unwrap();
            let config = Config::find(folder.path()).unwrap();
            let settings = config.settings(Some("production")).unwrap();
            let found: Vec<&str> = settings.routes().into_iter().filter_map(pattern).collect();
            assert_eq!(found, expected, "{top} {own}");
        }
    }
}
