//! Reads the zone, decides, guards, writes; and reads again where somebody else was faster or an answer was lost.

use std::cell::Cell;
use std::rc::Rc;

use actions_core::cloudflare::{DnsChange, DnsRecord, Error, Reader};
use actions_core::error::Fault;
use actions_core::owner::Owner;
use actions_core::plan::{Plan, Verb};
use actions_core::runner::signal::Interrupt;

use crate::plan::{Decision, Fate, Line};
use crate::report;
use crate::zone::Found;

/// How often the zone is read at most: once, and again after each surprise.
const ROUNDS: usize = 4;
/// The zone is no longer what was read: a record exists already (81053 …58), or is gone (81044).
const STALE: &[u32] = &[81044, 81053, 81054, 81057, 81058];

/// Which records are read.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// All: others' records decide what is possible.
    Zone,
    /// Those with a marker of ours, which is all that a deletion for this owner needs.
    Marked(Owner),
}

/// Whether something is being written, and whether more may be. Shared by the run and what listens for its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writes(Rc<Cell<(bool, Option<Interrupt>)>>);

impl Writes {
    /// From here on, nothing is written.
    pub(crate) fn stop(&self, signal: Interrupt) {
        let (under_way, _) = self.0.get();
        self.0.set((under_way, Some(signal)));
    }

    pub(crate) fn under_way(&self) -> bool {
        self.0.get().0
    }

    fn begin(&self) -> Result<(), Fault> {
        if let (_, Some(signal)) = self.0.get() {
            return Err(report::cancelled(Some(signal), false));
        }
        self.0.set((true, None));
        Ok(())
    }

    fn end(&self) {
        let (_, stopped) = self.0.get();
        self.0.set((false, stopped));
    }
}

/// What may be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    /// `None`: any number.
    pub max_deletes: Option<usize>,
    /// Plan only.
    pub dry_run: bool,
    /// Leave it to the caller to tell of conflicts, together with all else that is not right.
    pub only_look: bool,
    pub writes: &'a Writes,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub line: Line,
    /// What was planned for it.
    pub verb: Option<Verb>,
    /// Whether the plan was carried out (or found carried out).
    pub done: bool,
}

/// How far it came. Kept whole when it fails half way, so that it can be told.
#[derive(Debug, Default)]
pub(crate) struct Converged {
    pub outcomes: Vec<Outcome>,
    /// The first plan, as it was shown.
    pub plan: Plan<DnsChange>,
    pub changed: bool,
}

/// Makes the zone what `decide` says it should be, beginning with the records as they were `first` read. `shown` is called with each plan before anything is written.
pub(crate) async fn converge(
    reader: &Reader,
    found: &mut Found,
    scope: &Scope,
    first: Vec<DnsRecord>,
    limits: Limits<'_>,
    decide: impl Fn(&[DnsRecord]) -> Decision,
    converged: &mut Converged,
) -> anyhow::Result<()> {
    // Changes whose answer was lost: if the zone has them now, they were ours.
    let mut lost: Vec<Outcome> = Vec::new();
    let mut records = first;
    for round in 1.. {
        if round > 1 {
            records = read(reader, found, scope).await?;
        }
        let decision = decide(&records);
        if round == 1 {
            converged.plan = decision.plan.clone();
            report::show_plan(&decision.plan);
        }
        settle(converged, &decision, &lost);
        if limits.only_look {
            return Ok(());
        }
        let conflicts: Vec<&Line> = decision.conflicts().collect();
        if !conflicts.is_empty() {
            return Err(report::conflicts(&conflicts).into());
        }
        if let Some(allowed) = limits.max_deletes {
            decision
                .plan
                .guard(allowed, "max-deletes")
                .map_err(|error| report::unsafe_plan(&error))?;
        }
        if decision.plan.is_empty() || limits.dry_run {
            return Ok(());
        }
        let changes: Vec<DnsChange> = decision
            .plan
            .changes
            .iter()
            .map(|change| change.action.clone())
            .collect();
        // The one place where a writer is made.
        limits.writes.begin()?;
        let carried = reader.writer().change_dns(&found.zone, &changes).await;
        limits.writes.end();
        for outcome in &mut converged.outcomes {
            if let Fate::Planned(at) = outcome.line.fate
                && carried.done.contains(&at)
            {
                outcome.done = true;
            }
        }
        converged.changed |= !carried.done.is_empty();
        let Err(error) = carried.outcome else { return Ok(()) };
        // What may have been made is told as changed.
        converged.changed |= error.may_be_done();
        if round == ROUNDS || !error.has_any(STALE) {
            return Err(error.into());
        }
        tracing::info!("{}; reading the zone again", report::surprise(&error));
        lost = converged
            .outcomes
            .iter()
            .filter(|outcome| outcome.verb.is_some() && (outcome.done || error.is_after_unclear()))
            .cloned()
            .collect();
    }
    Ok(())
}

/// The records in scope, of a zone that is proven to be the one that is meant.
pub(crate) async fn read(reader: &Reader, found: &mut Found, scope: &Scope) -> Result<Vec<DnsRecord>, Error> {
    let records = match scope {
        Scope::Zone => reader.dns_records(&found.zone).await?,
        Scope::Marked(_) => reader.marked_dns_records(&found.zone).await?,
    };
    // Records with our own marker prove the zone as well as its name does.
    let proven = |owner: &Owner| records.iter().any(|record| record.verdict(owner).is_ours());
    if !matches!(scope, Scope::Marked(owner) if proven(owner)) {
        found.prove(reader, &records).await?;
    }
    Ok(records)
}

/// Notes how each record stands now, and which earlier change, its answer lost, was carried out after all.
fn settle(converged: &mut Converged, decision: &Decision, lost: &[Outcome]) {
    let mut outcomes: Vec<Outcome> = decision
        .lines
        .iter()
        .map(|line| {
            let verb = match line.fate {
                Fate::Planned(at) => Some(decision.plan.changes[at].verb),
                Fate::Right | Fate::Conflict(_) => None,
            };
            let earlier = lost.iter().find(|earlier| verb.is_none() && same(&earlier.line, line));
            Outcome {
                line: line.clone(),
                verb: earlier.map_or(verb, |earlier| earlier.verb),
                done: earlier.is_some(),
            }
        })
        .collect();
    // A deletion that was carried out leaves no line behind.
    for earlier in lost.iter().filter(|earlier| earlier.verb == Some(Verb::Delete)) {
        if !decision.lines.iter().any(|line| same(&earlier.line, line)) {
            outcomes.push(Outcome {
                done: true,
                ..earlier.clone()
            });
        }
    }
    converged.changed |= outcomes.iter().any(|outcome| outcome.done);
    converged.outcomes = outcomes;
}

fn same(a: &Line, b: &Line) -> bool {
    (&a.name, &a.kind, &a.content) == (&b.name, &b.kind, &b.content)
}
