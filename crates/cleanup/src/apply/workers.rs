//! Workers: dependents before what they bind to. One that others still bind to is tried again after them; what is left
//! then may be a circle.

use std::collections::BTreeSet;

use actions_core::reports::RemovalKind;
use futures_util::{StreamExt as _, stream};

use super::{AT_ONCE, Work};
use crate::outcome::{End, Why};
use crate::plan::Ground;

impl Work<'_> {
    pub(super) async fn workers(&self) {
        let mut waiting: Vec<usize> = self.those(RemovalKind::Worker).collect();
        waiting.retain(|at| !self.is_held_by_a_route(*at));
        loop {
            let before = waiting.len();
            let mut bound = Vec::new();
            for level in self.levels(&waiting) {
                let mut done = stream::iter(level).map(|at| self.one(at)).buffered(AT_ONCE);
                while let Some(at) = done.next().await {
                    if self.is_bound(at) {
                        bound.push(at);
                    } else {
                        self.tell(at);
                    }
                }
            }
            if bound.is_empty() || bound.len() == before {
                self.circle(bound).await;
                return;
            }
            waiting = bound;
        }
    }

    /// Of Workers that bind only each other none can go first, so they go by force: nobody is left who would miss them.
    async fn circle(&self, bound: Vec<usize>) {
        let name = |at: usize| self.going[at].thing.name().to_owned();
        let names: Vec<String> = bound.iter().map(|at| name(*at)).collect();
        let circle = match &self.writers.cloudflare {
            Some(writer) if !names.is_empty() => writer.reader().bound_by_each_other(&names).await,
            _ => BTreeSet::new(),
        };
        for at in bound {
            if circle.contains(&name(at)) {
                self.one_by_force(at).await;
            }
            self.tell(at);
        }
    }

    /// Those that may go at the same time, the first ones first.
    fn levels(&self, waiting: &[usize]) -> Vec<Vec<usize>> {
        let levels: BTreeSet<usize> = waiting.iter().map(|at| self.going[*at].level).collect();
        let of = |level: usize| waiting.iter().copied().filter(move |at| self.going[*at].level == level);
        levels.into_iter().map(|level| of(level).collect()).collect()
    }

    fn is_bound(&self, at: usize) -> bool {
        let bound = self.journal.with(at, |end| matches!(end, End::Left(Why::Bound(_))));
        bound.unwrap_or(false)
    }

    /// Without its Worker, nothing would tell that such a route or custom domain is ours.
    fn is_held_by_a_route(&self, at: usize) -> bool {
        let name = self.going[at].thing.name();
        let left = |of: usize| {
            let gone = self.journal.with(of, |end| matches!(end, End::Deleted));
            let is_of_it = matches!(&self.going[of].ground, Ground::KnownBy(worker) if worker == name);
            is_of_it && !gone.unwrap_or(false)
        };
        let held = (0..self.going.len()).any(left);
        if held {
            self.journal.end(at, End::Left(Why::RoutesFirst));
            self.tell(at);
        }
        held
    }
}
