//! The workflows that this repository shows and uses: nothing is found in them.

use super::{MANIFEST, found, places};

fn folder(path: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    let mut files: Vec<(String, String)> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn of(path: &str) -> Vec<String> {
    let files = folder(path);
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    assert!(!files.is_empty());
    places(&found(Some(MANIFEST), &files))
}

#[test]
fn callers_and_their_spelled_out_forms_are_clean() {
    assert_eq!(of("action-tests/workflows/callers"), Vec::<String>::new());
    assert_eq!(of(".github/docs/workflows"), Vec::<String>::new());
}

#[test]
fn a_pipeline_of_other_tools_is_told_as_such_and_not_judged() {
    assert_eq!(of(".github/docs/before"), ["workflow-other-tools preview.yml:107:9"]);
}

#[test]
fn this_repositorys_own_are_clean() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let repository = super::Repository::read(&root);
    let facts = super::Facts {
        uses: super::uses::all(&repository),
        repository: &repository,
        manifest: None,
        environments: &[],
    };
    assert!(facts.uses.len() > 30, "{}", facts.uses.len());
    assert_eq!(places(&facts.findings()), Vec::<String>::new());
}

/// The one workflow of the README's smallest example.
#[test]
fn the_smallest_lacks_what_it_does_not_promise() {
    let text = include_str!("../../../../../../action-tests/workflows/smallest.yml");
    let manifest = MANIFEST.replace(
        "\"STRIPE_SECRET_KEY\"",
        "\"STRIPE_SECRET_KEY\", \"STRIPE_WEBHOOK_SECRET\"",
    );
    let manifest = manifest.replace(
        "STRIPE_TEST_KEY\"",
        "STRIPE_TEST_KEY\", STRIPE_WEBHOOK_SECRET = \"STRIPE_TEST_WEBHOOK_SECRET\"",
    );
    let found = found(Some(&manifest), &[("preview.yml", text)]);
    assert_eq!(
        places(&found),
        [
            "workflow-no-sweep preview.yml:47:9",
            "workflow-fork-unguarded preview.yml:4:3"
        ]
    );
}

/// One thing planted at a time: the folder's file, what stands there, what is put in its place, and all that is found: its
/// kind, and what stands at its place.
type Planted = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const CALLERS: &str = "action-tests/workflows/callers";
const SPELLED_OUT: &str = ".github/docs/workflows";

const PLANTED: &[Planted] = &[
    (
        CALLERS,
        "cleanup.yml",
        "types: [closed]",
        "types: [labeled]",
        &[("workflow-closed-missing", "types: [labeled]")],
    ),
    (
        CALLERS,
        "cleanup.yml",
        "types: [closed]",
        "types: [closed], paths: [apps]",
        &[("workflow-closed-filtered", "paths: [apps]")],
    ),
    (
        CALLERS,
        "cleanup.yml",
        "  cleanup:\n",
        "  cleanup:\n    continue-on-error: true\n",
        &[("workflow-cleanup-swallowed", "continue-on-error")],
    ),
    (
        CALLERS,
        "cleanup.yml",
        "  cleanup:\n",
        "  cleanup:\n    if: github.event.pull_request.merged\n",
        &[("workflow-cleanup-merged-only", "if: ")],
    ),
    (
        CALLERS,
        "cleanup.yml",
        "jobs:",
        "concurrency: cleanup\njobs:",
        &[("workflow-concurrency-group", "concurrency: ")],
    ),
    (
        CALLERS,
        "sweep.yml",
        "  schedule: [{ cron: \"17 3 * * *\" }]\n",
        "",
        &[("workflow-no-sweep", "uses: codex/actions/.github/workflows/preview.yml")],
    ),
    (CALLERS, "preview.yml", "permissions: {}\n", "", &[]),
    (
        CALLERS,
        "preview.yml",
        "    permissions:",
        "    name: Preview #",
        &[("workflow-permissions-narrow", "permissions: {}")],
    ),
    (
        CALLERS,
        "preview.yml",
        "deployments: write, ",
        "",
        &[("workflow-permissions-narrow", "permissions: { contents")],
    ),
    (
        CALLERS,
        "preview.yml",
        "contents: read, ",
        "contents: write, ",
        &[("workflow-permissions-wide", "permissions: { contents")],
    ),
    (
        CALLERS,
        "preview.yml",
        "      WORKER_SECRETS: ${{ secrets.WORKER_SECRETS }}\n",
        "",
        &[("workflow-secret-missing", "secrets:")],
    ),
    (
        CALLERS,
        "preview.yml",
        "NEON_API_KEY: ",
        "NEON_KEY: ",
        &[("workflow-call-unknown", "NEON_KEY: ")],
    ),
    (
        CALLERS,
        "preview.yml",
        "{ pull-request: \"",
        "{ pull_request: \"",
        &[("workflow-call-unknown", "pull_request: \"")],
    ),
    (
        CALLERS,
        "preview.yml",
        "secrets.NEON_API_KEY",
        "secrets.NEON_API_KEY_PROD",
        &[("workflow-production-secret", "NEON_API_KEY: ")],
    ),
    (
        CALLERS,
        "preview.yml",
        "head-sha: \"",
        "github-environment: production, head-sha: \"",
        &[("workflow-environment-production", "with: ")],
    ),
    (
        CALLERS,
        "preview.yml",
        "@v1",
        "@main",
        &[("workflow-ref-tag", "uses: ")],
    ),
    (
        CALLERS,
        "production.yml",
        "group: production",
        "group: codex-production",
        &[("workflow-concurrency-deadlock", "concurrency:")],
    ),
    (
        CALLERS,
        "production.yml",
        "queue: max",
        "cancel-in-progress: true",
        &[("workflow-concurrency-cancels", "cancel-in-progress: true")],
    ),
    (
        SPELLED_OUT,
        "sweep.yml",
        "      actions: read",
        "      # ",
        &[("workflow-permissions-narrow", "permissions:")],
    ),
    (
        SPELLED_OUT,
        "preview.yml",
        "concurrency:\n  group: codex-preview-${{ github.event.pull_request.number || inputs.pull-request }}\n",
        "x:\n",
        &[("workflow-concurrency-missing", "deploy:")],
    ),
    (
        SPELLED_OUT,
        "preview.yml",
        "  group: codex-preview-${{ github.event.pull_request.number || inputs.pull-request }}\n",
        "  group: preview\n",
        &[("workflow-concurrency-group", "group: preview")],
    ),
    (
        SPELLED_OUT,
        "preview.yml",
        "          worker-secrets: ${{ secrets.WORKER_SECRETS }}\n",
        "",
        &[("workflow-secret-missing", "env:")],
    ),
    (
        SPELLED_OUT,
        "preview.yml",
        "command: get\n",
        "comand: get\n",
        &[
            ("workflow-input-unknown", "comand: get"),
            ("workflow-input-missing", "uses: codex/actions/neon-branch"),
        ],
    ),
    (
        SPELLED_OUT,
        "preview.yml",
        "actions/upload-artifact@",
        "acme/upload@v7 #",
        &[("workflow-ref-third-party", "uses: acme/upload")],
    ),
    (
        SPELLED_OUT,
        "preview.yml",
        "actions/upload-artifact@",
        "cloudflare/wrangler-action@v3 #",
        &[
            ("workflow-ref-third-party", "uses: cloudflare/"),
            ("workflow-other-tools", "uses: cloudflare/"),
        ],
    ),
    (
        SPELLED_OUT,
        "preview.yml",
        "      pull-requests: write # how it stands, and the comment\n",
        "",
        &[("workflow-permissions-narrow", "permissions:")],
    ),
    (
        SPELLED_OUT,
        "preview.yml",
        "pull_request: { types: [opened,",
        "pull_request_target: { types: [opened,",
        &[
            ("workflow-target-checkout", "uses: actions/checkout"),
            ("workflow-target-checkout", "uses: actions/checkout"),
            ("workflow-target-checkout", "uses: actions/checkout"),
        ],
    ),
    (
        SPELLED_OUT,
        "production.yml",
        "          echo \"::error title",
        "          echo ${{ github.event.head_commit.message }}\n          echo \"::error title",
        &[("workflow-script-injection", "run: |")],
    ),
];

#[test]
fn what_is_planted_is_found_at_its_place_and_nothing_else() {
    for (folder, file, from, to, expected) in PLANTED {
        let mut files = self::folder(folder);
        let text = &mut files.iter_mut().find(|(name, _)| name == file).unwrap().1;
        assert!(text.contains(from), "{file}: {from}");
        *text = text.replacen(from, to, 1);
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let found = found(Some(MANIFEST), &files);
        let told = places(&found);
        assert_eq!(found.len(), expected.len(), "{file}: {to}: {told:?}");
        for (finding, (kind, at)) in found.iter().zip(*expected) {
            let place = finding.place.as_ref().unwrap();
            let name = place.file.rsplit('/').next().unwrap();
            let (_, text) = files.iter().find(|(file, _)| *file == name).unwrap();
            let line = text.lines().nth(place.line - 1).unwrap();
            assert!(
                finding.kind.name == *kind && line[place.column - 1..].starts_with(at),
                "{file}: {to}: {told:?}: {line}"
            );
        }
    }
}
