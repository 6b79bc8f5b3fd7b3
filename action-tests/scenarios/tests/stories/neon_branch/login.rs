//! Stories of the proof that a compute can be used: a login, through a proxy that answers before it knows which one.

use super::*;

async fn world_with_front() -> World {
    let world = World::start_with_front().await;
    world.file("codex.toml", MANIFEST);
    world
}

/// A run that trusts who signed the front's certificate, and waits for a login as long as `wait` says.
fn action<'w>(world: &'w World, command: &str, wait: &str) -> Start<'w> {
    world
        .run("neon-branch")
        .input("command", command)
        .input("wait", wait)
        .env("SSL_CERT_FILE", world.neon_ca())
}

async fn front(world: &World, settings: Value) {
    world.seed(&json!({"neon": {"settings": settings}})).await;
}

#[tokio::test]
async fn a_login_is_bound_to_the_channel_and_leaves_no_trace() {
    let world = world_with_front().await;
    let made = ok(action(&world, "create", "true").go().await);
    assert!(made.log().contains("logged in at the compute after"), "{made}");
    assert!(made.output("database-url").contains("channel_binding=require"));
    let mark = world.mark();
    let again = ok(action(&world, "create", "true").go().await);
    world.assert_only_reads_since(mark);
    assert!(again.log().contains("logged in at the compute after"), "{again}");
    world.finish().await;
}

#[tokio::test]
async fn a_suspended_compute_is_woken_and_waited_for() {
    let world = world_with_front().await;
    ok(action(&world, "create", "true").go().await);
    world.advance(400).await;
    front(&world, json!({"wake_ms": 3000})).await;
    let state = |world: &World| {
        let computes = world.state()["neon"]["projects"][0]["endpoints"]
            .as_array()
            .unwrap()
            .clone();
        computes.last().unwrap()["current_state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(&world), "idle");
    let woken = ok(action(&world, "get", "true").go().await);
    assert!(woken.time >= Duration::from_secs(3), "{woken}");
    assert_eq!(state(&world), "active");

    // The clock of a compute that is woken runs on, also when the client that asked for it has left.
    world.advance(400).await;
    front(&world, json!({"wake_ms": 4000})).await;
    let short = failed(&action(&world, "get", "2s").go().await);
    assert!(short.contains("the compute does not wake"), "{short}");
    let patient = ok(action(&world, "get", "20s").go().await);
    assert!(patient.time < Duration::from_secs(4), "{patient}");
    world.finish().await;
}

#[tokio::test]
async fn each_obstacle_is_told_with_its_remedy_and_in_its_time() {
    let world = world_with_front().await;
    ok(action(&world, "create", "true").go().await);
    let mut told = Vec::new();
    for (flaw, wait) in [
        ("tls-refused", "2s"),
        ("tls-untrusted", "2s"),
        ("tls-other-name", "2s"),
        ("unknown-endpoint", "2s"),
        ("password-refused", "2s"),
        ("no-database", "2s"),
        ("disabled", "2s"),
        ("quota", "2s"),
        ("never-wakes", "3s"),
        ("hangs-up", "2s"),
    ] {
        front(&world, json!({"front": flaw})).await;
        let run = action(&world, "get", wait).go().await;
        let error = failed(&run);
        assert!(run.time < Duration::from_secs(5), "{run}");
        told.push(format!("{flaw}: {error}"));
    }
    // By default, too, what the proxy has decided is not waited for until the end.
    front(&world, json!({"front": "tls-untrusted"})).await;
    let run = action(&world, "get", "true").go().await;
    failed(&run);
    assert!(run.time < Duration::from_secs(14), "{run}");
    // The branch and its URLs are there all the same; without the wait nothing is in the way.
    ok(action(&world, "get", "false").go().await);
    let varying = [
        (r"ep-[a-z0-9-]+", "[endpoint]"),
        (r":\d{4,5}`", ":[port]`"),
        (r"\d\.\d s:", "[elapsed]:"),
    ];
    insta::with_settings!({filters => varying.to_vec()}, {
        insta::assert_snapshot!(told.join("\n\n"), @r#"
        tls-refused: the branch is there, but nobody can log in at its compute
        caused by: `[endpoint].c-2.us-east-2.aws.neon.localhost:[port]` has let nobody in for [elapsed]: the server speaks no TLS, which the connection string asks for
        hint: something between this runner and Neon ends TLS or answers in its place; on a runner of your own, are its CA certificates (`ca-certificates`) and its clock current?

        tls-untrusted: the branch is there, but nobody can log in at its compute
        caused by: `[endpoint].c-2.us-east-2.aws.neon.localhost:[port]` has let nobody in for [elapsed]: TLS failed: the certificate is signed by nobody whom this machine trusts
        hint: something between this runner and Neon ends TLS or answers in its place; on a runner of your own, are its CA certificates (`ca-certificates`) and its clock current?

        tls-other-name: the branch is there, but nobody can log in at its compute
        caused by: `[endpoint].c-2.us-east-2.aws.neon.localhost:[port]` has let nobody in for [elapsed]: TLS failed: the certificate is for another host
        hint: something between this runner and Neon ends TLS or answers in its place; on a runner of your own, are its CA certificates (`ca-certificates`) and its clock current?

        unknown-endpoint: the branch is there, but nobody can log in at its compute
        caused by: `[endpoint].c-2.us-east-2.aws.neon.localhost:[port]` has let nobody in for [elapsed]: Neon's proxy does not know the compute: The requested endpoint could not be found, or you don't have access to it. Please check the provided ID and try again.
        hint: the compute was deleted or replaced meanwhile; run again

        password-refused: the branch is there, but nobody can log in at its compute
        caused by: `[endpoint].c-2.us-east-2.aws.neon.localhost:[port]` has let nobody in for [elapsed]: the login was refused: password authentication failed for user "neondb_owner"
        hint: the role's password was changed meanwhile, or the role may not log in; run again, or reset the password in Neon's console

        no-database: the branch is there, but nobody can log in at its compute
        caused by: `[endpoint].c-2.us-east-2.aws.neon.localhost:[port]` has let nobody in for [elapsed]: database "neondb" does not exist
        hint: set the input `database`, or `[database] name` in the manifest

        disabled: the branch is there, but nobody can log in at its compute
        caused by: `[endpoint].c-2.us-east-2.aws.neon.localhost:[port]` has let nobody in for [elapsed]: the compute is switched off: The endpoint has been disabled. Enable it using Neon API and retry.
        hint: enable the compute in Neon's console, or delete the branch and run again

        quota: the branch is there, but nobody can log in at its compute
        caused by: `[endpoint].c-2.us-east-2.aws.neon.localhost:[port]` has let nobody in for [elapsed]: Neon lets nobody in: Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.
        hint: the plan's allowance is used up: see the project's usage in Neon's console

        never-wakes: the branch is there, but nobody can log in at its compute
        caused by: `[endpoint].c-2.us-east-2.aws.neon.localhost:[port]` has let nobody in for [elapsed]: no answer to the login within [elapsed]: the compute does not wake
        hint: look at the compute in Neon's console (its state, the plan's limit of active computes); a longer `wait`, such as `3m`, gives it more time

        hangs-up: the branch is there, but nobody can log in at its compute
        caused by: `[endpoint].c-2.us-east-2.aws.neon.localhost:[port]` has let nobody in for [elapsed]: connection closed
        hint: run again; `wait: false` skips the test of the connection
        "#);
    });
    world.finish().await;
}

#[tokio::test]
async fn nobody_there_is_told_in_time() {
    let world = world().await;
    let run = world
        .run("neon-branch")
        .input("command", "create")
        .input("wait", "2s")
        .go()
        .await;
    let error = failed(&run);
    assert!(
        error.contains("its name has no address") || error.contains("no answer"),
        "{error}"
    );
    // The branch was made, and that is what the report says.
    assert_eq!(
        (run.output("changed"), run.output("created")),
        ("true", "true"),
        "{run}"
    );
    assert!(!run.output("database-url").is_empty());
    world.finish().await;
}
