//! Which hostnames the configurations have, in which zone, and how an environment makes them. Pure.

use actions_core::naming;
use serde_json::Value;

use super::names::{around, most_common};
use super::stages::{Kind, Stage};
use crate::init::found::Found;

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
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StageHosts {
    pub(super) template: String,
    /// Whether some configuration has such a hostname.
    pub(super) certain: bool,
    pub(super) routing: &'static str,
    /// Hostnames that come to Workers in another way than most, and how.
    pub(super) mixed: Vec<String>,
    /// By Worker, relative to the zone, the main one first; none where its configuration has none here.
    pub(super) names: Vec<Vec<String>>,
    /// By Worker: whether its main hostname is the one that variables name, and not the first of its configuration.
    pub(super) by_variables: Vec<bool>,
}

/// A hostname of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    name: String,
    custom: bool,
    zone: Option<String>,
}

/// `None`: no configuration has a hostname.
pub(super) fn hosts(found: &Found, stages: &[Stage], keys: &[String]) -> Option<Hosts> {
    let mut left_out = Vec::new();
    let all: Vec<Vec<Vec<Host>>> = stages
        .iter()
        .map(|stage| {
            let workers = found.workers.iter().enumerate();
            workers
                .map(|(worker, _)| of_section(found, stage, worker, stages, &mut left_out))
                .collect()
        })
        .collect();
    let mut all = all;
    let mut found_zone = zone(all.iter().rev().flatten().flatten());
    if found_zone.is_none() {
        all = by_variables(found, stages, keys);
        let zone = zone(all.iter().rev().flatten().flatten());
        found_zone = zone.map(|(zone, _)| {
            (
                zone,
                Some("guessed: the zone of addresses in variables, since no configuration has a route"),
            )
        });
    }
    let (zone, guessed) = found_zone?;
    // Relative to the zone; what lies elsewhere is told.
    let mut relative = |hosts: &[Host]| -> Vec<(String, bool)> {
        let mut names: Vec<(String, bool)> = Vec::new();
        for host in hosts {
            match in_zone(&host.name, &zone) {
                Some(name) if !names.iter().any(|(known, _)| *known == name) => names.push((name, host.custom)),
                Some(_) => {}
                None => left_out.push(format!("`{}` is not in zone `{zone}`", host.name)),
            }
        }
        names.sort_by_key(|(name, _)| name.starts_with('*'));
        names
    };
    let mut all: Vec<Vec<Vec<(String, bool)>>> = all
        .iter()
        .map(|stage| stage.iter().map(|hosts| relative(hosts)).collect())
        .collect();
    let mut moved: Vec<Vec<bool>> = Vec::new();
    for (stage, workers) in stages.iter().zip(&mut all) {
        let addresses = addresses(found, stage);
        moved.push(
            workers
                .iter_mut()
                .map(|names| put_first(names, &zone, &addresses))
                .collect(),
        );
    }
    left_out.dedup();
    let production = all.last().cloned().unwrap_or_default();
    let subdomains: Vec<String> = keys
        .iter()
        .zip(&production)
        .map(|(key, names)| subdomain(key, names))
        .collect();
    let routing_of_production = routing(production.iter().flatten()).0;
    let of_stages = stages
        .iter()
        .zip(&all)
        .zip(moved)
        .map(|((stage, names), by_variables)| {
            let (own, mixed) = routing(names.iter().flatten());
            let (template, certain) = match stage.kind {
                Kind::Preview => ("{subdomain}-preview-{pr}".to_owned(), true),
                Kind::Production => ("{subdomain}".to_owned(), true),
                Kind::Once => {
                    let mains = subdomains
                        .iter()
                        .zip(names)
                        .filter_map(|(sub, names)| Some((sub, &names.first()?.0)));
                    let made = mains.filter_map(|(sub, name)| around(sub, name, "{subdomain}"));
                    let found = most_common(made.filter(|made| made != "{subdomain}"));
                    let certain = found.is_some();
                    (
                        found.unwrap_or_else(|| format!("{{subdomain}}-{}", stage.name)),
                        certain,
                    )
                }
            };
            StageHosts {
                template,
                certain,
                routing: match stage.kind {
                    Kind::Preview => "route",
                    _ => own.or(routing_of_production).unwrap_or("custom-domain"),
                },
                mixed,
                names: names
                    .iter()
                    .map(|names| names.iter().map(|(name, _)| name.clone()).collect())
                    .collect(),
                by_variables,
            }
        });
    let stages = of_stages.collect();
    Some(Hosts {
        zone,
        guessed,
        subdomains,
        stages,
        left_out,
    })
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
    let routes = |settings: &wrangler::Settings<'_>| -> Vec<Value> {
        let listed = settings.get("routes").and_then(Value::as_array).into_iter().flatten();
        listed.chain(settings.get("route")).cloned().collect()
    };
    let own = routes(&settings);
    let at_production = stages.last().is_some_and(|production| {
        let section = production.sections.get(worker).and_then(Option::as_deref);
        config.settings(section).is_ok_and(|settings| routes(&settings) == own)
    });
    if stage.kind == Kind::Once && at_production {
        return Vec::new();
    }
    own.iter()
        .flat_map(|route| match host(route) {
            Ok(hosts) => hosts,
            Err(why) => {
                left_out.push(format!("{why} (`{}`)", found.workers[worker].file));
                Vec::new()
            }
        })
        .collect()
}

/// The hostnames that a route means whole.
fn host(route: &Value) -> Result<Vec<Host>, String> {
    let pattern = route.as_str().or_else(|| route["pattern"].as_str()).unwrap_or_default();
    let custom = route["custom_domain"] == true;
    let bare = pattern.trim_start_matches("https://").trim_start_matches("http://");
    let (name, path) = bare.split_once('/').unwrap_or((bare, "*"));
    if !matches!(path, "*" | "") && !custom {
        return Err(format!(
            "route `{pattern}` has a path, and a service has whole hostnames"
        ));
    }
    let zone = route["zone_name"].as_str().map(naming::domain);
    // `*example.com` means the zone itself, too.
    let names = match name.strip_prefix('*') {
        Some(rest) if !rest.starts_with('.') => vec![naming::domain(rest), format!("*.{}", naming::domain(rest))],
        Some(rest) => vec![format!("*.{}", naming::domain(&rest[1..]))],
        None => vec![naming::domain(name)],
    };
    let all = names
        .into_iter()
        .filter(|name| name.contains('.') && !name[1..].contains('*'));
    Ok(all
        .map(|name| Host {
            custom: custom && !naming::is_wildcard(&name),
            zone: zone.clone(),
            name,
        })
        .collect())
}

/// The zone that most hostnames are in: as a route names it, else the domain that was registered, and why.
fn zone<'a>(hosts: impl Iterator<Item = &'a Host> + Clone) -> Option<(String, Option<&'static str>)> {
    let named = most_common(hosts.clone().filter_map(|host| host.zone.clone()));
    if let Some(zone) = named {
        return Some((zone, None));
    }
    let why = "guessed: the zone that the hostnames are in, since no route has a `zone_name`";
    most_common(hosts.map(|host| registered(&host.name))).map(|zone| (zone, Some(why)))
}

/// The hosts of the addresses in all variables of an environment's sections.
fn addresses(found: &Found, stage: &Stage) -> Vec<String> {
    let mut hosts = Vec::new();
    for (worker, section) in found.workers.iter().zip(&stage.sections) {
        let settings = worker.config.settings(section.as_deref()).ok();
        let vars = settings.and_then(|settings| settings.get("vars")?.as_object());
        let texts = vars.into_iter().flatten().filter_map(|(_, value)| value.as_str());
        let urls = texts
            .flat_map(|text| text.split([',', ' ', ';', '"']))
            .filter_map(|part| part.strip_prefix("https://"));
        hosts.extend(urls.map(|rest| naming::domain(rest.split('/').next().unwrap_or(rest))));
    }
    hosts
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

/// Where no configuration has a route: hostnames in variables that begin with a service's name.
fn by_variables(found: &Found, stages: &[Stage], keys: &[String]) -> Vec<Vec<Vec<Host>>> {
    let of_stage = |stage: &Stage| -> Vec<Vec<Host>> {
        let addresses = if stage.kind == Kind::Preview {
            Vec::new()
        } else {
            addresses(found, stage)
        };
        let of_key = |key: &String| {
            let mine = addresses.iter().find(|name| {
                let label = name.split('.').next().unwrap_or_default();
                label == key && name.matches('.').count() > 1 && !name.ends_with(".workers.dev")
            });
            mine.map(|name| Host {
                name: name.clone(),
                custom: true,
                zone: None,
            })
        };
        keys.iter().map(|key| of_key(key).into_iter().collect()).collect()
    };
    stages.iter().map(of_stage).collect()
}

/// The registered domain of a hostname: two labels, or three where the last but one is a registry's, as in `co.uk`.
pub(super) fn registered(name: &str) -> String {
    let labels: Vec<&str> = name.trim_start_matches("*.").split('.').collect();
    let registry = ["ac", "co", "com", "edu", "gov", "net", "org"];
    let is_registrys = |at: usize| labels.get(at).is_some_and(|label| registry.contains(label));
    let n = labels.len();
    let three = n >= 3 && labels[n - 1].len() == 2 && is_registrys(n - 2);
    let kept = if three { 3 } else { 2 };
    labels[n.saturating_sub(kept)..].join(".")
}

/// A hostname relative to the zone, which is `@` itself.
fn in_zone(name: &str, zone: &str) -> Option<String> {
    if name == zone {
        return Some("@".to_owned());
    }
    name.strip_suffix(zone)?.strip_suffix('.').map(str::to_owned)
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
