//! Stories of `run`, as far as no database is needed: ways past the copy, and what a command leaves running.

use std::path::Path;

use super::*;

/// A URL of production, pooled or not.
async fn production(world: &World, output: &str) -> String {
    let production = run(world, "get").input("branch", "production").go().await;
    ok(production).output(output).to_owned()
}

#[tokio::test]
async fn a_variable_that_leads_past_the_copy_is_refused_before_that_is_made() {
    let world = world().await;
    let (direct, pooled) = (
        production(&world, "database-url").await,
        production(&world, "database-url-pooled").await,
    );
    let host = production(&world, "host").await;
    let mark = world.mark();
    let attempt = || {
        run(&world, "run")
            .input("run", "touch ran")
            .env("DATABASE_URL", &direct)
            .env("SENTRY_DSN", "https://key@o1.ingest.example/2")
    };
    let one = attempt().env("DIRECT_DATABASE_URL", &direct).go().await;
    let many = attempt()
        .env("DATABASE_URL_UNPOOLED", &direct)
        .env("PGHOST", &host)
        .env("POSTGRES_URL_NON_POOLING", pooled.replace('@', "%40"))
        .go()
        .await;
    let dry = attempt().env("PGHOST", &host).input("dry-run", "true").go().await;
    let written = attempt()
        .input("run", format!("DATABASE_URL={direct} touch ran"))
        .go()
        .await;
    let texts = [failed(&one), failed(&many), failed(&dry), failed(&written)];
    for run in [&one, &many, &dry, &written] {
        assert_eq!(run.output("changed"), "false");
        for value in [&direct, &pooled, &host] {
            assert!(
                !run.log().contains(value.as_str()) && !run.report.to_string().contains(value.as_str()),
                "{run}"
            );
        }
    }
    insta::assert_snapshot!(texts.join("\n\n"), @r#"
    the command was not run, and no copy made: `DIRECT_DATABASE_URL` leads to a database of this project that is not the copy
    hint: list it in the manifest, `[database] variables = ["DIRECT_DATABASE_URL"]`, so that `run` sets it to the copy; or take it out of the step: `env: { DIRECT_DATABASE_URL: "" }`

    the command was not run, and no copy made: `DATABASE_URL_UNPOOLED`, `PGHOST` and `POSTGRES_URL_NON_POOLING` lead to a database of this project that is not the copy
    hint: list them in the manifest, `[database] variables = ["DATABASE_URL_UNPOOLED", "PGHOST", "POSTGRES_URL_NON_POOLING"]`, so that `run` sets them to the copy; or take them out of the step: `env: { DATABASE_URL_UNPOOLED: "" }`

    the command was not run, and no copy made: `PGHOST` leads to a database of this project that is not the copy
    hint: list it in the manifest, `[database] variables = ["PGHOST"]`, so that `run` sets it to the copy; or take it out of the step: `env: { PGHOST: "" }`

    the command was not run, and no copy made: it names a database of this project that is not the copy itself
    hint: let the command take `DATABASE_URL`, which leads to the copy
    "#);
    world.assert_only_reads_since(mark);
    assert!(!world.workspace().join("ran").exists());
    // `DATABASE_URL` itself is set to the copy, whatever it was.
    ok(attempt().go().await);
    assert!(world.workspace().join("ran").exists());
    assert_eq!(names(&world), ["production"]);
    world.finish().await;
}

#[tokio::test]
async fn the_manifests_variables_lead_to_the_copy() {
    let world = world().await;
    let (direct, host) = (
        production(&world, "database-url").await,
        production(&world, "host").await,
    );
    let listed = r#"parent = "production"
variables = ["DIRECT_DATABASE_URL", "DATABASE_URL_UNPOOLED", "PGHOST", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGPORT"]"#;
    world.file("codex.toml", &MANIFEST.replace("parent = \"production\"", listed));
    let script = r#"
        for url in "$DIRECT_DATABASE_URL" "$DATABASE_URL_UNPOOLED"; do [ "$url" = "$DATABASE_URL" ] && echo same; done
        case "$DATABASE_URL" in *"//$PGUSER:$PGPASSWORD@$PGHOST/$PGDATABASE?"*) echo "parts at $PGPORT";; esac
        [ "$PGHOST" = "$PRODUCTION" ] && echo production; [ "$DATABASE_URL_POOLED" != "$DATABASE_URL" ] && echo "pooled apart"
    "#;
    let start = run(&world, "run")
        .input("run", script)
        .env("DIRECT_DATABASE_URL", &direct)
        .env("PGHOST", &host);
    let tried = ok(start.go().await);
    let printed: Vec<String> = tried.log().lines().map(str::to_owned).collect();
    assert_eq!(printed.iter().filter(|line| *line == "same").count(), 2, "{tried}");
    assert!(
        printed.contains(&"parts at 5432".to_owned()) && printed.contains(&"pooled apart".to_owned()),
        "{tried}"
    );
    assert!(!printed.contains(&"production".to_owned()), "{tried}");
    assert_eq!(names(&world), ["production"]);
    world.finish().await;
}

/// Whether anything still writes to the file.
async fn is_alive(file: &Path) -> bool {
    let written = || std::fs::metadata(file).unwrap().len();
    let before = written();
    tokio::time::sleep(Duration::from_millis(400)).await;
    written() > before
}

/// A grandchild that does not care about SIGTERM.
const STUBBORN: &str =
    "(trap '' TERM INT HUP; while :; do echo >> alive; sleep 0.05; done) & while [ ! -s alive ]; do sleep 0.02; done";

#[tokio::test]
async fn what_a_command_leaves_running_ends_with_it() {
    let world = world().await;
    let alive = world.workspace().join("alive");
    let tried = run(&world, "run")
        .input("run", format!("{STUBBORN}; echo done"))
        .go()
        .await;
    let tried = ok(tried);
    assert!(
        tried
            .log()
            .contains("ended what the command had left running in the background"),
        "{tried}"
    );
    assert!(!is_alive(&alive).await);
    assert!(tried.time < Duration::from_secs(8), "{tried}");

    // Also when it fails, and when it is cancelled.
    std::fs::remove_file(&alive).unwrap();
    let broken = run(&world, "run")
        .input("run", format!("{STUBBORN}; exit 4"))
        .go()
        .await;
    assert_eq!((broken.code, broken.output("exit-status")), (4, "4"), "{broken}");
    assert!(!is_alive(&alive).await);

    std::fs::remove_file(&alive).unwrap();
    let mut started = run(&world, "run")
        .input("run", format!("{STUBBORN}; echo be''gun; sleep 60"))
        .start();
    started.printed("begun").await;
    assert!(is_alive(&alive).await);
    let began = std::time::Instant::now();
    started.signal("INT").await;
    let stopped = started.wait().await;
    assert_eq!(stopped.code, 130, "{stopped}");
    assert!(began.elapsed() < Duration::from_millis(7_500), "{stopped}");
    assert!(!is_alive(&alive).await);
    assert_eq!(names(&world), ["production"]);

    // What leaves nothing behind is not spoken of.
    let clean = ok(run(&world, "run").input("run", "sleep 0.1 & wait").go().await);
    assert!(!clean.log().contains("left running"), "{clean}");
    // Nor is what only writes to its end cut short.
    let script = "exec > >(sleep 0.3; cat); echo tail of the log | tr a-z A-Z";
    let late = ok(run(&world, "run").input("run", script).go().await);
    assert!(
        late.log().contains("TAIL OF THE LOG") && !late.log().contains("left running"),
        "{late}"
    );
    world.finish().await;
}
