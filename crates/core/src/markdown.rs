//! Markdown that untrusted text cannot leave: names and errors come from vendors and from pull requests.

/// A zero-width space: breaks `@name` and `#12` apart for GitHub, not for the reader.
const BREAK: char = '\u{200b}';

/// `text` as a code span; its own backticks do not end it. In a table cell, see [`cell`].
pub fn code(text: &str) -> String {
    let text = one_line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    if text.is_empty() {
        String::new()
    } else {
        format!("{fence}{pad}{text}{pad}{fence}")
    }
}

/// `text` as a paragraph's text: code spans in it stay, all else that Markdown, HTML or GitHub would read is escaped.
pub fn inline(text: &str) -> String {
    let text = one_line(text);
    let parts: Vec<&str> = text.split('`').collect();
    // An even number of parts means an odd backtick: then none of them is a code span.
    if parts.len().is_multiple_of(2) || text.contains("``") {
        return parts.iter().map(|part| escape(part)).collect::<Vec<_>>().join("\\`");
    }
    let spans = parts.iter().enumerate().map(
        |(at, part)| {
            if at % 2 == 1 { format!("`{part}`") } else { escape(part) }
        },
    );
    spans.collect()
}

/// What stands in a table cell: pipes of any origin escaped, which tables also read inside code spans.
pub fn cell(markdown: &str) -> String {
    let mut safe = String::with_capacity(markdown.len());
    let mut escaped = false;
    for c in markdown.chars() {
        if c == '|' && !escaped {
            safe.push('\\');
        }
        escaped = c == '\\' && !escaped;
        safe.push(c);
    }
    safe
}

/// A link, when `url` is one that a browser may follow; else its text.
pub fn link(text: &str, url: &str) -> String {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '(' | ')' | '<' | '>' | '"' | '|' | '\\' | '`');
    if web && url.chars().all(plain) {
        format!("[{text}]({url})")
    } else {
        text.to_owned()
    }
}

/// `markdown` as a block quote.
pub fn quoted(markdown: &str) -> String {
    let lines = markdown.lines().map(|line| {
        if line.is_empty() {
            ">".to_owned()
        } else {
            format!("> {line}")
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '*' | '_' | '[' | ']' | '~' | '|' => {
                safe.push('\\');
                safe.push(c);
            }
            '@' | '#' if chars.peek().is_some_and(char::is_ascii_alphanumeric) => {
                safe.push(c);
                safe.push(BREAK);
            }
            _ => safe.push(c),
        }
    }
    safe
}

/// At most `most` characters of `markdown`, cut between lines, with open fences and folds closed, then `note`.
pub fn fit(markdown: &str, most: usize, note: &str) -> String {
    if markdown.chars().count() <= most {
        return markdown.to_owned();
    }
    let mut open = Open::default();
    let mut kept = String::new();
    let mut length = note.chars().count() + 2;
    for line in markdown.lines() {
        let after = open.after(line);
        // What closes the line's state must still fit behind it.
        let line_length = line.chars().count() + 1;
        if length + line_length + after.closing().chars().count() > most {
            break;
        }
        length += line_length;
        kept.push_str(line);
        kept.push('\n');
        open = after;
    }
    format!("{}\n{}\n{note}", kept.trim_end(), open.closing())
}

/// What is open at the end of a line.
#[derive(Debug, Clone, Default)]
struct Open {
    /// The fence's character and length, while inside one.
    fence: Option<(char, usize)>,
    details: usize,
}

impl Open {
    fn after(&self, line: &str) -> Self {
        let mut next = self.clone();
        let text = line.trim_start_matches(' ');
        let indented = line.len() - text.len() > 3;
        let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'));
        let run = mark.map_or(0, |mark| text.chars().take_while(|c| *c == mark).count());
        match (self.fence, mark) {
            (Some((open, length)), Some(mark))
                if mark == open && run >= length && !indented && text[run..].trim().is_empty() =>
            {
                next.fence = None;
            }
            // A backtick fence has no backtick behind it: that would be a code span.
            (None, Some(mark)) if run >= 3 && !indented && (mark == '~' || !text[run..].contains('`')) => {
                next.fence = Some((mark, run));
            }
            (None, _) => {
                let lower = line.to_ascii_lowercase();
                next.details += lower.matches("<details").count();
                next.details = next.details.saturating_sub(lower.matches("</details").count());
            }
            _ => {}
        }
        next
    }

    fn closing(&self) -> String {
        let fence = self
            .fence
            .map(|(mark, length)| format!("{}\n", mark.to_string().repeat(length)));
        format!("{}{}", fence.unwrap_or_default(), "\n</details>\n".repeat(self.details))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_and_nothing_is_hidden() {
        assert_eq!(
            inline("ask @octocat about #12"),
            "ask @\u{200b}octocat about #\u{200b}12"
        );
        assert_eq!(
            inline("<!-- x --> <img src=x> [a](b) **b**"),
            "&lt;!-- x --> &lt;img src=x> \\[a\\](b) \\*\\*b\\*\\*"
        );
        assert_eq!(
            inline("could not find `a_b` or @me"),
            "could not find `a_b` or @\u{200b}me"
        );
        assert_eq!(inline("odd ` and @me"), "odd \\` and @\u{200b}me");
        assert_eq!(inline("two\nlines"), "two lines");
    }

    #[test]
    fn a_span_holds_what_it_is_given() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(cell(&code("a|b")), "`a\\|b`");
        assert_eq!(cell(&inline("a|b")), "a\\|b");
    }

    #[test]
    fn only_web_links_are_links() {
        assert_eq!(link("x", "https://a.example.com/"), "[x](https://a.example.com/)");
        assert_eq!(link("x", "javascript:alert(1)"), "x");
        assert_eq!(link("x", "https://a) [y](https://evil"), "x");
    }

    #[test]
    fn a_short_text_is_left_alone() {
        assert_eq!(fit("a\nb", 10, "cut"), "a\nb");
    }

    #[test]
    fn a_long_text_ends_on_a_line_with_everything_closed() {
        let text = format!(
            "<details><summary>log</summary>\n\n````text\n{}\n````\n</details>\nend",
            "```\na line of the log\n".repeat(100)
        );
        let cut = fit(&text, 300, "cut");
        assert!(cut.chars().count() <= 300, "{}", cut.chars().count());
        assert!(
            cut.ends_with("a line of the log\n````\n\n</details>\n\ncut")
                || cut.ends_with("```\n````\n\n</details>\n\ncut"),
            "{cut}"
        );
        let cut = fit(&"ä".repeat(70_000), 60_000, "cut");
        assert!(cut.chars().count() <= 60_000);
    }
}
