//! Repositories as people have them, in few files.

/// A name, its files, and how many things a deployment would refuse of the proposal.
pub(super) type Shape = (&'static str, &'static [(&'static str, &'static str)], usize);

pub(super) const ALL: &[Shape] = &[
    ("nine_workers", NINE, 0),
    ("one_worker_at_workers_dev", ALONE, 0),
    ("vite_with_assets", VITE, 0),
    ("no_environments", NO_ENVIRONMENTS, 0),
    ("toml_with_routes", TOML, 1),
    ("left_out", LEFT_OUT, 0),
    ("first_life", FIRST_LIFE, 1),
    ("no_routes", NO_ROUTES, 0),
    ("jobs", JOBS, 3),
];

const ALONE: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name": "@acme/hello", "scripts": {"deploy": "wrangler deploy"}, "devDependencies": {"wrangler": "^4.0.0"}}"#,
    ),
    (
        "wrangler.jsonc",
        r#"{"name": "hello", "main": "src/index.ts", "compatibility_date": "2026-07-01", "observability": {"enabled": true}}"#,
    ),
    (
        "src/index.ts",
        "export default { fetch: () => new Response('hello') };\n",
    ),
    (
        "worker-configuration.d.ts",
        "declare namespace Cloudflare {\n\tinterface Env {\n\t\tAPI_TOKEN: string;\n\t\tSENTRY_DSN?: string;\n\t}\n}\ninterface Env extends Cloudflare.Env {}\n",
    ),
];

const VITE: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name": "vite-shop", "scripts": {"build": "tsc -b && vite build"}, "devDependencies": {"vite": "^7", "@cloudflare/vite-plugin": "^1", "wrangler": "^4"}}"#,
    ),
    ("yarn.lock", ""),
    (".gitignore", "dist\nnode_modules\n.wrangler\n"),
    (
        "vite.config.ts",
        "import { cloudflare } from '@cloudflare/vite-plugin';\n",
    ),
    (
        "wrangler.jsonc",
        r#"{
        "name": "vite-shop", "main": "worker/index.ts", "compatibility_date": "2026-07-01",
        "assets": {"not_found_handling": "single-page-application"},
        "routes": [{"pattern": "shop.co.uk", "custom_domain": true}, {"pattern": "www.shop.co.uk", "custom_domain": true}],
        "kv_namespaces": [{"binding": "CARTS", "id": "0f2ac74b498b48028cb68387c421e279"}]
    }"#,
    ),
    (
        "worker/index.ts",
        "export default {\n  async fetch(request, env) {\n    const { RESEND_API_KEY, CARTS } = env;\n    return new Response(import.meta.env.VITE_TITLE);\n  },\n} satisfies ExportedHandler<Env>;\n",
    ),
    ("src/main.tsx", "export const title = import.meta.env.VITE_TITLE;\n"),
    (
        "dist/vite_shop/wrangler.json",
        r#"{"name": "vite-shop", "configPath": "/x", "topLevelName": "vite-shop"}"#,
    ),
];

/// The top level is production: buckets, databases and queues are its own.
const NO_ENVIRONMENTS: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "notes", "workspaces": ["api", "site"]}"#),
    (
        "api/package.json",
        r#"{"name": "notes-api", "dependencies": {"drizzle-orm": "1"}, "scripts": {"migrate": "wrangler d1 migrations apply DB"}}"#,
    ),
    (
        "api/wrangler.jsonc",
        r#"{
        "name": "notes-api", "main": "src/index.js", "compatibility_date": "2026-07-01",
        "routes": [{"pattern": "api.notes.dev", "custom_domain": true}],
        "vars": {"SITE_URL": "https://notes.dev", "ENVIRONMENT": "production", "STATUS_PAGE": "https://status.notes.dev", "LEVEL": "info"},
        "kv_namespaces": [{"binding": "SESSIONS", "id": "0f2ac74b498b48028cb68387c421e279"}],
        "r2_buckets": [{"binding": "FILES", "bucket_name": "notes-files", "preview_bucket_name": "notes-files-dev"}],
        "d1_databases": [{"binding": "DB", "database_name": "notes", "database_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"}],
        "ratelimits": [{"name": "LIMIT", "namespace_id": "1001", "simple": {"limit": 10, "period": 60}}],
        "secrets": {"required": ["SIGNING_KEY"]}
    }"#,
    ),
    (
        "api/src/index.js",
        "export default { fetch(r, env) { if (new URL(r.url).pathname === '/healthz') return new Response('ok'); return fetch(env.SITE_URL); } };\n",
    ),
    ("site/package.json", r#"{"name": "notes-site"}"#),
    (
        "site/wrangler.jsonc",
        r#"{
        "name": "notes-site", "compatibility_date": "2026-07-01", "assets": {"directory": "./public"},
        "routes": [{"pattern": "notes.dev", "custom_domain": true}]
    }"#,
    ),
    ("site/public/index.html", "<h1>Notes</h1>\n"),
];

/// Environments by other names, routes with a zone, and names that follow no template.
const TOML: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name": "mail", "packageManager": "pnpm@10.1.0", "dependencies": {"pg": "8"}, "scripts": {"build": "turbo run build", "migrate": "node-pg-migrate up"}}"#,
    ),
    ("pnpm-workspace.yaml", "packages:\n  - services/*\n"),
    (
        "services/inbox/wrangler.toml",
        "name = \"mail-inbox-dev\"\nmain = \"dist/index.js\"\ncompatibility_date = \"2026-07-01\"\n\
        [dev]\nport = 8787\n\
        [vars]\nOUTBOX_URL = \"http://localhost:8788\"\nSTAGE = \"dev\"\n\
        [env.dev]\nvars = {}\n\
        [env.stage]\nname = \"mail-inbox-stage\"\nroute = \"inbox.stage.mail.example/*\"\n[env.stage.vars]\nOUTBOX_URL = \"https://outbox.stage.mail.example/v1\"\nSTAGE = \"stage\"\n\
        [env.prod]\nname = \"mail-inbox\"\nroutes = [{ pattern = \"inbox.mail.example/*\", zone_name = \"mail.example\" }, \"mail.example/api/*\"]\n[env.prod.vars]\nOUTBOX_URL = \"https://outbox.mail.example/v1\"\nSTAGE = \"prod\"\n\
        [[env.prod.queues.producers]]\nbinding = \"JOBS\"\nqueue = \"jobs\"\n[[queues.producers]]\nbinding = \"JOBS\"\nqueue = \"jobs\"\n[[env.stage.queues.producers]]\nbinding = \"JOBS\"\nqueue = \"jobs\"\n",
    ),
    (
        "services/inbox/.dev.vars.example",
        "SMTP_PASSWORD=\nOUTBOX_URL=http://localhost:8788\n",
    ),
    (
        "services/inbox/src/index.ts",
        "app.get('/health', (c) => c.json({})); fetch(env.OUTBOX_URL);\n",
    ),
    (
        "services/outbox/wrangler.toml",
        "name = \"mail-outbox-dev\"\nmain = \"dist/index.js\"\ncompatibility_date = \"2026-07-01\"\n\
        [dev]\nport = 8788\n\
        [env.stage]\nname = \"mail-outbox-stage\"\nroute = \"outbox.stage.mail.example/*\"\n\
        [env.prod]\nname = \"mail-outbox\"\nroute = { pattern = \"outbox.mail.example/*\", zone_name = \"mail.example\" }\n",
    ),
    (
        "services/outbox/src/index.ts",
        "// env.OLD_SECRET\nexport default { fetch: (r, env) => new Response(env.SMTP_PASSWORD) };\n",
    ),
];

const LEFT_OUT: &[(&str, &str)] = &[
    (
        "workers/broken/wrangler.jsonc",
        "{\n  \"name\": \"broken\"\n  \"main\": 1\n}",
    ),
    (
        "workers/api/wrangler.jsonc",
        r#"{"name": "api", "main": "index.js", "compatibility_date": "2026-07-01", "routes": [{"pattern": "api.example.com", "custom_domain": true}, {"pattern": "api.other.org", "custom_domain": true}]}"#,
    ),
    ("workers/api/wrangler.json5.toml", "name = \"x\"\n"),
    ("workers/api/wrangler.toml", "name = \"older\"\n"),
    ("workers/api/index.js", "export default {};\n"),
    ("examples/hello/wrangler.toml", "name = \"hello\"\n"),
    (
        "apps/pages/wrangler.toml",
        "name = \"pages\"\npages_build_output_dir = \"out\"\n",
    ),
    ("node_modules/x/wrangler.toml", "name = \"x\"\n"),
    ("workers/api/package.json", "not JSON"),
];

/// Hostnames are attached by hand; the variables name them.
const NO_ROUTES: &[(&str, &str)] = &[
    (
        "workers/api/wrangler.toml",
        "name = \"api\"\nmain = \"index.js\"\ncompatibility_date = \"2026-07-01\"\n[vars]\nWEB_URL = \"http://localhost:5173\"\n[env.production.vars]\nWEB_URL = \"https://web.acme.dev\"\nORIGINS = \"https://web.acme.dev,https://admin.acme.dev\"\n[env.preview.vars]\nWEB_URL = \"https://web.acme.dev\"\n",
    ),
    ("workers/api/index.js", "export default {};\n"),
    (
        "workers/web/wrangler.toml",
        "name = \"web\"\nmain = \"index.js\"\ncompatibility_date = \"2026-07-01\"\n[env.production.vars]\nAPI_URL = \"https://api.acme.dev\"\n[[services]]\nbinding = \"API\"\nservice = \"api\"\n[[env.production.services]]\nbinding = \"API\"\nservice = \"api-production\"\n",
    ),
    ("workers/web/index.js", "const page = 'page'; export default {};\n"),
];

/// What only wrangler deploys, a stranger, and Workers of an account at workers.dev.
const JOBS: &[(&str, &str)] = &[
    (
        "jobs/wrangler.jsonc",
        r#"{"name": "jobs", "main": "index.js", "compatibility_date": "2026-07-01",
        "vars": {"API": "https://api.acme.workers.dev/v1"}, "triggers": {"crons": ["0 3 * * *"]},
        "services": [{"binding": "MAILER", "service": "mailer"}],
        "queues": {"producers": [{"binding": "JOBS", "queue": "jobs"}], "consumers": [{"queue": "jobs"}]}}"#,
    ),
    ("jobs/index.js", "export default {};\n"),
    (
        "api/wrangler.jsonc",
        r#"{"name": "api", "main": "index.js", "compatibility_date": "2026-07-01"}"#,
    ),
    ("api/index.js", "const path = '/health'; export default {};\n"),
];

/// Namespaces at the top level only, the same for all, and nothing repeated in the environments.
const FIRST_LIFE: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "codex", "packageManager": "pnpm@10.0.0"}"#),
    (
        "packages/database/package.json",
        r#"{"name": "@codex/database", "scripts": {"db:migrate": "drizzle-kit migrate"}, "dependencies": {"@neondatabase/serverless": "1", "drizzle-orm": "1"}, "devDependencies": {"drizzle-kit": "1"}}"#,
    ),
    (
        "packages/database/src/index.ts",
        "export const url = process.env.DATABASE_URL;\n",
    ),
    (
        "workers/auth/package.json",
        r#"{"name": "@codex/auth", "dependencies": {"@codex/database": "workspace:*"}}"#,
    ),
    (
        "workers/auth/wrangler.jsonc",
        r#"{
        "name": "auth-worker", "main": "dist/index.js", "compatibility_date": "2025-01-01",
        "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "cea7153364974737b16870df08f31083"}],
        "env": {
            "production": {"name": "auth-worker-production", "routes": [{"pattern": "auth.revelations.studio", "custom_domain": true}],
                "vars": {"WEB_APP_URL": "https://codex.revelations.studio"}},
            "staging": {"name": "auth-worker-staging", "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "cea7153364974737b16870df08f31083"}], "vars": {}}
        }
    }"#,
    ),
    (
        "workers/auth/src/index.ts",
        "app.get('/health', ok);\nconst secret = c.env.SESSION_SECRET;\n",
    ),
    (
        "apps/web/package.json",
        r#"{"name": "web", "scripts": {"build": "vite build"}}"#,
    ),
    (
        "apps/web/wrangler.toml",
        "name = \"codex-web\"\nmain = \".svelte-kit/cloudflare/_worker.js\"\ncompatibility_date = \"2025-01-01\"\n[assets]\nbinding = \"ASSETS\"\ndirectory = \".svelte-kit/cloudflare\"\n[ai]\nbinding = \"AI\"\n[env.production]\nname = \"codex-web-production\"\nroutes = [{ pattern = \"codex.revelations.studio\", custom_domain = true }]\n[env.production.vars]\nAUTH_WORKER_URL = \"https://auth.revelations.studio\"\n",
    ),
    (
        "apps/web/src/routes/api/health/+server.ts",
        "export const GET = () => new Response();\n",
    ),
    (
        "apps/web/src/hooks.server.ts",
        "fetch(event.platform.env.AUTH_WORKER_URL);\n",
    ),
];

/// The nine of the second life: resources per environment, a shared secret, tenants, local environments.
const NINE: &[(&str, &str)] = &[
    (
        "package.json",
        r##"{"name": "codex", "packageManager": "pnpm@10.18.0", "scripts": {"build": "turbo run build"}, "devDependencies": {"turbo": "2", "wrangler": "4"}}"##,
    ),
    (
        "pnpm-workspace.yaml",
        r##"packages:
  - apps/*
  - workers/*
  - packages/*
"##,
    ),
    (
        ".gitignore",
        r##"dist
.svelte-kit
node_modules
.wrangler
.dev.vars
"##,
    ),
    (
        ".env.example",
        r##"DATABASE_URL=
NEON_API_KEY=
"##,
    ),
    (
        "packages/database/package.json",
        r##"{"name": "@codex/database", "scripts": {"db:migrate": "drizzle-kit migrate", "db:push": "drizzle-kit push"}, "dependencies": {"@neondatabase/serverless": "1", "drizzle-orm": "1"}, "devDependencies": {"drizzle-kit": "1", "neon-testing": "1"}}"##,
    ),
    (
        "packages/database/src/client.ts",
        r##"export const connect = (env: Bindings) => neon(env.DATABASE_URL, env.DB_METHOD);
"##,
    ),
    (
        "packages/worker-utils/package.json",
        r##"{"name": "@codex/worker-utils", "dependencies": {"@codex/database": "workspace:*"}}"##,
    ),
    (
        "packages/worker-utils/src/health.ts",
        r##"app.get('/health', standardHealth);
if (c.env.WORKER_SHARED_SECRET !== given) throw new Error();
"##,
    ),
    (
        "workers/auth/wrangler.jsonc",
        r##"{"name": "auth-worker", "main": "dist/index.js", "compatibility_date": "2025-09-01", "compatibility_flags": ["nodejs_compat"], "dev": {"port": 42069}, "vars": {"ENVIRONMENT": "development", "DB_METHOD": "BRANCH", "WEB_APP_URL": "http://localhost:3000"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000010"}], "env": {"test": {"vars": {"ENVIRONMENT": "test", "DB_METHOD": "BRANCH", "WEB_APP_URL": "http://localhost:3000"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000020"}]}, "dev": {"vars": {"ENVIRONMENT": "dev", "DB_METHOD": "BRANCH", "WEB_APP_URL": "http://localhost:3000"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000030"}]}, "staging": {"name": "auth-worker-staging", "routes": [{"pattern": "auth-staging.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "staging", "DB_METHOD": "BRANCH", "WEB_APP_URL": "https://codex-staging.revelations.studio"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000040"}]}, "production": {"name": "auth-worker-production", "routes": [{"pattern": "auth.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "production", "DB_METHOD": "PRODUCTION", "WEB_APP_URL": "https://codex.revelations.studio"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000050"}]}}}"##,
    ),
    (
        "workers/auth/package.json",
        r##"{"name": "@codex/auth", "scripts": {"build": "tsup"}, "dependencies": {"@codex/worker-utils": "workspace:*"}}"##,
    ),
    (
        "workers/auth/src/index.ts",
        r##"interface Env {
  DATABASE_URL: string;
  SESSION_SECRET: string;
  BETTER_AUTH_SECRET: string;
}
export default createWorker<Env>();
"##,
    ),
    (
        "workers/content-api/wrangler.jsonc",
        r##"{"name": "content-api", "main": "dist/index.js", "compatibility_date": "2025-09-01", "compatibility_flags": ["nodejs_compat"], "dev": {"port": 42070}, "vars": {"ENVIRONMENT": "development", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000010"}], "env": {"test": {"vars": {"ENVIRONMENT": "test", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000020"}]}, "dev": {"vars": {"ENVIRONMENT": "dev", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000030"}]}, "staging": {"name": "content-api-staging", "routes": [{"pattern": "content-api-staging.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "staging", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000040"}]}, "production": {"name": "content-api-production", "routes": [{"pattern": "content-api.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "production", "DB_METHOD": "PRODUCTION"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000050"}]}}}"##,
    ),
    (
        "workers/content-api/package.json",
        r##"{"name": "@codex/content-api", "scripts": {"build": "tsup"}, "dependencies": {"@codex/worker-utils": "workspace:*"}}"##,
    ),
    (
        "workers/content-api/src/index.ts",
        r##"interface Env {
  DATABASE_URL: string;
  WORKER_SHARED_SECRET: string;
}
export default createWorker<Env>();
"##,
    ),
    (
        "workers/identity-api/wrangler.jsonc",
        r##"{"name": "identity-api", "main": "dist/index.js", "compatibility_date": "2025-09-01", "compatibility_flags": ["nodejs_compat"], "dev": {"port": 42071}, "vars": {"ENVIRONMENT": "development", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000010"}], "env": {"test": {"vars": {"ENVIRONMENT": "test", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000020"}]}, "dev": {"vars": {"ENVIRONMENT": "dev", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000030"}]}, "staging": {"name": "identity-api-staging", "routes": [{"pattern": "identity-api-staging.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "staging", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000040"}]}, "production": {"name": "identity-api-production", "routes": [{"pattern": "identity-api.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "production", "DB_METHOD": "PRODUCTION"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000050"}]}}}"##,
    ),
    (
        "workers/identity-api/package.json",
        r##"{"name": "@codex/identity-api", "scripts": {"build": "tsup"}, "dependencies": {"@codex/worker-utils": "workspace:*"}}"##,
    ),
    (
        "workers/identity-api/src/index.ts",
        r##"interface Env {
  DATABASE_URL: string;
  WORKER_SHARED_SECRET: string;
}
export default createWorker<Env>();
"##,
    ),
    (
        "workers/organization-api/wrangler.jsonc",
        r##"{"name": "organization-api", "main": "dist/index.js", "compatibility_date": "2025-09-01", "compatibility_flags": ["nodejs_compat"], "dev": {"port": 42072}, "vars": {"ENVIRONMENT": "development", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000010"}], "env": {"test": {"vars": {"ENVIRONMENT": "test", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000020"}]}, "dev": {"vars": {"ENVIRONMENT": "dev", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000030"}]}, "staging": {"name": "organization-api-staging", "routes": [{"pattern": "organization-api-staging.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "staging", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000040"}]}, "production": {"name": "organization-api-production", "routes": [{"pattern": "organization-api.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "production", "DB_METHOD": "PRODUCTION"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000050"}]}}}"##,
    ),
    (
        "workers/organization-api/package.json",
        r##"{"name": "@codex/organization-api", "scripts": {"build": "tsup"}, "dependencies": {"@codex/worker-utils": "workspace:*"}}"##,
    ),
    (
        "workers/organization-api/src/index.ts",
        r##"interface Env {
  DATABASE_URL: string;
  WORKER_SHARED_SECRET: string;
}
export default createWorker<Env>();
"##,
    ),
    (
        "workers/ecom-api/wrangler.jsonc",
        r##"{"name": "ecom-api", "main": "dist/index.js", "compatibility_date": "2025-09-01", "compatibility_flags": ["nodejs_compat"], "dev": {"port": 42073}, "vars": {"ENVIRONMENT": "development", "DB_METHOD": "BRANCH", "API_URL": "http://localhost:42070"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000010"}], "triggers": {"crons": ["0 * * * *"]}, "env": {"test": {"vars": {"ENVIRONMENT": "test", "DB_METHOD": "BRANCH", "API_URL": "http://localhost:42070"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000020"}]}, "dev": {"vars": {"ENVIRONMENT": "dev", "DB_METHOD": "BRANCH", "API_URL": "http://localhost:42070"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000030"}]}, "staging": {"name": "ecom-api-staging", "routes": [{"pattern": "ecom-api-staging.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "staging", "DB_METHOD": "BRANCH", "API_URL": "https://content-api-staging.revelations.studio"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000040"}]}, "production": {"name": "ecom-api-production", "routes": [{"pattern": "ecom-api.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "production", "DB_METHOD": "PRODUCTION", "API_URL": "https://content-api.revelations.studio"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000050"}]}}}"##,
    ),
    (
        "workers/ecom-api/package.json",
        r##"{"name": "@codex/ecom-api", "scripts": {"build": "tsup"}, "dependencies": {"@codex/worker-utils": "workspace:*"}}"##,
    ),
    (
        "workers/ecom-api/src/index.ts",
        r##"interface Env {
  DATABASE_URL: string;
  STRIPE_SECRET_KEY: string;
  STRIPE_WEBHOOK_SECRET_BOOKING: string;
}
export default createWorker<Env>();
"##,
    ),
    (
        "workers/admin-api/wrangler.jsonc",
        r##"{"name": "admin-api", "main": "dist/index.js", "compatibility_date": "2025-09-01", "compatibility_flags": ["nodejs_compat"], "dev": {"port": 42074}, "vars": {"ENVIRONMENT": "development", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000010"}], "env": {"test": {"vars": {"ENVIRONMENT": "test", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000020"}]}, "dev": {"vars": {"ENVIRONMENT": "dev", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000030"}]}, "staging": {"name": "admin-api-staging", "routes": [{"pattern": "admin-api-staging.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "staging", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000040"}]}, "production": {"name": "admin-api-production", "routes": [{"pattern": "admin-api.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "production", "DB_METHOD": "PRODUCTION"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000050"}]}}}"##,
    ),
    (
        "workers/admin-api/package.json",
        r##"{"name": "@codex/admin-api", "scripts": {"build": "tsup"}, "dependencies": {"@codex/worker-utils": "workspace:*"}}"##,
    ),
    (
        "workers/admin-api/src/index.ts",
        r##"interface Env {
  DATABASE_URL: string;
  WORKER_SHARED_SECRET: string;
}
export default createWorker<Env>();
"##,
    ),
    (
        "workers/notifications-api/wrangler.jsonc",
        r##"{"name": "notifications-api", "main": "dist/index.js", "compatibility_date": "2025-09-01", "compatibility_flags": ["nodejs_compat"], "dev": {"port": 42075}, "vars": {"ENVIRONMENT": "development", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000010"}], "env": {"test": {"vars": {"ENVIRONMENT": "test", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000020"}]}, "dev": {"vars": {"ENVIRONMENT": "dev", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000030"}]}, "staging": {"name": "notifications-api-staging", "routes": [{"pattern": "notifications-api-staging.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "staging", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000040"}]}, "production": {"name": "notifications-api-production", "routes": [{"pattern": "notifications-api.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "production", "DB_METHOD": "PRODUCTION"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000050"}]}}}"##,
    ),
    (
        "workers/notifications-api/package.json",
        r##"{"name": "@codex/notifications-api", "scripts": {"build": "tsup"}, "dependencies": {"@codex/worker-utils": "workspace:*"}}"##,
    ),
    (
        "workers/notifications-api/src/index.ts",
        r##"interface Env {
  DATABASE_URL: string;
  RESEND_API_KEY: string;
  MOCK_EMAIL?: string;
}
export default createWorker<Env>();
"##,
    ),
    (
        "workers/media-api/wrangler.jsonc",
        r##"{"name": "media-api", "main": "dist/index.js", "compatibility_date": "2025-09-01", "compatibility_flags": ["nodejs_compat"], "dev": {"port": 42076}, "vars": {"ENVIRONMENT": "development", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000010"}], "r2_buckets": [{"binding": "MEDIA_BUCKET", "bucket_name": "codex-media-development", "preview_bucket_name": "codex-media-preview"}], "durable_objects": {"bindings": [{"name": "ORPHANED_FILES", "class_name": "OrphanedFiles"}]}, "migrations": [{"tag": "v1", "new_sqlite_classes": ["OrphanedFiles"]}], "triggers": {"crons": ["0 * * * *"]}, "env": {"test": {"vars": {"ENVIRONMENT": "test", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000020"}], "r2_buckets": [{"binding": "MEDIA_BUCKET", "bucket_name": "codex-media-test", "preview_bucket_name": "codex-media-preview"}], "durable_objects": {"bindings": [{"name": "ORPHANED_FILES", "class_name": "OrphanedFiles"}]}}, "dev": {"vars": {"ENVIRONMENT": "dev", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000030"}], "r2_buckets": [{"binding": "MEDIA_BUCKET", "bucket_name": "codex-media-dev", "preview_bucket_name": "codex-media-preview"}], "durable_objects": {"bindings": [{"name": "ORPHANED_FILES", "class_name": "OrphanedFiles"}]}}, "staging": {"name": "media-api-staging", "routes": [{"pattern": "media-api-staging.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "staging", "DB_METHOD": "BRANCH"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000040"}], "r2_buckets": [{"binding": "MEDIA_BUCKET", "bucket_name": "codex-media-staging", "preview_bucket_name": "codex-media-preview"}], "durable_objects": {"bindings": [{"name": "ORPHANED_FILES", "class_name": "OrphanedFiles"}]}}, "production": {"name": "media-api-production", "routes": [{"pattern": "media-api.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "production", "DB_METHOD": "PRODUCTION"}, "kv_namespaces": [{"binding": "RATE_LIMIT_KV", "id": "00000000000000000000000000000050"}], "r2_buckets": [{"binding": "MEDIA_BUCKET", "bucket_name": "codex-media-production", "preview_bucket_name": "codex-media-preview"}], "durable_objects": {"bindings": [{"name": "ORPHANED_FILES", "class_name": "OrphanedFiles"}]}}}}"##,
    ),
    (
        "workers/media-api/package.json",
        r##"{"name": "@codex/media-api", "scripts": {"build": "tsup"}, "dependencies": {"@codex/worker-utils": "workspace:*"}}"##,
    ),
    (
        "workers/media-api/src/index.ts",
        r##"interface Env {
  DATABASE_URL: string;
  RUNPOD_API_KEY: string;
  R2_ACCESS_KEY_ID: string;
  R2_SECRET_ACCESS_KEY: string;
}
export default createWorker<Env>();
"##,
    ),
    (
        "apps/web/wrangler.jsonc",
        r##"{"name": "codex-web", "main": ".svelte-kit/cloudflare/_worker.js", "compatibility_date": "2025-09-01", "assets": {"binding": "ASSETS", "directory": ".svelte-kit/cloudflare"}, "vars": {"ENVIRONMENT": "development", "AUTH_WORKER_URL": "http://localhost:42069", "MEDIA_API_URL": "http://localhost:42076"}, "dev": {"port": 3000}, "env": {"staging": {"name": "codex-web-staging", "routes": [{"pattern": "codex-staging.revelations.studio", "custom_domain": true}], "vars": {"ENVIRONMENT": "staging", "AUTH_WORKER_URL": "https://auth-staging.revelations.studio"}}, "production": {"name": "codex-web-production", "routes": [{"pattern": "revelations.studio/*", "zone_name": "revelations.studio"}, {"pattern": "www.revelations.studio/*", "zone_name": "revelations.studio"}, {"pattern": "*.revelations.studio/*", "zone_name": "revelations.studio"}, {"pattern": "codex.revelations.studio/*", "zone_name": "revelations.studio"}, {"pattern": "creators.revelations.studio/*", "zone_name": "revelations.studio"}], "vars": {"ENVIRONMENT": "production", "AUTH_WORKER_URL": "https://auth.revelations.studio", "ALLOWED_ORIGINS": "https://codex.revelations.studio,https://creators.revelations.studio"}}}}"##,
    ),
    (
        "apps/web/package.json",
        r##"{"name": "web", "scripts": {"build": "vite build"}, "dependencies": {"@sveltejs/adapter-cloudflare": "7"}}"##,
    ),
    (
        "apps/web/src/hooks.server.ts",
        r##"const { AUTH_WORKER_URL, MEDIA_API_URL } = event.platform.env;
"##,
    ),
    (
        "apps/web/src/routes/+page.svelte",
        r##"<h1>Codex</h1>
"##,
    ),
];
