use std::collections::BTreeMap;

use actions_core::github::{Access, Error, Told};
use serde_json::json;

use super::asked::asked;
use super::expected::{Expected, Scope};
use super::facts::Facts;
use super::judge;
use crate::checks::testing::{lines, world};

const MANIFEST: &str = r#"[project]
name = "shop"
zone = "example.com"

[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-preview-{pr}"

[environments.production]

[services.api]
path = "api"
secrets = ["SESSION_SECRET", "STRIPE_KEY"]
"#;

/// As all is well.
fn good() -> Facts {
    Facts {
        repository: "acme/app".to_owned(),
        access: Ok(Access {
            private: true,
            requests_left: Some(900),
            scopes: None,
        }),
        told: BTreeMap::from([("pull-requests", Ok(Told::Granted)), ("deployments", Ok(Told::Granted))]),
        environments: Ok(None),
        secrets: None,
    }
}

fn refused(status: u16, message: &str, limited: bool) -> Error {
    Error::Refused {
        status,
        doing: "read the repository",
        message: message.to_owned(),
        request_id: Some("C0DE:1".to_owned()),
        permissions: None,
        limited,
    }
}

fn expected(granted: bool) -> Expected {
    let scope = |key, level| Scope {
        key,
        level,
        action: "pr-comment",
    };
    Expected {
        job: "preview".to_owned(),
        scopes: vec![scope("pull-requests", "write"), scope("deployments", "write")],
        granted,
    }
}

async fn told(granted: bool, env: &[(&str, &str)], change: impl FnOnce(&mut Facts)) -> String {
    let mut facts = good();
    change(&mut facts);
    let (_, world, _folder) = world(&[("codex.toml", MANIFEST)], env).await;
    lines(&judge::judge(&facts, &world, Some(&expected(granted)), &[]))
}

#[tokio::test]
async fn nothing_is_told_of_a_token_that_may_all() {
    assert_eq!(told(true, &[], |_| ()).await, "");
    let nothing = told(true, &[], |facts| {
        facts.told = BTreeMap::from([("statuses", Ok(Told::Nothing))]);
        facts.access.as_mut().unwrap().requests_left = None;
    });
    assert_eq!(nothing.await, "");
}

#[tokio::test]
async fn a_token_that_sees_nothing_is_told_once() {
    let with = |error: Error| {
        told(true, &[], move |facts| {
            facts.access = Err(error);
            facts.told = BTreeMap::from([("deployments", Ok(Told::Refused))]);
        })
    };
    insta::assert_snapshot!([
        with(refused(401, "Bad credentials", false)).await,
        with(Error::Token).await,
        with(refused(404, "Not Found", false)).await,
        with(refused(403, "Resource protected by organization SAML enforcement", false)).await,
        with(refused(403, "API rate limit exceeded", true)).await,
        with(refused(502, "<html>", false)).await,
    ].join("\n"), @"
    - github-token-invalid GITHUB_TOKEN: GitHub does not accept the token: it was revoked, has expired, or is not whole; pass `github-token: ${{ github.token }}`, or make a new token at https://github.com/settings/tokens
    - github-token-invalid GITHUB_TOKEN: GitHub does not accept the token: it was revoked, has expired, or is not whole; pass `github-token: ${{ github.token }}`, or make a new token at https://github.com/settings/tokens
    - github-repository-unseen GITHUB_REPOSITORY: the token does not see repository `acme/app` (GitHub answers 404); let the token include the repository, or correct `GITHUB_REPOSITORY`
    - github-repository-unseen GITHUB_REPOSITORY: the token has not passed the single sign-on of the organization of `acme/app`; authorize it for the organization at https://github.com/settings/tokens (Configure SSO)
    - github-not-read github: GitHub was not, or not wholly, looked at: GitHub answered 403 (request C0DE:1) to read the repository: API rate limit exceeded; run again; nothing is known of what was not read
    - github-not-read github: GitHub was not, or not wholly, looked at: GitHub answered 502 (request C0DE:1) to read the repository: <html>; run again; nothing is known of what was not read
    ");
}

#[tokio::test]
async fn what_a_jobs_token_may_not_is_one_row() {
    let lacking = |facts: &mut Facts| {
        facts.told.insert("deployments", Ok(Told::Refused));
        facts.told.insert("pull-requests", Ok(Told::Refused));
    };
    insta::assert_snapshot!([told(false, &[], lacking).await, told(true, &[], |facts| {
        facts.told.insert("deployments", Ok(Told::Refused));
    }).await].join("\n"), @"
    - github-permission-missing GITHUB_TOKEN: the token of job `preview` lacks `pull-requests: write` and `deployments: write`, which `pr-comment` in the job asks for: GitHub refuses even to read; add `permissions: { contents: read, pull-requests: write, deployments: write }` to the job
    - github-permission-missing GITHUB_TOKEN: the token of job `preview` lacks `deployments: write`, which `pr-comment` in the job asks for: GitHub refuses even to read; grant `deployments: write` in the job that calls this one's workflow, too; a pull request of a fork or by Dependabot has a token that only reads
    ");
    // github-permission-missing is no guess: what was not answered is a note.
    let lost = told(true, &[], |facts| {
        facts.told.insert("deployments", Err(refused(502, "<html>", false)));
    });
    assert!(lost.await.starts_with("- github-not-read github: "));
}

#[tokio::test]
async fn few_requests_and_an_open_production_are_told() {
    insta::assert_snapshot!(told(true, &[], |facts| {
        facts.access.as_mut().unwrap().requests_left = Some(12);
        facts.environments = Ok(Some(vec![serde_json::from_value(json!({"name": "production", "protection_rules": []})).unwrap()]));
    }).await, @"
    - github-requests-few GITHUB_TOKEN: the token has 12 requests left in this hour; run again in the next hour, and look which workflow asks so often
    - github-environment-unprotected environments.production: GitHub's environment `production` has no required reviewers; set them at https://github.com/acme/app/settings/environments, if production is to wait for somebody
    ");
    // No github-requests-few, no github-environment-unprotected.
    let rules = json!([{"name": "preview", "protection_rules": []}, {"name": "production", "protection_rules": [{"type": "required_reviewers"}]}]);
    let calm = told(true, &[], |facts| {
        facts.environments = Ok(Some(serde_json::from_value(rules).unwrap()));
        facts.access.as_mut().unwrap().requests_left = Some(100);
    });
    assert_eq!(calm.await, "");
}

#[tokio::test]
async fn a_token_with_scopes_is_told_with_what_they_reach_and_lack() {
    let with = async |scopes: &[&str], private: bool| {
        let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        told(true, &[], |facts| {
            let access = facts.access.as_mut().unwrap();
            (access.scopes, access.private) = (Some(scopes), private);
        })
        .await
    };
    insta::assert_snapshot!(with(&["repo", "workflow", "gist", "admin:org"], true).await, @"- github-token-classic GITHUB_TOKEN: the token has the scopes `repo`, `workflow` and `admin:org`, for every repository that its person reaches; in a workflow pass `github-token: ${{ github.token }}`; elsewhere a fine-grained token of this repository alone will do");
    insta::assert_snapshot!(with(&["public_repo", "repo_deployment"], true).await, @"
    - github-permission-missing GITHUB_TOKEN: the token has the scopes `public_repo` and `repo_deployment`, and job `preview` needs `pull-requests: write`, for which that is not enough; pass `github-token: ${{ github.token }}`, or give the token the scope `repo`
    - github-token-classic GITHUB_TOKEN: the token has the scope `public_repo`, for every repository that its person reaches; in a workflow pass `github-token: ${{ github.token }}`; elsewhere a fine-grained token of this repository alone will do
    ");
    insta::assert_snapshot!(with(&[], false).await, @"- github-permission-missing GITHUB_TOKEN: the token has no scope, and job `preview` needs `pull-requests: write` and `deployments: write`, for which that is not enough; pass `github-token: ${{ github.token }}`, or give the token the scope `public_repo`");
    // A public repository's is enough there, and no github-permission-missing is told beside github-token-classic.
    let public = with(&["public_repo"], false).await;
    assert!(
        public.starts_with("- github-token-classic") && public.lines().count() == 1,
        "{public}"
    );
    // Refused and without the scope: one row.
    let both = told(true, &[], |facts| {
        facts.access.as_mut().unwrap().scopes = Some(Vec::new());
        facts.told.insert("deployments", Ok(Told::Refused));
    });
    assert_eq!(both.await.lines().count(), 1);
}

const GIVES: &str = r"on: push
jobs:
  deploy:
    steps:
      - uses: codex/actions/actions/deploy-workers@v1
        with:
          cloudflare-api-token: ${{ secrets.CLOUDFLARE_TOKEN }}
        env:
          SESSION_SECRET: ${{ secrets.SESSION_SECRET }}
          STRIPE_KEY: ${{ secrets.STRIPE_LIVE_KEY }}
          TURBO_TOKEN: ${{ secrets.TURBO_TOKEN }}
      - uses: codex/actions/actions/neon-branch@v1
        with:
          neon-api-key: ${{ secrets.NEON_API_KEY || vars.NEON_API_KEY }}
";

#[tokio::test]
async fn secrets_that_github_has_nowhere_are_told_where_they_are_given() {
    let called = [
        "on:\n  workflow_call:\n",
        "on: [push, workflow_call]\n",
        "on: workflow_call\n",
    ];
    let called = called.map(|on| {
        GIVES
            .replace("on: push\n", on)
            .replace("secrets.", "secrets.OF_CALLER_")
    });
    let files = [
        ("codex.toml", MANIFEST),
        (".github/workflows/deploy.yaml", GIVES),
        (".github/workflows/a.yml", &called[0]),
        (".github/workflows/b.yml", &called[1]),
        (".github/workflows/c.yml", &called[2]),
    ];
    let (_, world, _folder) = world(&files, &[]).await;
    let with = |names: &[&str]| {
        let mut facts = good();
        facts.secrets = Some(names.iter().map(|name| (*name).to_owned()).collect());
        lines(&judge::judge(&facts, &world, None, &asked(&world)))
    };
    insta::assert_snapshot!(with(&["SESSION_SECRET"]), @"
    .github/workflows/deploy.yaml:7:11 github-secret-unset CLOUDFLARE_TOKEN: there is no secret `CLOUDFLARE_TOKEN` in `acme/app`, its organization or its environments, and it is given as `cloudflare-api-token`; set it: `gh secret set CLOUDFLARE_TOKEN`, with `--env` where an environment is to have its own
    .github/workflows/deploy.yaml:10:11 github-secret-unset STRIPE_LIVE_KEY: there is no secret `STRIPE_LIVE_KEY` in `acme/app`, its organization or its environments, and it is given as `STRIPE_KEY`; set it: `gh secret set STRIPE_LIVE_KEY`, with `--env` where an environment is to have its own
    ");
    // No github-secret-unset, nor where nobody may list them.
    assert_eq!(with(&["SESSION_SECRET", "STRIPE_LIVE_KEY", "CLOUDFLARE_TOKEN"]), "");
    assert_eq!(lines(&judge::judge(&good(), &world, None, &asked(&world))), "");
}

#[tokio::test]
async fn what_a_job_is_to_have_is_what_its_workflow_does_not_withhold() {
    let workflow = |permissions: &str| {
        format!(
            "on: pull_request\n{permissions}jobs:\n  preview:\n    runs-on: x\n    steps:\n      - uses: codex/actions/actions/pr-comment@v1\n        with: {{ environment: preview, deployment: true }}\n      - uses: codex/actions/actions/preflight@v1\n  other:\n    runs-on: x\n    steps:\n      - uses: codex/actions/actions/pr-comment@v1\n        with: {{ environment: preview, commit-status: true }}\n"
        )
    };
    let env = [
        ("GITHUB_JOB", "preview"),
        (
            "GITHUB_WORKFLOW_REF",
            "acme/app/.github/workflows/p.yml@refs/pull/42/merge",
        ),
    ];
    let of = async |permissions: &str, env: &[(&str, &str)]| {
        let workflow = workflow(permissions);
        let files = [("codex.toml", MANIFEST), (".github/workflows/p.yml", workflow.as_str())];
        let (_, world, _folder) = world(&files, env).await;
        crate::checks::workflows::expected(&world)
    };
    let keys = |expected: &Expected| expected.scopes.iter().map(|it| (it.key, it.level)).collect::<Vec<_>>();
    let free = of("", &env).await.unwrap();
    assert_eq!((free.job.as_str(), free.granted), ("preview", false));
    assert_eq!(keys(&free), [("deployments", "write"), ("pull-requests", "write")]);
    let some = of("permissions: { pull-requests: write, deployments: read }\n", &env)
        .await
        .unwrap();
    assert!(some.granted);
    assert_eq!(
        keys(&some),
        [("pull-requests", "write")],
        "the workflow's own fault is told at its place"
    );
    let other = [
        env[0],
        (
            "GITHUB_WORKFLOW_REF",
            "acme/app/.github/workflows/q.yml@refs/heads/main",
        ),
    ];
    for outside in [&[][..], &other[..], &env[..1]] {
        assert_eq!(of("", outside).await, None);
    }
}
