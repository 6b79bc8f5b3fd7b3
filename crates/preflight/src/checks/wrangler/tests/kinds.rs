//! One project without a fault, and what is told when one thing in it changes.

use super::{lines, of_files};

pub(super) const MANIFEST: &str = r#"[project]
name = "shop"
zone = "example.com"
[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-preview-{pr}"
[environments.staging]
hostname = "{subdomain}-staging"
worker = "{worker}-staging"
wrangler-env = "staging"
[environments.production]
worker = "{worker}-production"
wrangler-env = "production"
routing = "custom-domain"
[services.api]
path = "api"
kv = ["CACHE"]
[services.web]
path = "web"
"#;

pub(super) const API: &str = r#"{
  "name": "api",
  "main": "index.js",
  "compatibility_date": "2026-07-01",
  "observability": { "enabled": true },
  "vars": { "STAGE": "dev" },
  "kv_namespaces": [{ "binding": "CACHE" }],
  "env": {
    "staging": {
      "vars": { "STAGE": "staging" },
      "kv_namespaces": [{ "binding": "CACHE", "id": "theirs" }]
    },
    "production": {
      "vars": { "STAGE": "production" },
      "kv_namespaces": [{ "binding": "CACHE", "id": "live" }]
    }
  }
}
"#;

pub(super) const WEB: &str = r#"name = "web"
main = "index.js"
compatibility_date = "2026-07-01"
[observability]
enabled = true
[env.staging]
[env.production]
"#;

const CODEX: &str = "codex.toml";
const OF_API: &str = "api/wrangler.jsonc";
const OF_WEB: &str = "web/wrangler.toml";
const SOURCE: &str = "api/src/index.ts";

/// File, what of it is replaced, by what.
type Change = (&'static str, &'static str, &'static str);

/// What is told when something changes.
async fn changed(changes: &[Change]) -> Vec<crate::finding::Finding> {
    let mut files = vec![
        (CODEX, MANIFEST.to_owned()),
        (OF_API, API.to_owned()),
        (OF_WEB, WEB.to_owned()),
        (
            SOURCE,
            "export default {};\nexport const path = \"/health\";\n".to_owned(),
        ),
    ];
    for (name, from, to) in changes {
        let (_, text) = files.iter_mut().find(|(file, _)| file == name).unwrap();
        assert!(text.contains(from), "{name} has no `{from}`");
        *text = text.replacen(from, to, 1);
    }
    // An empty one is not there.
    files.retain(|(_, text)| !text.is_empty());
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    of_files(&files, None).await
}

const STAGE: &str = "\"vars\": { \"STAGE\": \"dev\" }";
const OF_STAGING: &str = "\"vars\": { \"STAGE\": \"staging\" }";
const OF_PRODUCTION: &str = "\"vars\": { \"STAGE\": \"production\" }";

/// What is wrong, where, and what makes it so.
const BAD: &[(&str, &str, &[Change])] = &[
    ("wrangler-config-missing", "codex.toml:19:1", &[(OF_WEB, WEB, "")]),
    (
        "wrangler-config-missing",
        "codex.toml:19:1",
        &[(CODEX, "path = \"web\"", "path = \"wed\"")],
    ),
    (
        "wrangler-unreadable",
        "api/wrangler.jsonc:5:39",
        &[(
            OF_API,
            "\"observability\": { \"enabled\": true },",
            "\"observability\": { \"enabled\": true }",
        )],
    ),
    (
        "wrangler-unreadable",
        "web/wrangler.toml:2:8",
        &[(OF_WEB, "main = \"index.js\"", "main = index.js")],
    ),
    (
        "wrangler-config-not-built",
        "codex.toml:19:1",
        &[
            (OF_WEB, WEB, ""),
            (CODEX, "path = \"web\"", "path = \"api/src\"\nbuild = \"npm run build\""),
        ],
    ),
    (
        "wrangler-environment-missing",
        "codex.toml:10:1",
        &[(CODEX, "wrangler-env = \"staging\"", "wrangler-env = \"stagin\"")],
    ),
    (
        "wrangler-refused",
        "web/wrangler.toml:6:2",
        &[(OF_WEB, "[env.staging]", "[site]\nbucket = \"public\"\n[env.staging]")],
    ),
    (
        "wrangler-refused",
        "api/wrangler.jsonc:3:3",
        &[
            (OF_API, "\"main\": \"index.js\"", "\"main\": \"src/index.ts\""),
            (
                SOURCE,
                "export default {};\nexport const",
                "addEventListener(\"fetch\", answer); // export default {}\nconst",
            ),
        ],
    ),
    (
        "custom-domain-pattern",
        "web/wrangler.toml:7:13",
        &[(
            OF_WEB,
            "[env.staging]\n",
            "[env.staging]\nroutes = [{ pattern = \"*-staging.example.com/*\", custom_domain = true }]\n",
        )],
    ),
    (
        "binding-reaches-out",
        "api/wrangler.jsonc:11:27",
        &[(OF_API, "\"id\": \"theirs\"", "\"id\": \"live\"")],
    ),
    // A bucket of the top level, for every pull request.
    (
        "binding-reaches-out",
        "api/wrangler.jsonc:6:20",
        &[
            (
                OF_API,
                STAGE,
                "\"r2_buckets\": [{ \"binding\": \"MEDIA\", \"bucket_name\": \"dev\" }], \"vars\": { \"STAGE\": \"dev\" }",
            ),
            (
                OF_API,
                OF_STAGING,
                "\"r2_buckets\": [], \"vars\": { \"STAGE\": \"staging\" }",
            ),
            (
                OF_API,
                OF_PRODUCTION,
                "\"r2_buckets\": [], \"vars\": { \"STAGE\": \"production\" }",
            ),
        ],
    ),
    // Another service's namespace in another environment.
    (
        "binding-reaches-out",
        "web/wrangler.toml:7:20",
        &[(
            OF_WEB,
            "[env.staging]\n",
            "[env.staging]\nkv_namespaces = [{ binding = \"SESSIONS\", id = \"live\" }]\n",
        )],
    ),
    // A key that is almost one that wrangler knows is told once, as what it leads to.
    (
        "binding-reaches-out",
        "api/wrangler.jsonc:6:3",
        &[(
            OF_API,
            STAGE,
            "\"r2_bucket\": [{ \"binding\": \"MEDIA\", \"bucket_name\": \"dev\" }], \"vars\": { \"STAGE\": \"dev\" }",
        )],
    ),
    (
        "binding-reaches-out",
        "api/wrangler.jsonc:10:22",
        &[(
            OF_API,
            OF_STAGING,
            "\"services\": [{ \"binding\": \"MAIL\", \"service\": \"mail\" }], \"vars\": { \"STAGE\": \"staging\" }",
        )],
    ),
    (
        "name-clash",
        "api/wrangler.jsonc:6:13",
        &[(CODEX, "kv = [\"CACHE\"]", "kv = [\"CACHE\"]\nsecrets = [\"STAGE\"]")],
    ),
    (
        "binding-without-id",
        "api/wrangler.jsonc:7:23",
        &[(CODEX, "kv = [\"CACHE\"]\n", "")],
    ),
    (
        "worker-without-code",
        "codex.toml:18:11",
        &[
            (OF_WEB, "main = \"index.js\"", "assets = { directory = \"public\" }"),
            (CODEX, "path = \"web\"", "path = \"web\"\nvars = { A = \"1\" }"),
        ],
    ),
    (
        "compatibility-date-wrong",
        "api/wrangler.jsonc:4:3",
        &[(OF_API, "2026-07-01", "2099-07-01")],
    ),
    (
        "compatibility-date-wrong",
        "web/wrangler.toml:1:1",
        &[(OF_WEB, "compatibility_date = \"2026-07-01\"\n", "")],
    ),
    (
        "binding-not-inherited",
        "web/wrangler.toml:4:1",
        &[(
            OF_WEB,
            "[observability]",
            "r2_buckets = [{ binding = \"MEDIA\", bucket_name = \"dev\" }]\n[observability]",
        )],
    ),
    (
        "binding-unknown",
        "codex.toml:7:8",
        &[(
            CODEX,
            "worker = \"{worker}-preview-{pr}\"",
            "worker = \"{worker}-preview-{pr}\"\nr2 = { MEDIA = \"media-{pr}\" }",
        )],
    ),
    (
        "binding-missing",
        "web/wrangler.toml:6:6",
        &[(
            OF_WEB,
            "[env.production]",
            "[env.production]\nservices = [{ binding = \"API\", service = \"api-production\" }]",
        )],
    ),
    (
        "workers-dev-opened",
        "web/wrangler.toml:4:1",
        &[
            (CODEX, "routing = \"custom-domain\"", "routing = \"workers-dev\""),
            (OF_WEB, "[observability]", "workers_dev = false\n[observability]"),
        ],
    ),
    (
        "variable-missing",
        "api/wrangler.jsonc:10:7",
        &[(
            OF_API,
            OF_PRODUCTION,
            "\"vars\": { \"STAGE\": \"production\", \"DB_METHOD\": \"PRODUCTION\" }",
        )],
    ),
    (
        "variable-of-localhost",
        "api/wrangler.jsonc:6:13",
        &[(
            OF_API,
            STAGE,
            "\"vars\": { \"API_URL\": \"http://localhost:8787\", \"STAGE\": \"dev\" }",
        )],
    ),
    (
        "variable-of-another-environment",
        "api/wrangler.jsonc:6:13",
        &[(
            OF_API,
            STAGE,
            "\"vars\": { \"WEB_URL\": \"https://web.example.com/x\", \"STAGE\": \"dev\" }",
        )],
    ),
    (
        "variable-of-another-environment",
        "codex.toml:18:10",
        &[(
            CODEX,
            "kv = [\"CACHE\"]",
            "kv = [\"CACHE\"]\nvars = { ORIGINS = [\"https://web-staging.example.com\"] }",
        )],
    ),
    (
        "secret-in-vars",
        "api/wrangler.jsonc:14:17",
        &[(
            OF_API,
            OF_PRODUCTION,
            "\"vars\": { \"STRIPE\": \"sk_live_4eC39HqLyjWDarjtT1\", \"STAGE\": \"production\" }",
        )],
    ),
    (
        "sibling-fetched-by-url",
        "api/src/index.ts:1:30",
        &[
            (
                CODEX,
                "kv = [\"CACHE\"]",
                "kv = [\"CACHE\"]\nvars = { WEB_URL = \"{web.url}\" }",
            ),
            (SOURCE, "export default {};", "const page = await fetch(env.WEB_URL);"),
        ],
    ),
    (
        "sibling-by-url",
        "codex.toml:18:10",
        &[
            (
                CODEX,
                "kv = [\"CACHE\"]",
                "kv = [\"CACHE\"]\nvars = { WEB_URL = \"{web.url}\" }",
            ),
            (
                SOURCE,
                "export default {};",
                "const url = env.WEB_URL;\nawait fetch(url);",
            ),
        ],
    ),
    (
        "domain-behind-wildcard",
        "codex.toml:11:1",
        &[
            (
                CODEX,
                "wrangler-env = \"staging\"",
                "wrangler-env = \"staging\"\nrouting = \"custom-domain\"",
            ),
            (CODEX, "path = \"web\"", "path = \"web\"\nhostnames = [\"web\", \"*\"]"),
        ],
    ),
    // Attached by wrangler alone.
    (
        "domain-behind-wildcard",
        "codex.toml:11:1",
        &[
            (
                CODEX,
                "wrangler-env = \"staging\"",
                "wrangler-env = \"staging\"\nrouting = \"custom-domain\"",
            ),
            (
                OF_WEB,
                "[env.production]",
                "[env.production]\nroutes = [\"*.example.com/*\"]",
            ),
        ],
    ),
    (
        "hostnames-under-wildcard",
        "codex.toml:5:1",
        &[(CODEX, "path = \"web\"", "path = \"web\"\nhostnames = [\"web\", \"*\"]")],
    ),
    (
        "health-path-unseen",
        "api/wrangler.jsonc:3:3",
        &[(SOURCE, "\"/health\"", "\"/\"")],
    ),
    (
        "health-path-unseen",
        "codex.toml:17:1",
        &[(
            CODEX,
            "path = \"api\"",
            "path = \"api\"\nhealth = \"/api/status?deep=1\"",
        )],
    ),
    (
        "route-not-in-manifest",
        "web/wrangler.toml:8:11",
        &[(
            OF_WEB,
            "[env.production]",
            "[env.production]\nroutes = [\"*-live.example.com/*\"]",
        )],
    ),
    (
        "route-not-in-manifest",
        "web/wrangler.toml:8:13",
        &[(
            OF_WEB,
            "[env.production]",
            "[env.production]\nroutes = [{ pattern = \"www.example.com\", custom_domain = true }]",
        )],
    ),
    (
        "observability-off",
        "web/wrangler.toml:1:1",
        &[(OF_WEB, "[observability]\nenabled = true\n", "")],
    ),
    (
        "observability-off",
        "api/wrangler.jsonc:5:3",
        &[(OF_API, "\"enabled\": true", "\"enabled\": false")],
    ),
    (
        "compatibility-date-old",
        "api/wrangler.jsonc:4:3",
        &[(OF_API, "2026-07-01", "2023-07-01")],
    ),
    (
        "workers-dev-open",
        "web/wrangler.toml:4:1",
        &[(OF_WEB, "[observability]", "workers_dev = true\n[observability]")],
    ),
    (
        "main-missing",
        "web/wrangler.toml:1:1",
        &[(OF_WEB, "main = \"index.js\"\n", "")],
    ),
    (
        "main-missing",
        "web/wrangler.toml:2:1",
        &[(OF_WEB, "index.js", "src/index.ts")],
    ),
    (
        "durable-object-without-migration",
        "api/wrangler.jsonc:10:59",
        &[(
            OF_API,
            OF_STAGING,
            "\"durable_objects\": { \"bindings\": [{ \"name\": \"ROOM\", \"class_name\": \"Room\" }] }, \"vars\": { \"STAGE\": \"staging\" }",
        )],
    ),
    (
        "crons-in-previews",
        "web/wrangler.toml:5:1",
        &[
            (
                OF_WEB,
                "[observability]",
                "[triggers]\ncrons = [\"*/5 * * * *\"]\n[observability]",
            ),
            (
                CODEX,
                "worker = \"{worker}-preview-{pr}\"",
                "worker = \"{worker}-preview-{pr}\"\ncrons = true",
            ),
        ],
    ),
    (
        "worker-name-differs",
        "web/wrangler.toml:8:1",
        &[(OF_WEB, "[env.production]", "[env.production]\nname = \"shop-web\"")],
    ),
    (
        "folder-twice",
        "codex.toml:19:1",
        &[(CODEX, "path = \"web\"", "path = \"api\"\nkv = [\"CACHE\"]")],
    ),
    (
        "dev-port-twice",
        "web/wrangler.toml:5:1",
        &[
            (OF_WEB, "[observability]", "[dev]\nport = 8787\n[observability]"),
            (
                OF_API,
                STAGE,
                "\"dev\": { \"port\": 8787 }, \"vars\": { \"STAGE\": \"dev\" }",
            ),
        ],
    ),
    (
        "wrangler-key-misspelt",
        "web/wrangler.toml:4:1",
        &[(
            OF_WEB,
            "[observability]",
            "compatability_flags = [\"nodejs_compat\"]\n[observability]",
        )],
    ),
    (
        "wrangler-key-unknown",
        "web/wrangler.toml:7:1",
        &[(OF_WEB, "[env.staging]\n", "[env.staging]\nshop_settings = 1\n")],
    ),
];

#[tokio::test]
async fn a_project_without_a_fault_is_told_nothing() {
    assert_eq!(lines(&changed(&[]).await), "");
}

#[tokio::test]
async fn each_fault_is_told_at_its_place() {
    let (mut all, mut missed) = (String::new(), String::new());
    for (kind, place, changes) in BAD {
        let findings = changed(changes).await;
        let told = lines(&findings);
        let is_it = |finding: &crate::finding::Finding| {
            finding.kind.name == *kind && finding.place.as_ref().is_some_and(|found| found.to_string() == *place)
        };
        if !findings.iter().any(is_it) {
            missed.push_str(&format!("{kind} at {place}, but:\n{told}\n"));
        }
        all.push_str(&format!("{told}\n\n"));
    }
    insta::assert_snapshot!(all);
    assert_eq!(missed, "");
}

/// What looks like a fault and is none.
const GOOD: &[&[Change]] = &[
    // Not built yet.
    &[(OF_WEB, "index.js", "dist/index.js")],
    &[(OF_WEB, "index.js", ".svelte-kit/cloudflare/_worker.js")],
    &[
        (OF_WEB, "index.js", "src/gone.ts"),
        (CODEX, "path = \"web\"", "path = \"web\"\nbuild = \"npm run build\""),
    ],
    &[(OF_WEB, "index.js", "@astrojs/cloudflare/entrypoints/server")],
    // `route` of the top level counts for nothing beside an environment's own `routes`.
    &[
        (
            OF_WEB,
            "[observability]",
            "route = \"dev.example.com/*\"\n[observability]",
        ),
        (
            OF_WEB,
            "[env.staging]",
            "[env.staging]\nroutes = [\"web-staging.example.com/*\"]",
        ),
        (
            OF_WEB,
            "[env.production]",
            "[env.production]\nroutes = [\"web.example.com/*\"]",
        ),
    ],
    &[
        (OF_API, "\"main\": \"index.js\"", "\"main\": \"src/index.ts\""),
        (
            SOURCE,
            "export default {};\nexport const",
            "addEventListener(\"fetch\", answer);\nconst",
        ),
        (CODEX, "path = \"api\"", "path = \"api\"\nuploader = \"wrangler\""),
    ],
    // On purpose.
    &[
        (OF_API, "\"id\": \"theirs\"", "\"id\": \"live\""),
        (
            CODEX,
            "wrangler-env = \"staging\"",
            "wrangler-env = \"staging\"\nshared = [\"CACHE\"]",
        ),
    ],
    &[
        (
            OF_WEB,
            "[observability]",
            "r2_buckets = [{ binding = \"MEDIA\", bucket_name = \"dev\" }]\n[observability]",
        ),
        (OF_WEB, "[env.staging]", "[env.staging]\nr2_buckets = []"),
        (OF_WEB, "[env.production]", "[env.production]\nr2_buckets = []"),
        (
            CODEX,
            "worker = \"{worker}-preview-{pr}\"",
            "worker = \"{worker}-preview-{pr}\"\nr2 = { MEDIA = \"media-{pr}\" }",
        ),
    ],
    // The manifest makes up for what the configuration lacks, and goes over what it has.
    &[
        (
            OF_API,
            OF_PRODUCTION,
            "\"vars\": { \"STAGE\": \"production\", \"DB_METHOD\": \"PRODUCTION\" }",
        ),
        (
            CODEX,
            "kv = [\"CACHE\"]",
            "kv = [\"CACHE\"]\nvars = { DB_METHOD = \"BRANCH\" }",
        ),
    ],
    &[
        (
            OF_API,
            OF_PRODUCTION,
            "\"vars\": { \"STAGE\": \"production\", \"KEY_ID\": \"k1\" }",
        ),
        (CODEX, "kv = [\"CACHE\"]", "kv = [\"CACHE\"]\nstep-vars = [\"KEY_ID\"]"),
    ],
    &[
        (
            OF_API,
            STAGE,
            "\"vars\": { \"WEB_URL\": \"http://localhost:8780\", \"STAGE\": \"dev\" }",
        ),
        (
            CODEX,
            "kv = [\"CACHE\"]",
            "kv = [\"CACHE\"]\nvars = { WEB_URL = \"{web.url}\" }",
        ),
    ],
    // Nobody fetches it; or by the front door; or by a binding.
    &[
        (
            CODEX,
            "kv = [\"CACHE\"]",
            "kv = [\"CACHE\"]\nvars = { WEB_URL = \"{web.url}\" }",
        ),
        (SOURCE, "export default {};", "const link = env.WEB_URL;"),
    ],
    &[
        (
            CODEX,
            "kv = [\"CACHE\"]",
            "kv = [\"CACHE\"]\nvars = { WEB_URL = \"{web.url}\" }",
        ),
        (SOURCE, "export default {};", "await fetch(env.WEB_URL);"),
        (
            OF_API,
            STAGE,
            "\"compatibility_flags\": [\"global_fetch_strictly_public\"], \"vars\": { \"STAGE\": \"dev\" }",
        ),
    ],
    // A more specific route goes first.
    &[(
        CODEX,
        "wrangler-env = \"staging\"",
        "wrangler-env = \"staging\"\nrouting = \"route\"",
    )],
    &[
        (
            CODEX,
            "wrangler-env = \"staging\"",
            "wrangler-env = \"staging\"\nrouting = \"custom-domain\"",
        ),
        (
            OF_WEB,
            "[env.production]",
            "[env.production]\nroutes = [\"web.example.com/blog/*\"]",
        ),
    ],
    // A page, and a path of its own.
    &[
        (SOURCE, "\"/health\"", "\"/\""),
        (CODEX, "path = \"api\"", "path = \"api\"\nhealth = \"/\""),
    ],
    &[
        (SOURCE, "\"/health\"", "`${base}/Status`"),
        (CODEX, "path = \"api\"", "path = \"api\"\nhealth = \"/api/status\""),
    ],
    // Keys that everybody may have, and words.
    &[
        (
            OF_API,
            OF_PRODUCTION,
            "\"vars\": { \"STAGE\": \"production\" }, \"define\": {}",
        ),
        (
            CODEX,
            "kv = [\"CACHE\"]",
            "kv = [\"CACHE\"]\nvars = { PUBLIC_STRIPE_KEY = \"pk_live_4eC39HqLyjWDarjtT1zdp7dc\", TOKEN_TTL = \"3600\", SESSION_COOKIE_NAME = \"codex_session_2024v1\", TURNSTILE_SITE_KEY = \"0x4AAAAAAABkMYinukE8nzYS\" }",
        ),
    ],
    // A class that a migration makes, and another Worker's.
    &[
        (
            OF_API,
            STAGE,
            "\"migrations\": [{ \"tag\": \"v1\", \"new_sqlite_classes\": [\"Room\"] }], \"vars\": { \"STAGE\": \"dev\" }",
        ),
        (
            OF_API,
            OF_STAGING,
            "\"durable_objects\": { \"bindings\": [{ \"name\": \"ROOM\", \"class_name\": \"Room\" }] }, \"vars\": { \"STAGE\": \"staging\" }",
        ),
    ],
    // One code base, deployed twice, each with its own section.
    &[
        (
            OF_API,
            "\"env\": {",
            r#""env": {
    "jobs": { "vars": { "STAGE": "preview" }, "kv_namespaces": [{ "binding": "CACHE" }] },
    "jobs-staging": { "name": "jobs-staging", "vars": { "STAGE": "staging" }, "kv_namespaces": [{ "binding": "CACHE", "id": "jobs" }] },
    "jobs-live": { "name": "jobs-production", "vars": { "STAGE": "production" }, "kv_namespaces": [{ "binding": "CACHE", "id": "jobs-live" }] },"#,
        ),
        (
            CODEX,
            "[services.web]\npath = \"web\"",
            "[services.jobs]\npath = \"api\"\nkv = [\"CACHE\"]\n[environments.preview.services.jobs]\nwrangler-env = \"jobs\"\n[environments.staging.services.jobs]\nwrangler-env = \"jobs-staging\"\n[environments.production.services.jobs]\nwrangler-env = \"jobs-live\"",
        ),
    ],
    // Previews have no schedules of their own.
    &[(
        OF_WEB,
        "[observability]",
        "[triggers]\ncrons = [\"*/5 * * * *\"]\n[observability]",
    )],
    &[
        (OF_WEB, "[observability]", "[dev]\nport = 8788\n[observability]"),
        (
            OF_API,
            STAGE,
            "\"dev\": { \"port\": 8787 }, \"vars\": { \"STAGE\": \"dev\" }",
        ),
    ],
];

#[tokio::test]
async fn what_looks_like_a_fault_is_none() {
    let mut all = String::new();
    for (at, changes) in GOOD.iter().enumerate() {
        let told = lines(&changed(changes).await);
        if !told.is_empty() {
            all.push_str(&format!("{at}: {told}\n"));
        }
    }
    assert_eq!(all, "");
}
