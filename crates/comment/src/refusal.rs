//! Why GitHub takes no comment: read from its words, since one status stands for many reasons.

use actions_core::github::Error;

/// A reason that is nobody's mistake: the text goes to the summary, and the step succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Runs of forks and of Dependabot get a token that can only read.
    ReadOnly,
    /// A person has locked the conversation.
    Locked,
}

/// A reason that somebody can mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Archived,
    /// The workflow's own token lacks a permission.
    Permission,
    /// A person's or an app's token does.
    PersonalToken,
    /// The error says it itself.
    Other,
}

/// What a refusal means, to a token that can only read or to another.
pub fn of(error: &Error, reads_only: bool) -> Result<Silence, Refusal> {
    let Error::Refused { status, message, .. } = error else {
        return Err(Refusal::Other);
    };
    let message = message.to_ascii_lowercase();
    // "User is blocked" is no lock.
    let says = |words: &str| {
        let mut parts = message.split(words);
        let before = parts.next().unwrap_or_default();
        parts.next().is_some() && !before.ends_with(char::is_alphanumeric)
    };
    if matches!(status, 403 | 410) && says("locked") {
        return Ok(Silence::Locked);
    }
    if !error.is_forbidden() {
        return Err(Refusal::Other);
    }
    if says("archived") {
        Err(Refusal::Archived)
    } else if says("saml") {
        Err(Refusal::Other)
    } else if reads_only {
        Ok(Silence::ReadOnly)
    } else if says("personal access token") {
        Err(Refusal::PersonalToken)
    } else {
        Err(Refusal::Permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_by_its_words() {
        use Refusal::{Archived, Other, Permission, PersonalToken};
        // Status, GitHub's words, and what they mean without and with a token that can only read.
        let table = [
            (
                403,
                "Unable to create comment because issue is locked.",
                Ok(Silence::Locked),
                Ok(Silence::Locked),
            ),
            (403, "User is blocked", Err(Permission), Ok(Silence::ReadOnly)),
            (
                403,
                "Repository was archived so is read-only.",
                Err(Archived),
                Err(Archived),
            ),
            (
                403,
                "Resource not accessible by integration",
                Err(Permission),
                Ok(Silence::ReadOnly),
            ),
            (
                403,
                "Resource not accessible by personal access token",
                Err(PersonalToken),
                Ok(Silence::ReadOnly),
            ),
            (
                403,
                "Resource protected by organization SAML enforcement.",
                Err(Other),
                Err(Other),
            ),
            (404, "Not Found", Err(Other), Err(Other)),
            (500, "locked", Err(Other), Err(Other)),
        ];
        for (status, words, plain, reading) in &table {
            let error = Error::Refused {
                status: *status,
                doing: "write a comment",
                message: (*words).to_owned(),
                request_id: None,
                permissions: None,
                limited: false,
            };
            assert_eq!((&of(&error, false), &of(&error, true)), (plain, reading), "{words}");
        }
    }
}
