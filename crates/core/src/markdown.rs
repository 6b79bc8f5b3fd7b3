//! Markdown that untrusted text cannot leave: names and errors come from vendors and from pull requests.

/// A zero-width space: breaks `@name`, `#12` and `https://` apart for GitHub, not for the reader.
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
    let (guard, text) = guarded(&text);
    let parts: Vec<&str> = text.split('`').collect();
    // An even number of parts means an odd backtick: then none of them is a code span.
    if parts.len().is_multiple_of(2) || text.contains("``") {
        return format!(
            "{guard}{}",
            parts.iter().map(|part| escape(part)).collect::<Vec<_>>().join("\\`")
        );
    }
    let spans = parts.iter().enumerate().map(
        |(at, part)| {
            if at % 2 == 1 { format!("`{part}`") } else { escape(part) }
        },
    );
    format!("{guard}{}", spans.collect::<String>())
}

/// What at a line's start would make it a heading, a list or a quote, and the rest.
fn guarded(text: &str) -> (String, &str) {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (before, rest) = text.split_at(digits);
    match rest.chars().next() {
        Some(mark @ ('#' | '>' | '-' | '+' | '=')) if digits == 0 => {
            let rest = &rest[1..];
            let apart = if is_reference(mark, "", rest) {
                BREAK.to_string()
            } else {
                String::new()
            };
            (format!("\\{mark}{apart}"), rest)
        }
        Some(mark @ ('.' | ')')) if digits > 0 => (format!("{before}\\{mark}"), &rest[1..]),
        _ => (String::new(), text),
    }
}

/// A stranger's text in a table cell.
pub fn text_cell(text: &str) -> String {
    cell(&inline(text))
}

/// A name in a table cell, as a code span.
pub fn code_cell(text: &str) -> String {
    cell(&code(text))
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

/// Without line breaks, and without what turns the rest of a line around or hides in it.
fn one_line(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !is_control(*c)).collect();
    let words = plain.split(|c: char| c.is_whitespace() && c != '\u{a0}');
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_control(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            // GitHub typesets what stands between two of them, also when they are escaped; its own advice is a tag.
            '$' => safe.push_str("<span>$</span>"),
            // Within a word it is none of Markdown's, and names of variables are read, and copied.
            '_' if text[..at].ends_with(char::is_alphanumeric) && rest.starts_with(char::is_alphanumeric) => {
                safe.push(c);
            }
            '\\' | '*' | '_' | '[' | ']' | '~' | '|' => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
        if is_reference(c, &text[..at], rest) {
            safe.push(BREAK);
        }
    }
    safe
}

/// Whether GitHub would read `c` as a part of a mention, a reference, a bare link or an emoji's name.
fn is_reference(c: char, before: &str, rest: &str) -> bool {
    let word = |text: &str| text.starts_with(|c: char| c.is_alphanumeric());
    let ends_with = |end: &str| {
        let tail = before.len().checked_sub(end.len()).and_then(|at| before.get(at..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    match c {
        '@' | '#' => word(rest),
        '-' => ends_with("gh") && word(rest),
        ':' => {
            let is_in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
            let behind = rest.trim_start_matches(is_in_name);
            let name = &rest[..rest.len() - behind.len()];
            // Times and IPv6 addresses have such parts, too, and are copied; no emoji that is a picture is named so.
            let is_number = name.chars().all(|c| c.is_ascii_hexdigit());
            let is_emoji = behind.starts_with(':') && !is_number;
            is_emoji || rest.starts_with("//") || ends_with("mailto") || ends_with("xmpp")
        }
        'w' | 'W' => ends_with("ww") && rest.starts_with('.'),
        _ => false,
    }
}

/// How long GitHub may find a text. Its word is "characters"; where those count as UTF-16 does, an emoji is two.
pub fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// At most `most` characters of `markdown`, cut between lines, with open fences and folds closed, then `note`.
pub fn fit(markdown: &str, most: usize, note: &str) -> String {
    if length(markdown) <= most {
        return markdown.to_owned();
    }
    let mut open = Open::default();
    let mut kept = String::new();
    let mut so_far = length(note) + 2;
    for line in markdown.lines() {
        let after = open.after(line);
        // What closes the line's state must still fit behind it.
        let line_length = length(line) + 1;
        let room = most.saturating_sub(so_far);
        if line_length + length(&after.closing()) > room {
            // A line that is a text of its own (JSON, a log without ends) is not left out whole.
            if room > most / 2 {
                let part = beginning(line, room - 1);
                let after = open.after(part);
                let part = beginning(part, room.saturating_sub(1 + length(&after.closing())));
                kept.push_str(part);
                open = open.after(part);
            }
            break;
        }
        so_far += line_length;
        kept.push_str(line);
        kept.push('\n');
        open = after;
    }
    format!("{}\n{}\n{note}", kept.trim_end(), open.closing())
}

/// At most `most` characters of a line, not within a word where that costs little.
fn beginning(line: &str, most: usize) -> &str {
    let mut so_far = 0;
    let fits = |(_, c): &(usize, char)| {
        so_far += c.len_utf16();
        so_far <= most
    };
    let end = line
        .char_indices()
        .take_while(fits)
        .last()
        .map_or(0, |(at, c)| at + c.len_utf8());
    let part = &line[..end];
    match part.rfind(' ') {
        Some(at) if end < line.len() && at > end / 2 => &part[..at],
        _ => part,
    }
}

/// `markdown` with whatever it leaves open closed, so that the next part does not fall into it.
pub fn closed(markdown: &str) -> String {
    let open = markdown.lines().fold(Open::default(), |open, line| open.after(line));
    match open.closing() {
        nothing if nothing.is_empty() => markdown.to_owned(),
        closing => format!("{}\n{}", markdown.trim_end(), closing.trim_end()),
    }
}

/// The lines that stand in no fenced code, each with where it begins (bytes).
pub fn outside_fences(markdown: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut open = Open::default();
    let mut next = 0;
    markdown.split_inclusive('\n').filter_map(move |line| {
        let at = next;
        next += line.len();
        let inside = open.fence.is_some();
        open = open.after(line.trim_end_matches(['\r', '\n']));
        (!inside).then_some((at, line))
    })
}

/// What is open at the end of a line.
#[derive(Debug, Clone, Default)]
struct Open {
    /// The fence's character and length, while inside one.
    fence: Option<(char, usize)>,
    details: usize,
    /// An HTML comment that has not ended: all behind it is hidden.
    comment: bool,
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
                next.comment = match (lower.rfind("<!--"), lower.rfind("-->")) {
                    (Some(begin), end) => end.is_none_or(|end| end < begin + "<!--".len()),
                    (None, Some(_)) => false,
                    (None, None) => self.comment,
                };
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
        let comment = if self.comment { "-->\n" } else { "" };
        format!(
            "{}{comment}{}",
            fence.unwrap_or_default(),
            "\n</details>\n".repeat(self.details)
        )
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
        for (text, safe) in [
            ("see https://evil.example", "see https:\u{200b}//evil.example"),
            ("www.evil.example", "www\u{200b}.evil.example"),
            ("mailto:me", "mailto:\u{200b}me"),
            ("fixes GH-12 and o/r#12", "fixes GH-\u{200b}12 and o/r#\u{200b}12"),
            (
                ":octocat: at 12:30:05, 2001:db8::1",
                ":\u{200b}octocat: at 12:30:05, 2001:db8::1",
            ),
            ("DATABASE_URL _x_", "DATABASE_URL \\_x\\_"),
            ("$x", "<span>$</span>x"),
            ("# big", "\\# big"),
            ("#1 is", "\\#\u{200b}1 is"),
            ("no\u{a0}break", "no\u{a0}break"),
            ("12. item", "12\\. item"),
            ("\u{202e}txt\u{7}", "txt"),
        ] {
            assert_eq!(inline(text), safe);
        }
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
    fn what_is_left_open_is_closed() {
        for (text, closing) in [
            ("fine", ""),
            ("```\ncode", "\n```"),
            ("<details>\n<summary>x</summary>", "\n\n</details>"),
            ("a <!-- b", "\n-->"),
            ("a <!-- b -->", ""),
            ("```\n<!--\n```", ""),
        ] {
            assert_eq!(closed(text), format!("{text}{closing}"));
        }
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
        assert!((59_000..=60_000).contains(&length(&cut)) && cut.ends_with("ä\n\ncut"));
        // Whatever the part of a line leaves open is closed, within the limit.
        let cut = fit(&format!("<details> {}", "😀 <!-- ".repeat(100)), 300, "cut");
        assert!(
            length(&cut) <= 300 && cut.ends_with("-->\n\n</details>\n\ncut"),
            "{cut}"
        );
    }
}
