//! The first user's platform a year on: nine Workers, resources per environment, a shared secret, tenants at a wildcard,
//! environments for development.

use serde_json::{Value, json};

const ZONE: &str = "revelations.studio";

/// Worker and port of each; the web app has the others' addresses in variables.
const APIS: [(&str, u16); 8] = [
    ("auth", 42069),
    ("content-api", 42070),
    ("identity-api", 42071),
    ("organization-api", 42072),
    ("ecom-api", 42073),
    ("admin-api", 42074),
    ("notifications-api", 42075),
    ("media-api", 42076),
];

const ENVIRONMENTS: [&str; 5] = ["development", "test", "dev", "staging", "production"];

const REST: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name": "codex", "packageManager": "pnpm@10.18.0", "scripts": {"build": "turbo run build"}}"#,
    ),
    (
        "pnpm-workspace.yaml",
        "packages:\n  - apps/*\n  - workers/*\n  - packages/*\n",
    ),
    (".gitignore", "dist\n.svelte-kit\nnode_modules\n.wrangler\n.dev.vars\n"),
    (".env.example", "DATABASE_URL=\nNEON_API_KEY=\n"),
    (
        "packages/database/package.json",
        r#"{"name": "@codex/database", "scripts": {"db:migrate": "drizzle-kit migrate", "db:push": "drizzle-kit push"},
        "dependencies": {"@neondatabase/serverless": "1", "drizzle-orm": "1"}, "devDependencies": {"drizzle-kit": "1", "neon-testing": "1"}}"#,
    ),
    (
        "packages/database/src/client.ts",
        "export const connect = (env: Bindings) => neon(env.DATABASE_URL, env.DB_METHOD);\n",
    ),
    (
        "packages/worker-utils/package.json",
        r#"{"name": "@codex/worker-utils", "dependencies": {"@codex/database": "workspace:*"}}"#,
    ),
    (
        "packages/worker-utils/src/health.ts",
        "app.get('/health', standardHealth);\nif (c.env.WORKER_SHARED_SECRET !== given) throw new Error();\n",
    ),
    (
        "apps/web/package.json",
        r#"{"name": "web", "scripts": {"build": "vite build"}, "dependencies": {"@sveltejs/adapter-cloudflare": "7"}}"#,
    ),
    (
        "apps/web/src/hooks.server.ts",
        "const { AUTH_WORKER_URL, MEDIA_API_URL } = event.platform.env;\n",
    ),
    ("apps/web/src/routes/+page.svelte", "<h1>Codex</h1>\n"),
];

pub(super) fn files() -> Vec<(String, String)> {
    let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    let mut files: Vec<(String, String)> = REST.iter().map(own).collect();
    for (key, port) in APIS {
        let folder = format!("workers/{key}");
        let package = json!({"name": format!("@codex/{key}"), "scripts": {"build": "tsup"}, "dependencies": {"@codex/worker-utils": "workspace:*"}});
        files.push((format!("{folder}/package.json"), package.to_string()));
        files.push((format!("{folder}/wrangler.jsonc"), api(key, port).to_string()));
        let members = match key {
            "auth" => "SESSION_SECRET: string;\n  BETTER_AUTH_SECRET: string;",
            "ecom-api" => "STRIPE_SECRET_KEY: string;\n  STRIPE_WEBHOOK_SECRET_BOOKING: string;",
            "notifications-api" => "RESEND_API_KEY: string;\n  MOCK_EMAIL?: string;",
            "media-api" => "RUNPOD_API_KEY: string;\n  R2_ACCESS_KEY_ID: string;\n  R2_SECRET_ACCESS_KEY: string;",
            _ => "WORKER_SHARED_SECRET: string;",
        };
        let code = format!(
            "interface Env {{\n  DATABASE_URL: string;\n  {members}\n}}\nexport default createWorker<Env>();\n"
        );
        files.push((format!("{folder}/src/index.ts"), code));
    }
    files.push(("apps/web/wrangler.jsonc".to_owned(), web().to_string()));
    files
}

/// A service's host in an environment, where it has one.
fn host(service: &str, environment: &str) -> String {
    match environment {
        "production" => format!("{service}.{ZONE}"),
        _ => format!("{service}-staging.{ZONE}"),
    }
}

/// An address as an environment's variables have it.
fn url(service: &str, port: u16, environment: &str) -> String {
    match environment {
        "staging" | "production" => format!("https://{}", host(service, environment)),
        _ => format!("http://localhost:{port}"),
    }
}

fn api(key: &str, port: u16) -> Value {
    let name = if key == "auth" { "auth-worker" } else { key };
    let section = |environment: &str| {
        let method = if environment == "production" {
            "PRODUCTION"
        } else {
            "BRANCH"
        };
        let id = ENVIRONMENTS.iter().position(|it| *it == environment);
        let mut section = json!({
            "vars": {"ENVIRONMENT": environment, "DB_METHOD": method},
            "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": format!("{:032x}", id.unwrap() + 1)}],
        });
        match key {
            "auth" => section["vars"]["WEB_APP_URL"] = url("codex", 3000, environment).into(),
            "ecom-api" => section["vars"]["API_URL"] = url("content-api", 42070, environment).into(),
            "media-api" => {
                section["r2_buckets"] = json!([{"binding": "MEDIA_BUCKET", "bucket_name": format!("codex-media-{environment}"), "preview_bucket_name": "codex-media-preview"}]);
                section["durable_objects"] =
                    json!({"bindings": [{"name": "ORPHANED_FILES", "class_name": "OrphanedFiles"}]});
            }
            _ => {}
        }
        section
    };
    let mut config = section("development");
    for (field, value) in [
        ("name", json!(name)),
        ("main", json!("dist/index.js")),
        ("compatibility_date", json!("2025-09-01")),
        ("dev", json!({"port": port})),
        ("observability", json!({"enabled": true})),
    ] {
        config[field] = value;
    }
    if key == "media-api" {
        config["migrations"] = json!([{"tag": "v1", "new_sqlite_classes": ["OrphanedFiles"]}]);
        config["triggers"] = json!({"crons": ["0 * * * *"]});
    }
    for environment in &ENVIRONMENTS[1..] {
        config["env"][environment] = section(environment);
        if matches!(*environment, "staging" | "production") {
            config["env"][environment]["name"] = format!("{name}-{environment}").into();
            config["env"][environment]["routes"] = json!([{"pattern": host(key, environment), "custom_domain": true}]);
        }
    }
    config
}

fn web() -> Value {
    let routes = ["", "www.", "*.", "codex.", "creators."];
    let routes = routes.map(|host| json!({"pattern": format!("{host}{ZONE}/*"), "zone_name": ZONE}));
    json!({
        "name": "codex-web", "main": ".svelte-kit/cloudflare/_worker.js", "compatibility_date": "2025-09-01",
        "assets": {"binding": "ASSETS", "directory": ".svelte-kit/cloudflare"}, "dev": {"port": 3000}, "observability": {"enabled": true},
        "vars": {"ENVIRONMENT": "development", "AUTH_WORKER_URL": url("auth", 42069, ""), "MEDIA_API_URL": url("media-api", 42076, "")},
        "env": {
            "staging": {
                "name": "codex-web-staging", "routes": [{"pattern": host("codex", "staging"), "custom_domain": true}],
                "vars": {"ENVIRONMENT": "staging", "AUTH_WORKER_URL": url("auth", 0, "staging")},
            },
            "production": {
                "name": "codex-web-production", "routes": routes,
                "vars": {
                    "ENVIRONMENT": "production", "AUTH_WORKER_URL": url("auth", 0, "production"),
                    "ALLOWED_ORIGINS": format!("https://codex.{ZONE},https://creators.{ZONE}"),
                },
            },
        },
    })
}
