//! The texts of a repository's sources, without comments: what is commented out is not read by anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::code::Text;
use crate::write::outside;

/// Larger files are made by tools.
const LARGEST: u64 = 400_000;

const SOURCES: [&str; 10] = ["astro", "cjs", "js", "jsx", "mjs", "mts", "svelte", "ts", "tsx", "vue"];

/// Folders of a package that do not run in its Worker.
const NOT_RUN: [&str; 12] = [
    "__mocks__",
    "__tests__",
    "build",
    "dist",
    "e2e",
    "fixtures",
    "migrations",
    "mocks",
    "playwright",
    "scripts",
    "test",
    "tests",
];

/// The sources by the folder of the Worker or package that they belong to, and the examples of environment files.
#[derive(Debug, Default)]
pub(super) struct Texts {
    sources: BTreeMap<String, Vec<Text>>,
    examples: BTreeMap<String, Vec<(String, String)>>,
}

impl Texts {
    /// Reads those of the folders that are wanted; `homes` are all folders that files can belong to.
    pub(super) fn read(
        root: &Path,
        files: &BTreeSet<String>,
        homes: &BTreeSet<String>,
        wanted: &BTreeSet<String>,
    ) -> Self {
        let mut texts = Self::default();
        for file in files {
            let Some((home, below)) = home_of(file, homes).filter(|(home, _)| wanted.contains(home)) else {
                continue;
            };
            if is_example(file) {
                if let Ok(text) = std::fs::read_to_string(root.join(file)) {
                    let text = outside(&text);
                    texts.examples.entry(home).or_default().push((file.clone(), text));
                }
            } else if is_source(below)
                && let Some(text) = small(&root.join(file))
            {
                let (code, literals) = stripped(&text);
                let text = Text::of(file, &code, &literals);
                texts.sources.entry(home).or_default().push(text);
            }
        }
        texts
    }

    /// What belongs to one folder and to none below it.
    pub(super) fn of(&self, home: &str) -> &[Text] {
        self.sources.get(home).map_or(&[], Vec::as_slice)
    }

    /// The examples of environment files in one folder: file and text.
    pub(super) fn examples(&self, home: &str) -> &[(String, String)] {
        self.examples.get(home).map_or(&[], Vec::as_slice)
    }
}

/// A source's text, unless a tool made it.
pub(super) fn small(path: &Path) -> Option<String> {
    let is_small = std::fs::metadata(path).is_ok_and(|meta| meta.len() <= LARGEST);
    is_small.then(|| std::fs::read_to_string(path).ok()).flatten()
}

/// The nearest of the folders above a file, and the file's path from there.
pub(super) fn home_of<'a>(file: &'a str, homes: &BTreeSet<String>) -> Option<(String, &'a str)> {
    let mut at = file.rfind('/');
    while let Some(end) = at {
        if homes.contains(&file[..end]) {
            return Some((file[..end].to_owned(), &file[end + 1..]));
        }
        at = file[..end].rfind('/');
    }
    homes.contains(".").then(|| (".".to_owned(), file))
}

fn is_example(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let begins = name.starts_with(".dev.vars") || name.starts_with(".env");
    begins
        && ["example", "sample", "template", "dist"]
            .iter()
            .any(|end| name.ends_with(end))
}

pub(super) fn is_source(below: &str) -> bool {
    let mut parts: Vec<&str> = below.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let ending = name.rsplit('.').next().unwrap_or_default();
    let about = [".test.", ".spec.", ".config.", ".stories.", ".e2e."];
    SOURCES.contains(&ending)
        && !about.iter().any(|part| name.contains(part))
        && !parts.iter().any(|part| NOT_RUN.contains(part))
}

/// The code without comments, and the texts that it has in quotes. A regular expression is read as code, so that a quote
/// in one ends at its line's end.
pub(super) fn stripped(text: &str) -> (String, Vec<String>) {
    let (mut code, mut literals) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") || rest.starts_with("<!--") {
            let (mark, end) = if next == '/' { (2, "*/") } else { (4, "-->") };
            code.push(' ');
            rest[mark..].find(end).map_or(rest.len(), |at| at + mark + end.len())
        } else if matches!(next, '"' | '\'' | '`') {
            let end = end_of_literal(rest, next);
            let (from, to) = (1, end.max(2) - 1);
            if rest[..end].ends_with(next) && end > 1 {
                literals.push(rest[from..to].to_owned());
            }
            code.push_str(&rest[..end]);
            end
        } else {
            code.push(next);
            next.len_utf8()
        };
        rest = &rest[taken..];
    }
    (code, literals)
}

/// Behind the closing quote; a text in `"` or `'` ends with its line at the latest.
fn end_of_literal(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + c.len_utf8();
        } else if c == '\n' && quote != '`' {
            return at;
        }
    }
    text.len()
}

/// The first file beside the packages' own that says that the database is Neon's.
pub(super) fn naming_neon(root: &Path, files: &BTreeSet<String>) -> Option<String> {
    let tells = |file: &&String| {
        let workflow = file.starts_with(".github/workflows/");
        (is_example(file) || workflow) && read(root, file).is_some_and(|text| names_neon(&text))
    };
    files.iter().find(tells).cloned()
}

/// Comments name it to those who have it, and what `preflight write` has written says what a manifest says.
fn names_neon(text: &str) -> bool {
    let text = outside(text);
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.any(|line| line.contains("NEON_") || line.contains(".neon.tech"))
}

/// The first configuration of an ORM that says that the database is Postgres.
pub(super) fn naming_postgres(root: &Path, files: &BTreeSet<String>) -> Option<String> {
    let tells = |file: &&String| {
        let name = file.rsplit('/').next().unwrap_or_default();
        let is_orms = name.starts_with("drizzle.config.") || name == "schema.prisma";
        is_orms && read(root, file).is_some_and(|text| text.contains("postgresql"))
    };
    files.iter().find(tells).cloned()
}

fn read(root: &Path, file: &str) -> Option<String> {
    std::fs::read_to_string(root.join(file)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_code_and_addresses_no_comments() {
        let text = "const a = env.A; // env.B\n/* env.C\n */ fetch('https://x/health');\nconst t = `a // ${env.D}`;\n";
        let (code, literals) = stripped(text);
        assert_eq!(
            code,
            "const a = env.A; \n  fetch('https://x/health');\nconst t = `a // ${env.D}`;\n"
        );
        assert_eq!(literals, ["https://x/health", "a // ${env.D}"]);
        // A quote in a regular expression takes no more than its line.
        assert_eq!(stripped("/['x]/\nenv.E 'y'").1, ["y"]);
    }

    #[test]
    fn neon_is_named_by_what_people_have_written() {
        let ours = "# written by `preflight write`; what stands outside of these two lines is yours\nNEON_API_KEY=\n# end of what `preflight write` writes\n";
        for (text, names) in [
            ("NEON_API_KEY=\n", true),
            ("DATABASE_URL=postgres://u@ep-1.eu-central-1.aws.neon.tech/db\n", true),
            ("# NEON_API_KEY=\n", false),
            (ours, false),
            (&format!("NEON_PROJECT_ID=\n{ours}"), true),
        ] {
            assert_eq!(names_neon(text), names, "{text}");
        }
    }

    #[test]
    fn a_file_belongs_to_the_nearest_folder() {
        let homes: BTreeSet<String> = [".", "apps/web"].map(str::to_owned).into();
        assert_eq!(
            home_of("apps/web/src/a.ts", &homes),
            Some(("apps/web".to_owned(), "src/a.ts"))
        );
        assert_eq!(
            home_of("apps/api/a.ts", &homes),
            Some((".".to_owned(), "apps/api/a.ts"))
        );
        for (below, is) in [
            ("src/index.ts", true),
            ("worker-configuration.d.ts", true),
            ("src/index.test.ts", false),
            ("test/a.ts", false),
            ("vite.config.ts", false),
            ("README.md", false),
        ] {
            assert_eq!(is_source(below), is, "{below}");
        }
    }
}
