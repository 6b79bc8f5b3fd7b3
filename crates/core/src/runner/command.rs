//! Workflow commands (`::name key=value::data`) and text that cannot be mistaken for one.
//!
//! Source: actions/runner `ActionCommandManager.cs` and actions/toolkit `command.ts`. The runner reads both output
//! streams of a step, so every untrusted line must pass [`harmless`].

use std::io::Write as _;

/// Escapes command data: `%`, CR and LF.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a command property: as data, and `:` and `,` too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The runner cuts an annotation at 4,096 characters; what is longer goes to the log and the summary only.
const LONGEST_ANNOTATION: usize = 4000;

/// Whether a GitHub runner (or act) reads our output: elsewhere, printing a mask would print the secret.
fn on_a_runner() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

fn write_line(line: &str) {
    // A closed stdout is not worth failing a deploy for.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

pub(crate) fn add_mask(value: &str) {
    if on_a_runner() {
        write_line(&format!("::add-mask::{}", data(value)));
    }
}

/// One `::error title=…::` annotation.
pub fn error(title: &str, message: &str) {
    annotate(Level::Error, title, None, message);
}

/// One `::warning title=…::` annotation. A step has ten: aggregate before calling.
pub fn warning(title: &str, message: &str) {
    annotate(Level::Warning, title, None, message);
}

/// One `::notice title=…::` annotation.
pub fn notice(title: &str, message: &str) {
    annotate(Level::Notice, title, None, message);
}

/// How an annotation looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Error,
    Warning,
    Notice,
}

/// What an annotation stands beside: a file from the workspace, line and column from 1.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a> {
    pub file: &'a str,
    pub line: usize,
    pub column: usize,
}

/// One annotation, at its place in the repository where it has one. A step has ten of each level.
pub fn annotate(level: Level, title: &str, spot: Option<Spot<'_>>, message: &str) {
    let message = harmless(&crate::secret::redact(message));
    let level = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    if on_a_runner() {
        let spot = spot.map(|Spot { file, line, column }| {
            let file = property(&crate::secret::redact(file));
            format!("file={file},line={line},col={column},")
        });
        write_line(&format!(
            "::{level} {}title={}::{}",
            spot.unwrap_or_default(),
            property(title),
            data(&crate::text::shorten(&message, LONGEST_ANNOTATION))
        ));
    } else {
        print(&format!("{level}: {message}"));
    }
}

/// Opens a foldable group in the log. Groups do not nest.
pub fn group(title: &str) {
    if on_a_runner() {
        write_line(&format!("::group::{}", data(&crate::secret::redact(title))));
    } else {
        print(title);
    }
}

/// Closes the open group.
pub fn end_group() {
    if on_a_runner() {
        write_line("::endgroup::");
    }
}

/// Prints text for a person: secrets redacted, nothing in it read as a command.
pub fn print(text: &str) {
    write_line(&harmless(&crate::secret::redact(text)));
}

/// `text` with control characters shown rather than obeyed, and no line that a runner would read as a command: it
/// obeys `::name::` at the start of a line, after any white space, and the older `##[name]` anywhere in it.
pub fn harmless(text: &str) -> String {
    let safe = |line: &str| {
        let line: String = line
            .chars()
            .map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c })
            .collect();
        let line = line.replace("##[", "# #[");
        if line.trim_start().starts_with("::") {
            format!("| {line}")
        } else {
            line
        }
    };
    text.lines().map(safe).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_untrusted_is_read_as_a_command() {
        assert_eq!(harmless("  ::add-mask::a"), "|   ::add-mask::a");
        assert_eq!(harmless("x ##[error]y"), "x # #[error]y");
        assert_eq!(harmless("\u{1b}[31mred\u{7}"), "\u{fffd}[31mred\u{fffd}");
        assert_eq!(harmless("a\r\n::error::b"), "a\n| ::error::b");
        assert_eq!(harmless("a\r::error::b"), "a\u{fffd}::error::b");
    }

    #[test]
    fn escapes_are_the_toolkits() {
        assert_eq!(data("100%\r\n"), "100%25%0D%0A");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
