//! The same action as a command on a laptop: arguments, variables and the repository make the environment that a runner
//! would have made.

mod arguments;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use actions_core::dotenv;
use actions_core::runner::Env;
use clap::error::ErrorKind;

use self::arguments::{Arguments, input, refused};
use crate::repository;

/// Inputs by the variables under which people have them.
const KNOWN_AS: [(&str, &[&str]); 6] = [
    ("cloudflare-api-token", &["CLOUDFLARE_API_TOKEN"]),
    ("cloudflare-account-id", &["CLOUDFLARE_ACCOUNT_ID"]),
    ("cloudflare-zone-id", &["CLOUDFLARE_ZONE_ID"]),
    ("neon-api-key", &["NEON_API_KEY"]),
    ("neon-project-id", &["NEON_PROJECT_ID"]),
    ("github-token", &["GITHUB_TOKEN", "GH_TOKEN"]),
];

/// The environment of a run: on a runner and without arguments the process's own.
///
/// # Errors
/// What clap tells: a wrong argument, or the help and version that were asked for.
pub(crate) fn env(arguments: &[OsString], process: Env, folder: &Path) -> Result<Env, clap::Error> {
    if process.get("GITHUB_ACTIONS") == Some("true") && arguments.len() < 2 {
        return Ok(process);
    }
    let given = arguments::parse(arguments)?;
    // What is set counts before the files, as with dotenv.
    let mut vars = of_files(&given, folder)?;
    vars.extend(process.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    let mut env: Env = vars.into_iter().collect();
    let mut more: Vec<(String, String)> = Vec::new();
    for (name, known) in KNOWN_AS {
        let value = known.iter().find_map(|variable| env.get(variable));
        if let (None, Some(value)) = (env.get(&input(name)), value) {
            more.push((input(name), value.to_owned()));
        }
    }
    more.extend(given.inputs);
    env = with(&env, more);
    Ok(with(&env, places(&env, folder)))
}

fn with(env: &Env, more: Vec<(String, String)>) -> Env {
    let own = env.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    own.chain(more).collect()
}

/// The variables of `--env-file`.
fn of_files(given: &Arguments, folder: &Path) -> Result<Vec<(String, String)>, clap::Error> {
    let mut vars = Vec::new();
    for file in &given.env_files {
        let shown = file.display();
        let text = std::fs::read_to_string(folder.join(file))
            .map_err(|error| refused(ErrorKind::Io, &format!("`{shown}` cannot be read: {error}")))?;
        let entries = dotenv::parse(&text).map_err(|problems| {
            let lines = problems
                .iter()
                .map(|problem| format!("`{shown}`: line {} {}", problem.line, problem.wrong));
            refused(ErrorKind::ValueValidation, &lines.collect::<Vec<_>>().join("\n"))
        })?;
        vars.extend(entries.into_iter().map(|entry| (entry.name, entry.value)));
    }
    Ok(vars)
}

/// The repository, its manifest and its name, where nobody has said them.
fn places(env: &Env, folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let named = env.get(&input("manifest")).map(|path| whole(&folder.join(path.trim())));
    let begin = named.as_ref().and_then(|path| path.parent()).unwrap_or(folder);
    let top = repository::top(begin);
    let workspace = match env.get("GITHUB_WORKSPACE") {
        Some(workspace) => whole(Path::new(workspace)),
        None => top.clone().unwrap_or_else(|| begin.to_owned()),
    };
    // A person in a package means that package's manifest, or the nearest above.
    let manifest = named.or_else(|| {
        let above = folder.ancestors().take_while(|above| above.starts_with(&workspace));
        above.map(|above| above.join("codex.toml")).find(|path| path.is_file())
    });
    if let Some(manifest) = manifest {
        found.push((input("manifest"), text(&manifest)));
    }
    if let Some(sarif) = env.get(&input("sarif")) {
        found.push((input("sarif"), text(&folder.join(sarif.trim()))));
    }
    if env.get("GITHUB_REPOSITORY").is_none() {
        let server = env.get("GITHUB_SERVER_URL").unwrap_or("https://github.com");
        let name = top.and_then(|top| repository::name(&top, server));
        found.extend(name.map(|name| ("GITHUB_REPOSITORY".to_owned(), name)));
    }
    found.push(("GITHUB_WORKSPACE".to_owned(), text(&workspace)));
    found
}

/// Without `..` and links, as far as it exists.
fn whole(path: &Path) -> PathBuf {
    let own = path.canonicalize();
    own.unwrap_or_else(|_| match (path.parent().map(Path::canonicalize), path.file_name()) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => path.to_owned(),
    })
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
