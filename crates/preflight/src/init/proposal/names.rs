//! What services are called, and how an environment makes their Workers' names. Pure.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::naming;

use super::stages::{Kind, Stage};
use crate::init::found::{Found, Worker};

/// Folders that say nothing of what is in them.
const NAMELESS: [&str; 10] = [
    "api-worker",
    "app",
    "cloudflare",
    "functions",
    "packages",
    "server",
    "service",
    "src",
    "worker",
    "workers",
];

/// Names of services and Workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// In the Workers' order.
    pub(super) keys: Vec<String>,
    /// What `{worker}` stands for.
    pub(super) bases: Vec<String>,
    /// By environment, in their order.
    pub(super) templates: Vec<String>,
    /// Workers that are called otherwise today: environment, service, today's name, and what the manifest makes.
    pub(super) moved: Vec<Moved>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) stage: usize,
    pub(super) worker: usize,
    pub(super) today: String,
    pub(super) then: String,
}

/// The names by which the fewest Workers get another one than today, production's above all.
pub(super) fn names(found: &Found, stages: &[Stage]) -> Names {
    let keys = keys(found);
    let today: Vec<Vec<Option<String>>> = stages
        .iter()
        .map(|stage| {
            let all = found.workers.iter().zip(&stage.sections);
            // Where others have a section, a Worker without one is not there today, unless production's bindings name it.
            let none_has = stage.sections.iter().all(Option::is_none);
            let bound = bound(found, stage);
            let is_there = |section: &Option<String>, name: &String| {
                section.is_some() || stage.kind == Kind::Production && (none_has || bound.contains(name))
            };
            let name = |(worker, section): (&Worker, &Option<String>)| {
                let name = worker.config.name(section.as_deref());
                name.filter(|name| is_there(section, name))
            };
            all.map(name).collect()
        })
        .collect();
    let of_production = today.last().cloned().unwrap_or_default();
    let top: Vec<Option<String>> = found.workers.iter().map(|worker| worker.config.name(None)).collect();
    let or_key = |names: &[Option<String>]| -> Vec<String> {
        let all = names.iter().zip(&of_production).zip(&keys);
        all.map(|((name, production), key)| name.as_ref().or(production.as_ref()).unwrap_or(key).clone())
            .collect()
    };
    let stripped: Vec<String> = or_key(&top).iter().map(|name| without_ending(name)).collect();
    let mut candidates = vec![or_key(&top), stripped, or_key(&of_production)];
    // Two Workers of one base would be one.
    candidates.retain(|bases| (1..bases.len()).all(|at| !bases[..at].contains(&bases[at])));
    let mut best: Option<(usize, usize, Names)> = None;
    for bases in candidates {
        let (templates, moved) = templates(stages, &today, &bases);
        let last = stages.len() - 1;
        let of_production = moved.iter().filter(|moved| moved.stage == last).count();
        let is_better = best
            .as_ref()
            .is_none_or(|(production, all, _)| (of_production, moved.len()) < (*production, *all));
        if is_better {
            let (all, keys) = (moved.len(), keys.clone());
            let names = Names {
                keys,
                bases,
                templates,
                moved,
            };
            best = Some((of_production, all, names));
        }
    }
    best.map_or_else(
        || {
            let (templates, moved) = templates(stages, &today, &keys);
            let bases = keys.clone();
            Names {
                keys: keys.clone(),
                bases,
                templates,
                moved,
            }
        },
        |(_, _, names)| names,
    )
}

/// The Workers that the sections of an environment bind, by name.
fn bound(found: &Found, stage: &Stage) -> BTreeSet<String> {
    let sections = found.workers.iter().zip(&stage.sections);
    let settings = sections.filter_map(|(worker, section)| worker.config.settings(Some(section.as_deref()?)).ok());
    let resources = settings.flat_map(|settings| settings.resources());
    resources
        .filter(|resource| resource.kind.means_worker())
        .map(|resource| resource.id)
        .collect()
}

/// Each environment's template, and which Workers it calls otherwise than today.
fn templates(stages: &[Stage], today: &[Vec<Option<String>>], bases: &[String]) -> (Vec<String>, Vec<Moved>) {
    let (mut templates, mut moved) = (Vec::new(), Vec::new());
    for (at, (stage, today)) in stages.iter().zip(today).enumerate() {
        if stage.kind == Kind::Preview {
            templates.push("{worker}-preview-{pr}".to_owned());
            continue;
        }
        let pairs = || {
            bases
                .iter()
                .zip(today)
                .filter_map(|(base, today)| Some((base, today.as_ref()?)))
        };
        let own = match stage.kind {
            Kind::Production => "{worker}".to_owned(),
            _ => format!("{{worker}}-{}", stage.name),
        };
        let template = most_common(pairs().filter_map(|(base, today)| around(base, today, "{worker}"))).unwrap_or(own);
        for (worker, (base, today)) in bases.iter().zip(today).enumerate() {
            let then = template.replace("{worker}", base);
            if let Some(today) = today.as_ref().filter(|today| **today != then) {
                moved.push(Moved {
                    stage: at,
                    worker,
                    today: today.clone(),
                    then,
                });
            }
        }
        templates.push(template);
    }
    (templates, moved)
}

/// The template that makes `whole` of `part`.
pub(super) fn around(part: &str, whole: &str, placeholder: &str) -> Option<String> {
    let at = whole.find(part).filter(|_| !part.is_empty())?;
    let (before, after) = (&whole[..at], &whole[at + part.len()..]);
    // A part in the middle of a word is an accident.
    let ends = |text: &str, at_end: bool| {
        let next = if at_end {
            text.chars().last()
        } else {
            text.chars().next()
        };
        next.is_none_or(|c| matches!(c, '-' | '_' | '.'))
    };
    (ends(before, true) && ends(after, false)).then(|| format!("{before}{placeholder}{after}"))
}

/// What there is most of; of as many, the first.
pub(super) fn most_common(items: impl Iterator<Item = String>) -> Option<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for item in items {
        match counts.iter_mut().find(|(known, _)| *known == item) {
            Some((_, count)) => *count += 1,
            None => counts.push((item, 1)),
        }
    }
    counts
        .into_iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map(|(item, _)| item)
}

/// A name without the environment behind it.
fn without_ending(name: &str) -> String {
    let endings = [
        "development",
        "production",
        "staging",
        "local",
        "test",
        "prod",
        "live",
        "dev",
    ];
    let bare = endings.iter().find_map(|ending| {
        let bare = name.strip_suffix(ending)?;
        bare.strip_suffix(['-', '_'])
    });
    bare.filter(|bare| !bare.is_empty()).unwrap_or(name).to_owned()
}

/// Keys: the folder's name where it says something, else the Worker's; what two would have is made longer.
fn keys(found: &Found) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for worker in &found.workers {
        *last
            .entry(worker.folder.rsplit('/').next().unwrap_or_default())
            .or_default() += 1;
    }
    for worker in &found.workers {
        let folder = worker.folder.rsplit('/').next().unwrap_or_default();
        let of_worker = worker.config.name(None).map(|name| without_ending(&name));
        let by_folder =
            (worker.folder != "." && !NAMELESS.contains(&folder) && last[folder] == 1).then(|| folder.to_owned());
        let whole = worker.folder.replace('/', "-");
        let all = [
            by_folder,
            of_worker,
            Some(whole),
            Some(format!("service-{}", keys.len() + 1)),
        ];
        let free = all.into_iter().flatten().map(|name| label(&name));
        let mut free = free.filter(|name| naming::is_label(name) && !keys.contains(name));
        keys.extend(free.next());
    }
    keys
}

/// A text as a label: lower-case letters, digits and inner dashes.
pub(super) fn label(text: &str) -> String {
    let mut label = String::new();
    for c in text.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            label.push(c);
        } else if !label.ends_with('-') {
            label.push('-');
        }
    }
    label.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_makes_a_name_of_a_part() {
        for (part, whole, template) in [
            ("api", "api", Some("{worker}")),
            ("api", "api-production", Some("{worker}-production")),
            ("api", "prod-api", Some("prod-{worker}")),
            ("api", "api_live", Some("{worker}_live")),
            ("api", "rapid", None),
            ("api", "apix-live", None),
            ("web", "api", None),
        ] {
            assert_eq!(around(part, whole, "{worker}").as_deref(), template, "{part} {whole}");
        }
        for (name, bare) in [
            ("api-dev", "api"),
            ("api_staging", "api"),
            ("api", "api"),
            ("dev", "dev"),
            ("-dev", "-dev"),
        ] {
            assert_eq!(without_ending(name), bare);
        }
        assert_eq!(label("My App_2 (old)"), "my-app-2-old");
    }
}
