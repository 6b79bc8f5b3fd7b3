use super::{MANIFEST, of_kind, table};

const PREVIEW: &str = "jobs:\n  p:\n    permissions: { contents: read, deployments: write, pull-requests: write }\n    uses: codex/actions/.github/workflows/preview.yml@v1\n    secrets: { CLOUDFLARE_API_TOKEN: a, NEON_API_KEY: b, WORKER_SECRETS: c }\n";

#[test]
fn a_close_that_starts_nothing() {
    let kind = "workflow-closed-missing";
    for (on, place) in [
        ("on: pull_request\n", "w.yml:1:1"),
        ("on: [push, pull_request]\n", "w.yml:1:12"),
        ("on:\n  pull_request:\n", "w.yml:2:3"),
        ("on:\n  pull_request:\n    types: [opened, synchronize]\n", "w.yml:3:5"),
        ("on:\n  pull_request: { types: opened }\n", "w.yml:2:19"),
        ("on:\n  push:\n  pull_request: &p\n    branches: [main]\n", "w.yml:3:3"),
    ] {
        let text = format!("{on}{PREVIEW}");
        assert_eq!(of_kind(kind, None, &[("w.yml", &text)]), [place], "{on}");
        let cleanup = "on: { pull_request: { types: [closed] } }\njobs:\n  c:\n    uses: codex/actions/.github/workflows/cleanup.yml@0000000000000000000000000000000000000000\n";
        assert!(
            of_kind(kind, None, &[("w.yml", &text), ("c.yaml", cleanup)]).is_empty(),
            "{on}"
        );
        // Only `.yml` and `.yaml` in the folder are read; a cleanup that starts on `push` is none.
        let elsewhere = cleanup.replace("pull_request: { types: [closed] }", "push: {}");
        assert_eq!(
            of_kind(kind, None, &[("w.yml", &text), ("c.yaml", &elsewhere)]),
            [place],
            "{on}"
        );
    }
    table(
        kind,
        None,
        &[
            // The cleanup is there, and its type is not.
            (
                "on:\n  pull_request:\n    types:\n      - opened\n      - synchronize\njobs:\n  d:\n    if: github.event.action != 'closed'\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n  c:\n    if: github.event.action == 'closed'\n    steps:\n      - uses: codex/actions/cleanup@v1\n",
                &["w.yml:3:5"],
            ),
            (
                "on:\n  pull_request:\n    types:\n      - opened\n      - closed\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n  c:\n    steps:\n      - uses: codex/actions/cleanup@v1\n",
                &[],
            ),
            // A fork by its shape, in a step of a local action.
            (
                "on: pull_request\njobs:\n  d:\n    steps:\n      - uses: acme/fork/actions/deploy-workers@abc\n",
                &["w.yml:1:1"],
            ),
            // Somebody's own actions of such names.
            (
                "on: pull_request\njobs:\n  d:\n    steps:\n      - uses: acme/tools/actions/cleanup@v1\n      - uses: acme/deploy-workers@v1\n",
                &[],
            ),
            // Another run or a comment starts it; only pushes do; nobody knows who calls it.
            (
                "on: { workflow_run: { workflows: [CI] } }\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with: { environment: preview }\n",
                &["w.yml:5:9"],
            ),
            (
                "on: [push, pull_request]\njobs:\n  d:\n    if: github.event_name == 'push'\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n",
                &[],
            ),
            (
                "on: workflow_call\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with: { environment: preview }\n",
                &[],
            ),
            // Production, and what only looks.
            (
                "on: { push: {}, pull_request: {} }\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with: { command: validate }\n",
                &[],
            ),
            (
                "on: push\njobs:\n  d:\n    uses: codex/actions/.github/workflows/production.yml@v1\n",
                &[],
            ),
        ],
    );
    // In a workflow of the repository that is called, and in a local action.
    let outer = "on: pull_request\njobs:\n  p:\n    uses: ./.github/workflows/deploy.yml\n";
    let called = "on: workflow_call\njobs:\n  d:\n    steps:\n      - uses: ./.github/actions/deploy\n";
    let composite = "runs:\n  using: composite\n  steps:\n    - uses: codex/actions/deploy-workers@v1\n";
    let files = [
        ("caller.yml", outer),
        ("deploy.yml", called),
        (".github/actions/deploy/action.yaml", composite),
    ];
    assert_eq!(of_kind(kind, None, &files), ["caller.yml:1:1"]);
}

#[test]
fn a_close_that_a_filter_holds_back() {
    let both = |filters: &str| {
        format!(
            "on:\n  pull_request:\n    types: [opened, closed]\n{filters}jobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n      - uses: codex/actions/cleanup@v1\n"
        )
    };
    let kind = "workflow-closed-filtered";
    let found = |filters: &str| of_kind(kind, None, &[("w.yml", &both(filters))]);
    assert_eq!(found("    paths: ['apps/**']\n"), ["w.yml:4:5"]);
    assert_eq!(found("    paths-ignore: ['docs/**']\n"), ["w.yml:4:5"]);
    // What never had an environment needs no cleanup.
    assert!(found("    branches: [main]\n").is_empty());
    assert!(found("").is_empty());
    let preview = format!("on: pull_request\n{PREVIEW}");
    let cleanup = "on:\n  pull_request:\n    types: [closed]\n    branches-ignore: [next]\njobs:\n  c:\n    uses: codex/actions/.github/workflows/cleanup.yml@v1\n";
    assert_eq!(
        of_kind(kind, None, &[("w.yml", &preview), ("c.yml", cleanup)]),
        ["c.yml:4:5"]
    );
}

#[test]
fn a_cleanup_that_does_not_run_or_does_not_tell() {
    let cleanup = |job: &str, step: &str| {
        format!(
            "on: {{ pull_request: {{ types: [closed] }} }}\njobs:\n  c:\n{job}    steps:\n      - uses: codex/actions/cleanup@v1\n{step}"
        )
    };
    let merged = "workflow-cleanup-merged-only";
    for (condition, is_found) in [
        ("github.event.pull_request.merged == true", true),
        ("${{ github.event.pull_request.merged }}", true),
        (
            "github.event.pull_request.merged == true || github.event.action == 'closed'",
            false,
        ),
        ("github.event.pull_request.merged == false", false),
        ("github.event.action == 'closed'", false),
        ("always()", false),
    ] {
        let text = cleanup(&format!("    if: \"{condition}\"\n"), "");
        assert_eq!(
            !of_kind(merged, None, &[("w.yml", &text)]).is_empty(),
            is_found,
            "{condition}"
        );
    }
    let swallowed = "workflow-cleanup-swallowed";
    for (job, step, expected) in [
        ("    continue-on-error: true\n", "", &["w.yml:4:5"][..]),
        ("", "        continue-on-error: true\n", &["w.yml:6:9"]),
        ("", "        continue-on-error: ${{ github.run_attempt > 1 }}\n", &[]),
        ("", "        continue-on-error: false\n", &[]),
        (
            "",
            "        id: gone\n        continue-on-error: true\n",
            &["w.yml:7:9"],
        ),
        (
            "",
            "        id: gone\n        continue-on-error: true\n      - if: steps.gone.outcome == 'failure'\n        run: exit 1\n",
            &[],
        ),
        ("", "", &[]),
    ] {
        let text = cleanup(job, step);
        assert_eq!(of_kind(swallowed, None, &[("w.yml", &text)]), expected, "{text}");
    }
    // Neon's own, wherever it is.
    let neon = "on: push\njobs:\n  c:\n    steps:\n      - uses: neondatabase/delete-branch-action@v3\n        continue-on-error: true\n";
    table(
        swallowed,
        None,
        &[(neon, &["w.yml:6:9"]), (&neon.replace("true", "false"), &[])],
    );
    // And commands.
    let run = |command: &str| {
        format!(
            "on: push\njobs:\n  c:\n    steps:\n      - run: |\n          {command}\n        continue-on-error: true\n"
        )
    };
    table(
        swallowed,
        None,
        &[
            (&run("npx wrangler delete --name api-preview-1"), &["w.yml:7:9"]),
            (&run("npx neonctl branches delete pr-1"), &["w.yml:7:9"]),
            (&run("npx wrangler tail api"), &[]),
        ],
    );
}

#[test]
fn nobody_sweeps() {
    let kind = "workflow-no-sweep";
    let preview = format!("on: pull_request\n{PREVIEW}");
    let sweep = |on: &str, command: &str| {
        format!(
            "on: {on}\njobs:\n  s:\n    steps:\n      - uses: codex/actions/cleanup@v1\n        with: {{ command: {command} }}\n"
        )
    };
    let found = |text: &str| of_kind(kind, Some(MANIFEST), &[("w.yml", &preview), ("s.yml", text)]);
    assert_eq!(of_kind(kind, None, &[("w.yml", &preview)]), ["w.yml:5:5"]);
    assert_eq!(found(&sweep("workflow_dispatch", "sweep")), ["w.yml:5:5"]);
    assert_eq!(
        found(&sweep("{ schedule: [{ cron: '1 1 * * *' }] }", "explain")),
        ["w.yml:5:5"]
    );
    assert!(found(&sweep("{ schedule: [{ cron: '1 1 * * *' }] }", "sweep")).is_empty());
    let called = "on: { schedule: [{ cron: '1 1 * * *' }] }\njobs:\n  s:\n    uses: codex/actions/.github/workflows/sweep.yml@v1\n";
    assert!(found(called).is_empty());
}

const DEPLOY: &str = "    steps:\n      - uses: codex/actions/deploy-workers@v1\n";

#[test]
fn runs_side_by_side() {
    let kind = "workflow-concurrency-missing";
    let production = "        with: { environment: production }\n";
    for (text, expected) in [
        (format!("on: pull_request\njobs:\n  d:\n{DEPLOY}"), &["w.yml:3:3"][..]),
        (format!("on: push\njobs:\n  d:\n{DEPLOY}{production}"), &["w.yml:3:3"]),
        (
            format!("on: push\nconcurrency: production\njobs:\n  d:\n{DEPLOY}{production}"),
            &[],
        ),
        (
            format!("on: push\njobs:\n  d:\n    concurrency: {{ group: production }}\n{DEPLOY}{production}"),
            &[],
        ),
        (
            format!("on: push\njobs:\n  d:\n{DEPLOY}        with: {{ environment: production, dry-run: true }}\n"),
            &[],
        ),
        (
            format!("on: push\njobs:\n  d:\n{DEPLOY}        with: {{ command: build }}\n"),
            &[],
        ),
        // It has a group of its own.
        (format!("on: pull_request\n{PREVIEW}"), &[]),
    ] {
        assert_eq!(of_kind(kind, Some(MANIFEST), &[("w.yml", &text)]), expected, "{text}");
    }
}

#[test]
fn runs_ended_in_the_middle() {
    let kind = "workflow-concurrency-cancels";
    let deploy = |flag: &str, environment: &str| {
        format!(
            "on: [push, pull_request]\nconcurrency:\n  group: x\n  cancel-in-progress: {flag}\njobs:\n  d:\n{DEPLOY}        with: {{ environment: {environment} }}\n"
        )
    };
    for (text, expected) in [
        (deploy("true", "production"), &["w.yml:4:3"][..]),
        (deploy("${{ true }}", "production"), &["w.yml:4:3"]),
        (deploy("false", "production"), &[]),
        (deploy("${{ github.ref != 'refs/heads/main' }}", "production"), &[]),
        // A newer push to a pull request makes the older preview pointless.
        (deploy("true", "preview"), &[]),
        (deploy("true", "${{ inputs.environment }}"), &[]),
        ("on: { pull_request: { types: [closed] } }\njobs:\n  c:\n    concurrency: { group: g, cancel-in-progress: true }\n    steps:\n      - uses: codex/actions/cleanup@v1\n".to_owned(), &["w.yml:4:30"]),
    ] {
        assert_eq!(of_kind(kind, Some(MANIFEST), &[("w.yml", &text)]), expected, "{text}");
    }
}

#[test]
fn groups_of_previews() {
    let kind = "workflow-concurrency-group";
    for (group, alone, with_cleanup) in [
        ("preview", true, true),
        ("${{ github.workflow }}", true, true),
        ("preview-${{ github.run_id }}", true, true),
        ("preview-${{ github.event.pull_request.head.sha }}", true, true),
        ("${{ github.workflow }}-${{ github.ref }}", false, true),
        ("preview-${{ github.head_ref || github.run_id }}", false, false),
        ("preview-${{ github.event.pull_request.number }}", false, false),
        ("preview-${{ github.event.number }}", false, false),
        ("preview-${{ inputs.number }}", false, false),
        ("preview-${{ matrix.x }}", false, false),
    ] {
        let preview = format!(
            "on: {{ pull_request: {{ types: [opened, closed] }} }}\nconcurrency:\n  group: \"{group}\"\njobs:\n  d:\n{DEPLOY}"
        );
        let both = format!("{preview}      - uses: codex/actions/cleanup@v1\n");
        let expected = |is_found: bool| if is_found { vec!["w.yml:3:3".to_owned()] } else { vec![] };
        assert_eq!(of_kind(kind, None, &[("w.yml", &preview)]), expected(alone), "{group}");
        assert_eq!(
            of_kind(kind, None, &[("w.yml", &both)]),
            expected(with_cleanup),
            "{group}"
        );
    }
    table(
        kind,
        None,
        &[(
            "on: pull_request\njobs:\n  d:\n    concurrency: previews\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n",
            &["w.yml:4:5"],
        )],
    );
}

#[test]
fn groups_of_cleanups() {
    for (group, is_found) in [
        ("cleanup", true),
        ("${{ github.workflow }}-${{ github.ref }}", true),
        ("cleanup-${{ github.event.pull_request.number }}", false),
        ("cleanup-${{ github.run_id }}", false),
        ("cleanup\n  queue: max", false),
    ] {
        let text = format!(
            "on: {{ pull_request: {{ types: [closed] }} }}\nconcurrency:\n  group: {group}\njobs:\n  c:\n    uses: codex/actions/.github/workflows/cleanup.yml@v1\n"
        );
        let expected: &[&str] = if is_found { &["w.yml:3:3"] } else { &[] };
        assert_eq!(
            of_kind("workflow-concurrency-group", None, &[("w.yml", &text)]),
            expected,
            "{group}"
        );
        // By the clock or by hand, no close is lost.
        let swept = text.replace("pull_request: { types: [closed] }", "workflow_dispatch: {}");
        assert!(of_kind("workflow-concurrency-group", None, &[("w.yml", &swept)]).is_empty());
    }
}

#[test]
fn a_caller_that_waits_for_itself() {
    let kind = "workflow-concurrency-deadlock";
    for (group, is_found) in [
        ("codex-preview-${{ github.event.pull_request.number }}", true),
        ("preview-${{ github.event.pull_request.number }}", false),
        ("codex-preview-x", false),
    ] {
        let text = format!("on: pull_request\nconcurrency:\n  group: {group}\n{PREVIEW}");
        let expected: &[&str] = if is_found { &["w.yml:2:1"] } else { &[] };
        assert_eq!(of_kind(kind, None, &[("w.yml", &text)]), expected, "{group}");
    }
    let production = "on: push\nconcurrency: codex-production\njobs:\n  p:\n    uses: codex/actions/.github/workflows/production.yml@v1\n";
    assert_eq!(of_kind(kind, None, &[("w.yml", production)]), ["w.yml:2:1"]);
}
