//! A Worker's static assets: which files, and how they are served.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use gix_ignore::Search;
use gix_ignore::glob::pattern::Case;
use gix_ignore::search::Ignore;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::config::{Config, Settings};
use super::content_type;
use actions_core::cloudflare::Asset;

/// Cloudflare's limit, which wrangler holds as well. How many files there may be depends on the account's plan: the API
/// tells.
const LARGEST_FILE: u64 = 25 << 20;
/// Files that say something about the assets and are none themselves.
const IGNORE: &str = ".assetsignore";
const HEADERS: &str = "_headers";
const REDIRECTS: &str = "_redirects";
/// What the upload takes over from the configuration as it stands.
const SERVING: [&str; 4] = ["html_handling", "not_found_handling", "base_path", "run_worker_first"];

/// The files of a Worker's `assets.directory`.
#[derive(Debug, Clone)]
pub struct Files {
    place: Place,
    /// By path.
    pub assets: Vec<Asset>,
    /// How they are served: the upload's `assets.config`.
    pub config: Map<String, Value>,
}

/// Where their contents are.
#[derive(Debug, Clone)]
enum Place {
    /// Under their own paths.
    Folder(PathBuf),
    /// By path.
    Stored(BTreeMap<String, PathBuf>),
}

impl Files {
    /// Assets that a bundle holds: by path, where each is, and its content.
    ///
    /// # Errors
    /// In one sentence: a path that no asset has.
    pub fn stored(
        config: Map<String, Value>,
        files: impl IntoIterator<Item = (String, (PathBuf, Bytes))>,
    ) -> Result<Self, String> {
        let (mut assets, mut places) = (Vec::new(), BTreeMap::new());
        for (path, (file, content)) in files {
            let steps = path.strip_prefix('/').map(|rest| rest.split('/'));
            if !steps.is_some_and(|mut steps| steps.all(|step| !matches!(step, "" | "." | ".."))) {
                return Err(format!("`{path}` is no asset's path"));
            }
            assets.push(of(path.clone(), &content));
            places.insert(path, file);
        }
        Ok(Self {
            place: Place::Stored(places),
            assets,
            config,
        })
    }

    /// The assets that the configuration names; `None` when it names none.
    ///
    /// # Errors
    /// In one sentence: the folder is not there, or Cloudflare would refuse what is in it.
    pub fn read(config: &Config, settings: &Settings<'_>) -> Result<Option<Self>, String> {
        let Some(assets) = settings.get("assets").filter(|assets| assets.is_object()) else {
            return Ok(None);
        };
        let Some(directory) = assets.get("directory").and_then(Value::as_str) else {
            return Err(format!(
                "`{}` has `assets` without `directory`, which only wrangler's own uploader can fill in",
                config.file.display()
            ));
        };
        let root = config.folder().join(directory);
        if !root.is_dir() {
            return Err(format!(
                "there is no folder `{}` for the static assets; build them first",
                root.display()
            ));
        }
        let mut serving = Map::new();
        for key in SERVING {
            if let Some(value) = assets.get(key) {
                serving.insert(key.to_owned(), value.clone());
            }
        }
        for file in [REDIRECTS, HEADERS] {
            if let Ok(text) = std::fs::read_to_string(root.join(file)) {
                serving.insert(file.to_owned(), text.into());
            }
        }
        Ok(Some(Self {
            assets: walk(&root)?,
            place: Place::Folder(root),
            config: serving,
        }))
    }

    /// A file's content, which is to be what it was when it was read first.
    pub fn content(&self, asset: &Asset) -> io::Result<Bytes> {
        let content = std::fs::read(match &self.place {
            Place::Folder(root) => root.join(asset.path.trim_start_matches('/')),
            Place::Stored(places) => places.get(&asset.path).cloned().ok_or(io::ErrorKind::NotFound)?,
        })?;
        if hash(&asset.path, &content) == asset.hash {
            Ok(content.into())
        } else {
            Err(io::Error::other("it changed meanwhile"))
        }
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.assets.iter().map(|asset| asset.size).sum()
    }
}

fn walk(root: &Path) -> Result<Vec<Asset>, String> {
    let unreadable =
        |path: &Path, error: &dyn std::fmt::Display| format!("`{}` cannot be read: {error}", path.display());
    let said = match std::fs::read_to_string(root.join(IGNORE)) {
        // Nothing else has it: text in two bytes a letter, which would ignore nothing.
        Ok(text) if text.contains('\0') => Err(unreadable(&root.join(IGNORE), &"it is not UTF-8")),
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&root.join(IGNORE), &error)),
    }?;
    let ignored = Ignored::new(said.as_deref().unwrap_or_default()).map_err(|error| unreadable(root, &error))?;
    let mut assets = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
            if ignored.has(root, &path, kind.is_dir()) {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            // A link to a file is served as that file; a link to a folder is not followed, as in wrangler.
            let meta = std::fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
            if meta.is_file() {
                assets.push(asset(root, &path, meta.len(), said.is_some())?);
            }
        }
    }
    assets.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(assets)
}

/// What is no asset.
struct Ignored(Search);

impl Ignored {
    /// By the lines of an `.assetsignore`, after what is never one.
    fn new(said: &str) -> io::Result<Self> {
        let mut lines = [IGNORE, HEADERS, REDIRECTS].map(|file| format!("/{file}")).to_vec();
        lines.extend(
            said.trim_start_matches('\u{feff}')
                .lines()
                .map(|line| trimmed(line).to_owned()),
        );
        let mut search = Search::default();
        search.add_patterns_buffer(lines.join("\n").as_bytes(), IGNORE, None, Ignore::default())?;
        Ok(Self(search))
    }

    /// Of a path whose folders are assets' folders. Small and capital letters are the same, as in wrangler, on each
    /// machine.
    fn has(&self, root: &Path, path: &Path, is_folder: bool) -> bool {
        let relative = path.strip_prefix(root).unwrap_or(path).as_os_str().as_encoded_bytes();
        let found = self
            .0
            .pattern_matching_relative_path(relative.into(), Some(is_folder), Case::Fold);
        found.is_some_and(|found| !found.pattern.is_negative())
    }
}

/// A line without the white space at its end, of which git takes away no tabs, but wrangler does.
fn trimmed(line: &str) -> &str {
    let trimmed = line.trim_end();
    if trimmed.ends_with('\\') { line } else { trimmed }
}

/// `on_purpose` is whether somebody has said what to leave out, even if that is nothing, as wrangler has it.
fn asset(root: &Path, path: &Path, size: u64, on_purpose: bool) -> Result<Asset, String> {
    let shown = path.display();
    if size > LARGEST_FILE {
        return Err(format!(
            "`{shown}` is larger than 25 MiB, Cloudflare's limit for one asset"
        ));
    }
    let relative = path.strip_prefix(root).ok().and_then(Path::to_str);
    let relative = relative.ok_or_else(|| format!("`{shown}` has a name that is not UTF-8"))?;
    let name = format!("/{relative}");
    if !on_purpose && (name == "/_worker.js" || name.starts_with("/_worker.js/")) {
        return Err(format!(
            "`{shown}` is server code of Pages, which would be served as an asset; list it in `{IGNORE}`"
        ));
    }
    let content = std::fs::read(path).map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    Ok(of(name, &content))
}

fn of(path: String, content: &[u8]) -> Asset {
    Asset {
        hash: hash(&path, content),
        size: content.len() as u64,
        content_type: content_type::of(&path),
        path,
    }
}

/// Content and type name an asset: the first 32 hexadecimal digits of a SHA-256 over both (Cloudflare leaves the
/// function to the client).
fn hash(path: &str, content: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(content_type::of(path).unwrap_or_default());
    hasher.update([0]);
    hasher.update(content);
    actions_core::owner::hex(&hasher.finalize(), 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_what_wrangler_would_take() {
        let dir = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put(
            "wrangler.json",
            r#"{"assets":{"directory":"out","not_found_handling":"404-page","binding":"ASSETS"}}"#,
        );
        put("out/index.html", "<h1>hi</h1>");
        put("out/a b.txt", "<h1>hi</h1>");
        put("out/.well-known/x", "1");
        put("out/_headers", "/*\n  X-A: 1\n");
        put("out/sub/_headers", "a file as any other");
        put("out/.assetsignore", "*.map\nsecret/\n");
        put("out/app.js.map", "{}");
        put("out/secret/x", "1");
        let config = Config::find(dir.path()).unwrap();
        let files = Files::read(&config, &config.settings(None).unwrap()).unwrap().unwrap();
        let paths: Vec<&str> = files.assets.iter().map(|asset| asset.path.as_str()).collect();
        assert_eq!(paths, ["/.well-known/x", "/a b.txt", "/index.html", "/sub/_headers"]);
        // The same content under another type is another asset.
        assert_ne!(files.assets[1].hash, files.assets[2].hash);
        assert_eq!(files.assets[0].hash.len(), 32);
        assert_eq!(
            Value::Object(files.config.clone()),
            serde_json::json!({"not_found_handling": "404-page", "_headers": "/*\n  X-A: 1\n"})
        );
        assert_eq!(files.content(&files.assets[2]).unwrap(), "<h1>hi</h1>");
        put("out/index.html", "changed");
        assert!(files.content(&files.assets[2]).is_err());
    }

    #[test]
    fn what_is_ignored_is_what_wrangler_ignores() {
        let cases = [
            ("*.map", "a/B.MAP", true),
            ("Secret/", "secret", true),
            ("a.{js,map}", "a.map", false),
            ("a.{js,map}", "a.{js,map}", true),
            ("/a.js", "a.js", true),
            ("/a.js", "b/a.js", false),
            ("b/*.js", "b/a.js", true),
            ("b/*.js", "c/b/a.js", false),
            ("b/*.js", "b/c/a.js", false),
            ("**/b/**", "c/b/d/a.js", true),
            ("b/**/a.js", "b/a.js", true),
            ("*.js\n!a.js", "a.js", false),
            ("!_headers", "_headers", false),
            ("", "_headers", true),
            ("", "b/_headers", false),
            ("", ".assetsignore", true),
            ("# a.js", "a.js", false),
            ("\\#a.js", "#a.js", true),
            ("a.js \t\r\n", "a.js", true),
            ("a\\ ", "a ", true),
            ("\u{feff}a.js", "a.js", true),
            ("[a", "[a", false),
            ("[ab].js", "b.js", true),
            ("a?.js", "ab.js", true),
            ("a?.js", "a/.js", false),
            ("ü.js", "ü.js", true),
        ];
        for (said, path, ignored) in cases {
            let is_folder = said.ends_with('/');
            let found = Ignored::new(said)
                .unwrap()
                .has(Path::new("/r"), &Path::new("/r").join(path), is_folder);
            assert_eq!(found, ignored, "{said:?} of {path:?}");
        }
    }

    #[test]
    fn a_list_of_what_to_ignore_that_is_no_text_publishes_nothing() {
        for content in [&b"*\0.\0m\0a\0p\0"[..], b"\xff\xfe*\0"] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(IGNORE), content).unwrap();
            std::fs::write(dir.path().join("a.map"), "{}").unwrap();
            let problem = walk(dir.path()).unwrap_err();
            assert!(problem.contains("/.assetsignore` cannot be read"), "{problem}");
        }
    }

    #[test]
    fn how_many_there_may_be_is_the_accounts_plan() {
        // So many files take their time on a disk.
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let dir = dir.unwrap();
        std::fs::write(dir.path().join("wrangler.json"), r#"{"assets":{"directory":"out"}}"#).unwrap();
        std::fs::create_dir(dir.path().join("out")).unwrap();
        for n in 0..20_001 {
            std::fs::write(dir.path().join(format!("out/{n}")), "").unwrap();
        }
        let config = Config::find(dir.path()).unwrap();
        let files = Files::read(&config, &config.settings(None).unwrap()).unwrap().unwrap();
        assert_eq!(files.assets.len(), 20_001);
    }

    #[test]
    fn server_code_of_pages_is_an_asset_only_on_purpose() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("wrangler.json"), r#"{"assets":{"directory":"out"}}"#).unwrap();
        std::fs::create_dir_all(dir.path().join("out/_worker.js")).unwrap();
        std::fs::write(dir.path().join("out/_worker.js/index.js"), "").unwrap();
        let read = || {
            let config = Config::find(dir.path()).unwrap();
            let files = Files::read(&config, &config.settings(None).unwrap());
            files.map(|files| files.map_or(0, |files| files.assets.len()))
        };
        assert!(read().unwrap_err().contains("is server code of Pages"));
        std::fs::write(dir.path().join("out/.assetsignore"), "").unwrap();
        assert_eq!(read(), Ok(1));
        std::fs::write(dir.path().join("out/.assetsignore"), "_worker.js\n").unwrap();
        assert_eq!(read(), Ok(0));
    }
}
