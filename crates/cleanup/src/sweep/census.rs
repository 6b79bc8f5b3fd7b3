//! All that was read, sorted by the environment that it is of: by markers, and by names only what can carry none. No
//! client here.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::environment::Environment;
use actions_core::manifest::{EnvironmentSpec, Manifest};
use actions_core::naming::{self, Values};
use actions_core::owner::Repository;
use actions_core::reports::RemovalKind;
use jiff::Timestamp;

use super::index::{Index, Marked, in_zone, read};
use super::plan::{Deployed, Rules, Standing};
use super::proven::only_proven;
use super::whose::{Key, Kinds, Told};
use crate::facts::Facts;
use crate::plan::{Decision, Reason, Standing as Stands, Staying, decide};
use crate::subject::Subject;

/// What was found.
pub(crate) struct Census {
    /// By name and pull request. Each has something that goes with it.
    pub(crate) environments: Vec<Found>,
    /// What is no environment's that could go.
    pub(crate) others: Vec<Other>,
    /// So many things carry nobody's marker.
    pub(crate) strangers: usize,
    /// Environments of projects of this repository that the manifest is not of: where their records, namespaces and
    /// branches are looked for, only their own tells.
    pub(crate) elsewhere: Vec<String>,
    /// When what tells it was made.
    made: BTreeMap<(RemovalKind, String), Timestamp>,
}

impl Census {
    /// When a thing was made, as far as it is told.
    pub(crate) fn made(&self, kind: RemovalKind, name: &str) -> Option<Timestamp> {
        self.made.get(&(kind, name.to_owned())).copied()
    }
}

fn made(facts: &Facts) -> BTreeMap<(RemovalKind, String), Timestamp> {
    let workers = read(facts.workers.as_ref()).iter();
    let workers = workers.filter_map(|it| Some(((RemovalKind::Worker, it.name.clone()), time(&it.created_on)?)));
    let records = read(in_zone(facts).map(|zone| &zone.records)).iter();
    let records = records.filter_map(|it| Some(((RemovalKind::DnsRecord, it.name.clone()), time(&it.created_on)?)));
    let branches = read(facts.branches.as_ref()).iter();
    let branches = branches.filter_map(|it| Some(((RemovalKind::Branch, it.name.clone()), it.created_at?)));
    workers.chain(records).chain(branches).collect()
}

/// One environment of this repository.
pub(crate) struct Found {
    pub(crate) subject: Subject,
    pub(crate) standing: Standing,
    /// Something of it carries its marker.
    pub(super) is_marked: bool,
    /// What goes with it, and what stays although it looks as if it should go.
    pub(crate) decision: Decision,
}

impl Found {
    /// Whether anything of it is at a vendor: GitHub's deployments alone weigh nothing.
    pub(crate) fn is_at_a_vendor(&self) -> bool {
        let mut going = self.decision.going.iter();
        going.any(|going| going.thing.kind() != RemovalKind::Deployment)
    }
}

/// Something that no sweep takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Other {
    pub(crate) kind: RemovalKind,
    pub(crate) name: String,
    pub(crate) why: Why,
    pub(crate) made: Option<Timestamp>,
}

/// Why something is no environment's that could go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// Of an environment of this repository that is not one per pull request.
    Permanent(String),
    /// Another repository's.
    Foreign(String),
    /// It looks like ours, and nothing tells whose it is.
    Alike(Reason),
    /// It begins as a marker of ours and cannot be read.
    Unreadable(String),
}

/// What the names of things are read by.
pub(crate) struct Known<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) manifest: Option<&'a Manifest>,
}

impl Known<'_> {
    /// The environments that are one per pull request: name and what the manifest says of it.
    fn kinds(&self) -> impl Iterator<Item = (&Manifest, &str, &EnvironmentSpec)> {
        let specs = self.manifest.into_iter().flat_map(|manifest| {
            let specs = manifest.environments.iter();
            specs.map(move |(name, spec)| (manifest, name.as_str(), spec))
        });
        specs.filter(|(_, _, spec)| spec.is_per_pull_request())
    }

    /// The title of an environment that another manifest describes.
    fn elsewhere(&self, subject: &Subject) -> Option<String> {
        let manifest = self.manifest?;
        let project = &subject.owner.project;
        (manifest.project.name != *project).then(|| format!("{} of {project}", subject.title))
    }

    fn subject(&self, kinds: &Kinds<'_>, key: Key) -> Option<(Subject, Rules)> {
        let owner = kinds.owner(key)?;
        let named = self
            .kinds()
            .find(|(manifest, name, _)| manifest.project.name == owner.project && *name == owner.environment);
        let named = named.and_then(|(manifest, name, spec)| {
            let environment = Environment::resolve(manifest, name, owner.pull_request, self.repository).ok()?;
            let rules = Rules {
                expires: spec.expires.as_deref().and_then(actions_core::duration::parse),
                limit: environment.limit,
                on_limit: environment.on_limit,
            };
            Some((Subject::of(&environment, &spec.worker), rules))
        });
        Some(named.unwrap_or_else(|| (Subject::marked(owner), Rules::default())))
    }
}

/// Sorts everything.
pub(crate) fn take(facts: &Facts, known: &Known<'_>) -> Census {
    let names = known.kinds();
    let names = names.map(|(manifest, name, _)| (manifest.project.name.clone(), name.to_owned()));
    let mut kinds = Kinds::new(known.repository, names.collect());
    let mut others = Vec::new();
    let Sorted {
        mut marked,
        foreign,
        strangers,
    } = by_markers(facts, &mut kinds, &mut others);
    for key in by_names(facts, known) {
        marked.entry(key).or_default();
    }
    for (worker, tag) in &foreign {
        for key in kinds.namesakes(tag) {
            if let (Some(of_key), Some(at)) = (marked.get_mut(&key), worker) {
                of_key.namesakes.insert(*at);
            }
        }
    }
    let is_rival = |kind| foreign.iter().any(|(_, text)| kinds.is_rival(kind, text));
    let rivals: BTreeSet<usize> = marked.keys().map(|(kind, _)| *kind).collect();
    let rivals: BTreeSet<usize> = rivals.into_iter().filter(|kind| is_rival(*kind)).collect();
    let index = Index::of(facts);
    let claims: Vec<_> = facts.claims().collect();
    let (mut environments, mut elsewhere) = (Vec::new(), Vec::new());
    for (key, of_key) in &marked {
        let Some((subject, rules)) = known.subject(&kinds, *key) else {
            continue;
        };
        if let Some(title) = known.elsewhere(&subject) {
            elsewhere.push(title);
            continue;
        }
        let around = index.around(&subject, of_key);
        let decision = decide(&subject, &around, false);
        let decision = only_proven(decision, &subject, &around, rivals.contains(&key.0), &claims);
        if decision.going.is_empty() && of_key.is_empty() {
            // A name alone proves nothing, so there is no environment. What is called like one is told.
            others.extend(decision.staying.into_iter().filter_map(alike));
            continue;
        }
        let standing = standing(&subject, rules, &around, of_key, facts);
        environments.push(Found {
            subject,
            standing,
            is_marked: !of_key.is_empty(),
            decision,
        });
    }
    environments.sort_by(|a, b| {
        let key = |found: &Found| (found.standing.environment.clone(), found.standing.pull_request);
        key(a).cmp(&key(b))
    });
    others.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    others.dedup();
    Census {
        environments,
        strangers: strangers.saturating_sub(others.iter().filter(|other| matches!(other.why, Why::Alike(_))).count()),
        others,
        elsewhere,
        made: made(facts),
    }
}

/// What carries a marker, and how much carries none.
struct Sorted<'a> {
    marked: BTreeMap<Key, Marked>,
    /// Markers of other repositories; a Worker's with its place.
    foreign: Vec<(Option<usize>, &'a str)>,
    strangers: usize,
}

fn by_markers<'a>(facts: &'a Facts, kinds: &mut Kinds<'_>, others: &mut Vec<Other>) -> Sorted<'a> {
    let mut marked: BTreeMap<Key, Marked> = BTreeMap::new();
    let mut strangers = 0;
    let mut foreign = Vec::new();
    for (at, worker) in read(facts.workers.as_ref()).iter().enumerate() {
        let mut is_marked = false;
        for tag in &worker.tags {
            let Some(told) = kinds.read(tag) else { continue };
            is_marked = true;
            match told {
                Told::Of(key) => drop(marked.entry(key).or_default().workers.insert(at)),
                told => {
                    foreign.push((Some(at), tag.as_str()));
                    others.extend(other(RemovalKind::Worker, &worker.name, told, time(&worker.created_on)));
                }
            }
        }
        strangers += usize::from(!is_marked);
    }
    for (at, record) in read(in_zone(facts).map(|zone| &zone.records)).iter().enumerate() {
        match kinds.read(&record.comment) {
            Some(Told::Of(key)) => drop(marked.entry(key).or_default().records.insert(at)),
            Some(told) => {
                foreign.push((None, record.comment.as_str()));
                others.extend(other(
                    RemovalKind::DnsRecord,
                    &record.name,
                    told,
                    time(&record.created_on),
                ));
            }
            None => strangers += 1,
        }
    }
    for (at, branch) in read(facts.branches.as_ref()).iter().enumerate() {
        match branch.marker().map(|marker| (marker, kinds.read(marker))) {
            Some((_, Some(Told::Of(key)))) => drop(marked.entry(key).or_default().branches.insert(at)),
            Some((text, Some(told))) => {
                foreign.push((None, text));
                others.extend(other(RemovalKind::Branch, &branch.name, told, branch.created_at));
            }
            Some((text, None)) => {
                let told = Told::Unreadable(text.to_owned());
                others.extend(other(RemovalKind::Branch, &branch.name, told, branch.created_at));
            }
            None => strangers += 1,
        }
    }
    for (at, deployment) in facts.deployments.iter().flatten().enumerate() {
        // Those of production, and those that others made, are nobody's to wonder about.
        if let Some(Told::Of(key)) = kinds.read(&deployment.note.owner) {
            marked.entry(key).or_default().deployments.insert(at);
        }
    }
    Sorted {
        marked,
        foreign,
        strangers,
    }
}

/// The environments that names speak of: those of namespaces, routes and custom domains, which carry no marker, and of
/// what should carry one and does not.
fn by_names(facts: &Facts, known: &Known<'_>) -> Vec<Key> {
    let mut keys = Vec::new();
    for (kind, (manifest, name, spec)) in known.kinds().enumerate() {
        let project = manifest.project.name.as_str();
        for (key, service) in &manifest.services {
            let values = Values {
                project,
                environment: name,
                service: key,
                worker: manifest.worker_of(key),
                subdomain: manifest.subdomain_of(key),
                pull_request: None,
            };
            let number = |worker: &str| naming::recognise(&spec.worker, &values, worker);
            let workers = read(facts.workers.as_ref()).iter().map(|worker| worker.name.as_str());
            let zone = in_zone(facts);
            let scripts = read(zone.map(|zone| &zone.routes)).iter();
            let scripts = scripts.filter_map(|route| route.script.as_deref());
            let services = read(zone.map(|zone| &zone.domains))
                .iter()
                .map(|domain| domain.service.as_str());
            keys.extend(
                workers
                    .chain(scripts)
                    .chain(services)
                    .filter_map(number)
                    .map(|number| (kind, number)),
            );
            for binding in &service.kv {
                let titles = read(facts.namespaces.as_ref())
                    .iter()
                    .map(|namespace| namespace.title.as_str());
                let numbers = titles.filter_map(|title| naming::pull_request_of_kv(project, name, binding, title));
                keys.extend(numbers.map(|number| (kind, number)));
            }
        }
        if let Some(template) = &spec.branch {
            let values = Values {
                project,
                environment: name,
                ..Values::default()
            };
            let branches = read(facts.branches.as_ref()).iter();
            let numbers = branches.filter_map(|branch| naming::recognise(template, &values, &branch.name));
            keys.extend(numbers.map(|number| (kind, number)));
        }
    }
    keys
}

pub(super) fn alike(staying: Staying) -> Option<Other> {
    match staying.standing {
        Stands::Kept(reason) => Some(Other {
            kind: staying.kind,
            name: staying.name,
            why: Why::Alike(reason),
            made: None,
        }),
        // An unreadable list is told once, for the whole sweep.
        Stands::Absent | Stands::Left(_) => None,
    }
}

fn other(kind: RemovalKind, name: &str, told: Told, made: Option<Timestamp>) -> Option<Other> {
    let why = match told {
        Told::Of(_) => return None,
        Told::Permanent(title) => Why::Permanent(title),
        Told::Foreign(whose) => Why::Foreign(whose.to_string()),
        Told::Unreadable(text) => Why::Unreadable(text),
    };
    Some(Other {
        kind,
        name: name.to_owned(),
        why,
        made,
    })
}

fn standing(subject: &Subject, rules: Rules, around: &Facts, marked: &Marked, all: &Facts) -> Standing {
    let workers = read(all.workers.as_ref());
    let branches = read(all.branches.as_ref());
    let own_workers = || marked.workers.iter().map(|at| &workers[*at]);
    let own_branches = || marked.branches.iter().map(|at| &branches[*at]);
    let records = read(in_zone(all).map(|zone| &zone.records));
    let records = marked.records.iter().filter_map(|at| time(&records[*at].created_on));
    let made = own_workers()
        .filter_map(|worker| time(&worker.created_on))
        .chain(records);
    let made = made.chain(own_branches().filter_map(|branch| branch.created_at)).min();
    let mut deployed: Vec<Timestamp> = own_workers().filter_map(|worker| time(&worker.modified_on)).collect();
    for branch in own_branches() {
        // Each deploy moves the expiry, by a little less than its length.
        let pushed = branch.expires_at.zip(rules.expires);
        let pushed = pushed.and_then(|(at, expires)| at.checked_sub(expires).ok());
        deployed.extend([branch.created_at, branch.last_reset_at, pushed].into_iter().flatten());
    }
    let is_read = !matches!(around.workers, Some(Err(_))) && !matches!(around.branches, Some(Err(_)));
    let deployed = deployed.into_iter().max().filter(|_| is_read);
    Standing {
        environment: subject.owner.environment.clone(),
        pull_request: subject.owner.pull_request.unwrap_or_default(),
        made,
        deployed: deployed.map_or(Deployed::Unknown, Deployed::At),
        has_branch: !marked.branches.is_empty(),
        rules,
    }
}

/// A time as Cloudflare tells it.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
