//! What a build sees of the step's environment, and what is withheld from it. Pure but for a look whether a folder is
//! there.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use actions_core::runner::Env;
use actions_core::text::quoted_list;

/// Variables that a build may see. None of them holds a secret; `NODE_AUTH_TOKEN` and `NPM_TOKEN`, for two, are not here.
const ALLOWED: &[&str] = &[
    "GITHUB_ACTIONS",
    "GITHUB_HEAD_REF",
    "GITHUB_REF",
    "GITHUB_REF_NAME",
    "GITHUB_REPOSITORY",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_NUMBER",
    "GITHUB_SERVER_URL",
    "GITHUB_SHA",
    "GITHUB_WORKSPACE",
    "GOROOT",
    "JAVA_HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "NODE_ENV",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "PATH",
    "RUNNER_ARCH",
    "RUNNER_OS",
    "RUSTUP_TOOLCHAIN",
    "SOURCE_DATE_EPOCH",
    "TERM",
    "TMPDIR",
    "TZ",
];

/// Where tools live: the variable that tells them, and their usual places below the home directory, which a build does
/// not see. A variable that is set is passed on; else it is set to the first of the places that is there.
const HOMES: &[(&str, &[&str])] = &[
    ("ASDF_DATA_DIR", &[".asdf"]),
    ("ASDF_DIR", &[".asdf"]),
    ("BUN_INSTALL", &[".bun"]),
    ("CARGO_HOME", &[".cargo"]),
    ("COREPACK_HOME", &[".cache/node/corepack"]),
    ("DENO_DIR", &[".cache/deno"]),
    ("DENO_INSTALL", &[".deno"]),
    ("FNM_DIR", &[".local/share/fnm", ".fnm"]),
    ("GOCACHE", &[".cache/go-build", "Library/Caches/go-build"]),
    ("GOMODCACHE", &[]),
    ("GOPATH", &["go"]),
    ("MISE_DATA_DIR", &[".local/share/mise"]),
    ("NVM_DIR", &[".nvm"]),
    ("PIPX_HOME", &[".local/share/pipx", ".local/pipx"]),
    (
        "PLAYWRIGHT_BROWSERS_PATH",
        &[".cache/ms-playwright", "Library/Caches/ms-playwright"],
    ),
    ("PNPM_HOME", &[".local/share/pnpm", "Library/pnpm"]),
    ("PUPPETEER_CACHE_DIR", &[".cache/puppeteer"]),
    ("PYENV_ROOT", &[".pyenv"]),
    ("RBENV_ROOT", &[".rbenv"]),
    ("RUSTUP_HOME", &[".rustup"]),
    ("SDKMAN_DIR", &[".sdkman"]),
    ("UV_CACHE_DIR", &[".cache/uv"]),
    ("UV_PYTHON_INSTALL_DIR", &[".local/share/uv/python"]),
    ("VOLTA_HOME", &[".volta"]),
    ("WASM_PACK_CACHE", &[".cache/.wasm-pack"]),
    ("YARN_CACHE_FOLDER", &[".cache/yarn", "Library/Caches/Yarn"]),
    ("npm_config_cache", &[".npm"]),
];

/// Variables of the runner's and our own, which nobody misses: the step's other ones are told by name when a build fails.
const NOT_TOLD: [&str; 5] = ["ACTIONS_", "CODEX_ACTIONS_", "GITHUB_", "INPUT_", "RUNNER_"];

/// The variables that a build sees beside what every sandbox sets.
pub(super) fn passed_on(env: &Env) -> Vec<(OsString, OsString)> {
    let allowed = ALLOWED
        .iter()
        .filter_map(|name| Some((name, OsString::from(env.get(name)?))));
    let homes = HOMES
        .iter()
        .filter_map(|(name, places)| Some((name, home(env, name, places)?)));
    allowed
        .chain(homes)
        .map(|(name, value)| (OsString::from(name), value))
        .collect()
}

fn home(env: &Env, name: &str, places: &[&str]) -> Option<OsString> {
    if let Some(value) = env.get(name) {
        return Some(value.into());
    }
    let home = Path::new(env.get("HOME")?);
    let mut places = places.iter().map(|place| home.join(place));
    places.find(|place| place.is_dir()).map(Into::into)
}

/// The step's variables that a build with these does not see, by name.
pub(super) fn withheld(env: &Env, seen: &[(OsString, OsString)]) -> Vec<String> {
    let told = |name: &str| NOT_TOLD.iter().all(|prefix| !name.starts_with(prefix));
    let unseen = |name: &str| seen.iter().all(|(seen, _)| seen != OsStr::new(name));
    let names = env.iter().map(|(name, _)| name);
    names
        .filter(|name| told(name) && unseen(name))
        .map(str::to_owned)
        .collect()
}

/// What to say of them when something failed that printed this: those that it names itself.
pub(super) fn missed(withheld: &[String], printed: &str) -> Option<String> {
    let named: Vec<&String> = withheld.iter().filter(|name| names(printed, name)).collect();
    (!named.is_empty()).then(|| {
        let verb = if named.len() == 1 { "is" } else { "are" };
        format!(
            "{} {verb} withheld from builds: list in `build-env` what they are to see",
            quoted_list(&named)
        )
    })
}

/// All of them, for the log.
pub(super) fn list(withheld: &[String]) -> Option<String> {
    (!withheld.is_empty()).then(|| {
        format!(
            "variables of this step that were withheld from the build (`build-env` lists what it is to see): {}",
            withheld.join(", ")
        )
    })
}

/// Whether a text holds the name as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tools_home_is_found_where_it_is_without_a_variable() {
        let home = tempfile::tempdir().unwrap();
        for place in [".cargo", "Library/pnpm", "go"] {
            std::fs::create_dir_all(home.path().join(place)).unwrap();
        }
        let root = home.path().display().to_string();
        let env: Env = [
            ("HOME", root.as_str()),
            ("RUSTUP_HOME", "/opt/rustup"),
            ("GOPATH", "/opt/go"),
            ("SECRET", "s"),
        ]
        .into_iter()
        .collect();
        let seen: Vec<String> = passed_on(&env)
            .into_iter()
            .map(|(name, value)| format!("{}={}", name.display(), value.display()).replace(&root, "~"))
            .collect();
        assert_eq!(
            seen,
            [
                "CARGO_HOME=~/.cargo",
                "GOPATH=/opt/go",
                "PNPM_HOME=~/Library/pnpm",
                "RUSTUP_HOME=/opt/rustup"
            ]
        );
    }

    #[test]
    fn what_is_missed_is_told_by_name() {
        let env: Env = [
            ("INPUT_TOKEN", "s"),
            ("GITHUB_TOKEN", "s"),
            ("SENTRY_DSN", "s"),
            ("KEY", "s"),
            ("PATH", "/bin"),
        ]
        .into_iter()
        .collect();
        let withheld = withheld(&env, &passed_on(&env));
        assert_eq!(withheld, ["KEY", "SENTRY_DSN"]);
        assert_eq!(missed(&withheld, "error: MY_KEY and KEYS are set"), None);
        assert_eq!(
            missed(&withheld, "error: SENTRY_DSN is not set").unwrap(),
            "`SENTRY_DSN` is withheld from builds: list in `build-env` what they are to see"
        );
        assert!(list(&withheld).unwrap().ends_with(": KEY, SENTRY_DSN"));
        assert_eq!(list(&[]), None);
    }
}
