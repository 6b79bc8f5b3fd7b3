//! Which zone hostnames are in, and what variables tell of it. Pure.

use actions_core::naming;

use crate::init::found::Found;
use crate::init::found::routes::Host;
use crate::init::proposal::names::most_common;
use crate::init::proposal::stages::{Kind, Stage};

/// The zone that most hostnames are in: as a route names it, else the domain that was registered, and why.
pub(super) fn zone<'a>(hosts: impl Iterator<Item = &'a Host> + Clone) -> Option<(String, Option<&'static str>)> {
    let named = most_common(hosts.clone().filter_map(|host| host.zone.clone()));
    if let Some(zone) = named {
        return Some((zone, None));
    }
    let why = "guessed: the zone that the hostnames are in, since no route has a `zone_name`";
    most_common(hosts.map(|host| registered(&host.name))).map(|zone| (zone, Some(why)))
}

/// The registered domain of a hostname: two labels, or three where the last but one is a registry's, as in `co.uk`.
fn registered(name: &str) -> String {
    let labels: Vec<&str> = name.trim_start_matches("*.").split('.').collect();
    let registry = ["ac", "co", "com", "edu", "gov", "net", "org"];
    let is_registrys = |at: usize| labels.get(at).is_some_and(|label| registry.contains(label));
    let n = labels.len();
    let three = n >= 3 && labels[n - 1].len() == 2 && is_registrys(n - 2);
    let kept = if three { 3 } else { 2 };
    labels[n.saturating_sub(kept)..].join(".")
}

/// A hostname relative to the zone, which is `@` itself.
pub(super) fn in_zone(name: &str, zone: &str) -> Option<String> {
    if name == zone {
        return Some("@".to_owned());
    }
    name.strip_suffix(zone)?.strip_suffix('.').map(str::to_owned)
}

/// The hosts of the addresses in all variables of an environment's sections.
pub(super) fn addresses(found: &Found, stage: &Stage) -> Vec<String> {
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

/// Where no configuration has a route: hostnames in variables that begin with a service's name.
pub(super) fn by_variables(found: &Found, stages: &[Stage], keys: &[String]) -> Vec<Vec<Vec<Host>>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registered_domain_is_what_a_zone_is() {
        for (name, zone) in [
            ("example.com", "example.com"),
            ("a.b.example.com", "example.com"),
            ("*.example.com", "example.com"),
            ("shop.example.co.uk", "example.co.uk"),
            ("example.co.uk", "example.co.uk"),
        ] {
            assert_eq!(registered(name), zone, "{name}");
        }
        assert_eq!(in_zone("example.com", "example.com").as_deref(), Some("@"));
        assert_eq!(in_zone("a.b.example.com", "example.com").as_deref(), Some("a.b"));
        assert_eq!(in_zone("notexample.com", "example.com"), None);
    }
}
