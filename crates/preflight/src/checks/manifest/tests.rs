use super::*;
use crate::checks::testing::{lines, world};

const GOOD: &str = r#"[project]
name = "shop"
zone = "example.com"

[environments.preview]
hostname = "{subdomain}-preview-{pr}"
worker = "{worker}-preview-{pr}"

[environments.production]

[services.api]
path = "workers/api"
"#;

async fn told(manifest: &str) -> String {
    told_with(manifest, &[]).await
}

async fn told_with(manifest: &str, env: &[(&str, &str)]) -> String {
    let (_, world, _folder) = world(&[("codex.toml", manifest)], env).await;
    lines(&findings(&world))
}

#[tokio::test]
async fn nothing_is_told_of_a_manifest_that_can_be_used() {
    assert_eq!(told(GOOD).await, "");
    assert_eq!(told_with(GOOD, &[("INPUT_ENVIRONMENT", "production")]).await, "");
}

#[tokio::test]
async fn manifest_missing_names_init() {
    let (_, world, _folder) = world(&[("README.md", "")], &[("INPUT_MANIFEST", "apps/codex.toml")]).await;
    insta::assert_snapshot!(lines(&findings(&world)), @"- manifest-missing apps/codex.toml: there is no `apps/codex.toml`; run `preflight init`, which proposes one, or name its path by `manifest`");
}

#[tokio::test]
async fn manifest_invalid_is_told_for_each_problem_at_its_place() {
    let bad = GOOD
        .replace("hostname =", "hostnme =")
        .replace("zone = \"example.com\"", "zone = 7")
        .replace(
            "[environments.production]",
            "[environments.production]\ncolour = \"red\"\nrouting = \"custom-domian\"",
        )
        .replace(
            "path = \"workers/api\"",
            "worker = \"api\"\n\n[preflight]\nsilence = { x = \"\" }",
        );
    insta::assert_snapshot!(told(&bad).await, @"
    codex.toml:3:8 manifest-invalid project.zone: `project.zone` is to be a text in quotes; change it: https://github.com/codex/actions/blob/main/.github/docs/manifest.md tells what may stand here
    codex.toml:6:1 manifest-invalid environments.preview.hostnme: unknown key `environments.preview.hostnme`; write `hostname`
    codex.toml:10:1 manifest-invalid environments.production.colour: unknown key `environments.production.colour`; take it out, or write one of hostname, worker, branch, routing, wrangler-env, expires, grace, limit, on-limit, secrets, step-vars, vars, crons, r2, d1, shared, wildcard, records, services
    codex.toml:11:11 manifest-invalid environments.production.routing: `environments.production.routing` is to be `route` or `custom-domain` or `record` or `workers-dev`, not `custom-domian`; write `custom-domain`
    codex.toml:13:11 manifest-invalid services.api.path: `services.api.path` is missing: the Worker's folder, where its wrangler config is; add it: https://github.com/codex/actions/blob/main/.github/docs/manifest.md tells what may stand here
    ");
    let silent = format!("{GOOD}\n[preflight]\nsilence = {{ x = \" \" }}\n");
    insta::assert_snapshot!(told(&silent).await, @"codex.toml:15:1 manifest-invalid preflight.silence.x: `preflight.silence.x`: say why it is meant so; change it: https://github.com/codex/actions/blob/main/.github/docs/manifest.md tells what may stand here");
    insta::assert_snapshot!(told("[project\nname = 1").await, @"codex.toml:1:9 manifest-invalid codex.toml: unclosed table, expected `]`; change it: https://github.com/codex/actions/blob/main/.github/docs/manifest.md tells what may stand here");
}

#[tokio::test]
async fn an_environment_unresolvable_is_told_at_its_table() {
    let long = "a".repeat(60);
    let bad = GOOD.replace("[services.api]", &format!("[services.{long}]"));
    insta::assert_snapshot!(told(&bad).await.replace(&long, "aaa…"), @"
    codex.toml:5:15 environment-unresolvable environments.preview: Worker `aaa…-preview-1` of service `aaa…` is to be at most 63 letters, digits, underscores and dashes, with no dash in front; change `hostname` or `worker` of the environment, or the services' own names
    codex.toml:5:15 environment-unresolvable environments.preview: hostname `aaa…-preview-1.example.com` of service `aaa…` has a label that DNS refuses: at most 63 letters, digits and inner dashes; change `hostname` or `worker` of the environment, or the services' own names
    ");
    let twice = format!("{GOOD}worker = \"shop\"\n\n[services.web]\npath = \"apps/web\"\nworker = \"shop\"\n");
    insta::assert_snapshot!(told(&twice).await, @"
    codex.toml:5:15 environment-unresolvable environments.preview: services `api` and `web` would both be Worker `shop-preview-1`; change `hostname` or `worker` of the environment, or the services' own names
    codex.toml:9:15 environment-unresolvable environments.production: services `api` and `web` would both be Worker `shop`; change `hostname` or `worker` of the environment, or the services' own names
    ");
}

#[tokio::test]
async fn an_environment_unlimited_is_told_where_each_takes_a_branch() {
    let database = GOOD
        .replace(
            "[environments.preview]",
            "[database]\nparent = \"main\"\n\n[environments.preview]",
        )
        .replace("-{pr}\"\n\n", "-{pr}\"\nbranch = \"preview-{pr}\"\n\n");
    insta::assert_snapshot!(told(&database).await, @"codex.toml:8:15 environment-unlimited environments.preview: nothing says how many of `preview` may be alive at once: each takes a database branch and 1 Worker; set `limit`, such as `limit = 20`");
    assert_eq!(told(&database.replace("branch =", "limit = 20\nbranch =")).await, "");
    // Without a branch there is nothing to count by.
    assert_eq!(told(&database.replace("branch = \"preview-{pr}\"\n", "")).await, "");
}

#[tokio::test]
async fn an_environment_name_tight_is_told_before_it_breaks() {
    let fits = "a".repeat(63 - "-preview-99999".len());
    let tight = format!("{fits}a");
    assert_eq!(
        told(&GOOD.replace("[services.api]", &format!("[services.{fits}]"))).await,
        ""
    );
    let told = told(&GOOD.replace("[services.api]", &format!("[services.{tight}]"))).await;
    insta::assert_snapshot!(told.replace(&tight, "aaa…"), @"codex.toml:5:15 environment-name-tight environments.preview: in pull request 99999 Worker `aaa…-preview-99999` of service `aaa…` is to be at most 63 letters, digits, underscores and dashes, with no dash in front; shorten `hostname` or `worker` of the environment, or the service's own name");
}
