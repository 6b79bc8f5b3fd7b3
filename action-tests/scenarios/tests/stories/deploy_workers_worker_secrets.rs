//! Stories of `deploy-workers` with the services' secrets as one text: the input `worker-secrets`.

use scenarios::{Run, Start, World};
use serde_json::json;

use crate::deploy_workers::{DATABASE_URL, MANIFEST, account, bindings, platform, worker};

const KEY: &str =
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0=\nsecond-line-of-key\n-----END PRIVATE KEY-----\n";

fn start<'w>(world: &'w World, secrets: &str) -> Start<'w> {
    let run = world.run("deploy-workers").input("health", "false");
    run.input("worker-secrets", secrets)
}

async fn go(run: Start<'_>) -> Run {
    let run = run.go().await;
    run.assert_no_secret_leaks();
    run
}

#[tokio::test]
async fn one_secret_gives_all_of_them_in_both_forms() {
    let dotenv = format!("# ours\nexport DATABASE_URL={DATABASE_URL}\nSESSION_SECRET=\"{KEY}\" # a key\n");
    let json = json!({"DATABASE_URL": DATABASE_URL, "SESSION_SECRET": KEY}).to_string();
    let world = platform().await;
    let run = go(start(&world, &dotenv)).await;
    assert_eq!((run.code, run.output("changed")), (0, "true"), "{run}");
    let auth = bindings(&world, "auth-preview-42");
    assert_eq!(auth["DATABASE_URL"]["text"], DATABASE_URL);
    assert_eq!(auth["SESSION_SECRET"]["text"], KEY);
    let masks = run.masks();
    for hidden in [
        DATABASE_URL,
        "npg_s3cret",
        "MIIEvQIBADANBgkqhkiG9w0=",
        "second-line-of-key",
    ] {
        assert!(masks.iter().any(|mask| mask == hidden), "{hidden}: {masks:?}");
    }
    // The other form says the same: nothing changes.
    let mark = world.mark();
    for same in [&json, &dotenv] {
        let run = go(start(&world, same)).await;
        assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
    }
    world.assert_only_reads_since(mark);
    world.finish().await;
}

#[tokio::test]
async fn what_an_earlier_step_made_stands_beside_it_and_what_others_use_is_told() {
    let world = platform().await;
    let manifest = MANIFEST.replace(
        "routing = \"custom-domain\"",
        "routing = \"custom-domain\"\nsecrets = { SESSION_SECRET = \"LIVE_SESSION_SECRET\" }",
    );
    world.file("codex.toml", &manifest);
    let secrets = "SESSION_SECRET=session-secret-1\nLIVE_SESSION_SECRET=session-secret-2";
    let run = go(start(&world, secrets).env("DATABASE_URL", DATABASE_URL)).await;
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout
            .contains("worker-secrets: not used here: `LIVE_SESSION_SECRET`"),
        "{run}"
    );
    let auth = bindings(&world, "auth-preview-42");
    assert_eq!(auth["SESSION_SECRET"]["text"], "session-secret-1");
    assert!(auth.get("LIVE_SESSION_SECRET").is_none());
    world.finish().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once_before_anything_is_asked() {
    let world = platform().await;
    let run = start(
        &world,
        "DATABASE_URL=postgresql://a-secret/b#c\nMIIEvQIBADANBgkqhkiG9w0",
    );
    let run = run.input("health", "yes").input("command", "rollback").go().await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @"
    4 inputs are wrong; nothing was touched
    - `worker-secrets`: line 1 has a `#` inside a value without quotation marks, where some readers cut it; put the value into single quotes
    - `worker-secrets`: line 2 is neither `NAME=value` nor a comment; a value of several lines stands in quotes
    - `worker-secrets`: goes with `command: deploy` and `command: validate`; nothing else needs them
    - `health`: `yes` is neither `true` nor `false`
    ");

    // A private key without quotation marks is no name.
    let secrets = "SESION_SECRET=session-secret-1\nTOKEN=abcd\nSESSION_SECRET=-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0=\nDATABASE_URL=\nTWICE=a-secret\nTWICE=a-secret";
    let run = start(&world, secrets)
        .env("SESSION_SECRET", "session-secret-2")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @"
    3 inputs are wrong; nothing was touched
    - `worker-secrets`: `SESSION_SECRET` has another value in the step's `env`; leave one of the two out
    - `worker-secrets`: has `TWICE` twice, in line 6 and line 7
    - `DATABASE_URL`: missing or empty; services `api` and `auth` would get no secret: add it to `worker-secrets`, or set it in the step's `env`, such as `DATABASE_URL: ${{ secrets.DATABASE_URL }}` (in a reusable workflow: the caller passes it on with `secrets: inherit`)
    ");

    let secrets = "SESION_SECRET=session-secret-1\nTOKEN=abcd\nMIIEvQIBADANBgkqhkiG9w0=\nDATABASE_URL=";
    let run = start(&world, secrets).go().await;
    assert_eq!(run.code, 2, "{run}");
    insta::assert_snapshot!(run.error(), @"
    4 inputs are wrong; nothing was touched
    - `DATABASE_URL`: missing or empty; services `api` and `auth` would get no secret: add it to `worker-secrets`, or set it in the step's `env`, such as `DATABASE_URL: ${{ secrets.DATABASE_URL }}` (in a reusable workflow: the caller passes it on with `secrets: inherit`)
    - `SESSION_SECRET`: missing or empty; service `auth` would get no secret: add it to `worker-secrets`, or set it in the step's `env`, such as `SESSION_SECRET: ${{ secrets.SESSION_SECRET }}` (in a reusable workflow: the caller passes it on with `secrets: inherit`)
    - `worker-secrets`: `SESION_SECRET` is none of the secrets that the manifest's services or their wrangler configurations name; did you mean `SESSION_SECRET`?
    - `worker-secrets`: `TOKEN` and the name in line 3 are none of the secrets that the manifest's services or their wrangler configurations name; take them out, or name them there
    ");
    for hidden in ["a-secret", "MIIEvQ", "session-secret-1", "session-secret-2"] {
        assert!(!run.log().contains(hidden), "{hidden}: {run}");
    }
    assert!(world.requests().is_empty());
    assert!(account(&world)["workers"].as_object().unwrap().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn validation_checks_the_names_and_a_build_takes_none() {
    let world = platform().await;
    let run = start(&world, "SESION_SECRET=abcd")
        .input("command", "validate")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    assert!(run.error().contains("did you mean `SESSION_SECRET`?"), "{run}");
    let run = start(&world, "SESSION_SECRET=abcd")
        .input("command", "validate")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    let run = start(&world, "SESSION_SECRET=abcd")
        .input("command", "build")
        .go()
        .await;
    assert!(
        run.code == 2 && run.error().contains("`worker-secrets`: goes with"),
        "{run}"
    );
    assert!(!world.workspace().join("codex-bundles").exists());
    assert!(world.requests().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn one_worker_without_a_manifest_has_all_of_them_or_those_that_are_listed() {
    let world = World::start().await;
    worker(&world, "api", &json!({}), "export default {}");
    let alone = |secrets: &str| start(&world, secrets).input("path", "api").input("worker", "alone");
    let run = go(alone("FIRST=value-one\nOTHER=value-two")).await;
    assert_eq!(run.code, 0, "{run}");
    let has = bindings(&world, "alone");
    assert_eq!(
        (&has["FIRST"]["text"], &has["OTHER"]["text"]),
        (&json!("value-one"), &json!("value-two"))
    );
    let mark = world.mark();
    let run = go(alone("FIRST=value-one\nOTHER=value-two").input("secrets", "FIRST, OTHER")).await;
    assert_eq!((run.code, run.output("changed")), (0, "false"), "{run}");
    world.assert_only_reads_since(mark);

    let run = alone("FIRST=value-one\nOHTER=value-two")
        .input("secrets", "FIRST, OTHER")
        .go()
        .await;
    assert_eq!(run.code, 2, "{run}");
    let told =
        "`OHTER` is none of `secrets`, nor of those that the wrangler configuration names; did you mean `OTHER`?";
    assert!(run.error().contains(told), "{run}");
    let run = alone("NO.NAME=value-one").go().await;
    assert!(
        run.code == 2 && run.error().contains("`NO.NAME`: no name of a secret"),
        "{run}"
    );
    world.assert_only_reads_since(mark);
    world.finish().await;
}
