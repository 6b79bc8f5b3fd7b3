//! What a Worker's sources tell: where it says that it is healthy, and which variables and secrets it reads. Pure.

use std::collections::BTreeSet;

use regex_lite::Regex;

use super::packages::{self, Package};
use super::text::{Text, Texts};

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
    /// The code reads it.
    Used,
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
        let all_types: Vec<Type> = own.iter().chain(below.iter().copied()).flat_map(types).collect();
        for meant in meant(own, folder, &all_types) {
            for (name, how) in &meant.members {
                sources.add(name, &meant.file, *how);
            }
        }
        for text in own {
            for name in used(&text.code) {
                sources.own.insert(name.clone());
                sources.add(&name, &text.file, How::Used);
            }
        }
        for text in below {
            for name in used(&text.code) {
                sources.add(&name, &text.file, How::Used);
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

/// The route that a file stands for by its place: SvelteKit's, Next's, Astro's, Remix's and Nuxt's.
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

/// The path of a health check that stands as a text in the code, alone or behind a method.
fn answers(text: &Text) -> Option<(String, String)> {
    let found = HEALTH.iter().find(|path| {
        text.literals.iter().any(|literal| {
            let bare = literal
                .split_once(' ')
                .filter(|(method, _)| *method == "GET" || *method == "*");
            bare.map_or(literal.as_str(), |(_, path)| path) == **path
        })
    });
    found.map(|path| ((*path).to_owned(), text.file.clone()))
}

/// A regular expression of ours.
fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// The names that the code reads of an `env`, in their order.
fn used(code: &str) -> Vec<String> {
    let dotted = regex(r#"(meta\s*\.\s*)?\benv\s*(?:\?\.|!?\.|\[['"])\s*([A-Z][A-Z0-9_]*)\b"#);
    let taken = regex(r"\{([^{}]*)\}\s*(?::[^=;]+)?=\s*(?:[\w.]+\.)?env\b");
    let mut names: Vec<(usize, String)> = Vec::new();
    for found in dotted.iter().flat_map(|regex| regex.captures_iter(code)) {
        // Vite's, which are part of the build.
        if let (None, Some(name)) = (found.get(1), found.get(2)) {
            names.push((name.start(), name.as_str().to_owned()));
        }
    }
    for found in taken.iter().flat_map(|regex| regex.captures_iter(code)) {
        let Some(list) = found.get(1) else { continue };
        let of_list = list
            .as_str()
            .split(',')
            .map(|item| item.split([':', '=']).next().unwrap_or_default().trim());
        names.extend(
            of_list
                .filter(|name| is_name(name))
                .map(|name| (list.start(), name.to_owned())),
        );
    }
    names.sort_by_key(|(at, _)| *at);
    let mut seen = BTreeSet::new();
    names
        .into_iter()
        .map(|(_, name)| name)
        .filter(|name| seen.insert(name.clone()))
        .collect()
}

/// A type of an environment.
struct Type {
    name: String,
    file: String,
    /// Other types that it takes in.
    of: Vec<String>,
    members: Vec<(String, How)>,
}

/// The types whose names say that they are an environment's.
fn types(text: &Text) -> Vec<Type> {
    let heads = regex(r"\b(?:interface|type)\s+(\w*(?:Env|Bindings))\b(?:<[^>{}]*>)?([^{};]*)");
    let heads: Vec<_> = heads.iter().flat_map(|regex| regex.captures_iter(&text.code)).collect();
    heads
        .into_iter()
        .filter_map(|found| {
            let (whole, name) = (found.get(0)?, found.get(1)?);
            let body = body(&text.code[whole.end()..]);
            let head = format!("{} {body}", found.get(2).map_or("", |head| head.as_str()));
            let of = regex(r"\b\w*(?:Env|Bindings)\b")?;
            let of = of.find_iter(&head).map(|name| name.as_str().to_owned());
            Some(Type {
                of: of.filter(|of| of != name.as_str()).collect(),
                name: name.as_str().to_owned(),
                file: text.file.clone(),
                members: members(body),
            })
        })
        .collect()
}

/// What stands between the braces at the beginning, those within included.
fn body(code: &str) -> &str {
    let Some(inner) = code.trim_start().strip_prefix('{') else {
        return "";
    };
    let mut depth = 1_usize;
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return &inner[..at],
            '}' => depth -= 1,
            _ => {}
        }
    }
    ""
}

/// The members that are texts, and whether they have to be there.
fn members(body: &str) -> Vec<(String, How)> {
    let member = regex(r"(?m)(?:^|[;,{])\s*(?:readonly\s+)?([A-Z][A-Z0-9_]*)(\?)?\s*:\s*([^;,\n]+)");
    let found = member
        .iter()
        .flat_map(|regex| regex.captures_iter(body))
        .collect::<Vec<_>>();
    found
        .into_iter()
        .filter_map(|found| {
            let parts: Vec<&str> = found.get(3)?.as_str().split('|').map(str::trim).collect();
            let is_text = parts.contains(&"string")
                && parts
                    .iter()
                    .all(|part| matches!(*part, "string" | "undefined" | "null"));
            let optional = found.get(2).is_some() || parts.len() > 1;
            let how = if optional { How::Optional } else { How::Declared };
            is_text.then(|| Some((found.get(1)?.as_str().to_owned(), how)))?
        })
        .collect()
}

/// The types that a Worker's own files name or have, and what these take in, those first.
fn meant<'a>(own: &[Text], folder: &str, all: &'a [Type]) -> Vec<&'a Type> {
    let names = regex(r"\b\w*(?:Env|Bindings)\b");
    let mut open: Vec<String> = Vec::new();
    for text in own {
        let found = names.iter().flat_map(|regex| regex.find_iter(&text.code));
        open.extend(found.map(|name| name.as_str().to_owned()));
    }
    let mut met: Vec<&Type> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut at = 0;
    while let Some(name) = open.get(at).cloned() {
        at += 1;
        if !seen.insert(name.clone()) {
            continue;
        }
        // A name that the Worker has itself is not another package's.
        let is_own = |it: &&&Type| folder == "." || it.file.starts_with(&format!("{folder}/"));
        let found: Vec<&Type> = all.iter().filter(|it| it.name == name).collect();
        let own: Vec<&Type> = found.iter().filter(is_own).copied().collect();
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

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Names that the platform, a runner or a build sets, and whose values no Worker is given.
fn is_platforms(name: &str) -> bool {
    let beginnings = [
        "CLOUDFLARE_",
        "CF_",
        "GITHUB_",
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
