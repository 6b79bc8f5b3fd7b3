//! Proposals for repositories of many shapes: each is read as a newcomer reads it, and each loads.

mod shapes;

use std::path::{Path, PathBuf};

use super::found::Found;
use super::proposal::{Proposal, propose};
use super::report;

/// A repository with these files.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn proposed(root: &Path) -> (Found, Proposal) {
    let found = Found::read(root, "shop");
    let proposal = propose(&found, root);
    // Nothing depends on the order in which a disk lists its files.
    assert_eq!(propose(&Found::read(root, "shop"), root).text, proposal.text);
    (found, proposal)
}

/// The proposal and what is said of it, as the newcomer sees both.
fn read(root: &Path) -> String {
    let (found, proposal) = proposed(root);
    let said = report::written("codex.toml", &found, &proposal).join("\n");
    let whole = format!("{}\n========\n{said}\n", proposal.text);
    let shown = format!("{}/", root.display());
    assert!(!whole.contains(&shown), "a path of this machine: {whole}");
    whole
}

fn platform() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../action-tests/platform")
}

#[test]
fn the_platform_is_proposed_what_it_has() {
    insta::assert_snapshot!("platform", read(&platform()));
    let (_, proposal) = proposed(&platform());
    assert_eq!(proposal.problems, [""; 0]);
    let real = actions_core::manifest::Manifest::load(&platform().join("codex.toml")).unwrap();
    let made = proposal.manifest.unwrap();
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

#[test]
fn every_shape_loads_and_every_environment_resolves() {
    for (name, files, refused) in shapes::ALL {
        let dir = repository(files);
        insta::assert_snapshot!(*name, read(dir.path()));
        let (_, proposal) = proposed(dir.path());
        assert!(proposal.manifest.is_some(), "{name}: {:#?}", proposal.problems);
        assert_eq!(proposal.problems.len(), *refused, "{name}: {:#?}", proposal.problems);
        let environments = proposal.manifest.as_ref().map(|manifest| manifest.environments.len());
        assert_eq!(Some(proposal.environments.len()), environments, "{name}");
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
