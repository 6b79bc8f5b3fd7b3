//! What can go wrong with Neon, and what a user can do about it.

use std::time::Duration;

use serde::Deserialize;

use crate::retry::{self, Answer, Doubt, NoAnswer};

/// An unexpected outcome. Expected ones (absent, taken, limit reached) are values of the calls.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neon refused.
    #[error("{}", refusal(*status, code, request, call, message))]
    Refused {
        status: u16,
        /// Such as `BRANCHES_LIMIT_EXCEEDED`; mostly empty.
        code: String,
        message: String,
        /// The request's id, for Neon's support; may be empty.
        request: String,
        /// `POST /projects/…/branches`
        call: String,
        /// Whether the answer is Neon's: a page of a firewall or a proxy in between says nothing of what is there.
        own: bool,
    },
    #[error("Neon gave no usable answer")]
    NoAnswer(#[from] NoAnswer),
    /// Not what Neon's API description promises: HTML from a gateway, or JSON of another shape.
    #[error("Neon's answer ({status}) to `{call}` cannot be read: {why}")]
    Unreadable { status: u16, call: String, why: String },
    /// A create whose answer was lost, and the look for it failed.
    #[error("{what} may have been made; looking for it failed")]
    Unseen {
        what: String,
        #[source]
        source: Box<Self>,
    },
    /// The list of branches changed each time it was read, or led in circles.
    #[error("Neon's list of branches changed each time it was read, so that it may lack some")]
    Unproven,
    #[error("Neon's operation `{action}` ended as `{status}`{}", reason(error))]
    OperationFailed {
        action: String,
        status: String,
        error: String,
    },
    #[error("Neon's operation {} still runs after {}", crate::text::quoted_list(actions), crate::text::elapsed(*waited))]
    StillRunning { actions: Vec<String>, waited: Duration },
    #[error("Neon's {what} has not ended within {}", crate::text::elapsed(*waited))]
    TooSlow { what: &'static str, waited: Duration },
    #[error("branch `{branch}` has no compute to connect to")]
    NoEndpoint { branch: String },
    /// The answer names a host that is not the branch's: handing it on could hand on production.
    #[error("Neon answered with host `{host}`, which is not a compute of branch `{branch}`; its compute is {known}")]
    ForeignHost {
        branch: String,
        host: String,
        known: String,
    },
    #[error("Neon's connection string cannot be read: {0}")]
    BadConnectionString(&'static str),
    #[error("branch `{branch}` has no {wanted}; it has {known}")]
    NoSuchDatabase {
        branch: String,
        wanted: String,
        known: String,
        /// The branch lists both, or nothing yet: so soon after its creation, they may still come.
        young: bool,
    },
    #[error("`{host}:{port}` has let nobody in for {}: {why}", crate::text::elapsed(*waited))]
    NotReachable {
        host: String,
        port: u16,
        waited: Duration,
        why: super::Obstacle,
    },
}

fn refusal(status: u16, code: &str, request: &str, call: &str, message: &str) -> String {
    let details = match (code, request) {
        ("", "") => String::new(),
        ("", request) => format!(" (request {request})"),
        (code, "") => format!(" ({code})"),
        (code, request) => format!(" ({code}, request {request})"),
    };
    format!("Neon answered {status}{details} to `{call}`: {message}")
}

fn reason(error: &str) -> String {
    if error.is_empty() {
        String::new()
    } else {
        format!(": {error}")
    }
}

/// Neon's error body. Gateways in front of it answer HTML.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    code: String,
    message: String,
    #[serde(default)]
    request_id: String,
}

impl Error {
    /// The refusal in an answer that is no success.
    pub(super) fn refused(answer: &Answer, call: String) -> Self {
        let status = answer.status.as_u16();
        let header = answer.header("x-neon-ret-request-id").to_owned();
        let body = serde_json::from_slice::<Body>(&answer.body);
        let own = body.is_ok();
        let body = body.unwrap_or_else(|_| Body {
            code: String::new(),
            message: if answer.body.is_empty() {
                "(no text)".to_owned()
            } else {
                answer.excerpt(200)
            },
            request_id: String::new(),
        });
        let request = if body.request_id.is_empty() {
            header
        } else {
            body.request_id
        };
        let message = match retry::retry_after(answer) {
            None => body.message,
            Some(wait) => format!(
                "{} (to be asked again after {})",
                body.message,
                crate::text::elapsed(wait)
            ),
        };
        Self::Refused {
            status,
            code: body.code,
            message,
            request,
            call,
            own,
        }
    }

    /// Whether Neon itself refused, not something in between.
    pub fn is_its_own(&self) -> bool {
        matches!(self, Self::Refused { own: true, .. })
    }

    /// The status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the plan has no room for another branch. Neon documents codes, not statuses.
    pub fn is_branch_limit(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "BRANCHES_LIMIT_EXCEEDED")
    }

    /// Whether the request may have been carried out although no success was told.
    pub fn is_unclear(&self) -> bool {
        match self {
            Self::Refused { status, .. } => *status >= 500 && *status != 503,
            Self::Unreadable { .. } | Self::Unseen { .. } | Self::NoAnswer(NoAnswer::Ambiguous { .. }) => true,
            _ => false,
        }
    }

    /// What the failure of a create leaves open.
    pub(super) fn doubt(&self) -> Doubt {
        if self.status() == Some(409) {
            Doubt::Taken
        } else if self.is_unclear() {
            Doubt::Unclear
        } else {
            Doubt::None
        }
    }

    /// Whether a branch that was just made may be told of like this before it is known everywhere.
    pub(super) fn is_of_youth(&self) -> bool {
        match self {
            Self::Refused {
                status, message, own, ..
            } => *own && *status == 404 && !message.contains("project"),
            Self::NoSuchDatabase { young, .. } => *young,
            Self::NoEndpoint { .. } => true,
            _ => false,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Refused {
                status, code, message, ..
            } => return refused_hint(*status, code, message).map(str::to_owned),
            Self::NoEndpoint { .. } => {
                "give the branch a read-write compute in Neon's console, or delete the branch and run again"
            }
            Self::NotReachable { why, .. } => why.hint(),
            Self::TooSlow { .. } => "run again; a large schema may take longer than that while computes wake",
            Self::StillRunning { .. } => "run again: what exists is found and waited for",
            Self::NoSuchDatabase { .. } => "set the inputs `role` and `database`, or `[database]` in the manifest",
            Self::NoAnswer(lost) => return lost.hint("neon-api-url", "neon-api-key"),
            Self::Unseen { source, .. } => return source.hint(),
            Self::Unproven => "run again when fewer other runs change the project",
            Self::ForeignHost { .. } => "nothing was handed on; please report this with the host's name",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn refused_hint(status: u16, code: &str, message: &str) -> Option<&'static str> {
    Some(match (status, code) {
        (_, "BRANCHES_LIMIT_EXCEEDED") => {
            "delete branches that nobody needs, set `expires` so that they go by themselves, or `on-limit: evict-oldest`"
        }
        (_, "ROOT_BRANCHES_LIMIT_EXCEEDED") => {
            "a schema-only branch is a root branch, and Neon's plans have few of them; delete one, or leave `schema-only` out"
        }
        (_, "ACTIVE_ENDPOINTS_LIMIT_EXCEEDED" | "ENDPOINTS_LIMIT_EXCEEDED") => {
            "too many computes are active at once; they suspend themselves after some idle minutes"
        }
        (401, _) => {
            "the input `neon-api-key` is no valid API key; make one in Neon's console under Account settings → API keys"
        }
        (403, _) => {
            "the API key may not do this; it needs to belong to the project's organization, or be a key of this project"
        }
        (404, _) if message.contains("project") => {
            "check `neon-project-id` (Settings → General in Neon's console), and that the API key belongs to its organization"
        }
        (412, _) if message.contains("suspend") => {
            "Neon's Free plan has a fixed suspend time: leave the input `suspend-timeout` out"
        }
        (412, _) => {
            "the project does not store passwords; turn that on in its settings, so that connection strings can be read"
        }
        (423, _) => {
            "other operations of the project run for long; run again, or give the workflow a `concurrency` group per project"
        }
        (429, _) => "Neon allows about 700 requests a minute per account; run again, or run fewer jobs at once",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer {
            status: reqwest::StatusCode::from_u16(status).unwrap(),
            headers: reqwest::header::HeaderMap::new(),
            body: bytes::Bytes::from_static(body.as_bytes()),
            after_unclear: false,
        }
    }

    #[test]
    fn refusals_name_code_and_request() {
        let call = || "POST /projects/p/branches".to_owned();
        let error = Error::refused(
            &answer(
                422,
                r#"{"code":"BRANCHES_LIMIT_EXCEEDED","message":"branches limit exceeded","request_id":"r-1"}"#,
            ),
            call(),
        );
        assert!(error.is_branch_limit() && !error.is_unclear());
        insta::assert_snapshot!(error, @"Neon answered 422 (BRANCHES_LIMIT_EXCEEDED, request r-1) to `POST /projects/p/branches`: branches limit exceeded");
        let error = Error::refused(&answer(524, "<html>\n<h1>A timeout occurred</h1>"), call());
        assert!(error.is_unclear());
        insta::assert_snapshot!(error, @"Neon answered 524 to `POST /projects/p/branches`: <html> <h1>A timeout occurred</h1>");
        let error = Error::refused(&answer(401, r#"{"code":"","message":"bad key"}"#), call());
        insta::assert_snapshot!(error, @"Neon answered 401 to `POST /projects/p/branches`: bad key");
        assert!(error.hint().unwrap().contains("`neon-api-key`"));
    }
}
