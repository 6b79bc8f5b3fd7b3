use std::collections::BTreeSet;

use super::arguments::SECRETS;
use super::*;

fn made(folder: &Path, arguments: &[&str], vars: &[(&str, &str)]) -> Result<Env, String> {
    let arguments: Vec<OsString> = std::iter::once("preflight")
        .chain(arguments.iter().copied())
        .map(OsString::from)
        .collect();
    env(&arguments, vars.iter().copied().collect(), folder).map_err(|error| error.to_string())
}

/// A repository with a manifest at its top and one in a package.
fn repository() -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let top = temp.path().canonicalize().unwrap();
    for folder in [".git", "apps/shop/src", "apps/web"] {
        std::fs::create_dir_all(top.join(folder)).unwrap();
    }
    let config = "[remote \"origin\"]\n\turl = git@github.com:acme/shop.git\n";
    std::fs::write(top.join(".git/config"), config).unwrap();
    for manifest in ["codex.toml", "apps/shop/codex.toml"] {
        std::fs::write(top.join(manifest), "").unwrap();
    }
    (temp, top)
}

#[test]
fn every_input_is_an_argument_or_a_secret() {
    let command = arguments::command().unwrap();
    command.clone().debug_assert();
    let mut names: BTreeSet<String> = command
        .get_arguments()
        .map(|argument| argument.get_id().to_string())
        .collect();
    assert!(names.remove("env-file"));
    names.extend(SECRETS.iter().map(|(name, _)| (*name).to_owned()));
    let yml = include_str!("../../../../actions/preflight/action.yml");
    let (inputs, _) = yml.split_once("\noutputs:").unwrap();
    let inputs: BTreeSet<String> = inputs
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| !name.starts_with(' '))
        .map(str::to_owned)
        .collect();
    assert_eq!(names, inputs);
    for (name, _) in KNOWN_AS {
        assert!(inputs.contains(name), "{name}");
    }
}

#[test]
fn the_help_is_whole() {
    insta::assert_snapshot!(arguments::command().unwrap().render_help());
}

#[test]
fn arguments_become_inputs() {
    let (_temp, top) = repository();
    let given = [
        "write",
        "--check",
        "--fail-on",
        "warning",
        "--offline=false",
        "--environment=preview",
    ];
    let env = made(&top, &given, &[]).unwrap();
    let told = |name: &str| env.get(&input(name)).map(str::to_owned).unwrap_or_default();
    let names = ["command", "check", "fail-on", "offline", "environment", "pull-request"];
    assert_eq!(names.map(told), ["write", "true", "warning", "false", "preview", ""]);
}

#[test]
fn a_switch_takes_its_value_in_each_spelling() {
    let (_temp, top) = repository();
    let given = |arguments: &[&str]| {
        let env = made(&top, arguments, &[])?;
        let told = |name: &str| env.get(&input(name)).map(str::to_owned).unwrap_or_default();
        Ok::<_, String>(["command", "offline", "check", "environment"].map(told))
    };
    for (arguments, expected) in [
        (&["--offline"][..], ["", "true", "", ""]),
        (&["--offline", "true"], ["", "true", "", ""]),
        (&["--offline", "false"], ["", "false", "", ""]),
        (&["--offline=false"], ["", "false", "", ""]),
        (
            &["--offline", "write", "--check", "false"],
            ["write", "true", "false", ""],
        ),
        (&["--offline", "false", "write"], ["write", "false", "", ""]),
        // A value of another argument stays its own.
        (&["--environment", "true", "--offline"], ["", "true", "", "true"]),
    ] {
        assert_eq!(given(arguments), Ok(expected.map(str::to_owned)), "{arguments:?}");
    }
    for wrong in [&["false"][..], &["--offline", "no"], &["--offline", "false", "true"]] {
        assert!(given(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn tokens_come_from_variables_and_files_and_never_from_arguments() {
    let (_temp, top) = repository();
    std::fs::write(
        top.join(".env"),
        "NEON_API_KEY=of-the-file\nGH_TOKEN='two'\nSTRIPE_KEY=\"s\"\n",
    )
    .unwrap();
    let vars = [
        ("CLOUDFLARE_API_TOKEN", "of-the-shell"),
        ("NEON_API_KEY", "of-the-shell-too"),
    ];
    let env = made(&top, &["--env-file", ".env"], &vars).unwrap();
    let names = [
        "cloudflare-api-token",
        "neon-api-key",
        "github-token",
        "cloudflare-zone-id",
    ];
    let told = names.map(|name| env.get(&input(name)).unwrap_or_default());
    assert_eq!(told, ["of-the-shell", "of-the-shell-too", "two", ""]);
    assert_eq!(env.get("STRIPE_KEY"), Some("s"));
    for (name, _) in SECRETS {
        for arguments in [
            vec![format!("--{name}=s3cret")],
            vec![format!("--{name}"), "s3cret".to_owned()],
        ] {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let why = made(&top, &arguments, &[]).err().unwrap();
            assert!(why.contains("--env-file") && !why.contains("s3cret"), "{why}");
        }
    }
}

#[test]
fn a_file_of_variables_that_cannot_be_read_is_told_with_its_line_alone() {
    let (_temp, top) = repository();
    std::fs::write(top.join(".env"), "A=1\nB=\"s3cret\n").unwrap();
    insta::assert_snapshot!(made(&top, &["--env-file", ".env"], &[]).err().unwrap());
    let missing = made(&top, &["--env-file", "none"], &[]).err().unwrap();
    assert!(missing.contains("`none` cannot be read"), "{missing}");
}

#[test]
fn the_repository_tells_its_name_and_its_manifest() {
    let (_temp, top) = repository();
    let at = |folder: &str, arguments: &[&str]| {
        let env = made(&top.join(folder), arguments, &[]).unwrap();
        let names = ["GITHUB_REPOSITORY", "GITHUB_WORKSPACE", "INPUT_MANIFEST"];
        names.map(|name| {
            env.get(name)
                .unwrap_or_default()
                .replace(&*top.to_string_lossy(), "TOP")
        })
    };
    let own = ["acme/shop", "TOP", "TOP/apps/shop/codex.toml"];
    assert_eq!(at("apps/shop/src", &[]), own);
    assert_eq!(at("apps/web", &["--manifest", "../shop/codex.toml"]), own);
    assert_eq!(at("apps/web", &[]), ["acme/shop", "TOP", "TOP/codex.toml"]);
}

#[test]
fn a_runner_without_arguments_is_left_alone() {
    let (_temp, top) = repository();
    let vars = [("GITHUB_ACTIONS", "true"), ("CLOUDFLARE_API_TOKEN", "x")];
    let env = made(&top, &[], &vars).unwrap();
    assert_eq!(env.iter().count(), 2);
}
