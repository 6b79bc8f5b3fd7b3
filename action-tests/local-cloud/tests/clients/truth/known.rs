//! What no traffic shows: who the clients are, which answers were recorded, what is assumed, and where the vendors'
//! descriptions are not what the vendors do.

use std::collections::BTreeSet;

/// How the `User-Agent` of each client starts, and what the table calls it.
pub(super) const CLIENTS: &[(&str, &str)] = &[
    ("wrangler/", "wrangler"),
    ("Cloudflare/JS", "cloudflare (npm)"),
    ("Cloudflare/Python", "cloudflare (PyPI)"),
    ("octodns/", "octodns"),
    ("octokit-", "@octokit/rest"),
    ("PyGithub/", "PyGithub"),
    ("neonctl", "neon (CLI)"),
    ("@neon/sdk", "@neon/sdk"),
];

pub(super) fn client(agent: &str) -> Option<&'static str> {
    CLIENTS
        .iter()
        .find(|(start, _)| agent.starts_with(start))
        .map(|(_, name)| *name)
}

/// Operations whose real answers are kept in public recordings that local-cloud was written by: the cassettes of
/// <https://github.com/neondatabase/neon-api-python>, by the date of the answers.
const RECORDED: &[(&str, &str)] = &[
    ("neon GET /projects", "2025-01-16"),
    ("neon GET /projects/shared", "2025-01-16"),
    ("neon GET /projects/{project}", "2025-01-16"),
    ("neon GET /projects/{project}/branches", "2025-01-16"),
    ("neon GET /projects/{project}/branches/{branch}/databases", "2025-01-16"),
    ("neon GET /projects/{project}/branches/{branch}/roles", "2025-01-16"),
    (
        "neon GET /projects/{project}/branches/{branch}/roles/{role}",
        "2025-01-16",
    ),
    ("neon GET /projects/{project}/connection_uri", "2025-01-16"),
    ("neon GET /projects/{project}/endpoints", "2025-01-16"),
    ("neon GET /projects/{project}/endpoints/{endpoint}", "2025-01-16"),
    ("neon GET /projects/{project}/operations", "2025-01-16"),
    ("neon GET /projects/{project}/operations/{operation}", "2025-01-16"),
    ("neon GET /users/me", "2025-01-16"),
];

pub(super) fn recording(operation: &str) -> Option<&'static str> {
    RECORDED
        .iter()
        .find(|(name, _)| *name == operation)
        .map(|(_, date)| *date)
}

/// What the actions ask for and neither client, description nor recording stands behind, with what is assumed.
pub(super) const ASSUMED: &[(&str, &str)] = &[(
    "github GET /repos/{owner}/{repo}/actions/workflows/{workflow}/runs",
    "the runs of one workflow file are listed and filtered (`event`, `status`) as those of the repository are",
)];

/// One accepted difference: `what` is a part of the violation's text.
pub(super) struct Difference {
    pub(super) side: &'static str,
    pub(super) operation: &'static str,
    pub(super) what: &'static str,
    pub(super) why: &'static str,
}

/// Descriptions are older than the platform, or contradict themselves; where an answer follows something newer, that
/// is named.
pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "$.success: value is not one of true",
        why: REFUSALS,
    },
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "$.result: value is not",
        why: REFUSALS,
    },
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "$.errors.*: Unevaluated properties are not allowed ('error_chain'",
        why: "Clients read the cause there (wrangler does); the description has no such field",
    },
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "$.result_info: Unevaluated properties are not allowed ('total_pages'",
        why: "The SDKs' pages have it",
    },
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "$.messages.*: Unevaluated properties are not allowed ('type'",
        why: "Cloudflare's own example of the answer has it",
    },
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "usage_model: value does not match",
        why: NEWER,
    },
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "Unevaluated properties are not allowed ('enabled', 'previews_enabled'",
        why: DOMAINS,
    },
    Difference {
        side: "answer",
        operation: "cloudflare GET /accounts/{account}/workers/domains/{id}",
        what: "$.result: Unevaluated properties are not allowed ('cert_id', 'enabled', 'previews_enabled'",
        why: DOMAINS,
    },
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "$.result: Unevaluated properties are not allowed ('tags', 'observability'",
        why: NEWER,
    },
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "$.result.bindings.*: value is not valid under any",
        why: "The description of 2024 lists few kinds of bindings; wrangler and the SDK of 2026 know all of these",
    },
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "Unevaluated properties are not allowed ('annotations'",
        why: NEWER,
    },
    Difference {
        side: "answer",
        operation: "cloudflare GET /accounts/{account}/workers/scripts/{script}/versions",
        what: "$: Unevaluated properties are not allowed ('result_info'",
        why: "wrangler and the SDK read pages of versions by it",
    },
    Difference {
        side: "answer",
        operation: "cloudflare GET /accounts/{account}/workers/subdomain",
        what: "$.result: Unevaluated properties are not allowed ('subdomain'",
        why: "The description calls it `name`; wrangler and both SDKs read `subdomain`",
    },
    Difference {
        side: "answer",
        operation: "cloudflare *",
        what: "owner.id: value is not of type",
        why: "Assumed: what tokens are shown of a zone's owner is null",
    },
    Difference {
        side: "answer",
        operation: "cloudflare GET /accounts/{account}/workers/scripts",
        what: "etag: value is not of type",
        why: "Assumed: a Worker that was made without an upload has none",
    },
    Difference {
        side: "answer",
        operation: "github *",
        what: "repo: value is not of type",
        why: "A deleted fork is null in recorded answers",
    },
    Difference {
        side: "answer",
        operation: "github *",
        what: "$.user: value is not of type",
        why: "A deleted account is null in recorded answers",
    },
    Difference {
        side: "answer",
        operation: "github *",
        what: r#"_url: value is not a "uri""#,
        why: "GitHub writes an empty text where there is none: so do the description's own examples",
    },
    Difference {
        side: "request",
        operation: "cloudflare PATCH /accounts/{account}/workers/scripts/{script}/script-settings",
        what: "$: Unevaluated properties are not allowed ('observability'",
        why: SENT,
    },
    Difference {
        side: "request",
        operation: "cloudflare PATCH /accounts/{account}/workers/scripts/{script}/script-settings",
        what: "$: Unevaluated properties are not allowed ('tags'",
        why: SENT,
    },
    Difference {
        side: "request",
        operation: "cloudflare POST /accounts/{account}/workers/scripts/{script}/versions",
        what: "message: value is longer than 50",
        why: "The description is of 2024; the SDK of 2026 says that it is cut at 1000 bytes",
    },
    Difference {
        side: "request",
        operation: "cloudflare POST /accounts/{account}/workers/scripts/{script}/versions",
        what: "tag: value is longer than 20",
        why: "The description is of 2024; the SDK of 2026 says at most 100 bytes",
    },
];

const REFUSALS: &str = "Refusals are described as a success and a failure at once";
const DOMAINS: &str = "Newer than the description of 2024; wrangler reads and sends them";
const SENT: &str = "Newer than the description of 2024; wrangler sends it, too";
const NEWER: &str = "The description is of 2024; the SDK of 2026 (npm cloudflare 7.3.0) has it so";

/// Position of the difference that allows a violation.
pub(crate) fn difference(side: &str, operation: &str, what: &str) -> Option<usize> {
    DIFFERENCES
        .iter()
        .position(|it| it.side == side && is_meant(it.operation, operation) && what.contains(it.what))
}

/// An operation's name may end with `*`.
fn is_meant(pattern: &str, operation: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => operation.starts_with(start),
        None => operation == pattern,
    }
}

/// What allows nothing any more.
pub(super) fn unused(used: &BTreeSet<usize>) -> Vec<String> {
    let unused = DIFFERENCES.iter().enumerate().filter(|(at, _)| !used.contains(at));
    unused
        .map(|(_, it)| {
            format!(
                "allowed, and did not occur: {} of {}: {}",
                it.side, it.operation, it.what
            )
        })
        .collect()
}
