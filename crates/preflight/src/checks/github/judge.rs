//! What is found about GitHub, from what was read. Pure.

use std::collections::BTreeSet;

use actions_core::environment::{Database, Environment};
use actions_core::github::{Error, Told};
use actions_core::text::{count, quoted_list};

use super::asked::Asked;
use super::expected::Expected;
use super::facts::Facts;
use super::{kinds, scopes};
use crate::checks::asking;
use crate::finding::Finding;
use crate::world::World;

pub(super) const TOKEN: &str = "GITHUB_TOKEN";
/// Requests below which a deployment with its comments may not end.
const FEW: u64 = 100;

pub(super) fn judge(facts: &Facts, world: &World, expected: Option<&Expected>, asked: &[Asked]) -> Vec<Finding> {
    let access = match &facts.access {
        Ok(access) => access,
        Err(error) => return vec![unreachable(facts, error)],
    };
    let mut findings: Vec<Finding> = expected
        .and_then(|expected| permission(facts, expected))
        .into_iter()
        .collect();
    if let Some(all) = &access.scopes {
        let of_scopes = scopes::judge(all, access.private, expected);
        // What was refused already is told once.
        let told = |finding: &Finding| findings.iter().any(|there| there.kind == finding.kind);
        let of_scopes: Vec<Finding> = of_scopes.into_iter().filter(|finding| !told(finding)).collect();
        findings.extend(of_scopes);
    }
    findings.extend(access.requests_left.filter(|left| *left < FEW).map(|left| {
        Finding::new(
            &kinds::REQUESTS_FEW,
            TOKEN,
            format!(
                "the token has {} left in this hour",
                count(usize::try_from(left).unwrap_or(usize::MAX), "request")
            ),
            "run again in the next hour, and look which workflow asks so often",
        )
    }));
    findings.extend(unprotected(facts, world));
    findings.extend(unset(facts, asked));
    let mut lost = facts.told.values().filter_map(|told| told.as_ref().err());
    let lost = lost.next().or(facts.environments.as_ref().err());
    findings.extend(lost.map(|error| not_read(&asking::told(error))));
    findings
}

fn unreachable(facts: &Facts, error: &Error) -> Finding {
    let repository = &facts.repository;
    let unseen =
        |said: String, remedy: &str| Finding::new(&kinds::REPOSITORY_UNSEEN, "GITHUB_REPOSITORY", said, remedy);
    match error {
        Error::Token | Error::Refused { status: 401, .. } => Finding::new(
            &kinds::TOKEN_INVALID,
            TOKEN,
            "GitHub does not accept the token: it was revoked, has expired, or is not whole",
            "pass `github-token: ${{ github.token }}`, or make a new token at https://github.com/settings/tokens",
        ),
        Error::Refused {
            status: 403,
            message,
            limited: false,
            ..
        } if message.contains("SAML") => unseen(
            format!("the token has not passed the single sign-on of the organization of `{repository}`"),
            "authorize it for the organization at https://github.com/settings/tokens (Configure SSO)",
        ),
        Error::Refused {
            status: status @ (403 | 404),
            limited: false,
            ..
        } => unseen(
            format!("the token does not see repository `{repository}` (GitHub answers {status})"),
            "let the token include the repository, or correct `GITHUB_REPOSITORY`",
        ),
        _ => not_read(&asking::told(error)),
    }
}

/// One row for the job: its `permissions` are one thing to mend.
fn permission(facts: &Facts, expected: &Expected) -> Option<Finding> {
    let is_refused = |key: &str| matches!(facts.told.get(key), Some(Ok(Told::Refused)));
    let refused: Vec<_> = expected.scopes.iter().filter(|scope| is_refused(scope.key)).collect();
    if refused.is_empty() {
        return None;
    }
    let list: Vec<String> = refused
        .iter()
        .map(|scope| format!("{}: {}", scope.key, scope.level))
        .collect();
    let actions: BTreeSet<&str> = refused.iter().map(|scope| scope.action).collect();
    let actions: Vec<&str> = actions.into_iter().collect();
    let remedy = if expected.granted {
        format!(
            "grant {} in the job that calls this one's workflow, too; a pull request of a fork or by Dependabot has a token that only reads",
            quoted_list(&list)
        )
    } else {
        format!(
            "add `permissions: {{ contents: read, {} }}` to the job",
            list.join(", ")
        )
    };
    Some(Finding::new(
        &kinds::PERMISSION_MISSING,
        TOKEN,
        format!(
            "the token of job `{}` lacks {}, which {} in the job asks for: GitHub refuses even to read",
            expected.job,
            quoted_list(&list),
            quoted_list(&actions)
        ),
        remedy,
    ))
}

/// Environments that serve from the parent database are production, whatever they are called.
fn is_production(environment: &Environment) -> bool {
    let serves_parent = environment
        .database
        .as_ref()
        .is_some_and(|database| !Database::is_own(database));
    environment.pull_request.is_none() && (environment.name == "production" || serves_parent)
}

fn unprotected(facts: &Facts, world: &World) -> Vec<Finding> {
    let Ok(Some(there)) = &facts.environments else {
        return Vec::new();
    };
    let production = world
        .environments
        .iter()
        .filter(|environment| is_production(environment));
    let bare = production.filter(|environment| {
        let settings = there.iter().find(|it| it.name == environment.name);
        settings.is_some_and(|settings| !settings.has_reviewers())
    });
    bare.map(|environment| {
        let name = &environment.name;
        Finding::new(
            &kinds::ENVIRONMENT_UNPROTECTED,
            format!("environments.{name}"),
            format!("GitHub's environment `{name}` has no required reviewers"),
            format!(
                "set them at https://github.com/{}/settings/environments, if production is to wait for somebody",
                facts.repository
            ),
        )
    })
    .collect()
}

/// Secrets that workflows hand over and GitHub has nowhere: an expression of such a one is an empty text.
fn unset(facts: &Facts, asked: &[Asked]) -> Vec<Finding> {
    let Some(names) = &facts.secrets else {
        return Vec::new();
    };
    // GitHub compares names without case.
    let missing = asked
        .iter()
        .filter(|it| !names.contains(&it.secret.to_ascii_uppercase()));
    missing
        .map(|Asked { secret, key, place }| {
            Finding::new(
                &kinds::SECRET_UNSET,
                secret,
                format!("there is no secret `{secret}` in `{}`, its organization or its environments, and it is given as `{key}`", facts.repository),
                format!("set it: `gh secret set {secret}`, with `--env` where an environment is to have its own"),
            )
            .at(place.clone())
        })
        .collect()
}

pub(super) fn not_read(why: &str) -> Finding {
    Finding::new(
        &kinds::NOT_READ,
        "github",
        format!("GitHub was not, or not wholly, looked at: {why}"),
        "run again; nothing is known of what was not read",
    )
}
