//! Texts that an answer is held against: a plain text, or a regular expression between slashes.

use std::fmt;
use std::str::FromStr;

use regex_lite::{Regex, RegexBuilder};

/// The largest compiled expression: enough for any check, too small for a bomb.
const LARGEST_REGEX: usize = 1 << 20;

/// A plain text, or `/a regular expression/`.
#[derive(Debug, Clone)]
pub enum Matcher {
    Text(String),
    Regex(Regex),
}

impl Matcher {
    /// Whether the whole text is this one, or the expression matches somewhere in it.
    pub fn is(&self, found: &str) -> bool {
        match self {
            Self::Text(text) => found == text,
            Self::Regex(regex) => regex.is_match(found),
        }
    }

    /// Whether the text is found somewhere in this one.
    pub fn is_in(&self, found: &str) -> bool {
        match self {
            Self::Text(text) => found.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(found),
        }
    }
}

impl FromStr for Matcher {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(pattern) = text
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'))
            .filter(|p| !p.is_empty())
        else {
            return Ok(Self::Text(text.to_owned()));
        };
        let regex = RegexBuilder::new(pattern).size_limit(LARGEST_REGEX).build();
        regex
            .map(Self::Regex)
            .map_err(|error| format!("`{text}` is no regular expression: {error}"))
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Regex(regex) => write!(f, "/{regex}/"),
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Matcher {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_texts_and_expressions() {
        let matcher = |text: &str| text.parse::<Matcher>().unwrap();
        assert!(matcher("ok").is("ok") && !matcher("ok").is("okay") && matcher("ok").is_in("okay"));
        assert!(matcher("/^v[0-9]+$/").is("v12") && !matcher("/^v[0-9]+$/").is("v"));
        // A path is no expression unless both slashes are there.
        assert!(matcher("/health").is("/health"));
        assert!("/(/".parse::<Matcher>().is_err());
    }
}
