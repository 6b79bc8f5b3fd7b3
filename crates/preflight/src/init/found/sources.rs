//! What a Worker's sources tell: where it says that it is healthy, and which variables and secrets it reads. Pure.

use std::collections::BTreeSet;

use super::code::{Text, Type, is_name};
use super::packages::{self, Package};
use super::text::Texts;

/// Paths under which Workers say that they are healthy, the usual one first.
const HEALTH: [&str; 7] = [
    "/health",
    "/api/health",
    "/healthz",
    "/api/healthz",
    "/health-check",
    "/healthcheck",
    "/_health",
];

/// What a Worker's sources tell.
#[derive(Debug, Default)]
pub(in crate::init) struct Sources {
    /// The path of its health, and the file that has it.
    pub(in crate::init) health: Option<(String, String)>,
    /// What it reads of its environment, in the order in which it was met.
    pub(in crate::init) reads: Vec<Read>,
    /// What its own files read, whatever is declared.
    pub(in crate::init) own: BTreeSet<String>,
}

/// A name that a Worker's code expects in its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::init) struct Read {
    pub(in crate::init) name: String,
    /// The file that says so.
    pub(in crate::init) file: String,
    pub(in crate::init) how: How,
}

/// How sure it is that a name has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::init) enum How {
    /// The example of an environment file names it; `true`: with an address on this machine.
    Example { local: bool },
    /// A type of the environment has it as a text that must be there.
    Declared,
    /// The Worker's own code reads it.
    Used,
    /// A package that the Worker needs reads it.
    Below,
    /// A type has it as a text that may be absent.
    Optional,
}

impl Sources {
    /// What the files of a Worker's folder tell, and of the workspace's packages that it needs.
    pub(super) fn of(folder: &str, package: Option<usize>, all: &[Package], texts: &Texts) -> Self {
        let package = package.and_then(|at| all.get(at));
        let needed = package
            .map(|package| packages::needed(package, all))
            .unwrap_or_default();
        let own = texts.of(folder);
        let below: Vec<&Text> = needed.iter().flat_map(|package| texts.of(&package.folder)).collect();
        let mut sources = Self {
            health: health(folder, own).or_else(|| below.iter().find_map(|text| answers(text))),
            ..Self::default()
        };
        for (file, text) in texts.examples(folder) {
            for (name, value) in assignments(text) {
                let local = value.contains("://localhost") || value.contains("://127.0.0.1");
                sources.add(&name, file, How::Example { local });
            }
        }
        let types: Vec<&Type> = own
            .iter()
            .chain(below.iter().copied())
            .flat_map(|text| &text.types)
            .collect();
        for meant in meant(own, folder, &types) {
            for (name, how) in &meant.members {
                sources.add(name, &meant.file, *how);
            }
        }
        for text in own {
            for name in &text.reads {
                sources.own.insert(name.clone());
                sources.add(name, &text.file, How::Used);
            }
        }
        for text in below {
            for name in &text.reads {
                sources.add(name, &text.file, How::Below);
            }
        }
        sources
    }

    /// The surest of what is said of a name stays.
    fn add(&mut self, name: &str, file: &str, how: How) {
        if is_platforms(name) {
            return;
        }
        match self.reads.iter_mut().find(|read| read.name == name) {
            Some(read) if read.how <= how => {}
            Some(read) => (read.file, read.how) = (file.to_owned(), how),
            None => self.reads.push(Read {
                name: name.to_owned(),
                file: file.to_owned(),
                how,
            }),
        }
    }
}

/// Where the Worker's own files say that it is healthy: a framework's file of that route, else a text of the code.
fn health(folder: &str, own: &[Text]) -> Option<(String, String)> {
    let by_file = own.iter().find_map(|text| {
        let below = text
            .file
            .strip_prefix(folder)
            .unwrap_or(&text.file)
            .trim_start_matches('/');
        let route = routed(below)?;
        HEALTH.contains(&route.as_str()).then(|| (route, text.file.clone()))
    });
    let mut by_text: Vec<_> = own.iter().filter_map(answers).collect();
    by_text.sort_by_key(|(path, _)| HEALTH.iter().position(|health| health == path));
    by_file.or_else(|| by_text.into_iter().next())
}

/// The route that a file stands for by its place: that of `SvelteKit`, Next, Astro, Remix and Nuxt.
fn routed(below: &str) -> Option<String> {
    let (folder, name) = below.rsplit_once('/')?;
    let stem = name.split('.').next().unwrap_or_default();
    let routes = [
        "src/routes",
        "src/app",
        "app/routes",
        "app",
        "src/pages",
        "pages",
        "server",
    ];
    let route = routes.iter().find_map(|at| {
        let rest = folder.strip_prefix(at)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    })?;
    // SvelteKit's groups are no part of the address.
    let route: String = route
        .split('/')
        .filter(|part| !part.is_empty() && !part.starts_with('('))
        .map(|part| format!("/{part}"))
        .collect();
    Some(match stem {
        "+server" | "route" | "index" | "+page" | "page" => route,
        stem => format!("{route}/{stem}"),
    })
}

fn answers(text: &Text) -> Option<(String, String)> {
    let path = text.health?;
    Some((path.to_owned(), text.file.clone()))
}

/// The path of a health check that stands as a text in the code, alone or behind a method.
pub(super) fn answered(literals: &[String]) -> Option<&'static str> {
    let path = |literal: &String| {
        let method = literal.split_once(' ');
        let behind = method.filter(|(method, _)| *method == "GET" || *method == "*");
        behind.map_or(literal.as_str(), |(_, path)| path).to_owned()
    };
    let paths: Vec<String> = literals
        .iter()
        .filter(|literal| literal.contains('/'))
        .map(path)
        .collect();
    HEALTH
        .into_iter()
        .find(|health| paths.iter().any(|path| path == health))
}

/// The types that a Worker's own files name or have, and what these take in, those first.
fn meant<'a>(own: &[Text], folder: &str, all: &[&'a Type]) -> Vec<&'a Type> {
    let mut open: Vec<String> = own.iter().flat_map(|text| text.names.iter().cloned()).collect();
    let mut met: Vec<&Type> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut at = 0;
    while let Some(name) = open.get(at).cloned() {
        at += 1;
        if !seen.insert(name.clone()) {
            continue;
        }
        // A name that the Worker has itself is not another package's.
        let is_own = |it: &&&'a Type| folder == "." || it.file.starts_with(&format!("{folder}/"));
        let found: Vec<&'a Type> = all.iter().copied().filter(|it| it.name == name).collect();
        let own: Vec<&'a Type> = found.iter().filter(is_own).copied().collect();
        for it in if own.is_empty() { found } else { own } {
            open.extend(it.of.iter().cloned());
            met.push(it);
        }
    }
    met.reverse();
    met
}

/// The lines of an example: names and values.
fn assignments(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("export ");
        let (name, value) = line.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    });
    lines.filter(|(name, _)| is_name(name)).collect()
}

/// Names that the platform, a runner or a build sets, and whose values no Worker is given.
fn is_platforms(name: &str) -> bool {
    let beginnings = [
        "CLOUDFLARE_",
        "CF_",
        "GITHUB_",
        "NEON_",
        "NEXT_PUBLIC_",
        "PLAYWRIGHT_",
        "PUBLIC_",
        "TURBO_",
        "VITE_",
        "VITEST",
        "WORKERS_CI",
        "WRANGLER_",
    ];
    let whole = [
        "ASSETS", "CI", "DEBUG", "DEV", "HOME", "HOST", "MODE", "NODE_ENV", "PATH", "PORT", "PROD", "SSR", "TZ",
    ];
    whole.contains(&name) || beginnings.iter().any(|beginning| name.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(file: &str, literals: &[&str]) -> Text {
        let literals: Vec<String> = literals.iter().map(|literal| (*literal).to_owned()).collect();
        Text::of(file, "", &literals)
    }

    #[test]
    fn health_is_where_a_route_or_a_file_has_it() {
        for (file, literals, path) in [
            ("web/src/index.ts", &["/health"][..], Some("/health")),
            ("web/src/index.ts", &["GET /api/health"], Some("/api/health")),
            ("web/src/index.ts", &["/healthz", "/health"], Some("/health")),
            // Of somebody else, or no path.
            (
                "web/src/index.ts",
                &["https://api/health", "POST /health", "health"],
                None,
            ),
            ("web/src/routes/api/health/+server.ts", &[], Some("/api/health")),
            ("web/src/routes/(public)/health/+page.svelte", &[], Some("/health")),
            ("web/src/pages/api/health.ts", &[], Some("/api/health")),
            ("web/app/api/health/route.ts", &[], Some("/api/health")),
            ("web/src/health/index.ts", &[], None),
        ] {
            let found = health("web", &[text(file, literals)]);
            assert_eq!(
                found.as_ref().map(|(path, _)| path.as_str()),
                path,
                "{file} {literals:?}"
            );
        }
    }
}
