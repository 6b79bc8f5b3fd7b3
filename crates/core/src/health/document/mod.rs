//! Health documents: read tolerantly, in the words of whoever made them.
//!
//! No field's type makes the rest disappear, and nothing beside an unhealthy word takes it back: of all words that are
//! found the worst counts.

mod node;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod walk;
mod words;

pub(super) use shape::{content_type, is_health_path};
pub use words::Meaning;

use super::Answer;

/// How far an answer is taken for a health document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// Where its content type, its path or its shape says that it is one. A word that nobody knows leaves it to the
    /// status.
    #[default]
    Auto,
    /// As `Auto`, but what it says is only told: other expectations decide.
    Told,
    /// Never.
    None,
    /// It is to be one, in JSON, and every word of it is to be known.
    Strict,
}

/// What one word of a document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it was sent.
    pub text: String,
    /// `None` when nobody that we know uses it.
    pub meaning: Option<Meaning>,
}

/// One check within a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name, with those it stands in: `postgres.read`.
    pub name: String,
    pub word: Word,
    /// What it says beside the word.
    pub message: Option<String>,
}

/// A health document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// What it says of the whole; the worst, where it says several things.
    pub status: Option<Word>,
    pub service: Option<String>,
    pub environment: Option<String>,
    /// What it tells of its version: `version` first, then releases and commits.
    pub versions: Vec<String>,
    pub checks: Vec<Part>,
}

/// What a body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Document(Document),
    /// Said to be a health document, but cannot be read: why.
    Unreadable(String),
    /// Something else.
    Other,
}

impl Document {
    /// Looks for a health document in an answer.
    pub fn find(answer: &Answer, reading: Reading) -> Found {
        match reading {
            Reading::None => Found::Other,
            Reading::Strict => read::strict(answer),
            Reading::Auto | Reading::Told => read::auto(answer),
        }
    }

    /// What the JSON of an answer tells of its version, health document or not.
    pub fn versions_in(answer: &Answer) -> Vec<String> {
        read::versions(answer)
    }

    /// The worst that it says, of the whole or of a part.
    pub fn meaning(&self) -> Option<Meaning> {
        self.words().filter_map(|word| word.meaning).max()
    }

    /// The words that nobody knows: of the whole when it has only such a one, and of its checks.
    pub fn unknown(&self) -> Vec<&str> {
        let unknown = self.words().filter(|word| word.meaning.is_none());
        unknown.map(|word| word.text.as_str()).collect()
    }

    fn words(&self) -> impl Iterator<Item = &Word> {
        self.status.iter().chain(self.checks.iter().map(|part| &part.word))
    }

    /// The checks that say this, each as `name: word`, with their message.
    pub fn saying(&self, meaning: Meaning) -> Vec<String> {
        let parts = self.checks.iter().filter(|part| part.word.meaning == Some(meaning));
        parts.map(ToString::to_string).collect()
    }

    /// The version that it tells first.
    pub fn version(&self) -> Option<&str> {
        self.versions.first().map(String::as_str)
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.word.text)?;
        let message = self.message.iter();
        message
            .filter(|message| **message != self.word.text)
            .try_for_each(|message| write!(f, ", {message}"))
    }
}
