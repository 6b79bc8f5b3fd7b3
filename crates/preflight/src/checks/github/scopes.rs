//! A token with scopes: a person's classic one, or one of an OAuth app, such as that of `gh auth token`. Pure.
//!
//! A job's own token and fine-grained ones have permissions instead, and GitHub tells no scopes of them
//! (docs.github.com, "Scopes for OAuth apps").

use actions_core::text::quoted_list;

use super::expected::{Expected, Scope};
use super::judge::TOKEN;
use super::kinds;
use crate::finding::Finding;

/// `scopes`: as GitHub tells them, none at all too. `private`: the repository is.
pub(super) fn judge(scopes: &[String], private: bool, expected: Option<&Expected>) -> Vec<Finding> {
    let lacking = expected.and_then(|expected| lacking(scopes, private, expected));
    lacking.into_iter().chain(wide(scopes)).collect()
}

fn wide(scopes: &[String]) -> Option<Finding> {
    // The others reach no code, and no setting.
    let wide: Vec<&String> = scopes
        .iter()
        .filter(|scope| {
            ["repo", "public_repo", "workflow", "delete_repo"].contains(&scope.as_str())
                || scope.starts_with("admin:")
                || scope.starts_with("write:")
        })
        .collect();
    (!wide.is_empty()).then(|| {
        Finding::new(
            &kinds::TOKEN_CLASSIC,
            TOKEN,
            format!(
                "the token has {}, for every repository that its person reaches",
                named(&wide)
            ),
            "in a workflow pass `github-token: ${{ github.token }}`; elsewhere a fine-grained token of this repository alone will do",
        )
    })
}

/// Writes that no scope covers. Reads of a public repository need none, so that no refusal tells it.
fn lacking(scopes: &[String], private: bool, expected: &Expected) -> Option<Finding> {
    let lacks = |scope: &&Scope| {
        let covers = |name: &String| covers(name, scope.key, private);
        scope.level == "write" && !scopes.iter().any(covers)
    };
    let lacking: Vec<String> = expected
        .scopes
        .iter()
        .filter(lacks)
        .map(|scope| format!("{}: {}", scope.key, scope.level))
        .collect();
    let wanted = if private { "repo" } else { "public_repo" };
    (!lacking.is_empty()).then(|| {
        let has = named(&scopes.iter().collect::<Vec<_>>());
        Finding::new(
            &kinds::PERMISSION_MISSING,
            TOKEN,
            format!(
                "the token has {has}, and job `{}` needs {}, for which that is not enough",
                expected.job,
                quoted_list(&lacking)
            ),
            format!("pass `github-token: ${{{{ github.token }}}}`, or give the token the scope `{wanted}`"),
        )
    })
}

fn named(scopes: &[&String]) -> String {
    match scopes {
        [] => "no scope".to_owned(),
        [one] => format!("the scope `{one}`"),
        more => format!("the scopes {}", quoted_list(more)),
    }
}

/// Whether a scope grants the writes that a key of `permissions:` stands for.
fn covers(scope: &str, key: &str, private: bool) -> bool {
    match scope {
        "repo" => true,
        "public_repo" => !private,
        "repo_deployment" => key == "deployments",
        "repo:status" => key == "statuses",
        _ => false,
    }
}
