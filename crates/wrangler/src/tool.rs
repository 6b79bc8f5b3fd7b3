//! Where the project's wrangler and a Node for it are, and whether they fit each other.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::child::Sandbox;
use actions_core::error::{Fault, fault};

/// The oldest wrangler whose dry run leaves what we read (tried).
const OLDEST: Version = Version(4, 40, 0);

/// Major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64, pub u64, pub u64);

impl Version {
    /// The first version in a text: `v22.12.0`, `>=22.12.0`, `4.164.0-beta.1`.
    pub fn read(text: &str) -> Option<Self> {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let number = |part: Option<&str>| -> u64 {
            let digits: String = part
                .unwrap_or_default()
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            digits.parse().unwrap_or(0)
        };
        let mut parts = text[start..].split('.');
        Some(Self(number(parts.next()), number(parts.next()), number(parts.next())))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A Node, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub path: PathBuf,
    pub version: Version,
}

/// The wrangler of a service's project, with the Node that runs it.
#[derive(Debug, Clone)]
pub struct Tool {
    pub node: Node,
    /// `…/node_modules/wrangler/bin/wrangler.js`
    pub script: PathBuf,
    pub version: Version,
}

impl Tool {
    /// Finds wrangler from `folder` upwards, and a Node that it runs on: the project's own (npm package `node`), else
    /// the one on `PATH`.
    ///
    /// # Errors
    /// Neither is there, or they are too old, each with its remedy.
    pub async fn find(folder: &Path, sandbox: &Sandbox) -> Result<Self, Fault> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        let package = upwards(&folder, "node_modules/wrangler").ok_or_else(|| missing(&folder))?;
        let text = std::fs::read_to_string(package.join("package.json"))
            .map_err(|error| fault(format!("`{}` cannot be read", package.display())).because(error))?;
        let manifest: Value = serde_json::from_str(&text)
            .map_err(|error| fault(format!("`{}/package.json` is not JSON", package.display())).because(error))?;
        let version = manifest["version"]
            .as_str()
            .and_then(Version::read)
            .unwrap_or(Version(0, 0, 0));
        if version < OLDEST {
            return Err(fault(format!(
                "wrangler {version} in `{}` is too old; {OLDEST} or newer is needed",
                package.display()
            ))
            .hint("raise `wrangler` in the project's package.json, such as `npm install --save-dev wrangler@latest`"));
        }
        let script = manifest["bin"]["wrangler"].as_str().unwrap_or("bin/wrangler.js");
        let node = Node::find(&folder, sandbox).await?;
        if let Some(needed) = manifest["engines"]["node"].as_str().and_then(Version::read)
            && node.version < needed
        {
            return Err(fault(format!(
                "wrangler {version} needs Node {needed} or newer, and `{}` is Node {}",
                node.path.display(),
                node.version
            ))
            .hint("add `actions/setup-node` with a newer `node-version` before this step, or the npm package `node` to the project"));
        }
        Ok(Self {
            node,
            script: package.join(script),
            version,
        })
    }
}

/// `name` in `folder` or the nearest folder above it that has it.
fn upwards(folder: &Path, name: &str) -> Option<PathBuf> {
    folder
        .ancestors()
        .map(|folder| folder.join(name))
        .find(|path| path.exists())
}

fn missing(folder: &Path) -> Fault {
    let what = fault(format!(
        "wrangler is not installed for `{}`: no `node_modules/wrangler` in it or above it",
        folder.display()
    ));
    if upwards(folder, ".pnp.cjs").is_some() {
        return what.hint("Yarn Plug'n'Play keeps no node_modules: set `nodeLinker: node-modules` in .yarnrc.yml");
    }
    what.hint("install the project's packages before this step (`npm ci`, `pnpm install` or `yarn install`), with `wrangler` among its devDependencies")
}

impl Node {
    async fn find(folder: &Path, sandbox: &Sandbox) -> Result<Self, Fault> {
        let own = ["node_modules/node/bin/node", "node_modules/.bin/node"];
        let path = own
            .iter()
            .find_map(|name| upwards(folder, name))
            .or_else(|| on_path("node", sandbox.path()));
        let path = path.ok_or_else(|| {
            fault("there is no `node` on PATH, and wrangler needs one")
                .hint("add `actions/setup-node` before this step")
        })?;
        let told = sandbox.output(&path, &[OsStr::new("--version")], folder).await;
        let version = told.ok().and_then(|text| Version::read(&text));
        let version =
            version.ok_or_else(|| fault(format!("`{} --version` does not tell a version", path.display())))?;
        Ok(Self { path, version })
    }
}

fn on_path(name: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(Version::read("v22.12.0"), Some(Version(22, 12, 0)));
        assert_eq!(Version::read(">=22.12.0"), Some(Version(22, 12, 0)));
        assert_eq!(Version::read("^4.164.0-beta.1"), Some(Version(4, 164, 0)));
        assert_eq!(Version::read("latest"), None);
        assert!(Version(4, 164, 0) > Version(4, 61, 1));
    }
}
