//! What can be found about GitHub.

use crate::finding::{Kind, Severity};

pub(super) static TOKEN_INVALID: Kind = Kind {
    name: "github-token-invalid",
    severity: Severity::Error,
    what: "GitHub does not accept the token that was given.",
    why: "GitHub answers 401 to a token that was revoked, has expired, or was cut when it was copied.",
    mend: "In a workflow pass `github-token: ${{ github.token }}`; elsewhere make a token that may read the repository.",
};
pub(super) static REPOSITORY_UNSEEN: Kind = Kind {
    name: "github-repository-unseen",
    severity: Severity::Error,
    what: "The token does not see the repository.",
    why: "GitHub answers 404 of a private repository that a token does not include, and 403 where an organization's single sign-on has not been passed with it.",
    mend: "Let the token include the repository, and authorize it for the organization; outside a workflow also compare `GITHUB_REPOSITORY`.",
};
pub(super) static PERMISSION_MISSING: Kind = Kind {
    name: "github-permission-missing",
    severity: Severity::Error,
    what: "GitHub refuses the token of this job something that an action in the same job needs.",
    why: "A job's token has what `permissions` grants, else what the repository's settings say, and never more than the caller of a called workflow has; pull requests of forks and of Dependabot get one that only reads.",
    mend: "Grant the scope to the job, and to the job that calls its workflow.",
};
pub(super) static TOKEN_CLASSIC: Kind = Kind {
    name: "github-token-classic",
    severity: Severity::Note,
    what: "The token has scopes: it is a person's classic one, or an OAuth app's, and reaches every repository that this person reaches.",
    why: "Scopes name no repository. Whoever reads such a token from a log or a dependency can write to all of them, where a job's own token ends with the job and is for one repository.",
    mend: "In a workflow pass `github-token: ${{ github.token }}`; elsewhere make a fine-grained token of this repository, or silence this.",
};
pub(super) static REQUESTS_FEW: Kind = Kind {
    name: "github-requests-few",
    severity: Severity::Warning,
    what: "The token has few requests left in this hour.",
    why: "A workflow's token has 1,000 requests an hour for the whole repository; when they are used up, GitHub refuses everything until the hour ends.",
    mend: "Wait for the hour's end, and look which workflow asks so often.",
};
pub(super) static ENVIRONMENT_UNPROTECTED: Kind = Kind {
    name: "github-environment-unprotected",
    severity: Severity::Note,
    what: "GitHub's environment for production asks nobody before a job uses it.",
    why: "Its secrets and its deployment are there for every workflow run that names the environment, from whichever branch its rules allow.",
    mend: "Set required reviewers, or limit its branches, under Settings → Environments.",
};
pub(super) static SECRET_UNSET: Kind = Kind {
    name: "github-secret-unset",
    severity: Severity::Warning,
    what: "A workflow gives an action or a service a secret that GitHub has nowhere: neither in the repository, nor in its organization, nor in an environment.",
    why: "An expression that names a secret which is not there is an empty text, and the action ends for want of it.",
    mend: "Correct the name, or set the secret with `gh secret set NAME`.",
};
pub(super) static NOT_READ: Kind = Kind {
    name: "github-not-read",
    severity: Severity::Warning,
    what: "GitHub could not be asked, or only in part.",
    why: "What was not read was not judged: this run says nothing of it, good or bad, and a deployment that asks the same may fail.",
    mend: "Run again; where it stays so, see www.githubstatus.com, and the runner's network.",
};

pub(super) const ALL: &[&Kind] = &[
    &TOKEN_INVALID,
    &REPOSITORY_UNSEEN,
    &PERMISSION_MISSING,
    &TOKEN_CLASSIC,
    &REQUESTS_FEW,
    &ENVIRONMENT_UNPROTECTED,
    &SECRET_UNSET,
    &NOT_READ,
];
