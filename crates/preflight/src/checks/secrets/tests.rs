use crate::checks::testing::{self, SHOP};

/// What is told of a step with these variables and this pack: kind, subject and sentence, one per line.
async fn told(environment: Option<&str>, env: &[(&str, &str)], pack: Option<&str>) -> String {
    let both = SHOP.replace("[\"STRIPE_SECRET_KEY\"]", "[\"STRIPE_SECRET_KEY\", \"SESSION_SECRET\"]");
    assert_ne!(both, SHOP);
    let mut vars = env.to_vec();
    vars.extend(environment.map(|name| ("INPUT_ENVIRONMENT", name)));
    vars.extend(pack.map(|pack| ("INPUT_WORKER_SECRETS", pack)));
    let (inputs, world, _folder) = testing::world(&[("codex.toml", &both)], &vars).await;
    testing::lines(&super::findings(&inputs, &world))
}

const GOOD: [(&str, &str); 3] = [
    ("SESSION_SECRET", "0123456789abcdef0123"),
    ("STRIPE_TEST_KEY", "sk_test_abcdef"),
    ("STRIPE_SECRET_KEY", "sk_live_abcdef"),
];

#[tokio::test]
async fn nothing_is_told_of_a_step_that_has_all() {
    assert_eq!(told(Some("preview"), &GOOD[..2], None).await, "");
    assert_eq!(told(Some("production"), &[GOOD[0], GOOD[2]], None).await, "");
    let pack = "SESSION_SECRET=0123456789abcdef0123\nSTRIPE_TEST_KEY=sk_test_abcdef";
    assert_eq!(told(Some("preview"), &[], Some(pack)).await, "");
}

#[tokio::test]
async fn what_is_missing_is_told_of_the_environment_that_is_meant() {
    insta::assert_snapshot!(told(Some("preview"), &GOOD[..1], None).await, @"codex.toml:18:1 secret-missing STRIPE_TEST_KEY: `STRIPE_TEST_KEY` is missing or empty: service `pay` of `preview` would get no secret; set it in the step's `env`: `STRIPE_TEST_KEY: ${{ secrets.STRIPE_TEST_KEY }}`");
    // A pack for previews, in a run that looks at all environments: production's are elsewhere.
    insta::assert_snapshot!(told(None, &[], Some("SESSION_SECRET=0123456789abcdef0123\nSTRIPE_TEST_KEY=x1y2z3")).await, @r#"codex.toml:11:1 secret-one-for-all preview: `preview` takes `SESSION_SECRET` from the same variable as `production`; name one of the previews' own under `environments.preview.secrets`, such as `SESSION_SECRET = "PREVIEW_SESSION_SECRET"`, unless GitHub environments hold different values"#);
    insta::assert_snapshot!(told(Some("production"), &[], Some("SESSION_SECRET=0123456789abcdef0123\nSTRIPE_SECRET_KEYS=a1")).await, @"
    codex.toml:18:1 secret-missing STRIPE_SECRET_KEY: `STRIPE_SECRET_KEY` is missing or empty: service `pay` of `production` would get no secret; add it to `WORKER_SECRETS`, or set it in the step's `env`: `STRIPE_SECRET_KEY: ${{ secrets.STRIPE_SECRET_KEY }}`
    - secret-unused worker-secrets: `worker-secrets`: `STRIPE_SECRET_KEYS` is none of the secrets that the manifest's services or their wrangler configurations name; did you mean `STRIPE_SECRET_KEY`?; until then `deploy-workers` refuses the whole text
    ");
    // On a laptop without any.
    insta::assert_snapshot!(told(None, &[("DATABASE_URL", "postgres://me:pw@localhost/db")], None).await, @r#"
    - secrets-not-looked-at secrets: none of the 3 secrets of `preview` and `production` is in this step: `SESSION_SECRET`, `STRIPE_TEST_KEY` and `STRIPE_SECRET_KEY`; give the step the `env` or the `worker-secrets` that the deployment has, and `environment`
    codex.toml:11:1 secret-one-for-all preview: `preview` takes `SESSION_SECRET` from the same variable as `production`; name one of the previews' own under `environments.preview.secrets`, such as `SESSION_SECRET = "PREVIEW_SESSION_SECRET"`, unless GitHub environments hold different values
    "#);
}

#[tokio::test]
async fn values_that_cannot_be_right_are_told_without_a_piece_of_them() {
    // Kinds: secret-placeholder, secret-whitespace, secret-short, secret-shared, secret-live-in-preview,
    // secret-test-in-production.
    let told_of = [
        told(
            Some("preview"),
            &[GOOD[0], ("STRIPE_TEST_KEY", "sk_live_9f8e7d6c")],
            None,
        )
        .await,
        told(
            Some("production"),
            &[GOOD[0], ("STRIPE_SECRET_KEY", "sk_test_9f8e7d6c")],
            None,
        )
        .await,
        told(
            Some("preview"),
            &[("SESSION_SECRET", "changeme"), ("STRIPE_TEST_KEY", "sk_test_...")],
            None,
        )
        .await,
        told(
            Some("preview"),
            &[
                ("SESSION_SECRET", "9f8e7d6c"),
                ("STRIPE_TEST_KEY", "sk_test_9f8e7d6c\n"),
            ],
            None,
        )
        .await,
        told(
            None,
            &[
                GOOD[0],
                ("STRIPE_TEST_KEY", "rk_9f8e7d6c"),
                ("STRIPE_SECRET_KEY", "rk_9f8e7d6c"),
            ],
            None,
        )
        .await,
    ];
    let all = told_of.join("\n\n");
    assert!(!all.contains("9f8e7d6c"), "{all}");
    insta::assert_snapshot!(all, @r#"
    codex.toml:18:1 secret-live-in-preview STRIPE_TEST_KEY: `STRIPE_TEST_KEY` is a live key, and `preview` would give it to `pay` of every pull request; name the test mode's variable under `environments.preview.secrets`

    codex.toml:18:1 secret-test-in-production STRIPE_SECRET_KEY: `STRIPE_SECRET_KEY` is a test mode's key, and `production` would give it to `pay`; store the live mode's key as `STRIPE_SECRET_KEY`

    codex.toml:15:1 secret-placeholder SESSION_SECRET: `SESSION_SECRET` holds a placeholder, not a secret; store the real value as `SESSION_SECRET`
    codex.toml:18:1 secret-placeholder STRIPE_TEST_KEY: `STRIPE_TEST_KEY` holds a placeholder, not a secret; store the real value as `STRIPE_TEST_KEY`

    codex.toml:15:1 secret-short SESSION_SECRET: `SESSION_SECRET` has fewer than 16 characters, and can be guessed; make one with `openssl rand -base64 32`
    codex.toml:18:1 secret-whitespace STRIPE_TEST_KEY: `STRIPE_TEST_KEY` begins or ends with a space or a line break; store it anew: `printf %s "$VALUE" | gh secret set STRIPE_TEST_KEY`

    codex.toml:11:1 secret-one-for-all preview: `preview` takes `SESSION_SECRET` from the same variable as `production`; name one of the previews' own under `environments.preview.secrets`, such as `SESSION_SECRET = "PREVIEW_SESSION_SECRET"`, unless GitHub environments hold different values
    codex.toml:18:1 secret-shared STRIPE_TEST_KEY: `STRIPE_TEST_KEY` of `preview` and `STRIPE_SECRET_KEY` of `production` have the same value; make a value of its own for each environment
    "#);
}

#[tokio::test]
async fn what_the_step_holds_is_masked_before_it_is_judged() {
    told(
        Some("preview"),
        &[("SESSION_SECRET", "st3p-value")],
        Some("STRIPE_TEST_KEY=p4ckd-value"),
    )
    .await;
    assert_eq!(
        actions_core::secret::redact("x p4ckd-value st3p-value y"),
        "x *** *** y"
    );
}
