use std::path::PathBuf;

use super::*;

const GOOD: &str = r#"
[project]
name = "codex"
zone = "example.com"

[database]
parent = "production"

[environments.preview]
hostname = "{subdomain}-preview-{pr}"
worker = "{worker}-preview-{pr}"
branch = "preview-pr-{pr}"
expires = "7d"
secrets = { STRIPE_SECRET_KEY = "STRIPE_TEST_KEY" }

[environments.production]
worker = "{worker}-production"
routing = "custom-domain"

[services.identity-api]
path = "workers/identity-api"
secrets = ["DATABASE_URL"]
kv = ["RATE_LIMIT_KV"]

[services.web]
path = "apps/web"
worker = "codex-web"
subdomain = "codex"
needs = ["identity-api"]
vars = { API_URL = "{identity-api.url}" }
"#;

fn parse(text: &str) -> Result<Manifest, Wrong> {
    Manifest::parse(text, "codex.toml", PathBuf::new())
}

#[test]
fn a_good_manifest() {
    let manifest = parse(GOOD).unwrap();
    assert_eq!(manifest.services.keys().collect::<Vec<_>>(), ["identity-api", "web"]);
    assert_eq!(manifest.environments["production"].routing, Routing::CustomDomain);
    assert_eq!(
        (manifest.worker_of("web"), manifest.subdomain_of("identity-api")),
        ("codex-web", "identity-api")
    );
}

#[test]
fn what_another_environment_may_be_called_like_is_refused() {
    // Pull request 1's `api` would be production's `api-1`; pull request 2's namespace that of an environment's own.
    let text = GOOD
        .replace("{subdomain}-preview-{pr}", "{subdomain}-{pr}")
        .replace("{worker}-preview-{pr}", "{worker}-{pr}")
        .replace("\"{worker}-production\"", "\"{worker}\"")
        + "\n[services.identity-api-1]\npath = \"api-1\"\n\n[environments.preview-2]\nworker = \"{worker}-second\"\nhostname = \"{subdomain}-second\"\n";
    insta::assert_snapshot!(parse(&text).unwrap_err(), @"
    `codex.toml` has 2 problems
        codex.toml:9:1: `environments.preview` makes the Worker `identity-api-1` for a pull request's `identity-api`, and so does `environments.production` for `identity-api-1`: cleaning one up would take the other's; put a word before `{pr}` that nothing else has, such as `{worker}-preview-{pr}`
        codex.toml:9:1: `environments.preview` makes the KV title `codex-preview-2-RATE_LIMIT_KV` for a pull request's `identity-api`, and so does `environments.preview-2` for `identity-api`: cleaning one up would take the other's; titles are made of the project, the environment, the number and the binding: rename one of the environments
    ");
    let e2e = "\n[environments.e2e]\nworker = \"{worker}-e2e-{pr}\"\nhostname = \"{subdomain}-e2e-{pr}\"\nbranch = \"e2e-{pr}\"\n";
    parse(&(GOOD.to_owned() + e2e)).unwrap();
    let same = e2e.replace("worker}-e2e-", "worker}-preview-");
    insta::assert_snapshot!(parse(&(GOOD.to_owned() + &same)).unwrap_err(), @"codex.toml:9:1: `environments.preview` makes the Worker `identity-api-preview-1` for a pull request's `identity-api`, and so does `environments.e2e` for `identity-api`: cleaning one up would take the other's; give each a word before `{pr}` that the other has not");
}

#[test]
fn all_problems_of_form_at_once() {
    let text = GOOD
        .replace("hostname =", "hostnam =")
        .replace("path = \"apps/web\"", "path = 3")
        .replace("zone = \"example.com\"\n", "")
        .replace("\"custom-domain\"", "\"custom_domain\"")
        .replace("\"7d\"", "\"soon\"");
    insta::assert_snapshot!(parse(&text).unwrap_err(), @r#"
    `codex.toml` has 4 problems
        codex.toml:9:1: unknown key `environments.preview.hostnam`; did you mean `hostname`?
        codex.toml:12:11: `environments.preview.expires` is to be a duration in quotes, such as `"7d"` or `"90s"`
        codex.toml:17:11: `environments.production.routing` is to be `route` or `custom-domain` or `record` or `workers-dev`, not `custom_domain`; did you mean `custom-domain`?
        codex.toml:25:8: `services.web.path` is to be a text in quotes
    "#);
}

#[test]
fn hostnames_mean_something_where_they_stand() {
    let text = GOOD
        .replace("zone = \"example.com\"", "workers-dev = \"acme.workers.dev\"")
        .replace("subdomain = \"codex\"", "hostnames = [\"*\", \"@\", \"@\", \"{pr}\"]")
        .replace(
            "routing = \"custom-domain\"",
            "routing = \"workers-dev\"\nhostname = \"x\"",
        )
        + "[environments.preview.services.web]\nhostnames = [\"app\", \"{nr}-{pr}\"]\n[environments.production.services.wbe]\nhostnames = [\"@\"]\n";
    insta::assert_snapshot!(parse(&text).unwrap_err(), @r#"
    `codex.toml` has 10 problems
        codex.toml:2:1: `project.zone` is missing: the Cloudflare zone that all hostnames are in, such as `example.com`; only environments with `routing = "workers-dev"` do without, and `preview` is none
        codex.toml:4:1: `project.workers-dev` is the account's name at workers.dev, such as `acme` of `api.acme.workers.dev`, not `acme.workers.dev`
        codex.toml:16:1: `environments.production.hostname` names nothing with `routing = "workers-dev"`; leave it out, the address is made of `worker`
        codex.toml:26:1: `services.web.hostnames`: `*` comes first, which is the service's URL; put a hostname without `*` before it, such as `@` or `www`
        codex.toml:26:1: `services.web.hostnames` names `@` twice
        codex.toml:26:1: `services.web.hostnames`: nothing is filled in in `{pr}`; what differs by environment stands in `[environments.<name>.services.web]`
        codex.toml:32:1: `environments.preview.services.web.hostnames`: the environment is one per pull request, so `app` needs `{pr}`
        codex.toml:32:1: `environments.preview.services.web.hostnames`: `{nr}` is no placeholder; known: {project}, {environment}, {service}, {worker}, {subdomain}, {pr}
        codex.toml:34:1: `environments.production.services`: there is no service `wbe`; did you mean `web`?
        codex.toml:34:1: `environments.production.services.wbe.hostnames`: there are no hostnames with `routing = "workers-dev"`
    "#);
    let alone = "[project]\nname = \"x\"\n[environments.preview]\nworker = \"{worker}-{pr}\"\nrouting = \"workers-dev\"\n[services.api]\npath = \"api\"\n";
    assert!(parse(alone).unwrap().environments["preview"].is_per_pull_request());
}

#[test]
fn all_problems_of_meaning_at_once() {
    let text = GOOD
        .replace("branch = \"preview-pr-{pr}\"", "branch = \"preview\"")
        .replace("needs = [\"identity-api\"]", "needs = [\"identity\", \"web\"]")
        .replace("{identity-api.url}", "{identty.url}")
        .replace(
            "secrets = [\"DATABASE_URL\"]",
            "secrets = [\"DATABASE_URL\"]\nvars = { DATABASE_URL = \"x\" }",
        );
    insta::assert_snapshot!(parse(&text).unwrap_err(), @r"
    `codex.toml` has 5 problems
        codex.toml:9:1: `environments.preview.branch`: use `{pr}` in all of hostname, worker and branch, or in none
        codex.toml:20:1: `DATABASE_URL` is a secret in `services.identity-api.secrets` and a variable in `services.identity-api.vars`; a Worker can have it only once
        codex.toml:26:1: `services.web.needs`: there is no service `identity`; did you mean `identity-api`?
        codex.toml:26:1: `services.web.vars.API_URL`: `{identty.url}` is no placeholder and names no service; did you mean `{identity-api.url}`?
        codex.toml:30:1: services need each other in a circle: web → web
    ");
}

#[test]
fn what_stands_between_braces_in_variables_means_something() {
    let vars = |service: &str, preview: &str| {
        let text = GOOD
            .replace(
                "vars = { API_URL = \"{identity-api.url}\" }",
                &format!("vars = {{ A = {service} }}"),
            )
            .replace(
                "expires = \"7d\"",
                &format!("expires = \"7d\"\nvars = {{ B = {preview} }}"),
            );
        parse(&text).map_err(|wrong| wrong.to_string())
    };
    let good = vars(
        r#"["{web.url}", { environment = "{environment}", id = "{{id}}", json = '{"a": 1}' }, 5, true]"#,
        "\"pr-{pr} {identity-api.hostname}\"",
    );
    assert!(good.is_ok(), "{good:?}");
    for (service, preview, told) in [
        (
            "\"{web.uri}\"",
            "1",
            "codex.toml:26:1: `services.web.vars.A`: `{web.uri}` is no placeholder and names no service; did you mean `{web.url}`?",
        ),
        (
            "[{ deep = \"{PR_NUMBER}\" }]",
            "1",
            "`{PR_NUMBER}` is no placeholder and names no service; `{{PR_NUMBER}}` is the text itself",
        ),
        (
            "1",
            "\"{enviroment}\"",
            "codex.toml:9:1: `environments.preview.vars.B`: `{enviroment}` is no placeholder and names no service; did you mean `{environment}`?",
        ),
        (
            "\"{pr}\"",
            "1",
            "`services.web.vars.A`: there is no `{pr}` in environment `production`, which exists once",
        ),
        (
            "[2026-11-27]",
            "1",
            "`services.web.vars.A` holds a date, which JSON cannot: write it in quotes",
        ),
        ("1", "{ from = 07:30:00 }", "`environments.preview.vars.B` holds a date"),
    ] {
        let wrong = vars(service, preview).unwrap_err();
        assert!(wrong.contains(told), "{told} is not in:\n{wrong}");
    }
}

#[test]
fn form_and_meaning_are_told_together_where_both_can_be_read() {
    let text = GOOD
        .replace("expires = \"7d\"", "expirse = \"7d\"")
        .replace("needs = [\"identity-api\"]", "needs = [\"identity\"]");
    insta::assert_snapshot!(parse(&text).unwrap_err(), @r"
    `codex.toml` has 2 problems
        codex.toml:13:1: unknown key `environments.preview.expirse`; did you mean `expires`?
        codex.toml:25:1: `services.web.needs`: there is no service `identity`; did you mean `identity-api`?
    ");
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    insta::assert_snapshot!(parse("[project\nname = 1").unwrap_err(), @"codex.toml:1:9: unclosed table, expected `]`");
}

#[test]
fn a_missing_file_names_itself() {
    let error = Manifest::load(Path::new("no/codex.toml")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no `no/codex.toml`; check out the repository first, or name the manifest's path"
    );
}

#[test]
fn the_front_is_a_service() {
    let with = |front: &str| GOOD.replace("[project]\n", &format!("[project]\nfront = \"{front}\"\n"));
    assert_eq!(parse(&with("web")).unwrap().project.front.as_deref(), Some("web"));
    insta::assert_snapshot!(parse(&with("wbe")).unwrap_err());
}

#[test]
fn records_of_a_pull_request_are_its_own() {
    let text = GOOD.replace(
        "branch = \"preview-pr-{pr}\"",
        "branch = \"preview-pr-{pr}\"\nrecords = [{ name = \"docs\", type = \"TXT\", content = \"{pages.url}\", proxied = true, ttl = \"5s\" }]",
    );
    insta::assert_snapshot!(parse(&text).unwrap_err(), @r"
    `codex.toml` has 4 problems
        codex.toml:9:1: `environments.preview.records`, `docs`: `{pages.url}` is no placeholder and names no service
        codex.toml:9:1: `environments.preview.records`, `docs`: the environment is one per pull request, so its name needs `{pr}`
        codex.toml:9:1: `environments.preview.records`, `docs`: `ttl` is to be from `60s` to `1d`
        codex.toml:9:1: `environments.preview.records`, `docs`: a TXT record cannot be proxied
    ");
}

/// The schema that editors read is the one that the code checks. To renew it: `cargo xtask docs`.
#[test]
fn the_schema_is_current() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.github/docs/codex.schema.json");
    let current = format!("{}\n", serde_json::to_string_pretty(&schema::schema()).unwrap());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        current,
        "run `cargo xtask docs`"
    );
}

#[test]
fn what_nobody_would_keep_is_refused() {
    let text = GOOD
        .replace("expires = \"7d\"", "limit = 0\non-limit = \"evict-oldest\"")
        .replace("routing = \"custom-domain\"", "limit = 3")
        .replace(
            "parent = \"production\"",
            "parent = \"production\"\nvariables = [\"PGHOST\", \"MY URL\", \"GITHUB_ENV\"]",
        );
    insta::assert_snapshot!(parse(&text).unwrap_err(), @"
    `codex.toml` has 4 problems
        codex.toml:8:1: `database.variables`: `MY URL` is no name of a variable
        codex.toml:8:1: `database.variables`: `GITHUB_ENV` is the runner's own
        codex.toml:10:1: `environments.preview.limit` is to be at least 1
        codex.toml:18:1: `environments.production.limit` counts database branches, one per pull request: it needs a `branch` with `{pr}`
    ");
    let text = GOOD.replace("expires = \"7d\"", "on-limit = \"evict-oldest\"");
    let lone = parse(&text).unwrap_err().to_string();
    assert!(
        lone.contains("`environments.preview.on-limit` says what happens beyond `limit`"),
        "{lone}"
    );
    let text = GOOD.replace("expires = \"7d\"", "limit = 2\non-limit = \"evict-oldest\"");
    assert!(parse(&text).is_ok());
    let text = GOOD.replace(
        "parent = \"production\"",
        "parent = \"production\"\nvariables = [\"PGHOST\", \"DIRECT_URL\"]",
    );
    assert_eq!(
        parse(&text).unwrap().database.unwrap().variables,
        ["PGHOST", "DIRECT_URL"]
    );
}
