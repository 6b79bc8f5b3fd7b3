//! Reads a configuration file as wrangler does: a byte order mark is no part of it, and JSON may have comments.

use std::path::Path;

use jsonc_parser::ParseOptions;
use serde_json::{Map, Value};

/// What wrangler's own parser takes beside plain JSON. More would be a file that we deploy and wrangler does not.
pub const JSONC: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The content of a configuration file: TOML by its name, else JSON with comments.
///
/// # Errors
/// In one sentence, with line and column: what is wrong with it.
pub(super) fn file(path: &Path) -> Result<Map<String, Value>, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    let text = without_mark(&text);
    let (kind, parsed) = if path.extension().is_some_and(|extension| extension == "toml") {
        ("TOML", toml(text))
    } else {
        ("JSON with comments", jsonc(text))
    };
    parsed.map_err(|Wrong { at, what }| {
        let (line, column) = position(text, at);
        format!("`{shown}:{line}:{column}` is not {kind}: {what}")
    })
}

/// What is wrong, and where, as a byte offset.
struct Wrong {
    at: usize,
    what: String,
}

/// The text without a byte order mark, which some editors write.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Line and column, both from 1, of a byte offset. Columns count characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line..].chars().count() + 1)
}

fn toml(text: &str) -> Result<Map<String, Value>, Wrong> {
    toml::from_str(text).map_err(|error| Wrong {
        at: error.span().map_or(0, |span| span.start),
        what: error.message().to_owned(),
    })
}

fn jsonc(text: &str) -> Result<Map<String, Value>, Wrong> {
    let value: Value = jsonc_parser::parse_to_serde_value(text, &JSONC).map_err(|error| Wrong {
        at: error.range().start,
        what: error.kind().to_string(),
    })?;
    match value {
        Value::Object(value) => Ok(value),
        _ => Err(Wrong {
            at: 0,
            what: "it is to be an object".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, text: &str) -> Result<Value, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let folder = format!("{}/", dir.path().display());
        file(&path)
            .map(Value::Object)
            .map_err(|problem| problem.replace(&folder, ""))
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_file() {
        for (name, text) in [
            ("wrangler.json", "{\"name\": \"api\"}"),
            ("wrangler.jsonc", "// A comment.\n{\"name\": \"api\",}"),
            ("wrangler.toml", "name = \"api\""),
        ] {
            assert_eq!(
                read(name, &format!("\u{feff}{text}")),
                Ok(json!({"name": "api"})),
                "{name}"
            );
        }
    }

    #[test]
    fn a_problem_has_its_line_and_column() {
        for (name, text, problem) in [
            (
                "wrangler.jsonc",
                "// ä\n{\n  \"name\": \"api\"\n  \"main\": 1\n}",
                "`wrangler.jsonc:3:16` is not JSON with comments: ",
            ),
            (
                "wrangler.jsonc",
                "{\n  name: 1\n}",
                "`wrangler.jsonc:2:3` is not JSON with comments: ",
            ),
            (
                "wrangler.json",
                "[1]",
                "`wrangler.json:1:1` is not JSON with comments: it is to be an object",
            ),
            (
                "wrangler.toml",
                "name = \"api\"\nmain = = 1\n",
                "`wrangler.toml:2:8` is not TOML: ",
            ),
            (
                "wrangler.toml",
                "name = \"api\"\nname = \"b\"\n",
                "`wrangler.toml:2:1` is not TOML: ",
            ),
        ] {
            let told = read(name, text).unwrap_err();
            assert!(told.starts_with(problem), "{told}");
            assert!(!told.ends_with(": "), "{told}");
        }
    }
}
