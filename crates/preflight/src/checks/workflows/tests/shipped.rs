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
fn a_pipeline_of_other_tools_is_not_ours_to_judge() {
    assert_eq!(of(".github/docs/before"), Vec::<String>::new());
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
