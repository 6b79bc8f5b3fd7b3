//! The rest of a configuration: logs, names, keys, dates, ports.

use std::collections::BTreeMap;

use actions_core::text::quoted_list;
use jiff::civil::Date;
use serde_json::Value;
use wrangler::keys;

use super::looked::Looked;
use crate::finding::{Finding, Kind, Severity};
use crate::world::World;

pub(super) const OBSERVABILITY: Kind = Kind {
    name: "observability-off",
    severity: Severity::Warning,
    what: "A Worker keeps no logs: `observability` is not switched on.",
    why: "When something fails, nothing can be looked up: `wrangler tail` shows only what happens while it runs.",
    mend: "Write `\"observability\": { \"enabled\": true }` at the top level of the configuration: environments inherit it.",
};

pub(super) const OTHER_NAME: Kind = Kind {
    name: "worker-name-differs",
    severity: Severity::Warning,
    what: "In an environment that exists once, wrangler would deploy a Worker of another name than the manifest.",
    why: "Whoever runs `wrangler deploy` by hand makes a second Worker; and if the live one has wrangler's name, a deployment makes a new one beside it.",
    mend: "Make `worker` of the service and of the environment give the name that the live Worker has.",
};

pub(super) const UNKNOWN_KEY: Kind = Kind {
    name: "wrangler-key-unknown",
    severity: Severity::Warning,
    what: "A wrangler configuration has a key that wrangler does not know.",
    why: "wrangler warns and goes on: what was meant does not happen.",
    mend: "Correct the key, or take it out.",
};

pub(super) const OLD_DATE: Kind = Kind {
    name: "compatibility-date-old",
    severity: Severity::Note,
    what: "A `compatibility_date` is more than two years old.",
    why: "The Worker runs with the runtime's old behaviour, and Node's newer modules are missing.",
    mend: "Move it on, a year at a time, and test: https://developers.cloudflare.com/workers/configuration/compatibility-flags/ says what each date changes.",
};

pub(super) const ONE_PORT: Kind = Kind {
    name: "dev-port-twice",
    severity: Severity::Note,
    what: "Two services have the same port for local development.",
    why: "The second one to start takes another port, and its siblings' variables lead to the first.",
    mend: "Give each its own `dev.port`.",
};

pub(super) fn of_service(looked: &Looked<'_>, today: Date) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(observability(looked));
    findings.extend(name(looked));
    findings.extend(unknown(looked));
    findings.extend(old(looked, today));
    findings
}

fn observability(looked: &Looked<'_>) -> Option<Finding> {
    let enabled = looked.settings.get("observability").is_some_and(|value| {
        let on = |value: &Value| value.get("enabled") == Some(&Value::Bool(true));
        on(value) || value.get("logs").is_some_and(on)
    });
    // A Worker of assets alone has no code that could log.
    if enabled || looked.settings.text("main").is_none() {
        return None;
    }
    let said = format!("`{}` keeps no logs in {}", looked.service.key, looked.section());
    let remedy = "write `\"observability\": { \"enabled\": true }` at the top level".to_owned();
    Some(looked.finding(&OBSERVABILITY, &["observability"], said, remedy))
}

fn name(looked: &Looked<'_>) -> Option<Finding> {
    let (environment, service) = (looked.environment, looked.service);
    // Previews have names of their own; without a section of its own, an environment may be deployed from local settings.
    let wrangler_env = service
        .wrangler_env
        .as_deref()
        .filter(|_| environment.pull_request.is_none())?;
    let theirs = looked
        .config
        .name(Some(wrangler_env))
        .filter(|name| *name != service.worker)?;
    let said = format!(
        "`{}` in `{}` is Worker `{}` by the manifest, and `{theirs}` by its wrangler configuration",
        service.key, environment.name, service.worker
    );
    let remedy = format!(
        "make `worker` of `services.{}` and of `environments.{}` give the name that the live Worker has",
        service.key, environment.name
    );
    Some(looked.finding(&OTHER_NAME, &["name"], said, remedy))
}

fn unknown(looked: &Looked<'_>) -> Vec<Finding> {
    let unknown = looked.settings.keys().into_iter().filter(|key| !keys::is_known(key));
    let one = |key: &str| {
        let meant = keys::meant(key)
            .map(|meant| format!("; did you mean `{meant}`?"))
            .unwrap_or_default();
        let said = format!(
            "`{key}` in the configuration of `{}` is no key of wrangler{meant}",
            looked.service.key
        );
        looked.finding(&UNKNOWN_KEY, &[key], said, "correct it, or take it out".to_owned())
    };
    unknown.map(one).collect()
}

fn old(looked: &Looked<'_>, today: Date) -> Option<Finding> {
    let text = looked.settings.text("compatibility_date")?;
    let date: Date = text.parse().ok()?;
    let limit = today
        .with()
        .year(today.year() - 2)
        .day(today.day().min(28))
        .build()
        .ok()?;
    if date >= limit {
        return None;
    }
    let said = format!("`{}` runs as of {text}", looked.service.key);
    let remedy = "move `compatibility_date` on, a year at a time, and test".to_owned();
    Some(looked.finding(&OLD_DATE, &["compatibility_date"], said, remedy))
}

/// Ports that two services have.
pub(super) fn ports(world: &World) -> Vec<Finding> {
    let mut by_port: BTreeMap<u64, Vec<(&str, crate::finding::Place)>> = BTreeMap::new();
    for (key, file) in &world.services {
        let Ok(Some(document)) = &file.document else { continue };
        let path = ["dev", "port"];
        if let Some(port) = document.get(&path).and_then(|port| port.value().as_u64()) {
            by_port.entry(port).or_default().push((key, document.place(&path)));
        }
    }
    let twice = by_port.into_iter().filter(|(_, services)| services.len() > 1);
    let told = twice.filter_map(|(port, services)| {
        let keys: Vec<&str> = services.iter().map(|(key, _)| *key).collect();
        let (last, place) = services.last()?;
        let said = format!("{} all have port {port}", quoted_list(&keys));
        Some(Finding::new(&ONE_PORT, format!("services.{last}"), said, "give each its own").at(place.clone()))
    });
    told.collect()
}
