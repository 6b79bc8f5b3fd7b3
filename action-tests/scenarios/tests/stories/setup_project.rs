//! Which package manager `setup-project` finds, in folders as projects have them: its script, run by Node. The whole
//! action is run by act, with npm, in the stories of workflows.

use std::path::Path;
use std::process::Command;

/// The script's exit status and what it says, one `name=value` a line but for the hash.
fn found(files: &[(&str, &str)]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../actions/setup-project/find.mjs");
    let done = Command::new("node")
        .arg(script)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("hash="));
    (done.status.success(), lines.collect::<Vec<_>>().join("\n"))
}

#[test]
fn the_manager_that_is_named_or_whose_lock_file_is_there_installs() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        (
            "npm by its lock file",
            &[("package.json", "{}"), ("package-lock.json", "{}")],
        ),
        (
            "npm by name",
            &[("package.json", r#"{"packageManager": "npm@11.6.4"}"#)],
        ),
        ("pnpm, no version", &[("package.json", "{}"), ("pnpm-lock.yaml", "")]),
        (
            "pnpm, a version with its hash, before a leftover of npm's",
            &[
                ("package.json", r#"{"packageManager": "pnpm@10.4.1+sha512.abc"}"#),
                ("package-lock.json", "{}"),
                ("pnpm-lock.yaml", ""),
            ],
        ),
        (
            "Yarn 1",
            &[("package.json", "{}"), ("yarn.lock", "# yarn lockfile v1\n")],
        ),
        (
            "Yarn 4",
            &[
                ("package.json", r#"{"packageManager": "yarn@4.5.0"}"#),
                ("yarn.lock", "__metadata:\n  version: 8\n"),
            ],
        ),
        (
            "bun",
            &[
                ("package.json", r#"{"packageManager": "bun@1.2.3"}"#),
                ("bun.lock", "{}"),
            ],
        ),
        (
            "bun, its old lock file",
            &[("package.json", "{}"), ("bun.lockb", "\u{0}")],
        ),
    ];
    let told = cases.iter().map(|(what, files)| {
        let (well, said) = found(files);
        assert!(well, "{what}: {said}");
        format!("{what}\n{said}\n")
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_is_not_known_is_said_with_a_remedy() {
    let (well, said) = found(&[("package.json", "{}")]);
    assert!(!well);
    assert_eq!(
        said,
        "::error title=setup-project::neither `packageManager` in package.json nor a lock file is here; set `working-directory`, or commit the lock file"
    );
    let (well, said) = found(&[("package.json", r#"{"packageManager": "cargo@1.95.0"}"#)]);
    assert!(!well && said.contains("names `cargo`"), "{said}");
}

/// The outputs of a step are lines: nothing that a project writes may become another one.
#[test]
fn a_version_is_a_version() {
    for version in ["1\\nprepare=rm", "1; rm -rf .", "$(id)"] {
        let manifest = format!(r#"{{"packageManager": "bun@{version}"}}"#);
        let (well, said) = found(&[("package.json", &manifest), ("bun.lock", "{}")]);
        assert!(well, "{said}");
        let prepare = said
            .lines()
            .filter(|line| line.starts_with("prepare="))
            .collect::<Vec<_>>();
        let safe = [
            "prepare=command -v bun || npm install --global bun@1",
            "prepare=command -v bun || npm install --global bun@latest",
        ];
        assert!(prepare.len() == 1 && safe.contains(&prepare[0]), "{said}");
    }
}
