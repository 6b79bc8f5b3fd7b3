//! What is looked at: the chosen environments, each service in them, and where something stands.

use std::path::Path;

use actions_core::environment::{Environment, Service};
use actions_core::manifest::Manifest;
use actions_core::owner::Repository;
use jiff::civil::Date;
use wrangler::project::{Project, Scope};
use wrangler::{Config, Settings};

use super::told::Told;
use crate::document::{Document, Node};
use crate::finding::{Kind, Place};
use crate::world::{STAND_IN, World};

/// The project.
pub(super) struct Look<'a> {
    pub(super) world: &'a World,
    pub(super) manifest: &'a Manifest,
    pub(super) today: Date,
    /// Every environment of the manifest, chosen or not: what a chosen one is compared with.
    pub(super) all: Vec<Environment>,
}

/// A service in an environment, with its configuration.
pub(super) struct Subject<'a> {
    pub(super) environment: &'a Environment,
    pub(super) service: &'a Service,
    pub(super) config: &'a Config,
    pub(super) settings: Settings<'a>,
    pub(super) file: String,
    document: Option<&'a Document>,
}

impl<'a> Look<'a> {
    /// `None` where there is no manifest that could be read.
    pub(super) fn of(world: &'a World, today: Date) -> Option<Self> {
        let manifest = world.manifest.as_ref().ok()?;
        let all = manifest.environments.iter().filter_map(|(name, spec)| {
            let chosen = world.environments.iter().find(|environment| environment.name == *name);
            let number = spec.is_per_pull_request().then_some(STAND_IN);
            let resolved = || Environment::resolve(manifest, name, number, &Repository::default()).ok();
            chosen.cloned().or_else(resolved)
        });
        Some(Self {
            world,
            manifest,
            today,
            all: all.collect(),
        })
    }

    /// Each service of the chosen environments whose configuration people wrote and that has the environment.
    pub(super) fn subjects(&self) -> Vec<Subject<'a>> {
        let environments = self.world.environments.iter();
        let pairs = environments.flat_map(|environment| environment.services.iter().map(move |it| (environment, it)));
        pairs
            .filter_map(|(environment, service)| self.subject(environment, service))
            .collect()
    }

    /// One of them.
    pub(super) fn subject<'b>(&self, environment: &'b Environment, service: &'b Service) -> Option<Subject<'b>>
    where
        'a: 'b,
    {
        let file = self.world.services.get(&service.key)?;
        let config = file.config.as_ref().ok().filter(|config| !config.is_generated())?;
        Some(Subject {
            environment,
            service,
            config,
            settings: config.settings(service.wrangler_env.as_deref()).ok()?,
            file: crate::world::from(&self.world.workspace, &config.file),
            document: file.document.as_ref().ok().and_then(Option::as_ref),
        })
    }

    /// What the project's rules are asked about.
    pub(super) fn scope<'b>(&'b self, environment: &'b Environment, chosen: &'b [String]) -> Scope<'b> {
        Scope {
            environment,
            manifest: Some(self.manifest),
            chosen,
            shared: &environment.shared,
            account: self.world.account.as_deref(),
        }
    }

    /// The configurations of an environment's services.
    pub(super) fn project(&self, environment: &Environment) -> Project {
        let files = self.world.services.iter();
        let configs = files.filter_map(|(key, file)| Some((key.clone(), file.config.as_ref().ok()?.clone())));
        Project::written(environment, configs.collect())
    }

    /// Where the manifest says something: as deep as it is there.
    pub(super) fn in_manifest(&self, path: &[&str]) -> Place {
        match &self.world.document {
            Some(document) => document.place(path),
            None => Place::of_file(&self.world.manifest_file),
        }
    }

    /// A text without the path of this checkout.
    pub(super) fn without_checkout(&self, text: &str) -> String {
        let workspace: &Path = &self.world.workspace;
        text.replace(&format!("{}/", workspace.display()), "")
    }

    /// Where a variable comes from: the manifest, for the service or for all of the environment, else the configuration.
    pub(super) fn place_of_var(&self, subject: &Subject<'_>, name: &str) -> Place {
        let (key, environment) = (subject.service.key.as_str(), subject.environment.name.as_str());
        let document = self.world.document.as_ref();
        let paths: [&[&str]; 2] = [
            &["services", key, "vars", name],
            &["environments", environment, "vars", name],
        ];
        let found = document.and_then(|document| {
            let node = paths.into_iter().find_map(|path| document.get(path))?;
            Some(document.place_of(node))
        });
        found.unwrap_or_else(|| subject.place(&format!("vars.{name}")))
    }
}

impl Subject<'_> {
    /// Where something stands in the configuration: a key with dots, a name or a text; in the environment's section
    /// first, then at the top level. Else the section itself.
    pub(super) fn place(&self, about: &str) -> Place {
        self.place_of(self.find(about).or_else(|| self.own()))
    }

    fn find(&self, about: &str) -> Option<&Node> {
        let sections = [self.own(), self.document.map(|document| &document.root)];
        let sections = || sections.into_iter().flatten();
        // A binding or a variable of a section may have the name of a key of the top level.
        let exact = sections().find_map(|section| exact(section, about));
        exact.or_else(|| sections().find_map(|section| named(section, about)))
    }

    /// The environment's own section.
    fn own(&self) -> Option<&Node> {
        self.document?.get(&["env", self.service.wrangler_env.as_deref()?])
    }

    /// Where a node stands; the configuration as a whole, by its name, where there is none.
    fn place_of(&self, node: Option<&Node>) -> Place {
        match (self.document, node) {
            (Some(document), Some(node)) => document.place_of(node),
            (Some(document), None) => document.place(&["name"]),
            (None, _) => Place::of_file(&self.file),
        }
    }

    /// The same, else the configuration as a whole.
    pub(super) fn place_in_file(&self, about: &str) -> Place {
        self.place_of(self.find(about))
    }

    /// Something told of it.
    pub(super) fn told(&self, kind: &'static Kind, about: &str, said: String, remedy: String, place: Place) -> Told {
        Told {
            kind,
            service: self.service.key.clone(),
            about: about.to_owned(),
            environment: Some(self.environment.name.clone()),
            said,
            remedy,
            place,
        }
    }

    /// Whether the configuration is TOML.
    pub(super) fn is_toml(&self) -> bool {
        Path::new(&self.file).extension().is_some_and(|ending| ending == "toml")
    }
}

/// The node of a key with dots.
fn exact<'a>(node: &'a Node, about: &str) -> Option<&'a Node> {
    about.split('.').try_fold(node, |node, key| node.get(key))
}

/// The first node that is called so or says so. Other environments' sections are none of it.
fn named<'a>(node: &'a Node, about: &str) -> Option<&'a Node> {
    if about.is_empty() {
        return None;
    }
    let entries = node.entries().filter(|(key, _)| *key != "env");
    for (key, inner) in entries {
        if key == about || inner.text() == Some(about) {
            return Some(inner);
        }
        if let Some(found) = named(inner, about) {
            return Some(found);
        }
    }
    node.items().find_map(|item| {
        let is_it = item.text() == Some(about);
        if is_it { Some(item) } else { named(item, about) }
    })
}
