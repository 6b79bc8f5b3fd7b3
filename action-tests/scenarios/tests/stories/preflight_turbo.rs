//! What `preflight` says of `turbo.json`, beside what the project's own Turborepo does with it.

use std::path::{Path, PathBuf};
use std::process::Command;

use scenarios::{World, npm};
use serde_json::{Value, json};

const MANIFEST: &str = r#"
[project]
name = "shop"
zone = "example.com"
[database]
parent = "production"
[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-preview-{pr}"
branch = "preview-{pr}"
[services.api]
path = "apps/api"
secrets = ["DATABASE_URL"]
"#;

/// A workspace of one package, whose task `go` prints what it sees.
async fn world() -> World {
    let world = World::start().await;
    world.file("codex.toml", MANIFEST);
    let root = json!({"name": "shop", "private": true, "packageManager": "npm@11.6.4", "workspaces": ["apps/*"],
        "devDependencies": {"turbo": "2.11.9"}});
    world.file("package.json", &root.to_string());
    let lock = json!({"name": "shop", "lockfileVersion": 3, "packages": {"": {"name": "shop", "workspaces": ["apps/*"]},
        "apps/api": {"name": "api", "version": "1.0.0"}}});
    world.file("package-lock.json", &lock.to_string());
    let api = json!({"name": "api", "version": "1.0.0", "scripts": {"go": "echo seen=$DATABASE_URL."}});
    world.file("apps/api/package.json", &api.to_string());
    world.file("apps/api/wrangler.jsonc", r#"{ "name": "api", "main": "index.js", "compatibility_date": "2026-01-01", "observability": { "enabled": true } }"#);
    world.file("apps/api/index.js", "export default {};\n");
    world
}

fn turbo() -> PathBuf {
    let folder = npm::platform().join("node_modules/@turbo");
    let packages = ["linux-64", "linux-arm64"].map(|package| folder.join(package).join("bin/turbo"));
    packages.into_iter().find(|file| file.is_file()).unwrap()
}

/// Whether Turborepo shows the variable to the task; `None` where it refuses to run.
fn is_seen(folder: &Path) -> Option<bool> {
    let done = Command::new(turbo())
        .args(["run", "go", "--force", "--no-color"])
        .current_dir(folder)
        .env("PATH", npm::path_with_node())
        .env("CI", "1")
        .env("TURBO_TELEMETRY_DISABLED", "1")
        .env("DATABASE_URL", "value")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    done.status.success().then(|| {
        let (seen, hidden) = (told.contains("seen=value."), told.contains("seen=."));
        assert!(seen != hidden, "{told}");
        seen
    })
}

async fn kinds(world: &World) -> Vec<String> {
    let run = world.run("preflight").input("offline", "true").go().await;
    let report: Value = serde_json::from_str(run.output("report")).unwrap_or_else(|_| panic!("{run}"));
    let findings = report["findings"].as_array().unwrap().iter();
    let kinds = findings.map(|finding| finding["kind"].as_str().unwrap().to_owned());
    kinds.filter(|kind| kind.starts_with("turbo-")).collect()
}

#[tokio::test]
async fn what_is_said_to_be_hidden_is_hidden_by_turborepo() {
    let world = world().await;
    let nothing = r#"{ "tasks": { "go": {} } }"#;
    let declared = r#"{ "tasks": { "go": { "env": ["DATABASE_URL"] } } }"#;
    // The root's file, the package's, and whether the task sees it.
    let cases = [
        (nothing, None, false),
        (declared, None, true),
        (
            r#"{ "tasks": { "go": { "passThroughEnv": ["DATABASE_URL"] } } }"#,
            None,
            true,
        ),
        (r#"{ "tasks": { "go": { "env": ["DATA*"] } } }"#, None, true),
        (
            r#"{ "tasks": { "go": { "env": ["!DATA*", "DATABASE_URL"] } } }"#,
            None,
            false,
        ),
        (
            r#"{ "tasks": { "go": { "env": ["*", "!DATABASE_URL"] } } }"#,
            None,
            false,
        ),
        (
            r#"{ "tasks": { "go": { "env": ["database_url", "DATABASE"] } } }"#,
            None,
            false,
        ),
        (
            r#"{ "globalEnv": ["DATABASE_URL"], "tasks": { "go": { "env": ["!DATABASE_URL"] } } }"#,
            None,
            true,
        ),
        (
            r#"{ "globalPassThroughEnv": ["DATABASE_*"], "tasks": { "go": {} } }"#,
            None,
            true,
        ),
        (
            r#"{ "envMode": "loose", "tasks": { "go": { "cache": false } } }"#,
            None,
            true,
        ),
        // A comment, and commas at the end.
        (
            "// all\n{ \"tasks\": { \"go\": { \"env\": [\"DATABASE_URL\",], }, }, }",
            None,
            true,
        ),
        (
            r#"{ "tasks": { "go": { "env": ["DATABASE_URL"] }, "api#go": {} } }"#,
            None,
            false,
        ),
        (
            r#"{ "tasks": { "go": {}, "api#go": { "env": ["DATABASE_URL"] } } }"#,
            None,
            true,
        ),
        (
            declared,
            Some(r#"{ "extends": ["//"], "tasks": { "go": { "env": ["X"] } } }"#),
            false,
        ),
        (
            declared,
            Some(r#"{ "extends": ["//"], "tasks": { "go": { "env": ["$TURBO_EXTENDS$", "X"] } } }"#),
            true,
        ),
        (
            declared,
            Some(r#"{ "extends": ["//"], "tasks": { "go": { "outputs": ["x"] } } }"#),
            true,
        ),
        (
            declared,
            Some(r#"{ "extends": ["//"], "tasks": { "go": { "extends": false, "outputs": [] } } }"#),
            false,
        ),
        (
            nothing,
            Some(r#"{ "extends": ["//"], "tasks": { "go": { "env": ["DATABASE_URL"] } } }"#),
            true,
        ),
    ];
    for (root, own, expected) in cases {
        world.file("turbo.json", root);
        let file = world.workspace().join("apps/api/turbo.json");
        match own {
            Some(text) => world.file("apps/api/turbo.json", text),
            None => drop(std::fs::remove_file(file)),
        }
        let kinds = kinds(&world).await;
        assert_eq!(is_seen(&world.workspace()), Some(expected), "{root} {own:?}");
        assert_eq!(
            !kinds.contains(&"turbo-env-undeclared".to_owned()),
            expected,
            "{root} {own:?}: {kinds:?}"
        );
    }
    world.finish().await;
}

#[tokio::test]
async fn what_turborepo_refuses_is_an_error() {
    let world = world().await;
    for (root, own, kind) in [
        (r#"{ "pipeline": { "go": {} } }"#, None, "turbo-pipeline-renamed"),
        (r#"{ "tasks": { "go": {} "#, None, "turbo-unreadable"),
        (
            r#"{ "tasks": { "go": {} } }"#,
            Some(r#"{ "tasks": { "go": {} } }"#),
            "turbo-extends-missing",
        ),
    ] {
        world.file("turbo.json", root);
        if let Some(text) = own {
            world.file("apps/api/turbo.json", text);
        }
        assert!(kinds(&world).await.contains(&kind.to_owned()), "{kind}");
        assert_eq!(is_seen(&world.workspace()), None, "{kind}");
    }
    world.finish().await;
}
