//! Where a Worker answers beside its hostnames, as its configuration says it: `workers_dev` and `preview_urls`. One rule
//! for both uploaders: what the configuration says is done, and what it does not say stays as it is. A preview is reached
//! by its hostname alone. Pure.

use actions_core::cloudflare::WorkersDev;
use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;
use actions_core::naming;
use reqwest::Url;
use serde_json::{Map, Value};
use wrangler::project::Built;

/// Stands for the first eight characters of a version's id.
pub(super) const VERSION: &str = "{version}";

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

/// What is to be switched by our own client; `None`: it is right, or nobody says.
pub(super) fn wanted(environment: &Environment, built: &Built, live: Option<WorkersDev>) -> Option<WorkersDev> {
    if super::is_hidden(environment) {
        return None;
    }
    let workers_dev = at_workers_dev(environment, built);
    let there = live.unwrap_or(WorkersDev {
        enabled: false,
        previews_enabled: false,
    });
    // A Worker that is new has what the account's defaults say, until it is told.
    let said = workers_dev.is_some() || built.preview_urls.is_some();
    let wanted = WorkersDev {
        enabled: workers_dev.unwrap_or(there.enabled),
        // As wrangler has it where only one is said.
        previews_enabled: built.preview_urls.unwrap_or(match live {
            Some(at) => at.previews_enabled,
            None => workers_dev.unwrap_or(false),
        }),
    };
    (said && live != Some(wanted)).then_some(wanted)
}

/// Whether the Worker is to answer at workers.dev; `None`: nobody says. With that routing there is no other address.
fn at_workers_dev(environment: &Environment, built: &Built) -> Option<bool> {
    match environment.routing {
        Routing::WorkersDev => Some(true),
        _ => built.workers_dev,
    }
}

/// What wrangler is to be told, so that it switches nothing of its own accord.
pub(crate) fn kept(
    environment: &Environment,
    built: &Built,
    live: Option<WorkersDev>,
    config: &mut Map<String, Value>,
) {
    let Some(at) = live.filter(|_| !super::is_hidden(environment)) else {
        return;
    };
    if at_workers_dev(environment, built).is_none() {
        config.insert("workers_dev".to_owned(), at.enabled.into());
    }
    if built.preview_urls.is_none() {
        config.insert("preview_urls".to_owned(), at.previews_enabled.into());
    }
}

/// How it is said.
pub(crate) fn said(at: WorkersDev) -> String {
    let on = |on: bool| if on { "on" } else { "off" };
    format!("{}, URLs of versions {}", on(at.enabled), on(at.previews_enabled))
}

/// What of the configuration's addresses is not used.
pub(super) fn notes(environment: &Environment, built: &Built, hostnames: &[&str]) -> Vec<String> {
    let mut notes = Vec::new();
    let host = |pattern: &str| {
        let pattern = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
        pattern.split('/').next().unwrap_or_default().to_ascii_lowercase()
    };
    let unused: Vec<&str> = built
        .routes
        .iter()
        .filter(|pattern| !hostnames.contains(&host(pattern).as_str()))
        .map(String::as_str)
        .collect();
    if !unused.is_empty() {
        let told = actions_core::text::quoted_list(&unused);
        let verb = if unused.len() == 1 { "is" } else { "are" };
        notes.push(format!(
            "{told} of the wrangler configuration's routes {verb} not attached: the hostnames of an environment are those that the manifest (or `hostnames`) gives it"
        ));
    }
    if super::is_hidden(environment) && built.workers_dev == Some(true) {
        notes.push(
            "`workers_dev` of the wrangler configuration is not used: a preview is reached by its hostname".to_owned(),
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    use actions_core::manifest::Manifest;
    use actions_core::owner::Repository;

    use super::*;

    fn environment(name: &str, pull_request: Option<u64>) -> Environment {
        let text = "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nhostname = \"{subdomain}-{pr}\"\nworker = \"{worker}-{pr}\"\n[environments.production]\n[services.api]\npath = \"api\"\n";
        let manifest = Manifest::parse(text, "codex.toml", std::path::PathBuf::new()).unwrap();
        Environment::resolve(&manifest, name, pull_request, &Repository::default()).unwrap()
    }

    fn at(enabled: bool, previews_enabled: bool) -> WorkersDev {
        WorkersDev {
            enabled,
            previews_enabled,
        }
    }

    #[test]
    fn what_is_said_is_done_and_the_rest_stays() {
        let (production, preview) = (environment("production", None), environment("preview", Some(42)));
        let (on, off, both) = (at(true, false), at(false, false), at(true, true));
        // workers_dev, preview_urls, what is there, what is to be.
        let rows = [
            (None, None, Some(on), None),
            (None, None, None, None),
            (Some(true), None, Some(off), Some(on)),
            (Some(true), None, Some(both), None),
            (Some(false), None, Some(both), Some(at(false, true))),
            (Some(false), Some(false), Some(both), Some(off)),
            (None, Some(true), Some(on), Some(both)),
            (Some(true), None, None, Some(both)),
            (Some(false), None, None, Some(off)),
        ];
        for (workers_dev, preview_urls, live, expected) in rows {
            let built = Built {
                workers_dev,
                preview_urls,
                ..Built::default()
            };
            assert_eq!(
                wanted(&production, &built, live),
                expected,
                "{workers_dev:?} {preview_urls:?} {live:?}"
            );
            assert_eq!(wanted(&preview, &built, live), None);
            let there = Environment {
                routing: Routing::WorkersDev,
                ..preview.clone()
            };
            let enabled = wanted(&there, &built, live).or(live).map(|at| at.enabled);
            assert_eq!(enabled, Some(true), "{workers_dev:?} {live:?}");
        }
        let mut config = Map::new();
        kept(&production, &Built::default(), Some(on), &mut config);
        let told = serde_json::json!({"workers_dev": true, "preview_urls": false});
        assert_eq!(Value::Object(config), told);
    }
}
