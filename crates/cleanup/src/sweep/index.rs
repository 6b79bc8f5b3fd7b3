//! What concerns one environment, picked out of all that was read: judging each of a thousand environments by all that
//! there is would take their number squared. No client here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::facts::{Facts, Found, InZone};
use crate::subject::Subject;

/// Places in a list, in its order.
pub(super) type Places = BTreeSet<usize>;

/// What carries an environment's marker, by its places in the lists.
#[derive(Debug, Clone, Default)]
pub(super) struct Marked {
    pub(super) workers: Places,
    pub(super) records: Places,
    pub(super) branches: Places,
    pub(super) deployments: Places,
    /// Workers of another repository's environment of the same name.
    pub(super) namesakes: Places,
}

impl Marked {
    /// Nothing carries the environment's marker.
    pub(super) fn is_empty(&self) -> bool {
        let lists = [&self.workers, &self.records, &self.branches, &self.deployments];
        lists.iter().all(|list| list.is_empty())
    }
}

/// All that was read, by name.
pub(super) struct Index<'a> {
    facts: &'a Facts,
    workers: ByName<'a>,
    routes_of: ByName<'a>,
    routes_at: ByName<'a>,
    domains_of: ByName<'a>,
    domains_at: ByName<'a>,
    records_at: ByName<'a>,
    branches: ByName<'a>,
    children: ByName<'a>,
    certificates_at: ByName<'a>,
    certificates: ByName<'a>,
    titles: BTreeMap<&'a str, Vec<usize>>,
}

type ByName<'a> = HashMap<&'a str, Vec<usize>>;

fn by_name<'a, T>(list: &'a [T], name: impl Fn(&'a T) -> Option<&'a str>) -> ByName<'a> {
    let mut places = ByName::new();
    for (at, item) in list.iter().enumerate() {
        if let Some(name) = name(item) {
            places.entry(name).or_default().push(at);
        }
    }
    places
}

/// A list, empty where it was not asked for or cannot be read.
pub(super) fn read<T>(list: Option<&Found<T>>) -> &[T] {
    match list {
        Some(Ok(list)) => list,
        Some(Err(_)) | None => &[],
    }
}

fn add(places: &mut Places, found: Option<&Vec<usize>>) {
    places.extend(found.into_iter().flatten());
}

impl<'a> Index<'a> {
    pub(super) fn of(facts: &'a Facts) -> Self {
        let zone = in_zone(facts);
        let routes = read(zone.map(|zone| &zone.routes));
        let domains = read(zone.map(|zone| &zone.domains));
        let records = read(zone.map(|zone| &zone.records));
        let certificates = read(zone.map(|zone| &zone.certificates));
        let branches = read(facts.branches.as_ref());
        let mut titles: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, namespace) in read(facts.namespaces.as_ref()).iter().enumerate() {
            titles.entry(&namespace.title).or_default().push(at);
        }
        Self {
            facts,
            workers: by_name(read(facts.workers.as_ref()), |worker| Some(&worker.name)),
            routes_of: by_name(routes, |route| route.script.as_deref()),
            routes_at: by_name(routes, |route| Some(route.host())),
            domains_of: by_name(domains, |domain| Some(&domain.service)),
            domains_at: by_name(domains, |domain| Some(&domain.hostname)),
            records_at: by_name(records, |record| Some(&record.name)),
            branches: by_name(branches, |branch| Some(&branch.name)),
            children: by_name(branches, |branch| branch.parent_id.as_deref()),
            certificates_at: by_name(certificates, |certificate| certificate.only_host()),
            certificates: by_name(certificates, |certificate| Some(&certificate.id)),
            titles,
        }
    }

    /// The facts that decide about one environment: what is its own, what leads to that or hangs on it, and what stands
    /// where its own would.
    pub(super) fn around(&self, subject: &Subject, marked: &Marked) -> Facts {
        let facts = self.facts;
        let named: Vec<&str> = subject
            .names
            .services
            .iter()
            .map(|service| service.worker.as_str())
            .collect();
        let all_workers = read(facts.workers.as_ref());
        let own = marked.workers.iter().map(|at| all_workers[*at].name.as_str());
        let own: BTreeSet<&str> = own.chain(named.iter().copied()).collect();
        let mut workers: Places = marked.workers.union(&marked.namesakes).copied().collect();
        for name in &named {
            add(&mut workers, self.workers.get(name));
        }
        let zone = facts.zone.as_ref().map(|zone| match zone {
            Err(unread) => Err(unread.clone()),
            Ok(zone) => Ok(self.in_zone(zone, subject, marked, &own, &mut workers)),
        });
        Facts {
            zone,
            workers: facts.workers.as_ref().map(|list| picked(list, &workers)),
            namespaces: facts
                .namespaces
                .as_ref()
                .map(|list| picked(list, &self.titles_of(subject))),
            branches: facts
                .branches
                .as_ref()
                .map(|list| picked(list, &self.branches_of(subject, marked))),
            deployments: facts.deployments.as_ref().map(|all| {
                let own = marked.deployments.iter();
                own.map(|at| all[*at].clone()).collect()
            }),
            undeployed: None,
        }
    }

    fn in_zone(
        &self,
        zone: &InZone,
        subject: &Subject,
        marked: &Marked,
        own: &BTreeSet<&str>,
        workers: &mut Places,
    ) -> InZone {
        let all_records = read(Some(&zone.records));
        let named = subject.names.services.iter().flat_map(|service| &service.hostnames);
        let marked_hosts = marked.records.iter().map(|at| all_records[*at].name.as_str());
        let hosts: BTreeSet<&str> = named.map(String::as_str).chain(marked_hosts).collect();
        let (mut routes, mut domains, mut records) = (Places::new(), Places::new(), marked.records.clone());
        for worker in own {
            add(&mut routes, self.routes_of.get(worker));
            add(&mut domains, self.domains_of.get(worker));
        }
        let mut certificates = Places::new();
        for host in hosts {
            add(&mut certificates, self.certificates_at.get(host));
            add(&mut records, self.records_at.get(host));
            add(&mut routes, self.routes_at.get(host));
            add(&mut domains, self.domains_at.get(host));
        }
        // Whom they lead to says whose they are.
        let scripts = routes
            .iter()
            .filter_map(|at| read(Some(&zone.routes))[*at].script.as_deref());
        let services = domains.iter().map(|at| read(Some(&zone.domains))[*at].service.as_str());
        for worker in scripts.chain(services) {
            add(workers, self.workers.get(worker));
        }
        for at in &domains {
            let id = read(Some(&zone.domains))[*at].certificate();
            add(&mut certificates, id.and_then(|id| self.certificates.get(id)));
        }
        InZone {
            zone: zone.zone.clone(),
            routes: picked(&zone.routes, &routes),
            domains: picked(&zone.domains, &domains),
            records: picked(&zone.records, &records),
            certificates: picked(&zone.certificates, &certificates),
        }
    }

    /// Namespaces by the titles that the environment's would have, and those that begin alike.
    fn titles_of(&self, subject: &Subject) -> Places {
        let mut places = Places::new();
        for title in subject.kv_titles() {
            add(&mut places, self.titles.get(title));
        }
        let prefix = subject.kv_prefix();
        if !prefix.is_empty() {
            let alike = self
                .titles
                .range(prefix..)
                .take_while(|(title, _)| title.starts_with(prefix));
            places.extend(alike.flat_map(|(_, at)| at));
        }
        places
    }

    /// Branches of the environment, and those that were made from them.
    fn branches_of(&self, subject: &Subject, marked: &Marked) -> Places {
        let all = read(self.facts.branches.as_ref());
        let mut places = marked.branches.clone();
        if let Some(branch) = &subject.names.branch {
            add(&mut places, self.branches.get(branch.name.as_str()));
        }
        for at in places.clone() {
            add(&mut places, self.children.get(all[at].id.as_str()));
        }
        places
    }
}

/// The zone, where it was read.
pub(super) fn in_zone(facts: &Facts) -> Option<&InZone> {
    facts.zone.as_ref().and_then(|zone| zone.as_ref().ok())
}

fn picked<T: Clone>(list: &Found<T>, places: &Places) -> Found<T> {
    match list {
        Ok(list) => Ok(places.iter().map(|at| list[*at].clone()).collect()),
        Err(unread) => Err(unread.clone()),
    }
}
