//! From a body to a document: JSON, or the texts of those that answer without it.

use super::node::Node;
use super::walk::{LONGEST_MESSAGE, LONGEST_WORD, document, word};
use super::{Document, Found, Meaning, Part, shape, words};
use crate::health::Answer;
use crate::text::shorten;

/// A health document where the answer says that it is one, by whatever sign.
pub(super) fn auto(answer: &Answer) -> Found {
    let text = text(answer);
    let announced = shape::announced(answer);
    match serde_json::from_str::<Node>(&text) {
        Ok(node @ (Node::Map(_) | Node::List(_))) if announced || shape::looks_like_one(&node) => {
            let document = document(&node);
            // JSON without a single word, at a path of health: an answer like any other.
            if document.status.is_none() && document.checks.is_empty() {
                Found::Other
            } else {
                Found::Document(document)
            }
        }
        Ok(Node::Text(word)) => plain(&word, announced),
        Ok(_) => Found::Other,
        Err(error) if text.starts_with('{') && (announced || has_a_bad_word(&text)) => {
            Found::Unreadable(unreadable(answer, &error))
        }
        Err(_) => plain(&text, announced && shape::content_type(answer) != "text/html"),
    }
}

/// What JSON tells of its version, health document or not.
pub(super) fn versions(answer: &Answer) -> Vec<String> {
    let node: Result<Node, _> = serde_json::from_str(&text(answer));
    node.map(|node| document(&node).versions).unwrap_or_default()
}

/// A health document in JSON, or nothing.
pub(super) fn strict(answer: &Answer) -> Found {
    let text = text(answer);
    match serde_json::from_str::<Node>(&text) {
        Ok(node @ Node::Map(_)) => {
            let document = document(&node);
            if document.status.is_some() {
                Found::Document(document)
            } else {
                Found::Other
            }
        }
        Err(error) if text.starts_with('{') => Found::Unreadable(unreadable(answer, &error)),
        _ => Found::Other,
    }
}

/// The body without a byte order mark and white space around it.
fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body)
        .trim_start_matches('\u{feff}')
        .trim()
        .to_owned()
}

fn unreadable(answer: &Answer, error: &serde_json::Error) -> String {
    if answer.truncated {
        "its JSON is longer than what is read of it".to_owned()
    } else {
        format!("its JSON cannot be read ({error})")
    }
}

/// Whether JSON that cannot be read says that it is unhealthy, in a word that only health has.
fn has_a_bad_word(text: &str) -> bool {
    let mut quoted = text.split('"');
    quoted.any(|text| words::specific(text) && words::meaning(text) == Some(Meaning::Unhealthy))
}

/// A body of one word (`Healthy`, `OK`), or of lines as Kubernetes has them (`[+]ping ok`, `[-]etcd failed: …`).
fn plain(text: &str, announced: bool) -> Found {
    let mut document = Document::default();
    // Their last line: `readyz check passed`.
    let is_list = announced || [" check passed", " check failed"].iter().any(|end| text.ends_with(end));
    for line in text.lines().take(200).filter(|_| is_list) {
        let (sign, rest) = line.split_at_checked(3).unwrap_or((line, ""));
        let text = match sign {
            "[+]" => "ok",
            "[-]" => "failed",
            _ => continue,
        };
        let (name, message) = rest.split_once(' ').unwrap_or((rest, ""));
        let message = message.strip_prefix("failed: ").unwrap_or(message);
        document.checks.push(Part {
            name: name.to_owned(),
            word: word(text),
            message: Some(shorten(message, LONGEST_MESSAGE)).filter(|message| message != text),
        });
    }
    let is_word = !text.is_empty() && text.len() <= LONGEST_WORD && !text.contains(['\n', '<']);
    if is_word && (announced || words::specific(text)) {
        // A sentence that we do not know is no word.
        let word = word(text);
        document.status = Some(word).filter(|word| word.meaning.is_some() || !text.contains(' '));
    }
    if document == Document::default() {
        Found::Other
    } else {
        Found::Document(document)
    }
}
