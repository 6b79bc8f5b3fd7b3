//! What code says of its environment: the names that it reads, and the types that declare them. Pure.

use std::collections::BTreeSet;

use regex_lite::Regex;

use super::sources::How;
use super::text::Text;

/// A regular expression of ours.
pub(super) fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// The names that the code reads of an `env`, in their order.
pub(super) fn used(code: &str) -> Vec<String> {
    // Most files have none, and a regular expression takes its time.
    if !code.contains("env") {
        return Vec::new();
    }
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
pub(super) struct Type {
    pub(super) name: String,
    pub(super) file: String,
    /// Other types that it takes in.
    pub(super) of: Vec<String>,
    pub(super) members: Vec<(String, How)>,
}

/// Whether code may name the type of an environment.
pub(super) fn names_types(code: &str) -> bool {
    code.contains("Env") || code.contains("Bindings")
}

/// The types whose names say that they are an environment's.
pub(super) fn types(text: &Text) -> Vec<Type> {
    if !names_types(&text.code) {
        return Vec::new();
    }
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
        let text = Text {
            file: "env.ts".to_owned(),
            code: "export interface BaseEnv {\n  readonly ENVIRONMENT: 'a' | 'b';\n  DATABASE_URL: string;\n  KV: KVNamespace;\n  DSN?: string;\n  LEVEL: string | undefined;\n}\n\
                type AuthEnv = BaseEnv & { SECRET: string };\ntype HonoEnv = { Bindings: WorkerBindings };\ninterface Environment { NOT: string }\n"
                .to_owned(),
            literals: Vec::new(),
        };
        let all = types(&text);
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
