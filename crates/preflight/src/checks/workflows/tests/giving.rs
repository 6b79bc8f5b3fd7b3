use super::{MANIFEST, found, of_kind, table};

#[test]
fn inputs_that_are_not_there() {
    table(
        "workflow-input-unknown",
        None,
        &[
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with:\n          enviroment: preview\n",
                &["w.yml:7:11"],
            ),
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with:\n          Environment: preview\n",
                &[],
            ),
        ],
    );
    let text = "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with: { enviroment: x, zzz: y }\n";
    let found = found(None, &[("w.yml", text)]);
    let told: Vec<String> = found
        .iter()
        .filter(|finding| finding.kind.name == "workflow-input-unknown")
        .map(|finding| format!("{}: {}", finding.said, finding.remedy))
        .collect();
    assert_eq!(
        told,
        [
            "`deploy-workers` has no input `enviroment`: is `environment` meant?",
            "`deploy-workers` has no input `zzz`: take `zzz` away"
        ]
    );
    table(
        "workflow-call-unknown",
        None,
        &[
            (
                "on: push\njobs:\n  d:\n    uses: codex/actions/.github/workflows/preview.yml@v1\n    with: { pull_request: 1 }\n    secrets:\n      CLOUDFLARE_TOKEN: x\n      NEON_API_KEY: y\n",
                &["w.yml:5:13", "w.yml:7:7"],
            ),
            (
                "on: push\njobs:\n  d:\n    uses: codex/actions/.github/workflows/preview.yml@v1\n    with: { pull-request: 1 }\n    secrets: inherit\n",
                &[],
            ),
        ],
    );
    table(
        "workflow-input-missing",
        None,
        &[
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/neon-branch@v1\n        with: { command: create, neon-api-key: x }\n",
                &["w.yml:5:9"],
            ),
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/neon-branch@v1\n        with: { command: create, neon-api-key: x, neon-project-id: y }\n",
                &[],
            ),
            // All that are missing, each once.
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n",
                &["w.yml:5:9", "w.yml:5:9"],
            ),
            (
                "on: [push, workflow_dispatch]\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with: { cloudflare-api-token: x }\n",
                &[],
            ),
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with: { cloudflare-api-token: x, environment: production }\n",
                &[],
            ),
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with: { command: build }\n",
                &[],
            ),
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/cleanup@v1\n        with: { only: neon }\n      - uses: codex/actions/cleanup@v1\n",
                &["w.yml:7:9"],
            ),
        ],
    );
}

#[test]
fn secrets_that_nothing_gives() {
    let kind = "workflow-secret-missing";
    let step = |before: &str, with: &str, env: &str| {
        format!(
            "on: pull_request\nenv: {{ SESSION_SECRET: a }}\njobs:\n  d:\n    env:\n      STRIPE_TEST_KEY: b\n    steps:\n{before}      - uses: codex/actions/deploy-workers@v1\n{with}{env}"
        )
    };
    let database = "        env:\n          DATABASE_URL: c\n";
    for (text, expected) in [
        (step("", "", ""), &["w.yml:8:9"][..]),
        (step("", "", "        env: { OTHER: x }\n"), &["w.yml:9:9"]),
        (step("", "", database), &[]),
        (step("", "        with: { worker-secrets: x }\n", ""), &[]),
        (step("", "        with: { services: pay }\n", ""), &[]),
        (step("", "        with: { command: build }\n", ""), &[]),
        (step("", "        with: { command: rollback }\n", ""), &[]),
        (
            step("", "        with: { environment: \"${{ inputs.e }}\" }\n", ""),
            &[],
        ),
        (step("", "        with: { path: api }\n", ""), &[]),
        // Production takes the live key by its own name.
        (
            step("", "        with: { environment: production }\n", database),
            &["w.yml:10:9"],
        ),
        (
            step("      - run: echo DATABASE_URL=x >> \"$GITHUB_ENV\"\n", "", ""),
            &[],
        ),
        (step("", "", "        env: \"${{ fromJSON(vars.ALL) }}\"\n"), &[]),
        (
            step("", "", "").replace(
                "    env:\n      STRIPE_TEST_KEY: b\n",
                "    container: { image: x, env: { DATABASE_URL: c, STRIPE_TEST_KEY: b } }\n",
            ),
            &[],
        ),
        (step("      - uses: acme/load-secrets@v1\n", "", ""), &[]),
        (step("      - uses: actions/checkout@v7\n", "", ""), &["w.yml:9:9"]),
    ] {
        assert_eq!(of_kind(kind, Some(MANIFEST), &[("w.yml", &text)]), expected, "{text}");
        assert!(of_kind(kind, None, &[("w.yml", &text)]).is_empty());
    }
    table(
        kind,
        Some(MANIFEST),
        &[
            (
                "on: pull_request\njobs:\n  d:\n    uses: codex/actions/.github/workflows/preview.yml@v1\n    secrets: { NEON_API_KEY: x, CLOUDFLARE_API_TOKEN: y }\n",
                &["w.yml:5:5"],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    uses: codex/actions/.github/workflows/preview.yml@v1\n    secrets: { WORKER_SECRETS: x, CLOUDFLARE_API_TOKEN: y }\n",
                &[],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    uses: codex/actions/.github/workflows/preview.yml@v1\n    secrets:\n      WORKER_SECRETS: x\n",
                &["w.yml:5:5"],
            ),
            // It only tests.
            (
                "on: pull_request\njobs:\n  d:\n    uses: codex/actions/.github/workflows/testing.yml@v1\n",
                &[],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    uses: codex/actions/.github/workflows/preview.yml@v1\n    secrets: inherit\n",
                &[],
            ),
        ],
    );
    let text = "on: pull_request\njobs:\n  d:\n    steps:\n      - id: db\n        uses: codex/actions/neon-branch@v1\n      - uses: codex/actions/deploy-workers@v1\n        env: { STRIPE_TEST_KEY: x, SESSION_SECRET: y }\n";
    let manifest = MANIFEST.replace("secrets = [\"STRIPE_SECRET_KEY\"]", "step-vars = [\"REGION\"]");
    let told = |manifest: &str, text: &str| {
        let found = found(Some(manifest), &[("w.yml", text)]);
        let found = found.iter().find(|finding| finding.kind.name == kind).unwrap();
        format!("{}; {}", found.said, found.remedy)
    };
    assert_eq!(
        told(MANIFEST, text),
        "nothing gives this step `DATABASE_URL`, which services of `preview` need; add it to `env` of the step, such as `DATABASE_URL: ${{ steps.db.outputs.database-url-pooled }}`"
    );
    assert_eq!(
        told(&manifest, &text.replace("STRIPE_TEST_KEY", "DATABASE_URL")),
        "nothing gives this step `REGION`, which services of `preview` need; add it to `env` of the step, such as `REGION: ${{ vars.REGION }}`"
    );
    let by_input = format!("{text}        with: {{ step-vars: \"${{{{ toJSON(vars) }}}}\" }}\n");
    let given = found(
        Some(&manifest),
        &[("w.yml", &by_input.replace("STRIPE_TEST_KEY", "DATABASE_URL"))],
    );
    assert!(given.iter().all(|finding| finding.kind.name != kind));
}

#[test]
fn what_is_productions_in_a_preview() {
    let kind = "workflow-production-secret";
    let step = |on: &str, value: &str| {
        format!(
            "on: {on}\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with: {{ environment: preview }}\n        env:\n          KEY: \"{value}\"\n"
        )
    };
    for (value, is_found) in [
        ("${{ secrets.STRIPE_PRODUCTION_KEY }}", true),
        ("${{ secrets.SESSION_SECRET_PROD }}", true),
        ("${{ secrets.LIVE_KEY }}", true),
        ("${{ secrets.PRODUCT_KEY }}", false),
        ("${{ secrets.DELIVERY }}", false),
        ("${{ secrets.STRIPE_TEST_KEY }}", false),
        (
            "${{ github.event_name == 'push' && secrets.KEY_PRODUCTION || secrets.KEY_TEST }}",
            false,
        ),
    ] {
        let expected: &[&str] = if is_found { &["w.yml:8:11"] } else { &[] };
        assert_eq!(
            of_kind(kind, Some(MANIFEST), &[("w.yml", &step("pull_request", value))]),
            expected,
            "{value}"
        );
        let production = step("push", value).replace("environment: preview", "environment: production");
        assert!(of_kind(kind, Some(MANIFEST), &[("w.yml", &production)]).is_empty());
    }
    let environment = |name: &str| {
        format!(
            "on: pull_request\njobs:\n  d:\n    environment: {name}\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n"
        )
    };
    let kind = "workflow-environment-production";
    let found = |manifest, text: &str| of_kind(kind, manifest, &[("w.yml", text)]);
    assert_eq!(found(None, &environment("production")), ["w.yml:4:5"]);
    assert_eq!(
        found(Some(MANIFEST), &environment("{ name: production }")),
        ["w.yml:4:5"]
    );
    assert!(found(Some(MANIFEST), &environment("preview")).is_empty());
    let called = "on: pull_request\njobs:\n  d:\n    uses: codex/actions/.github/workflows/preview.yml@v1\n    with: { github-environment: Production }\n";
    assert_eq!(found(None, called), ["w.yml:5:5"]);
}

#[test]
fn forks_and_other_tools() {
    table(
        "workflow-fork-unguarded",
        None,
        &[
            (
                "on: pull_request\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n",
                &["w.yml:1:1"],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    if: github.event.pull_request.head.repo.full_name == github.repository\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n",
                &[],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    if: ${{ !github.event.pull_request.head.repo.fork }}\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n",
                &[],
            ),
            (
                "on: pull_request\njobs:\n  a:\n    if: github.event.pull_request.head.repo.full_name == github.repository\n    steps: [{ run: x }]\n  d:\n    needs: a\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n",
                &[],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    uses: codex/actions/.github/workflows/preview.yml@v1\n",
                &[],
            ),
        ],
    );
    table(
        "workflow-other-tools",
        None,
        &[
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/setup-project@v1\n      - uses: cloudflare/wrangler-action@v3\n",
                &["w.yml:6:9"],
            ),
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: cloudflare/wrangler-action@v3\n",
                &[],
            ),
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/setup-project@v1\n",
                &[],
            ),
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/setup-project@v1\n      - run: npx wrangler deploy\n",
                &["w.yml:6:9"],
            ),
        ],
    );
    // In a workflow of its own, where there is a manifest: what deploys, and not what tests branch by.
    table(
        "workflow-other-tools",
        Some(MANIFEST),
        &[
            (
                "on: push\njobs:\n  d:\n    steps:\n      - uses: actions/checkout@v5\n      - uses: cloudflare/wrangler-action@v3\n",
                &["w.yml:6:9"],
            ),
            (
                "on: push\njobs:\n  d:\n    steps:\n      - run: |\n          # wrangler deploy\n          pnpm --filter api exec wrangler@4 --cwd workers/api deploy --env production\n",
                &["w.yml:5:9"],
            ),
            (
                "on: push\njobs:\n  d:\n    steps:\n      - run: npx wrangler deploy --dry-run && npx wrangler pages deploy dist\n      - uses: neondatabase/create-branch-action@v6\n",
                &[],
            ),
        ],
    );
}
