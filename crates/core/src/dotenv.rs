//! Secrets as a text of `NAME=value` lines, as people keep them in a `.env` file.
//!
//! Read as Node's `dotenv` reads it, which `wrangler secret bulk` uses: `export` in front, comments, single, double and
//! back quotes, values of several lines inside quotes, `\n` and `\r` in double quotes. Nothing is expanded: `$HOME` is
//! a text of five characters. What the readers of such files understand differently is refused, since a secret that is
//! cut off in silence fails weeks later. A problem names a line and never what stands in it.

/// One `NAME=value`.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub value: String,
    /// The value as it stands in the text, where escapes make that another one: both are to be hidden.
    pub written: String,
    /// Counted from 1.
    pub line: usize,
}

/// What is wrong in a line, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub wrong: Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("is neither `NAME=value` nor a comment; a value of several lines stands in quotes")]
    NoAssignment,
    #[error("begins a value with a quotation mark that nothing closes")]
    Open,
    #[error(
        "goes on behind the closing quotation mark; put the value into a kind of quotation marks that is not in it"
    )]
    Behind,
    #[error(
        "has a `#` inside a value without quotation marks, where some readers cut it; put the value into single quotes"
    )]
    Hash,
    #[error(
        "has a backslash in double quotes that is neither `\\n` nor `\\r`, which readers understand differently; put the value into single quotes"
    )]
    Escape,
}

/// Reads the lines.
///
/// # Errors
/// Everything that is wrong.
pub fn parse(text: &str) -> Result<Vec<Entry>, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    let (mut rest, mut line) = (text.as_str(), 1);
    while !rest.is_empty() {
        let (taken, read) = first(rest);
        match read {
            Ok(None) => {}
            Ok(Some((name, value, written))) => entries.push(Entry {
                name: name.to_owned(),
                value,
                written: written.to_owned(),
                line,
            }),
            Err(wrong) => problems.push(Problem { line, wrong }),
        }
        line += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    if problems.is_empty() {
        Ok(entries)
    } else {
        Err(problems)
    }
}

/// Name, value, and the value as it is written.
type Assignment<'t> = (&'t str, String, &'t str);

/// What the first line says, and the bytes that it takes with the lines that belong to its value.
fn first(text: &str) -> (usize, Result<Option<Assignment<'_>>, Wrong>) {
    let end = text.find('\n').unwrap_or(text.len());
    let taken = (end + 1).min(text.len());
    let line = &text[..end];
    if line.trim().is_empty() || line.trim_start().starts_with('#') {
        return (taken, Ok(None));
    }
    let Some((name, at)) = name(line) else {
        return (taken, Err(Wrong::NoAssignment));
    };
    let value = line[at..].trim_start();
    let at = end - value.len();
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else {
        let bare = bare(&line[..at], value);
        return (taken, bare.map(|value| Some((name, value.to_owned(), value))));
    };
    let inside = &text[at + 1..];
    let Some(length) = closing(inside, quote) else {
        return (text.len(), Err(Wrong::Open));
    };
    let written = &inside[..length];
    let behind = &inside[length + 1..];
    let last = behind.find('\n').unwrap_or(behind.len());
    let taken = (text.len() - behind.len() + last + 1).min(text.len());
    let tail = behind[..last].trim();
    if !tail.is_empty() && !tail.starts_with('#') {
        return (taken, Err(Wrong::Behind));
    }
    let value = if quote == '"' {
        unescaped(written)
    } else {
        Ok(written.to_owned())
    };
    (taken, value.map(|value| Some((name, value, written))))
}

/// The name before the `=`, and where its value begins.
fn name(line: &str) -> Option<(&str, usize)> {
    let (before, _) = line.split_once('=')?;
    let name = before.trim();
    let name = match name.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => name,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '$');
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, before.len() + 1))
}

/// A value without quotation marks; a comment stands behind a blank.
fn bare<'t>(before: &str, value: &'t str) -> Result<&'t str, Wrong> {
    let Some(hash) = value.find('#') else {
        return Ok(value.trim_end());
    };
    let blank = value[..hash].chars().next_back().or(before.chars().next_back());
    if blank.is_some_and(char::is_whitespace) {
        Ok(value[..hash].trim_end())
    } else {
        Err(Wrong::Hash)
    }
}

/// Where the closing quotation mark stands. In double quotes a backslash takes the next character with it.
fn closing(inside: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}

fn unescaped(written: &str) -> Result<String, Wrong> {
    let mut value = String::with_capacity(written.len());
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                _ => return Err(Wrong::Escape),
            },
            c => value.push(c),
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let entries = parse(text).unwrap();
        entries.into_iter().map(|entry| (entry.name, entry.value)).collect()
    }

    #[test]
    fn lines_are_read_as_people_write_them() {
        for (line, name, value) in [
            ("A=b", "A", "b"),
            ("  export A = b c  ", "A", "b c"),
            ("export\tA=b", "A", "b"),
            ("exported=b", "exported", "b"),
            ("A=", "A", ""),
            ("A= # nothing", "A", ""),
            ("A=b # comment", "A", "b"),
            ("A=b=c==", "A", "b=c=="),
            ("A='b # c' # comment", "A", "b # c"),
            ("A=\"b#c\"#comment", "A", "b#c"),
            ("A=`b \"c\" 'd'`", "A", "b \"c\" 'd'"),
            ("A=''", "A", ""),
            // Nothing is expanded, and outside of double quotes nothing is escaped.
            ("A=$HOME/${USER}\\n", "A", "$HOME/${USER}\\n"),
            ("A=\"$HOME\"", "A", "$HOME"),
            ("A='b\\n'", "A", "b\\n"),
            ("A=\"b\\nc\\r\"", "A", "b\nc\r"),
            ("A=it's", "A", "it's"),
            ("A=postgresql://u:p@h/d?a=b&c=d", "A", "postgresql://u:p@h/d?a=b&c=d"),
            ("A='{\"b\": \"c\"}'", "A", "{\"b\": \"c\"}"),
            ("a.b-c=d", "a.b-c", "d"),
            ("A=ключ", "A", "ключ"),
        ] {
            assert_eq!(pairs(line), [(name.to_owned(), value.to_owned())], "{line}");
        }
    }

    #[test]
    fn several_lines_stand_in_quotes_whatever_ends_them() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIE=\n-----END PRIVATE KEY-----\n";
        let text = format!("\u{feff}# keys\n\nA=1\nKEY=\"{key}\" # pem\nB='2\n3'\nC=4");
        let expected = [("A", "1"), ("KEY", key), ("B", "2\n3"), ("C", "4")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        for text in [text.clone(), text.replace('\n', "\r\n"), text.replace('\n', "\r")] {
            assert_eq!(pairs(&text), expected);
        }
        let lines: Vec<usize> = parse(&text).unwrap().iter().map(|entry| entry.line).collect();
        assert_eq!(lines, [3, 4, 8, 10]);
        assert_eq!(pairs(""), []);
    }

    #[test]
    fn the_value_is_kept_as_it_is_written_too() {
        let entries = parse("A=\"b\\nc\"").unwrap();
        assert_eq!(
            (entries[0].value.as_str(), entries[0].written.as_str()),
            ("b\nc", "b\\nc")
        );
    }

    #[test]
    fn what_readers_understand_differently_is_refused_with_its_line() {
        for (line, wrong) in [
            ("just words", Wrong::NoAssignment),
            ("=b", Wrong::NoAssignment),
            ("A B=c", Wrong::NoAssignment),
            ("A: b", Wrong::NoAssignment),
            ("A=b#c", Wrong::Hash),
            ("A=#b", Wrong::Hash),
            ("A='it's'", Wrong::Behind),
            ("A=\"b\" c", Wrong::Behind),
            ("A=\"b\\\"c\"", Wrong::Escape),
            ("A=\"b\\\\c\"", Wrong::Escape),
            ("A=\"C:\\temp\"", Wrong::Escape),
            ("A=\"b\n", Wrong::Open),
            ("A='b", Wrong::Open),
        ] {
            assert_eq!(
                parse(&format!("X=1\n{line}")).unwrap_err(),
                [Problem { line: 2, wrong }],
                "{line}"
            );
        }
        // All at once, and what follows is read on.
        let all = parse("one\nA=b#c\nKEY=-----BEGIN-----\nMIIE\nB=2\n\nC='d\ne' f\n!").unwrap_err();
        let lines: Vec<usize> = all.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 2, 4, 7, 9]);
    }
}
