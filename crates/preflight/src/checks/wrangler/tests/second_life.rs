//! The nine Workers of a real team, a year on: namespaces and buckets per environment, a Durable Object, schedules, and
//! sections for local tests beside those that are deployed.

use super::{lines, of_files};

const APIS: [&str; 7] = [
    "content-api",
    "identity-api",
    "organization-api",
    "ecom-api",
    "admin-api",
    "notifications-api",
    "media-api",
];

fn manifest() -> String {
    let mut text = r#"[project]
name = "codex"
zone = "revelations.studio"
build = "pnpm turbo run build"
[database]
parent = "production"
[environments.preview]
hostname = "{subdomain}-preview-{pr}"
worker = "{worker}-preview-{pr}"
branch = "preview-pr-{pr}"
expires = "7d"
vars = { ENVIRONMENT = "preview" }
r2 = { MEDIA_BUCKET = "codex-media-preview" }
[environments.production]
worker = "{worker}-production"
wrangler-env = "production"
routing = "custom-domain"
[services.auth]
path = "workers/auth"
worker = "auth-worker"
secrets = ["DATABASE_URL", "SESSION_SECRET", "BETTER_AUTH_SECRET", "WORKER_SHARED_SECRET"]
kv = ["AUTH_SESSION_KV", "RATE_LIMIT_KV"]
vars = { WEB_APP_URL = "{web.url}", API_URL = "{content-api.url}" }
"#
    .to_owned();
    for api in APIS {
        text.push_str(&format!(
            "[services.{api}]\npath = \"workers/{api}\"\nsecrets = [\"DATABASE_URL\", \"WORKER_SHARED_SECRET\"]\nkv = [\"RATE_LIMIT_KV\"]\nvars = {{ WEB_APP_URL = \"{{web.url}}\", AUTH_WORKER_URL = \"{{auth.url}}\" }}\n"
        ));
    }
    text.push_str(
        "[services.web]\npath = \"apps/web\"\nworker = \"codex-web\"\nsubdomain = \"codex\"\nhostnames = [\"codex\", \"@\", \"www\", \"creators\", \"*\"]\nhealth = \"/\"\nsecrets = [\"SESSION_SECRET\"]\nvars = { AUTH_WORKER_URL = \"{auth.url}\", API_URL = \"{content-api.url}\", MEDIA_API_URL = \"{media-api.url}\" }\n",
    );
    text
}

/// A Worker as its team writes it; `more` is what it has in each section, by the environment's name.
fn worker(name: &str, top: &str, more: impl Fn(&str) -> String) -> String {
    let section = |environment: &str| {
        format!(
            r#""{environment}": {{
      "vars": {{ "ENVIRONMENT": "{environment}", "DB_METHOD": "{}" }},
      {}
    }}"#,
            if environment == "production" {
                "PRODUCTION"
            } else {
                "LOCAL_PROXY"
            },
            more(environment)
        )
    };
    format!(
        r#"{{
  "$schema": "../../node_modules/wrangler/config-schema.json",
  "name": "{name}",
  "main": "dist/index.js",
  "compatibility_date": "2025-01-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": {{ "enabled": true }},
  {top}
  "vars": {{ "ENVIRONMENT": "development", "DB_METHOD": "LOCAL_PROXY" }},
  "env": {{
    {},
    {},
    {}
  }}
}}"#,
        section("production"),
        section("dev"),
        section("test")
    )
}

fn files() -> Vec<(String, String)> {
    let kv = |worker: &str, environment: &str| {
        format!(r#""kv_namespaces": [{{ "binding": "RATE_LIMIT_KV", "id": "{worker}-{environment}-limit" }}]"#)
    };
    let top_kv = r#""kv_namespaces": [{ "binding": "RATE_LIMIT_KV", "id": "dev-limit" }],"#;
    let mut files = vec![("codex.toml".to_owned(), manifest())];
    for api in APIS {
        let (mut top, object) = (top_kv.to_owned(), api == "notifications-api");
        if object {
            top.push_str(r#" "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }], "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] },"#);
        }
        if ["media-api", "ecom-api"].contains(&api) {
            top.push_str(r#" "triggers": { "crons": ["*/5 * * * *"] },"#);
        }
        if api == "media-api" {
            top.push_str(r#" "r2_buckets": [{ "binding": "MEDIA_BUCKET", "bucket_name": "codex-media-dev", "preview_bucket_name": "codex-media-dev" }],"#);
        }
        let config = worker(api, &top, |environment| {
            let host = if environment == "production" {
                format!(r#""routes": [{{ "pattern": "{api}.revelations.studio", "custom_domain": true }}], "#)
            } else {
                String::new()
            };
            let object = if object {
                r#""durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] }, "#
            } else {
                ""
            };
            let bucket = if api == "media-api" {
                format!(
                    r#""r2_buckets": [{{ "binding": "MEDIA_BUCKET", "bucket_name": "codex-media-{environment}" }}], "#
                )
            } else {
                String::new()
            };
            format!("{host}{object}{bucket}{}", kv(api, environment))
        });
        files.push((format!("workers/{api}/wrangler.jsonc"), config));
        let index = "app.get('/health', health);\n";
        files.push((format!("workers/{api}/src/index.ts"), index.to_owned()));
        // Their own clients, which call the siblings by URL.
        files.push((
            format!("workers/{api}/src/session.ts"),
            "export const session = (env: Env, token: string) =>\n  fetch(`${env.AUTH_WORKER_URL}/api/session`, { headers: { token } });\n".to_owned(),
        ));
    }
    let sessions = r#""kv_namespaces": [{ "binding": "AUTH_SESSION_KV", "id": "dev-session" }, { "binding": "RATE_LIMIT_KV", "id": "dev-limit" }],"#;
    let auth = worker("auth-worker", sessions, |environment| {
        let host = if environment == "production" {
            r#""routes": [{ "pattern": "auth.revelations.studio", "custom_domain": true }], "#
        } else {
            ""
        };
        format!(
            r#"{host}"kv_namespaces": [{{ "binding": "AUTH_SESSION_KV", "id": "{environment}-session" }}, {{ "binding": "RATE_LIMIT_KV", "id": "{environment}-limit" }}]"#
        )
    });
    files.push(("workers/auth/wrangler.jsonc".to_owned(), auth));
    let assets = r#""assets": { "directory": ".svelte-kit/cloudflare", "binding": "ASSETS" },"#;
    let web = worker("codex-web", assets, |environment| {
        if environment != "production" {
            return r#""routes": []"#.to_owned();
        }
        r#""routes": [
        { "pattern": "revelations.studio/*", "zone_name": "revelations.studio" },
        { "pattern": "www.revelations.studio/*", "zone_name": "revelations.studio" },
        { "pattern": "codex.revelations.studio/*", "zone_name": "revelations.studio" },
        { "pattern": "creators.revelations.studio/*", "zone_name": "revelations.studio" },
        { "pattern": "*.revelations.studio/*", "zone_name": "revelations.studio" }
      ]"#
        .to_owned()
    });
    files.push(("apps/web/wrangler.jsonc".to_owned(), web));
    files
}

#[tokio::test]
async fn its_team_would_agree_with_each_line() {
    let files = files();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    insta::assert_snapshot!(lines(&of_files(&files, None).await));
}
