//! Which of GitHub's secrets the repository's workflows give to these actions and to the services.

use std::collections::BTreeSet;

use crate::checks::secrets;
use crate::document::{Document, Node};
use crate::finding::Place;
use crate::world::World;

/// GitHub looks nowhere else.
const FOLDER: &str = ".github/workflows";
/// Inputs of the actions, and secrets of the workflows to call, that hold a token or all secrets in one.
const TOKENS: [&str; 5] = [
    "cloudflare-api-token",
    "neon-api-key",
    "CLOUDFLARE_API_TOKEN",
    "NEON_API_KEY",
    "WORKER_SECRETS",
];

/// One expression that is a secret and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// GitHub's name for it.
    pub(super) secret: String,
    /// The input or variable that it is given as.
    pub(super) key: String,
    pub(super) place: Place,
}

/// All of them, each secret once, at its first place.
pub(super) fn asked(world: &World) -> Vec<Asked> {
    let variables = world.environments.iter().flat_map(secrets::variables);
    // Production's connection string is a secret where no run asks Neon for it.
    let keys: BTreeSet<&str> = variables.chain(TOKENS).chain(["DATABASE_URL"]).collect();
    let files = std::fs::read_dir(world.workspace.join(FOLDER)).into_iter().flatten();
    let mut files: Vec<String> = files
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            let name = std::path::Path::new(name);
            name.extension()
                .is_some_and(|ending| ending == "yml" || ending == "yaml")
        })
        .collect();
    files.sort_unstable();
    let mut found: Vec<Asked> = Vec::new();
    for file in files {
        // One that cannot be parsed is told by those who look at workflows.
        let Ok(Some(document)) = Document::read(&world.workspace, &format!("{FOLDER}/{file}")) else {
            continue;
        };
        if !is_called(&document) {
            walk(&document, &document.root, &keys, &mut found);
        }
    }
    found
}

/// In a workflow that others call, `secrets` are what its callers give, under names of its own.
fn is_called(document: &Document) -> bool {
    const CALL: &str = "workflow_call";
    document.get(&["on"]).is_some_and(|on| {
        let listed = on.items().any(|item| item.text() == Some(CALL));
        on.get(CALL).is_some() || on.text() == Some(CALL) || listed
    })
}

fn walk(document: &Document, node: &Node, keys: &BTreeSet<&str>, found: &mut Vec<Asked>) {
    for (key, inner) in node.entries() {
        let secret = inner.text().and_then(secret).filter(|_| keys.contains(key));
        if let Some(secret) = secret
            && !found.iter().any(|asked| asked.secret == secret)
        {
            found.push(Asked {
                secret: secret.to_owned(),
                key: key.to_owned(),
                place: document.place_of(inner),
            });
        }
        walk(document, inner, keys, found);
    }
    node.items().for_each(|item| walk(document, item, keys, found));
}

/// The name in `${{ secrets.NAME }}`. With anything beside it, another value may be meant.
fn secret(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("${{")?.strip_suffix("}}")?.trim();
    let name = name.strip_prefix("secrets.")?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // GitHub gives that one itself.
    (is_name && name != "GITHUB_TOKEN").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_a_secret_or_something_else() {
        assert_eq!(secret("${{ secrets.A_1 }}"), Some("A_1"));
        assert_eq!(secret(" ${{secrets.A}} "), Some("A"));
        for other in [
            "${{ secrets.A || vars.B }}",
            "x-${{ secrets.A }}",
            "${{ secrets.GITHUB_TOKEN }}",
            "${{ secrets[matrix.name] }}",
            "secrets.A",
            "${{ vars.A }}",
        ] {
            assert_eq!(secret(other), None, "{other}");
        }
    }
}
