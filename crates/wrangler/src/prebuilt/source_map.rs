//! Source maps of a Worker that is built already, as wrangler finds and writes them.

use std::path::Path;

use serde_json::Value;

use actions_core::cloudflare::Module;

const COMMENT: &str = "//# sourceMappingURL=";

/// A source map that wrangler cannot upload either.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable;

/// The source map that a module's last lines name.
///
/// # Errors
/// It is not there or no source map.
pub(super) fn of(module: &Module, path: &Path) -> Result<Option<Module>, Unusable> {
    let Some(named) = named(&module.content)? else {
        return Ok(None);
    };
    // A path from the root is meant from the module's folder all the same, as wrangler reads it.
    let file = path.with_file_name(named.trim_start_matches('/'));
    let read = || -> Option<Value> { serde_json::from_slice(&std::fs::read(&file).ok()?).ok() };
    let written = read().and_then(|map| written(map, &module.name)).ok_or(Unusable)?;
    Ok(Some(Module {
        name: format!("{}.map", module.name),
        content_type: "application/source-map".to_owned(),
        content: written.into(),
    }))
}

/// What the last comment names; a map inside the comment itself is not uploaded.
fn named(code: &[u8]) -> Result<Option<String>, Unusable> {
    let text = String::from_utf8_lossy(code);
    let comments = text
        .split('\n')
        .rev()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take_while(|line| line.starts_with("//#") || line.starts_with("//@"));
    let url = comments
        .into_iter()
        .find_map(|line| line.strip_prefix(COMMENT))
        .map(str::trim);
    match url {
        Some(url) if url.starts_with("data:") => Err(Unusable),
        url => Ok(url.map(str::to_owned)),
    }
}

/// The map under the module's name, its sources without the way that led to them; `None` for no source map.
fn written(mut map: Value, module: &str) -> Option<String> {
    let fields = map.as_object_mut()?;
    fields.insert("file".to_owned(), module.into());
    match fields.get_mut("sourceRoot") {
        Some(Value::String(root)) => *root = without_way(root),
        None | Some(Value::Null) => {}
        Some(_) => return None,
    }
    for source in fields.get_mut("sources")?.as_array_mut()? {
        *source = without_way(source.as_str()?).into();
    }
    Some(map.to_string())
}

fn without_way(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_start_matches(".\\");
    path.trim_start_matches("../").trim_start_matches("..\\").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_comment_names_the_map() {
        let said = |code: &[u8]| named(code).map(Option::unwrap_or_default);
        assert_eq!(said(b"1\n//# sourceMappingURL=a.js.map\n\n"), Ok("a.js.map".to_owned()));
        assert_eq!(
            said(b"1\n//# sourceMappingURL=a.js.map\r\n//@ more"),
            Ok("a.js.map".to_owned())
        );
        assert_eq!(said(b"//# sourceMappingURL=a.js.map\n1\n"), Ok(String::new()));
        assert_eq!(
            said(b"1\n//# sourceMappingURL=data:application/json;base64,e30=\n"),
            Err(Unusable)
        );
    }

    #[test]
    fn sources_lose_their_way() {
        let map = json!({"version": 3, "sources": ["../../src/a.ts", "./b.ts"], "mappings": ""});
        assert_eq!(
            written(map, "index.js").unwrap(),
            r#"{"version":3,"sources":["src/a.ts","b.ts"],"mappings":"","file":"index.js"}"#
        );
        for none in [
            json!([]),
            json!({}),
            json!({"sources": [null]}),
            json!({"sources": [], "sourceRoot": 1}),
        ] {
            assert_eq!(written(none.clone(), "index.js"), None, "{none}");
        }
    }
}
