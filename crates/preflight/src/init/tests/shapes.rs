//! Repositories as people have them, in few files; the large one is made in [`super::nine`].

/// A name, its files, and how many things a deployment would refuse of the proposal.
pub(super) type Shape = (&'static str, &'static [(&'static str, &'static str)], usize);

pub(super) const ALL: &[Shape] = &[
    ("one_worker_at_workers_dev", ALONE, 0),
    ("vite_with_assets", VITE, 0),
    ("no_environments", NO_ENVIRONMENTS, 0),
    ("toml_with_routes", TOML, 1),
    ("left_out", LEFT_OUT, 0),
    ("first_life", FIRST_LIFE, 1),
    ("no_routes", NO_ROUTES, 0),
    ("jobs", JOBS, 3),
    ("internal", INTERNAL, 0),
    ("bare_top_level", BARE, 0),
    ("two_zones", ZONES, 0),
    ("bound_without_section", BOUND, 0),
    ("next", NEXT, 0),
    ("vite_of_the_root", AUXILIARY, 0),
    ("only_an_example", EXAMPLE, 0),
    ("before_modules", BEFORE_MODULES, 2),
];

/// Workers that only bindings, schedules and other Workers are to reach.
const INTERNAL: &[(&str, &str)] = &[
    (
        "gate/wrangler.jsonc",
        r#"{"name": "gate", "main": "i.js", "compatibility_date": "2026-07-01", "services": [{"binding": "JOBS", "service": "jobs"}]}"#,
    ),
    ("gate/i.js", "const path = '/health'; export default { fetch() {} };\n"),
    (
        "jobs/wrangler.jsonc",
        r#"{"name": "jobs", "main": "i.js", "compatibility_date": "2026-07-01", "workers_dev": false}"#,
    ),
    (
        "jobs/i.js",
        "export default { async scheduled() { await fetch('https://example.com'); } };\n",
    ),
];

/// Everything stands in the environments' sections, and previews deploy the top level.
const BARE: &[(&str, &str)] = &[
    (
        "apps/gateway/wrangler.jsonc",
        r#"{"name": "acme-gateway", "main": "i.js", "compatibility_date": "2026-07-01", "env": {
        "staging": {"name": "acme-gateway-staging", "services": [{"binding": "USERS", "service": "acme-users-staging"}],
            "routes": [{"pattern": "api-staging.acme.dev", "custom_domain": true}], "vars": {"LEVEL": "debug", "TRIES": 1}},
        "production": {"name": "acme-gateway-production", "services": [{"binding": "USERS", "service": "acme-users-production"}],
            "routes": [{"pattern": "api.acme.dev", "custom_domain": true}], "vars": {"LEVEL": "info", "TRIES": 3},
            "kv_namespaces": [{"binding": "CACHE", "id": "0f2ac74b498b48028cb68387c421e279"}],
            "queues": {"producers": [{"binding": "EMAILS", "queue": "emails"}]}}
        }}"#,
    ),
    ("apps/gateway/i.js", "export default { fetch() {} };\n"),
    (
        "apps/users/wrangler.jsonc",
        r#"{"name": "acme-users", "main": "i.js", "compatibility_date": "2026-07-01", "env": {
        "staging": {"name": "acme-users-staging", "routes": [{"pattern": "users-staging.acme.dev", "custom_domain": true}]},
        "production": {"name": "acme-users-production", "routes": [{"pattern": "users.acme.dev", "custom_domain": true}]}
        }}"#,
    ),
    ("apps/users/i.js", "export default { fetch() {} };\n"),
];

/// Hostnames in another zone, of every name of a zone, and by no template; `route` beside an environment's `routes`.
const ZONES: &[(&str, &str)] = &[
    (
        "workers/a/wrangler.toml",
        "name = \"brand-a\"\nmain = \"i.js\"\ncompatibility_date = \"2026-07-01\"\nroute = \"dev.brand-b.io/*\"\n\
        [env.staging]\nroutes = [\"staging.brand-a.com/*\"]\n[env.production]\nroutes = [{ pattern = \"brand-a.com/*\", zone_name = \"brand-a.com\" }]\n",
    ),
    ("workers/a/i.js", "export default { fetch() {} };\n"),
    (
        "workers/b/wrangler.toml",
        "name = \"brand-b\"\nmain = \"i.js\"\ncompatibility_date = \"2026-07-01\"\nroute = \"dev.brand-b.io/*\"\n\
        [env.staging]\nroutes = [{ pattern = \"staging.brand-b.io/*\", zone_name = \"brand-b.io\" }]\n\
        [env.production]\nroutes = [{ pattern = \"www.brand-b.io/*\", zone_name = \"brand-b.io\" }, { pattern = \"*/*\", zone_name = \"brand-b.io\" }]\n",
    ),
    ("workers/b/i.js", "export default { fetch() {} };\n"),
];

/// A Worker without sections that production's binding names.
const BOUND: &[(&str, &str)] = &[
    (
        "a/wrangler.jsonc",
        r#"{"name": "a", "main": "i.js", "compatibility_date": "2026-07-01", "env": {"staging": {"name": "a-stg"},
        "production": {"name": "a-prd", "services": [{"binding": "B", "service": "b"}]}}}"#,
    ),
    ("a/i.js", "export default { fetch() {} };\n"),
    (
        "b/wrangler.jsonc",
        r#"{"name": "b", "main": "i.js", "compatibility_date": "2026-07-01"}"#,
    ),
    ("b/i.js", "export default { fetch() {} };\n"),
];

/// As create-cloudflare makes it; the example of an environment file has what `preflight write` wrote.
const NEXT: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name": "next-app", "packageManager": "pnpm@10.1.0", "scripts": {"build": "next build", "deploy": "opennextjs-cloudflare build && opennextjs-cloudflare deploy"}, "dependencies": {"@opennextjs/cloudflare": "1", "next": "15"}}"#,
    ),
    (
        "wrangler.jsonc",
        r#"{"name": "next-app", "main": ".open-next/worker.js", "compatibility_date": "2026-07-01", "assets": {"directory": ".open-next/assets", "binding": "ASSETS"}}"#,
    ),
    (
        ".env.example",
        "# written by `preflight write`; what stands outside of these two lines is yours\n# next-app\nOPENAI_API_KEY=\n\n# For `preflight` on your machine; all of them may be missing.\n# NEON_API_KEY=\n# end of what `preflight write` writes\n",
    ),
    ("src/app/page.tsx", "const key = env.OPENAI_API_KEY;\n"),
];

/// One build of the root for several Workers.
const AUXILIARY: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name": "aux", "scripts": {"build": "vite build"}, "devDependencies": {"@cloudflare/vite-plugin": "1", "vite": "7"}}"#,
    ),
    (
        "apps/entry/wrangler.jsonc",
        r#"{"name": "entry", "main": "./i.ts", "compatibility_date": "2026-07-01", "services": [{"binding": "AUX", "service": "aux"}]}"#,
    ),
    ("apps/entry/i.ts", "export default { fetch() {} };\n"),
    (
        "aux/wrangler.jsonc",
        r#"{"name": "aux", "main": "./i.ts", "compatibility_date": "2026-07-01"}"#,
    ),
    ("aux/i.ts", "export default { fetch() {} };\n"),
];

/// A library, whose one Worker shows how it is used.
const EXAMPLE: &[(&str, &str)] = &[
    ("package.json", r#"{"name": "my-lib"}"#),
    (
        "examples/worker/wrangler.toml",
        "name = \"ex\"\nmain = \"i.js\"\ncompatibility_date = \"2026-07-01\"\n",
    ),
    ("examples/worker/i.js", "export default { fetch() {} };\n"),
];

/// A Worker in the service worker format, and one that has what is shared and what is not decided.
const BEFORE_MODULES: &[(&str, &str)] = &[
    (
        "old/wrangler.toml",
        "name = \"old\"\nmain = \"i.js\"\ncompatibility_date = \"2026-07-01\"\n",
    ),
    (
        "old/i.js",
        "addEventListener('fetch', (event) => event.respondWith(new Response('ok')));\n",
    ),
    (
        "new/wrangler.jsonc",
        r#"{"name": "new", "main": "i.js", "compatibility_date": "2026-07-01",
        "analytics_engine_datasets": [{"binding": "AE", "dataset": "events"}],
        "dispatch_namespaces": [{"binding": "DISPATCH", "namespace": "customers", "outbound": {"service": "outbound"}}]}"#,
    ),
    ("new/i.js", "export default { fetch() {} };\n"),
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
        "declare namespace Cloudflare {\n\tinterface Env {\n\t\tENVIRONMENT: string;\n\t\tAPI_TOKEN: string;\n\t\tSENTRY_DSN?: string;\n\t}\n}\ninterface Env extends Cloudflare.Env {}\n",
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
