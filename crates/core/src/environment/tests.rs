use std::path::PathBuf;

use super::*;
use crate::manifest::{Manifest, Routing};
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

/// The real shape: APIs, and a web Worker with five hostnames in production alone.
fn five(name: &str) -> Environment {
    let text = r#"
    [project]
    name = "codex"
    zone = "Example.com."
    [environments.preview]
    hostname = "{subdomain}-preview-{pr}"
    worker = "{worker}-preview-{pr}"
    [environments.staging]
    hostname = "{subdomain}-staging"
    [environments.staging.services.web]
    hostnames = ["staging", "*.staging"]
    wrangler-env = "test"
    [environments.production]
    routing = "custom-domain"
    wrangler-env = "production"
    [environments.production.services.web]
    wrangler-env = ""
    [services.api]
    path = "api"
    worker = "My_API"
    vars = { WEB = "{web.url}" }
    [services.web]
    path = "web"
    subdomain = "@"
    hostnames = ["@", "www", "App", "*", "creators.example.com"]
    [services.docs]
    path = "docs"
    subdomain = "@"
    "#;
    let text = if name == "production" {
        text.replace("    [services.docs]\n    path = \"docs\"\n    subdomain = \"@\"\n", "")
    } else {
        text.to_owned()
    };
    let manifest = Manifest::parse(&text, "codex.toml", PathBuf::new()).unwrap();
    Environment::resolve(&manifest, name, Some(42), &Repository::default()).unwrap()
}

#[test]
fn a_service_has_all_its_hostnames_where_the_template_adds_nothing() {
    let hostnames = |environment: &Environment, key: &str| -> Vec<String> {
        environment
            .service(key)
            .unwrap()
            .hostnames()
            .map(str::to_owned)
            .collect()
    };
    let production = five("production");
    assert_eq!(
        hostnames(&production, "web"),
        [
            "example.com",
            "www.example.com",
            "app.example.com",
            "*.example.com",
            "creators.example.com"
        ]
    );
    let web = production.service("web").unwrap();
    assert_eq!(web.url, "https://example.com");
    assert_eq!(production.routing.of("*.example.com"), Routing::Route);
    let api = production.service("api").unwrap();
    assert_eq!(
        (api.worker.as_str(), &api.vars["WEB"]),
        ("My_API", &"https://example.com".into())
    );
    assert_eq!(
        (api.wrangler_env.as_deref(), web.wrangler_env.as_deref()),
        (Some("production"), None)
    );

    let staging = five("staging");
    assert_eq!(
        hostnames(&staging, "web"),
        ["staging.example.com", "*.staging.example.com"]
    );
    assert_eq!(hostnames(&staging, "docs"), ["docs-staging.example.com"]);
    assert_eq!(staging.service("web").unwrap().wrangler_env.as_deref(), Some("test"));
    let preview = five("preview");
    assert_eq!(hostnames(&preview, "web"), ["web-preview-42.example.com"]);
}

#[test]
fn an_environment_at_workers_dev_waits_for_the_accounts_name() {
    let text = |known: &str| {
        format!(
            "[project]\nname = \"x\"\n{known}[environments.preview]\nworker = \"{{worker}}-{{pr}}\"\nrouting = \"workers-dev\"\n[services.api]\npath = \"api\"\n[services.web]\npath = \"web\"\nvars = {{ API = [\"{{api.url}}/v1\", \"{{api.hostname}}\"] }}\n"
        )
    };
    let resolve = |known: &str| {
        let manifest = Manifest::parse(&text(known), "codex.toml", PathBuf::new()).unwrap();
        Environment::resolve(&manifest, "preview", Some(42), &Repository::default()).unwrap()
    };
    let mut environment = resolve("");
    assert!(environment.awaits_account());
    environment.at_workers_dev("acme");
    for environment in [environment, resolve("workers-dev = \"acme\"\n")] {
        assert!(!environment.awaits_account());
        let api = environment.service("api").unwrap();
        assert_eq!(api.health_url, "https://api-42.acme.workers.dev/health");
        let vars = &environment.service("web").unwrap().vars;
        assert_eq!(
            vars["API"],
            serde_json::json!(["https://api-42.acme.workers.dev/v1", "api-42.acme.workers.dev"])
        );
    }
}
