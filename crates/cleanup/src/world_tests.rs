//! Generated worlds: whatever is marked, named and readable, cleaning one environment up touches nothing of another's,
//! and says every thing of its own that remains.

use std::collections::BTreeSet;

use actions_core::cloudflare::{CustomDomain, Worker, Zone};
use actions_core::environment::Environment;
use actions_core::github::deployments::{Deployment, Note};
use actions_core::manifest::Manifest;
use actions_core::neon::Branch;
use actions_core::owner::Repository;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::facts::{Facts, InZone};
use crate::plan::{Decision, Standing, Thing, decide};
use crate::subject::Subject;
use crate::unread::Unread;

const MANIFEST: &str = r#"
    [project]
    name = "codex"
    zone = "example.com"
    [database]
    parent = "production"
    [environments.preview]
    hostname = "{subdomain}-preview-{pr}"
    worker = "{worker}-preview-{pr}"
    branch = "preview-pr-{pr}"
    [services.api]
    path = "api"
    kv = ["CACHE"]
    [services.web]
    path = "web"
    needs = ["api"]
    kv = ["CACHE", "SESSIONS"]
"#;

/// What may stand on a thing, and whether it makes it ours.
const MARKS: [(&str, bool); 12] = [
    ("codex-actions:7:acme/app:codex:preview:42", true),
    // Before the repository was renamed.
    ("codex-actions:7:acme/old:codex:preview:42", true),
    ("codex-actions:-:acme/app:codex:preview:42", true),
    ("codex-actions:7:acme/app:codex:preview:421", false),
    ("codex-actions:7:acme/app:codex:production", false),
    ("codex-actions:7:acme/app:other:preview:42", false),
    // A newcomer under our old, or our own, name.
    ("codex-actions:8:acme/app:codex:preview:42", false),
    ("codex-actions:8:eve/app:codex:preview:42", false),
    ("codex-actions:acme/app:codex:preview:42", false),
    ("codex-actions:", false),
    ("preview 42", false),
    ("", false),
];
const WORKERS: [&str; 7] = [
    "shop-preview-42",
    "api-preview-42",
    "web-preview-42",
    "old-preview-42",
    "api-preview-421",
    "api-production",
    "tenant",
];
const HOSTS: [&str; 5] = ["api-preview-42", "web-preview-42", "old-preview-42", "api", "tenant"];
const TITLES: [&str; 4] = [
    "codex-preview-42-CACHE",
    "codex-preview-42-OLD",
    "codex-preview-421-CACHE",
    "codex-production-CACHE",
];
/// What a certificate covers.
const COVERED: [&[&str]; 5] = [
    &["api-preview-42.example.com"],
    &["web-preview-42.example.com"],
    &["api-preview-421.example.com"],
    &["api-preview-42.example.com", "api.example.com"],
    &["example.com", "*.example.com"],
];
/// What another maker's action may have noted on a branch, and whether that is another repository.
const NOTES: [(&str, bool); 3] = [("", false), ("acme/app", false), ("eve/app", true)];
const BRANCHES: [&str; 4] = ["preview-pr-42", "preview-pr-42-point", "preview-pr-421", "production"];

fn of<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn subject() -> Subject {
    let manifest = Manifest::parse(MANIFEST, "codex.toml", std::path::PathBuf::new()).unwrap();
    let repository = Repository {
        id: Some(7),
        name: "acme/app".to_owned(),
    };
    let environment = Environment::resolve(&manifest, "preview", Some(42), &repository).unwrap();
    Subject::of(&environment, &manifest.environments["preview"].worker)
}

/// A world as indices into the tables above.
#[derive(Debug, Clone)]
struct Made {
    workers: Vec<(usize, usize)>,
    routes: Vec<(usize, Option<usize>)>,
    domains: Vec<(usize, usize)>,
    records: Vec<(usize, usize, bool)>,
    certificates: Vec<usize>,
    deployments: Vec<usize>,
    titles: Vec<usize>,
    branches: Vec<(usize, usize, usize)>,
    /// Which of the seven lists can be read, and the zone.
    readable: [bool; 8],
    adopt: bool,
}

fn made() -> impl Strategy<Value = Made> {
    let some = |n: usize| 0..n;
    (
        prop::collection::vec((some(WORKERS.len()), some(MARKS.len())), 0..6),
        prop::collection::vec((some(HOSTS.len()), prop::option::of(some(WORKERS.len()))), 0..6),
        prop::collection::vec((some(HOSTS.len()), some(WORKERS.len())), 0..4),
        prop::collection::vec((some(HOSTS.len()), some(MARKS.len()), any::<bool>()), 0..6),
        (
            prop::collection::vec(some(COVERED.len()), 0..4),
            prop::collection::vec(some(MARKS.len()), 0..4),
        ),
        prop::collection::vec(some(TITLES.len()), 0..4),
        prop::collection::vec((some(BRANCHES.len()), some(MARKS.len()), some(NOTES.len())), 0..5),
        prop::array::uniform8(prop::bool::weighted(0.85)),
        any::<bool>(),
    )
        .prop_map(
            |(workers, routes, domains, records, (certificates, deployments), titles, branches, readable, adopt)| {
                Made {
                    workers,
                    routes,
                    domains,
                    records,
                    certificates,
                    deployments,
                    titles,
                    branches,
                    readable,
                    adopt,
                }
            },
        )
}

/// Names are unique where the vendors make them so.
fn unique<T: Clone>(items: &[T], key: impl Fn(&T) -> usize) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.iter().filter(|item| seen.insert(key(item))).cloned().collect()
}

fn list<T>(readable: bool, items: Vec<T>) -> Result<Vec<T>, Unread> {
    if readable {
        return Ok(items);
    }
    Err(Unread {
        reason: "refused".to_owned(),
        hint: None,
    })
}

impl Made {
    fn workers(&self) -> Vec<(usize, usize)> {
        unique(&self.workers, |(name, _)| *name)
    }

    fn facts(&self) -> Facts {
        let [
            zone,
            workers,
            routes,
            domains,
            records,
            namespaces,
            branches,
            certificates,
        ] = self.readable;
        let worker = |(name, mark): (usize, usize)| -> Worker {
            of(json!({"id": WORKERS[name], "tags": ["cf:x=y", MARKS[mark].0]}))
        };
        let in_zone = InZone {
            zone: of::<Zone>(json!({"id": "z", "name": "example.com"})),
            routes: list(
                routes,
                self.routes
                    .iter()
                    .enumerate()
                    .map(|(at, (host, worker))| {
                        let script = worker.map(|worker| WORKERS[worker]);
                        of(json!({"id": at.to_string(), "pattern": format!("{}.example.com/{at}/*", HOSTS[*host]), "script": script}))
                    })
                    .collect(),
            ),
            domains: list(
                domains,
                unique(&self.domains, |(host, _)| *host)
                    .into_iter()
                    .map(|(host, worker)| {
                        of(json!({"id": HOSTS[host], "hostname": format!("{}.example.com", HOSTS[host]), "service": WORKERS[worker],
                            "cert_id": COVERED.iter().position(|hosts| hosts[0].split('.').next() == Some(HOSTS[host])).map(|at| at.to_string())}))
                    })
                    .collect(),
            ),
            records: list(
                records,
                self.records
                    .iter()
                    .enumerate()
                    .map(|(at, (host, mark, read_only))| {
                        of(json!({"id": at.to_string(), "type": "AAAA", "name": format!("{}.example.com", HOSTS[*host]),
                            "content": "100::", "comment": MARKS[*mark].0, "meta": {"read_only": read_only}}))
                    })
                    .collect(),
            ),
            certificates: list(
                certificates,
                unique(&self.certificates, |at| *at)
                    .into_iter()
                    .map(|at| of(json!({"id": at.to_string(), "hosts": COVERED[at]})))
                    .collect(),
            ),
        };
        let deployment = |(at, mark): (usize, &usize)| Deployment {
            id: at as u64,
            sha: "6dcb09b".to_owned(),
            environment: "preview".to_owned(),
            created_at: None,
            note: Note {
                owner: MARKS[*mark].0.to_owned(),
                ..Note::default()
            },
        };
        let branch = |(name, mark, note): (usize, usize, usize)| -> Branch {
            let mut branch: Branch = of(json!({"id": format!("br-{name}"), "name": BRANCHES[name],
                "parent_id": (BRANCHES[name] != "production").then_some("br-3")}));
            if !MARKS[mark].0.is_empty() {
                branch
                    .annotation
                    .insert("codex-actions".to_owned(), MARKS[mark].0.to_owned());
            }
            if !NOTES[note].0.is_empty() {
                branch
                    .annotation
                    .insert("github-commit-repo".to_owned(), NOTES[note].0.to_owned());
            }
            branch
        };
        Facts {
            zone: Some(if zone {
                Ok(in_zone)
            } else {
                Err(Unread {
                    reason: "refused".to_owned(),
                    hint: None,
                })
            }),
            workers: Some(list(workers, self.workers().into_iter().map(worker).collect())),
            namespaces: Some(list(
                namespaces,
                unique(&self.titles, |title| *title)
                    .into_iter()
                    .map(|title| of(json!({"id": TITLES[title], "title": TITLES[title]})))
                    .collect(),
            )),
            branches: Some(list(
                branches,
                unique(&self.branches, |(name, ..)| *name)
                    .into_iter()
                    .map(branch)
                    .collect(),
            )),
            deployments: Some(self.deployments.iter().enumerate().map(deployment).collect()),
            undeployed: None,
        }
    }

    /// Whether a Worker of this name is there, and what stands on it.
    fn mark_of(&self, worker: &str) -> Option<(&'static str, bool)> {
        let workers = self.workers();
        let found = workers.iter().find(|(name, _)| WORKERS[*name] == worker);
        found.map(|(_, mark)| MARKS[*mark])
    }

    /// Whether a Worker may be touched: ours, or nobody's where that was asked for.
    fn may_go(&self, worker: &str) -> bool {
        match self.mark_of(worker) {
            None => false,
            Some((_, true)) => true,
            Some((mark, false)) => self.adopt && !mark.starts_with("codex-actions"),
        }
    }
}

fn is_told(decision: &Decision, name: &str) -> bool {
    decision.going.iter().any(|going| going.thing.name() == name)
        || decision.staying.iter().any(|staying| staying.name == name)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_foreign_is_touched_and_nothing_own_is_hidden(made in made()) {
        let facts = made.facts();
        let decision = decide(&subject(), &facts, made.adopt);
        let ours = |host: &str| ["api-preview-42.example.com", "web-preview-42.example.com"].contains(&host);
        let [_, readable, ..] = made.readable;
        for going in &decision.going {
            match &going.thing {
                Thing::Worker(name) => prop_assert!(readable && made.may_go(name), "{name}"),
                Thing::Route(route) => {
                    let script = route.script.as_deref().unwrap_or_default();
                    let left_behind = made.mark_of(script).is_none() && ours(route.host())
                        && ["api-preview-42", "web-preview-42"].contains(&script);
                    prop_assert!(readable && (made.may_go(script) || left_behind), "{route:?}");
                }
                Thing::Domain(domain) => {
                    let left_behind = made.mark_of(&domain.service).is_none() && ours(&domain.hostname)
                        && ["api-preview-42", "web-preview-42"].contains(&domain.service.as_str());
                    prop_assert!(readable && (made.may_go(&domain.service) || left_behind), "{domain:?}");
                }
                Thing::Certificate { id, hostname } => {
                    let covered = COVERED[id.parse::<usize>().unwrap()];
                    let domain_goes = decision.going.iter().any(|going| matches!(&going.thing, Thing::Domain(domain) if domain.hostname == *hostname));
                    let listed = made.readable[7] && made.certificates.contains(&id.parse().unwrap());
                    prop_assert!(covered.len() == 1 || !listed, "{id}");
                    prop_assert!(domain_goes || ours(hostname) && listed, "{id}");
                    // Nobody else's answers there.
                    if let Some(Ok(zone)) = &facts.zone {
                        let stays = |domain: &CustomDomain| domain.hostname == *hostname && !decision.going.iter().any(|going| going.thing == Thing::Domain(domain.clone()));
                        prop_assert!(!zone.domains.iter().flatten().any(stays), "{id}");
                    }
                }
                Thing::Deployment { id, .. } => {
                    let mark = made.deployments[usize::try_from(*id).unwrap()];
                    prop_assert!(MARKS[mark].1, "{id}");
                }
                Thing::Record(record) => {
                    let is_ours = MARKS.iter().any(|(mark, ours)| *ours && *mark == record.comment);
                    prop_assert!(is_ours && !record.meta.read_only, "{record:?}");
                }
                Thing::Namespace(namespace) => {
                    let namesakes = ["codex-actions:8:acme/app:codex:preview:42", "codex-actions:8:eve/app:codex:preview:42"];
                    let mut workers = made.workers().into_iter();
                    prop_assert!(!workers.any(|(_, mark)| namesakes.contains(&MARKS[mark].0)), "{namespace:?}");
                    prop_assert_eq!(namespace.title.as_str(), "codex-preview-42-CACHE");
                    for worker in ["api-preview-42", "web-preview-42"] {
                        prop_assert!(readable && (made.mark_of(worker).is_none() || made.may_go(worker)));
                    }
                }
                Thing::RestorePoint { .. } => prop_assert!(false, "nobody said how many stay"),
                Thing::Branch { name, .. } => {
                    let branches = unique(&made.branches, |(name, ..)| *name);
                    let (_, mark, note) = branches.iter().find(|(at, ..)| BRANCHES[*at] == name).unwrap();
                    let (text, is_ours) = MARKS[*mark];
                    let nobodys = text.is_empty() && !NOTES[*note].1;
                    prop_assert!(name != "production" && (is_ours || nobodys && name == "preview-pr-42"), "{name} {text}");
                }
            }
        }
        // What is provably ours is told, one way or the other.
        if let Ok(workers) = facts.workers.as_ref().unwrap() {
            for worker in workers.iter().filter(|worker| made.mark_of(&worker.name).unwrap().1) {
                prop_assert!(is_told(&decision, &worker.name), "{}", worker.name);
            }
        }
        if let Ok(branches) = facts.branches.as_ref().unwrap() {
            for branch in branches {
                let ours = MARKS.iter().any(|(mark, ours)| *ours && branch.annotation.values().any(|text| text == mark));
                prop_assert!(!ours || is_told(&decision, &branch.name), "{}", branch.name);
            }
        }
        // A list that could not be read is told as something left.
        let left = decision.staying.iter().filter(|staying| matches!(staying.standing, Standing::Left(_))).count();
        // The list of certificates matters only where there are custom domains.
        prop_assert!(left > 0 || made.readable[..7].iter().all(|readable| *readable));
    }
}
