use std::path::PathBuf;

use super::*;
use crate::manifest::Manifest;
use crate::owner::Repository;

const MANIFEST: &str = r#"
    [project]
    name = "codex"
    zone = "Example.com"
    [database]
    parent = "production"
    [environments.preview]
    hostname = "{subdomain}-preview-{pr}"
    worker = "{worker}-preview-{pr}"
    branch = "preview-pr-{pr}"
    expires = "7d"
    records = [{ name = "docs-{pr}", type = "CNAME", content = "{web.hostname}", ttl = "2m" }]
    secrets = { STRIPE_SECRET_KEY = "STRIPE_TEST_KEY" }
    r2 = { FILES = "files-{environment}", "api.FILES" = "{service}-files-{pr}" }
    d1 = { DB = "codex-preview" }
    [environments.production]
    [services.api]
    path = "api"
    secrets = ["STRIPE_SECRET_KEY", "DATABASE_URL"]
    kv = ["CACHE"]
    vars = { WEB = "{web.url}/x" }
    [services.web]
    path = "web"
    subdomain = "app"
    needs = ["api"]
"#;

fn resolve(name: &str, pull_request: Option<u64>) -> Result<Environment, Unresolved> {
    let manifest = Manifest::parse(MANIFEST, "codex.toml", PathBuf::new()).unwrap();
    Environment::resolve(&manifest, name, pull_request, &Repository::default())
}

#[test]
fn a_preview_has_names_of_its_own() {
    let preview = resolve("preview", Some(42)).unwrap();
    let api = preview.service("api").unwrap();
    assert_eq!(
        (api.worker.as_str(), api.hostname.as_str()),
        ("api-preview-42", "api-preview-42.example.com")
    );
    assert_eq!(api.vars["WEB"], "https://app-preview-42.example.com/x");
    assert_eq!(api.kv[0].title, "codex-preview-42-CACHE");
    assert_eq!(api.secrets[0].variable, "STRIPE_TEST_KEY");
    assert_eq!(api.secrets[1].variable, "DATABASE_URL");
    assert_eq!(api.r2["FILES"], "api-files-42");
    assert_eq!(preview.service("web").unwrap().r2["FILES"], "files-preview");
    assert_eq!(api.d1["DB"], "codex-preview");
    let docs = &preview.records[0];
    assert_eq!(
        (docs.name.as_str(), docs.content.as_str()),
        ("docs-42.example.com", "app-preview-42.example.com")
    );
    let database = preview.database.as_ref().unwrap();
    assert_eq!((database.branch.as_str(), database.is_own()), ("preview-pr-42", true));
    assert_eq!(preview.waves(&IndexMap::new()).unwrap(), [vec!["api"], vec!["web"]]);
}

#[test]
fn production_uses_the_parent_branch_and_no_number() {
    let production = resolve("production", Some(42)).unwrap();
    assert_eq!(production.pull_request, None);
    assert!(!production.database.as_ref().unwrap().is_own());
    assert_eq!(production.services[0].hostname, "api.example.com");
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(resolve("preview", None).unwrap_err().0[0].0, "pull-request");
    let (input, text) = &resolve("previw", Some(1)).unwrap_err().0[0];
    assert_eq!(*input, "environment");
    assert!(text.ends_with("did you mean `preview`?"), "{text}");
}
