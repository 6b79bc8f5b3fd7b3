//! What each action needs of a token: the tables of the READMEs. A story runs the actions with exactly this.

use std::fmt;

use actions_core::cloudflare::Permission;

use crate::cell;

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
    /// Only with something: `with custom domains`.
    Only(&'static str),
    /// Without it the action does its work, and does not know or tell something.
    Optional,
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

const fn only(of: Of, with: &'static str, what: &'static str) -> Grant {
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
    "in a private repository",
    "`actions/checkout`, before it",
);
const MANIFEST: Grant = only(
    Of::GitHub("contents: read"),
    "with a manifest, in a private repository",
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
        "without `cloudflare-zone-id`, or with `wait`",
        "finding the zone by its name, and its name servers",
    ),
    optional(
        Of::Cloudflare(Permission::WorkersRoutesRead),
        "seeing that a route leads a hostname elsewhere; without it the log says that nobody looked",
    ),
    only(
        Of::Cloudflare(Permission::WorkersScriptsRead),
        "with custom domains and `cloudflare-account-id`",
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
        "with hostnames",
        "routes, and custom domains in the zone",
    ),
    only(
        Of::Cloudflare(Permission::ZoneRead),
        "with hostnames",
        "finding the zone",
    ),
    only(
        Of::Cloudflare(Permission::KvEdit),
        "with `kv`",
        "the environment's namespaces",
    ),
    only(
        Of::Cloudflare(Permission::D1Read),
        "with databases that `d1` names by name",
        "their ids",
    ),
    optional(
        Of::Cloudflare(Permission::R2Read),
        "looking for buckets before the first upload",
    ),
    only(
        Of::Cloudflare(Permission::QueuesEdit),
        "with `uploader: wrangler` and queues",
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
        "with `deployment`",
        "GitHub's deployments of the environment",
    ),
    only(
        Of::GitHub("statuses: write"),
        "with `commit-status`",
        "the commit's status",
    ),
    only(
        CONTENTS.of,
        "with `deployment` and without a pull request",
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
    only(Of::Cloudflare(Permission::KvEdit), "with `kv`", "namespaces"),
    only(
        Of::Cloudflare(Permission::SslEdit),
        "with custom domains",
        "the certificates that they leave behind",
    ),
    only(
        NEON_KEY,
        "with a database branch of the environment's own",
        "the branch",
    ),
    CONTENTS,
    optional(
        Of::GitHub("pull-requests: read"),
        "whether the pull request was reopened, in a second attempt",
    ),
    only(
        Of::GitHub("pull-requests: read"),
        "with `command: sweep` or `explain`",
        "which pull requests are open",
    ),
    only(
        Of::GitHub("actions: read"),
        "with `command: sweep`",
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
        "with `alert-issue`",
        "the issue that tells what is left",
    ),
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
        _ => &[],
    }
}

/// The table of an action's README.
pub fn table(action: &str) -> String {
    let rows = of(action).iter().map(|grant| {
        let when = match grant.when {
            When::Always => "always",
            When::Only(with) => with,
            When::Optional => "optional",
        };
        format!(
            "| {} | {} | {} |\n",
            cell(&grant.of.to_string()),
            cell(when),
            cell(grant.what)
        )
    });
    format!(
        "| permission | needed | for |\n|---|---|---|\n{}",
        rows.collect::<String>()
    )
}
