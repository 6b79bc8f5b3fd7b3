//! Proposals for repositories of many shapes: each is read as a newcomer reads it, and each loads.

mod nine;
mod shapes;

use std::path::{Path, PathBuf};

use actions_core::runner::Env;

use super::found::Found;
use super::proposal::{Proposal, propose};
use super::report;
use crate::finding::Severity;
use crate::inputs::Inputs;

/// A repository with these files.
fn repository<S: AsRef<str>>(files: &[(S, S)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path.as_ref());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.as_ref()).unwrap();
    }
    dir
}

/// The proposal as the action would make it there.
async fn proposed(root: &Path) -> (Found, Proposal) {
    let workspace = root.display().to_string();
    let given = [
        ("GITHUB_WORKSPACE", workspace.as_str()),
        ("GITHUB_REPOSITORY", "acme/shop"),
    ];
    let env: Env = given.into_iter().collect();
    let inputs = Inputs::read(&env).await.unwrap();
    let found = Found::read(root, "shop");
    let proposal = propose(&found, &inputs, &env);
    // Nothing depends on the order in which a disk lists its files.
    assert_eq!(propose(&Found::read(root, "shop"), &inputs, &env).text, proposal.text);
    (found, proposal)
}

/// The proposal and what is said of it, as the newcomer sees both.
fn read(root: &Path, found: &Found, proposal: &Proposal) -> String {
    let said = report::written("codex.toml", found, proposal).join("\n");
    let whole = format!("{}\n========\n{said}\n", proposal.text);
    assert!(
        !whole.contains(&root.display().to_string()),
        "a path of this machine: {whole}"
    );
    whole
}

/// What would be refused.
fn errors(proposal: &Proposal) -> Vec<&str> {
    let errors = proposal
        .findings
        .iter()
        .filter(|finding| finding.kind.severity == Severity::Error);
    errors.map(|finding| finding.said.as_str()).collect()
}

fn platform() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../action-tests/platform")
}

#[tokio::test]
async fn the_platform_is_proposed_what_it_has() {
    let (found, proposal) = proposed(&platform()).await;
    insta::assert_snapshot!("platform", read(&platform(), &found, &proposal));
    assert_eq!(errors(&proposal), [""; 0]);
    let real = actions_core::manifest::Manifest::load(&platform().join("codex.toml")).unwrap();
    let made = proposal.world.manifest.unwrap();
    assert_eq!(made.project.zone, real.project.zone);
    for (key, real) in &real.services {
        let made = &made.services[key];
        assert_eq!(
            (&made.path, &made.worker, &made.kv, &made.secrets),
            (&real.path, &real.worker, &real.kv, &real.secrets),
            "{key}"
        );
        assert_eq!(made.hostnames, real.hostnames, "{key}");
        assert_eq!(made.vars, real.vars, "{key}");
        assert_eq!(made.health, real.health, "{key}");
    }
    // What deployments make of both is the same, name by name.
    for name in ["preview", "staging", "production"] {
        let (real, made) = (&real.environments[name], &made.environments[name]);
        assert_eq!(
            (
                &made.hostname,
                &made.worker,
                &made.branch,
                made.routing,
                &made.wrangler_env
            ),
            (
                &real.hostname,
                &real.worker,
                &real.branch,
                real.routing,
                &real.wrangler_env
            ),
            "{name}"
        );
    }
}

#[tokio::test]
async fn every_shape_loads_and_every_environment_resolves() {
    let shapes = shapes::ALL
        .iter()
        .map(|(name, files, refused)| (*name, repository(files), *refused));
    for (name, dir, refused) in shapes.chain([("nine_workers", repository(&nine::files()), 0)]) {
        let (found, proposal) = proposed(dir.path()).await;
        insta::assert_snapshot!(name, read(dir.path(), &found, &proposal));
        let manifest = proposal.world.manifest.as_ref().unwrap();
        assert_eq!(errors(&proposal).len(), refused, "{name}: {:#?}", errors(&proposal));
        assert_eq!(proposal.world.environments.len(), manifest.environments.len(), "{name}");
    }
}

#[test]
fn a_repository_without_workers_is_told_so() {
    let none = repository(&[
        ("package.json", "{}"),
        (".gitignore", "dist\n"),
        ("dist/wrangler.json", "{}"),
    ]);
    insta::assert_snapshot!(report::nothing(&Found::read(none.path(), "")), @"nothing was written: there is no Worker here: no `wrangler.jsonc`, `wrangler.json` or `wrangler.toml` in this folder or below it (what `.gitignore` names is not looked at); `npm create cloudflare@latest` makes one");
    let broken = repository(&[("wrangler.jsonc", "{\n  \"name\": \"api\"\n  \"main\": 1\n}")]);
    insta::assert_snapshot!(report::nothing(&Found::read(broken.path(), "")), @"nothing was written: there is no Worker here that can be deployed: `wrangler.jsonc` cannot be read: `./wrangler.jsonc:2:16` is not JSON with comments: Expected comma");
}
