//! `GITHUB_OUTPUT` and `GITHUB_STEP_SUMMARY`: files that the runner reads when the step ends.
//!
//! Source: actions/runner `FileCommandManager.cs`. Values travel as heredocs with a random delimiter, so that no
//! value can end early and set another output.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};

/// The runner drops a summary above 1 MiB whole; we cut before it does.
const LARGEST_SUMMARY: usize = 1_000_000;

/// The lines that set output `name` to `value`.
///
/// # Errors
/// A name outside `[A-Za-z_][A-Za-z0-9_-]*`, or a value that holds the (random) delimiter.
fn heredoc(name: &str, value: &str, delimiter: &str) -> anyhow::Result<String> {
    let valid =
        |(at, c): (usize, char)| c.is_ascii_alphabetic() || c == '_' || (at > 0 && (c.is_ascii_digit() || c == '-'));
    if name.is_empty() || !name.chars().enumerate().all(valid) {
        bail!("`{name}` cannot be the name of an output");
    }
    if value.contains(delimiter) {
        bail!("the value of output `{name}` contains its delimiter");
    }
    Ok(format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"))
}

fn append(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("could not open `{}`", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("could not write `{}`", path.display()))
}

/// Appends one output to the file that `GITHUB_OUTPUT` names.
pub(super) fn output(path: &Path, name: &str, value: &str) -> anyhow::Result<()> {
    let delimiter = format!("ghadelimiter_{}", uuid::Uuid::new_v4());
    append(path, &heredoc(name, value, &delimiter)?)
}

/// Appends Markdown to the step's summary, secrets redacted, cut on a line when it is too long.
pub(super) fn summary(path: &Path, markdown: &str) -> anyhow::Result<()> {
    let markdown = crate::secret::redact(markdown);
    let markdown = match markdown.get(..LARGEST_SUMMARY) {
        None if markdown.len() <= LARGEST_SUMMARY => markdown,
        head => {
            let head = head.map_or_else(|| markdown.chars().take(LARGEST_SUMMARY / 4).collect(), str::to_owned);
            let end = head.rfind('\n').unwrap_or(head.len());
            format!("{}\n\n… cut: the summary is longer than a step may write", &head[..end])
        }
    };
    append(path, &format!("{}\n", markdown.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_set_another_output() {
        let text = heredoc("report", "x\nchanged=true", "ghadelimiter_1").unwrap();
        assert_eq!(text, "report<<ghadelimiter_1\nx\nchanged=true\nghadelimiter_1\n");
        assert!(heredoc("report", "a\nghadelimiter_1\nb", "ghadelimiter_1").is_err());
        assert!(heredoc("a=b", "x", "d").is_err());
        assert!(heredoc("9a", "x", "d").is_err());
    }

    #[test]
    fn a_long_summary_is_cut_on_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary");
        summary(&path, &"ä line of a table\n".repeat(80_000)).unwrap();
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written.len() < 1_048_576);
        assert!(written.contains("… cut: "));
    }
}
