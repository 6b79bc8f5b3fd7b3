use super::{MANIFEST, found, of_kind, places, table};

#[test]
fn permissions_that_are_missing() {
    let kind = "workflow-permissions-missing";
    table(
        kind,
        None,
        &[
            (
                "on: pull_request\njobs:\n  d:\n    steps:\n      - uses: codex/actions/pr-comment@v1\n",
                &["w.yml:3:3"],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    uses: codex/actions/.github/workflows/preview.yml@v1\n",
                &["w.yml:3:3"],
            ),
            (
                "on: pull_request\npermissions: {}\njobs:\n  d:\n    steps:\n      - uses: codex/actions/neon-branch@v1\n",
                &[],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    permissions: read-all\n    steps:\n      - uses: codex/actions/neon-branch@v1\n",
                &[],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    steps:\n      - uses: actions/checkout@v7\n",
                &[],
            ),
        ],
    );
    let texts = found(
        None,
        &[(
            "w.yml",
            "on: pull_request\njobs:\n  d:\n    uses: codex/actions/.github/workflows/preview.yml@v1\n",
        )],
    );
    let remedies: Vec<&str> = texts
        .iter()
        .filter(|finding| finding.kind.name == kind)
        .map(|finding| finding.remedy.as_str())
        .collect();
    assert_eq!(
        remedies,
        ["add `permissions: { contents: read, deployments: write, pull-requests: write }` to the job"]
    );
}

#[test]
fn permissions_that_are_too_narrow() {
    table(
        "workflow-permissions-narrow",
        Some(MANIFEST),
        &[
            (
                "on: pull_request\npermissions: {}\njobs:\n  d:\n    steps:\n      - uses: codex/actions/pr-comment@v1\n",
                &["w.yml:2:1"],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    permissions:\n      pull-requests: read\n    steps:\n      - uses: codex/actions/pr-comment@v1\n",
                &["w.yml:4:5"],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    permissions: read-all\n    steps:\n      - uses: codex/actions/pr-comment@v1\n",
                &["w.yml:4:5"],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    permissions: { pull-requests: write }\n    steps:\n      - uses: codex/actions/pr-comment@v1\n        with: { deployment: true }\n",
                &["w.yml:4:5"],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    permissions: { pull-requests: write, deployments: write }\n    steps:\n      - uses: codex/actions/pr-comment@v1\n        with: { deployment: true }\n",
                &[],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    permissions: { issues: write }\n    steps:\n      - uses: codex/actions/pr-comment@v1\n",
                &[],
            ),
            // A token of its own; no pull request; nothing is written.
            (
                "on: pull_request\npermissions: {}\njobs:\n  d:\n    steps:\n      - uses: codex/actions/pr-comment@v1\n        with: { github-token: \"${{ secrets.BOT }}\" }\n",
                &[],
            ),
            (
                "on: push\npermissions: {}\njobs:\n  d:\n    steps:\n      - uses: codex/actions/pr-comment@v1\n        with: { environment: production }\n",
                &[],
            ),
            (
                "on: pull_request\npermissions: {}\njobs:\n  d:\n    steps:\n      - uses: codex/actions/health-check@v1\n",
                &[],
            ),
            (
                "on: { schedule: [{ cron: '1 1 * * *' }] }\njobs:\n  s:\n    permissions: { contents: read, pull-requests: write }\n    steps:\n      - uses: codex/actions/cleanup@v1\n        with: { command: sweep }\n",
                &["w.yml:4:5"],
            ),
            (
                "on: { schedule: [{ cron: '1 1 * * *' }] }\njobs:\n  s:\n    permissions: { contents: read, pull-requests: write, actions: read }\n    steps:\n      - uses: codex/actions/cleanup@v1\n        with: { command: sweep }\n",
                &[],
            ),
            // What is called asks for more.
            (
                "on: pull_request\njobs:\n  d:\n    permissions: { contents: read, pull-requests: write }\n    uses: codex/actions/.github/workflows/preview.yml@v1\n",
                &["w.yml:4:5"],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    permissions: write-all\n    uses: codex/actions/.github/workflows/preview.yml@v1\n",
                &[],
            ),
        ],
    );
    // A caller of the repository's own grants too little.
    let outer =
        "on: pull_request\npermissions: { contents: read }\njobs:\n  p:\n    uses: ./.github/workflows/called.yml\n";
    let called = "on: workflow_call\njobs:\n  d:\n    permissions: { pull-requests: write }\n    steps:\n      - uses: codex/actions/pr-comment@v1\n";
    let files = [("w.yml", outer), ("called.yml", called)];
    assert_eq!(of_kind("workflow-permissions-narrow", None, &files), ["w.yml:2:1"]);
}

#[test]
fn permissions_that_are_too_wide() {
    table(
        "workflow-permissions-wide",
        Some(MANIFEST),
        &[
            (
                "on: pull_request\npermissions: write-all\njobs:\n  d:\n    steps:\n      - run: npm ci\n      - uses: codex/actions/pr-comment@v1\n",
                &["w.yml:2:1"],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    permissions: { contents: write, pull-requests: write }\n    steps:\n      - uses: actions/checkout@v7\n      - uses: codex/actions/pr-comment@v1\n",
                &["w.yml:4:5"],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    permissions: { id-token: write, contents: read, deployments: write, pull-requests: write }\n    uses: codex/actions/.github/workflows/preview.yml@v1\n",
                &["w.yml:4:5"],
            ),
            // A script may need it.
            (
                "on: pull_request\njobs:\n  d:\n    permissions: { contents: write, pull-requests: write }\n    steps:\n      - run: git push\n      - uses: codex/actions/pr-comment@v1\n",
                &[],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    permissions: { contents: read, pull-requests: write, deployments: write }\n    steps:\n      - uses: codex/actions/pr-comment@v1\n",
                &[],
            ),
        ],
    );
}

#[test]
fn what_may_become_other_code() {
    let with = |uses: &str| {
        format!(
            "on: push\njobs:\n  d:\n    steps:\n      - uses: codex/actions/setup-project@v1\n      - uses: {uses}\n"
        )
    };
    for (uses, third, tag) in [
        ("acme/tool@v1", true, false),
        ("acme/tool/sub@main", true, false),
        ("docker://alpine:3", true, false),
        ("docker://alpine@sha256:abc", false, false),
        ("acme/tool@0123456789012345678901234567890123456789 # v1", false, false),
        ("actions/checkout@v7", false, true),
        ("codex/actions/health-check@main", false, true),
        ("codex/actions/health-check@v1.2.3", false, false),
        ("./local", false, false),
    ] {
        let text = with(uses);
        let files = [("w.yml", text.as_str())];
        assert_eq!(
            !of_kind("workflow-ref-third-party", None, &files).is_empty(),
            third,
            "{uses}"
        );
        assert_eq!(!of_kind("workflow-ref-tag", None, &files).is_empty(), tag, "{uses}");
    }
    assert_eq!(
        of_kind("workflow-ref-third-party", None, &[("w.yml", &with("a/b@v1"))]),
        ["w.yml:6:9"]
    );
    // Nothing of ours is in it.
    assert!(
        found(
            None,
            &[("w.yml", "on: push\njobs:\n  d:\n    steps:\n      - uses: a/b@v1\n")]
        )
        .is_empty()
    );
}

#[test]
fn strangers_code() {
    table(
        "workflow-target-checkout",
        None,
        &[
            (
                "on: pull_request_target\njobs:\n  d:\n    steps:\n      - uses: actions/checkout@v4\n        with: { ref: \"${{ github.event.pull_request.head.sha }}\" }\n      - run: npm ci\n",
                &["w.yml:5:9"],
            ),
            (
                "on: [workflow_run]\njobs:\n  d:\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: ${{ github.event.workflow_run.head_sha }}\n      - uses: ./x\n",
                &["w.yml:5:9"],
            ),
            (
                "on: { pull_request_target: {} }\njobs:\n  d:\n    steps:\n      - run: gh pr checkout ${{ github.event.number }} && npm test\n",
                &["w.yml:5:9"],
            ),
            (
                "on: pull_request_target\njobs:\n  d:\n    if: github.event.pull_request.head.repo.full_name == github.repository\n    steps:\n      - run: gh pr checkout 1\n",
                &[],
            ),
            (
                "on: workflow_run\njobs:\n  d:\n    if: github.event.workflow_run.event == 'pull_request'\n    steps:\n      - uses: actions/checkout@v4\n        with: { ref: \"${{ github.event.workflow_run.head_sha }}\" }\n      - run: npm ci\n",
                &["w.yml:6:9"],
            ),
            (
                "on: workflow_run\njobs:\n  d:\n    if: github.event.workflow_run.event == 'push'\n    steps:\n      - uses: actions/checkout@v4\n        with: { ref: \"${{ github.event.workflow_run.head_sha }}\" }\n      - run: npm ci\n",
                &[],
            ),
            // Nothing runs after it; the default branch; an event without secrets.
            (
                "on: pull_request_target\njobs:\n  d:\n    steps:\n      - uses: actions/checkout@v4\n        with: { ref: \"${{ github.event.pull_request.head.sha }}\" }\n",
                &[],
            ),
            (
                "on: pull_request_target\njobs:\n  d:\n    steps:\n      - uses: actions/checkout@v4\n      - run: npm ci\n",
                &[],
            ),
            (
                "on: pull_request\njobs:\n  d:\n    steps:\n      - uses: actions/checkout@v4\n        with: { ref: \"${{ github.event.pull_request.head.sha }}\" }\n      - run: npm ci\n",
                &[],
            ),
        ],
    );
    table(
        "workflow-target",
        None,
        &[
            (
                "on:\n  pull_request_target:\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n",
                &["w.yml:2:3"],
            ),
            (
                "on:\n  pull_request_target:\njobs:\n  d:\n    steps:\n      - uses: actions/labeler@v5\n",
                &[],
            ),
            (
                "on:\n  pull_request:\njobs:\n  d:\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n",
                &[],
            ),
        ],
    );
}

#[test]
fn strangers_text() {
    for (script, is_found) in [
        ("echo ${{ github.event.pull_request.title }}", true),
        ("echo \"${{github.head_ref}}\"", true),
        (
            "echo ${{ github.event.pull_request.number }} ${{ github.event.comment.body }}",
            true,
        ),
        ("echo ${{ format('{0}', github.event.issue.title) }}", true),
        ("echo ${{ github['head_ref'] }}", true),
        ("echo ${{ GitHub.Event['pull_request'].title }}", true),
        ("echo ${{ github.event.pull_request['Title'] }}", true),
        ("echo ${{ github.event.commits[0].message }}", true),
        ("echo '${{ toJSON(github.event) }}'", true),
        ("echo '${{ toJSON(github.event.inputs) }}'", false),
        ("echo ${{ startsWith(github['head_ref'], 'x') }}", false),
        ("echo ${{ github.event.commits[0].id }}", false),
        ("echo ${{ github.head_ref == 'x' && 'a' || 'b' }}", false),
        ("echo ${{ contains(github.event.pull_request.title, 'x') }}", false),
        ("echo ${{ github.event.pull_request.head.sha }}", false),
        ("echo ${{ github.event.pull_request.title_x }}", false),
        ("echo \"$TITLE\"", false),
    ] {
        let text = format!(
            "on: pull_request\njobs:\n  d:\n    steps:\n      - uses: codex/actions/setup-project@v1\n      - run: |\n          {script}\n"
        );
        let expected: &[&str] = if is_found { &["w.yml:6:9"] } else { &[] };
        assert_eq!(
            of_kind("workflow-script-injection", None, &[("w.yml", &text)]),
            expected,
            "{script}"
        );
        let none_of_ours = text.replace("codex/actions/setup-project@v1", "actions/checkout@v4");
        assert!(found(None, &[("w.yml", &none_of_ours)]).is_empty());
        let by_script = format!(
            "on: pull_request\njobs:\n  d:\n    steps:\n      - uses: codex/actions/setup-project@v1\n      - uses: actions/github-script@v8\n        with:\n          script: |\n            {script}\n"
        );
        let expected: &[&str] = if is_found { &["w.yml:8:11"] } else { &[] };
        assert_eq!(
            of_kind("workflow-script-injection", None, &[("w.yml", &by_script)]),
            expected,
            "{script}"
        );
    }
}

#[test]
fn files_that_are_no_yaml() {
    let found = found(
        None,
        &[
            ("a.yml", "on: push\njobs: [\n"),
            ("b.yml", "on: push\njobs: { a: { steps: [{ run: x }] } }\n"),
        ],
    );
    assert_eq!(places(&found).len(), 1);
    assert!(places(&found)[0].starts_with("workflow-unreadable a.yml:"), "{found:?}");
}

#[test]
fn a_deployment_after_any_run() {
    let after = |condition: &str, environment: &str| {
        format!(
            "on:\n  workflow_run: {{ workflows: [CI], types: [completed], branches: [main] }}\njobs:\n  d:\n    if: {condition}\n    steps:\n      - uses: codex/actions/deploy-workers@v1\n        with: {{ environment: {environment} }}\n"
        )
    };
    let success = "github.event.workflow_run.conclusion == 'success'";
    let called = "on: { workflow_run: { workflows: [CI] } }\njobs:\n  d:\n    if: github.event.workflow_run.event == 'push'\n    uses: codex/actions/.github/workflows/production.yml@v1\n";
    table(
        "workflow-run-unguarded",
        Some(MANIFEST),
        &[
            (&after(success, "production"), &["w.yml:2:3"]),
            (
                &after(
                    &format!("{success} && github.event.workflow_run.event == 'push'"),
                    "production",
                ),
                &[],
            ),
            (
                &after("github.event.workflow_run.event == 'pull_request'", "production"),
                &["w.yml:2:3"],
            ),
            (
                &after(
                    "github.event.workflow_run.head_repository.full_name == github.repository",
                    "production",
                ),
                &[],
            ),
            (&after(success, "preview"), &[]),
            (
                &after(success, "production")
                    .replace("environment: production", "environment: production, dry-run: true"),
                &[],
            ),
            (&after(success, "production").replace("  workflow_run", "  push"), &[]),
            // It refuses that, whoever asks.
            (called, &["w.yml:1:7"]),
            (
                &called
                    .replace("workflow_run: {", "push: {")
                    .replace("workflows: [CI]", ""),
                &[],
            ),
        ],
    );
}
