//! One service in one environment, with what its configuration says there, and where.

use actions_core::environment::{Environment, Service};
use indexmap::IndexMap;
use serde_json::Value;
use wrangler::{Config, Settings};

use crate::document::Document;
use crate::finding::{Finding, Kind, Place};
use crate::world::World;

pub(super) struct Looked<'a> {
    pub(super) environment: &'a Environment,
    pub(super) service: &'a Service,
    pub(super) config: &'a Config,
    pub(super) settings: Settings<'a>,
    pub(super) document: Option<&'a Document>,
}

impl<'a> Looked<'a> {
    /// The services whose configuration can be read.
    pub(super) fn all(world: &'a World, environment: &'a Environment) -> Vec<Self> {
        environment
            .services
            .iter()
            .filter_map(|service| Self::of(world, environment, service))
            .collect()
    }

    pub(super) fn of(world: &'a World, environment: &'a Environment, service: &'a Service) -> Option<Self> {
        let file = world.services.get(&service.key)?;
        let config = file.config.as_ref().ok()?;
        Some(Self {
            environment,
            service,
            config,
            settings: config.settings(service.wrangler_env.as_deref()).ok()?,
            document: file.document.as_ref().ok().and_then(Option::as_ref),
        })
    }

    /// Where a path stands: in the environment's own section, else at the top level; the section where it is in neither.
    pub(super) fn place(&self, path: &[&str]) -> Option<Place> {
        let document = self.document?;
        let section: Vec<&str> = self
            .service
            .wrangler_env
            .iter()
            .flat_map(|name| ["env", name.as_str()])
            .collect();
        let own: Vec<&str> = section.iter().copied().chain(path.iter().copied()).collect();
        let first = path.first().copied().into_iter();
        let has_own = document
            .get(&section.iter().copied().chain(first.clone()).collect::<Vec<_>>())
            .is_some();
        let is_set = path.first().is_some_and(|key| self.settings.get(key).is_some());
        let at_top = document.get(&first.collect::<Vec<_>>()).is_some() && is_set;
        Some(if has_own || !at_top {
            document.place(&own)
        } else {
            document.place(path)
        })
    }

    /// A finding about the service, at a path of its configuration.
    pub(super) fn finding(&self, kind: &'static Kind, path: &[&str], said: String, remedy: String) -> Finding {
        let finding = Finding::new(kind, format!("services.{}", self.service.key), said, remedy);
        match self.place(path) {
            Some(place) => finding.at(place),
            None => finding,
        }
    }

    /// The section as people call it.
    pub(super) fn section(&self) -> String {
        match &self.service.wrangler_env {
            Some(name) => format!("`env.{name}`"),
            None => "the top level".to_owned(),
        }
    }

    /// The variables that the Worker would have: the configuration's, and over them the manifest's.
    pub(super) fn vars(&self) -> IndexMap<&str, &Value> {
        let mut vars = IndexMap::new();
        let configured = self.settings.get("vars").and_then(Value::as_object);
        vars.extend(
            configured
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.as_str(), value)),
        );
        vars.extend(self.service.vars.iter().map(|(name, value)| (name.as_str(), value)));
        vars
    }

    /// The variables that come from the configuration alone.
    pub(super) fn configured(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let vars = self.settings.get("vars").and_then(Value::as_object);
        let own = &self.service.vars;
        let step = &self.service.step_vars;
        vars.into_iter()
            .flatten()
            .filter(move |(name, _)| !own.contains_key(*name) && !step.iter().any(|var| var.name == **name))
            .map(|(name, value)| (name.as_str(), value))
    }
}
