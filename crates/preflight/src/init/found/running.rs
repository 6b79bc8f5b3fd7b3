//! The code that runs in a Worker: its own sources, and those of the workspace's packages that it needs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::packages::{self, Package};
use super::{configures, files, folder_of, joined, text};

/// The files below a manifest's folder, and the packages that they belong to.
pub(crate) struct Code {
    root: PathBuf,
    files: BTreeSet<String>,
    packages: Vec<Package>,
}

impl Code {
    /// Reads which files there are.
    pub(crate) fn read(root: &Path) -> Self {
        let files = files(root);
        let mut packages = packages::read(root, &files);
        let workers: BTreeSet<&str> = files
            .iter()
            .filter(|file| configures(file))
            .map(|file| folder_of(file))
            .collect();
        for package in &mut packages {
            package.is_worker = workers.contains(package.folder.as_str());
        }
        Self {
            root: root.to_owned(),
            files,
            packages,
        }
    }

    /// Whether no source that runs in the Worker of a folder has a word, in whatever case, in its code or its path. `None`
    /// where that cannot be said: it has no sources that are known here, or reaches others past its packages.
    pub(crate) fn lacks(&self, folder: &Path, word: &str) -> Option<bool> {
        let folder = joined(".", &crate::world::from(Path::new(""), folder));
        let own = self.sources(&folder);
        if own.is_empty() || self.has_aliases(&folder) {
            return None;
        }
        let nearest = self.packages.iter().filter(|package| is_in(&folder, &package.folder));
        let package = nearest.max_by_key(|package| package.folder.len());
        let needed = package
            .map(|package| packages::needed(package, &self.packages))
            .unwrap_or_default();
        let below = needed.iter().flat_map(|package| self.sources(&package.folder));
        for file in own.iter().copied().chain(below) {
            let text = text::small(&self.root.join(file))?;
            let (code, literals) = text::stripped(&text);
            if [file, &code]
                .iter()
                .any(|text| text.to_ascii_lowercase().contains(word))
            {
                return Some(false);
            }
            let leads_out =
                |literal: &String| literal.starts_with("../") && !is_in(&joined(folder_of(file), literal), &folder);
            if own.contains(&file) && literals.iter().any(leads_out) {
                return None;
            }
        }
        Some(true)
    }

    /// Whether TypeScript is told where modules are: they may be anywhere.
    fn has_aliases(&self, folder: &str) -> bool {
        let mut configs = self.files.iter().filter(|file| {
            let name = file.rsplit('/').next().unwrap_or(file);
            name.starts_with("tsconfig") && name.rsplit('.').next() == Some("json") && is_in(folder, folder_of(file))
        });
        configs.any(|file| std::fs::read_to_string(self.root.join(file)).is_ok_and(|text| text.contains("\"paths\"")))
    }

    /// What belongs to a folder and to no package below it.
    fn sources(&self, folder: &str) -> Vec<&str> {
        let mut homes: BTreeSet<String> = self.packages.iter().map(|package| package.folder.clone()).collect();
        homes.insert(folder.to_owned());
        let is_its = |file: &str| {
            text::home_of(file, &homes).is_some_and(|(home, below)| home == folder && text::is_source(below))
        };
        self.files
            .iter()
            .map(String::as_str)
            .filter(|file| is_its(file))
            .collect()
    }
}

/// Whether the source that a Worker begins with is in the service worker format; `false` where it is not there yet.
pub(crate) fn is_service_worker(main: &Path) -> bool {
    let text = text::small(main).map(|text| text::stripped(&text).0);
    text.is_some_and(|code| wrangler::project::check::is_service_worker(&code))
}

/// Handlers of what is no request.
const HANDLERS: [&str; 5] = ["email", "queue", "scheduled", "tail", "trace"];

/// Whether the source that a Worker begins with has such handlers, and none of requests as far as it tells.
pub(crate) fn takes_no_requests(main: &Path) -> bool {
    let text = text::small(main).map(|text| text::stripped(&text).0);
    text.is_some_and(|code| handles_no_requests(&code))
}

fn handles_no_requests(code: &str) -> bool {
    let Some((_, handlers)) = code.split_once("export default {") else {
        return false;
    };
    let mut has = HANDLERS.iter();
    // Where a member begins, and not in the middle of an expression, as a call is.
    let fetches = code.match_indices("fetch").any(|(at, _)| {
        let before = code[..at].trim_end();
        before.ends_with(['{', ',', '}', '"', '\'']) || before.ends_with("async")
    });
    // What is spread may be anything.
    !fetches
        && !handlers.contains("...")
        && has.any(|name| handlers.contains(&format!("{name}(")) || handlers.contains(&format!("{name}:")))
}

/// Whether a path lies in a folder, or is it.
fn is_in(path: &str, folder: &str) -> bool {
    let rest = if folder == "." {
        Some("/")
    } else {
        path.strip_prefix(folder)
    };
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) && !path.starts_with("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_of_schedules_alone_takes_no_requests() {
        for (code, takes_none) in [
            ("export default { async scheduled(event) {} };", true),
            ("export default { tail: send };", true),
            (
                "export default { async scheduled(event, env) { await fetch(env.URL); } };",
                true,
            ),
            ("export default { scheduled: run, fetch };", false),
            ("export default { scheduled: run, async fetch(request) {} };", false),
            ("export default { scheduled() {}, fetch() {} };", false),
            (
                "const app = new Hono();\nexport default { ...app, scheduled() {} };",
                false,
            ),
            ("export default app;", false),
            ("export default {};", false),
        ] {
            assert_eq!(handles_no_requests(code), takes_none, "{code}");
        }
    }

    #[test]
    fn a_word_is_looked_for_in_what_runs_in_the_worker() {
        let package = |name: &str, needs: &str| format!("{{\"name\": \"{name}\", \"dependencies\": {{{needs}}}}}");
        let api = package("api", "\"@shop/http\": \"0\"");
        let (http, other) = (package("@shop/http", ""), package("@shop/other", ""));
        let plain = "export default {};";
        for (more, lacks) in [
            (vec![], Some(true)),
            (vec![("api/src/routes.ts", "router.get('/HEALTH', ok)")], Some(false)),
            (vec![("api/src/routes.ts", "// the /health of the others")], Some(true)),
            (vec![("api/src/routes/health/+server.ts", plain)], Some(false)),
            // Of a package that it needs, and of one that it does not.
            (vec![("packages/http/src/index.ts", "'GET /health'")], Some(false)),
            (vec![("packages/other/src/index.ts", "'GET /health'")], Some(true)),
            // It reaches past its packages.
            (vec![("api/src/more.ts", "import '../../shared/x'")], None),
            (vec![("api/src/more.ts", "import '../src/x'")], Some(true)),
            (
                vec![("tsconfig.json", "{ \"compilerOptions\": { \"paths\": {} } }")],
                None,
            ),
            (vec![("packages/other/tsconfig.json", "{ \"paths\": {} }")], Some(true)),
            // What does not run in it.
            (vec![("api/test/index.ts", "fetch('/health')")], Some(true)),
            (vec![("api/node_modules/x/index.js", "'/health'")], Some(true)),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let always = [
                ("api/wrangler.jsonc", "{}"),
                ("api/package.json", api.as_str()),
                ("api/src/index.ts", plain),
                ("packages/http/package.json", http.as_str()),
                ("packages/other/package.json", other.as_str()),
            ];
            for (file, text) in always.iter().chain(&more) {
                let path = folder.path().join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            let code = Code::read(folder.path());
            assert_eq!(code.lacks(Path::new("api"), "health"), lacks, "{more:?}");
            assert_eq!(code.lacks(Path::new("./api/"), "health"), lacks, "{more:?}");
            // Whose sources are not known here.
            assert_eq!(code.lacks(Path::new("none"), "health"), None);
        }
    }
}
