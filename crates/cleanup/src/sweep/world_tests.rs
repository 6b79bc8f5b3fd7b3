//! Generated worlds: nothing foreign, open or permanent is ever to go; nothing that is ours and dead stays; and what
//! depends on a list that cannot be read stays.

use std::collections::BTreeSet;

use actions_core::cloudflare::Zone;
use actions_core::github::OpenPull;
use actions_core::manifest::Manifest;
use actions_core::neon::Branch;
use actions_core::owner::Repository;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::census::{self, Census, Known, Why};
use super::plan::{self, Verdict};
use crate::facts::{Facts, InZone};
use crate::plan::Thing;
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
    [environments.production]
    worker = "{worker}-production"
    [services.api]
    path = "api"
    kv = ["CACHE"]
    [services.web]
    path = "web"
    needs = ["api"]
"#;
const NUMBERS: [u64; 4] = [4, 42, 421, 7];
/// Names of Workers and hostnames, `N` being the number. `old` is a service that the manifest has forgotten.
const NAMES: [&str; 6] = [
    "api-preview-N",
    "web-preview-N",
    "old-preview-N",
    "api-production",
    "tenant-N",
    "N",
];
/// What stands on a thing; whether that makes it ours, for the number.
const MARKS: [(&str, bool); 11] = [
    ("codex-actions:7:acme/app:codex:preview:N", true),
    ("codex-actions:7:acme/old:codex:preview:N", true),
    ("codex-actions:-:acme/app:codex:preview:N", true),
    // Another project of this repository, of which another manifest tells.
    ("codex-actions:7:acme/app:docs:preview:N", false),
    ("codex-actions:7:acme/app:codex:production", false),
    ("codex-actions:8:acme/app:codex:preview:N", false),
    ("codex-actions:8:eve/app:codex:preview:N", false),
    ("codex-actions:8:eve/app:shop:preview:N", false),
    ("codex-actions:", false),
    ("preview N", false),
    ("", false),
];
const TITLES: [&str; 4] = [
    "codex-preview-N-CACHE",
    "codex-preview-N-OLD",
    "codex-production-CACHE",
    "docs-preview-N-CACHE",
];
const BRANCHES: [&str; 3] = ["preview-pr-N", "preview-pr-N-point", "production"];

/// A thing: its name, its mark, and the numbers in both.
type Marked = (usize, usize, usize, usize);
/// Its hostname's name and number, and its Worker's.
type Route = (usize, usize, Option<(usize, usize)>);

#[derive(Debug, Clone)]
struct Made {
    workers: Vec<Marked>,
    records: Vec<(Marked, bool)>,
    branches: Vec<(Marked, bool)>,
    routes: Vec<Route>,
    domains: Vec<(usize, usize, usize, usize)>,
    titles: Vec<(usize, usize)>,
    open: [bool; 4],
    /// Zone, Workers, routes, domains, records, namespaces, branches.
    readable: [bool; 7],
}

fn marked() -> impl Strategy<Value = Marked> {
    (0..NAMES.len(), 0..MARKS.len(), 0..NUMBERS.len(), 0..NUMBERS.len())
}

fn made() -> impl Strategy<Value = Made> {
    let name = || (0..NAMES.len(), 0..NUMBERS.len());
    (
        prop::collection::vec(marked(), 0..10),
        prop::collection::vec((marked(), prop::bool::weighted(0.2)), 0..8),
        prop::collection::vec((marked(), prop::bool::weighted(0.2)), 0..6),
        prop::collection::vec(
            (0..NAMES.len(), 0..NUMBERS.len(), prop::option::weighted(0.9, name())),
            0..8,
        ),
        prop::collection::vec(
            (0..NAMES.len(), 0..NUMBERS.len(), 0..NAMES.len(), 0..NUMBERS.len()),
            0..4,
        ),
        prop::collection::vec((0..TITLES.len(), 0..NUMBERS.len()), 0..6),
        prop::array::uniform4(any::<bool>()),
        prop::array::uniform7(prop::bool::weighted(0.9)),
    )
        .prop_map(
            |(workers, records, branches, routes, domains, titles, open, readable)| Made {
                workers,
                records,
                branches,
                routes,
                domains,
                titles,
                open,
                readable,
            },
        )
}

fn of<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn at(template: &str, number: usize) -> String {
    template.replace('N', &NUMBERS[number].to_string())
}

fn list<T>(readable: bool, items: Vec<T>) -> Result<Vec<T>, Unread> {
    if readable { Ok(items) } else { Err(refused()) }
}

fn refused() -> Unread {
    Unread {
        reason: "refused".to_owned(),
        hint: None,
    }
}

/// Names are unique where the vendors make them so.
fn unique<T>(items: impl IntoIterator<Item = T>, name: impl Fn(&T) -> String) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.into_iter().filter(|item| seen.insert(name(item))).collect()
}

/// A thing's name, its mark, and the pull request that it is provably of.
struct Told {
    name: String,
    mark: String,
    ours: Option<u64>,
}

fn told((name, mark, in_name, in_mark): Marked, names: &[&str]) -> Told {
    let (text, ours) = MARKS[mark];
    Told {
        name: at(names[name % names.len()], in_name),
        mark: at(text, in_mark),
        ours: ours.then(|| NUMBERS[in_mark]),
    }
}

impl Made {
    fn workers(&self) -> Vec<Told> {
        let all = self.workers.iter().map(|marked| told(*marked, &NAMES));
        unique(all, |worker| worker.name.clone())
    }

    fn records(&self) -> Vec<(Told, bool)> {
        let all = self.records.iter();
        all.map(|(marked, read_only)| (told(*marked, &NAMES), *read_only))
            .collect()
    }

    fn branches(&self) -> Vec<(Told, bool)> {
        let all = self
            .branches
            .iter()
            .map(|(marked, guarded)| (told(*marked, &BRANCHES), *guarded));
        unique(all, |(branch, _)| branch.name.clone())
    }

    fn facts(&self) -> Facts {
        let [zone, workers, routes, domains, records, namespaces, branches] = self.readable;
        let all_routes = self.routes.iter().enumerate().map(|(id, (host, number, worker))| {
            let script = worker.map(|(name, number)| at(NAMES[name], number));
            of(json!({"id": id.to_string(), "pattern": format!("{}.example.com/{id}/*", at(NAMES[*host], *number)), "script": script}))
        });
        let all_domains = unique(
            self.domains
                .iter()
                .map(|(host, number, worker, of)| (at(NAMES[*host], *number), at(NAMES[*worker], *of))),
            |(host, _)| host.clone(),
        );
        let all_domains = all_domains.into_iter().map(|(host, worker)| {
            of(json!({"id": host, "hostname": format!("{host}.example.com"), "service": worker}))
        });
        let all_records = self.records().into_iter().enumerate().map(|(id, (record, read_only))| {
            of(json!({"id": id.to_string(), "type": "AAAA", "name": format!("{}.example.com", record.name), "content": "100::",
                "comment": record.mark, "meta": {"read_only": read_only}}))
        });
        let in_zone = InZone {
            zone: of::<Zone>(json!({"id": "z", "name": "example.com"})),
            routes: list(routes, all_routes.collect()),
            domains: list(domains, all_domains.collect()),
            records: list(records, all_records.collect()),
            certificates: Ok(Vec::new()),
        };
        let all_workers = self.workers().into_iter();
        let all_workers = all_workers.map(|worker| of(json!({"id": worker.name, "tags": ["cf:x=y", worker.mark]})));
        let titles = unique(
            self.titles.iter().map(|(title, number)| at(TITLES[*title], *number)),
            Clone::clone,
        );
        let titles = titles.into_iter().map(|title| of(json!({"id": title, "title": title})));
        let all_branches = self.branches().into_iter().map(|(told, guarded)| {
            let parent = (told.name != "production").then_some("root");
            let mut branch: Branch =
                of(json!({"id": told.name, "name": told.name, "parent_id": parent, "protected": guarded}));
            if !told.mark.is_empty() {
                branch.annotation.insert("codex-actions".to_owned(), told.mark);
            }
            branch
        });
        Facts {
            zone: Some(if zone { Ok(in_zone) } else { Err(refused()) }),
            workers: Some(list(workers, all_workers.collect())),
            namespaces: Some(list(namespaces, titles.collect())),
            branches: Some(list(branches, all_branches.collect())),
            ..Facts::default()
        }
    }

    fn is_open(&self, number: u64) -> bool {
        NUMBERS
            .iter()
            .zip(self.open)
            .any(|(known, open)| *known == number && open)
    }

    fn worker(&self, name: &str) -> Option<Told> {
        self.workers().into_iter().find(|worker| worker.name == name)
    }
}

/// All that goes, by the number of its environment.
fn swept(made: &Made, facts: &Facts) -> (Census, Vec<(u64, Thing)>) {
    let manifest = Manifest::parse(MANIFEST, "codex.toml", std::path::PathBuf::new()).unwrap();
    let repository = Repository {
        id: Some(7),
        name: "acme/app".to_owned(),
    };
    let known = Known {
        repository: &repository,
        manifest: Some(&manifest),
    };
    let census = census::take(facts, &known);
    let standings: Vec<_> = census.environments.iter().map(|found| found.standing.clone()).collect();
    let open: Vec<OpenPull> = NUMBERS
        .into_iter()
        .filter(|number| made.is_open(*number))
        .map(|number| OpenPull {
            number,
            ..OpenPull::default()
        })
        .collect();
    let verdicts = plan::judge(&standings, &open, None, Timestamp::now());
    let going = census.environments.iter().zip(&verdicts);
    let going = going.filter(|(_, verdict)| matches!(verdict, Verdict::Goes(_)));
    let going = going.flat_map(|(found, _)| {
        let number = found.standing.pull_request;
        found
            .decision
            .going
            .iter()
            .map(move |going| (number, going.thing.clone()))
    });
    let going = going.collect();
    (census, going)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_else_goes_and_nothing_dead_stays(made in made()) {
        let facts = made.facts();
        let (census, going) = swept(&made, &facts);
        let [zone, workers, routes, domains, records, namespaces, branches] = made.readable;
        let manifests = |name: &str, number: u64| ["api", "web"].iter().any(|service| name == format!("{service}-preview-{number}"));
        // What leads to a Worker or is bound by one goes with that, or after it.
        let leads = |host: &str, worker: &str, number: u64| match made.worker(worker) {
            Some(told) => told.ours == Some(number),
            None => manifests(worker, number) && manifests(host.trim_end_matches(".example.com"), number),
        };
        for (number, thing) in &going {
            prop_assert!(!made.is_open(*number), "{number} is open: {thing:?}");
            match thing {
                Thing::Worker(name) => {
                    let told = made.worker(name).unwrap();
                    prop_assert!(workers && told.ours == Some(*number), "{name} {}", told.mark);
                    prop_assert!(manifests(name, *number) || zone && routes && domains, "{name}");
                }
                Thing::Route(route) => {
                    let script = route.script.as_deref().unwrap();
                    prop_assert!(workers && leads(route.host(), script, *number), "{route:?}");
                }
                Thing::Domain(domain) => {
                    prop_assert!(workers && leads(&domain.hostname, &domain.service, *number), "{domain:?}");
                }
                Thing::Record(record) => {
                    let ours = made.records().iter().any(|(told, read_only)| {
                        told.mark == record.comment && told.ours == Some(*number) && !read_only
                    });
                    prop_assert!(zone && records && ours && !record.meta.read_only, "{record:?}");
                }
                Thing::Namespace(namespace) => {
                    prop_assert_eq!(&namespace.title, &format!("codex-preview-{number}-CACHE"));
                    let bound = made.worker(&format!("api-preview-{number}"));
                    prop_assert!(workers && namespaces && bound.is_none_or(|told| told.ours == Some(*number)));
                }
                Thing::Branch { name, .. } => {
                    let all = made.branches();
                    let (told, guarded) = all.iter().find(|(told, _)| told.name == *name).unwrap();
                    prop_assert!(branches && !guarded && name != "production" && told.ours == Some(*number), "{name} {}", told.mark);
                }
                Thing::Certificate { .. } | Thing::RestorePoint { .. } | Thing::Deployment { .. } => {
                    prop_assert!(false, "there is none: {thing:?}");
                }
            }
        }
        let goes = |wanted: &dyn Fn(&Thing) -> bool| going.iter().any(|(_, thing)| wanted(thing));
        let is_dead = |told: &Told| told.ours.is_some_and(|number| !made.is_open(number));
        if made.readable.iter().all(|readable| *readable) {
            for worker in made.workers().iter().filter(|worker| is_dead(worker)) {
                prop_assert!(goes(&|thing| matches!(thing, Thing::Worker(name) if *name == worker.name)), "{}", worker.name);
            }
            for (id, (record, read_only)) in made.records().iter().enumerate() {
                let gone = goes(&|thing| matches!(thing, Thing::Record(record) if record.id == id.to_string()));
                prop_assert!(gone == (is_dead(record) && !read_only), "{} {}", record.name, record.mark);
            }
            for (branch, guarded) in made.branches().iter().filter(|(branch, _)| is_dead(branch)) {
                let gone = goes(&|thing| matches!(thing, Thing::Branch { name, .. } if *name == branch.name));
                prop_assert!(gone || *guarded || branch.name == "production", "{}", branch.name);
            }
        }
        // Whatever begins as a marker of ours and is nobody's environment is told.
        for worker in made.workers() {
            if workers && worker.mark == "codex-actions:" {
                let is_told = census.others.iter().any(|other| other.name == worker.name && matches!(other.why, Why::Unreadable(_)));
                prop_assert!(is_told, "{}", worker.name);
            }
        }
    }

    /// Looking at what concerns an environment alone comes to the same as looking at all that there is.
    #[test]
    fn a_part_of_the_world_decides_as_the_whole_does(made in made()) {
        let facts = made.facts();
        let (census, _) = swept(&made, &facts);
        for found in &census.environments {
            let whole = crate::plan::decide(&found.subject, &facts, false);
            let name = |thing: &Thing| (thing.kind(), thing.name().to_owned());
            let of_whole: BTreeSet<_> = whole.going.iter().map(|going| name(&going.thing)).collect();
            let of_part: BTreeSet<_> = found.decision.going.iter().map(|going| name(&going.thing)).collect();
            prop_assert!(of_part.is_subset(&of_whole), "{of_part:?} {of_whole:?}");
            // What the whole would take besides is what a sweep wants proven.
            for (kind, name) in of_whole.difference(&of_part) {
                let kept = found.decision.staying.iter().any(|staying| staying.kind == *kind && staying.name == *name);
                prop_assert!(kept, "{name}");
            }
        }
    }
}
