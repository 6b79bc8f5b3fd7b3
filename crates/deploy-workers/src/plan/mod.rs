//! Decides what is to be done, from bundles and facts. Pure.

pub(crate) mod addresses;
pub(crate) mod changes;
mod claimed;
pub(crate) mod claims;
pub(crate) mod conflicts;
pub(crate) mod content;
pub(crate) mod durable;
pub(crate) mod fingerprint;
pub(crate) mod first;
pub(crate) mod hostnames;
pub(crate) mod order;
pub(crate) mod ownership;
pub(crate) mod secrets;
pub(crate) mod settings;
pub(crate) mod switch;

use std::collections::{BTreeMap, BTreeSet};

use actions_core::cloudflare::WorkersDev;
use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;
use actions_core::text::quoted_list;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use self::claimed::{tags, to_claim, unseen_claims};
use self::first::First;
use self::hostnames::{Decision, Step};
use self::order::Wave;
use self::secrets::Dropped;
use crate::facts::{Facts, Live};
use crate::inputs::{Inputs, Overwrite};
use crate::report;
use wrangler::project::render::Rendered;
use wrangler::project::{Built, Size};

/// What is to be done for an environment.
pub(crate) struct Plan {
    /// Titles of KV namespaces to make.
    pub(crate) kv: Vec<String>,
    /// The chosen services, in the order of deployment.
    pub(crate) waves: Vec<Wave>,
    pub(crate) services: IndexMap<String, ServicePlan>,
    /// Why it cannot be done, by service.
    pub(crate) conflicts: Vec<(String, String)>,
}

/// What is to be done for one service.
pub(crate) struct ServicePlan {
    pub(crate) key: String,
    pub(crate) worker: String,
    pub(crate) hostname: String,
    /// All hostnames that are to lead to it.
    pub(crate) hostnames: Vec<String>,
    pub(crate) url: String,
    pub(crate) upload: Upload,
    /// The version that comes before: services bind each other in a circle, and none of them is there.
    pub(crate) first: Option<First>,
    /// Secrets that the upload takes away.
    pub(crate) dropped: Option<Dropped>,
    /// The tag of what is uploaded, which takes a hash over all of it; `None` while KV namespaces have no ids yet.
    pub(crate) tag: Option<String>,
    /// What leads its hostnames to it, and what gives way to that.
    pub(crate) steps: Vec<Step>,
    /// What gives up its former hostnames, once every wave is healthy.
    pub(crate) former: Vec<Step>,
    /// workers.dev is on, and a preview is to be reached by its hostname only.
    pub(crate) workers_dev_off: bool,
    /// What the configuration says of workers.dev and of the versions' URLs, where it is not so.
    pub(crate) addresses: Option<WorkersDev>,
    /// The schedules to set; `None`: they are right, or not ours.
    pub(crate) crons: Option<Vec<String>>,
    /// Durable Object migrations to run with the upload.
    pub(crate) migrations: Option<Value>,
    /// What becomes of its Durable Objects with that.
    pub(crate) durable: Vec<durable::Change>,
    /// Whether the upload goes by `PUT` and serves at once, as what makes or moves Durable Objects has to.
    pub(crate) by_put: bool,
    /// Whether the upload brings the settings that no version holds.
    pub(crate) brings_settings: bool,
    /// Settings that no version holds, where they differ; a first upload brings them, and so does wrangler.
    pub(crate) settings: Option<Map<String, Value>>,
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
            || !self.former.is_empty()
            || self.workers_dev_off
            || self.addresses.is_some()
            || self.crons.is_some()
            || self.tags.is_some()
            || self.settings.is_some()
    }

    /// The immutable URL of a version. `new` is where versions of a Worker that was made meanwhile have theirs.
    pub(crate) fn version_url(&self, version: &str, new: Option<&str>) -> Option<String> {
        let template = self.version_urls.as_deref().or(new)?;
        Some(template.replace(addresses::VERSION, version.get(..8)?))
    }
}

/// What is planned for.
pub(crate) struct Subject<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) built: &'a IndexMap<String, Built>,
    pub(crate) rendered: &'a BTreeMap<String, Rendered>,
    pub(crate) waves: Vec<Wave>,
    /// What each chosen service needs, by the manifest and by its bindings.
    pub(crate) needs: &'a BTreeMap<String, Vec<String>>,
    pub(crate) inputs: &'a Inputs,
    pub(crate) overwrite: Overwrite,
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
            let nothing = Live::default();
            let live = facts.live.get(key).unwrap_or(&nothing);
            let hostname = of_hostnames(subject, service, facts, live);
            let conflicts = conflicts::of(subject, service, built, live, facts).into_iter();
            let conflicts = conflicts.chain(conflicts::of_rendered(service, rendered, live, facts));
            let conflicts = conflicts.chain(hostname.conflicts);
            plan.conflicts.extend(conflicts.map(|text| (key.clone(), text)));
            let hostnames = hostnames::wanted(subject.environment, service);
            let kept: Vec<String> = hostnames.iter().map(|&hostname| hostname.to_owned()).collect();
            let (steps, former) = hostnames::part(hostname.steps, &kept);
            let mut planned = one(subject, service, built, rendered, facts, live, &former);
            let conflicts = secrets::conflicts(subject.inputs, service, built, live, planned.dropped.as_ref());
            plan.conflicts
                .extend(conflicts.into_iter().map(|text| (key.clone(), text)));
            planned.version_urls =
                addresses::version_urls(service, built, live.workers_dev, facts.workers_dev.as_deref());
            if planned.upload == Upload::Again && !subject.overwrite.canary && live.version_id().is_none() {
                let text = format!(
                    "two versions share the traffic of Worker `{}`: finish that rollout first, or replace it with `replace-canary: true`",
                    service.worker
                );
                plan.conflicts.push((key.clone(), text));
            }
            planned
                .notes
                .extend(addresses::notes(subject.environment, built, &hostnames));
            (planned.hostnames, planned.steps, planned.former) = (kept, steps, former);
            planned.first = first::of(subject, key, rendered, facts).filter(|_| planned.upload == Upload::First);
            planned.notes.extend(hostname.notes);
            plan.services.insert(key.clone(), planned);
        }
        if let (Some(note), Some((_, first))) = (secrets::not_found(subject, facts), plan.services.first_mut()) {
            first.notes.push(note);
        }
        // No row is theirs.
        let left_behind = report::left_behind(&facts.left_behind);
        if let (Some(note), Some((_, first))) = (left_behind, plan.services.first_mut()) {
            first.notes.push(note);
        }
        plan.once();
        plan
    }

    /// A route that a wildcard's service makes for a sibling's host is not planned for the sibling, too. The wildcard's
    /// service keeps it: it has to be there before the wildcard, whatever becomes of the sibling, which is deployed
    /// beside it. The sibling keeps its own where it detaches that host's custom domain next.
    fn once(&mut self) {
        let for_siblings: BTreeSet<(String, String)> = self
            .services
            .values()
            .flat_map(|service| service.steps.iter().map(move |step| (service, step)))
            .filter_map(|(service, step)| match step {
                Step::CreateRoute { pattern, worker } if *worker != service.worker => {
                    Some((pattern.clone(), worker.clone()))
                }
                _ => None,
            })
            .collect();
        for service in self.services.values_mut() {
            let detached = service.steps.iter().filter_map(|step| match step {
                Step::DetachDomain(domain) => Some(hostnames::pattern(&domain.hostname)),
                _ => None,
            });
            let detached: BTreeSet<String> = detached.collect();
            let own = &service.worker;
            service.steps.retain(|step| match step {
                Step::CreateRoute { pattern, worker } => {
                    worker != own
                        || detached.contains(pattern)
                        || !for_siblings.contains(&(pattern.clone(), worker.clone()))
                }
                _ => true,
            });
        }
    }
}

/// What is to be done about all hostnames of a service.
fn of_hostnames(subject: &Subject<'_>, service: &Service, facts: &Facts, live: &Live) -> Decision {
    let claimed = claims::hostnames(&live.settings.tags);
    let mut decision = hostnames::decide(subject.environment, service, facts.there(), &claimed);
    let unseen = unseen_claims(subject.environment, service, facts, &live.settings.tags);
    decision.notes.extend(unseen.iter().map(|hostname| {
        format!(
            "this run did not look at `{hostname}`, which Worker `{}` was given before",
            service.worker
        )
    }));
    let left_out = to_claim(subject, service, facts, &live.settings.tags).len();
    let left_out = left_out.saturating_sub(claims::ROOM);
    if left_out > 0 {
        decision.notes.push(format!(
            "a Worker's tags remember {} hostnames; once the manifest drops one of the others, it is to be detached by hand",
            claims::ROOM
        ));
    }
    decision
}

/// Whether Workers are reached by their hostnames only, as previews are.
pub(crate) fn is_hidden(environment: &Environment) -> bool {
    environment.pull_request.is_some() && environment.routing != Routing::WorkersDev
}

fn one(
    subject: &Subject<'_>,
    service: &Service,
    built: &Built,
    rendered: &Rendered,
    facts: &Facts,
    live: &Live,
    former: &[Step],
) -> ServicePlan {
    let environment = subject.environment;
    let tag = content::tag(environment, service, built, rendered);
    let migrations = content::migrations(&rendered.migrations, live.migration_tag.as_deref());
    let uploaded = fingerprint::content(&tag).filter(|_| built.handed.is_some());
    let serves = fingerprint::same(live.tag(), &tag) && rendered.missing_kv.is_empty() && migrations.is_none();
    // What wrangler does after the upload is not known of a run that failed: it is done again.
    let ended = uploaded.is_none_or(|content| claims::is_uploaded(&live.settings.tags, content));
    let comparable = built.handed.as_ref().is_none_or(|handed| handed.uncompared.is_none());
    let dropped = secrets::dropped(subject.inputs, service, rendered, live);
    let upload = match &live.deployment {
        None => Upload::First,
        Some(_) if serves && ended && comparable && dropped.is_none() => Upload::No,
        Some(_) => Upload::Again,
    };
    let tags = tags(subject, service, facts, &live.settings.tags, uploaded, former);
    // A first upload brings them, and after one by wrangler they are written in any case.
    let comes_along = upload == Upload::First || upload == Upload::Again && built.handed.is_some();
    let right = comes_along || claims::same(&tags, &live.settings.tags);
    let mut notes: Vec<String> = ownership::note(environment, service, live).into_iter().collect();
    notes.extend(built.told.iter().chain(&rendered.told).cloned());
    let idle = built
        .crons
        .as_ref()
        .filter(|crons| !environment.crons && !crons.is_empty());
    notes.extend(idle.map(|crons| {
        format!(
            "its schedules ({}) are left out: {}",
            quoted_list(crons),
            match environment.pull_request {
                Some(_) => "a preview has none without `crons = true` in the environment".to_owned(),
                None => format!("environment `{}` says `crons = false`", environment.name),
            }
        )
    }));
    if let Some(what) = built.handed.as_ref().and_then(|handed| handed.uncompared) {
        notes.push(format!(
            "{what} cannot be compared with what is there, so it is deployed each time"
        ));
    }
    if upload == Upload::Again {
        notes.extend(content::by_hand(live, rendered, dropped.as_ref()));
    }
    notes.extend(content::inherited(built, service));
    let by_put = upload == Upload::First || migrations.is_some() || content::exports_objects(&rendered.metadata);
    // Assets alone are uploaded without (wrangler does the same, and writes them the next time).
    let brings_settings = match upload {
        Upload::First => !built.assets_only,
        Upload::Again => !by_put,
        Upload::No => false,
    };
    let durable = if upload == Upload::No {
        Vec::new()
    } else {
        durable::changes(&service.worker, built, rendered, live)
    };
    ServicePlan {
        key: service.key.clone(),
        worker: service.worker.clone(),
        hostname: service.hostname.clone(),
        hostnames: Vec::new(),
        url: service.url.clone(),
        upload,
        first: None,
        dropped,
        tag: Some(tag).filter(|_| rendered.missing_kv.is_empty()),
        steps: Vec::new(),
        former: Vec::new(),
        workers_dev_off: is_hidden(environment) && live.workers_dev.is_some_and(|at| at.enabled),
        // An upload by wrangler does it.
        addresses: addresses::wanted(environment, built, live.workers_dev)
            .filter(|_| built.handed.is_none() || upload == Upload::No),
        crons: wanted_crons(environment, built).filter(|crons| !same(crons, &live.crons)),
        migrations,
        durable,
        by_put,
        brings_settings,
        settings: settings::differing(&rendered.metadata, &live.settings.others, upload == Upload::No)
            .filter(|_| !(upload == Upload::First && brings_settings) && built.handed.is_none()),
        tags: Some(tags.clone()).filter(|_| !right),
        all_tags: tags,
        version_urls: None,
        previous: live.version_id().map(str::to_owned),
        notes,
        size: built.size,
        live_size: fingerprint::size(live.tag()),
    }
}

/// The schedules that a Worker is to have; `None`: they are not ours. Jobs of production would run once per preview.
/// Where there are to be none, those from before go, whatever the configuration says now.
pub(crate) fn wanted_crons(environment: &Environment, built: &Built) -> Option<Vec<String>> {
    if environment.crons {
        built.crons.clone()
    } else {
        Some(Vec::new())
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
