//! What code says of its environment: the names that it reads, and the types that declare them. Pure.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::sources::{How, answered};

/// A regular expression of ours, made once.
type Pattern = LazyLock<Option<Regex>>;

static DOTTED: Pattern =
    LazyLock::new(|| Regex::new(r#"(meta\s*\.\s*)?\benv\s*(?:\?\.|!?\.|\[['"])\s*([A-Z][A-Z0-9_]*)\b"#).ok());
static TAKEN: Pattern = LazyLock::new(|| Regex::new(r"\{([^{}]*)\}\s*(?::[^=;]+)?=\s*(?:[\w.]+\.)?env\b").ok());
static HEAD: Pattern =
    LazyLock::new(|| Regex::new(r"\b(?:interface|type)\s+(\w*(?:Env|Bindings))\b(?:<[^>{}]*>)?([^{};]*)").ok());
static NAME: Pattern = LazyLock::new(|| Regex::new(r"\b\w*(?:Env|Bindings)\b").ok());
static MEMBER: Pattern =
    LazyLock::new(|| Regex::new(r"(?m)(?:^|[;,{])\s*(?:readonly\s+)?([A-Z][A-Z0-9_]*)(\?)?\s*:\s*([^;,\n]+)").ok());

/// A source file, as far as it is about its environment. Several Workers may need it: it is looked at once.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) file: String,
    /// What it reads of an `env`.
    pub(super) reads: Vec<String>,
    /// The environments' types that it has.
    pub(super) types: Vec<Type>,
    /// The environments' types that it names.
    pub(super) names: Vec<String>,
    /// The path of a health check that it answers.
    pub(super) health: Option<&'static str>,
}

impl Text {
    /// `code` is without comments, `literals` is what stands in quotes.
    pub(super) fn of(file: &str, code: &str, literals: &[String]) -> Self {
        let is_typed = code.contains("Env") || code.contains("Bindings");
        Self {
            file: file.to_owned(),
            // Most files have none, and a regular expression takes its time.
            reads: if code.contains("env") { used(code) } else { Vec::new() },
            types: if is_typed { types(file, code) } else { Vec::new() },
            names: if is_typed { names(code) } else { Vec::new() },
            health: answered(literals),
        }
    }
}

/// The names of environments' types, once each.
fn names(code: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in NAME.iter().flat_map(|regex| regex.find_iter(code)) {
        if !names.iter().any(|known| known == name.as_str()) {
            names.push(name.as_str().to_owned());
        }
    }
    names
}

/// The names that the code reads of an `env`, in their order.
fn used(code: &str) -> Vec<String> {
    let mut names: Vec<(usize, String)> = Vec::new();
    for found in DOTTED.iter().flat_map(|regex| regex.captures_iter(code)) {
        // Vite's, which are part of the build.
        if let (None, Some(name)) = (found.get(1), found.get(2)) {
            names.push((name.start(), name.as_str().to_owned()));
        }
    }
    for found in TAKEN.iter().flat_map(|regex| regex.captures_iter(code)) {
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
#[derive(Debug)]
pub(super) struct Type {
    pub(super) name: String,
    pub(super) file: String,
    /// Other types that it takes in.
    pub(super) of: Vec<String>,
    pub(super) members: Vec<(String, How)>,
}

/// The types whose names say that they are an environment's.
fn types(file: &str, code: &str) -> Vec<Type> {
    let heads = HEAD.iter().flat_map(|regex| regex.captures_iter(code));
    heads
        .filter_map(|found| {
            let (whole, name) = (found.get(0)?, found.get(1)?);
            let body = body(&code[whole.end()..]);
            let head = format!("{} {body}", found.get(2).map_or("", |head| head.as_str()));
            let of = names(&head).into_iter();
            Some(Type {
                of: of.filter(|of| of != name.as_str()).collect(),
                name: name.as_str().to_owned(),
                file: file.to_owned(),
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
    let found = MEMBER.iter().flat_map(|regex| regex.captures_iter(body));
    found
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

/// Whether this is how names of environment variables are written.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_however_they_are_taken() {
        for (code, names) in [
            ("env.API_KEY; c.env.TOKEN; env.API_KEY", &["API_KEY", "TOKEN"][..]),
            (
                "platform?.env?.SECRET; env!.OTHER; env['THIRD']; env[\"FOURTH\"]",
                &["SECRET", "OTHER", "THIRD", "FOURTH"],
            ),
            (
                "const { A_KEY, B_KEY: b, C_KEY = '' } = c.env;",
                &["A_KEY", "B_KEY", "C_KEY"],
            ),
            ("const { A_KEY }: Env = process.env;", &["A_KEY"]),
            (
                "import.meta.env.VITE_X; environment.NOPE; env.lower; myenv.NOPE; const { X } = envelope;",
                &[],
            ),
        ] {
            assert_eq!(used(code), names, "{code}");
        }
    }

    #[test]
    fn a_type_tells_what_must_be_there() {
        let code = "export interface BaseEnv {\n  readonly ENVIRONMENT: 'a' | 'b';\n  DATABASE_URL: string;\n  KV: KVNamespace;\n  DSN?: string;\n  LEVEL: string | undefined;\n}\n\
                type AuthEnv = BaseEnv & { SECRET: string };\ntype HonoEnv = { Bindings: WorkerBindings };\ninterface Environment { NOT: string }\n";
        let all = Text::of("env.ts", code, &[]).types;
        let names: Vec<(&str, Vec<&str>)> = all
            .iter()
            .map(|it| (it.name.as_str(), it.of.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(
            names,
            [
                ("BaseEnv", vec![]),
                ("AuthEnv", vec!["BaseEnv"]),
                ("HonoEnv", vec!["Bindings", "WorkerBindings"])
            ]
        );
        let members: Vec<(&str, How)> = all
            .iter()
            .flat_map(|it| &it.members)
            .map(|(name, how)| (name.as_str(), *how))
            .collect();
        assert_eq!(
            members,
            [
                ("DATABASE_URL", How::Declared),
                ("DSN", How::Optional),
                ("LEVEL", How::Optional),
                ("SECRET", How::Declared)
            ]
        );
    }
}
