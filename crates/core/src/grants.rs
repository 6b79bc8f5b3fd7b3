//! What each action needs of a token: the one list behind the READMEs' tables and behind what `preflight` looks for. A
//! story runs the actions with exactly this.

use std::fmt;

use crate::cloudflare::Permission;

/// Who grants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A permission of the Cloudflare API token.
    Cloudflare(Permission),
    /// A scope of the job's `permissions:`.
    GitHub(&'static str),
    /// A key of Neon's API.
    Neon(&'static str),
}

impl Of {
    /// A key of `permissions:` and its level: `pull-requests` and `write`.
    pub fn scope(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::GitHub(scope) => scope.split_once(": "),
            Self::Cloudflare(_) | Self::Neon(_) => None,
        }
    }
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cloudflare(permission) => write!(f, "Cloudflare: {}", permission.menus()),
            Self::GitHub(scope) => write!(f, "GitHub: `{scope}`"),
            Self::Neon(key) => write!(f, "Neon: {key}"),
        }
    }
}

/// When it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    Only(Case),
    /// Without it the action does its work, and does not know or tell something.
    Optional,
}

/// What a grant is needed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    PrivateRepository,
    ManifestOfPrivate,
    ZoneByName,
    CustomDomainsOfAccount,
    CustomDomains,
    Hostnames,
    Kv,
    D1ByName,
    QueuesByWrangler,
    OwnBranch,
    Deployment,
    DeploymentOfPush,
    CommitStatus,
    SweepOrExplain,
    Sweep,
    AlertIssue,
}

impl Case {
    /// As the READMEs' tables say it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::PrivateRepository => "in a private repository",
            Self::ManifestOfPrivate => "with a manifest, in a private repository",
            Self::ZoneByName => "without `cloudflare-zone-id`, or with `wait`",
            Self::CustomDomainsOfAccount => "with custom domains and `cloudflare-account-id`",
            Self::CustomDomains => "with custom domains",
            Self::Hostnames => "with hostnames",
            Self::Kv => "with `kv`",
            Self::D1ByName => "with databases that `d1` names by name",
            Self::QueuesByWrangler => "with `uploader: wrangler` and queues",
            Self::OwnBranch => "with a database branch of the environment's own",
            Self::Deployment => "with `deployment`",
            Self::DeploymentOfPush => "with `deployment` and without a pull request",
            Self::CommitStatus => "with `commit-status`",
            Self::SweepOrExplain => "with `command: sweep` or `explain`",
            Self::Sweep => "with `command: sweep`",
            Self::AlertIssue => "with `alert-issue`",
        }
    }
}

/// One line of a table.
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    pub of: Of,
    pub when: When,
    pub what: &'static str,
}

const fn always(of: Of, what: &'static str) -> Grant {
    Grant {
        of,
        when: When::Always,
        what,
    }
}

const fn only(of: Of, with: Case, what: &'static str) -> Grant {
    Grant {
        of,
        when: When::Only(with),
        what,
    }
}

const fn optional(of: Of, what: &'static str) -> Grant {
    Grant {
        of,
        when: When::Optional,
        what,
    }
}

const CONTENTS: Grant = only(
    Of::GitHub("contents: read"),
    Case::PrivateRepository,
    "`actions/checkout`, before it",
);
const MANIFEST: Grant = only(
    Of::GitHub("contents: read"),
    Case::ManifestOfPrivate,
    "`actions/checkout`, before it",
);
const ASKS_GITHUB: Grant = optional(
    Of::GitHub("pull-requests: read"),
    "whether the pull request is still open in a second attempt, and its commit where the event does not tell it",
);
const ZONE: Grant = always(Of::Cloudflare(Permission::ZoneRead), "finding the zone");
const NEON_KEY: Of = Of::Neon("an API key of the project, or of its organization");

const PULL_REQUEST: &[Grant] = &[always(
    Of::GitHub("pull-requests: read"),
    "how the pull request stands, and its commit",
)];

const NEON_BRANCH: &[Grant] = &[
    always(NEON_KEY, "everything that it does at Neon"),
    MANIFEST,
    ASKS_GITHUB,
];

const PREVIEW_DNS: &[Grant] = &[
    always(
        Of::Cloudflare(Permission::DnsEdit),
        "`apply`, `delete`, and `verify` with `create-missing`; Read is enough for `verify` and `dry-run`",
    ),
    only(
        Of::Cloudflare(Permission::ZoneRead),
        Case::ZoneByName,
        "finding the zone by its name, and its name servers",
    ),
    optional(
        Of::Cloudflare(Permission::WorkersRoutesRead),
        "seeing that a route leads a hostname elsewhere; without it the log says that nobody looked",
    ),
    only(
        Of::Cloudflare(Permission::WorkersScriptsRead),
        Case::CustomDomainsOfAccount,
        "whose custom domain a hostname is",
    ),
    optional(
        Of::Cloudflare(Permission::SslRead),
        "whether a certificate covers hostnames two labels deep",
    ),
    MANIFEST,
    ASKS_GITHUB,
];

const DEPLOY_WORKERS: &[Grant] = &[
    always(
        Of::Cloudflare(Permission::WorkersScriptsEdit),
        "uploads, deployments, custom domains",
    ),
    only(
        Of::Cloudflare(Permission::WorkersRoutesEdit),
        Case::Hostnames,
        "routes, and custom domains in the zone",
    ),
    only(
        Of::Cloudflare(Permission::ZoneRead),
        Case::Hostnames,
        "finding the zone",
    ),
    only(
        Of::Cloudflare(Permission::KvEdit),
        Case::Kv,
        "the environment's namespaces",
    ),
    only(Of::Cloudflare(Permission::D1Read), Case::D1ByName, "their ids"),
    optional(
        Of::Cloudflare(Permission::R2Read),
        "looking for buckets before the first upload",
    ),
    only(
        Of::Cloudflare(Permission::QueuesEdit),
        Case::QueuesByWrangler,
        "their consumers",
    ),
    CONTENTS,
    ASKS_GITHUB,
];

const HEALTH_CHECK: &[Grant] = &[
    MANIFEST,
    optional(
        Of::GitHub("pull-requests: read"),
        "which pull request a `workflow_run` of a fork is about",
    ),
];

const PR_COMMENT: &[Grant] = &[
    always(
        Of::GitHub("pull-requests: write"),
        "the comment; `issues: write` will do as well",
    ),
    only(
        Of::GitHub("deployments: write"),
        Case::Deployment,
        "GitHub's deployments of the environment",
    ),
    only(Of::GitHub("statuses: write"), Case::CommitStatus, "the commit's status"),
    only(
        CONTENTS.of,
        Case::DeploymentOfPush,
        "which commits a deployment brings, and which pull requests they came from",
    ),
];

const CLEANUP: &[Grant] = &[
    ZONE,
    always(
        Of::Cloudflare(Permission::WorkersScriptsEdit),
        "Workers, and custom domains",
    ),
    always(Of::Cloudflare(Permission::WorkersRoutesEdit), "routes"),
    always(Of::Cloudflare(Permission::DnsEdit), "records"),
    only(Of::Cloudflare(Permission::KvEdit), Case::Kv, "namespaces"),
    only(
        Of::Cloudflare(Permission::SslEdit),
        Case::CustomDomains,
        "the certificates that they leave behind",
    ),
    only(NEON_KEY, Case::OwnBranch, "the branch"),
    CONTENTS,
    optional(
        Of::GitHub("pull-requests: read"),
        "whether the pull request was reopened meanwhile",
    ),
    only(
        Of::GitHub("pull-requests: read"),
        Case::SweepOrExplain,
        "which pull requests are open",
    ),
    only(
        Of::GitHub("actions: read"),
        Case::Sweep,
        "whether a run of a pull request is under way, and whether a scheduled sweep has succeeded before",
    ),
    optional(
        Of::GitHub("pull-requests: write"),
        "the comment of an environment that was removed says so",
    ),
    optional(
        Of::GitHub("deployments: write"),
        "the deployments of the environment end, and go; without it they are not looked at",
    ),
    only(
        Of::GitHub("issues: write"),
        Case::AlertIssue,
        "the issue that tells what is left",
    ),
];

/// It only looks: what it may not look at, its report names.
const PREFLIGHT: &[Grant] = &[
    CONTENTS,
    optional(
        Of::Cloudflare(Permission::ZoneRead),
        "the zone: its name, account and state",
    ),
    optional(Of::Cloudflare(Permission::DnsRead), "records in the way of a hostname"),
    optional(
        Of::Cloudflare(Permission::WorkersRoutesRead),
        "routes in the way of a hostname",
    ),
    optional(
        Of::Cloudflare(Permission::WorkersScriptsRead),
        "custom domains in the way of a hostname, and the account's name at workers.dev",
    ),
    optional(
        Of::Cloudflare(Permission::SslRead),
        "whether a certificate covers hostnames two labels deep",
    ),
    optional(
        Of::Cloudflare(Permission::KvRead),
        "namespaces that configurations name by id",
    ),
    optional(
        Of::Cloudflare(Permission::D1Read),
        "databases that configurations name by id",
    ),
    optional(Of::Cloudflare(Permission::R2Read), "buckets that configurations name"),
    optional(NEON_KEY, "the project, its parent branch, role and database"),
    optional(
        Of::GitHub("actions: read"),
        "the repository's environments, which GitHub keeps under this permission",
    ),
];

/// The actions, in the order in which documents name them.
pub const ACTIONS: [&str; 9] = [
    "pull-request",
    "setup-project",
    "neon-branch",
    "preview-dns",
    "deploy-workers",
    "health-check",
    "pr-comment",
    "cleanup",
    "preflight",
];

/// What an action needs.
pub fn of(action: &str) -> &'static [Grant] {
    match action {
        "pull-request" => PULL_REQUEST,
        "setup-project" => &[CONTENTS],
        "neon-branch" => NEON_BRANCH,
        "preview-dns" => PREVIEW_DNS,
        "deploy-workers" => DEPLOY_WORKERS,
        "health-check" => HEALTH_CHECK,
        "pr-comment" => PR_COMMENT,
        "cleanup" => CLEANUP,
        "preflight" => PREFLIGHT,
        _ => &[],
    }
}

/// The permissions to change things at Cloudflare that an action needs, for [`crate::cloudflare::Reader::for_changes`].
pub fn edits(action: &str) -> Vec<Permission> {
    let permissions = of(action).iter().filter_map(|grant| match grant.of {
        Of::Cloudflare(permission) => Some(permission),
        Of::GitHub(_) | Of::Neon(_) => None,
    });
    permissions.filter(|permission| permission.is_edit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_a_level() {
        let all = ACTIONS.iter().flat_map(|action| of(action));
        for grant in all {
            if let Of::GitHub(scope) = grant.of {
                let (_, level) = grant.of.scope().unwrap_or_else(|| panic!("`{scope}`"));
                assert!(["read", "write"].contains(&level), "`{scope}`");
            }
        }
    }
}
