mod kinds;
mod platform;
mod second_life;

use actions_core::runner::Env;

use crate::checks::testing::world;
use crate::finding::Finding;
use crate::inputs::Inputs;
use crate::world::World;

/// Place, severity, kind, subject and sentences, one finding a line.
fn lines(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let place = finding
            .place
            .as_ref()
            .map_or_else(|| "-".to_owned(), ToString::to_string);
        let kind = finding.kind;
        format!(
            "{place} {} {} {}: {}; {}",
            kind.severity, kind.name, finding.subject, finding.said, finding.remedy
        )
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What is found in a folder, of one environment or of all.
async fn in_folder(workspace: &std::path::Path, environment: Option<&str>) -> Vec<Finding> {
    let mut env = vec![("GITHUB_WORKSPACE".to_owned(), workspace.display().to_string())];
    env.extend(environment.map(|name| ("INPUT_ENVIRONMENT".to_owned(), name.to_owned())));
    let env: Env = env.into_iter().collect();
    let inputs = Inputs::read(&env).await.unwrap();
    let world = World::read(&inputs, &env);
    match &world.manifest {
        Ok(manifest) if environment.is_none() => assert_eq!(world.environments.len(), manifest.environments.len()),
        Ok(_) => assert_eq!(world.environments.len(), 1),
        Err(wrong) => panic!("{wrong}"),
    }
    super::findings(&world)
}

/// What is found in these files.
async fn of_files(files: &[(&str, &str)], environment: Option<&str>) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    in_folder(folder.path(), environment).await
}

#[tokio::test]
async fn an_account_that_differs_from_the_step_s_is_told() {
    let api = kinds::API.replace(
        "\"vars\": { \"STAGE\": \"dev\" }",
        "\"account_id\": \"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\", \"vars\": { \"STAGE\": \"dev\" }",
    );
    let files = [
        ("codex.toml", kinds::MANIFEST),
        ("api/wrangler.jsonc", api.as_str()),
        ("web/wrangler.toml", kinds::WEB),
    ];
    let account = |id| {
        [
            ("INPUT_CLOUDFLARE_API_TOKEN", "t0k3n"),
            ("INPUT_CLOUDFLARE_ACCOUNT_ID", id),
        ]
    };
    let (_, same, _folder) = world(&files, &account("a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1")).await;
    assert_eq!(lines(&super::findings(&same)), "");
    // Kind: account-differs.
    let (_, other, _folder) = world(&files, &account("b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2")).await;
    insta::assert_snapshot!(lines(&super::findings(&other)), @"api/wrangler.jsonc:6:3 error account-differs services.api.account_id: `api` in `preview`, `staging` and `production`: the wrangler configuration names account `a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1`, and `cloudflare-account-id` another one; make them agree");
}

#[tokio::test]
async fn what_production_uses_is_to_be_read_even_for_a_preview_alone() {
    let manifest = kinds::MANIFEST.replace("wrangler-env = \"production\"", "wrangler-env = \"live\"");
    let files = [
        ("codex.toml", manifest.as_str()),
        ("api/wrangler.jsonc", kinds::API),
        ("web/wrangler.toml", kinds::WEB),
    ];
    // Kind: environment-unread.
    insta::assert_snapshot!(lines(&of_files(&files, Some("preview")).await), @"
    api/wrangler.jsonc:2:3 error environment-unread services.api: `api` in `preview`: what production uses cannot be read: `api/wrangler.jsonc` has no environment `live`; it has `staging` and `production`; add that environment, or correct `wrangler-env` of production in the manifest
    web/wrangler.toml:1:1 error environment-unread services.web: `web` in `preview`: what production uses cannot be read: `web/wrangler.toml` has no environment `live`; it has `staging` and `production`; add that environment, or correct `wrangler-env` of production in the manifest
    ");
}
