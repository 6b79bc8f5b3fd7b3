//! What the tests of checks share: a world from a manifest's text, findings as lines.

use actions_core::runner::Env;

use crate::finding::Finding;
use crate::inputs::Inputs;
use crate::world::World;

/// Inputs and world of a folder with these files; `env` are variables of the step (`INPUT_…`, `GITHUB_…`).
pub(super) async fn world(files: &[(&str, &str)], env: &[(&str, &str)]) -> (Inputs, World) {
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
    (inputs, world)
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
