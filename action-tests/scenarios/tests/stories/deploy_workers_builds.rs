//! Stories of `deploy-workers` about the project's build commands: what they can read, when they run, how they end.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use scenarios::{NOBODY, Run, World, is_root, tokens};
use serde_json::json;
use tokio::process::Command;

use crate::deploy_workers::worker;

const ENVIRONMENT: &str = "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n";

/// Services that are built already, each with a build command.
async fn project(services: &[(&str, &str)]) -> World {
    let world = World::start().await;
    let mut manifest = ENVIRONMENT.to_owned();
    for (key, build) in services {
        manifest += &format!("[services.{key}]\npath = \"{key}\"\nbuild = {}\n", json!(build));
        worker(
            &world,
            key,
            &json!({}),
            "export default { fetch: () => new Response() };",
        );
    }
    world.file("codex.toml", &manifest);
    world
}

async fn deploy(world: &World) -> Run {
    world.run("deploy-workers").input("health", "false").go().await
}

fn read(world: &World, path: &str) -> String {
    std::fs::read_to_string(world.workspace().join(path)).unwrap_or_default()
}

/// A neighbour of the same user that hides nothing: what a build could read of us, too.
fn neighbour() -> tokio::process::Child {
    let mut command = Command::new("sleep");
    command
        .arg("120")
        .env("NEIGHBOUR", "readable")
        .kill_on_drop(true)
        .stdout(Stdio::null());
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.spawn().unwrap()
}

/// Reads all that a process of the same user may read of its parent, and of everybody.
fn prying(neighbour: &tokio::process::Child) -> String {
    format!(
        "set +e; {{ echo user $(id -u); cat /proc/$PPID/cmdline; \
         for file in environ maps auxv; do cat /proc/$PPID/$file && echo read $file; done; \
         ls /proc/$PPID/fd && echo read fd; ls -l /proc/$PPID/fd/; head -c 1 /proc/$PPID/mem; \
         cat /proc/[0-9]*/environ; cat /proc/{}/environ; }} > pried 2>&1; true",
        neighbour.id().unwrap()
    )
}

#[track_caller]
fn assert_nothing_was_found(pried: &str) {
    let pried = pried.replace('\0', "\n");
    for secret in [
        tokens::CLOUDFLARE,
        tokens::NEON,
        tokens::GITHUB,
        "INPUT_",
        "a-secret-of-the-step",
    ] {
        assert!(!pried.contains(secret), "`{secret}` was found:\n{pried}");
    }
    assert!(!pried.contains("\nread "), "{pried}");
    assert!(pried.contains("environ: Permission denied"), "{pried}");
    assert!(
        pried.contains("NEIGHBOUR=readable"),
        "the prying itself does not work:\n{pried}"
    );
    assert!(!pried.contains("user 0\n"), "root reads everything:\n{pried}");
}

#[tokio::test]
async fn a_build_cannot_read_what_the_step_was_given() {
    let neighbour = neighbour();
    let world = project(&[("api", &prying(&neighbour))]).await;
    // wrangler runs the project's code, too: a plugin, a custom build.
    world.file(
        "bundled/wrangler.json",
        &json!({"name": "bundled", "main": "index.js", "compatibility_date": "2026-07-01"}).to_string(),
    );
    let manifest = read(&world, "codex.toml") + "[services.bundled]\npath = \"bundled\"\n";
    world.file("codex.toml", &manifest);
    world.file(
        "node_modules/wrangler/package.json",
        r#"{"version":"4.164.0","bin":{"wrangler":"w.js"}}"#,
    );
    world.file(
        "node_modules/wrangler/w.js",
        &format!("require('node:child_process').execSync('exec sh -c ' + JSON.stringify({:?}).replaceAll('$', '\\\\$').replaceAll('PPID', 'ABOVE'), {{ env: {{ ...process.env, ABOVE: process.ppid }} }}); process.exit(1);", prying(&neighbour)),
    );
    let run = world
        .run("deploy-workers")
        .input("health", "false")
        .env("STRIPE_KEY", "a-secret-of-the-step")
        .unprivileged()
        .go()
        .await;
    assert_eq!(run.code, 1, "the bundler that pries makes no bundle: {run}");
    assert_nothing_was_found(&read(&world, "api/pried"));
    assert_nothing_was_found(&read(&world, "bundled/pried"));
    assert!(world.requests().iter().all(|request| request["write"] != true));
    world.finish().await;
}

#[tokio::test]
async fn a_migration_cannot_read_the_api_key() {
    let world = World::start().await;
    let neighbour = neighbour();
    let run = world
        .run("neon-branch")
        .input("command", "run")
        .input("run", prying(&neighbour))
        .input("wait", "false")
        .unprivileged()
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    let pried = read(&world, "pried");
    assert_nothing_was_found(&pried);
    world.finish().await;
}

/// Waits longer than the daemon in a build would need.
async fn assert_never_there(path: &Path) {
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(!path.exists(), "`{}` was written after the end", path.display());
}

#[tokio::test]
async fn what_a_build_leaves_running_is_ended() {
    let daemon = "setsid sh -c 'sleep 2; touch escaped' > /dev/null 2>&1 &";
    let world = project(&[("api", daemon)]).await;
    let run = deploy(&world).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("ended what builds had left running: `"), "{run}");
    assert_never_there(&world.workspace().join("api/escaped")).await;

    let run = world
        .run("neon-branch")
        .input("command", "run")
        .input("run", daemon)
        .input("wait", "false")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("ended what the command had left running"), "{run}");
    assert_never_there(&world.workspace().join("escaped")).await;
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_build_leaves_nothing_behind() {
    let build = "(setsid sh -c 'sleep 2; touch escaped' > /dev/null 2>&1 &); touch begun; sleep 60 & wait";
    let world = project(&[("api", build)]).await;
    let temporary = world.workspace().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let started = world
        .run("deploy-workers")
        .env("TMPDIR", temporary.display().to_string())
        .start();
    while !world.workspace().join("api/begun").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    started.signal("INT").await;
    let run = started.wait().await;
    assert_eq!(run.code, 130, "{run}");
    assert!(run.time < Duration::from_secs(10), "{run}");
    insta::assert_snapshot!(run.error().replace(build, "<build>"), @"cancelled (SIGINT) before anything was touched, while `api` was built by `<build>`");
    let left: Vec<_> = std::fs::read_dir(&temporary).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(run.output("changed"), "false");
    assert_eq!(run.report["services"][0]["state"], "skipped");
    assert_never_there(&world.workspace().join("api/escaped")).await;
    assert!(world.requests().iter().all(|request| request["write"] != true));
    world.finish().await;
}

#[tokio::test]
async fn a_project_is_built_once_and_one_workspace_one_after_another() {
    let build = |key: &str| format!("echo {key} begins >> ../log; sleep 0.3; echo {key} ends >> ../log");
    let world = project(&[("api", &build("api")), ("auth", &build("auth")), ("web", &build("web"))]).await;
    world.file("package.json", r#"{"workspaces":["api","auth","web"]}"#);
    let manifest = read(&world, "codex.toml").replace("[environments", "build = \"echo all >> log\"\n[environments");
    // The same command in the same folder is one build.
    let twin = format!(
        "{manifest}[services.twin]\npath = \"api\"\nworker = \"twin\"\nbuild = {}\n",
        json!(build("api"))
    );
    world.file("codex.toml", &twin);
    let run = deploy(&world).await;
    assert_eq!(run.code, 0, "{run}");
    let log = read(&world, "log");
    assert_eq!(
        log,
        "all\napi begins\napi ends\nauth begins\nauth ends\nweb begins\nweb ends\n"
    );
    assert!(
        run.stdout.contains("all services: built by `echo all >> log` in "),
        "{run}"
    );
    assert!(
        run.stdout.contains("\napi and twin: built by `echo api begins"),
        "{run}"
    );

    // At the same time, when the manifest says that they may.
    if std::thread::available_parallelism().unwrap().get() > 1 {
        let meet = |other: &str| {
            format!("touch here; for i in $(seq 200); do [ -e ../{other}/here ] && exit 0; sleep 0.05; done; exit 1")
        };
        world.file(
            "codex.toml",
            &format!(
                "{}[services.api]\npath = \"api\"\nbuild = {}\n[services.auth]\npath = \"auth\"\nbuild = {}\n",
                ENVIRONMENT.replace("[environments", "parallel-builds = true\n[environments"),
                json!(meet("auth")),
                json!(meet("api"))
            ),
        );
        let run = deploy(&world).await;
        assert_eq!(run.code, 0, "{run}");
    }
    world.finish().await;
}

/// Stands in for wrangler: says when it began and ended, and makes no bundle.
const SLOW: &str = r#"
const fs = require("node:fs");
const say = (what) => fs.appendFileSync("../log", `${process.cwd().split("/").pop()} ${what}\n`);
say("begins");
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
say("ends");
process.exit(1);
"#;

#[tokio::test]
async fn builds_by_wranglers_configuration_wait_for_each_other_too() {
    let world = World::start().await;
    let mut manifest = ENVIRONMENT.to_owned();
    for key in ["api", "auth", "web"] {
        manifest += &format!("[services.{key}]\npath = \"{key}\"\n");
        let config =
            json!({"name": key, "main": "index.js", "compatibility_date": "2026-07-01", "build": {"command": "true"}});
        world.file(&format!("{key}/wrangler.json"), &config.to_string());
    }
    world.file("codex.toml", &manifest);
    world.file("pnpm-workspace.yaml", "packages: [api, auth, web]");
    world.file(
        "node_modules/wrangler/package.json",
        r#"{"version":"4.164.0","bin":{"wrangler":"w.js"}}"#,
    );
    world.file("node_modules/wrangler/w.js", SLOW);
    let run = deploy(&world).await;
    assert_eq!(run.code, 1, "{run}");
    let in_turn = "api begins\napi ends\nauth begins\nauth ends\nweb begins\nweb ends\n";
    assert_eq!(read(&world, "log"), in_turn);
    world.finish().await;
}

#[tokio::test]
async fn a_failed_build_is_told_once_with_what_it_did_not_see() {
    let world = project(&[("api", "true"), ("web", "true")]).await;
    let manifest = read(&world, "codex.toml");
    let project = |command: &str| {
        world.file(
            "codex.toml",
            &manifest.replace("[environments", &format!("build = {}\n[environments", json!(command))),
        );
    };
    project("echo 'error: SENTRY_DSN is not set' >&2; exit 3");
    let run = world
        .run("deploy-workers")
        .env("SENTRY_DSN", "https://key@o1.ingest.example/2")
        .env("UNRELATED", "x")
        .go()
        .await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @"
    could not build the project; nothing was touched
    caused by: `echo 'error: SENTRY_DSN is not set' >&2; exit 3` ended with status 3
    `SENTRY_DSN` is withheld from builds: list in `build-env` what they are to see
    ");
    assert!(
        run.stdout
            .contains("error: SENTRY_DSN is not set\nvariables of this step that were withheld from the build"),
        "{run}"
    );
    assert!(run.stdout.contains("SENTRY_DSN, UNRELATED"), "{run}");
    assert!(!run.log().contains("ingest.example"), "{run}");
    assert!(world.requests().is_empty());

    project("true");
    let manifest = read(&world, "codex.toml").replace(
        "build = \"true\"\n[services.web]\npath = \"web\"\nbuild = \"true\"",
        "build = \"exit 4\"\n[services.web]\npath = \"api\"\nworker = \"web\"\nbuild = \"exit 4\"",
    );
    world.file("codex.toml", &manifest);
    let run = deploy(&world).await;
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.error(), @"
    could not build `api` and `web`; nothing was touched
    caused by: api: could not be built: `exit 4` ended with status 4
    web: could not be built: it is built together with `api`, which failed
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_build_finds_its_tools_without_the_home_directory() {
    let world = project(&[(
        "api",
        "printf '%s\\n' \"$CARGO_HOME\" \"$RUSTUP_HOME\" \"${PYENV_ROOT-none}\" > seen; [ \"$HOME\" != \"$OLD_HOME\" ]",
    )])
    .await;
    let home = world.workspace().parent().unwrap().to_owned();
    std::fs::create_dir(home.join(".cargo")).unwrap();
    let run = world
        .run("deploy-workers")
        .input("health", "false")
        .input("build-env", "OLD_HOME")
        .env("OLD_HOME", home.display().to_string())
        .env("RUSTUP_HOME", "/opt/rustup")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(
        read(&world, "api/seen"),
        format!("{}/.cargo\n/opt/rustup\nnone\n", home.display())
    );
    world.finish().await;
}
