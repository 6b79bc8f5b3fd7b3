//! Stories with real databases: connection strings that connect, and `run`, which migrates a copy.

use std::path::Path;

use scenarios::npm;
use tokio::process::Command;

use super::*;

const CREATE: &str = "await q('create table users (id bigint primary key, name text)');";

async fn world_with_databases() -> World {
    let world = World::start_with_runtime().await;
    world.file("codex.toml", MANIFEST);
    world.file("sql.mjs", &client());
    world
}

/// A program that connects as any Postgres client would: by `DATABASE_URL`. It runs the statements of its argument.
fn client() -> String {
    let pg = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/node_modules/pg/lib/index.js");
    format!(
        "import pg from {:?};\n\
         const client = new pg.Client({{connectionString: process.env.DATABASE_URL}});\n\
         await client.connect();\n\
         const q = async (sql) => {{ console.log('> ' + sql); return (await client.query(sql)).rows; }};\n\
         try {{ await eval('(async () => {{' + process.argv[2] + '}})()'); }}\n\
         catch (error) {{ console.error('failed: ' + error.message); process.exitCode = 3; }}\n\
         await client.end();\n",
        pg.canonicalize().unwrap().display().to_string()
    )
}

fn sql(statements: &str) -> String {
    format!("{} sql.mjs \"{statements}\"", npm::node().display())
}

/// As [`run`], but waits until it can log in at the compute.
fn action<'w>(world: &'w World, command: &str) -> Start<'w> {
    world.run("neon-branch").input("command", command)
}

/// What statements print on the branch that a URL leads to.
async fn ask(world: &World, url: &str, statements: &str) -> String {
    let output = Command::new("bash")
        .args(["-c", &sql(statements)])
        .current_dir(world.workspace())
        .env("DATABASE_URL", url)
        .output()
        .await
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn the_urls_connect_and_a_copy_is_not_its_parent() {
    let world = world_with_databases().await;
    let production = ok(action(&world, "get").input("branch", "production").go().await);
    ask(&world, production.output("database-url"), CREATE).await;
    let made = ok(action(&world, "create").go().await);
    assert!(made.log().contains("logged in at the compute after"), "{made}");
    for url in ["database-url", "database-url-pooled"] {
        let rows = ask(&world, made.output(url), "await q('insert into users values (' + Date.now() + ')'); console.log(JSON.stringify(await q('select count(*) from users')))").await;
        assert!(rows.contains(r#"[{"count":""#), "{url}: {rows}");
    }
    let rows = ask(
        &world,
        production.output("database-url"),
        "console.log(JSON.stringify(await q('select count(*) from users')))",
    )
    .await;
    assert!(rows.contains(r#"[{"count":"0"}]"#), "{rows}");
    // A reset takes the rows away, the URL stays.
    ok(action(&world, "reset").go().await);
    let rows = ask(
        &world,
        made.output("database-url"),
        "console.log(JSON.stringify(await q('select count(*) from users')))",
    )
    .await;
    assert!(rows.contains(r#"[{"count":"0"}]"#), "{rows}");
    world.finish().await;
}

#[tokio::test]
async fn a_restore_point_brings_rows_back() {
    let world = world_with_databases().await;
    let get = || action(&world, "get").input("branch", "production").on_push().go();
    let production = ok(get().await);
    let url = production.output("database-url");
    ask(
        &world,
        url,
        &format!("{CREATE} await q('insert into users values (1)')"),
    )
    .await;
    ok(action(&world, "checkpoint")
        .input("branch", "production")
        .on_push()
        .go()
        .await);
    ask(&world, url, "await q('delete from users')").await;
    let restore = action(&world, "restore")
        .input("branch", "production")
        .input("force-foreign", "true");
    let back = ok(restore
        .input("parent", "checkpoint/production/1001")
        .on_push()
        .go()
        .await);
    assert_eq!(back.output("database-url"), url);
    let count = "console.log(JSON.stringify(await q('select count(*) from users')))";
    let rows = ask(&world, url, count).await;
    assert!(rows.contains(r#"[{"count":"1"}]"#), "{rows}");
    // What was before is a branch of its own, to look into.
    let before = action(&world, "get")
        .input("branch", back.output("preserved"))
        .on_push()
        .go()
        .await;
    assert!(before.error().contains("has no compute to connect to"), "{before}");
    world.finish().await;
}

#[tokio::test]
async fn a_migration_is_tried_on_a_copy() {
    let world = world_with_databases().await;
    let production = ok(action(&world, "get").input("branch", "production").go().await);
    ask(&world, production.output("database-url"), CREATE).await;
    let tried = |script: String| action(&world, "run").input("run", script);

    let good = ok(tried(sql("await q('alter table users add column email text')"))
        .go()
        .await);
    assert_eq!((good.output("exit-status"), good.output("changed")), ("0", "false"));
    assert!(
        good.log().contains("> alter table users add column email text"),
        "{good}"
    );
    assert!(good.output("diff").contains("+    email text"), "{good}");
    assert!(good.log().contains("the command succeeded after"), "{good}");

    // Fails half way: what it had done until then is told, the status is the command's own, and nothing is left.
    let half = tried(sql(
        "await q('alter table users add column phone text'); await q('alter table nobody add column x int')",
    ))
    .go()
    .await;
    assert_eq!(half.code, 3, "{half}");
    half.assert_no_secret_leaks();
    assert!(
        half.log().contains("failed: relation \"nobody\" does not exist"),
        "{half}"
    );
    assert_eq!(half.output("exit-status"), "3");
    assert!(half.output("diff").contains("+    phone text"), "{half}");
    insta::assert_snapshot!(half.error(), @"
    the command ended with exit status 3
    hint: before it failed it had changed the schema (2 lines added, 1 removed): without a transaction around it, it would leave a database half migrated
    ");

    // The command sees the copy's direct host, and neither key nor inputs of the action.
    let seen = ok(tried(
        "env | grep -c -e '^INPUT_' -e neon-key || true; echo \"${DATABASE_URL#*@}\" | cut -d: -f1".to_owned(),
    )
    .go()
    .await);
    assert!(seen.log().lines().any(|line| line == "0"), "{seen}");

    assert_eq!(names(&world), ["production"]);
    let tables = ask(&world, production.output("database-url"), "console.log(JSON.stringify(await q('select column_name from information_schema.columns where table_name = \\'users\\' order by 1')))").await;
    assert!(
        tables.contains(r#"[{"column_name":"id"},{"column_name":"name"}]"#),
        "{tables}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_migration_leaves_no_copy() {
    let world = world_with_databases().await;
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let script = format!(
            "{}; echo half way; trap '' TERM; sleep 60 & wait; sleep 60",
            sql(CREATE)
        );
        let mut started = action(&world, "run").input("run", script).as_step().start();
        started.printed("half way").await;
        assert_eq!(names(&world).len(), 2);
        let began = std::time::Instant::now();
        started.signal(signal).await;
        let run = started.wait().await;
        // A runner kills ten seconds after the first signal.
        assert!(began.elapsed() < Duration::from_secs(8), "{run}");
        assert_eq!(run.code, status, "{run}");
        assert!(
            run.error()
                .starts_with(&format!("interrupted by SIG{signal} before the command ended")),
            "{run}"
        );
        assert_eq!(names(&world), ["production"]);
    }
    // Killed outright, nobody can tidy up: the copy goes by its expiry.
    let mut started = action(&world, "run").input("run", "echo begun; sleep 60").start();
    started.printed("begun").await;
    started.signal("KILL").await;
    assert_eq!(started.wait().await.code, -1);
    assert_eq!(names(&world).len(), 2);
    world.advance(3601).await;
    assert_eq!(names(&world), ["production"]);
    world.finish().await;
}

#[tokio::test]
async fn a_copy_that_cannot_be_deleted_is_told_with_its_end() {
    let world = world_with_databases().await;
    world.fail(
        &json!({"provider": "neon", "method": "DELETE", "status": 403, "body": {"code": "", "message": "not allowed"}}),
    );
    let run = action(&world, "run").input("run", "true").go().await;
    assert_eq!(run.output("changed"), "true", "{run}");
    let warning = run.report["warnings"][0].as_str().unwrap().to_owned();
    assert!(
        warning.contains("could not be deleted; Neon deletes it at "),
        "{warning}"
    );
    failed(&run);
    world.finish().await;
}

#[tokio::test]
async fn neons_own_cli_sees_what_we_made() {
    let world = world_with_databases().await;
    let made = ok(action(&world, "create").go().await);
    let home = tempfile::tempdir().unwrap();
    let neonctl = async |arguments: &[&str]| {
        let output = Command::new(npm::node())
            .arg(npm::clients().join("node_modules/neon/dist/cli.js"))
            .args(arguments)
            .args([
                "--api-host",
                &world.cloud.neon,
                "--no-analytics",
                "--project-id",
                ids::NEON_PROJECT,
                "--config-dir",
            ])
            .arg(home.path())
            .arg("--context-file")
            .arg(home.path().join("none"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            .env("CI", "true")
            .env("NEON_API_KEY", tokens::NEON)
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let seen: Value =
        serde_json::from_str(&neonctl(&["branches", "get", "preview-pr-42", "--output", "json"]).await).unwrap();
    assert_eq!(seen["id"], made.output("branch-id"));
    assert_eq!(
        seen["expires_at"].as_str().unwrap()[..19],
        made.output("expires-at")[..19]
    );
    let uri = neonctl(&[
        "connection-string",
        "preview-pr-42",
        "--role-name",
        "neondb_owner",
        "--database-name",
        "neondb",
        "--ssl",
        "omit",
    ])
    .await;
    // The CLI puts the string together by itself, from the endpoint: it knows no port.
    let host = |url: &str| url.split(['@', ':', '/', '?']).nth(5).unwrap_or_default().to_owned();
    assert_eq!(host(uri.trim()), made.output("host"));
    assert_eq!(host(made.output("database-url")), made.output("host"));
    world.finish().await;
}
