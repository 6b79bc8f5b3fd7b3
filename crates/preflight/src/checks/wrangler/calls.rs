//! Workers that call each other by URL where such a call does not arrive. Pure, but for the sources.
//!
//! A `fetch` to a route of the Worker's own zone goes past all Workers to the origin, and so does one to workers.dev; to a
//! custom domain it arrives (contract sheet of Cloudflare, section 3). With the compatibility flag
//! `global_fetch_strictly_public` it goes by the front door, and arrives everywhere.

use actions_core::environment::{Environment, Service};
use actions_core::manifest::Routing;
use actions_core::text::quoted_list;
use serde_json::Value;

use super::look::{Look, Subject};
use super::source::Source;
use super::told::Told;
use super::urls;
use crate::finding::{Kind, Severity};

pub(super) const FETCHED: Kind = Kind {
    name: "sibling-fetched-by-url",
    severity: Severity::Warning,
    what: "A Worker's source fetches a sibling by its URL, in an environment whose hostnames are routes or at workers.dev.",
    why: "A `fetch` to a route of the own zone goes past all Workers to the origin, where nothing answers; between Workers of one workers.dev name it ends with error 1042.",
    mend: "Bind the sibling (`services` of the wrangler configuration) and call it by the binding, or set the compatibility flag `global_fetch_strictly_public`, or use `routing = \"custom-domain\"`.",
};

pub(super) const NAMED: Kind = Kind {
    name: "sibling-by-url",
    severity: Severity::Note,
    what: "A Worker's sources use a sibling's URL and fetch something, in an environment whose hostnames are routes or at workers.dev, and there is no service binding.",
    why: "If it is that URL which they fetch, the sibling does not answer: the call goes past all Workers. For links, redirects and CORS it does not matter.",
    mend: "Nothing, where no Worker fetches it; else bind the sibling (`services` of the wrangler configuration), or use `routing = \"custom-domain\"`.",
};

const PUBLIC_FETCH: &str = "global_fetch_strictly_public";

/// A variable that leads to a sibling.
struct Call<'a> {
    name: &'a str,
    sibling: &'a Service,
}

/// Variables through which a `fetch` would not arrive.
fn calls<'a>(environment: &'a Environment, subject: &'a Subject<'_>) -> Vec<Call<'a>> {
    let flags = subject.settings.get("compatibility_flags").and_then(Value::as_array);
    if flags.into_iter().flatten().any(|flag| flag == PUBLIC_FETCH) {
        return Vec::new();
    }
    let own = subject.service;
    let resources = subject.settings.resources();
    let is_bound = |sibling: &Service| {
        resources
            .iter()
            .any(|resource| resource.kind.means_worker() && is_of(environment, sibling, &resource.id))
    };
    let vars = urls::effective(own, &subject.settings);
    let calls = vars.into_iter().filter_map(|(name, value)| {
        let hosts = urls::hosts(value);
        let mut siblings = environment.services.iter().filter(|sibling| sibling.key != own.key);
        let sibling = siblings.find(|sibling| {
            let mut led = sibling.hostnames().filter(|host| !arrives(environment, host));
            led.any(|host| hosts.iter().any(|named| named == host))
        })?;
        Some(Call { name, sibling }).filter(|call| !is_bound(call.sibling))
    });
    calls.collect()
}

/// Whether a binding's Worker is this service: by any name that it has in the manifest.
fn is_of(environment: &Environment, service: &Service, worker: &str) -> bool {
    let (own, _) = environment.names(service);
    own.iter().any(|name| {
        name == worker
            || worker
                .strip_prefix(name.as_str())
                .is_some_and(|rest| rest.starts_with('-'))
    })
}

fn arrives(environment: &Environment, host: &str) -> bool {
    match environment.routing.of(host) {
        Routing::Route | Routing::WorkersDev => false,
        // Whatever the records of the environment lead to.
        Routing::CustomDomain | Routing::Record => true,
    }
}

/// Calls through which a Worker does not reach a sibling, as far as its sources tell of them.
pub(super) fn told(look: &Look<'_>, subject: &Subject<'_>) -> Vec<Told> {
    let calls = calls(subject.environment, subject);
    let names: Vec<&str> = calls.iter().map(|call| call.name).collect();
    let folder = look.manifest.root.join(&subject.service.path);
    let assets = subject
        .settings
        .get("assets")
        .and_then(|assets| assets.get("directory")?.as_str());
    let assets = assets.map(|assets| folder.join(assets));
    let source = Source::of(&look.world.workspace, &folder, assets.as_deref(), &names);
    let mut told = Vec::new();
    let mut maybe: Vec<&Call<'_>> = Vec::new();
    for call in &calls {
        let (name, key) = (call.name, &call.sibling.key);
        match source.fetched.get(name) {
            Some(place) => {
                let how = how(subject.environment);
                let said = format!("it fetches `{name}`, which is `{key}` {how}: the call goes past that Worker");
                told.push(subject.told(&FETCHED, name, said, binding(subject, call.sibling), place.clone()));
            }
            None if source.may_fetch(name) => maybe.push(call),
            None => {}
        }
    }
    told.extend(named(look, subject, &maybe));
    told
}

fn how(environment: &Environment) -> &'static str {
    match environment.routing {
        Routing::WorkersDev => "at workers.dev",
        _ => "by a route of the same zone",
    }
}

fn named(look: &Look<'_>, subject: &Subject<'_>, calls: &[&Call<'_>]) -> Option<Told> {
    let first = calls.first()?;
    let names: Vec<&str> = calls.iter().map(|call| call.name).collect();
    let mut siblings: Vec<&str> = calls.iter().map(|call| call.sibling.key.as_str()).collect();
    siblings.dedup();
    let said = format!(
        "it knows {} by URL alone ({}), {}, where a `fetch` would not reach the Worker",
        quoted_list(&siblings),
        quoted_list(&names),
        how(subject.environment)
    );
    let remedy = format!(
        "if the code fetches it, {}; links, redirects and CORS are fine",
        binding(subject, first.sibling)
    );
    let place = look.place_of_var(subject, first.name);
    Some(subject.told(&NAMED, "", said, remedy, place))
}

/// The binding to write.
fn binding(subject: &Subject<'_>, sibling: &Service) -> String {
    let name = sibling.key.to_ascii_uppercase().replace('-', "_");
    let worker = &sibling.base;
    let item = if subject.is_toml() {
        format!("`[[services]]` with `binding = \"{name}\"` and `service = \"{worker}\"`")
    } else {
        format!("`{{ \"binding\": \"{name}\", \"service\": \"{worker}\" }}` to `services`")
    };
    format!("add {item} in `{}`, and call `env.{name}.fetch(…)`", subject.file)
}
