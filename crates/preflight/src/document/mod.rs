//! A file of the repository with the place of everything in it: JSON with comments, TOML, YAML.

mod jsonc;
mod toml;
mod yaml;

use std::path::Path;

use indexmap::IndexMap;
use serde_json::Value;

use crate::finding::Place;

/// Line and column, from 1.
type At = (usize, usize);

/// A file's content.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// With `/`, from the workspace.
    pub(crate) file: String,
    pub(crate) root: Node,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where its key stands, or the value itself where it has none.
    at: At,
    pub(crate) data: Data,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// Whatever is neither a list nor a table.
    Plain(Value),
    List(Vec<Node>),
    Table(IndexMap<String, Node>),
}

/// Why a file could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) place: Place,
    /// In one sentence.
    pub(crate) problem: String,
}

impl Document {
    /// Reads `file`, which is named from `workspace`; its ending says the format. `None` where there is none.
    pub(crate) fn read(workspace: &Path, file: &str) -> Result<Option<Self>, Unreadable> {
        let unreadable = |at: At, problem: String| Unreadable {
            place: Place {
                file: file.to_owned(),
                line: at.0,
                column: at.1,
            },
            problem,
        };
        match std::fs::read_to_string(workspace.join(file)) {
            Ok(text) => Self::parse(file, &text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable((1, 1), format!("it cannot be read: {error}"))),
        }
    }

    /// Parses a file's text.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Unreadable> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = match Path::new(file).extension().and_then(|ending| ending.to_str()) {
            Some("toml") => toml::parse(text),
            Some("yml" | "yaml") => yaml::parse(text),
            _ => jsonc::parse(text),
        };
        match root {
            Ok(root) => Ok(Self {
                file: file.to_owned(),
                root,
            }),
            Err((at, problem)) => Err(Unreadable {
                place: Place {
                    file: file.to_owned(),
                    line: at.0,
                    column: at.1,
                },
                problem,
            }),
        }
    }

    /// Where `path` stands: keys, or numbers of a list's items. As deep as it exists.
    pub(crate) fn place(&self, path: &[&str]) -> Place {
        let mut node = &self.root;
        for key in path {
            match node.get(key) {
                Some(inner) => node = inner,
                None => break,
            }
        }
        self.place_of(node)
    }

    /// Where a node of this document stands.
    pub(crate) fn place_of(&self, node: &Node) -> Place {
        Place {
            file: self.file.clone(),
            line: node.at.0,
            column: node.at.1,
        }
    }

    /// The node at `path`.
    pub(crate) fn get(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(&self.root, |node, key| node.get(key))
    }
}

impl Node {
    /// The value under a key, or the item of a list by its number.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.data {
            Data::Table(table) => table.get(key),
            Data::List(items) => items.get(key.parse::<usize>().ok()?),
            Data::Plain(_) => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Plain(value) => value.as_str(),
            _ => None,
        }
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        match &self.data {
            Data::Plain(value) => value.as_bool(),
            _ => None,
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Self> {
        match &self.data {
            Data::List(items) => items.iter(),
            _ => [].iter(),
        }
    }

    /// The entries of a table; none of anything else.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let table = match &self.data {
            Data::Table(table) => Some(table),
            _ => None,
        };
        table.into_iter().flatten().map(|(key, node)| (key.as_str(), node))
    }

    /// The value without places.
    pub(crate) fn value(&self) -> Value {
        match &self.data {
            Data::Plain(value) => value.clone(),
            Data::List(items) => items.iter().map(Self::value).collect(),
            Data::Table(table) => {
                let fields = table.iter().map(|(key, node)| (key.clone(), node.value()));
                Value::Object(fields.collect())
            }
        }
    }
}

/// Lines and columns by byte offsets.
struct Lines<'a> {
    text: &'a str,
    /// Where each line begins.
    begins: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let begins = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            text,
            begins: begins.collect(),
        }
    }

    /// Columns count characters.
    fn at(&self, offset: usize) -> At {
        let line = self.begins.partition_point(|begin| *begin <= offset);
        let begin = self.begins[line - 1];
        let before = self.text.get(begin..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &str, text: &str, path: &[&str]) -> (usize, usize) {
        let place = Document::parse(file, text).unwrap().place(path);
        (place.line, place.column)
    }

    #[test]
    fn everything_has_its_place_in_every_format() {
        let jsonc = "// ä\n{\n  \"name\": \"api\", // x\n  \"env\": { \"staging\": { \"routes\": [\"a\", { \"pattern\": \"b\" }] } },\n}";
        let toml =
            "name = \"api\"\n[env.staging]\nroutes = [\"a\", { pattern = \"b\" }]\n[[kv]]\nid = 1\n[[kv]]\nid = 2\n";
        let yaml = "on:\n  push:\n    paths: [a, \"b\"]\njobs:\n  x: &a\n    steps:\n      - run: |\n          é\n      - uses: y@v1\n  z: *a\n";
        for (file, text, path, place) in [
            ("w.jsonc", jsonc, &["name"][..], (3, 3)),
            ("w.jsonc", jsonc, &["env", "staging", "routes", "1", "pattern"], (4, 43)),
            ("w.jsonc", jsonc, &["env", "production"], (4, 3)),
            ("w.toml", toml, &["name"], (1, 1)),
            ("w.toml", toml, &["env", "staging", "routes", "1"], (3, 16)),
            ("w.toml", toml, &["kv", "1", "id"], (7, 1)),
            ("w.yml", yaml, &["on", "push", "paths"], (3, 5)),
            ("w.yml", yaml, &["on", "push", "paths", "1"], (3, 16)),
            ("w.yml", yaml, &["jobs", "x", "steps", "1", "uses"], (9, 9)),
        ] {
            assert_eq!(at(file, text, path), place, "{file} {path:?}");
        }
        let yaml = Document::parse("w.yml", yaml).unwrap();
        assert_eq!(
            yaml.get(&["jobs", "z", "steps", "0", "run"]).unwrap().text(),
            Some("é\n")
        );
        assert_eq!(
            yaml.root.value()["on"],
            serde_json::json!({"push": {"paths": ["a", "b"]}})
        );
    }

    #[test]
    fn what_cannot_be_parsed_has_its_place_too() {
        for (file, text, at) in [
            ("w.jsonc", "{\n  \"a\": 1\n  \"b\": 2\n}", 2..4),
            ("w.toml", "a = 1\nb = = 2\n", 2..3),
            ("w.yml", "a: 1\nb: [1\nc: 2\n", 2..5),
            ("w.json", "[1", 1..2),
        ] {
            let error = Document::parse(file, text).unwrap_err();
            assert!(at.contains(&error.place.line), "{file}: {error:?}");
            assert!(!error.problem.is_empty());
        }
    }
}
