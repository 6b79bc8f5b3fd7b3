//! Links between the Markdown files of the tree: the file is there, and so is the heading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::Problem;

/// An inline link.
pub(crate) struct Link<'a> {
    /// Where it leads, as it is written.
    pub(crate) target: &'a str,
    /// Where in the text the target stands, in bytes.
    pub(crate) range: Range<usize>,
    line: usize,
}

impl Link<'_> {
    /// Whether it leads to another site, or to a page of GitHub beside the tree.
    pub(crate) fn leaves(&self) -> bool {
        self.target.contains("://") || self.target.starts_with("mailto:") || self.target.starts_with('<')
    }

    /// The file, empty where it is the link's own, and the heading, with its `#`.
    pub(crate) fn file_and_heading(&self) -> (&str, &str) {
        self.target.split_at(self.target.find('#').unwrap_or(self.target.len()))
    }
}

/// Checks the links of all files, each with its path and text; `is_there` tells whether a path of the tree exists.
pub(crate) fn check(files: &[(String, String)], is_there: impl Fn(&str) -> bool) -> Vec<Problem> {
    let anchors: BTreeMap<&str, Vec<String>> = files
        .iter()
        .map(|(path, text)| (path.as_str(), anchors(text)))
        .collect();
    let mut problems = Vec::new();
    for (path, text) in files {
        for link in links(text).iter().filter(|link| !link.leaves()) {
            let (line, target) = (link.line, link.target);
            let (file, heading) = link.file_and_heading();
            let anchor = heading.trim_start_matches('#');
            let Some(to) = resolve(path, file) else {
                problems.push(Problem::new(path, line, format!("`{target}` leads out of the tree")));
                continue;
            };
            if !is_there(&to) {
                problems.push(Problem::new(path, line, format!("there is no `{target}`")));
            } else if let (false, Some(known)) = (anchor.is_empty(), anchors.get(to.as_str()))
                && !known.iter().any(|known| known == anchor)
            {
                problems.push(Problem::new(path, line, format!("`{to}` has no heading `#{anchor}`")));
            }
        }
    }
    problems
}

/// The path of a link's target from the top of the tree; `None` when it lies outside.
pub(crate) fn resolve(from: &str, target: &str) -> Option<String> {
    if target.is_empty() {
        return Some(from.to_owned());
    }
    let start = match target.strip_prefix('/') {
        Some(_) => PathBuf::new(),
        None => Path::new(from).parent()?.to_path_buf(),
    };
    let mut path = PathBuf::new();
    for part in start.join(target.trim_start_matches('/')).components() {
        match part {
            Component::ParentDir => path.pop().then_some(())?,
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    Some(path.to_string_lossy().into_owned())
}

/// The inline links outside of code.
pub(crate) fn links(text: &str) -> Vec<Link<'_>> {
    let mut found = Vec::new();
    for Line { number, start, text } in prose(text) {
        let (mut rest, mut quoted) = (text, false);
        while let Some(at) = rest.find(['`', ']']) {
            let tail = &rest[at..];
            if tail.starts_with('`') {
                quoted = !quoted;
            } else if let (false, Some(target)) = (quoted, tail.strip_prefix("](")) {
                let start = start + text.len() - target.len();
                found.extend(target.split([')', ' ']).next().map(|target| Link {
                    target,
                    range: start..start + target.len(),
                    line: number,
                }));
            }
            rest = &tail[1..];
        }
    }
    found
}

/// What GitHub makes of the headings, so that links lead to them.
fn anchors(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for Line { text: line, .. } in prose(text) {
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with(' ') {
            let slug = slug(heading);
            let again = all.iter().filter(|known| **known == slug).count();
            let numbered = format!("{slug}-{again}");
            all.push(if again == 0 { slug } else { numbered });
        }
        for part in line.split("<a id=\"").skip(1) {
            all.extend(part.split('"').next().map(str::to_owned));
        }
    }
    all
}

fn slug(heading: &str) -> String {
    // Of a link, its text.
    let mut text = String::new();
    let mut rest = heading.trim();
    while let Some((before, link)) = rest.split_once("](") {
        text += before;
        rest = link.split_once(')').map_or("", |(_, after)| after);
    }
    text += rest;
    let kept = text
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .collect::<String>();
    kept.to_lowercase().replace(' ', "-")
}

struct Line<'a> {
    /// From 1.
    number: usize,
    /// Where in the whole text it starts, in bytes.
    start: usize,
    /// Without its end.
    text: &'a str,
}

/// The lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = Line<'_>> {
    let (mut fence, mut end): (Option<&str>, usize) = (None, 0);
    text.split_inclusive('\n').enumerate().filter_map(move |(index, line)| {
        let start = end;
        end += line.len();
        let mark = line.trim_start();
        match fence {
            Some(open) if mark.starts_with(open) => fence = None,
            Some(_) => {}
            None if mark.starts_with("```") => fence = Some("```"),
            None if mark.starts_with("~~~") => fence = Some("~~~"),
            None => {
                return Some(Line {
                    number: index + 1,
                    start,
                    text: line.trim_end_matches(['\r', '\n']),
                });
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let files = [
            ("docs/a.md".to_owned(), text.to_owned()),
            (
                "b.md".to_owned(),
                "# The `b`'s way, told\n## One\n## One\n<a id=\"x\">\n".to_owned(),
            ),
        ];
        let there = |path: &str| matches!(path, "docs/a.md" | "b.md" | "crates");
        check(&files, there).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_leads_nowhere_is_told_with_its_line() {
        assert_eq!(
            told("[b](../b.md) [c](../crates) [w](https://x.y/z) [me](#top)\n# Top\n"),
            [""; 0]
        );
        assert_eq!(
            told("[b](../b.md#the-bs-way-told) [o](../b.md#one-1) [x](../b.md#x)\n"),
            [""; 0]
        );
        assert_eq!(
            told("# t\n[b](b.md)\n[n](../b.md#none) [u](../../up.md)\n"),
            [
                "docs/a.md:2: there is no `b.md`",
                "docs/a.md:3: `b.md` has no heading `#none`",
                "docs/a.md:3: `../../up.md` leads out of the tree",
            ]
        );
    }

    #[test]
    fn code_holds_no_links_and_no_headings() {
        assert_eq!(told("`[b](b.md)`\n```sh\n[b](b.md)\n# no heading\n```\n"), [""; 0]);
        assert_eq!(told("```\n# here\n```\n[x](#here)\n").len(), 1);
    }

    #[test]
    fn a_heading_that_is_a_link_is_found_by_its_text() {
        assert_eq!(slug(" [`neon-branch`](../x.md) and more"), "neon-branch-and-more");
    }
}
