//! KV namespaces. Nothing but its title is on one: whose it is say the Workers that bind it.

use actions_core::owner::{Claim, Owner, Whose};
use actions_core::reports::RemovalKind;

use super::workers::{Standing, Workers};
use super::{Decision, Ground, Reason, Thing};
use crate::facts::Facts;
use crate::subject::Subject;

impl Decision {
    pub(super) fn namespaces(&mut self, subject: &Subject, facts: &Facts, workers: &Workers<'_>) {
        let all = match &facts.namespaces {
            None => return,
            // A token for a project without KV need not be allowed to see it.
            Some(Err(_)) if subject.kv_titles().is_empty() => return,
            Some(Err(unread)) => return self.unread(RemovalKind::KvNamespace, subject, unread),
            Some(Ok(all)) => all,
        };
        let titles = subject.kv_titles();
        for title in &titles {
            let mut found = all.iter().filter(|namespace| namespace.title == *title).peekable();
            if found.peek().is_none() {
                self.absent(RemovalKind::KvNamespace, title);
            }
            for namespace in found {
                match doubt(subject, facts, workers, title) {
                    None => self.goes(Thing::Namespace(namespace.clone()), Ground::Own, 0),
                    Some(Reason::Unknown(unread)) => {
                        self.left(RemovalKind::KvNamespace, title, Reason::Unknown(unread));
                    }
                    Some(reason) => self.kept(RemovalKind::KvNamespace, title, reason),
                }
            }
        }
        // Of a binding that the manifest has forgotten: no Worker tells whose it is.
        for namespace in all {
            if subject.could_title(&namespace.title) && !titles.contains(namespace.title.as_str()) {
                self.kept(RemovalKind::KvNamespace, &namespace.title, Reason::LooksAlike);
            }
        }
    }
}

/// What speaks against a namespace of this title being ours. Where all Workers that bind it are gone, they went in a run
/// before; unless another repository has an environment of our very name, whose namespaces have our titles.
fn doubt(subject: &Subject, facts: &Facts, workers: &Workers<'_>, title: &str) -> Option<Reason> {
    let binding = subject.names.services.iter();
    let mut binding = binding.filter(|service| service.kv.iter().any(|bound| bound == title));
    let doubt = binding.find_map(|service| match workers.standing(&service.worker) {
        Standing::Goes(_) | Standing::Gone => None,
        Standing::Not(whose) => Some(Reason::BoundBy {
            worker: service.worker.clone(),
            whose,
        }),
        Standing::Unknown(unread) => Some(Reason::Unknown(unread)),
    });
    let doubt = doubt.or_else(|| {
        let (worker, whose) = workers.namesake(subject)?;
        Some(Reason::BoundBy {
            worker,
            whose: Some(whose),
        })
    });
    doubt.or_else(|| namesake(&subject.owner, facts.claims()).map(Reason::Foreign))
}

/// An environment whose namespaces have the owner's titles: any thing at all that says so will do, since a namespace says
/// nothing itself.
pub(crate) fn namesake(owner: &Owner, claims: impl IntoIterator<Item = Claim>) -> Option<Whose> {
    let mut whose = claims
        .into_iter()
        .filter_map(|claim| owner.verdict([claim]).foreign().cloned());
    whose.find(|whose| whose.is_namesake_of(owner))
}
