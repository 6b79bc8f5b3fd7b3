//! The first line that we write into a comment: which comment it is, and of the environment's own part what it holds
//! and which run wrote it.
//!
//! `<!-- codex-actions:codex/preview hash=0123456789abcdef run=1001.1 -->`

pub use actions_core::event::Run;
use actions_core::github::Comment;
use actions_core::markdown::outside_fences;
use actions_core::owner::short_hash;

/// What our line in a comment says.
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
    /// Where the line stands in the text (bytes): not at its start when a person has written something above it.
    pub at: usize,
}

/// What a comment that a newer one has replaced is marked with.
const FORMER: &str = "<!-- codex-actions-former:";
/// It could not be folded away yet.
const DUE: &str = " fold=due";

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

/// A comment's text with a marker that is none any more: a former comment that stays, folded away. When that did not
/// work, it says so, for the next run.
pub(crate) fn retired(text: &str, key: &str, folded: bool) -> String {
    let opening = opening(key);
    let Some((at, _)) = line_of(text, &opening) else {
        return text.to_owned();
    };
    let due = if folded { "" } else { DUE };
    format!("{}{FORMER}{key}{due}{}", &text[..at], &text[at + opening.len()..])
}

/// The text of a former comment that is yet to be folded away, as it is to be then; `None` for any other.
pub(crate) fn due(text: &str, key: &str) -> Option<String> {
    let (at, _) = line_of(text, &format!("{FORMER}{key}{DUE}"))?;
    Some(format!("{}{}", &text[..at], text[at..].replacen(DUE, "", 1)))
}

/// Where a line begins with `opening` and ends as a comment of HTML, and what stands between. A quote's line begins
/// otherwise, and in fenced code it is somebody's example.
fn line_of<'a>(text: &'a str, opening: &str) -> Option<(usize, &'a str)> {
    // Most comments are others' and long.
    if !text.contains(opening) {
        return None;
    }
    outside_fences(text).find_map(|(at, line)| {
        let fields = line.trim_end().strip_prefix(opening)?.strip_suffix("-->")?;
        // `codex/preview` is not the key of `codex/preview-2`.
        fields.starts_with(' ').then_some((at, fields))
    })
}

impl Marker {
    /// The marker of a comment with this key: a line of its own. Who may edit comments may have written something above
    /// it; whether the comment is ours at all, its author tells.
    pub fn of(comment: &Comment, key: &str) -> Option<Self> {
        let (at, fields) = line_of(comment.text(), &opening(key))?;
        Some(Self {
            key: key.to_owned(),
            hash: field(fields, "hash").unwrap_or_default().to_owned(),
            run: run_in(fields),
            layout: field(fields, "v").map_or(1, |v| v.parse().unwrap_or(u32::MAX)),
            hidden: field(fields, "hidden").is_some(),
            at,
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
        assert!(not_ours(&format!("see {}", sign("codex/preview", None, "x"))));
        assert!(not_ours(&format!("```html\n{}\n```", sign("codex/preview", None, "x"))));
        assert!(not_ours(""));
    }

    #[test]
    fn a_former_one_says_until_then_that_it_is_to_be_folded_away() {
        let text = format!("a note\r\n\r\n{}", sign("k", Some(Run { id: 7, attempt: 1 }), "x"));
        let (folded, waiting) = (retired(&text, "k", true), retired(&text, "k", false));
        assert_eq!(Marker::of(&comment(1, "github-actions[bot]", &waiting), "k"), None);
        assert_eq!(
            (due(&text, "k"), due(&folded, "k"), due(&waiting, "k-2")),
            (None, None, None)
        );
        assert_eq!(due(&waiting, "k"), Some(folded));
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
