//! What the tests of checks share: a world from a manifest's text, findings as lines.

use actions_core::runner::Env;
use tempfile::TempDir;

use crate::finding::Finding;
use crate::inputs::Inputs;
use crate::world::World;

/// Inputs and world of a folder with these files, and the folder, which goes with its handle; `env` are variables of the step (`INPUT_…`, `GITHUB_…`).
pub(super) async fn world(files: &[(&str, &str)], env: &[(&str, &str)]) -> (Inputs, World, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let workspace = folder.path().display().to_string();
    let given = [
        ("GITHUB_WORKSPACE", workspace.as_str()),
        ("GITHUB_REPOSITORY", "acme/app"),
    ];
    let all = given.iter().chain(env);
    let env: Env = all
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let inputs = Inputs::read(&env).await.unwrap();
    let world = World::read(&inputs, &env);
    (inputs, world, folder)
}

/// Place, kind, subject, sentence and remedy of each, a line for each.
pub(super) fn lines(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let place = finding
            .place
            .as_ref()
            .map_or_else(|| "-".to_owned(), ToString::to_string);
        let (kind, subject) = (finding.kind.name, &finding.subject);
        format!("{place} {kind} {subject}: {}; {}", finding.said, finding.remedy)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The names of the kinds, once each, in order.
pub(super) fn kinds(findings: &[Finding]) -> Vec<&'static str> {
    let mut names: Vec<&str> = findings.iter().map(|finding| finding.kind.name).collect();
    names.dedup();
    names
}

/// A manifest with previews, production, a database and a key of its own for previews.
pub(super) const SHOP: &str = r#"
[project]
name = "shop"
zone = "example.com"
[database]
parent = "production"
[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-preview-{pr}"
branch = "preview-{pr}"
secrets = { STRIPE_SECRET_KEY = "STRIPE_TEST_KEY" }
[environments.production]
[services.api]
path = "api"
secrets = ["DATABASE_URL", "SESSION_SECRET"]
[services.pay]
path = "pay"
secrets = ["STRIPE_SECRET_KEY"]
"#;
