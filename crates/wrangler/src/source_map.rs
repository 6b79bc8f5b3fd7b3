//! Source maps of a Worker that is built already, as wrangler finds and writes them.

use std::path::Path;

use serde_json::Value;

use actions_core::cloudflare::Module;

const COMMENT: &str = "//# sourceMappingURL=";

/// The source map that a module's last lines name, if it is code. What is named and not there is an error only where
/// the configuration asks for source maps (`strict`).
///
/// # Errors
/// In one sentence: the map cannot be read.
pub(super) fn of(module: &Module, path: &Path, strict: bool) -> Result<Option<Module>, String> {
    let is_code = module.content_type.starts_with("application/javascript");
    let Some(named) = named(&module.content).filter(|_| is_code) else {
        return Ok(None);
    };
    let file = path.with_file_name(named);
    let read = || -> Option<Value> { serde_json::from_slice(&std::fs::read(&file).ok()?).ok() };
    match read().filter(Value::is_object) {
        Some(map) => Ok(Some(Module {
            name: format!("{}.map", module.name),
            content_type: "application/source-map".to_owned(),
            content: written(map, &module.name).into(),
        })),
        None if strict => Err(format!(
            "`{}` names a source map `{named}`, which is not there or not JSON; build it again, or set `upload_source_maps` to false",
            path.display()
        )),
        None => Ok(None),
    }
}

/// What the last comment names; a map inside the comment itself is not uploaded.
fn named(code: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(code).ok()?;
    let comments = text
        .lines()
        .rev()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take_while(|line| line.starts_with("//#") || line.starts_with("//@"));
    let url = comments.into_iter().find_map(|line| line.strip_prefix(COMMENT))?.trim();
    (!url.starts_with("data:")).then_some(url)
}

/// The map under the module's name, its sources without the way that led to them.
fn written(mut map: Value, module: &str) -> String {
    map["file"] = module.into();
    if let Some(root) = map["sourceRoot"].as_str().filter(|root| !root.is_empty()) {
        map["sourceRoot"] = without_way(root).into();
    }
    let sources = map.get_mut("sources").and_then(Value::as_array_mut);
    for source in sources.into_iter().flatten() {
        if let Some(path) = source.as_str() {
            *source = without_way(path).into();
        }
    }
    map.to_string()
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
        assert_eq!(named(b"1\n//# sourceMappingURL=a.js.map\n\n"), Some("a.js.map"));
        assert_eq!(named(b"//# sourceMappingURL=a.js.map\n1\n"), None);
        assert_eq!(
            named(b"1\n//# sourceMappingURL=data:application/json;base64,e30=\n"),
            None
        );
    }

    #[test]
    fn sources_lose_their_way() {
        let map = json!({"version": 3, "sources": ["../../src/a.ts", "./b.ts"], "mappings": ""});
        assert_eq!(
            written(map, "index.js"),
            r#"{"version":3,"sources":["src/a.ts","b.ts"],"mappings":"","file":"index.js"}"#
        );
    }

    #[test]
    fn a_missing_map_matters_only_where_it_is_asked_for() {
        let module = Module {
            name: "index.js".to_owned(),
            content_type: "application/javascript+module".to_owned(),
            content: bytes::Bytes::from_static(b"//# sourceMappingURL=gone.map"),
        };
        let path = Path::new("/nowhere/index.js");
        assert_eq!(of(&module, path, false), Ok(None));
        assert!(of(&module, path, true).unwrap_err().contains("build it again"));
    }
}
