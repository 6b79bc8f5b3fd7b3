//! Whether a Worker that stays binds a KV namespace that is to go. A namespace carries no marker, and a Worker binds it by
//! its id, so only the Workers' bindings tell: one request each, asked as seldom as can be, and once for a whole run.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::cloudflare::{Reader, Worker};
use actions_core::owner::Verdict;
use actions_core::reports::RemovalKind;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::facts::Facts;
use crate::plan::{Decision, Going, Ground, Reason, Standing, Staying, Thing};
use crate::subject::Subject;
use crate::unread::Unread;

/// Questions at once.
const AT_ONCE: usize = 6;
/// Half of what a token may ask in five minutes: a run that reads more would take it from the deploys beside it.
const MOST: usize = 600;

/// The Workers that bind a namespace, by its id; or why that is not known.
enum Known {
    By(BTreeMap<String, Vec<String>>),
    TooMany(Unread),
    Unread(Unread),
}

/// Keeps, of what is to go, the namespaces that a Worker which stays binds. Where the Worker that a namespace was made for
/// goes as well, by our tag, only the repository's own permanent Workers are asked; else all that stay are.
pub(crate) async fn keep_bound(reader: Option<&Reader>, facts: &Facts, going: &mut [(&Subject, &mut Decision)]) {
    let (Some(reader), Some(Ok(all))) = (reader, &facts.workers) else {
        return;
    };
    let asked = asked(all, going);
    if asked.is_empty() {
        return;
    }
    let known = if asked.len() > MOST {
        Known::TooMany(Unread {
            reason: format!(
                "the account has {} Workers beside these, more than the {MOST} whose bindings are read in one run",
                asked.len()
            ),
            hint: None,
        })
    } else {
        read(reader, &asked).await
    };
    for (subject, decision) in going {
        keep(subject, decision, all, &known);
    }
}

fn is_namespace(going: &Going) -> bool {
    matches!(going.thing, Thing::Namespace(_))
}

/// Whether a namespace goes together with a Worker that it was made for and that carries our tag.
fn is_proven(subject: &Subject, decision: &Decision, title: &str) -> bool {
    let services = subject.names.services.iter();
    let mut binding = services.filter(|service| service.kv.iter().any(|bound| bound == title));
    binding.any(|service| {
        decision.going.iter().any(|going| {
            going.ground != Ground::Adopted && matches!(&going.thing, Thing::Worker(name) if *name == service.worker)
        })
    })
}

/// The Workers whose bindings have to be known.
fn asked(all: &[Worker], going: &[(&Subject, &mut Decision)]) -> Vec<String> {
    let with_namespaces: Vec<_> = going
        .iter()
        .filter(|(_, decision)| decision.going.iter().any(is_namespace))
        .collect();
    if with_namespaces.is_empty() {
        return Vec::new();
    }
    let proven = |(subject, decision): &&(&Subject, &mut Decision)| {
        let mut titles = decision.going.iter().filter(|going| is_namespace(going));
        titles.all(|going| is_proven(subject, decision, going.thing.name()))
    };
    let only_ours = with_namespaces.iter().copied().all(|one| proven(&one));
    let goes: BTreeSet<&str> = going
        .iter()
        .flat_map(|(_, decision)| &decision.going)
        .filter_map(|going| match &going.thing {
            Thing::Worker(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let stays = all.iter().filter(|worker| !goes.contains(worker.name.as_str()));
    let asked = stays.filter(|worker| !only_ours || with_namespaces.iter().any(|(one, _)| is_permanent(one, worker)));
    asked.map(|worker| worker.name.clone()).collect()
}

/// Whether a Worker is of an environment of the same repository that is not one per pull request.
fn is_permanent(subject: &Subject, worker: &Worker) -> bool {
    use actions_core::owner::Claim;
    let mut claims = worker.tags.iter().filter_map(|tag| Claim::of(tag));
    claims.any(|claim| {
        let Claim::Marked(marker) = claim else { return false };
        let owner = marker.owner_in(&subject.owner.repository);
        owner.is_some_and(|owner| owner.pull_request.is_none())
    })
}

async fn read(reader: &Reader, workers: &[String]) -> Known {
    let questions = stream::iter(workers).map(|worker| async move {
        let bound = reader.kv_bindings(worker).await?;
        Ok::<_, actions_core::cloudflare::Error>((worker, bound))
    });
    let answers: Result<Vec<_>, _> = questions.buffered(AT_ONCE).try_collect().await;
    match answers {
        Err(error) => Known::Unread(error.into()),
        Ok(answers) => {
            let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (worker, ids) in answers {
                for id in ids {
                    by.entry(id).or_default().push(worker.clone());
                }
            }
            Known::By(by)
        }
    }
}

fn keep(subject: &Subject, decision: &mut Decision, all: &[Worker], known: &Known) {
    let against = |going: &Going| -> Option<Standing> {
        let Thing::Namespace(namespace) = &going.thing else {
            return None;
        };
        match known {
            Known::Unread(unread) => Some(Standing::Left(Reason::Unknown(unread.clone()))),
            Known::TooMany(unread) => Some(Standing::Kept(Reason::Unknown(unread.clone()))),
            Known::By(by) => {
                let name = by.get(&namespace.id)?.first()?;
                let worker = all.iter().find(|worker| worker.name == *name)?;
                match worker.verdict(&subject.owner) {
                    // It is to go and cannot: what it uses waits for it.
                    Verdict::Ours => Some(Standing::Left(Reason::Unknown(Unread {
                        reason: format!("Worker `{name}` stays for now, and binds it"),
                        hint: None,
                    }))),
                    verdict => Some(Standing::Kept(Reason::InUse {
                        worker: name.clone(),
                        whose: verdict.foreign().cloned(),
                    })),
                }
            }
        }
    };
    let mut stays = Vec::new();
    decision.going.retain(|going| match against(going) {
        None => true,
        Some(standing) => {
            stays.push(Staying {
                kind: RemovalKind::KvNamespace,
                name: going.thing.name().to_owned(),
                standing,
            });
            false
        }
    });
    decision.staying.extend(stays);
}
