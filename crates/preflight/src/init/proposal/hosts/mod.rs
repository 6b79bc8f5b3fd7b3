//! Which hostnames the configurations have, in which zone, and how an environment makes them. Pure.

mod zone;

use actions_core::naming;

use self::zone::{addresses, by_variables, in_zone, zone};
use super::names::{around, most_common};
use super::stages::{Kind, Stage};
use crate::init::found::Found;
use crate::init::found::routes::{self, Host};

/// The zone, and what there is of hostnames in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hosts {
    pub(super) zone: String,
    /// Why the zone is this one, where no route names it.
    pub(super) guessed: Option<&'static str>,
    /// What `{subdomain}` stands for, by Worker.
    pub(super) subdomains: Vec<String>,
    /// By environment, in their order.
    pub(super) stages: Vec<StageHosts>,
    /// Patterns that no manifest can have, each with its reason.
    pub(super) left_out: Vec<String>,
    /// By Worker: what production's configuration has of such patterns.
    pub(super) elsewhere: Vec<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StageHosts {
    pub(super) template: String,
    /// How the template was found, where no hostname is made by it.
    pub(super) guessed: Option<&'static str>,
    pub(super) routing: &'static str,
    /// Whether production's wildcard would answer in place of this environment's custom domains: routes run first.
    pub(super) behind_wildcard: bool,
    /// Hostnames that come to Workers in another way than most, and how.
    pub(super) mixed: Vec<String>,
    /// By Worker, relative to the zone, the main one first; none where its configuration has none here.
    pub(super) names: Vec<Vec<String>>,
    /// By Worker: whether its main hostname is the one that variables name, and not the first of its configuration.
    pub(super) by_variables: Vec<bool>,
}

/// A hostname relative to the zone, and whether it is a custom domain.
type Name = (String, bool);

/// `None`: no configuration has a hostname.
pub(super) fn hosts(found: &Found, stages: &[Stage], keys: &[String]) -> Option<Hosts> {
    let mut left_out = Vec::new();
    let mut all: Vec<Vec<Vec<Host>>> = Vec::new();
    for stage in stages {
        let workers = 0..found.workers.len();
        all.push(
            workers
                .map(|worker| of_section(found, stage, worker, stages, &mut left_out))
                .collect(),
        );
    }
    // Production's count first.
    let mut in_most = zone(all.iter().rev().flatten().flatten());
    if in_most.is_none() {
        all = by_variables(found, stages, keys);
        let why = "guessed: the zone of addresses in variables, since no configuration has a route";
        in_most = zone(all.iter().rev().flatten().flatten()).map(|(zone, _)| (zone, Some(why)));
    }
    let (zone, guessed) = in_most?;
    let mut names: Vec<Vec<Vec<Name>>> = Vec::new();
    for stage in &all {
        names.push(
            stage
                .iter()
                .map(|hosts| relative(hosts, &zone, &mut left_out))
                .collect(),
        );
    }
    left_out.dedup();
    let mut by_variables: Vec<Vec<bool>> = Vec::new();
    for (stage, workers) in stages.iter().zip(&mut names) {
        let addresses = addresses(found, stage);
        by_variables.push(
            workers
                .iter_mut()
                .map(|names| put_first(names, &zone, &addresses))
                .collect(),
        );
    }
    let production = names.last().cloned().unwrap_or_default();
    let subdomains: Vec<String> = keys
        .iter()
        .zip(&production)
        .map(|(key, names)| subdomain(key, names))
        .collect();
    let usual = routing(production.iter().flatten()).0;
    let wildcard = production.iter().flatten().any(|(name, _)| name == "*");
    let of_stages = stages.iter().zip(&names).zip(by_variables);
    let of_stages = of_stages.map(|((stage, names), by_variables)| StageHosts {
        by_variables,
        ..of_stage(stage, names, &subdomains, usual, wildcard)
    });
    let elsewhere = (0..found.workers.len()).map(|worker| elsewhere(found, stages.last(), worker, &zone));
    let elsewhere = elsewhere.collect();
    let stages = of_stages.collect();
    Some(Hosts {
        zone,
        guessed,
        subdomains,
        stages,
        left_out,
        elsewhere,
    })
}

/// The hostnames of a Worker's routes that are not in the zone, and the patterns that are no whole hostnames.
fn elsewhere(found: &Found, stage: Option<&Stage>, worker: usize, zone: &str) -> Vec<String> {
    let section = stage.and_then(|stage| stage.sections.get(worker)?.as_deref());
    let settings = found.workers[worker].config.settings(section).ok();
    let routes = settings.map(|settings| settings.routes()).unwrap_or_default();
    let all = routes.into_iter().flat_map(|route| match routes::hosts(route) {
        Ok(hosts) => hosts
            .into_iter()
            .map(|host| host.name)
            .filter(|name| in_zone(name, zone).is_none())
            .collect(),
        Err(_) => wrangler::routes::pattern(route)
            .map(str::to_owned)
            .into_iter()
            .collect::<Vec<_>>(),
    });
    all.collect()
}

/// The names of hosts, the wildcards last; what lies elsewhere is told.
fn relative(hosts: &[Host], zone: &str, left_out: &mut Vec<String>) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for host in hosts {
        match in_zone(&host.name, zone) {
            Some(name) if !names.iter().any(|(known, _)| *known == name) => names.push((name, host.custom)),
            Some(_) => {}
            None => left_out.push(format!("`{}` is not in zone `{zone}`", host.name)),
        }
    }
    names.sort_by_key(|(name, _)| name.starts_with('*'));
    names
}

/// How an environment makes hostnames. `usual` is how production's come to their Workers, `wildcard` whether one of them
/// is every name of the zone.
fn of_stage(
    stage: &Stage,
    names: &[Vec<Name>],
    subdomains: &[String],
    usual: Option<&'static str>,
    wildcard: bool,
) -> StageHosts {
    let (own, mixed) = routing(names.iter().flatten());
    let (template, guessed) = match stage.kind {
        Kind::Preview => ("{subdomain}-preview-{pr}".to_owned(), None),
        Kind::Production => ("{subdomain}".to_owned(), None),
        Kind::Once => {
            let mains = subdomains.iter().zip(names);
            let mains = mains.filter_map(|(sub, names)| Some((sub, &names.first()?.0)));
            let made = mains.filter_map(|(sub, name)| around(sub, name, "{subdomain}"));
            let found = most_common(made.filter(|made| made != "{subdomain}"));
            let why = if names.iter().all(Vec::is_empty) {
                "guessed: no configuration has a hostname of the zone for it"
            } else {
                "guessed: the hostnames that configurations have here are made by no template, and are named below"
            };
            match found {
                Some(found) => (found, None),
                None => (format!("{{subdomain}}-{}", stage.name), Some(why)),
            }
        }
    };
    let routing = own.or(usual).unwrap_or("custom-domain");
    let behind_wildcard = wildcard && stage.kind == Kind::Once && routing == "custom-domain";
    StageHosts {
        template,
        guessed,
        behind_wildcard,
        routing: if stage.kind == Kind::Preview || behind_wildcard {
            "route"
        } else {
            routing
        },
        mixed,
        names: names
            .iter()
            .map(|names| names.iter().map(|(name, _)| name.clone()).collect())
            .collect(),
        by_variables: Vec::new(),
    }
}

/// The hostnames of a Worker in an environment. Pull requests' are made by the manifest. Routes that an environment
/// beside production takes over from the top level are production's.
fn of_section(found: &Found, stage: &Stage, worker: usize, stages: &[Stage], left_out: &mut Vec<String>) -> Vec<Host> {
    let config = &found.workers[worker].config;
    let Some(Ok(settings)) = stage
        .sections
        .get(worker)
        .map(|section| config.settings(section.as_deref()))
    else {
        return Vec::new();
    };
    if stage.kind == Kind::Preview {
        return Vec::new();
    }
    let own = settings.routes();
    let at_production = stages.last().is_some_and(|production| {
        let section = production.sections.get(worker).and_then(Option::as_deref);
        config.settings(section).is_ok_and(|settings| settings.routes() == own)
    });
    if stage.kind == Kind::Once && at_production {
        return Vec::new();
    }
    own.iter()
        .flat_map(|route| match routes::hosts(route) {
            Ok(hosts) => hosts,
            Err(why) => {
                left_out.push(format!("{why} (`{}`)", found.workers[worker].file));
                Vec::new()
            }
        })
        .collect()
}

/// Puts the hostname first that most addresses name; whether that changed anything.
fn put_first(names: &mut [(String, bool)], zone: &str, addresses: &[String]) -> bool {
    let full = |name: &str| {
        if name == "@" {
            zone.to_owned()
        } else {
            format!("{name}.{zone}")
        }
    };
    let count = |name: &str| addresses.iter().filter(|address| **address == full(name)).count();
    let Some(first) = names.first().map(|(name, _)| count(name)) else {
        return false;
    };
    let most = (0..names.len())
        .rev()
        .max_by_key(|at| count(&names[*at].0))
        .unwrap_or(0);
    let is_better = count(&names[most].0) > first;
    if is_better {
        names[..=most].rotate_right(1);
    }
    is_better
}

/// What `{subdomain}` is to stand for: a label of production's that can take letters around it, the service's key if it
/// is one of them.
fn subdomain(key: &str, names: &[(String, bool)]) -> String {
    let label = |name: &&String| naming::is_label(name) && name.as_str() != "www";
    let mut labels = names.iter().map(|(name, _)| name).filter(label);
    let has_key = names.iter().any(|(name, _)| name == key);
    if has_key {
        return key.to_owned();
    }
    labels.next().cloned().unwrap_or_else(|| key.to_owned())
}

/// How most hostnames come to their Workers, and those that come otherwise. A wildcard can only be a route.
fn routing<'a>(names: impl Iterator<Item = &'a (String, bool)>) -> (Option<&'static str>, Vec<String>) {
    let (custom, routed): (Vec<_>, Vec<_>) = names
        .filter(|(name, _)| !name.starts_with('*'))
        .partition(|(_, custom)| *custom);
    let spelled = |names: &[&(String, bool)]| names.iter().map(|(name, _)| name.clone()).collect();
    match (custom.len(), routed.len()) {
        (0, 0) => (None, Vec::new()),
        (custom, _) if custom >= routed.len() => (Some("custom-domain"), spelled(&routed)),
        _ => (Some("route"), spelled(&custom)),
    }
}
