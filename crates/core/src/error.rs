//! The one shape in which a user sees an error: what could not be done, why, and what to do about it.

use std::error::Error as StdError;
use std::fmt;

/// An error with a remedy.
#[derive(Debug)]
pub struct Fault {
    message: String,
    hint: Option<String>,
    cause: Option<anyhow::Error>,
    exit: Option<u8>,
}

/// An error of ours: `what` could not be done (lower case, no full stop).
pub fn fault(what: impl Into<String>) -> Fault {
    Fault {
        message: what.into(),
        hint: None,
        cause: None,
        exit: None,
    }
}

impl Fault {
    /// Adds why.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds what to do about it, printed as `hint:`.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Ends the action with this status instead of 1: that of a user's command, say.
    #[must_use]
    pub fn exit(mut self, status: u8) -> Self {
        self.exit = Some(status);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause
            .as_ref()
            .map(|cause| cause.as_ref() as &(dyn StdError + 'static))
    }
}

/// The remedies that each layer knows for its own errors.
const HINTS: [fn(&(dyn StdError + 'static)) -> Option<String>; 4] = [
    |error| error.downcast_ref::<Fault>()?.hint.clone(),
    |error| error.downcast_ref::<crate::cloudflare::Error>()?.hint(),
    |error| error.downcast_ref::<crate::github::Error>()?.hint(),
    |error| error.downcast_ref::<crate::neon::Error>()?.hint(),
];

/// The exit status that an error asks for.
pub(crate) fn exit_status(error: &anyhow::Error) -> Option<u8> {
    error.chain().find_map(|cause| cause.downcast_ref::<Fault>()?.exit)
}

/// The error's text for a person: the failure, each `caused by:`, each `hint:` once.
pub fn render(error: &anyhow::Error) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut hints: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if lines.is_empty() {
            lines.push(text);
        } else if !lines.iter().any(|line| line.ends_with(&text)) {
            lines.push(format!("caused by: {text}"));
        }
        for hint in HINTS.iter().filter_map(|hint| hint(cause)) {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
    }
    lines.extend(hints.into_iter().map(|hint| format!("hint: {hint}")));
    crate::secret::redact(&lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_from_what_to_why_to_remedy() {
        let cause = fault("Cloudflare answered 403 (code 10000): Authentication error")
            .hint("the token needs Zone → DNS → Edit on zone `example.com`");
        let error = anyhow::Error::from(fault("could not create DNS record `api.example.com`").because(cause));
        assert_eq!(
            render(&error),
            "could not create DNS record `api.example.com`\n\
             caused by: Cloudflare answered 403 (code 10000): Authentication error\n\
             hint: the token needs Zone → DNS → Edit on zone `example.com`"
        );
    }
}
