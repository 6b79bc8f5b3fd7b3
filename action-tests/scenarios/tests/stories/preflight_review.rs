//! A review of the first user's platform, planted whole: a copy of `action-tests/platform` gets everything of it that a
//! look at files and tokens can tell, and `preflight` tells each at its place, and nothing else. The tables below say
//! which section of the review a plant is of.
//!
//! What the review says and nothing is planted for:
//!
//! - Wrong about Cloudflare. 2.3, production's DNS commented out: a custom domain makes its own records (the lines stand
//!   commented out in the copy, and nothing is told of them). 3.1, a `preview_id`: that is for `wrangler dev --remote`
//!   alone; the namespace of previews is told. 3.1, the path `/*` of a route: it does match all paths; as a custom domain
//!   it is told. 8.3, the TTL of proxied records: it is always automatic.
//! - The order of a run, which these actions keep by themselves: 2.2, branch and Workers deleted side by side (the second
//!   tool is told); 2.3, a migration that was tried nowhere (each preview migrates a copy of the parent).
//! - Not told by files: 2.1, migrations that run twice, and names of artifacts; 4.1, GitHub's deployments page; 4.2, gradual
//!   rollout and deeper smoke tests, which are choices; 5.2, 5.3, 5.4, 6.1 to 6.3, retries, pools, CORS, rate limits,
//!   security headers, trackers of errors and time: behaviour of the application. CORS origins per service, ports and
//!   secrets with their rotation are what `preflight write` writes down (7.1, 7.3, 8.1).

use scenarios::{Run, World, ids, tokens};
use serde_json::json;

use crate::preflight::{looked, platform};

/// One thing that the review says, made so, and all that is to be found for it.
struct Plant {
    review: &'static str,
    edits: &'static [(&'static str, Edit)],
    found: &'static [Expected],
}

enum Edit {
    /// One text in place of another, wherever it stands in the file.
    Text(&'static str, &'static str),
    Whole(&'static str),
    Gone,
}
use Edit::{Gone, Text, Whole};

enum Expected {
    /// Severity and kind, the file, and the texts that lead to the line: each is looked for from the one before on.
    At(&'static str, &'static str, &'static [&'static str]),
    /// What lies in no file: severity and kind, and the subject.
    Of(&'static str, &'static str),
}
use Expected::{At, Of};

const AUTH: &str = "workers/auth/wrangler.jsonc";
const CONTENT: &str = "workers/content-api/wrangler.jsonc";
const IDENTITY: &str = "workers/identity-api/wrangler.jsonc";
const STRIPE: &str = "workers/stripe-webhook-handler/wrangler.toml";
const WEB: &str = "apps/web/wrangler.jsonc";
const TESTING: &str = ".github/workflows/testing.yml";
const PREVIEW: &str = ".github/workflows/preview-deploy.yml";
const PRODUCTION: &str = ".github/workflows/deploy-production.yml";

/// The files' order in the review.
const PLANTS: &[Plant] = &[
    Plant {
        review: "1: `globalPassThroughEnv` for Playwright is missing",
        edits: &[
            (
                "turbo.json",
                Text("\"test\": {},", "\"test\": {},\n    \"test:e2e\": {},"),
            ),
            (
                "apps/web/package.json",
                Text(
                    "\"test\": \"node --test\"",
                    "\"test\": \"node --test\",\n    \"test:e2e\": \"playwright test\"",
                ),
            ),
        ],
        found: &[At(
            "warning turbo-playwright-env",
            "turbo.json",
            &["globalPassThroughEnv"],
        )],
    },
    Plant {
        review: "1: the build has no `inputs`",
        edits: &[(
            "turbo.json",
            Text("      \"inputs\": [\"$TURBO_DEFAULT$\", \"!test/**\"],\n", ""),
        )],
        found: &[At("note turbo-build-inputs", "turbo.json", &["\"build\""])],
    },
    Plant {
        review: "1, 8.2: which variables tasks have",
        edits: &[(
            "packages/database/test/live.test.ts",
            Whole(
                "import { test } from 'node:test';\ntest('migrated', { skip: !process.env.DATABASE_URL }, () => {});\n",
            ),
        )],
        found: &[At("warning turbo-env-undeclared", "turbo.json", &["\"test\": {}"])],
    },
    Plant {
        review: "8.2: no `globalEnv` for what a deployment is of",
        edits: &[(
            "turbo.json",
            Text(
                "\"typecheck\": {\n",
                "\"typecheck\": {\n      \"env\": [\"CLOUDFLARE_ACCOUNT_ID\", \"NEON_PROJECT_ID\"],\n",
            ),
        )],
        found: &[At("note turbo-deployment-env", "turbo.json", &["\"typecheck\": {"])],
    },
    Plant {
        review: "2.1: the cleanup of the tests' branches fails silently",
        edits: &[
            (TESTING, Whole(include_str!("preflight_review/testing.yml"))),
            (
                ".github/workflows/static-analysis.yml",
                Whole(include_str!("preflight_review/static-analysis.yml")),
            ),
        ],
        found: &[At("warning workflow-cleanup-swallowed", TESTING, &["# of the tests"])],
    },
    Plant {
        review: "2.2: previews without health checks; a cleanup that fails silently, beside another tool that deletes; 8.1: a secret that nobody passes",
        edits: &[(PREVIEW, Whole(include_str!("preflight_review/preview-deploy.yml")))],
        found: &[
            At("warning workflow-health-off", PREVIEW, &["# nothing asks"]),
            At("warning workflow-cleanup-swallowed", PREVIEW, &["# of the preview"]),
            At(
                "warning workflow-cleanup-swallowed",
                PREVIEW,
                &["# while the Workers go"],
            ),
            At("note workflow-other-tools", PREVIEW, &["neondatabase/delete"]),
            At("warning workflow-ref-third-party", PREVIEW, &["neondatabase/delete"]),
            At("note workflow-ref-tag", PREVIEW, &["actions/checkout"]),
            At("warning workflow-closed-filtered", PREVIEW, &["# as the tests have"]),
            At(
                "warning workflow-concurrency-cancels",
                PREVIEW,
                &["# the newest push alone"],
            ),
            At("warning workflow-permissions-missing", PREVIEW, &["  deploy:"]),
            At("warning workflow-no-sweep", PREVIEW, &["deploy-workers@"]),
            At("error workflow-secret-missing", PREVIEW, &["env: # what previews have"]),
        ],
    },
    Plant {
        review: "2.3, 4.2: no way back for production's database nor its Workers; 8.1: production's secrets are set nowhere",
        edits: &[(
            PRODUCTION,
            Whole(include_str!("preflight_review/deploy-production.yml")),
        )],
        found: &[
            At(
                "warning workflow-restore-point-missing",
                PRODUCTION,
                &["# straight on the data"],
            ),
            At("warning workflow-rollback-off", PRODUCTION, &["# half of it stays"]),
            At(
                "warning workflow-concurrency-missing",
                PRODUCTION,
                &["  deploy-production:"],
            ),
            At(
                "warning workflow-permissions-wide",
                PRODUCTION,
                &["permissions: write-all"],
            ),
            At("note workflow-ref-tag", PRODUCTION, &["actions/checkout"]),
            At(
                "error workflow-secret-missing",
                PRODUCTION,
                &["env: # what production has"],
            ),
            At("warning github-secret-unset", PRODUCTION, &["NEON_PRODUCTION_URL"]),
            At(
                "warning github-secret-unset",
                PRODUCTION,
                &["SESSION_SECRET_PRODUCTION"],
            ),
            At(
                "warning github-secret-unset",
                PRODUCTION,
                &["BETTER_AUTH_SECRET_PRODUCTION"],
            ),
            At("warning github-secret-unset", PRODUCTION, &["STRIPE_PRODUCTION_KEY"]),
        ],
    },
    Plant {
        review: "2.3: what the database remembers is too little to go back to",
        edits: &[],
        found: &[Of("note neon-history-short", "NEON_PROJECT_ID")],
    },
    Plant {
        review: "3.1, 3.2, 5.3: one hard-coded namespace for all environments of `content-api`, which is not in the account",
        edits: &[
            (
                CONTENT,
                Text(
                    "{ \"binding\": \"RATE_LIMIT_KV\" }",
                    "{ \"binding\": \"RATE_LIMIT_KV\", \"id\": \"cea7153364974737b16870df08f31083\" }",
                ),
            ),
            (
                CONTENT,
                Text("3ee090b619f155d39f1b4ef78231a931", "cea7153364974737b16870df08f31083"),
            ),
            (
                CONTENT,
                Text("f58218d9b41be52b14fd540b46efcc16", "cea7153364974737b16870df08f31083"),
            ),
            (
                "codex.toml",
                Text(
                    "needs = [\"identity-api\"]\nsecrets = [\"DATABASE_URL\"]\nkv = [\"RATE_LIMIT_KV\"]\n",
                    "needs = [\"identity-api\"]\nsecrets = [\"DATABASE_URL\"]\n",
                ),
            ),
        ],
        found: &[
            At(
                "error cloudflare-kv-unknown",
                CONTENT,
                &["cea7153364974737b16870df08f31083"],
            ),
            At(
                "error binding-reaches-out",
                CONTENT,
                &["cea7153364974737b16870df08f31083"],
            ),
        ],
    },
    Plant {
        review: "3.2: the same of `identity-api`",
        edits: &[
            (
                IDENTITY,
                Text(
                    "{ \"binding\": \"RATE_LIMIT_KV\" }",
                    "{ \"binding\": \"RATE_LIMIT_KV\", \"id\": \"cea7153364974737b16870df08f31083\" }",
                ),
            ),
            (
                IDENTITY,
                Text("3ee090b619f155d39f1b4ef78231a931", "cea7153364974737b16870df08f31083"),
            ),
            (
                IDENTITY,
                Text("f58218d9b41be52b14fd540b46efcc16", "cea7153364974737b16870df08f31083"),
            ),
            (
                "codex.toml",
                Text(
                    "path = \"workers/identity-api\"\nsecrets = [\"DATABASE_URL\"]\nkv = [\"RATE_LIMIT_KV\"]\n",
                    "path = \"workers/identity-api\"\nsecrets = [\"DATABASE_URL\"]\n",
                ),
            ),
        ],
        found: &[
            At(
                "error cloudflare-kv-unknown",
                IDENTITY,
                &["cea7153364974737b16870df08f31083"],
            ),
            At(
                "error binding-reaches-out",
                IDENTITY,
                &["cea7153364974737b16870df08f31083"],
            ),
        ],
    },
    Plant {
        review: "3.3, 5.3: two of them in `auth`, sessions among them",
        edits: &[
            (
                AUTH,
                Text(
                    "{ \"binding\": \"RATE_LIMIT_KV\" }",
                    "{ \"binding\": \"RATE_LIMIT_KV\", \"id\": \"cea7153364974737b16870df08f31083\" }",
                ),
            ),
            (
                AUTH,
                Text(
                    "{ \"binding\": \"AUTH_SESSION_KV\" }",
                    "{ \"binding\": \"AUTH_SESSION_KV\", \"id\": \"82d04a4236df4aac8e9d87793344f0ed\" }",
                ),
            ),
            (
                AUTH,
                Text("3ee090b619f155d39f1b4ef78231a931", "cea7153364974737b16870df08f31083"),
            ),
            (
                AUTH,
                Text("f58218d9b41be52b14fd540b46efcc16", "cea7153364974737b16870df08f31083"),
            ),
            (
                AUTH,
                Text("ac1783296bd75de168a2ab8de8df966a", "82d04a4236df4aac8e9d87793344f0ed"),
            ),
            (
                AUTH,
                Text("34da83556eb71d3ee0a9099caaceaf18", "82d04a4236df4aac8e9d87793344f0ed"),
            ),
            (
                "codex.toml",
                Text("kv = [\"RATE_LIMIT_KV\", \"AUTH_SESSION_KV\"]\n", ""),
            ),
        ],
        found: &[
            At(
                "error cloudflare-kv-unknown",
                AUTH,
                &["cea7153364974737b16870df08f31083"],
            ),
            At("error binding-reaches-out", AUTH, &["cea7153364974737b16870df08f31083"]),
            At(
                "error cloudflare-kv-unknown",
                AUTH,
                &["82d04a4236df4aac8e9d87793344f0ed"],
            ),
            At("error binding-reaches-out", AUTH, &["82d04a4236df4aac8e9d87793344f0ed"]),
        ],
    },
    Plant {
        review: "3.3: staging lacks `DB_METHOD`",
        edits: &[(
            AUTH,
            Text(
                "\"ENVIRONMENT\": \"staging\",\n        \"DB_METHOD\": \"BRANCH\",",
                "\"ENVIRONMENT\": \"staging\",",
            ),
        )],
        found: &[At("warning variable-missing", AUTH, &["\"staging\": {", "\"vars\""])],
    },
    Plant {
        review: "3.1: staging's custom domain has a path",
        edits: &[(
            CONTENT,
            Text(
                "content-api-staging.revelations.studio\"",
                "content-api-staging.revelations.studio/*\"",
            ),
        )],
        found: &[At(
            "error custom-domain-pattern",
            CONTENT,
            &["content-api-staging.revelations.studio/*"],
        )],
    },
    Plant {
        review: "3.4: staging's route matches every name that ends so",
        edits: &[(
            WEB,
            Text(
                "\"codex-staging.revelations.studio\", \"custom_domain\": true",
                "\"*-staging.revelations.studio/*\", \"zone_name\": \"revelations.studio\"",
            ),
        )],
        found: &[At(
            "warning route-not-in-manifest",
            WEB,
            &["*-staging.revelations.studio/*"],
        )],
    },
    Plant {
        review: "3.4: no observability",
        edits: &[
            (WEB, Text("  \"observability\": { \"enabled\": true },\n", "")),
            (
                WEB,
                Text(
                    ",\n      \"observability\": { \"enabled\": true, \"head_sampling_rate\": 1 }",
                    "",
                ),
            ),
            (
                WEB,
                Text(
                    ",\n      \"observability\": { \"enabled\": true, \"head_sampling_rate\": 0.2 }",
                    "",
                ),
            ),
        ],
        found: &[At("warning observability-off", WEB, &["\"name\""])],
    },
    Plant {
        review: "4.1: previews without a limit",
        edits: &[("codex.toml", Text("limit = 20\n", ""))],
        found: &[At(
            "note environment-unlimited",
            "codex.toml",
            &["[environments.preview]"],
        )],
    },
    Plant {
        review: "5.1: a sibling by its URL and no service binding; 6.4: no health endpoint",
        edits: &[
            (
                "workers/content-api/src/index.ts",
                Whole(
                    "import { Hono } from 'hono';\n\nconst app = new Hono<{ Bindings: { API_URL: string } }>();\napp.get('/plans', async (c) => c.json(await (await fetch(`${c.env.API_URL}/plans`)).json()));\nexport default app;\n",
                ),
            ),
            ("workers/content-api/src/items.ts", Gone),
            ("workers/content-api/src/identity.ts", Gone),
            ("workers/content-api/test/identity.test.ts", Gone),
            (
                "workers/content-api/package.json",
                Text("\"@codex/http\": \"0.0.0\"", "\"hono\": \"4.12.0\""),
            ),
        ],
        found: &[
            At(
                "warning sibling-fetched-by-url",
                "workers/content-api/src/index.ts",
                &["fetch("],
            ),
            At("warning health-path-unseen", CONTENT, &["\"main\""]),
        ],
    },
    Plant {
        review: "6.4: no health endpoint",
        edits: &[
            (
                "workers/identity-api/src/index.ts",
                Whole(
                    "import { Hono } from 'hono';\n\nconst app = new Hono();\napp.get('/organizations', (c) => c.json({ organizations: [] }));\nexport default app;\n",
                ),
            ),
            (
                "workers/identity-api/package.json",
                Text("\"@codex/http\": \"0.0.0\"", "\"hono\": \"4.12.0\""),
            ),
        ],
        found: &[At("warning health-path-unseen", IDENTITY, &["\"main\""])],
    },
    Plant {
        review: "7.1: nobody says who has which port",
        edits: &[
            (
                AUTH,
                Text(
                    "\"workers_dev\": false,",
                    "\"workers_dev\": false,\n  \"dev\": { \"port\": 8788 },",
                ),
            ),
            (STRIPE, Text("[observability]", "[dev]\nport = 8788\n\n[observability]")),
        ],
        found: &[At("note dev-port-twice", STRIPE, &["port = 8788"])],
    },
    Plant {
        review: "8.1, appendix A: the deployments' token may not edit DNS",
        edits: &[],
        found: &[Of("error cloudflare-permission-missing", "Zone → DNS")],
    },
    Plant {
        review: "beside the review: custom domains behind the route that serves tenants",
        edits: &[(
            "codex.toml",
            Text(
                "# A custom domain would stand behind production's route for tenants, `*`: routes run first.\nrouting = \"route\"",
                "routing = \"custom-domain\"",
            ),
        )],
        found: &[At(
            "warning domain-behind-wildcard",
            "codex.toml",
            &["[environments.staging]", "routing"],
        )],
    },
    Plant {
        review: "beside the review: bindings that an environment does not inherit",
        edits: &[(
            WEB,
            Text(
                "      \"services\": [\n        { \"binding\": \"CONTENT_API\", \"service\": \"content-api-staging\" },\n        { \"binding\": \"AUTH\", \"service\": \"auth-worker-staging\" }\n      ],\n",
                "",
            ),
        )],
        found: &[At("error binding-not-inherited", WEB, &["\"services\": ["])],
    },
    Plant {
        review: "beside the review: a bucket and a database that are not in the account",
        edits: &[(
            WEB,
            Text(
                "\"production\": {\n",
                "\"production\": {\n      \"r2_buckets\": [{ \"binding\": \"MEDIA\", \"bucket_name\": \"codex-media\" }],\n      \"d1_databases\": [{ \"binding\": \"REPORTS\", \"database_id\": \"0b5e1f2a-3c4d-4e5f-8a9b-0c1d2e3f4a5b\" }],\n",
            ),
        )],
        found: &[
            At("error cloudflare-bucket-unknown", WEB, &["codex-media"]),
            At("error cloudflare-d1-unknown", WEB, &["0b5e1f2a"]),
            // Production alone has them.
            At("warning binding-missing", WEB, &["\"name\""]),
            At("warning binding-missing", WEB, &["\"staging\": {"]),
        ],
    },
    Plant {
        review: "beside the review: an old compatibility date",
        edits: &[(STRIPE, Text("2026-07-01", "2023-07-01"))],
        found: &[At("note compatibility-date-old", STRIPE, &["compatibility_date"])],
    },
];

/// What is told of the platform as it is, too: notes on what its team has chosen.
const ALWAYS: &[Expected] = &[
    At(
        "note hostnames-under-wildcard",
        "codex.toml",
        &["[environments.preview]", "hostname"],
    ),
    At(
        "note secret-one-for-all",
        "codex.toml",
        &["[environments.preview]", "secrets ="],
    ),
    Of("note secrets-not-looked-at", "secrets"),
];

/// The pipeline that the review is of, before anything of it is replaced: tests, then by `workflow_run` previews and
/// production.
const BEFORE: Plant = Plant {
    review: "the workflows as they are, beside a manifest",
    edits: &[
        (TESTING, Whole(include_str!("preflight_review/testing.yml"))),
        (
            ".github/workflows/static-analysis.yml",
            Whole(include_str!("preflight_review/static-analysis.yml")),
        ),
        (
            PREVIEW,
            Whole(include_str!("preflight_review/before/preview-deploy.yml")),
        ),
        (
            PRODUCTION,
            Whole(include_str!("preflight_review/before/deploy-production.yml")),
        ),
    ],
    found: &[
        At("error workflow-target-checkout", PREVIEW, &["actions/checkout"]),
        At("note workflow-other-tools", PREVIEW, &["name: Workers\n", "run:"]),
        At("note workflow-other-tools", PRODUCTION, &["# the first of five"]),
        At("warning workflow-cleanup-swallowed", PREVIEW, &["# first"]),
        At("warning workflow-cleanup-swallowed", PREVIEW, &["# second"]),
        At("warning workflow-cleanup-swallowed", TESTING, &["# of the tests"]),
        At("warning github-secret-unset", PRODUCTION, &["NEON_PRODUCTION_URL"]),
    ],
};

fn plant(world: &World, plant: &Plant) {
    for (file, edit) in plant.edits {
        let path = world.workspace().join(file);
        match edit {
            Whole(text) => world.file(file, text),
            Gone => std::fs::remove_file(path).unwrap(),
            Text(from, to) => {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(text.contains(from), "{}: `{file}` has no `{from}`", plant.review);
                std::fs::write(path, text.replace(from, to)).unwrap();
            }
        }
    }
}

/// `severity kind place`, as the files are now.
fn row(world: &World, expected: &Expected) -> String {
    let (what, file, trail) = match expected {
        Of(what, subject) => return format!("{what} {subject}"),
        At(what, file, trail) => (what, file, trail),
    };
    let text = std::fs::read_to_string(world.workspace().join(file)).unwrap();
    let mut at = 0;
    for step in *trail {
        at += text[at..]
            .find(step)
            .unwrap_or_else(|| panic!("`{file}` has no `{step}`"));
    }
    format!("{what} {file}:{}", text[..at].matches('\n').count() + 1)
}

fn rows(world: &World, expected: impl IntoIterator<Item = &'static Expected>) -> Vec<String> {
    let mut rows: Vec<String> = expected.into_iter().map(|one| row(world, one)).collect();
    rows.sort();
    rows
}

/// The same from what the run printed: the report may be too long to hold all.
fn told(run: &Run) -> Vec<String> {
    let mut told = Vec::new();
    let mut severity = "";
    for line in run.log().lines() {
        if let Some(title) = line.strip_prefix("::group::") {
            severity = ["error", "warning", "note"]
                .into_iter()
                .find(|word| title.contains(word))
                .unwrap();
        } else if line.starts_with("::endgroup::") {
            severity = "";
        } else if !severity.is_empty() {
            let (place, rest) = line.split_once(": ").unwrap();
            let kind = rest.rsplit_once('[').unwrap().1.trim_end_matches(']');
            // Without the column.
            let parts: Vec<&str> = place.rsplitn(2, ':').collect();
            let place = if place.contains('.') {
                parts[parts.len() - 1]
            } else {
                place
            };
            told.push(format!("{severity} {kind} {place}"));
        }
    }
    told.sort();
    told
}

/// What a person reads: annotations are the same, for the pull request's files.
fn log(run: &Run) -> String {
    let log = run.log();
    let lines = log.lines().filter(|line| {
        let is_annotation = ["::error ", "::warning ", "::notice "]
            .iter()
            .any(|start| line.starts_with(start));
        !is_annotation
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// All that the platform's environments need, and what of it the token lacks.
async fn vendors(world: &World, dns: bool, history: u64) {
    let mut permissions = vec![
        "zone:read",
        "routes:edit",
        "workers:edit",
        "kv:edit",
        "r2:edit",
        "d1:edit",
        "tokens:read",
    ];
    permissions.extend(dns.then_some("dns:edit"));
    world
        .seed(&json!({
            "github": {
                // A person's: it sees the names of secrets.
                "tokens": [{"token": tokens::GITHUB, "login": "octocat"}],
                "secrets": [
                    "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_DNS_API_TOKEN", "NEON_API_KEY", "SESSION_SECRET",
                    "STRIPE_TEST_KEY", "STRIPE_TEST_PAYMENT_WEBHOOK_SECRET",
                ],
                "environments": [{"name": "production", "reviewers": ["octocat"]}],
            },
            "neon": {
                "api_keys": [{"key": tokens::NEON, "organization": true}],
                "settings": {"history_retention_seconds": history},
            },
            "cloudflare": {
                "tokens": {tokens::CLOUDFLARE: {"permissions": permissions}},
                "zones": [{"name": "revelations.studio", "account_id": ids::ACCOUNT}],
            },
        }))
        .await;
}

#[tokio::test]
async fn all_that_the_review_says_is_told_at_its_place_and_nothing_else() {
    let world = platform().await;
    vendors(&world, true, 604_800).await;
    let look = || looked(&world, world.run("preflight").on_push());
    let clean = look().await;
    assert_eq!(told(&clean), rows(&world, ALWAYS), "{clean}");
    assert_eq!(clean.code, 0, "{clean}");

    vendors(&world, false, 21_600).await;
    for one in PLANTS {
        plant(&world, one);
    }
    let first = look().await;
    let expected = rows(&world, PLANTS.iter().flat_map(|plant| plant.found).chain(ALWAYS));
    let found = told(&first);
    let without = |all: &[String], those: &[String]| -> Vec<String> {
        all.iter().filter(|row| !those.contains(row)).cloned().collect()
    };
    assert_eq!(
        (without(&expected, &found), without(&found, &expected)),
        (Vec::new(), Vec::new()),
        "not found, and invented: {first}"
    );
    assert_eq!(found, expected, "each once");
    assert_eq!(first.code, 1, "{first}");
    insta::assert_snapshot!(log(&first));

    let second = look().await;
    assert_eq!(log(&second), log(&first));
    assert_eq!(second.summary, first.summary);
    world.finish().await;
}

#[tokio::test]
async fn each_of_it_alone_is_told_as_that_and_nothing_else() {
    for one in PLANTS.iter().filter(|plant| !plant.edits.is_empty()) {
        let world = platform().await;
        vendors(&world, true, 604_800).await;
        plant(&world, one);
        let run = looked(&world, world.run("preflight").on_push()).await;
        let expected = rows(&world, one.found.iter().chain(ALWAYS));
        assert_eq!(told(&run), expected, "{}: {run}", one.review);
        world.finish().await;
    }
}

#[tokio::test]
async fn the_pipeline_that_is_to_be_replaced_is_told_of_with_what_replaces_it() {
    let world = platform().await;
    vendors(&world, true, 604_800).await;
    plant(&world, &BEFORE);
    let run = looked(&world, world.run("preflight").on_push()).await;
    assert_eq!(told(&run), rows(&world, BEFORE.found.iter().chain(ALWAYS)), "{run}");
    insta::assert_snapshot!(log(&run));
    world.finish().await;
}

#[tokio::test]
async fn secrets_that_the_review_found_nowhere_are_told_in_the_step_that_would_deploy() {
    let world = platform().await;
    vendors(&world, true, 604_800).await;
    let run = world
        .run("preflight")
        .on_push()
        .input("environment", "production")
        .env("SESSION_SECRET", "9b1c0ffee5eed0f7e57s3cr3t0123456789")
        .env("BETTER_AUTH_SECRET", "")
        .env("STRIPE_SECRET_KEY", "sk_live_9b1c0ffee5eed0f7e57s3cr3t");
    let run = looked(&world, run).await;
    let expected = [
        At("error secret-missing", "codex.toml", &["[services.auth]", "secrets"]),
        At(
            "error secret-missing",
            "codex.toml",
            &["[services.stripe-webhook-handler]", "secrets"],
        ),
    ];
    let expected: Vec<String> = expected.iter().map(|one| row(&world, one)).collect();
    assert_eq!(told(&run), expected, "{run}");
    assert_eq!(run.code, 1, "{run}");
    for name in ["BETTER_AUTH_SECRET", "STRIPE_WEBHOOK_SECRET"] {
        assert!(run.log().contains(&format!("`{name}` is missing or empty")), "{run}");
    }
    world.finish().await;
}
