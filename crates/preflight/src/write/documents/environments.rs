//! `ENVIRONMENTS.md`: where each service is in each environment, and which pages may call it.

use actions_core::environment::{Environment, Service};

use super::{codes, table};
use crate::write::facts::{Facts, NUMBER};

/// The port of `wrangler dev` where nothing says another.
const USUAL_PORT: u64 = 8787;

pub(super) fn text(facts: &Facts<'_>) -> String {
    let manifest = &facts.world.manifest_file;
    let mut text = format!(
        "# Environments\n\nMade from `{manifest}`; `preflight write` makes it anew. `{NUMBER}` is a pull request's number.\n\n## Addresses\n\n"
    );
    let head: Vec<&str> = std::iter::once("service")
        .chain(facts.environments.iter().map(|environment| environment.name.as_str()))
        .chain(["on this machine"])
        .collect();
    let rows: Vec<Vec<String>> = facts.manifest.services.keys().map(|key| row(facts, key)).collect();
    text += &table(&head, &rows);
    text += &ports(facts);
    text += &workers(facts);
    text += &origins(facts);
    text
}

fn row(facts: &Facts<'_>, key: &str) -> Vec<String> {
    let address = |environment: &Environment| {
        let Some(service) = environment.service(key) else {
            return String::new();
        };
        let more = service
            .more_hostnames
            .iter()
            .map(|hostname| format!(", `{}`", facts.shown(hostname)));
        format!("{}{}", facts.shown(&service.url), more.collect::<String>())
    };
    let here = match facts.ports.get(key) {
        Some(port) => format!("http://localhost:{port}"),
        None => "no port of its own".to_owned(),
    };
    let addresses = facts.environments.iter().map(address);
    std::iter::once(format!("`{key}`"))
        .chain(addresses)
        .chain([here])
        .collect()
}

fn ports(facts: &Facts<'_>) -> String {
    let without: Vec<&str> = facts
        .manifest
        .services
        .keys()
        .map(String::as_str)
        .filter(|key| !facts.ports.contains_key(*key))
        .collect();
    if without.is_empty() {
        return String::new();
    }
    format!(
        "\nNothing gives {} a port: `wrangler dev` takes {USUAL_PORT}, or another one where that is taken. `\"dev\": {{ \"port\": … }}` in the wrangler configuration gives each its own.\n",
        codes(without)
    )
}

fn workers(facts: &Facts<'_>) -> String {
    let head: Vec<&str> = std::iter::once("service")
        .chain(facts.environments.iter().map(|environment| environment.name.as_str()))
        .collect();
    let row = |key: &String| {
        let name = |environment: &Environment| {
            let worker = environment.service(key).map(|service| facts.shown(&service.worker));
            worker.map_or_else(String::new, |worker| format!("`{worker}`"))
        };
        std::iter::once(format!("`{key}`"))
            .chain(facts.environments.iter().map(name))
            .collect()
    };
    let mut rows: Vec<Vec<String>> = facts.manifest.services.keys().map(row).collect();
    if facts.has_database() {
        let branch = |environment: &Environment| {
            let branch = environment
                .database
                .as_ref()
                .map(|database| facts.shown(&database.branch));
            branch.map_or_else(String::new, |branch| format!("`{branch}`"))
        };
        rows.push(
            std::iter::once("Neon branch".to_owned())
                .chain(facts.environments.iter().map(branch))
                .collect(),
        );
    }
    format!("\n## Names of Workers\n\n{}", table(&head, &rows))
}

/// Which origins a service is to let in: the pages of its own environment.
fn origins(facts: &Facts<'_>) -> String {
    let pages: Vec<&str> = facts
        .manifest
        .services
        .keys()
        .map(String::as_str)
        .filter(|key| facts.has_pages(key))
        .collect();
    let others: Vec<&str> = facts
        .manifest
        .services
        .keys()
        .map(String::as_str)
        .filter(|key| !facts.has_pages(key))
        .collect();
    if pages.is_empty() || others.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n## CORS: who may call from a browser\n\nBrowsers call from the pages of {}. {} each let in the origins of their own environment, and no other's: a preview runs code that nobody has reviewed yet. With cookies (`credentials: true`) an origin is named in full, never `*`.\n\n",
        codes(pages.iter().copied()),
        codes(others.iter().copied()),
    );
    let rows = facts.environments.iter().map(|environment| {
        let services = pages.iter().filter_map(|key| environment.service(key));
        let allowed = services.flat_map(|service| allowed(facts, environment, service));
        vec![environment.name.clone(), allowed.collect::<Vec<_>>().join("<br>")]
    });
    let here = pages
        .iter()
        .filter_map(|key| facts.ports.get(*key))
        .map(|port| format!("`http://localhost:{port}`"));
    let here: Vec<String> = here.collect();
    let mut rows: Vec<Vec<String>> = rows.collect();
    if !here.is_empty() {
        rows.push(vec!["on this machine".to_owned(), here.join("<br>")]);
    }
    text += &table(&["environment", "origins to allow"], &rows);
    text
}

/// Origins as they are, or as a regular expression where many have one.
fn allowed(facts: &Facts<'_>, environment: &Environment, service: &Service) -> Vec<String> {
    let scheme = service.url.split("://").next().unwrap_or("https");
    let port = service.url.rsplit_once(':').map_or("", |(_, port)| port);
    let port = if !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()) {
        format!(":{port}")
    } else {
        String::new()
    };
    let origin = |hostname: &str| format!("{scheme}://{hostname}{port}");
    let one = |hostname: &str| match (environment.pull_request, hostname.strip_prefix("*.")) {
        (Some(_), _) => format!("`/^{}$/`", facts.pattern(&origin(hostname)).replace('/', "\\/")),
        // All tenants, and no preview: the wildcard matches both.
        (None, Some(zone)) => {
            let previews = facts
                .preview_labels()
                .map_or_else(String::new, |labels| format!("(?!{labels}\\.)"));
            let zone = facts.pattern(zone);
            format!("`/^{scheme}:\\/\\/{previews}[a-z0-9-]+\\.{zone}{port}$/`")
        }
        (None, None) => format!("`{}`", origin(hostname)),
    };
    service.hostnames().map(one).collect()
}
