//! The text of a manifest: sections, keys, and comments above what they are about. Pure.

use std::fmt::Write as _;

/// A line of text ends here, where it can.
const WIDTH: usize = 110;

/// A section of the manifest.
#[derive(Debug, Default)]
pub(super) struct Section {
    head: String,
    lines: String,
    /// Tables of the section's that are too long for a line.
    tables: String,
}

impl Section {
    pub(super) fn new(head: impl Into<String>) -> Self {
        Self {
            head: head.into(),
            ..Self::default()
        }
    }

    /// A comment above what comes next.
    pub(super) fn comment(&mut self, text: &str) -> &mut Self {
        self.lines.push_str(&comment(text));
        self
    }

    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.raw(key, &quoted(value))
    }

    pub(super) fn raw(&mut self, key: &str, value: &str) -> &mut Self {
        let _ = writeln!(self.lines, "{key} = {value}");
        self
    }

    /// A line that says nothing until its mark is taken away.
    pub(super) fn off(&mut self, key: &str, value: &str) -> &mut Self {
        let _ = writeln!(self.lines, "# {key} = {value}");
        self
    }

    /// A list; nothing where it is empty.
    pub(super) fn list<S: AsRef<str>>(&mut self, key: &str, items: &[S]) -> &mut Self {
        if items.is_empty() {
            return self;
        }
        let value = list(items);
        if key.len() + value.len() + 3 <= WIDTH {
            return self.raw(key, &value);
        }
        let items: String = items
            .iter()
            .map(|item| format!("  {},\n", quoted(item.as_ref())))
            .collect();
        self.raw(key, &format!("[\n{items}]"))
    }

    /// A table of texts under its comments; nothing where it is empty.
    pub(super) fn table<S: AsRef<str>>(&mut self, key: &str, items: &[(S, S)], comments: &[String]) -> &mut Self {
        let comments: String = comments.iter().map(|text| comment(text)).collect();
        if items.is_empty() {
            return self;
        }
        let pairs: Vec<String> = items
            .iter()
            .map(|(name, value)| format!("{} = {}", bare(name.as_ref()), quoted(value.as_ref())))
            .collect();
        let line = format!("{{ {} }}", pairs.join(", "));
        if key.len() + line.len() + 3 <= WIDTH {
            self.lines.push_str(&comments);
            return self.raw(key, &line);
        }
        let pairs = pairs.join("\n");
        let _ = write!(self.tables, "\n[{}.{key}]\n{comments}{pairs}\n", self.head);
        self
    }

    pub(super) fn finish(&self) -> String {
        format!("\n[{}]\n{}{}", self.head, self.lines, self.tables)
    }
}

/// A comment of as many lines as it takes. Text in backticks stays in one.
pub(super) fn comment(text: &str) -> String {
    let (mut made, mut line) = (String::new(), "#".to_owned());
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH && line.len() > 1 {
            let _ = writeln!(made, "{line}");
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    made + &line + "\n"
}

/// A basic string: JSON's escapes are TOML's, but for the one control character that JSON leaves.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// A list on one line.
pub(super) fn list<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// A key: bare where it can be.
pub(super) fn bare(key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if is_bare { key.to_owned() } else { quoted(key) }
}
