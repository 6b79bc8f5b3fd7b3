//! Names, folders, ports and keys: what is written twice, otherwise, or wrong. Pure.

use std::collections::BTreeMap;

use actions_core::text::quoted_list;
use wrangler::keys as known;

use super::look::{Look, Subject};
use super::told::Told;
use crate::document::{Document, Node};
use crate::finding::{Kind, Place, Severity};

pub(super) const WORKER: Kind = Kind {
    name: "worker-name-differs",
    severity: Severity::Warning,
    what: "In an environment that exists once, the manifest names the Worker otherwise than wrangler does.",
    why: "Whoever deploys with wrangler makes another Worker: two would run, with two sets of secrets.",
    mend: "Set `worker` of the service or of the environment in the manifest so that both agree, or `name` in the wrangler configuration.",
};

pub(super) const FOLDER: Kind = Kind {
    name: "folder-twice",
    severity: Severity::Warning,
    what: "Two services of the manifest have one folder and one section of its configuration.",
    why: "Both Workers get the same code and the same bindings; one of them was probably copied.",
    mend: "Correct `path` of one, or give each its own section (`wrangler-env` under `environments.<name>.services.<key>`).",
};

pub(super) const PORT: Kind = Kind {
    name: "dev-port-twice",
    severity: Severity::Note,
    what: "Two configurations name the same port for `wrangler dev`.",
    why: "The second that starts takes another port, and what calls it by the first reaches its sibling.",
    mend: "Give each its own `dev.port`.",
};

pub(super) const TYPO: Kind = Kind {
    name: "wrangler-key-misspelt",
    severity: Severity::Warning,
    what: "A configuration has a key that no wrangler knows, and that is almost one that it knows.",
    why: "wrangler warns of it, and deploys without what it was to say.",
    mend: "Write the key as wrangler knows it.",
};

pub(super) const UNKNOWN: Kind = Kind {
    name: "wrangler-key-unknown",
    severity: Severity::Note,
    what: "A configuration has a key that is not known here (wrangler 4.40 to 4.164).",
    why: "What wrangler's bundle holds of it is uploaded, and nothing else is done for it.",
    mend: "Look the key up in wrangler's documentation, or take it out.",
};

/// Another name than wrangler's.
pub(super) fn worker(subject: &Subject<'_>) -> Option<Told> {
    let service = subject.service;
    let configured = subject.config.name(service.wrangler_env.as_deref())?;
    let is_once = subject.environment.pull_request.is_none();
    (is_once && configured != service.worker).then(|| {
        let said = format!(
            "the manifest deploys it as Worker `{}`, and wrangler as `{configured}`",
            service.worker
        );
        let remedy = format!(
            "set `worker` of `environments.{}` or of `services.{}` so that it comes to `{configured}`, or `name` in `{}`",
            subject.environment.name, service.key, subject.file
        );
        subject.told(&WORKER, "", said, remedy, subject.place("name"))
    })
}

/// One folder of two services.
pub(super) fn folders(look: &Look<'_>) -> Vec<Told> {
    let mut told = Vec::new();
    for environment in &look.world.environments {
        let services = &environment.services;
        for (at, service) in services.iter().enumerate() {
            let folder = |key: &str| look.world.services.get(key).map(|file| file.folder.clone());
            let first = services[..at]
                .iter()
                .find(|first| folder(&first.key) == folder(&service.key) && first.wrangler_env == service.wrangler_env);
            told.extend(first.map(|first| Told {
                kind: &FOLDER,
                service: service.key.clone(),
                about: String::new(),
                environment: Some(environment.name.clone()),
                said: format!("it has the folder of `{}`, `{}`", first.key, service.path.display()),
                remedy: format!(
                    "correct `services.{}.path`, or give each a `wrangler-env` of its own",
                    service.key
                ),
                place: look.in_manifest(&["services", &service.key, "path"]),
            }));
        }
    }
    told
}

/// One port of two services' configurations.
pub(super) fn ports(look: &Look<'_>) -> Vec<Told> {
    let mut seen: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    let mut told = Vec::new();
    for (key, document) in documents(look) {
        let Some(node) = document.get(&["dev", "port"]) else {
            continue;
        };
        let port = node.value().to_string();
        match seen.get(&port) {
            Some((_, file)) if *file == document.file => {}
            Some((first, _)) => told.push(Told {
                kind: &PORT,
                service: key.to_owned(),
                about: String::new(),
                environment: None,
                said: format!("`dev.port` {port} is that of `{first}`, too"),
                remedy: "give it another one".to_owned(),
                place: document.place_of(node),
            }),
            None => {
                seen.insert(port, (key, &document.file));
            }
        }
    }
    told
}

fn documents<'a>(look: &Look<'a>) -> impl Iterator<Item = (&'a str, &'a Document)> {
    let files = look.world.services.iter();
    files.filter_map(|(key, file)| {
        let written = file.config.as_ref().is_ok_and(|config| !config.is_generated());
        let document = file.document.as_ref().ok()?.as_ref()?;
        written.then_some((key.as_str(), document))
    })
}

/// Keys that nobody knows, at the top level and in every environment's section. What is `refused` is told there.
pub(super) fn keys(look: &Look<'_>, refused: &[Told]) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for (service, document) in documents(look) {
        let mut sections = vec![("the top level".to_owned(), &document.root)];
        let environments = document.root.get("env").into_iter().flat_map(Node::entries);
        sections.extend(environments.map(|(name, node)| (format!("`env.{name}`"), node)));
        for (section, node) in sections {
            for (key, value) in node.entries().filter(|(key, _)| !known::is_known(key)) {
                let is_told = |told: &Told| told.service == service && told.about == key;
                if !refused.iter().any(is_told) {
                    told.push(unknown(service, key, &section, document.place_of(value)));
                }
            }
        }
    }
    told
}

fn unknown(service: &str, key: &str, section: &str, place: Place) -> Told {
    let near = known::meant(key);
    let (kind, remedy) = match near {
        Some(near) => (&TYPO, format!("write {}", quoted_list(&[near]))),
        None => (
            &UNKNOWN,
            "look it up in wrangler's documentation, or take it out".to_owned(),
        ),
    };
    Told {
        kind,
        service: service.to_owned(),
        about: key.to_owned(),
        environment: None,
        said: format!("wrangler knows no key `{key}` ({section})"),
        remedy,
        place,
    }
}
