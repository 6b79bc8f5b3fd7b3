use std::collections::BTreeSet;
use std::path::Path;

use actions_core::environment::Environment;
use actions_core::manifest::Manifest;
use actions_core::owner::Repository;

use super::workspace::Workspace;
use super::{names, of};
use crate::checks::testing::SHOP as MANIFEST;
use crate::finding::Finding;

/// What is found in a repository of these files.
fn found(files: &[(&str, &str)]) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    at(folder.path(), folder.path(), MANIFEST)
}

fn at(checkout: &Path, inside: &Path, manifest: &str) -> Vec<Finding> {
    let manifest = Manifest::parse(manifest, "codex.toml", inside.to_owned()).unwrap();
    let environment = Environment::resolve(&manifest, "preview", Some(1), &Repository::default()).unwrap();
    let Some(workspace) = Workspace::read(checkout, inside) else {
        return Vec::new();
    };
    let known = names::known(&workspace, Some(&manifest), &[environment]);
    of(&workspace, &known)
}

fn line(finding: &Finding) -> String {
    format!("{} {}", finding.kind.name, finding.place.as_ref().unwrap())
}

fn of_kind(kind: &str, files: &[(&str, &str)]) -> Vec<String> {
    let mut found = found(files);
    found.retain(|finding| finding.kind.name == kind);
    found
        .iter()
        .map(|finding| finding.place.as_ref().unwrap().to_string())
        .collect()
}

const ROOT: (&str, &str) = (
    "package.json",
    r#"{ "workspaces": ["apps/*", "!apps/old"], "devDependencies": { "turbo": "^2.5.0" } }"#,
);

#[test]
fn this_repositorys_platform_is_clean() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap();
    let platform = root.join("action-tests/platform");
    let manifest = std::fs::read_to_string(platform.join("codex.toml")).unwrap();
    let workspace = Workspace::read(&root, &platform).unwrap();
    let names: BTreeSet<&str> = workspace.packages.iter().map(|package| package.name.as_str()).collect();
    assert!(names.contains("@codex/database"), "{names:?}");
    assert_eq!(
        at(&root, &platform, &manifest).iter().map(line).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
    // Nor where there is no Turborepo.
    assert!(found(&[ROOT]).is_empty());
}

#[test]
fn the_reviews_findings() {
    let turbo = r#"{
  "tasks": {
    "build": {
      "dependsOn": ["^build"],
      "outputs": ["dist/**", ".svelte-kit/**", "build/**"],
      "cache": true
    },
    "test": {
      "dependsOn": ["^build"],
      "env": ["DATABASE_URL", "NEON_API_KEY", "NEON_PROJECT_ID"]
    },
    "test:e2e": { "env": ["DATABASE_URL"] }
  }
}"#;
    let web = r#"{ "name": "web", "scripts": { "build": "vite build", "test": "vitest run", "test:e2e": "playwright test" },
        "devDependencies": { "@playwright/test": "1", "vite": "7" } }"#;
    let found = found(&[ROOT, ("turbo.json", turbo), ("apps/web/package.json", web)]);
    let told: Vec<String> = found
        .iter()
        .map(|finding| format!("{}: {}; {}", line(finding), finding.said, finding.remedy))
        .collect();
    assert_eq!(
        told,
        [
            "turbo-playwright-env turbo.json:1:1: task `test:e2e` of apps/web runs Playwright, and `PLAYWRIGHT_*` does not reach it; add `\"globalPassThroughEnv\": [\"PLAYWRIGHT_*\"]`",
            "turbo-deployment-env turbo.json:8:5: task `test` declares `NEON_PROJECT_ID`, and `globalEnv` does not; add `NEON_PROJECT_ID` to `globalEnv`",
            "turbo-build-inputs turbo.json:3:5: task `build` has no `inputs`, so a changed test builds anew; add `\"inputs\": [\"$TURBO_DEFAULT$\", \"!**/*.test.ts\"]`",
        ]
    );
}

#[test]
fn variables_that_tasks_do_not_see() {
    let kind = "turbo-env-undeclared";
    let api = |scripts: &str| {
        format!(r#"{{ "name": "api", "scripts": {{ {scripts} }}, "devDependencies": {{ "vite": "7" }} }}"#)
    };
    let turbo = |globals: &str, task: &str| {
        format!("{{\n{globals}  \"tasks\": {{\n    \"test\": {{ {task} }}, \"build\": {{}}, \"dev\": {{}}\n  }}\n}}")
    };
    let test = (
        "apps/api/src/db.test.ts",
        "import x from 'y';\nconst url = process.env.DATABASE_URL;\nprocess.env['OTHER'];\n",
    );
    let scripts = api(r#""test": "vitest run""#);
    let with = |turbo: &str| {
        of_kind(
            kind,
            &[ROOT, ("turbo.json", turbo), ("apps/api/package.json", &scripts), test],
        )
    };
    for (globals, task, is_found) in [
        ("", "", true),
        ("", r#""env": ["DATABASE_URL"]"#, false),
        ("", r#""passThroughEnv": ["DATABASE_URL"]"#, false),
        ("", r#""env": ["DATABASE_*"]"#, false),
        ("", r#""env": ["*", "!DATABASE_URL"]"#, true),
        ("", r#""env": ["OTHER", "database_url"]"#, true),
        (
            "  \"globalEnv\": [\"DATABASE_URL\"],\n",
            r#""env": ["!DATABASE_URL"]"#,
            false,
        ),
        ("  \"globalPassThroughEnv\": [\"DATABASE_URL\"],\n", "", false),
        ("  \"globalDependencies\": [\"DATABASE_URL\"],\n", "", true),
        // Seen, and not in the cache's key.
        ("  \"envMode\": \"loose\",\n", "", true),
        ("  \"envMode\": \"loose\",\n", r#""cache": false"#, false),
        ("", r#""persistent": true"#, false),
    ] {
        let line = if globals.is_empty() {
            "turbo.json:3:5"
        } else {
            "turbo.json:4:5"
        };
        let expected = if is_found { vec![line] } else { vec![] };
        assert_eq!(with(&turbo(globals, task)), expected, "{globals}{task}");
    }
    let said = found(&[
        ROOT,
        ("turbo.json", &turbo("", "")),
        ("apps/api/package.json", &scripts),
        test,
    ]);
    let said = said.iter().find(|finding| finding.kind.name == kind).unwrap();
    assert_eq!(
        said.said,
        "task `test` reads, and does not see, `DATABASE_URL` (apps/api/src/db.test.ts:2)"
    );
    assert_eq!(
        said.remedy,
        "add `DATABASE_URL` to its `env`, or to `passThroughEnv` what changes no output"
    );
}

/// A script, a file of the package, its text, and whether a variable is read.
const SCRIPTS: &[(&str, &str, &str, bool)] = &[
    (
        "node scripts/seed.mjs",
        "scripts/seed.mjs",
        "const { DATABASE_URL, X } = process.env",
        true,
    ),
    (
        "tsx ./scripts/seed.ts",
        "scripts/seed.ts",
        "process.env[\"SESSION_SECRET\"]",
        true,
    ),
    (
        "node scripts/seed.mjs",
        "scripts/other.mjs",
        "process.env.DATABASE_URL",
        false,
    ),
    ("bash scripts/run.sh", "scripts/run.sh", "psql \"$DATABASE_URL\"", true),
    ("psql ${DATABASE_URL}", "x.ts", "", true),
    ("DATABASE_URL=postgres://x psql $DATABASE_URL", "x.ts", "", false),
    (
        "drizzle-kit migrate",
        "drizzle.config.ts",
        "url: process.env.DATABASE_URL!,",
        true,
    ),
    (
        "prisma migrate deploy",
        "prisma/schema.prisma",
        "  url = env(\"DATABASE_URL\")",
        true,
    ),
    ("vite build", "vite.config.ts", "process.env.SESSION_SECRET", true),
    ("vite build", "src/a.ts", "import.meta.env.SESSION_SECRET", true),
    (
        "vite build",
        "src/a.ts",
        "import { SESSION_SECRET } from '$env/static/private';",
        true,
    ),
    (
        "vite build",
        "src/a.ts",
        "import { env } from '$env/dynamic/private'; env.SESSION_SECRET",
        false,
    ),
    // What a server reads when it runs; a comment; what nobody named.
    ("vite build", "src/a.ts", "process.env.SESSION_SECRET", false),
    ("vite build", "vite.config.ts", "// process.env.SESSION_SECRET", false),
    ("vite build", "vite.config.ts", "process.env.SOMETHING", false),
    ("tsc --noEmit", "src/a.ts", "process.env.SESSION_SECRET", false),
    ("next lint", "next.config.ts", "process.env.SESSION_SECRET", false),
    ("next build", "next.config.ts", "process.env.SESSION_SECRET", true),
    (
        "tsc && ./node_modules/.bin/vite build",
        "vite.config.ts",
        "process.env.SESSION_SECRET",
        true,
    ),
    (
        "drizzle-kit generate",
        "drizzle.config.ts",
        "process.env.DATABASE_URL",
        false,
    ),
    ("node --test", "src/a.ts", "process.env.STRIPE_TEST_KEY", true),
    (
        "node --test",
        "node_modules/x/a.ts",
        "process.env.STRIPE_TEST_KEY",
        false,
    ),
    ("node --test", "test/a.ts", "Deno.env.get('STRIPE_SECRET_KEY')", true),
    (
        "node --test",
        "inner/package.json",
        "process.env.STRIPE_SECRET_KEY",
        false,
    ),
];

#[test]
fn what_reads_a_variable() {
    let kind = "turbo-env-undeclared";
    let turbo = (
        "turbo.json",
        "{\n  \"tasks\": { \"build\": { \"cache\": false },\n    \"run\": {} }\n}",
    );
    for (script, file, text, is_found) in SCRIPTS {
        let package = format!(r#"{{ "name": "api", "scripts": {{ "run": "{script}" }} }}"#);
        let path = format!("apps/api/{file}");
        let files = [
            ROOT,
            turbo,
            ("apps/api/package.json", package.as_str()),
            (path.as_str(), text),
        ];
        let expected: &[&str] = if *is_found { &["turbo.json:3:5"] } else { &[] };
        assert_eq!(of_kind(kind, &files), expected, "{script} {file}: {text}");
    }
    let package = (
        "apps/api/package.json",
        r#"{ "name": "api", "scripts": { "run": "vitest" } }"#,
    );
    let code = ("apps/api/src/a.ts", "process.env.SESSION_SECRET");
    // A Worker has it from a binding.
    let worker = ("apps/api/wrangler.toml", "");
    assert!(of_kind(kind, &[ROOT, turbo, package, code, worker]).is_empty());
    assert_eq!(of_kind(kind, &[ROOT, turbo, package, code]).len(), 1);
    // Wrangler's own.
    let wrangler = |script: &str, turbo: &str| {
        let package = format!(r#"{{ "name": "api", "scripts": {{ "run": "{script}" }} }}"#);
        of_kind(
            kind,
            &[ROOT, ("turbo.json", turbo), ("apps/api/package.json", &package)],
        )
        .len()
    };
    let bare = r#"{ "tasks": { "run": { "cache": false } } }"#;
    assert_eq!(
        (
            wrangler("wrangler deploy", bare),
            wrangler("wrangler deploy --dry-run", bare)
        ),
        (1, 0)
    );
    assert_eq!(wrangler("wrangler dev", bare), 0);
    assert_eq!(
        wrangler(
            "wrangler deploy",
            r#"{ "globalPassThroughEnv": ["CLOUDFLARE_*"], "tasks": { "run": {} } }"#
        ),
        0
    );
    assert_eq!(
        wrangler("wrangler deploy", r#"{ "envMode": "loose", "tasks": { "run": {} } }"#),
        0
    );
    // A package that no workspace names is none of Turborepo's.
    let old = (
        "apps/old/package.json",
        r#"{ "name": "old", "scripts": { "run": "psql $DATABASE_URL" } }"#,
    );
    assert!(of_kind(kind, &[ROOT, turbo, old]).is_empty());
    // Names from `.env.example`; what a framework declares by itself.
    let example = (".env.example", "VITE_KEY=\nMAIL_KEY=\nNODE_ENV=x\n");
    let vite = |name: &str| {
        let package = r#"{ "name": "api", "scripts": { "run": "vite build" }, "devDependencies": { "vite": "7" } }"#;
        let text = format!("import.meta.env.{name}");
        of_kind(
            kind,
            &[
                ROOT,
                turbo,
                example,
                ("apps/api/package.json", package),
                ("apps/api/src/a.ts", &text),
            ],
        )
        .len()
    };
    assert_eq!((vite("MAIL_KEY"), vite("VITE_KEY"), vite("NODE_ENV")), (1, 0, 0));
    // Everything is let through.
    let loose = (".github/workflows/ci.yml", "run: npx turbo run run --env-mode=loose");
    let uncached = ("turbo.json", r#"{ "tasks": { "run": { "cache": false } } }"#);
    assert!(of_kind(kind, &[ROOT, uncached, package, code, loose]).is_empty());
    assert_eq!(of_kind(kind, &[ROOT, uncached, package, code]).len(), 1);
}

#[test]
fn packages_change_what_the_root_says() {
    let kind = "turbo-env-undeclared";
    let package = (
        "apps/api/package.json",
        r#"{ "name": "api", "scripts": { "run": "psql $DATABASE_URL" } }"#,
    );
    for (root, own, expected) in [
        (
            r#"{ "tasks": { "run": { "env": ["DATABASE_URL"] } } }"#,
            r#"{ "extends": ["//"], "tasks": { "run": { "env": ["X"] } } }"#,
            &["apps/api/turbo.json:1:33"][..],
        ),
        (
            r#"{ "tasks": { "run": { "env": ["DATABASE_URL"] } } }"#,
            r#"{ "extends": ["//"], "tasks": { "run": { "env": ["$TURBO_EXTENDS$", "X"] } } }"#,
            &[],
        ),
        (
            r#"{ "tasks": { "run": { "env": ["DATABASE_URL"] } } }"#,
            r#"{ "extends": ["//"], "tasks": { "run": { "outputs": ["X"] } } }"#,
            &[],
        ),
        (
            r#"{ "tasks": { "run": { "env": ["DATABASE_URL"] } } }"#,
            r#"{ "extends": ["//"], "tasks": { "run": { "extends": false } } }"#,
            &["apps/api/turbo.json:1:33"],
        ),
        // Another package's configuration is not looked at.
        (
            r#"{ "tasks": { "run": {} } }"#,
            r#"{ "extends": ["//", "shared"], "tasks": { "run": { "outputs": [] } } }"#,
            &[],
        ),
        (r#"{ "tasks": {} }"#, r#"{ "extends": ["//"], "tasks": {} }"#, &[]),
        (
            r#"{ "tasks": { "run": { "env": ["DATABASE_URL"] }, "api#run": {} } }"#,
            r#"{ "extends": ["//"] }"#,
            &["turbo.json:1:50"],
        ),
    ] {
        let files = [ROOT, ("turbo.json", root), package, ("apps/api/turbo.json", own)];
        assert_eq!(of_kind(kind, &files), expected, "{root} {own}");
    }
    // The root's own tasks, and a repository of one package.
    let script = r#""scripts": { "run": "psql $DATABASE_URL" }"#;
    let of_root = format!(r#"{{ "workspaces": ["apps/*"], {script} }}"#);
    let own = ("turbo.json", r#"{ "tasks": { "//#run": {} } }"#);
    let shared = ("turbo.jsonc", "// all\n{ \"tasks\": { \"run\": {}, } }");
    assert_eq!(of_kind(kind, &[("package.json", &of_root), own]), ["turbo.json:1:14"]);
    assert!(of_kind(kind, &[("package.json", &of_root), shared]).is_empty());
    let alone = format!("{{ {script} }}");
    assert_eq!(of_kind(kind, &[("package.json", &alone), shared]), ["turbo.jsonc:2:14"]);
}

#[test]
fn the_form_of_version_1() {
    let package = (
        "apps/api/package.json",
        r#"{ "name": "api", "scripts": { "test": "psql $DATABASE_URL", "build": "tsup" } }"#,
    );
    let old = (
        "package.json",
        r#"{ "workspaces": ["apps/*"], "devDependencies": { "turbo": "1.13.4" } }"#,
    );
    let turbo = |more: &str| {
        format!(
            r#"{{ {more} "pipeline": {{ "test": {{}}, "build": {{ "outputs": ["dist/**"], "inputs": ["src/**"] }} }} }}"#
        )
    };
    let told = |more: &str| {
        let text = turbo(more);
        let found = found(&[old, ("turbo.json", &text), package]);
        found.iter().map(|finding| finding.said.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        told(""),
        ["task `test` reads, and has in no cache key, `DATABASE_URL` (the script `test`)"]
    );
    assert_eq!(
        told(r#""globalPassThroughEnv": ["X"],"#),
        ["task `test` reads, and does not see, `DATABASE_URL` (the script `test`)"]
    );
    assert!(told(r#""globalEnv": ["DATABASE_URL"],"#).is_empty());
    // One that passes something through is strict by itself.
    let strict = turbo("").replace("\"test\": {}", "\"test\": { \"passThroughEnv\": [\"X\"] }");
    let found = found(&[old, ("turbo.json", &strict), package]);
    assert!(found[0].said.contains("does not see"), "{found:?}");
    let renamed = ("turbo.json", r#"{ "tasks": { "test": {} } }"#);
    assert_eq!(
        of_kind("turbo-pipeline-renamed", &[old, renamed, package]),
        ["turbo.json:1:3"]
    );
    let kind = "turbo-pipeline-renamed";
    let text = turbo("");
    assert!(of_kind(kind, &[old, ("turbo.json", &text), package]).is_empty());
    assert_eq!(
        of_kind(kind, &[ROOT, ("turbo.json", &text), package]),
        ["turbo.json:1:4"]
    );
    let either = (
        "package.json",
        r#"{ "workspaces": ["apps/*"], "devDependencies": { "turbo": ">=1" } }"#,
    );
    assert!(of_kind(kind, &[either, ("turbo.json", &text), package]).is_empty());
}

#[test]
fn files_that_turborepo_refuses() {
    let package = ("apps/api/package.json", r#"{ "name": "api" }"#);
    let good = ("turbo.json", "{ \"tasks\": {} }");
    assert_eq!(
        of_kind(
            "turbo-unreadable",
            &[ROOT, ("turbo.json", "{\n  \"tasks\": {\n"), package]
        )
        .len(),
        1
    );
    assert!(of_kind("turbo-unreadable", &[ROOT, good, package]).is_empty());
    let own = |text| {
        of_kind(
            "turbo-extends-missing",
            &[ROOT, good, package, ("apps/api/turbo.json", text)],
        )
    };
    assert_eq!(own("{ \"tasks\": { \"run\": {} } }"), ["apps/api/turbo.json:1:1"]);
    assert!(own("{ \"extends\": [\"//\"], \"tasks\": {} }").is_empty());
}

#[test]
fn playwright_without_its_variables() {
    let kind = "turbo-playwright-env";
    let package = |script: &str| {
        format!(
            r#"{{ "name": "web", "scripts": {{ "e2e": "{script}" }}, "devDependencies": {{ "@playwright/test": "1" }} }}"#
        )
    };
    let with = |turbo: &str, script: &str| {
        of_kind(
            kind,
            &[ROOT, ("turbo.json", turbo), ("apps/web/package.json", &package(script))],
        )
    };
    let bare = r#"{ "tasks": { "e2e": {} } }"#;
    assert_eq!(with(bare, "playwright test"), ["turbo.json:1:1"]);
    assert_eq!(
        with(
            "{\n  \"globalPassThroughEnv\": [\"CI\"],\n  \"tasks\": { \"e2e\": {} } }",
            "playwright test"
        ),
        ["turbo.json:2:3"]
    );
    assert!(
        with(
            r#"{ "globalPassThroughEnv": ["PLAYWRIGHT_*"], "tasks": { "e2e": {} } }"#,
            "playwright test"
        )
        .is_empty()
    );
    assert!(
        with(
            r#"{ "tasks": { "e2e": { "passThroughEnv": ["PLAYWRIGHT_BROWSERS_PATH"] } } }"#,
            "playwright test"
        )
        .is_empty()
    );
    assert!(with(r#"{ "envMode": "loose", "tasks": { "e2e": {} } }"#, "playwright test").is_empty());
    // It is not Turborepo that runs it.
    assert!(with(r#"{ "tasks": { "build": {} } }"#, "playwright test").is_empty());
    assert!(with(bare, "vitest").is_empty());
}

#[test]
fn account_and_project() {
    let kind = "turbo-deployment-env";
    let package = (
        "apps/api/package.json",
        r#"{ "name": "api", "scripts": { "test": "x" } }"#,
    );
    let with = |turbo: &str| of_kind(kind, &[ROOT, ("turbo.json", turbo), package]);
    assert_eq!(
        with(r#"{ "tasks": { "test": { "env": ["NEON_PROJECT_ID"] } } }"#),
        ["turbo.json:1:14"]
    );
    assert!(with(r#"{ "globalEnv": ["NEON_*"], "tasks": { "test": { "env": ["NEON_PROJECT_ID"] } } }"#).is_empty());
    assert!(with(r#"{ "tasks": { "test": { "env": ["NEON_API_KEY"] } } }"#).is_empty());
    assert!(with(r#"{ "tasks": { "test": {} } }"#).is_empty());
}

#[test]
fn what_the_cache_keeps() {
    let api = |name: &str, script: &str| format!(r#"{{ "name": "api", "scripts": {{ "{name}": "{script}" }} }}"#);
    let with = |kind: &str, turbo: &str, name: &str, script: &str| {
        of_kind(
            kind,
            &[
                ROOT,
                ("turbo.json", turbo),
                ("apps/api/package.json", &api(name, script)),
            ],
        )
    };
    let kind = "turbo-task-cached";
    for (script, is_found) in [
        ("wrangler deploy --env production", true),
        ("drizzle-kit migrate", true),
        ("prisma migrate deploy", true),
        ("wrangler deploy --dry-run --outdir dist", false),
        ("wrangler dev", false),
    ] {
        let expected: &[&str] = if is_found { &["turbo.json:1:14"] } else { &[] };
        assert_eq!(
            with(kind, r#"{ "tasks": { "go": {} } }"#, "go", script),
            expected,
            "{script}"
        );
        assert!(with(kind, r#"{ "tasks": { "go": { "cache": false } } }"#, "go", script).is_empty());
    }
    let kind = "turbo-build-outputs";
    for (task, script, is_found) in [
        ("{}", "vite build", true),
        ("{ \"inputs\": [] }", "vite build", true),
        ("{ \"outputs\": [\"dist/**\"] }", "vite build", false),
        ("{ \"outputs\": [] }", "vite build", false),
        ("{ \"cache\": false }", "vite build", false),
        ("{}", "tsc --noEmit", false),
        ("{}", "wrangler deploy --dry-run --outdir dist", true),
    ] {
        let expected: &[&str] = if is_found { &["turbo.json:1:14"] } else { &[] };
        let turbo = format!(r#"{{ "tasks": {{ "build": {task} }} }}"#);
        assert_eq!(with(kind, &turbo, "build", script), expected, "{task} {script}");
    }
    let kind = "turbo-build-inputs";
    assert_eq!(
        with(kind, r#"{ "tasks": { "build": {} } }"#, "build", "tsup"),
        ["turbo.json:1:14"]
    );
    assert!(
        with(
            kind,
            r#"{ "tasks": { "build": { "inputs": ["src/**"] } } }"#,
            "build",
            "tsup"
        )
        .is_empty()
    );
    assert!(with(kind, r#"{ "tasks": { "build": {} } }"#, "test", "tsup").is_empty());
}

#[test]
fn a_dotenv_file_that_the_cache_does_not_know() {
    let package = (
        "apps/api/package.json",
        r#"{ "name": "api", "scripts": { "build": "vite build" } }"#,
    );
    let with = |turbo: &str, more: &[(&str, &str)]| {
        let mut files = vec![ROOT, ("turbo.json", turbo), package];
        files.extend(more);
        of_kind("turbo-dotenv-inputs", &files)
    };
    let env = ("apps/api/.env", "A=1");
    let ignored = (".gitignore", ".env\n.env.*\n");
    let task = |inputs: &str| format!(r#"{{ "tasks": {{ "build": {{ {inputs} }} }} }}"#);
    assert_eq!(with(&task(""), &[env, ignored]), ["turbo.json:1:14"]);
    assert_eq!(with(&task(r#""inputs": ["src/**"]"#), &[env]), ["turbo.json:1:14"]);
    assert_eq!(
        with(&task(r#""inputs": ["$TURBO_DEFAULT$"]"#), &[env, ignored]),
        ["turbo.json:1:14"]
    );
    // Git has it; it is named; it is an example.
    assert!(with(&task(""), &[env]).is_empty());
    assert!(with(&task(r#""inputs": ["$TURBO_DEFAULT$", ".env*"]"#), &[env, ignored]).is_empty());
    assert!(with(&task(r#""inputs": ["$TURBO_ROOT$/apps/*/.env"]"#), &[env, ignored]).is_empty());
    assert!(
        with(
            r#"{ "globalDependencies": ["**/.env"], "tasks": { "build": {} } }"#,
            &[env, ignored]
        )
        .is_empty()
    );
    assert!(with(&task(""), &[("apps/api/.env.example", "A="), ignored]).is_empty());
}
