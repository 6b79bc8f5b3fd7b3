//! Seeds of Cloudflare: what was in the account and zone beforehand. The format is in the README.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use axum::body::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::auth::Token;
use super::dns::Editor;
use super::envelope::Refusal;
use super::model::{ACCOUNT, Account, Content, Module, Namespace, Plan, Share, State, Zone};
use super::resource_seeds::{self as resources, SeedBucket, SeedDatabase, SeedQueue, SeedWorkflow};
use super::versions::Stamp;
use super::{deployments, domains, routes, scripts, versions};
use crate::cloudflare::shared::Cloudflare;
use crate::lock::lock;

/// The seed's `cloudflare` member.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Document {
    accounts: Vec<SeedAccount>,
    zones: Vec<SeedZone>,
    kv: Vec<SeedNamespace>,
    r2: Vec<SeedBucket>,
    d1: Vec<SeedDatabase>,
    queues: Vec<SeedQueue>,
    workflows: Vec<SeedWorkflow>,
    workers: Vec<SeedWorker>,
    tokens: BTreeMap<String, Token>,
    settings: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedAccount {
    id: String,
    name: Option<String>,
    /// Null: no workers.dev subdomain yet.
    #[serde(default)]
    subdomain: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedZone {
    name: String,
    id: Option<String>,
    account_id: Option<String>,
    plan: Option<Plan>,
    status: Option<String>,
    #[serde(default)]
    records: Vec<Map<String, Value>>,
    #[serde(default)]
    routes: Vec<SeedRoute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedRoute {
    pattern: String,
    script: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedNamespace {
    title: String,
    id: Option<String>,
    account_id: Option<String>,
}

/// A Worker that was deployed before the story begins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedWorker {
    name: String,
    account_id: Option<String>,
    /// Source of its one module; by default it answers `200 seeded`.
    module: Option<String>,
    compatibility_date: Option<String>,
    #[serde(default)]
    vars: BTreeMap<String, String>,
    #[serde(default)]
    secrets: BTreeMap<String, String>,
    /// Binding to namespace id.
    #[serde(default)]
    kv: BTreeMap<String, String>,
    /// Binding to bucket name.
    #[serde(default)]
    r2: BTreeMap<String, String>,
    /// Binding to database id.
    #[serde(default)]
    d1: BTreeMap<String, String>,
    /// Binding to queue name.
    #[serde(default)]
    queues: BTreeMap<String, String>,
    /// Binding to Worker.
    #[serde(default)]
    services: BTreeMap<String, String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    workers_dev: bool,
    #[serde(default)]
    previews_enabled: bool,
    #[serde(default)]
    domains: Vec<String>,
    /// Annotations of its newest version.
    message: Option<String>,
    tag: Option<String>,
    alias: Option<String>,
    /// How many versions it has, all alike.
    #[serde(default = "one")]
    versions: usize,
    /// Percentages of its newest versions, the newest first. Empty: the newest serves all.
    #[serde(default)]
    traffic: Vec<f64>,
    /// When it was made and deployed.
    #[serde(default)]
    created_seconds_ago: i64,
}

fn one() -> usize {
    1
}

impl Cloudflare {
    /// Merges a seed into the state. Zones and accounts that exist are added to, not replaced.
    pub(crate) fn seed(&self, value: &Value) -> anyhow::Result<()> {
        let document: Document =
            serde_json::from_value(value.clone()).context("the seed's `cloudflare` is not right")?;
        let mut state = lock(&self.state);
        state.revision += 1;
        if !document.settings.is_empty() {
            let mut settings = serde_json::to_value(&state.settings)?;
            for (key, value) in document.settings {
                settings[key] = value;
            }
            state.settings = serde_json::from_value(settings).context("`settings` is not right")?;
        }
        state.tokens.extend(document.tokens);
        for seed in document.accounts {
            account(&mut state, seed);
        }
        for seed in document.kv {
            namespace(&mut state, self, seed)?;
        }
        for seed in document.r2 {
            resources::bucket(&mut state, self, seed).map_err(|it| refused(&it))?;
        }
        for seed in document.d1 {
            resources::database(&mut state, self, seed).map_err(|it| refused(&it))?;
        }
        for seed in document.queues {
            resources::queue(&mut state, self, seed).map_err(|it| refused(&it))?;
        }
        for seed in document.workflows {
            resources::workflow(&mut state, self, seed).map_err(|it| refused(&it))?;
        }
        for seed in &document.zones {
            zone(&mut state, self, seed).with_context(|| format!("zone `{}`", seed.name))?;
        }
        for seed in &document.workers {
            worker(&mut state, self, seed).with_context(|| format!("Worker `{}`", seed.name))?;
        }
        // Routes name Workers, so they come last.
        for seed in &document.zones {
            let Some(zone) = state.zones.values_mut().find(|it| it.name == seed.name) else {
                continue;
            };
            for route in &seed.routes {
                routes::add(zone, &self.ground.ids, route.pattern.clone(), route.script.clone());
            }
        }
        Ok(())
    }
}

fn account(state: &mut State, seed: SeedAccount) {
    let account = state.accounts.entry(seed.id.clone()).or_insert_with(|| Account {
        name: seed.id.clone(),
        id: seed.id,
        ..Account::default()
    });
    account.subdomain = seed.subdomain;
    if let Some(name) = seed.name {
        account.name = name;
    }
}

fn namespace(state: &mut State, cloud: &Cloudflare, seed: SeedNamespace) -> anyhow::Result<()> {
    let account = seed.account_id.as_deref().unwrap_or(ACCOUNT);
    let account = state.account_mut(account).map_err(|it| refused(&it))?;
    account.kv.push(Namespace {
        id: seed.id.unwrap_or_else(|| cloud.ground.ids.hex(32)),
        title: seed.title,
        supports_url_encoding: true,
    });
    Ok(())
}

fn zone(state: &mut State, cloud: &Cloudflare, seed: &SeedZone) -> anyhow::Result<()> {
    let known = state
        .zones
        .values()
        .find(|it| it.name == seed.name)
        .map(|it| it.id.clone());
    let id = known.unwrap_or_else(|| seed.id.clone().unwrap_or_else(|| cloud.ground.ids.hex(32)));
    let settings = state.settings.clone();
    let account = seed.account_id.as_deref().unwrap_or(ACCOUNT);
    let zone = state
        .zones
        .entry(id.clone())
        .or_insert_with(|| Zone::new(&id, &seed.name, account));
    if let Some(plan) = seed.plan {
        zone.plan = plan;
    }
    if let Some(status) = &seed.status {
        zone.status.clone_from(status);
    }
    let now = cloud.ground.clock.text();
    let mut editor = Editor::new(zone, &settings, &cloud.ground.ids, &now);
    for fields in &seed.records {
        let record = editor.create(fields).map_err(|it| refused(&it))?;
        editor.mark(&record.id, fields);
    }
    zone.records = editor.into_records();
    Ok(())
}

fn worker(state: &mut State, cloud: &Cloudflare, seed: &SeedWorker) -> anyhow::Result<()> {
    let account = seed.account_id.as_deref().unwrap_or(ACCOUNT);
    let stamp = Stamp {
        now: cloud.ground.clock.text_ago(seed.created_seconds_ago),
        source: "wrangler".into(),
    };
    let mut worker = scripts::blank(&seed.name, cloud, &stamp.now);
    worker.settings.tags.clone_from(&seed.tags);
    worker.workers_dev = seed.workers_dev;
    worker.previews_enabled = seed.previews_enabled;
    for number in 1..=seed.versions {
        let mut annotations = Map::new();
        if number == seed.versions {
            for (key, value) in [("message", &seed.message), ("tag", &seed.tag), ("alias", &seed.alias)] {
                if let Some(value) = value {
                    annotations.insert(format!("workers/{key}"), json!(value));
                }
            }
        }
        versions::add(&mut worker, content(seed), annotations, cloud, &stamp);
    }
    let newest = worker.versions.iter().rev().map(|it| it.id.clone());
    let shares: Vec<Share> = if seed.traffic.is_empty() {
        newest.take(1).flat_map(|id| deployments::all_to(&id)).collect()
    } else {
        newest
            .zip(&seed.traffic)
            .map(|(version_id, percentage)| Share {
                version_id,
                percentage: *percentage,
            })
            .collect()
    };
    if !shares.is_empty() {
        deployments::publish(&mut worker, shares, Map::new(), cloud, &stamp);
    }
    let workers = &mut state.account_mut(account).map_err(|it| refused(&it))?.workers;
    workers.insert(seed.name.clone(), worker);
    for hostname in &seed.domains {
        domains::seed(state, cloud, account, &seed.name, hostname).map_err(|it| refused(&it))?;
    }
    Ok(())
}

fn content(seed: &SeedWorker) -> Content {
    let source = seed
        .module
        .as_deref()
        .unwrap_or("export default { fetch() { return new Response(\"seeded\"); } };\n");
    let texts = |values: &BTreeMap<String, String>, kind: &str, key: &str| -> Vec<Value> {
        values
            .iter()
            .map(|(name, value)| json!({"name": name, "type": kind, (key): value}))
            .collect()
    };
    let mut bindings = texts(&seed.vars, "plain_text", "text");
    bindings.extend(texts(&seed.secrets, "secret_text", "text"));
    bindings.extend(texts(&seed.kv, "kv_namespace", "namespace_id"));
    bindings.extend(texts(&seed.r2, "r2_bucket", "bucket_name"));
    bindings.extend(texts(&seed.d1, "d1", "id"));
    bindings.extend(texts(&seed.queues, "queue", "queue_name"));
    bindings.extend(texts(&seed.services, "service", "service"));
    Content {
        main_module: Some("index.js".into()),
        compatibility_date: seed.compatibility_date.clone().unwrap_or_else(|| "2026-07-01".into()),
        compatibility_flags: Vec::new(),
        modules: vec![Module::new(
            "index.js",
            "application/javascript+module",
            Bytes::from(source.to_owned()),
        )],
        bindings,
        assets: None,
        etag: crate::text::hex(source.as_bytes()).chars().take(64).collect(),
    }
}

fn refused(refusal: &Refusal) -> anyhow::Error {
    let code = refusal
        .chain
        .first()
        .map_or((refusal.code, &refusal.message), |(code, message)| (*code, message));
    anyhow!("{} (code {})", code.1, code.0)
}
