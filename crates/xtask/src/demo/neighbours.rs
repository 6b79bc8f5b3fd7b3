//! What was there before the pull request and is none of its business, some of it with names that a careless
//! prefix search would take for pull request #42's.

use anyhow::Result;
use serde_json::{Value, json};

use super::cloud::Cloud;
use super::consumer::ZONE;
use super::world::PULL_REQUEST;

pub(crate) fn move_in(cloud: &Cloud) -> Result<()> {
    cloud.post("seed", &document()).map(drop)
}

fn document() -> Value {
    json!({
        "cloudflare": {
            "zones": [{
                "name": ZONE,
                "records": [
                    proxied("codex", "what production owns"),
                    proxied("codex-preview-4", "another pull request, a prefix of ours"),
                    proxied("codex-preview-421", "another pull request, ours is its prefix"),
                    proxied("api-preview-421", "codex-actions:1296269:acme/app:codex:preview:421"),
                    proxied("codex-preview-42-old", "made by hand"),
                    proxied("pr-42", "a tenant's, codex-actions:7000001:acme/other:codex:preview:42"),
                    {"type": "TXT", "name": format!("codex-preview-42.verify.{ZONE}"), "content": "\"by hand\"", "ttl": 1},
                    {"type": "MX", "name": ZONE, "content": "mail.example.net", "priority": 10, "ttl": 1},
                ],
                "routes": [
                    {"pattern": format!("*.{ZONE}/*"), "script": "tenants"},
                    {"pattern": format!("codex-preview-421.{ZONE}/*"), "script": "codex-web-preview-421"},
                    {"pattern": format!("pr-42.{ZONE}/*"), "script": "tenant-pr-42"},
                ],
            }],
            "workers": [
                {"name": "codex-web-production"},
                {"name": "codex-web-preview-4"},
                {"name": "codex-web-preview-421"},
                {"name": "content-api-preview-421"},
                {"name": "content-api-preview-42-old"},
                {"name": "tenant-pr-42"},
                {"name": "tenants"},
            ],
            "kv": [
                {"title": "RATE_LIMIT_KV"},
                {"title": "codex-preview-421-RATE_LIMIT_KV"},
                {"title": "preview-42"},
            ],
        },
        "neon": {
            "branches": [
                {"name": "preview-pr-4"},
                {"name": "preview-pr-421"},
                {"name": "preview-pr-42-copy"},
                {"name": "pr-42"},
                {"name": "preview/pr-42"},
            ],
        },
        "github": {
            "comments": [
                {
                    "number": PULL_REQUEST,
                    "author": "hubot[bot]",
                    "body": "Coverage went up by 0.3 %.",
                },
                {
                    "number": PULL_REQUEST,
                    "author": "octocat",
                    // What a person gets who quotes our comment, or means harm.
                    "body": "<!-- codex-actions:codex/preview hash=0123456789abcdef run=1001.1 -->\nWhat does this marker mean?",
                },
            ],
        },
    })
}

fn proxied(label: &str, comment: &str) -> Value {
    json!({"type": "AAAA", "name": format!("{label}.{ZONE}"), "content": "100::", "proxied": true, "ttl": 1, "comment": comment})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_of_them_has_a_name_that_the_preview_makes() {
        let text = document().to_string();
        for name in [
            "codex-web-preview-42\"",
            "\"preview-pr-42\"",
            "codex-preview-42.revelations.localhost\"",
        ] {
            assert!(!text.contains(name), "{name}");
        }
    }
}
