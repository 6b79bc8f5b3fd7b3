//! What is written about the actions and can be made from them, so that it cannot differ from them.
//!
//! Each document, or part of one, is a pure text here; its test compares it with the file, and writes it where
//! `UPDATE_DOCS` is set, as `cargo xtask docs` does.

#[cfg(test)]
mod failures;
pub mod grants;
pub mod hosts;
pub mod manifest;
pub mod readme;

pub use actions_core::grants::ACTIONS;

/// A file of this repository.
#[cfg(test)]
fn read(path: &str) -> String {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// The text with what stands between the markers of a part replaced; `None` without the markers.
pub fn with_part(text: &str, part: &str, content: &str) -> Option<String> {
    let open = format!("<!-- {part}: written by `cargo xtask docs` -->\n");
    let close = format!("<!-- end of {part} -->");
    let (before, rest) = text.split_once(&open)?;
    let (_, after) = rest.split_once(&close)?;
    Some(format!("{before}{open}{content}{close}{after}"))
}

/// A link to an action's README, from a document in `.github/docs`.
fn link(action: &str) -> String {
    format!("[`{action}`](../../actions/{action}/README.md)")
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests;
