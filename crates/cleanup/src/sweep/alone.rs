//! Things that are called like an environment's and carry no marker, when nothing of that environment goes.

use actions_core::reports::RemovalKind;

use super::census::{Census, Found, alike};
use crate::plan::{Reason, Standing as Stands, Staying};

impl Census {
    /// Tells of what is left when nothing of an environment goes, and nothing carries its marker, that it is called like
    /// one: a name alone makes no environment.
    pub(crate) fn without_names_alone(&mut self) {
        let all = std::mem::take(&mut self.environments);
        let is_one = |found: &Found| found.is_marked || !found.decision.going.is_empty();
        let (environments, names): (Vec<Found>, Vec<Found>) = all.into_iter().partition(is_one);
        self.environments = environments;
        let names = names.into_iter().flat_map(|found| found.decision.staying);
        // What else is unread concerns lists, and is told for all.
        let told = names.filter_map(|staying| match staying.standing {
            Stands::Left(reason @ Reason::Unknown(_)) if staying.kind == RemovalKind::KvNamespace => alike(Staying {
                standing: Stands::Kept(reason),
                ..staying
            }),
            _ => alike(staying),
        });
        self.others.extend(told);
        self.others.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        self.others.dedup();
    }
}
