//! Why GitHub takes no comment: read from its words, since one status stands for many reasons.

use actions_core::event::Event;
use actions_core::github::Error;

/// A reason that is nobody's mistake: the text goes to the summary, and the step succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Runs of forks and of Dependabot get a token that can only read.
    ReadOnly,
    /// A person has locked the conversation.
    Locked,
}

/// A reason that somebody can mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Archived,
    /// The workflow's own token lacks a permission.
    Permission,
    /// A person's or an app's token does.
    PersonalToken,
    /// The error says it itself.
    Other,
}

/// Whether this event's token can only read, whatever `permissions:` says.
///
/// Source: GitHub's documentation of the events, and "Automating Dependabot". `pull_request_target`, `workflow_run`
/// and `issue_comment` run with the base repository's token, for forks as well.
pub(crate) fn reads_only(event: &Event) -> bool {
    let of_the_head = ["pull_request", "pull_request_review", "pull_request_review_comment"];
    let dependabot = event.actor.as_deref() == Some("dependabot[bot]");
    of_the_head.contains(&event.name.as_str()) && (event.from_fork || dependabot)
}

/// What a refusal means.
pub(crate) fn of(error: &Error, reads_only: bool) -> Result<Silence, Refusal> {
    let Error::Refused { status, message, .. } = error else {
        return Err(Refusal::Other);
    };
    let says = |words: &str| message.to_ascii_lowercase().contains(words);
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
        let table: &[(u16, &str, Result<Silence, Refusal>, Result<Silence, Refusal>)] = &[
            (
                403,
                "Unable to create comment because issue is locked.",
                Ok(Silence::Locked),
                Ok(Silence::Locked),
            ),
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
        for (status, words, plain, reading) in table {
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

    #[test]
    fn only_the_heads_own_events_have_a_token_that_can_only_read() {
        for (name, fork, actor, expected) in [
            ("pull_request", true, "eve", true),
            ("pull_request", false, "dependabot[bot]", true),
            ("pull_request", false, "octocat", false),
            ("pull_request_target", true, "eve", false),
            ("workflow_run", true, "dependabot[bot]", false),
        ] {
            let event = Event {
                name: name.to_owned(),
                from_fork: fork,
                actor: Some(actor.to_owned()),
                ..Event::default()
            };
            assert_eq!(reads_only(&event), expected, "{name} {actor}");
        }
    }
}
