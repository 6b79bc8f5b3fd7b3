use std::fs;
use std::path::Path;

use actions_core::runner::{Env, Runner};

use crate::inputs::Inputs;
use crate::world::World;

/// One Worker without a database, secrets or hostnames.
const SMALL: &str = "[project]\nname = \"tiny\"\nworkers-dev = \"acme\"\n[environments.preview]\nworker = \"{worker}-preview-{pr}\"\nrouting = \"workers-dev\"\n[environments.production]\nrouting = \"workers-dev\"\n[services.api]\npath = \".\"\n";

/// Runs `write`, and returns how it ended.
async fn write(folder: &Path, more: &[(&str, &str)]) -> Result<(), String> {
    let folder = folder.display().to_string();
    let vars = [("GITHUB_WORKSPACE", folder.as_str()), ("INPUT_COMMAND", "write")]
        .into_iter()
        .chain(more.iter().copied());
    let env: Env = vars.collect();
    let inputs = Inputs::read(&env).await.map_err(|error| error.to_string())?;
    let world = World::read(&inputs, &env);
    super::run(&Runner::new("preflight", env), &inputs, &world).map_err(|error| error.to_string())
}

/// All files of a folder that `write` makes, with their texts.
fn all(folder: &Path) -> String {
    let files = [
        ".env.example",
        "SETUP_SECRETS.md",
        "ENVIRONMENTS.md",
        ".github/workflows/preview.yml",
        ".github/workflows/cleanup.yml",
        ".github/workflows/sweep.yml",
        ".github/workflows/staging.yml",
        ".github/workflows/production.yml",
        ".github/workflows/testing.yml",
    ];
    let text = |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_else(|_| "(not there)\n".to_owned());
    files
        .iter()
        .map(|file| format!("===== {file}\n{}\n", text(file)))
        .collect()
}

/// A copy of the platform's configuration: what `write` reads.
fn platform() -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../action-tests/platform");
    let folder = tempfile::tempdir().unwrap();
    let copy = |file: &str| {
        let to = folder.path().join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from.join(file), to).unwrap();
    };
    for file in ["codex.toml", "package.json"] {
        copy(file);
    }
    for worker in [
        "apps/web",
        "workers/auth",
        "workers/content-api",
        "workers/identity-api",
    ] {
        copy(&format!("{worker}/wrangler.jsonc"));
        copy(&format!("{worker}/package.json"));
    }
    copy("workers/stripe-webhook-handler/wrangler.toml");
    folder
}

#[tokio::test]
async fn what_a_team_of_five_workers_gets() {
    let folder = platform();
    write(folder.path(), &[]).await.unwrap();
    let first = all(folder.path());
    insta::assert_snapshot!(first);
    let manifest = fs::read_to_string(folder.path().join("codex.toml")).unwrap();
    assert!(manifest.starts_with("#:schema https://"));
    // Again, nothing changes; and the check agrees.
    write(folder.path(), &[]).await.unwrap();
    assert_eq!(all(folder.path()), first);
    write(folder.path(), &[("INPUT_CHECK", "true")]).await.unwrap();
    // A service more, and the check says which files are of yesterday.
    let more = format!("{manifest}\n[services.mail]\npath = \"workers/mail\"\nsecrets = [\"RESEND_API_KEY\"]\n");
    fs::write(folder.path().join("codex.toml"), more).unwrap();
    let error = write(folder.path(), &[("INPUT_CHECK", "true")]).await.unwrap_err();
    assert_eq!(
        error,
        "`.env.example`, `SETUP_SECRETS.md` and `ENVIRONMENTS.md` differ from what the manifest says: run `preflight write`, and commit what it writes"
    );
    assert_eq!(all(folder.path()), first);
}

#[tokio::test]
async fn what_one_worker_gets_that_has_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("codex.toml"), SMALL).unwrap();
    fs::write(
        folder.path().join("wrangler.toml"),
        "name = \"api\"\n[dev]\nport = 4001\n",
    )
    .unwrap();
    write(folder.path(), &[]).await.unwrap();
    insta::assert_snapshot!(all(folder.path()));
}

#[tokio::test]
async fn what_people_wrote_stays() {
    let folder = tempfile::tempdir().unwrap();
    let workflows = folder.path().join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    fs::write(folder.path().join("codex.toml"), format!("#:schema mine\n{SMALL}")).unwrap();
    fs::write(folder.path().join(".env.example"), "MINE=1\n").unwrap();
    fs::write(
        workflows.join("pr.yml"),
        "on: pull_request\njobs:\n  a:\n    uses: acme/actions/.github/workflows/preview.yml@0123\n",
    )
    .unwrap();
    write(folder.path(), &[]).await.unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join(".env.example")).unwrap(),
        "MINE=1\n"
    );
    assert!(
        fs::read_to_string(folder.path().join("codex.toml"))
            .unwrap()
            .starts_with("#:schema mine\n[project]")
    );
    // The team's own workflow makes previews already.
    assert!(!workflows.join("preview.yml").exists());
    assert!(workflows.join("cleanup.yml").exists());
}

#[tokio::test]
async fn production_is_deployed_from_the_repositorys_own_branch() {
    let folder = platform();
    let file = folder.path().join(".github/workflows/production.yml");
    let pushed = || {
        let text = fs::read_to_string(&file).unwrap();
        text.lines().find(|line| line.starts_with("on:")).unwrap().to_owned()
    };
    fs::create_dir_all(folder.path().join(".git/refs/remotes/origin")).unwrap();
    let head = folder.path().join(".git/refs/remotes/origin/HEAD");
    fs::write(head, "ref: refs/remotes/origin/release#1\n").unwrap();
    write(folder.path(), &[]).await.unwrap();
    assert!(pushed().contains("branches: ['release#1']"), "{}", pushed());

    // What somebody wrote there is kept, and is no difference.
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("'release#1'", "live")).unwrap();
    write(folder.path(), &[("INPUT_CHECK", "true")]).await.unwrap();
    write(folder.path(), &[]).await.unwrap();
    assert!(pushed().contains("branches: [live]"), "{}", pushed());
}

#[tokio::test]
async fn what_cannot_be_written_is_told_before_anything_is() {
    let folder = tempfile::tempdir().unwrap();
    let error = write(folder.path(), &[]).await.unwrap_err();
    assert!(
        error.starts_with("nothing can be written without a manifest: there is no `"),
        "{error}"
    );
    fs::write(folder.path().join("codex.toml"), SMALL).unwrap();
    let error = write(folder.path(), &[("INPUT_FILES", "env-example, workflow")])
        .await
        .unwrap_err();
    assert!(
        error.contains(
            "`files`: `workflow` is none of `env-example`, `setup-secrets`, `environments`, `workflows` and `schema`"
        ),
        "{error}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    write(folder.path(), &[("INPUT_FILES", "env-example")]).await.unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn what_belongs_to_another_command_is_refused() {
    for (command, input) in [
        ("check", "CHECK"),
        ("init", "CHECK"),
        ("check", "FILES"),
        ("write", "STDOUT"),
    ] {
        let name = format!("INPUT_{input}");
        let env: Env = [("INPUT_COMMAND", command), (name.as_str(), "true")]
            .into_iter()
            .collect();
        let error = Inputs::read(&env).await.err().unwrap().to_string();
        assert!(error.contains("goes with `command: "), "{command} {input}: {error}");
    }
}

#[test]
fn the_last_line_counts_as_right_what_was_compared() {
    use super::files::{Outcome, Written};
    let made = |outcomes: &[Outcome]| {
        let all = outcomes.iter().map(|outcome| Written {
            file: "a".to_owned(),
            outcome: outcome.clone(),
            differs: Vec::new(),
        });
        super::report::ending(&all.collect::<Vec<_>>())
    };
    let left = || Outcome::Left("it is hand-made".to_owned());
    for (outcomes, expected) in [
        (&[Outcome::Same][..], "1 file as it is to be"),
        (&[Outcome::Same, Outcome::Same], "2 files as they are to be"),
        (
            &[Outcome::Same, Outcome::Same, left()],
            "2 files as they are to be; 1 file not touched, and not compared",
        ),
        (&[left(), left()], "2 files not touched, and not compared"),
        (
            &[Outcome::Created, Outcome::Same, left()],
            "1 file written; look at it, and commit it; 1 file as it is to be; 1 file not touched, and not compared",
        ),
    ] {
        assert_eq!(made(outcomes), expected);
    }
}
