use std::collections::BTreeMap;

use actions_core::cloudflare::{Cause, Code, Error, Refusal, TokenStatus, Zone};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::facts::{Facts, Shape};
use super::{judge, needs, resources};
use crate::checks::testing::{lines, world};

const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
const MANIFEST: &str = r#"[project]
name = "shop"
zone = "example.com"

[environments.preview]
hostname = "{subdomain}-{pr}"
worker = "{worker}-preview-{pr}"

[environments.production]
wrangler-env = "production"
routing = "custom-domain"

[services.api]
path = "api"
kv = ["CACHE"]
"#;
const WRANGLER: &str = r#"{
  "name": "api",
  "env": {
    "production": {
      "kv_namespaces": [
        { "binding": "CACHE", "id": "0000000000000000000000000000000a" },
        { "binding": "FLAGS", "id": "0000000000000000000000000000000b" }
      ],
      "d1_databases": [{ "binding": "DB", "database_id": "8a1b6f2e-0000-4000-8000-000000000001" }],
      "r2_buckets": [
        { "binding": "FILES", "bucket_name": "files" },
        { "binding": "EU", "bucket_name": "eu", "jurisdiction": "eu" }
      ]
    }
  }
}
"#;

fn of<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn zone() -> Value {
    json!({"id": "z", "name": "example.com", "status": "active", "account": {"id": ACCOUNT, "name": "Acme"}})
}

/// As all is well.
fn good() -> Facts {
    Facts {
        account: ACCOUNT.to_owned(),
        zone_id: None,
        reads_like: Shape::Usual,
        token: Ok(of(json!({"id": "t", "status": "active"}))),
        allowed: None,
        zone: Some(Ok(of(zone()))),
        elsewhere: None,
        records: Some(Ok(Vec::new())),
        routes: Some(Ok(Vec::new())),
        domains: Some(Ok(Vec::new())),
        certificates: None,
        workers: Some(Ok(Vec::new())),
        workers_dev: None,
        kv: Some(Ok(vec![of(
            json!({"id": "0000000000000000000000000000000b", "title": "flags"}),
        )])),
        d1: Some(Ok(vec![of(
            json!({"uuid": "8a1b6f2e-0000-4000-8000-000000000001", "name": "shop"}),
        )])),
        buckets: BTreeMap::from([("files".to_owned(), Ok(true))]),
    }
}

fn refused(status: u16, code: u32, message: &str) -> Error {
    Error {
        doing: "ask".to_owned(),
        cause: Cause::Refused(Box::new(Refusal {
            status,
            codes: vec![Code {
                code,
                message: message.to_owned(),
            }],
            ray: "8a1".to_owned(),
            needs: None,
            after_unclear: false,
        })),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a field of the facts")]
fn forbidden<T>() -> Option<Result<T, Error>> {
    Some(Err(refused(403, 10000, "Authentication error")))
}

fn unfit(problem: &str) -> Error {
    Error {
        doing: "find zone `example.com`".to_owned(),
        cause: Cause::Unfit {
            problem: problem.to_owned(),
            remedy: "correct `cloudflare-zone-id`".to_owned(),
        },
    }
}

async fn told_of(manifest: &str, wrangler: &str, change: impl FnOnce(&mut Facts)) -> String {
    let mut facts = good();
    change(&mut facts);
    let files = [("codex.toml", manifest), ("api/wrangler.jsonc", wrangler)];
    let (_, world, _folder) = world(&files, &[("INPUT_PULL_REQUEST", "42")]).await;
    let (needs, named) = (needs::of(&world, &world.environments), resources::named(&world, true));
    let now = "2026-11-28T12:00:00Z".parse().unwrap();
    let findings = judge(&facts, &world, &needs, &named, true, now);
    lines(&findings)
}

/// What is told when this is otherwise, without the one note that is always there.
async fn told(change: impl FnOnce(&mut Facts)) -> String {
    without_note(&told_of(MANIFEST, WRANGLER, change).await)
}

fn without_note(told: &str) -> String {
    let lines = told
        .lines()
        .filter(|line| !line.contains(" cloudflare-permission-unproven "));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn of_a_token_that_may_all_only_the_unproven_is_told() {
    insta::assert_snapshot!(told_of(MANIFEST, WRANGLER, |_| ()).await, @"- cloudflare-permission-unproven CLOUDFLARE_API_TOKEN: the token may read all that is needed; that it also has `Zone → DNS → Edit`, `Account → Workers Scripts → Edit`, `Zone → Workers Routes → Edit` and `Account → Workers KV Storage → Edit` is needed, and not proven by reading; compare it with this list at https://dash.cloudflare.com/profile/api-tokens");
    // What the token may read of itself proves it: no cloudflare-permission-unproven.
    let all = [
        "Zone Read",
        "DNS Write",
        "Workers Routes Write",
        "Workers Scripts Write",
        "Workers KV Storage Write",
        "Workers R2 Storage Read",
    ];
    let proven = told_of(MANIFEST, WRANGLER, |facts| {
        facts.allowed = Some(all.map(str::to_owned).to_vec());
    });
    assert_eq!(proven.await, "");
    let read_only = told_of(MANIFEST, WRANGLER, |facts| {
        facts.allowed = Some(all.map(|group| group.replace("DNS Write", "DNS Read")).to_vec());
    });
    insta::assert_snapshot!(read_only.await, @"- cloudflare-permission-missing Zone → DNS: the token lacks `Zone → DNS → Edit` on zone `example.com`, which is needed by `preview-dns` and `cleanup` for environment `preview`; edit the token at https://dash.cloudflare.com/profile/api-tokens and add `Zone → DNS → Edit` on zone `example.com`; its value stays the same");
}

#[tokio::test]
async fn a_token_that_is_none_is_told_alone() {
    let none = |shape, status, code| {
        told(move |facts| {
            facts.token = Err(refused(status, code, "Invalid API Token"));
            facts.reads_like = shape;
            facts.zone = forbidden();
            facts.workers = forbidden();
        })
    };
    insta::assert_snapshot!([
        none(Shape::Usual, 401, 1000).await,
        none(Shape::GlobalKey, 400, 6003).await,
        none(Shape::OfAccount, 401, 1000).await,
        none(Shape::Quoted, 400, 6003).await,
        told(|facts| facts.token = Err(refused(403, 9109, "Cannot use the access token from location: 192.0.2.1"))).await,
    ].join("\n"), @"
    - cloudflare-token-invalid CLOUDFLARE_API_TOKEN: Cloudflare does not accept the API token (401): it was deleted or rolled, or is not whole; make a new token (one that an account owns is known to that account alone: compare `cloudflare-account-id`), at https://dash.cloudflare.com/profile/api-tokens, and store it as the secret `CLOUDFLARE_API_TOKEN`
    - cloudflare-token-invalid CLOUDFLARE_API_TOKEN: Cloudflare does not accept the API token (400): it reads like the global API key, which is none; make an API token instead, at https://dash.cloudflare.com/profile/api-tokens, and store it as the secret `CLOUDFLARE_API_TOKEN`
    - cloudflare-token-invalid CLOUDFLARE_API_TOKEN: Cloudflare does not accept the API token (401): it is an account's own, and was deleted or belongs to another account; compare `cloudflare-account-id` (`0123456789abcdef0123456789abcdef`), or make a new token, at https://dash.cloudflare.com/profile/api-tokens, and store it as the secret `CLOUDFLARE_API_TOKEN`
    - cloudflare-token-invalid CLOUDFLARE_API_TOKEN: Cloudflare does not accept the API token (400): it begins with a quotation mark; store it without quotes, at https://dash.cloudflare.com/profile/api-tokens, and store it as the secret `CLOUDFLARE_API_TOKEN`
    - cloudflare-token-inactive CLOUDFLARE_API_TOKEN: the API token is limited to some addresses, and this machine's is none of them; allow it under Client IP Address Filtering at https://dash.cloudflare.com/profile/api-tokens
    ");
    for (token, shape) in [
        ("0123456789abcdef0123456789abcdef01234", Shape::GlobalKey),
        ("cfk_abc", Shape::GlobalKey),
        ("cfat_abc", Shape::OfAccount),
        ("\"abc\"", Shape::Quoted),
        ("cfut_abc", Shape::Usual),
        ("0123456789abcdef0123456789abcdef01234567", Shape::Usual),
    ] {
        assert_eq!(Shape::of(token), shape, "{token}");
    }
}

#[tokio::test]
async fn a_token_that_ends_is_told() {
    let state = |value: Value| {
        told(move |facts| {
            let token: TokenStatus = of(value);
            facts.token = Ok(token);
        })
    };
    insta::assert_snapshot!([
        state(json!({"id": "t", "status": "disabled"})).await,
        state(json!({"id": "t", "status": "expired", "expires_on": "2026-11-01T00:00:00Z"})).await,
        state(json!({"id": "t", "status": "active", "not_before": "2026-12-01T00:00:00Z"})).await,
        state(json!({"id": "t", "status": "active", "expires_on": "2026-12-08T12:00:00Z"})).await,
        state(json!({"id": "t", "status": "active", "expires_on": "2026-11-28T18:00:00Z"})).await,
    ].join("\n"), @"
    - cloudflare-token-inactive CLOUDFLARE_API_TOKEN: the API token is `disabled`; enable it, or make a new one, at https://dash.cloudflare.com/profile/api-tokens
    - cloudflare-token-inactive CLOUDFLARE_API_TOKEN: the API token has expired at 2026-11-01T00:00:00Z; roll it, or give it a later end, at https://dash.cloudflare.com/profile/api-tokens
    - cloudflare-token-inactive CLOUDFLARE_API_TOKEN: the API token is valid from 2026-12-01T00:00:00Z only; give it an earlier beginning at https://dash.cloudflare.com/profile/api-tokens
    - cloudflare-token-expires CLOUDFLARE_API_TOKEN: the API token expires in 10 days, at 2026-12-08T12:00:00Z; roll it, or give it a later end, at https://dash.cloudflare.com/profile/api-tokens, and store the new value as the secret `CLOUDFLARE_API_TOKEN`
    - cloudflare-token-expires CLOUDFLARE_API_TOKEN: the API token expires today, at 2026-11-28T18:00:00Z; roll it, or give it a later end, at https://dash.cloudflare.com/profile/api-tokens, and store the new value as the secret `CLOUDFLARE_API_TOKEN`
    ");
    assert_eq!(
        state(json!({"id": "t", "status": "active", "expires_on": "2026-12-13T12:00:00Z"})).await,
        ""
    );
    assert_eq!(
        state(json!({"id": "t", "status": "active", "expires_on": "soon"})).await,
        ""
    );
}

#[tokio::test]
async fn each_permission_that_is_missing_is_its_own_row() {
    insta::assert_snapshot!([
        told(|facts| facts.zone = forbidden()).await,
        told(|facts| facts.records = forbidden()).await,
        told(|facts| facts.routes = forbidden()).await,
        told(|facts| facts.workers = forbidden()).await,
        told(|facts| facts.kv = forbidden()).await,
        told(|facts| { facts.buckets = BTreeMap::from([("files".to_owned(), Err(refused(403, 10000, "")))]); }).await,
        told(|facts| facts.d1 = forbidden()).await,
    ].join("\n--\n"), @"
    - cloudflare-permission-missing Zone → Zone: the token lacks `Zone → Zone → Read` on the zone, which is needed by `preview-dns`, `deploy-workers` and `cleanup` for environments `preview` and `production`; edit the token at https://dash.cloudflare.com/profile/api-tokens and add `Zone → Zone → Read` on the zone; its value stays the same
    --
    - cloudflare-permission-missing Zone → DNS: the token lacks `Zone → DNS → Edit` on zone `example.com`, which is needed by `preview-dns` and `cleanup` for environment `preview`; edit the token at https://dash.cloudflare.com/profile/api-tokens and add `Zone → DNS → Edit` on zone `example.com`; its value stays the same
    --
    - cloudflare-permission-missing Zone → Workers Routes: the token lacks `Zone → Workers Routes → Edit` on zone `example.com`, which is needed by `deploy-workers` and `cleanup` for environments `preview` and `production`; edit the token at https://dash.cloudflare.com/profile/api-tokens and add `Zone → Workers Routes → Edit` on zone `example.com`; its value stays the same
    --
    - cloudflare-permission-missing Account → Workers Scripts: the token lacks `Account → Workers Scripts → Edit`, which is needed by `deploy-workers` and `cleanup` for environments `preview` and `production`; edit the token at https://dash.cloudflare.com/profile/api-tokens and add `Account → Workers Scripts → Edit`; its value stays the same
    --
    - cloudflare-permission-missing Account → Workers KV Storage: the token lacks `Account → Workers KV Storage → Edit`, which is needed by `deploy-workers` and `cleanup` for environments `preview` and `production`; edit the token at https://dash.cloudflare.com/profile/api-tokens and add `Account → Workers KV Storage → Edit`; its value stays the same
    --
    - cloudflare-permission-helpful Account → Workers R2 Storage: the token lacks `Account → Workers R2 Storage → Read`, with which `deploy-workers` for environment `production` would know more: looking for buckets before the first upload; add `Account → Workers R2 Storage → Read` at https://dash.cloudflare.com/profile/api-tokens, if that is wanted
    --
    ");
}

#[tokio::test]
async fn an_account_or_zone_that_is_another_is_one_row() {
    insta::assert_snapshot!([
        told(|facts| {
            facts.workers = forbidden();
            facts.kv = forbidden();
            facts.d1 = forbidden();
            facts.buckets = BTreeMap::from([("files".to_owned(), Err(refused(403, 10000, "")))]);
        }).await,
        told(|facts| {
            facts.zone = Some(Err(unfit("Cloudflare tells of no zone `example.com`")));
            (facts.records, facts.routes, facts.domains) = (None, None, None);
        }).await,
        told(|facts| {
            facts.zone = Some(Err(unfit("Cloudflare tells of no zone `example.com`")));
            facts.elsewhere = Some(of::<Zone>(json!({"id": "z", "name": "example.com", "account": {"id": "f00d", "name": "Other"}})));
            (facts.records, facts.routes, facts.domains) = (None, None, None);
            facts.workers = forbidden();
            facts.kv = forbidden();
        }).await,
        told(|facts| {
            facts.zone_id = Some("z2".to_owned());
            facts.zone = Some(Err(unfit("zone `z2` is `example.org`, not `example.com`")));
            (facts.records, facts.routes, facts.domains) = (None, None, None);
        }).await,
        told(|facts| {
            facts.zone_id = Some("z2".to_owned());
            (facts.zone, facts.records, facts.routes) = (forbidden(), forbidden(), forbidden());
        }).await,
    ].join("\n--\n"), @"
    - cloudflare-account-unseen CLOUDFLARE_ACCOUNT_ID: the token may read nothing of account `0123456789abcdef0123456789abcdef` that is needed; compare the account's id, and let the token have `Account → Workers Scripts → Edit`, `Account → Workers KV Storage → Edit` and `Account → Workers R2 Storage → Read` on it at https://dash.cloudflare.com/profile/api-tokens
    --
    codex.toml:3:1 cloudflare-zone-unseen project.zone: the token sees no zone `example.com` in account `0123456789abcdef0123456789abcdef`; correct `zone` in `[project]`, or let the token include the zone with `Zone → DNS → Edit`, `Zone → Zone → Read` and `Zone → Workers Routes → Edit` at https://dash.cloudflare.com/profile/api-tokens
    --
    - cloudflare-permission-missing Account → Workers Scripts: the token lacks `Account → Workers Scripts → Edit`, which is needed by `deploy-workers` and `cleanup` for environments `preview` and `production`; edit the token at https://dash.cloudflare.com/profile/api-tokens and add `Account → Workers Scripts → Edit`; its value stays the same
    - cloudflare-permission-missing Account → Workers KV Storage: the token lacks `Account → Workers KV Storage → Edit`, which is needed by `deploy-workers` and `cleanup` for environments `preview` and `production`; edit the token at https://dash.cloudflare.com/profile/api-tokens and add `Account → Workers KV Storage → Edit`; its value stays the same
    codex.toml:3:1 cloudflare-zone-mismatch project.zone: zone `example.com` is in account `f00d` (Other), and `cloudflare-account-id` is `0123456789abcdef0123456789abcdef`; give the account that the zone is in, or write another zone in the manifest
    --
    codex.toml:3:1 cloudflare-zone-mismatch project.zone: zone `z2` is `example.org`, not `example.com`; correct `cloudflare-zone-id`
    --
    codex.toml:3:1 cloudflare-zone-unseen project.zone: the token may read nothing of zone `example.com` (id `z2`); let it include the zone under Zone Resources at https://dash.cloudflare.com/profile/api-tokens
    ");
}

#[tokio::test]
async fn a_zone_that_does_not_serve_is_told() {
    let with = |field: &'static str, value: Value| {
        told(move |facts| {
            let mut zone = zone();
            zone[field] = value;
            zone["name_servers"] = json!(["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]);
            facts.zone = Some(Ok(of(zone)));
        })
    };
    insta::assert_snapshot!([
        with("status", json!("pending")).await,
        with("paused", json!(true)).await,
        with("account", json!({"id": "f00d"})).await,
    ].join("\n"), @"
    codex.toml:3:1 cloudflare-zone-inactive project.zone: zone `example.com` is `pending`, not active; set its name servers at the registrar: `ada.ns.cloudflare.com` and `bob.ns.cloudflare.com`
    codex.toml:3:1 cloudflare-zone-inactive project.zone: zone `example.com` is paused: Cloudflare answers DNS for it and runs no Worker; resume it on its overview page, https://dash.cloudflare.com/0123456789abcdef0123456789abcdef/example.com
    codex.toml:3:1 cloudflare-zone-mismatch project.zone: zone `example.com` is in account `f00d`, and `cloudflare-account-id` is `0123456789abcdef0123456789abcdef`; give the account that the zone is in, or the id of a zone of the account
    ");
    assert_eq!(
        with("paused", json!(false)).await,
        "",
        "cloudflare-zone-inactive is for others"
    );
}

#[tokio::test]
async fn what_stands_at_a_hostname_is_told() {
    let record = |value: Value| {
        told(move |facts| {
            let mut record =
                json!({"id": "1", "name": "api.example.com", "proxied": true, "type": "A", "content": "192.0.2.1"});
            for (key, value) in value.as_object().unwrap() {
                record[key] = value.clone();
            }
            facts.records = Some(Ok(vec![of(record)]));
        })
    };
    let preview = |more: Value| {
        let mut value = json!({"name": "api-42.example.com"});
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record(value)
    };
    insta::assert_snapshot!([
        record(json!({})).await,
        record(json!({"comment": "codex-actions:7:other/repo:shop:production"})).await,
        record(json!({"meta": {"read_only": true, "origin_worker_id": "w"}})).await,
        preview(json!({})).await,
        preview(json!({"comment": "codex-actions:7:other/repo:shop:preview:42"})).await,
        told(|facts| facts.routes = Some(Ok(vec![of(json!({"id": "r", "pattern": "api-42.example.com/*", "script": "old"}))]))).await,
        told(|facts| facts.domains = Some(Ok(vec![of(json!({"id": "d", "hostname": "api.example.com", "service": "old"}))]))).await,
    ].join("\n"), @"
    codex.toml:9:15 cloudflare-record-in-the-way services.api: `api.example.com` has a record A 192.0.2.1, beside which Cloudflare attaches no custom domain; delete it under DNS of the zone (the name is down until the domain is attached), or change the environment's `hostname`
    codex.toml:9:15 cloudflare-record-in-the-way services.api: `api.example.com` has a record A 192.0.2.1, which belongs to production of shop in other/repo (7), beside which Cloudflare attaches no custom domain; delete it under DNS of the zone (the name is down until the domain is attached), or change the environment's `hostname`
    codex.toml:9:15 cloudflare-hostname-taken services.api: `api.example.com` is a custom domain of a Worker in another account; detach it there, or change the environment's `hostname`
    codex.toml:6:1 cloudflare-record-unmarked services.api: `api-42.example.com` has a record A 192.0.2.1, which carries no marker; delete it under DNS of the zone, or run `preview-dns` once with `adopt: true`
    codex.toml:6:1 cloudflare-record-in-the-way services.api: `api-42.example.com` has a record A 192.0.2.1, which belongs to preview 42 of shop in other/repo (7); delete it where it was made, or change the environment's `hostname`
    codex.toml:6:1 cloudflare-hostname-taken services.api: route `api-42.example.com/*` leads to Worker `old`, and `api-42.example.com` is to be `api-preview-42` of `preview 42`; delete the route under Workers Routes of the zone, or change the environment's `hostname`
    codex.toml:9:15 cloudflare-hostname-taken services.api: `api.example.com` is a custom domain of Worker `old`, and is to be `api` of `production`; detach it under Settings → Domains & Routes of Worker `old`, or change the environment's `hostname`
    ");
    for quiet in [
        record(json!({"name": "www.example.com"})).await,
        record(json!({"type": "TXT"})).await,
        preview(json!({"type": "AAAA", "content": "100::"})).await,
        preview(json!({"comment": "codex-actions:-:acme/app:shop:preview:42"})).await,
        told(|facts| {
            facts.routes = Some(Ok(vec![of(
                json!({"id": "r", "pattern": "api-42.example.com/*", "script": "api-preview-42"}),
            )]));
            facts.domains = Some(Ok(vec![of(
                json!({"id": "d", "hostname": "api.example.com", "service": "api"}),
            )]));
        })
        .await,
    ] {
        assert_eq!(
            quiet, "",
            "no cloudflare-hostname-taken, no cloudflare-record-in-the-way, no cloudflare-record-unmarked"
        );
    }
}

#[tokio::test]
async fn a_hostname_that_no_certificate_covers_is_told() {
    let deep = MANIFEST.replace("\"{subdomain}-{pr}\"", "\"{subdomain}.preview-{pr}\"");
    let with = |hosts: &'static [&'static str]| {
        told_of(&deep, WRANGLER, move |facts| {
            facts.certificates = Some(Ok(vec![of(json!({"id": "c", "hosts": hosts}))]));
        })
    };
    insta::assert_snapshot!(without_note(&with(&["example.com", "*.example.com"]).await), @"codex.toml:6:1 cloudflare-hostname-uncovered environments.preview: no certificate of zone `example.com` covers `api.preview-42.example.com` of environment `preview`; make the hostnames one label below the zone, or order an advanced certificate for them");
    assert_eq!(without_note(&with(&["*.preview-42.example.com"]).await), "");
    let withheld = told_of(&deep, WRANGLER, |facts| facts.certificates = forbidden()).await;
    assert!(
        withheld.contains(" cloudflare-permission-helpful Zone → SSL and Certificates: "),
        "{withheld}"
    );
}

#[tokio::test]
async fn what_is_named_and_not_there_is_told_at_its_place() {
    insta::assert_snapshot!(told(|facts| {
        facts.kv = Some(Ok(Vec::new()));
        facts.d1 = Some(Ok(Vec::new()));
        facts.buckets = BTreeMap::from([("files".to_owned(), Ok(false))]);
    }).await, @"
    api/wrangler.jsonc:7:31 cloudflare-kv-unknown services.api: there is no KV namespace `0000000000000000000000000000000b` in the account for binding `FLAGS` of service `api` in environment `production`; correct the id, or list `FLAGS` in the `kv` of `[services.api]`
    api/wrangler.jsonc:9:43 cloudflare-d1-unknown services.api: there is no D1 database with the id `8a1b6f2e-0000-4000-8000-000000000001` in the account for binding `DB` of service `api` in environment `production`; correct the id, or name the environment's own in `d1` of `[environments.production]`
    api/wrangler.jsonc:11:31 cloudflare-bucket-unknown services.api: there is no R2 bucket `files` in the account for binding `FILES` of service `api` in environment `production`; make it (`npx wrangler r2 bucket create files`), or name another one
    ");
    // cloudflare-kv-unknown, cloudflare-d1-unknown, cloudflare-bucket-unknown: the manifest's own instead.
    let given = MANIFEST
        .replace("kv = [\"CACHE\"]", "kv = [\"CACHE\", \"FLAGS\"]")
        .replace(
            "routing = \"custom-domain\"",
            "routing = \"custom-domain\"\nr2 = { FILES = \"other\" }\nd1 = { DB = \"shop\" }",
        );
    let told = told_of(&given, WRANGLER, |facts| {
        facts.kv = Some(Ok(Vec::new()));
        facts.buckets = BTreeMap::from([("other".to_owned(), Ok(true))]);
    });
    assert_eq!(without_note(&told.await), "");
}

#[tokio::test]
async fn an_accounts_name_at_workers_dev_is_looked_at() {
    let manifest = "[project]\nname = \"shop\"\nworkers-dev = \"acme\"\n[environments.preview]\nworker = \"{worker}-preview-{pr}\"\nrouting = \"workers-dev\"\n[services.api]\npath = \"api\"\n";
    let with = |name: Option<&'static str>| {
        told_of(manifest, "{\"name\": \"api\"}", move |facts| {
            facts.zone = None;
            facts.workers_dev = Some(Ok(name.map(str::to_owned)));
        })
    };
    insta::assert_snapshot!(without_note(&[with(None).await, with(Some("other")).await].join("\n")), @r#"
    codex.toml:3:1 cloudflare-workers-dev-missing project.workers-dev: environment `preview` is at workers.dev, and the account has no name there; choose one at https://dash.cloudflare.com/0123456789abcdef0123456789abcdef/workers-and-pages
    codex.toml:3:1 cloudflare-workers-dev-missing project.workers-dev: the account's name at workers.dev is `other`, and the manifest says `acme`; write `workers-dev = "other"` in `[project]`, or leave it out
    "#);
    // No cloudflare-workers-dev-missing.
    assert_eq!(without_note(&with(Some("acme")).await), "");
}

#[tokio::test]
async fn a_worker_of_anothers_is_told() {
    let tagged =
        |tag: &'static str| told(move |facts| facts.workers = Some(Ok(vec![of(json!({"id": "api", "tags": [tag]}))])));
    insta::assert_snapshot!(tagged("codex-actions:7:other/repo:shop:production").await, @"codex.toml:9:15 cloudflare-worker-foreign services.api: Worker `api` belongs to production of shop in other/repo (7); choose another `worker` in the manifest, or take it over with `force-foreign: true`");
    // No cloudflare-worker-foreign.
    assert_eq!(tagged("team:platform").await, "");
    assert_eq!(tagged("codex-actions:-:acme/app:shop:production").await, "");
}

#[tokio::test]
async fn what_could_not_be_read_is_a_note_for_each_reason() {
    insta::assert_snapshot!(told(|facts| {
        facts.records = Some(Err(refused(502, 0, "")));
        facts.kv = Some(Err(refused(429, 10429, "Rate limited")));
        facts.token = Err(refused(502, 0, ""));
    }).await, @"
    - cloudflare-not-read cloudflare: Cloudflare was not wholly looked at: `Zone → DNS` and the token's state: could not ask: Cloudflare answered 502 (code 0, ray 8a1); run again; nothing is known of what was not read
    - cloudflare-not-read cloudflare: Cloudflare was not wholly looked at: `Account → Workers KV Storage`: could not ask: Cloudflare answered 429 (code 10429, ray 8a1): Rate limited; run again; nothing is known of what was not read
    ");
}

#[tokio::test]
async fn which_permissions_are_needed_follows_the_manifest() {
    let of = async |manifest: &str| {
        let (_, world, _folder) = world(
            &[("codex.toml", manifest), ("api/wrangler.jsonc", "{\"name\": \"api\"}")],
            &[],
        )
        .await;
        let needs = needs::of(&world, &world.environments);
        let line = |need: &needs::Need| {
            let optional = if need.optional { " (optional)" } else { "" };
            format!("{}{optional}: {}\n", need.permission.menus(), need.by())
        };
        needs.iter().map(line).collect::<String>()
    };
    insta::assert_snapshot!(of(MANIFEST).await, @"
    Zone → DNS → Edit: `preview-dns` and `cleanup` for environment `preview`
    Zone → Zone → Read: `preview-dns`, `deploy-workers` and `cleanup` for environments `preview` and `production`
    Account → Workers Scripts → Edit: `deploy-workers` and `cleanup` for environments `preview` and `production`
    Zone → Workers Routes → Edit: `deploy-workers` and `cleanup` for environments `preview` and `production`
    Account → Workers KV Storage → Edit: `deploy-workers` and `cleanup` for environments `preview` and `production`
    ");
    let production = MANIFEST
        .replace(
            "[environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-preview-{pr}\"\n",
            "",
        )
        .replace("kv = [\"CACHE\"]\n", "");
    insta::assert_snapshot!(of(&production).await, @"
    Account → Workers Scripts → Edit: `deploy-workers` for environment `production`
    Zone → Workers Routes → Edit: `deploy-workers` for environment `production`
    Zone → Zone → Read: `deploy-workers` for environment `production`
    Zone → DNS → Read (optional): `preview-dns` for environment `production`
    ");
}

#[tokio::test]
async fn more_environments_than_cloudflare_has_room_for_are_told() {
    let told = async |limit: u64, routing: &str| {
        let preview = format!(
            "worker = \"{{worker}}-preview-{{pr}}\"\nrouting = \"{routing}\"\nbranch = \"preview-{{pr}}\"\nlimit = {limit}\n"
        );
        let manifest = MANIFEST.replace("worker = \"{worker}-preview-{pr}\"\n", &preview);
        let manifest = format!("{manifest}[database]\nparent = \"production\"\n");
        let (_, world, _folder) = world(&[("codex.toml", &manifest)], &[]).await;
        lines(&super::room::judge(&world))
    };
    insta::assert_snapshot!([told(100, "custom-domain").await, told(1001, "route").await].join("\n"), @"
    codex.toml:10:1 cloudflare-room-few environments.preview: at its `limit` of 100, environment `preview` takes 100 custom domains, and the others take 1: the zone has 100 at most; write `limit = 99` or less
    codex.toml:10:1 cloudflare-room-few environments.preview: at its `limit` of 1001, environment `preview` takes 1001 routes, and the others take 0: the zone has 1000 at most; write `limit = 1000` or less
    codex.toml:10:1 cloudflare-room-few environments.preview: at its `limit` of 1001, environment `preview` takes 1001 KV namespaces, and the others take 1: the account has 1000 at most; write `limit = 999` or less
    ");
    // No cloudflare-room-few: production has one of its own.
    assert_eq!(told(99, "custom-domain").await, "");
    assert_eq!(told(900, "route").await, "");
}
