//! What the documents tell: services, environments, addresses, ports, who calls whom.

use std::collections::BTreeMap;

use actions_core::environment::{Environment, Service};
use actions_core::manifest::Manifest;
use serde_json::Value;

use crate::document::{Document, Node};
use crate::inputs::Inputs;
use crate::world::World;

/// What stands for the number of a pull request in names that are shown.
pub(super) const NUMBER: &str = "<number>";

pub(super) struct Facts<'a> {
    pub(super) world: &'a World,
    pub(super) manifest: &'a Manifest,
    /// All environments of the manifest, in its order.
    pub(super) environments: Vec<Environment>,
    /// The number that pull requests' environments were resolved for: it occurs nowhere in the manifest.
    number: u64,
    /// Ports of `wrangler dev`, by service, where something says them.
    pub(super) ports: BTreeMap<String, u64>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(inputs: &Inputs, world: &'a World) -> anyhow::Result<Self> {
        let manifest = match &world.manifest {
            Ok(manifest) => manifest,
            Err(wrong) => anyhow::bail!("nothing can be written without a manifest: {wrong}"),
        };
        let text = std::fs::read_to_string(&inputs.manifest)?;
        let number = (101..=u64::from(u16::MAX))
            .find(|number: &u64| !text.contains(&number.to_string()))
            .unwrap_or_default();
        let mut environments = Vec::new();
        for (name, spec) in &manifest.environments {
            let pull_request = spec.is_per_pull_request().then_some(number);
            match Environment::resolve(manifest, name, pull_request, &inputs.repository) {
                Ok(environment) => environments.push(environment),
                Err(wrong) => {
                    let why: Vec<String> = wrong.0.into_iter().map(|(_, problem)| problem).collect();
                    anyhow::bail!("environment `{name}` cannot be written about: {}", why.join("; "));
                }
            }
        }
        Ok(Self {
            ports: ports(world, manifest),
            world,
            manifest,
            environments,
            number,
        })
    }

    /// A name of an environment with [`NUMBER`] for the pull request's.
    pub(super) fn shown(&self, name: &str) -> String {
        name.replace(&self.number.to_string(), NUMBER)
    }

    /// A name as a regular expression, any pull request's.
    pub(super) fn pattern(&self, name: &str) -> String {
        let escaped = name.replace('.', "\\.");
        escaped.replace(&self.number.to_string(), "[0-9]+")
    }

    /// What the hostnames of pull requests' environments look like, as a regular expression.
    pub(super) fn preview_labels(&self) -> Option<String> {
        let previews = self.previews()?;
        let template = &self.manifest.environments.get(&previews.name)?.hostname;
        let mut labels = String::new();
        let mut rest = template.trim();
        while let Some((before, placeholder)) = rest.split_once('{') {
            let (name, after) = placeholder.split_once('}')?;
            labels += &before.replace('.', "\\.");
            labels += if name == "pr" { "[0-9]+" } else { "[a-z0-9-]+" };
            rest = after;
        }
        Some(labels + &rest.replace('.', "\\."))
    }

    /// The environment of the pull requests, if there is one.
    pub(super) fn previews(&self) -> Option<&Environment> {
        self.environments
            .iter()
            .find(|environment| environment.pull_request.is_some())
    }

    /// The environments that exist once.
    pub(super) fn permanent(&self) -> impl Iterator<Item = &Environment> {
        self.environments
            .iter()
            .filter(|environment| environment.pull_request.is_none())
    }

    /// Whether a service serves pages, from which browsers call the others: the manifest's front, or one with assets, or
    /// whose health is a page.
    pub(super) fn has_pages(&self, key: &str) -> bool {
        if self.manifest.project.front.as_deref() == Some(key) {
            return true;
        }
        let is_page = self
            .manifest
            .services
            .get(key)
            .is_some_and(|service| service.health == "/");
        let file = self
            .world
            .services
            .get(key)
            .and_then(|file| file.document.as_ref().ok()?.as_ref());
        is_page || file.is_some_and(|file| file.get(&["assets"]).is_some())
    }

    /// Whether the environments have databases that `neon-branch` gives.
    pub(super) fn has_database(&self) -> bool {
        self.environments
            .iter()
            .any(|environment| environment.database.is_some())
    }

    /// Whether a variable leads to such a database.
    pub(super) fn leads_to_database(&self, variable: &str) -> bool {
        let mut databases = self
            .environments
            .iter()
            .filter_map(|environment| environment.database.as_ref());
        databases.any(|database| variable == "DATABASE_URL" || database.variables.iter().any(|name| name == variable))
    }

    /// The variables that an environment's secrets come from, without those of the database, in the manifest's order.
    pub(super) fn variables<'e>(&self, environment: &'e Environment) -> Vec<&'e str> {
        let mut variables = Vec::new();
        let secrets = environment
            .services
            .iter()
            .flat_map(|service: &Service| &service.secrets);
        for secret in secrets.filter(|secret| !self.leads_to_database(&secret.variable)) {
            if !variables.contains(&secret.variable.as_str()) {
                variables.push(&secret.variable);
            }
        }
        variables
    }
}

/// `dev.port` of the configuration; `--port` of the package's `dev` script; what a sibling's variable for local
/// development leads to, which the manifest says is this service.
fn ports(world: &World, manifest: &Manifest) -> BTreeMap<String, u64> {
    let mut ports = BTreeMap::new();
    for (key, file) in &world.services {
        let Ok(Some(document)) = &file.document else { continue };
        for (name, value) in document.get(&["vars"]).into_iter().flat_map(Node::entries) {
            let service = manifest.services.get(key).and_then(|service| service.vars.get(name));
            let leads = service
                .and_then(Value::as_str)
                .and_then(|text| text.strip_suffix(".url}")?.strip_prefix('{'));
            let port = value.text().and_then(local_port);
            if let (Some(sibling), Some(port)) = (leads, port) {
                ports.insert(sibling.to_owned(), port);
            }
        }
    }
    for (key, file) in &world.services {
        let package = Document::read(&world.workspace, &format!("{}/package.json", file.folder))
            .ok()
            .flatten();
        let script = package
            .as_ref()
            .and_then(|package| package.get(&["scripts", "dev"])?.text());
        let in_script = script.and_then(port_of_script);
        let document = file.document.as_ref().ok().and_then(Option::as_ref);
        let configured = document.and_then(|document| document.get(&["dev", "port"])?.value().as_u64());
        ports.extend(in_script.or(configured).map(|port| (key.clone(), port)));
    }
    ports
}

fn local_port(url: &str) -> Option<u64> {
    let rest = url
        .strip_prefix("http://localhost:")
        .or_else(|| url.strip_prefix("http://127.0.0.1:"))?;
    rest.split('/').next()?.parse().ok()
}

fn port_of_script(script: &str) -> Option<u64> {
    let mut words = script.split_whitespace();
    while let Some(word) = words.next() {
        if let Some(port) = word.strip_prefix("--port=") {
            return port.parse().ok();
        }
        if word == "--port" {
            return words.next()?.parse().ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_scripts_and_addresses() {
        for (script, port) in [
            ("wrangler dev --port 4001", Some(4001)),
            ("wrangler dev --port=42069 --ip 0.0.0.0", Some(42069)),
            ("vite dev", None),
            ("wrangler dev --port", None),
        ] {
            assert_eq!(port_of_script(script), port, "{script}");
        }
        assert_eq!(local_port("http://localhost:8780/x"), Some(8780));
        assert_eq!(local_port("https://codex.example.com"), None);
    }
}
