//! What of a configuration is not deployed as it is written, told in one sentence each. What isolation changes is told
//! where it is changed. Pure.

use crate::routes::pattern;
use crate::{Settings, keys};
use actions_core::text::quoted_list;

/// What of a configuration stands there in vain.
pub(super) fn told(settings: &Settings<'_>, assets_only: bool) -> Vec<String> {
    let mut told = Vec::new();
    if settings.has("previews") {
        told.push(
            "`previews` in the wrangler configuration is not used: previews are environments of the manifest here"
                .to_owned(),
        );
    }
    if settings
        .text("compliance_region")
        .is_some_and(|region| region != "public")
    {
        told.push(
            "`compliance_region` in the wrangler configuration is not used: the input `cloudflare-api-url` says where Cloudflare's API is"
                .to_owned(),
        );
    }
    let unknown: Vec<&str> = settings
        .keys()
        .into_iter()
        .filter(|key| !keys::is_known(key) && settings.has(key))
        .collect();
    if !unknown.is_empty() {
        let (verb, them) = if unknown.len() == 1 {
            ("is", "it")
        } else {
            ("are", "them")
        };
        told.push(format!(
            "{} of the wrangler configuration {verb} not known here: what wrangler's bundle holds of {them} is uploaded, and nothing else is done for {them}",
            quoted_list(&unknown)
        ));
    }
    // wrangler uploads none of it either.
    let idle: Vec<&str> = BINDINGS_OF_CODE
        .into_iter()
        .filter(|key| assets_only && settings.has(key))
        .collect();
    if !idle.is_empty() {
        told.push(format!(
            "{} of the wrangler configuration {} not used: the Worker has assets alone, and no code that could",
            quoted_list(&idle),
            if idle.len() == 1 { "is" } else { "are" }
        ));
    }
    told
}

/// What people give a Worker that has no code.
const BINDINGS_OF_CODE: [&str; 7] = [
    "d1_databases",
    "kv_namespaces",
    "queues",
    "r2_buckets",
    "services",
    "triggers",
    "vars",
];

/// The patterns of the routes that count, as they are written.
pub(super) fn routes(settings: &Settings<'_>) -> Vec<String> {
    let all = settings.routes().into_iter();
    all.filter_map(pattern).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Config;

    #[test]
    fn what_stands_there_in_vain_is_told() {
        let of = |config: Value, assets_only: bool| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("wrangler.json"), config.to_string()).unwrap();
            let config = Config::find(folder.path()).unwrap();
            let settings = config.settings(None).unwrap();
            let mut all = told(&settings, assets_only);
            all.extend(routes(&settings));
            all.join("\n")
        };
        insta::assert_snapshot!(of(json!({
            "name": "api", "vars": {"A": "1"}, "previews": {"vars": {}}, "compliance_region": "fedramp_high",
            "tomorrow": true, "next": {"a": 1}, "route": "a.example.com/*", "routes": ["c.example.com/*", {"pattern": "b.example.com"}],
        }), true), @"
        `previews` in the wrangler configuration is not used: previews are environments of the manifest here
        `compliance_region` in the wrangler configuration is not used: the input `cloudflare-api-url` says where Cloudflare's API is
        `next` and `tomorrow` of the wrangler configuration are not known here: what wrangler's bundle holds of them is uploaded, and nothing else is done for them
        `vars` of the wrangler configuration is not used: the Worker has assets alone, and no code that could
        c.example.com/*
        b.example.com
        ");
        let plain =
            json!({"name": "api", "vars": {"A": "1"}, "previews": {}, "compliance_region": "public", "tomorrow": []});
        assert_eq!(of(plain, false), "");
    }
}
