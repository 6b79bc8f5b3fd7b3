//! What GitHub refuses, with its request id and the remedy.

use serde::Deserialize;

use crate::retry::{Answer, NoAnswer};

/// An unexpected answer of GitHub, or none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// GitHub said no.
    #[error("GitHub answered {status}{} to {doing}: {message}", request(.request_id.as_ref()))]
    Refused {
        status: u16,
        /// What was asked, such as `write a comment`.
        doing: &'static str,
        /// GitHub's words, with the details of `errors`.
        message: String,
        /// `X-GitHub-Request-Id`: what GitHub's support asks for.
        request_id: Option<String>,
        /// `X-Accepted-GitHub-Permissions`, such as `issues=write; pull_requests=write`.
        permissions: Option<String>,
        /// The primary or a secondary rate limit.
        limited: bool,
    },
    #[error("GitHub's answer to {doing} is not what its API promises{}: {why}", request(.request_id.as_ref()))]
    Unreadable {
        doing: &'static str,
        why: String,
        request_id: Option<String>,
    },
    /// A list of several pages that changed each time it was read, or led in circles.
    #[error("GitHub's list changed each time it was read to {doing}, so that it may lack something")]
    Unproven { doing: &'static str },
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    #[error("the GitHub token has characters that no token has")]
    Token,
    #[error("`{0}` cannot be the base of GitHub's API")]
    BaseUrl(String),
    #[error("could not build the GitHub client")]
    Client(#[source] anyhow::Error),
}

fn request(id: Option<&String>) -> String {
    id.map(|id| format!(" (request {id})")).unwrap_or_default()
}

#[derive(Deserialize)]
struct Body {
    message: Option<String>,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

impl Error {
    /// The refusal that an answer is.
    pub(super) fn refused(doing: &'static str, answer: &Answer) -> Self {
        Self::Refused {
            status: answer.status.as_u16(),
            doing,
            message: message(answer),
            request_id: header(answer, "x-github-request-id"),
            permissions: header(answer, "x-accepted-github-permissions"),
            limited: super::client::is_limit(answer),
        }
    }

    /// An answer of 2xx whose body is not what it should be.
    pub(super) fn unreadable(doing: &'static str, answer: &Answer, why: impl std::fmt::Display) -> Self {
        Self::Unreadable {
            doing,
            why: format!("{why}; it begins `{}`", answer.excerpt(80)),
            request_id: header(answer, "x-github-request-id"),
        }
    }

    /// GitHub's status, when it answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the token may not do this (rather than being asked to wait).
    pub fn is_forbidden(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 403,
                limited: false,
                ..
            }
        )
    }

    /// Whether a write may have been carried out all the same: look before writing again.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::NoAnswer(NoAnswer::Ambiguous { .. }) | Self::Unreadable { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// Whether asking again later may be answered otherwise.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::NoAnswer(NoAnswer::Unreachable { .. }) | Self::Refused { limited: true, .. }
        ) || self.is_ambiguous()
    }

    /// Whether GitHub finds the text too long, by whichever count of its own.
    pub fn is_too_long(&self) -> bool {
        matches!(self, Self::Refused { status: 422, message, .. } if message.contains("too long"))
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let Self::Refused {
            status,
            permissions,
            limited,
            message,
            doing,
            ..
        } = self
        else {
            return match self {
                Self::Token => Some("pass `github-token: ${{ github.token }}`".to_owned()),
                Self::NoAnswer(lost) => lost.hint("github-api-url", "github-token"),
                _ => None,
            };
        };
        let text = match status {
            _ if *limited => "the token's requests for this hour are used up; run again later".to_owned(),
            401 => "the token is wrong or has expired; pass `github-token: ${{ github.token }}`".to_owned(),
            403 if message.contains("SAML") => "authorise the token for the organisation's single sign-on".to_owned(),
            403 => {
                let told = permissions
                    .as_ref()
                    .map(|told| format!(" (GitHub asks for {})", told.replace("; ", " or ")))
                    .unwrap_or_default();
                let grant = grant(doing);
                format!(
                    "add `permissions: {{ contents: read, {grant} }}` to the job{told}: naming one \
                     permission takes all others away; a pull request from a fork or by Dependabot has a token that \
                     can only read"
                )
            }
            410 if doing.contains("issue") => "issues are switched off in this repository".to_owned(),
            404 if doing.contains("issue") => {
                "the token cannot see the repository's issues, or there are none".to_owned()
            }
            404 => "the pull request does not exist in this repository, or the token cannot see it".to_owned(),
            410 => "comments are switched off or locked here".to_owned(),
            422 if message.contains("too long") => "shorten `body`: GitHub takes 65,536 characters".to_owned(),
            _ => return None,
        };
        Some(text)
    }
}

/// The permission that something asks for (contract sheet of GitHub, section 9).
fn grant(doing: &str) -> &'static str {
    if doing.contains("deployment") {
        "deployments: write"
    } else if doing.contains("commit's status") {
        "statuses: write"
    } else if doing.contains("alert issue") {
        "issues: write"
    } else {
        "pull-requests: write"
    }
}

fn header(answer: &Answer, name: &str) -> Option<String> {
    Some(answer.header(name).to_owned()).filter(|value| !value.is_empty())
}

/// GitHub's words: `message`, and each of `errors`, which are texts or objects with `message` or `field` and `code`.
fn message(answer: &Answer) -> String {
    let Ok(body) = serde_json::from_slice::<Body>(&answer.body) else {
        return match answer.excerpt(200) {
            empty if empty.is_empty() => "(no text)".to_owned(),
            text => text,
        };
    };
    let detail = |error: &serde_json::Value| {
        let text = |name: &str| error.get(name).and_then(serde_json::Value::as_str);
        match (error.as_str(), text("message"), text("field"), text("code")) {
            (Some(text), ..) | (_, Some(text), ..) => Some(text.to_owned()),
            (_, _, Some(field), Some(code)) => Some(format!("{field} is {code}")),
            _ => None,
        }
    };
    let details: Vec<String> = body.errors.iter().filter_map(detail).collect();
    let message = body.message.unwrap_or_else(|| answer.excerpt(200));
    if details.is_empty() {
        message
    } else {
        format!("{message}: {}", details.join("; "))
    }
}
