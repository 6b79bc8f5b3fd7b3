//! The first line of our comment: which comment it is, and of the environment's own part what it holds and which run
//! wrote it.
//!
//! `<!-- codex-actions:codex/preview hash=0123456789abcdef run=1001.1 -->`

pub use actions_core::event::Run;
use actions_core::github::Comment;
use actions_core::owner::short_hash;

/// What the first line of one of our comments says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    pub key: String,
    /// Of the text below the marker.
    pub hash: String,
    /// `None` outside a workflow.
    pub run: Option<Run>,
    /// The comment's layout; 1 before there were sections.
    pub layout: u32,
    /// We folded it away.
    pub hidden: bool,
}

const LONGEST_KEY: usize = 120;

fn fits(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '-')
}

/// Whether `key` can stand in a marker without ending it or another part of it.
pub fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= LONGEST_KEY && key.chars().all(fits)
}

/// A key from names that need not be one: what does not fit becomes `-`, and a hash keeps two such names apart.
pub fn key_of(names: &str) -> String {
    if is_key(names) {
        return names.to_owned();
    }
    let safe = names.chars().take(80).map(|c| if fits(c) { c } else { '-' });
    format!("{}-{}", safe.collect::<String>(), short_hash(names, 8))
}

/// The hash of a text as GitHub may give it back: line ends and blank ends do not count.
pub fn hash(text: &str) -> String {
    short_hash(text.replace("\r\n", "\n").trim(), 16)
}

/// The text with its marker above it, as it was before there were sections.
#[cfg(test)]
pub(crate) fn sign(key: &str, run: Option<Run>, text: &str) -> String {
    let run = run
        .map(|run| format!(" run={}.{}", run.id, run.attempt))
        .unwrap_or_default();
    format!("{} hash={}{run} -->\n{text}", opening(key), hash(text))
}

/// What the first line of a comment with this key begins with.
pub fn opening(key: &str) -> String {
    format!("<!-- codex-actions:{key}")
}

/// A comment's text with a marker that is none any more: a former comment that stays, folded away.
pub(crate) fn retired(text: &str, key: &str) -> String {
    text.replacen(&opening(key), &format!("<!-- codex-actions-former:{key}"), 1)
}

impl Marker {
    /// The marker of a comment with this key. Only its very first line counts, so that quoting a comment, or pasting
    /// a marker into one, makes none.
    pub fn of(comment: &Comment, key: &str) -> Option<Self> {
        let first = comment.text().lines().next()?.trim_end();
        let fields = first.strip_prefix(&opening(key))?.strip_suffix("-->")?;
        // `codex/preview` is not the key of `codex/preview-2`.
        if !fields.starts_with(' ') {
            return None;
        }
        Some(Self {
            key: key.to_owned(),
            hash: field(fields, "hash").unwrap_or_default().to_owned(),
            run: run_in(fields),
            layout: field(fields, "v").map_or(1, |v| v.parse().unwrap_or(u32::MAX)),
            hidden: field(fields, "hidden").is_some(),
        })
    }
}

fn field<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = fields.split(' ');
    fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
}

/// The run that a marker's fields name.
pub(crate) fn run_in(fields: &str) -> Option<Run> {
    let (id, attempt) = field(fields, "run")?.split_once('.')?;
    Some(Run {
        id: id.parse().ok()?,
        attempt: attempt.parse().ok()?,
    })
}

#[cfg(test)]
pub mod tests {
    use actions_core::github::Author;

    use super::*;

    pub fn comment(id: u64, login: &str, text: &str) -> Comment {
        let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
        Comment {
            id,
            body: Some(text.to_owned()),
            html_url: format!("https://github.com/acme/app/pull/42#issuecomment-{id}"),
            user: Some(Author {
                login: login.to_owned(),
                kind: kind.to_owned(),
            }),
            node_id: format!("IC_{id}"),
            minimized: None,
        }
    }

    #[test]
    fn a_signed_text_is_recognised() {
        let run = Some(Run { id: 1001, attempt: 2 });
        let text = sign("codex/preview", run, "hello\n");
        assert!(text.starts_with("<!-- codex-actions:codex/preview hash="), "{text}");
        let comment = comment(1, "github-actions[bot]", &text.replace('\n', "\r\n"));
        let marker = Marker::of(&comment, "codex/preview").unwrap();
        assert_eq!((marker.run, marker.layout, marker.hidden), (run, 1, false));
        assert_eq!(marker.hash, hash("hello"));
    }

    #[test]
    fn look_alikes_are_not() {
        let not_ours = |text: &str| Marker::of(&comment(1, "github-actions[bot]", text), "codex/preview").is_none();
        assert!(not_ours(&sign("codex/preview-2", None, "x")));
        assert!(not_ours(&sign("codex/previews", None, "x")));
        assert!(not_ours(&format!("> {}", sign("codex/preview", None, "x"))));
        assert!(not_ours(&format!("see below\n{}", sign("codex/preview", None, "x"))));
        assert!(not_ours(""));
    }

    #[test]
    fn later_runs_and_attempts_are_greater() {
        let run = |id, attempt| Run { id, attempt };
        assert!(run(1002, 1) > run(1001, 3));
        assert!(run(1001, 2) > run(1001, 1));
    }

    #[test]
    fn keys_cannot_end_the_marker() {
        assert!(is_key("codex/preview"));
        for key in ["", "a b", "a-->b", "a\nb", "é"] {
            assert!(!is_key(key), "{key}");
            assert!(is_key(&key_of(key)), "{key}");
        }
        assert_eq!(key_of("codex/preview"), "codex/preview");
        assert_ne!(key_of("my app/preview"), key_of("my-app/preview"));
        assert!(is_key(&key_of(&"x".repeat(500))));
    }
}
