//! What is to become of an environment's deployments: facts in, plan out.

use actions_comment::render::Ending;
use actions_core::event::Run;
use actions_core::github::deployments::{Deployment, State, Status};
use actions_core::owner::Owner;

/// Where the run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The work begins.
    Begin,
    /// It is over.
    End(Ending),
}

/// The deployments of one environment, newest first, with their statuses as far as they were read, newest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) all: Vec<Deployment>,
    /// Of the newest ones; the rest are over.
    pub(crate) histories: Vec<(Deployment, Vec<Status>)>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Plan {
    /// No deployment is told of: a dry run, a removal, nothing that was deployed.
    Nothing,
    /// A later run has made one: what this run knows is older.
    Overtaken {
        by: Run,
        /// This run's own, where it was left without an end.
        leave: Option<u64>,
    },
    Set {
        /// This run's deployment; `None`: it has to be made.
        mine: Option<u64>,
        /// The state to be set; `None`: it stands so already.
        state: Option<State>,
        /// Those that are inactive from now on, oldest first, so that what is left after a failure is found again.
        retire: Vec<u64>,
    },
}

impl Phase {
    /// The state that this run's deployment is to have.
    pub(crate) fn state(self) -> Option<State> {
        match self {
            Self::Begin => Some(State::InProgress),
            Self::End(Ending::Success) => Some(State::Success),
            Self::End(Ending::Failure | Ending::PutBack) => Some(State::Failure),
            // Nobody has seen how it ended.
            Self::End(Ending::Cancelled) => Some(State::Error),
            Self::End(Ending::Planned | Ending::Removed | Ending::Nothing) => None,
        }
    }
}

impl Facts {
    fn last(&self, id: u64) -> Option<&Status> {
        let found = self.histories.iter().find(|(deployment, _)| deployment.id == id);
        found.and_then(|(_, statuses)| statuses.first())
    }

    /// Made by exactly this run.
    pub(crate) fn of_run(&self, owner: &Owner, run: Option<Run>) -> Option<&Deployment> {
        // Outside of a workflow no run can be told from another.
        run?;
        self.all.iter().find(|deployment| deployment.is_of_run(owner, run))
    }

    /// The newest commit that was deployed well, by another run than this one.
    pub(crate) fn base(&self, run: Option<Run>) -> Option<&str> {
        let others = self
            .histories
            .iter()
            .filter(|(deployment, _)| deployment.note.run != run);
        let mut well = others.filter(|(_, statuses)| statuses.iter().any(|status| status.state == State::Success));
        well.next().map(|(deployment, _)| deployment.sha.as_str())
    }
}

/// The plan of this run, at this phase, for an environment that is at `url` when it succeeds.
pub(crate) fn plan(facts: &Facts, owner: &Owner, run: Option<Run>, phase: Phase, url: &str) -> Plan {
    let mine = facts.of_run(owner, run).map(|deployment| deployment.id);
    let last = mine.and_then(|id| facts.last(id));
    let Some(wanted) = phase.state() else {
        // This run has said that it has begun, and nothing came of it: GitHub would show it as in progress for ever.
        let open = last.is_some_and(|last| last.state == State::InProgress);
        return match mine {
            Some(_) if open => Plan::Set {
                mine,
                state: Some(State::Inactive),
                retire: Vec::new(),
            },
            _ => Plan::Nothing,
        };
    };
    let runs = facts.all.iter().filter_map(|deployment| deployment.note.run);
    if let Some(by) = runs.max()
        && run.is_some_and(|run| by > run)
    {
        let leave = mine.filter(|id| facts.histories.iter().any(|(it, _)| it.id == *id));
        let open = last.is_none_or(|last| !last.state.is_over() && last.state != State::Success);
        return Plan::Overtaken {
            by,
            leave: leave.filter(|_| open),
        };
    }
    let stands = last.is_some_and(|last| match phase {
        // However it stands, this run has begun.
        Phase::Begin => true,
        Phase::End(_) => last.state == wanted && (wanted != State::Success || last.environment_url == url),
    });
    let is_past = |last: Option<&Status>| match last.map(|last| last.state) {
        Some(state) if state.is_over() => false,
        // What served goes on serving until something takes its place.
        Some(State::Success) => wanted == State::Success,
        _ => true,
    };
    let others = facts.histories.iter().rev().filter(|(it, _)| Some(it.id) != mine);
    let retire = others.filter(|(_, statuses)| is_past(statuses.first()));
    Plan::Set {
        mine,
        state: (!stands).then_some(wanted),
        retire: retire.map(|(deployment, _)| deployment.id).collect(),
    }
}

#[cfg(test)]
mod tests {
    use actions_core::github::deployments::Note;
    use actions_core::owner::Repository;

    use super::*;

    fn owner() -> Owner {
        Owner {
            repository: Repository {
                id: Some(7),
                name: "acme/app".to_owned(),
            },
            project: "shop".to_owned(),
            environment: "preview".to_owned(),
            pull_request: Some(42),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the runner tells it")]
    fn run(id: u64, attempt: u64) -> Option<Run> {
        Some(Run { id, attempt })
    }

    /// Newest first: run, attempt, state of each.
    fn facts(listed: &[(u64, u64, Option<State>)]) -> Facts {
        let made = listed.iter().enumerate().map(|(n, (id, attempt, state))| {
            let deployment = Deployment {
                id: 100 - n as u64,
                sha: format!("{n:040x}"),
                environment: "preview".to_owned(),
                created_at: None,
                note: Note {
                    owner: owner().marker(),
                    run: run(*id, *attempt),
                    first_commit: None,
                },
            };
            let status = state.map(|state| Status {
                state,
                at: None,
                environment_url: "https://x".to_owned(),
                log_url: String::new(),
            });
            (deployment, status.into_iter().collect::<Vec<_>>())
        });
        let histories: Vec<_> = made.collect();
        Facts {
            all: histories.iter().map(|(deployment, _)| deployment.clone()).collect(),
            histories,
        }
    }

    fn planned(listed: &[(u64, u64, Option<State>)], now: Option<Run>, phase: Phase) -> Plan {
        plan(&facts(listed), &owner(), now, phase, "https://x")
    }

    fn set(mine: Option<u64>, state: Option<State>, retire: &[u64]) -> Plan {
        Plan::Set {
            mine,
            state,
            retire: retire.to_vec(),
        }
    }

    const ENDED: Phase = Phase::End(Ending::Success);
    const FAILED: Phase = Phase::End(Ending::Failure);

    #[test]
    fn each_run_has_one_and_the_others_go_when_it_succeeds() {
        use State::{Error, Failure, InProgress, Inactive, Success};
        // Nothing is there yet; it is made; it is not made twice, nor told twice.
        assert_eq!(planned(&[], run(5, 1), Phase::Begin), set(None, Some(InProgress), &[]));
        let begun: &[_] = &[(5, 1, Some(InProgress))];
        assert_eq!(planned(begun, run(5, 1), Phase::Begin), set(Some(100), None, &[]));
        assert_eq!(planned(begun, run(5, 1), ENDED), set(Some(100), Some(Success), &[]));
        let ended: &[_] = &[(5, 1, Some(Success))];
        assert_eq!(planned(ended, run(5, 1), ENDED), set(Some(100), None, &[]));
        // Made, and cut off before its first status.
        assert_eq!(
            planned(&[(5, 1, None)], run(5, 1), Phase::Begin),
            set(Some(100), Some(InProgress), &[])
        );
        // The next run: what serves stays until it is replaced, oldest first; what crashed goes at once.
        let before: &[_] = &[(6, 1, Some(InProgress)), (5, 1, Some(Success)), (4, 1, Some(Success))];
        assert_eq!(
            planned(before, run(7, 1), Phase::Begin),
            set(None, Some(InProgress), &[100])
        );
        assert_eq!(
            planned(before, run(6, 1), ENDED),
            set(Some(100), Some(Success), &[98, 99])
        );
        assert_eq!(planned(before, run(6, 1), FAILED), set(Some(100), Some(Failure), &[]));
        // A second attempt is another deployment; what is over is left.
        let over: &[_] = &[(6, 1, Some(Failure)), (5, 1, Some(Inactive)), (4, 1, Some(Error))];
        assert_eq!(planned(over, run(6, 2), ENDED), set(None, Some(Success), &[]));
        assert_eq!(
            planned(&[], run(5, 1), Phase::End(Ending::Cancelled)),
            set(None, Some(Error), &[])
        );
    }

    #[test]
    fn an_older_run_does_not_undo_a_newer_one() {
        use State::{InProgress, Inactive, Success};
        let by = Run { id: 6, attempt: 1 };
        let overtaken = |leave| Plan::Overtaken { by, leave };
        let both: &[_] = &[(6, 1, Some(InProgress)), (5, 1, Some(InProgress))];
        assert_eq!(planned(both, run(5, 1), ENDED), overtaken(Some(99)));
        let retired: &[_] = &[(6, 1, Some(Success)), (5, 1, Some(Inactive))];
        assert_eq!(planned(retired, run(5, 1), ENDED), overtaken(None));
        assert_eq!(
            planned(&[(6, 1, Some(Success))], run(5, 1), Phase::Begin),
            overtaken(None)
        );
    }

    #[test]
    fn what_was_not_deployed_is_not_told() {
        for ending in [Ending::Planned, Ending::Removed, Ending::Nothing] {
            assert_eq!(planned(&[], run(5, 1), Phase::End(ending)), Plan::Nothing, "{ending:?}");
        }
    }

    #[test]
    fn a_change_is_measured_from_what_was_deployed_well() {
        use State::{Failure, InProgress, Inactive, Success};
        let mut facts = facts(&[(7, 1, Some(InProgress)), (6, 1, Some(Failure)), (5, 1, Some(Inactive))]);
        let success = Status {
            state: Success,
            ..facts.histories[2].1[0].clone()
        };
        assert_eq!(facts.base(run(7, 1)), None);
        facts.histories[2].1.push(success);
        assert_eq!(facts.base(run(7, 1)), Some(facts.all[2].sha.as_str()));
    }
}
