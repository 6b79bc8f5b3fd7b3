//! Decides what is to be done, from bundles and facts. Pure.

use std::collections::BTreeMap;

use actions_core::cloudflare::{Module, WorkersDev};
use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;
use actions_core::naming;
use actions_core::plan::{Plan as Changes, Verb};
use indexmap::IndexMap;
use reqwest::Url;
use serde_json::{Map, Value, json};

use crate::facts::{self, Facts, Live};
use crate::hostnames::{self, Decision, Step};
use crate::project::{Built, Size};
use crate::render::Rendered;
use crate::{claims, fingerprint};

/// What is to be done for an environment.
pub(crate) struct Plan {
    /// Titles of KV namespaces to make.
    pub(crate) kv: Vec<String>,
    /// Keys of the chosen services, in the order of deployment.
    pub(crate) waves: Vec<Vec<String>>,
    pub(crate) services: IndexMap<String, ServicePlan>,
    /// Why it cannot be done, by service.
    pub(crate) conflicts: Vec<(String, String)>,
}

/// What is to be done for one service.
pub(crate) struct ServicePlan {
    pub(crate) key: String,
    pub(crate) worker: String,
    pub(crate) hostname: String,
    pub(crate) url: String,
    pub(crate) upload: Upload,
    pub(crate) steps: Vec<Step>,
    /// workers.dev is on, and a preview is to be reached by its hostname only.
    pub(crate) workers_dev_off: bool,
    /// The schedules to set; `None`: they are right, or not ours.
    pub(crate) crons: Option<Vec<String>>,
    /// Durable Object migrations to run with the upload.
    pub(crate) migrations: Option<Value>,
    /// The Worker's tags as they are to be, where they differ; a first upload brings its own.
    pub(crate) tags: Option<Vec<String>>,
    /// The Worker's tags as they are to be.
    pub(crate) all_tags: Vec<String>,
    /// The version that serves before this run.
    pub(crate) previous: Option<String>,
    /// Where the Worker's versions have URLs of their own: a template.
    pub(crate) version_urls: Option<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) size: Size,
    /// The size of what serves, when one of ours does.
    pub(crate) live_size: Option<Size>,
}

/// What happens to the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upload {
    /// The Worker does not exist.
    First,
    /// It differs from what serves.
    Again,
    /// What serves is the same.
    No,
}

impl ServicePlan {
    /// Whether anything is to be changed.
    pub(crate) fn changes(&self) -> bool {
        self.upload != Upload::No
            || !self.steps.is_empty()
            || self.workers_dev_off
            || self.crons.is_some()
            || self.tags.is_some()
    }

    /// The immutable URL of a version. `new` is where versions of a Worker that was made meanwhile have theirs.
    pub(crate) fn version_url(&self, version: &str, new: Option<&str>) -> Option<String> {
        let template = self.version_urls.as_deref().or(new)?;
        Some(template.replace(VERSION, version.get(..8)?))
    }
}

/// What is planned for.
pub(crate) struct Subject<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) built: &'a IndexMap<String, Built>,
    pub(crate) rendered: &'a BTreeMap<String, Rendered>,
    pub(crate) waves: Vec<Vec<String>>,
    /// What each chosen service needs.
    pub(crate) needs: &'a BTreeMap<String, Vec<String>>,
    /// Whether a deployment of two versions may be replaced by one.
    pub(crate) replace_canary: bool,
    /// Hostnames beside those of the services, when there is no manifest and only one service.
    pub(crate) more_hostnames: &'a [String],
}

impl Plan {
    /// Plans.
    pub(crate) fn new(subject: &Subject<'_>, facts: &Facts) -> Self {
        let mut plan = Self {
            kv: Vec::new(),
            waves: subject.waves.clone(),
            services: IndexMap::new(),
            conflicts: Vec::new(),
        };
        for (key, built) in subject.built {
            let (Some(service), Some(rendered)) = (subject.environment.service(key), subject.rendered.get(key)) else {
                continue;
            };
            for title in &rendered.missing_kv {
                if !plan.kv.contains(title) {
                    plan.kv.push(title.clone());
                }
            }
            for need in subject.needs.get(key).into_iter().flatten() {
                let there = facts.live.get(need).is_some_and(|live| live.deployment.is_some());
                if !subject.built.contains_key(need) && !there {
                    let text = format!("it needs `{need}`, which is not deployed; name both in `services`");
                    plan.conflicts.push((key.clone(), text));
                }
            }
            let nothing = Live::default();
            let live = facts.live.get(key).unwrap_or(&nothing);
            let hostname = of_hostnames(subject, service, facts, live);
            plan.conflicts
                .extend(hostname.conflicts.into_iter().map(|text| (key.clone(), text)));
            plan.conflicts.extend(
                absent(service, built, facts)
                    .into_iter()
                    .map(|text| (key.clone(), text)),
            );
            let mut planned = one(subject, service, built, rendered, live);
            planned.version_urls = version_urls(service, built, live.workers_dev, facts.workers_dev.as_deref());
            if planned.upload == Upload::Again && !subject.replace_canary && live.version_id().is_none() {
                let text = format!(
                    "two versions share the traffic of Worker `{}`: finish that rollout first, or replace it with `replace-canary: true`",
                    service.worker
                );
                plan.conflicts.push((key.clone(), text));
            }
            planned.steps = hostname.steps;
            planned.notes.extend(hostname.notes);
            plan.services.insert(key.clone(), planned);
        }
        plan
    }

    /// Whether anything is to be changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.kv.is_empty() && !self.services.values().any(ServicePlan::changes)
    }

    /// The plan as a person reads it.
    pub(crate) fn changes(&self) -> Changes<()> {
        let mut changes = Changes::default();
        for title in &self.kv {
            changes.push(Verb::Create, "KV namespace", title, "", ());
        }
        for key in self.waves.iter().flatten() {
            let Some(service) = self.services.get(key) else {
                continue;
            };
            let worker = &service.worker;
            match service.upload {
                Upload::First => changes.push(Verb::Create, "Worker", worker, format!("service {key}"), ()),
                Upload::Again => changes.push(
                    Verb::Update,
                    "Worker",
                    worker,
                    format!("service {key}: a new version"),
                    (),
                ),
                Upload::No => {}
            }
            for step in &service.steps {
                let to = format!("to {worker}");
                match step {
                    Step::CreateRoute(pattern) => changes.push(Verb::Create, "route", pattern, to, ()),
                    Step::MoveRoute(route) => changes.push(Verb::Update, "route", &route.pattern, to, ()),
                    Step::DeleteRoute(route) => {
                        changes.push(Verb::Delete, "route", &route.pattern, "no longer wanted", ());
                    }
                    Step::AttachDomain(hostname) => changes.push(Verb::Create, "custom domain", hostname, to, ()),
                    Step::DetachDomain(domain) => {
                        changes.push(Verb::Delete, "custom domain", &domain.hostname, "no longer wanted", ());
                    }
                }
            }
            if service.workers_dev_off {
                changes.push(
                    Verb::Update,
                    "workers.dev",
                    worker,
                    "off: a preview is reached by its hostname",
                    (),
                );
            }
            if service.tags.is_some() {
                let detail = "to remember which hostnames it was given here";
                changes.push(Verb::Update, "tags", worker, detail, ());
            }
            if let Some(crons) = &service.crons {
                let detail = if crons.is_empty() {
                    "none".to_owned()
                } else {
                    crons.join("; ")
                };
                changes.push(Verb::Update, "schedules", worker, detail, ());
            }
        }
        changes
    }
}

/// Stands for the first eight characters of a version's id.
const VERSION: &str = "{version}";

/// Where the Worker's versions answer at URLs of their own: a template. They have the scheme and port of the service's
/// own URL, which is `https` unless the manifest's `url` says otherwise.
///
/// Source: Cloudflare's documentation, "Preview URLs"; contract sheet of Cloudflare, section 5.
pub(crate) fn version_urls(
    service: &Service,
    built: &Built,
    at: Option<WorkersDev>,
    account: Option<&str>,
) -> Option<String> {
    let on = at.is_some_and(|at| at.previews_enabled) && !built.has_durable_objects();
    let account = account.filter(|_| on)?;
    let (scheme, port) = match Url::parse(&service.url) {
        Ok(url) => (url.scheme().to_owned(), url.port()),
        Err(_) => ("https".to_owned(), None),
    };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let fits = "12345678-".len() + service.worker.len() <= naming::LONGEST_LABEL;
    fits.then(|| format!("{scheme}://{VERSION}-{}.{account}.workers.dev{port}", service.worker))
}

/// What the manifest names for a service and the account does not have.
fn absent(service: &Service, built: &Built, facts: &Facts) -> Vec<String> {
    let bound = |binding: &String| built.binding(binding).is_some();
    let buckets = service
        .r2
        .iter()
        .filter(|(binding, name)| bound(binding) && facts.missing_buckets.contains(*name));
    let buckets = buckets.map(|(binding, name)| {
        format!(
            "there is no R2 bucket `{name}` for binding `{binding}`; make it (`npx wrangler r2 bucket create {name}`), or name another one in the environment's `r2`"
        )
    });
    let missing = |name: &String| !facts::is_uuid(name) && !facts.known.d1.contains_key(name);
    let databases = service
        .d1
        .iter()
        .filter(|(binding, name)| bound(binding) && missing(name));
    let databases = databases.map(|(binding, name)| {
        format!(
            "there is no D1 database `{name}` for binding `{binding}`; make it (`npx wrangler d1 create {name}`), or name another one in the environment's `d1`"
        )
    });
    buckets.chain(databases).collect()
}

/// The hostnames that a service is to answer at.
fn wanted_hostnames<'a>(subject: &'a Subject<'_>, service: &'a Service) -> Vec<&'a str> {
    if subject.environment.routing == Routing::Record {
        return Vec::new();
    }
    let first = std::iter::once(&service.hostname).filter(|hostname| !hostname.is_empty());
    first.chain(subject.more_hostnames).map(String::as_str).collect()
}

/// What is to be done about all hostnames of a service.
fn of_hostnames(subject: &Subject<'_>, service: &Service, facts: &Facts, live: &Live) -> Decision {
    let mut all = Decision::default();
    let wanted = wanted_hostnames(subject, service);
    for hostname in &wanted {
        let service = Service {
            hostname: (*hostname).to_owned(),
            ..service.clone()
        };
        let decision = hostnames::decide(subject.environment, &service, &facts.routes, &facts.domains);
        all.steps.extend(decision.steps);
        all.conflicts.extend(decision.conflicts);
        all.notes.extend(decision.notes);
    }
    if subject.environment.pull_request.is_none() {
        let claimed = claims::hostnames(&live.tags);
        let dropped = hostnames::dropped(&service.worker, &wanted, &claimed, &facts.routes, &facts.domains);
        all.steps.extend(dropped);
    }
    all
}

/// The tags of a service's Worker. A pull request's Workers are known by their names: no hostname need be claimed.
fn tags(subject: &Subject<'_>, service: &Service, present: &[String], uploaded: Option<&str>) -> Vec<String> {
    let hostnames = match subject.environment.pull_request {
        Some(_) => Vec::new(),
        None => wanted_hostnames(subject, service),
    };
    claims::tags(present, &subject.environment.owner.marker(), uploaded, &hostnames)
}

fn one(subject: &Subject<'_>, service: &Service, built: &Built, rendered: &Rendered, live: &Live) -> ServicePlan {
    let environment = subject.environment;
    let tag = tag(environment, service, built, rendered);
    let migrations = migrations(&built.migrations, live.migration_tag.as_deref());
    let uploaded = fingerprint::content(&tag).filter(|_| built.handed.is_some());
    let serves = fingerprint::same(live.tag(), &tag) && rendered.missing_kv.is_empty() && migrations.is_none();
    // What wrangler does after the upload is not known of a run that failed: it is done again.
    let ended = uploaded.is_none_or(|content| claims::is_uploaded(&live.tags, content));
    let comparable = built.handed.as_ref().is_none_or(|handed| handed.uncompared.is_none());
    let upload = match &live.deployment {
        None => Upload::First,
        Some(_) if serves && ended && comparable => Upload::No,
        Some(_) => Upload::Again,
    };
    let tags = tags(subject, service, &live.tags, uploaded);
    // A first upload brings them, and after one by wrangler they are written in any case.
    let comes_along = upload == Upload::First || upload == Upload::Again && built.handed.is_some();
    let right = comes_along || claims::same(&tags, &live.tags);
    let mut notes = Vec::new();
    if let Some(what) = built.handed.as_ref().and_then(|handed| handed.uncompared) {
        notes.push(format!(
            "{what} cannot be compared with what is there, so it is deployed each time"
        ));
    }
    if upload == Upload::Again
        && let Some(note) = kept(live, rendered)
    {
        notes.push(note);
    }
    ServicePlan {
        key: service.key.clone(),
        worker: service.worker.clone(),
        hostname: service.hostname.clone(),
        url: service.url.clone(),
        upload,
        steps: Vec::new(),
        workers_dev_off: environment.pull_request.is_some() && live.workers_dev.is_some_and(|at| at.enabled),
        crons: built.crons.clone().filter(|crons| !same(crons, &live.crons)),
        migrations,
        tags: Some(tags.clone()).filter(|_| !right),
        all_tags: tags,
        version_urls: None,
        previous: live.version_id().map(str::to_owned),
        notes,
        size: built.size,
        live_size: fingerprint::size(live.tag()),
    }
}

fn same(one: &[String], other: &[String]) -> bool {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list
    };
    sorted(one) == sorted(other)
}

/// The tag of a service's upload. One by wrangler holds more than the metadata says: its whole configuration counts.
pub(crate) fn tag(environment: &Environment, service: &Service, built: &Built, rendered: &Rendered) -> String {
    let assets = built.assets.as_ref().map(|files| (&files.assets[..], &files.config));
    let mut metadata = metadata(built, rendered);
    if let Some(handed) = &built.handed {
        let config = handed.configuration(environment, service, &rendered.metadata);
        metadata.insert("wrangler".to_owned(), Value::Object(config));
    }
    fingerprint::tag(&service.worker, &metadata, modules(built), assets, built.size)
}

/// The metadata to upload, but for what an asset session and migrations add.
pub(crate) fn metadata(built: &Built, rendered: &Rendered) -> Map<String, Value> {
    if !built.assets_only {
        return rendered.metadata.clone();
    }
    // Assets alone have no code, so nothing that binds to it.
    let kept = ["compatibility_date", "compatibility_flags"];
    let fields = rendered.metadata.iter().filter(|(key, _)| kept.contains(&key.as_str()));
    fields.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The modules to upload.
pub(crate) fn modules(built: &Built) -> &[Module] {
    if built.assets_only { &[] } else { &built.modules }
}

/// The migrations after the one that is live, as the API wants them.
fn migrations(all: &[Value], live: Option<&str>) -> Option<Value> {
    let done = live
        .and_then(|live| all.iter().position(|migration| migration["tag"] == live))
        .map_or(0, |at| at + 1);
    let pending = &all[done..];
    let last = pending.last()?;
    let steps: Vec<Value> = pending
        .iter()
        .map(|migration| {
            let mut step = migration.clone();
            if let Some(fields) = step.as_object_mut() {
                fields.remove("tag");
            }
            step
        })
        .collect();
    let mut migrations = json!({"new_tag": last["tag"], "steps": steps});
    if let Some(live) = live {
        migrations["old_tag"] = live.into();
    }
    Some(migrations)
}

/// Secrets that stay although the manifest does not name them.
fn kept(live: &Live, rendered: &Rendered) -> Option<String> {
    let names = |bindings: Option<&Value>| -> Vec<String> {
        let all = bindings.and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|binding| binding["name"].as_str().map(str::to_owned))
            .collect()
    };
    let ours = names(rendered.metadata.get("bindings"));
    let version = live.version.as_ref()?;
    let secrets = version
        .resources
        .bindings
        .iter()
        .filter(|binding| binding["type"] == "secret_text" || binding["type"] == "secret_key");
    let kept: Vec<String> = secrets
        .filter_map(|binding| binding["name"].as_str().map(str::to_owned))
        .filter(|name| !ours.contains(name))
        .collect();
    (!kept.is_empty()).then(|| {
        let (noun, verb) = if kept.len() == 1 {
            ("secret", "stays")
        } else {
            ("secrets", "stay")
        };
        format!(
            "{noun} {} {verb}, set by hand: the manifest does not name them",
            actions_core::text::quoted_list(&kept)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pending_migrations_are_run() {
        let all = [
            json!({"tag": "v1", "new_sqlite_classes": ["A"]}),
            json!({"tag": "v2", "renamed_classes": [{"from": "A", "to": "B"}]}),
        ];
        assert_eq!(
            migrations(&all, None).unwrap(),
            json!({"new_tag": "v2", "steps": [{"new_sqlite_classes": ["A"]}, {"renamed_classes": [{"from": "A", "to": "B"}]}]})
        );
        assert_eq!(
            migrations(&all, Some("v1")).unwrap(),
            json!({"new_tag": "v2", "old_tag": "v1", "steps": [{"renamed_classes": [{"from": "A", "to": "B"}]}]})
        );
        assert_eq!(migrations(&all, Some("v2")), None);
        assert_eq!(migrations(&[], Some("v2")), None);
    }
}
