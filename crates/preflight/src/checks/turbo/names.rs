//! The variables that are looked for: those that the manifest, `.env.example` and the vendors' tools name.

use std::collections::BTreeSet;

use actions_core::dotenv;
use actions_core::environment::Environment;
use actions_core::manifest::Manifest;

use super::workspace::{Package, Workspace};

/// What leads to accounts and projects.
pub(super) const DEPLOYMENT: [&str; 4] = [
    "CLOUDFLARE_ACCOUNT_ID",
    "CLOUDFLARE_API_TOKEN",
    "NEON_API_KEY",
    "NEON_PROJECT_ID",
];

/// What Turborepo passes in any case (2.11), or a tool sets itself.
const PASSED: [&str; 10] = [
    "CI",
    "DOCKER_",
    "GITHUB_",
    "HOME",
    "NEXT_",
    "NODE_ENV",
    "NODE_OPTIONS",
    "RUNNER_",
    "TURBO_",
    "VERCEL_",
];

/// Prefixes that Turborepo adds to `env` by itself for packages with a framework.
const INFERRED: [(&str, &[&str]); 16] = [
    ("@cloudflare/vite-plugin", &["VITE_"]),
    ("@react-router/dev", &["REMIX_", "VITE_"]),
    ("@redwoodjs/core", &["REDWOOD_ENV_"]),
    ("@remix-run/dev", &["REMIX_", "VITE_"]),
    ("@sanity/cli", &["SANITY_STUDIO_"]),
    ("@sveltejs/kit", &["VITE_", "PUBLIC_"]),
    ("@vue/cli-service", &["VUE_APP_"]),
    ("astro", &["PUBLIC_"]),
    ("expo", &["EXPO_PUBLIC_"]),
    ("gatsby", &["GATSBY_"]),
    ("next", &["NEXT_PUBLIC_"]),
    ("nitropack", &["NITRO_", "SERVER_"]),
    ("nuxt", &["NUXT_", "NITRO_", "SERVER_"]),
    ("react-scripts", &["REACT_APP_"]),
    ("solid-start", &["VITE_"]),
    ("vite", &["VITE_"]),
];

pub(super) struct Known(BTreeSet<String>);

pub(super) fn known(workspace: &Workspace, manifest: Option<&Manifest>, environments: &[Environment]) -> Known {
    let mut names: BTreeSet<String> = DEPLOYMENT.iter().map(|name| (*name).to_owned()).collect();
    if let Some(database) = manifest.and_then(|manifest| manifest.database.as_ref()) {
        names.insert("DATABASE_URL".to_owned());
        names.extend(database.variables.iter().cloned());
    }
    for service in environments.iter().flat_map(|environment| &environment.services) {
        for given in service.secrets.iter().chain(&service.step_vars) {
            names.extend([given.name.clone(), given.variable.clone()]);
        }
    }
    let folders = workspace.packages.iter().map(|package| &package.folder);
    for folder in folders.chain([&workspace.checkout]) {
        let text = std::fs::read_to_string(folder.join(".env.example")).unwrap_or_default();
        let entries = dotenv::parse(&text).unwrap_or_default();
        names.extend(entries.into_iter().map(|entry| entry.name));
    }
    names.retain(|name| {
        let is_passed = |passed: &str| {
            if passed.ends_with('_') {
                name.starts_with(passed)
            } else {
                name == passed
            }
        };
        !PASSED.iter().any(|passed| is_passed(passed))
    });
    Known(names)
}

impl Known {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// Whether Turborepo declares a variable by itself for what a package is built with.
pub(super) fn is_inferred(package: &Package, name: &str) -> bool {
    INFERRED
        .iter()
        .filter(|(dependency, _)| package.dependencies.contains(*dependency))
        .any(|(_, prefixes)| prefixes.iter().any(|prefix| name.starts_with(prefix)))
}
