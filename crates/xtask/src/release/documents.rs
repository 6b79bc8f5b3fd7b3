//! The links of released documents. The tree is not the repository: an action's README lies there twice, once a folder
//! higher, and the sources are not there at all.

use std::collections::BTreeSet;
use std::path::Path;

use super::tree::ACTIONS;
use crate::tree::links::{links, resolve};

/// What documents may link to.
pub(super) struct Documents {
    /// The files of this repository that the tree has, and the folders that they are in.
    released: BTreeSet<String>,
    /// `owner/name`, and its commit that has the rest; `HEAD` where nothing is released.
    repository: String,
    commit: String,
}

impl Documents {
    /// `files` are paths in this repository.
    pub(super) fn new<'a>(files: impl IntoIterator<Item = &'a str>, repository: &str, commit: Option<&str>) -> Self {
        let above = |file: &'a str| Path::new(file).ancestors();
        let released = files.into_iter().flat_map(above);
        Self {
            released: released.map(|path| path.to_string_lossy().into_owned()).collect(),
            repository: repository.to_owned(),
            commit: commit.unwrap_or("HEAD").to_owned(),
        }
    }

    /// The text of `from`, a path in this repository, for its place in the tree. `is_folder` tells of a path in this
    /// repository.
    pub(super) fn render(&self, text: &str, from: &str, place: &str, is_folder: impl Fn(&str) -> bool) -> String {
        let mut rendered = text.to_owned();
        // Of what is in the tree twice, the one beside it is meant.
        let is_at_top = from.starts_with(ACTIONS) && !place.starts_with(ACTIONS);
        // From the end, so that places before stay what they are.
        for link in links(text).iter().rev().filter(|link| !link.leaves()) {
            let (file, heading) = link.file_and_heading();
            if file.is_empty() {
                continue;
            }
            // What leads out of the repository, `cargo xtask check-tree` refuses.
            let Some(to) = resolve(from, file) else { continue };
            let target = if self.released.contains(&to) {
                let beside = to.strip_prefix(ACTIONS).filter(|_| is_at_top);
                relative(place, beside.unwrap_or(&to))
            } else {
                let kind = if is_folder(&to) { "tree" } else { "blob" };
                format!("https://github.com/{}/{kind}/{}/{to}", self.repository, self.commit)
            };
            rendered.replace_range(link.range.clone(), &(target + heading));
        }
        rendered
    }
}

/// The way from the file `place` to `to`.
fn relative(place: &str, to: &str) -> String {
    let mut from: Vec<&str> = place.split('/').collect();
    from.pop();
    let to: Vec<&str> = to.split('/').collect();
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = from[shared..].iter().map(|_| "..");
    let way: Vec<&str> = up.chain(to[shared..].iter().copied()).collect();
    if way.is_empty() { ".".to_owned() } else { way.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, from: &str, place: &str) -> String {
        let files = [
            "README.md",
            "actions/a/README.md",
            "actions/b/README.md",
            ".github/docs/x.md",
        ];
        Documents::new(files, "codex/actions", Some("5f6e")).render(text, from, place, |path| path == "crates")
    }

    #[test]
    fn a_readme_links_right_from_both_of_its_places() {
        let text = "[t](../../README.md#one) [b](../b/README.md), [d](../../.github/docs/x.md), [b](../b) [h](#h)\n";
        assert_eq!(rendered(text, "actions/a/README.md", "actions/a/README.md"), text);
        assert_eq!(
            rendered(text, "actions/a/README.md", "a/README.md"),
            "[t](../README.md#one) [b](../b/README.md), [d](../.github/docs/x.md), [b](../b) [h](#h)\n"
        );
    }

    #[test]
    fn documents_that_are_there_once_stay_as_they_are() {
        let text = "[a](../../actions/a/README.md) [here](x.md#h)\n";
        assert_eq!(rendered(text, ".github/docs/x.md", ".github/docs/x.md"), text);
        let text = "[a](actions/a) [d](.github/docs/x.md) [w](https://x.y/z)\n";
        assert_eq!(rendered(text, "README.md", "README.md"), text);
    }

    #[test]
    fn what_is_not_released_is_linked_where_it_is() {
        assert_eq!(
            rendered(
                "[c](../../crates/c.rs#L1) [f](../../crates)\n`[c](../../crates)`\n",
                "actions/a/README.md",
                "a/README.md"
            ),
            "[c](https://github.com/codex/actions/blob/5f6e/crates/c.rs#L1) [f](https://github.com/codex/actions/tree/5f6e/crates)\n`[c](../../crates)`\n"
        );
    }
}
