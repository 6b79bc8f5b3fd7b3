//! Whose a Worker is that we are about to deploy over, by its tags, and what is told of it. Pure.

use actions_core::cloudflare::Worker;
use actions_core::environment::{Environment, Service};
use actions_core::owner::{Owner, Verdict, is_marker};

use crate::facts::{Facts, Live};
use crate::inputs::Inputs;
use crate::plan::Subject;

fn verdict(owner: &Owner, live: &Live) -> Verdict {
    owner.verdict_of(live.settings.tags.iter().map(String::as_str))
}

/// A Worker that another environment has made: two repositories may use the same names in one account.
pub(crate) fn conflict(subject: &Subject<'_>, service: &Service, live: &Live) -> Option<String> {
    let owner = &subject.environment.owner;
    // Outside GitHub Actions nobody says which repository this is.
    if subject.overwrite.foreign || !owner.repository.is_known() {
        return None;
    }
    let Verdict::Foreign(other) = verdict(owner, live) else {
        return None;
    };
    let worker = &service.worker;
    Some(format!(
        "Worker `{worker}` belongs to {other}; choose another name in the manifest, or take it over with `force-foreign: true`"
    ))
}

/// A KV namespace whose title is ours and may be a namesake's: nothing but its title is on it, and that is made of
/// project, environment and pull request.
pub(super) fn shared_kv(subject: &Subject<'_>, service: &Service, facts: &Facts) -> Option<String> {
    let owner = &subject.environment.owner;
    if subject.overwrite.foreign || !owner.repository.is_known() {
        return None;
    }
    let (worker, whose) = facts.namesake.as_ref()?;
    let kv = service.kv.iter().find(|kv| facts.known.kv.contains_key(&kv.title))?;
    Some(format!(
        "KV namespace `{}` may be that of Worker `{worker}`, which belongs to {whose}; give `project.name` another value in the manifest of one of the two, or share it with `force-foreign: true`",
        kv.title
    ))
}

/// The marker that a Worker is to carry. Where nobody says which repository this is, the one that it has: a marker that
/// names nobody would make it everybody's stranger.
pub(crate) fn marker(owner: &Owner, present: &[String]) -> Option<String> {
    if owner.repository.is_known() {
        return Some(owner.marker());
    }
    present.iter().find(|tag| is_marker(tag)).cloned()
}

/// What is told of a Worker that does not say, or not any more as we write it, that it is ours.
pub(crate) fn note(environment: &Environment, service: &Service, live: &Live) -> Option<String> {
    let (owner, worker) = (&environment.owner, &service.worker);
    if live.absent || !owner.repository.is_known() {
        return None;
    }
    match verdict(owner, live) {
        Verdict::Unmarked => Some(format!(
            "Worker `{worker}` carries no marker: it is taken over, and tagged as {} of {}",
            environment.title(),
            owner.repository
        )),
        Verdict::Foreign(other) => Some(format!("Worker `{worker}` belonged to {other}: it is taken over")),
        Verdict::Ours if !live.settings.tags.contains(&owner.marker()) => Some(format!(
            "the marker of Worker `{worker}` names this repository as it was called before; it is brought up to date"
        )),
        Verdict::Ours => None,
    }
}

/// Workers of an environment that exists once, by their markers, that are no service's: the manifest names a service no
/// longer, or its Worker otherwise. A pull request's go with it.
pub(crate) fn left_behind(inputs: &Inputs, workers: &[Worker]) -> Vec<String> {
    let environment = &inputs.environment;
    // Without a manifest nobody says what else is of the environment.
    let known = inputs.manifest.is_some() && environment.owner.repository.is_known();
    if !known || environment.pull_request.is_some() {
        return Vec::new();
    }
    let is_service = |worker: &Worker| environment.services.iter().any(|it| it.worker == worker.name);
    let left = workers
        .iter()
        .filter(|worker| worker.verdict(&environment.owner).is_ours() && !is_service(worker));
    left.map(|worker| worker.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use actions_core::cloudflare::WorkerSettings;
    use actions_core::owner::Repository;

    use super::*;

    fn owner(id: Option<u64>, name: &str) -> Owner {
        Owner {
            repository: Repository {
                id,
                name: name.to_owned(),
            },
            project: "codex".to_owned(),
            environment: "production".to_owned(),
            pull_request: None,
        }
    }

    #[test]
    fn a_marker_that_names_nobody_is_not_written() {
        let known = owner(Some(7), "acme/app").marker();
        let (nobody, present) = (owner(None, ""), vec!["cf:x".to_owned(), known.clone()]);
        assert_eq!(marker(&nobody, &present), Some(known));
        assert_eq!(marker(&nobody, &["cf:x".to_owned()]), None);
        assert_eq!(
            marker(&owner(Some(7), "acme/new"), &present).as_deref(),
            Some("codex-actions:7:acme/new:codex:production")
        );
    }

    #[test]
    fn only_this_owners_marker_is_ours() {
        let of = |tag: &str| {
            let live = Live {
                settings: WorkerSettings {
                    tags: vec![tag.to_owned()],
                    ..WorkerSettings::default()
                },
                ..Live::default()
            };
            verdict(&owner(Some(7), "acme/app"), &live)
        };
        assert!(of("codex-actions:7:acme/old:codex:production").is_ours());
        assert!(of("codex-actions:8:acme/app:codex:production").foreign().is_some());
        assert_eq!(of("cf:service=api"), Verdict::Unmarked);
    }
}
