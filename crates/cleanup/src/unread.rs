//! Why something could not be read or done, as text that can be told for each thing that it concerns.

use std::error::Error as StdError;

use actions_core::{cloudflare, github, neon};

/// Why a list could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    /// The error and its causes on one line.
    pub(crate) reason: String,
    pub(crate) hint: Option<String>,
}

impl From<cloudflare::Error> for Unread {
    fn from(error: cloudflare::Error) -> Self {
        Self {
            reason: one_line(&error),
            hint: error.hint(),
        }
    }
}

impl From<neon::Error> for Unread {
    fn from(error: neon::Error) -> Self {
        Self {
            reason: one_line(&error),
            hint: error.hint(),
        }
    }
}

impl From<&github::Error> for Unread {
    fn from(error: &github::Error) -> Self {
        Self {
            reason: one_line(error),
            hint: error.hint(),
        }
    }
}

/// The error and its causes on one line.
pub(crate) fn one_line(error: &(dyn StdError + 'static)) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !texts.iter().any(|known| known.ends_with(&text)) {
            texts.push(text);
        }
        cause = error.source();
    }
    // "could not delete Worker `x`" says nothing new beside the kind and the name.
    if texts.len() > 1 && texts[0].starts_with("could not delete") {
        texts.remove(0);
    }
    texts.join(": ")
}
