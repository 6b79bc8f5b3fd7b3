//! Whether each service has a configuration, and that the environments which the manifest names.

use std::collections::BTreeSet;

use actions_core::environment::Service;
use actions_core::text::quoted_list;

use super::look::Look;
use super::told::Told;
use crate::finding::{Kind, Place, Severity};
use crate::world::WranglerFile;

pub(super) const MISSING: Kind = Kind {
    name: "wrangler-config-missing",
    severity: Severity::Error,
    what: "A service's folder has no wrangler configuration, or is not there.",
    why: "Nobody knows what the Worker is made of: `deploy-workers` ends before it begins.",
    mend: "Correct `path` of the service in the manifest, or write a `wrangler.jsonc` there.",
};

pub(super) const UNREADABLE: Kind = Kind {
    name: "wrangler-unreadable",
    severity: Severity::Error,
    what: "A wrangler configuration is not what its ending says: JSON with comments, or TOML.",
    why: "wrangler refuses it, and so does every deployment.",
    mend: "Correct it where it is said.",
};

pub(super) const NOT_BUILT: Kind = Kind {
    name: "wrangler-config-not-built",
    severity: Severity::Note,
    what: "A service has no configuration of its own; its build may write one.",
    why: "What is not there cannot be looked at; `deploy-workers validate` builds, and looks at it then.",
    mend: "Nothing, where the framework writes the configuration; else write a `wrangler.jsonc`.",
};

pub(super) const NO_ENVIRONMENT: Kind = Kind {
    name: "wrangler-environment-missing",
    severity: Severity::Error,
    what: "The manifest names an environment that a wrangler configuration does not have.",
    why: "wrangler ends with an unknown `--env`, and what that environment may use is not known.",
    mend: "Add the environment under `env` of the configuration, or correct `wrangler-env` in the manifest.",
};

/// What is told, and the environments (by name) that some service's configuration lacks, with that service.
pub(super) fn told(look: &Look<'_>) -> (Vec<Told>, BTreeSet<(String, String)>) {
    let (mut told, mut broken) = (Vec::new(), BTreeSet::new());
    for environment in &look.world.environments {
        for service in &environment.services {
            let Some(file) = look.world.services.get(&service.key) else {
                continue;
            };
            match &file.config {
                Err(problem) => told.push(unread(look, service, file, problem)),
                Ok(config) if config.is_generated() => told.push(of_file(
                    look,
                    service,
                    &NOT_BUILT,
                    format!(
                        "`{}` has no configuration that people write, only one that a build has left",
                        file.folder
                    ),
                    "let `deploy-workers validate` build and look at it",
                )),
                Ok(config) => {
                    let Err(problem) = config.settings(service.wrangler_env.as_deref()) else {
                        continue;
                    };
                    broken.insert((environment.name.clone(), service.key.clone()));
                    let wanted = service.wrangler_env.as_deref().unwrap_or_default();
                    told.push(Told {
                        environment: Some(environment.name.clone()),
                        about: wanted.to_owned(),
                        place: named(look, &environment.name, &service.key),
                        ..of_file(
                            look,
                            service,
                            &NO_ENVIRONMENT,
                            look.without_checkout(&problem),
                            &remedy(&config.environments(), wanted, &environment.name),
                        )
                    });
                }
            }
        }
    }
    (told, broken)
}

fn remedy(has: &[&str], wanted: &str, environment: &str) -> String {
    let near = actions_core::text::nearest(wanted, has.iter().copied());
    let near = near.map_or_else(String::new, |near| format!(" (`{near}`?)"));
    format!("add `env.{wanted}` to it, or correct `wrangler-env` of `environments.{environment}`{near}")
}

/// Where the manifest says the environment of the configuration.
fn named(look: &Look<'_>, environment: &str, service: &str) -> Place {
    let own = ["environments", environment, "services", service, "wrangler-env"];
    let is_own = look
        .world
        .document
        .as_ref()
        .is_some_and(|document| document.get(&own).is_some());
    if is_own {
        look.in_manifest(&own)
    } else {
        look.in_manifest(&["environments", environment, "wrangler-env"])
    }
}

fn unread(look: &Look<'_>, service: &Service, file: &WranglerFile, problem: &str) -> Told {
    if let Err(unreadable) = &file.document {
        return Told {
            place: unreadable.place.clone(),
            ..of_file(
                look,
                service,
                &UNREADABLE,
                format!("its wrangler configuration cannot be read: {}", unreadable.problem),
                "correct it there",
            )
        };
    }
    if let Ok(Some(document)) = &file.document {
        let said = look.without_checkout(problem);
        return Told {
            place: Place::of_file(&document.file),
            ..of_file(look, service, &UNREADABLE, said, "correct it there")
        };
    }
    let folder = &file.folder;
    let builds = [&service.build, &look.manifest.project.build]
        .into_iter()
        .any(Option::is_some);
    let is_there = look.world.workspace.join(folder).is_dir();
    if builds && is_there {
        let said = format!("`{folder}` has no wrangler configuration yet; its build may write one");
        return of_file(
            look,
            service,
            &NOT_BUILT,
            said,
            "let `deploy-workers validate` build and look at it",
        );
    }
    let said = if is_there {
        format!(
            "`{folder}` holds no {}",
            quoted_list(&["wrangler.jsonc", "wrangler.json", "wrangler.toml"])
        )
    } else {
        format!("there is no folder `{folder}`")
    };
    of_file(
        look,
        service,
        &MISSING,
        said,
        &format!(
            "correct `services.{}.path`, or write a `wrangler.jsonc` there",
            service.key
        ),
    )
}

fn of_file(look: &Look<'_>, service: &Service, kind: &'static Kind, said: String, remedy: &str) -> Told {
    Told {
        kind,
        service: service.key.clone(),
        about: String::new(),
        environment: None,
        said,
        remedy: remedy.to_owned(),
        place: look.in_manifest(&["services", &service.key, "path"]),
    }
}
