//! The names under which a workflow run keeps states of a branch: by them a later attempt knows what a former one did.

use actions_core::event::Event;
use actions_core::naming;
use actions_core::neon::Branch;
use jiff::Timestamp;

/// This workflow run, and which attempt of it.
#[derive(Debug, Clone)]
pub(crate) struct ThisRun {
    id: String,
    attempt: u64,
}

impl ThisRun {
    /// Outside of a workflow each start is a run of its own.
    pub(crate) fn of(event: &Event) -> Self {
        let attempt = event.run_attempt.as_deref().and_then(|text| text.parse().ok());
        Self {
            id: event
                .run_id
                .clone()
                .unwrap_or_else(|| Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string()),
            attempt: attempt.unwrap_or(1),
        }
    }

    /// Whether this is a later attempt than the one given.
    pub(crate) fn is_after(&self, attempt: u64) -> bool {
        self.attempt > attempt
    }

    /// The name of the branch that keeps what was there before a restore in this attempt.
    pub(crate) fn backup(&self, of: &str) -> String {
        self.backup_in(self.attempt, of)
    }

    /// The same under a name that no branch has, for what cannot be told to be done already.
    pub(crate) fn free_backup(&self, of: &str, all: &[Branch]) -> String {
        let first = self.backup(of);
        let further =
            (2_u64..).map(|number| naming::branch(&format!("{}-{number}", self.backup_text(self.attempt, of))));
        std::iter::once(first.clone())
            .chain(further)
            .find(|name| all.iter().all(|known| known.name != *name))
            .unwrap_or(first)
    }

    /// The attempt, not before `since`, that has put the branch back, and the branch that keeps what was there.
    pub(crate) fn put_back<'a>(&self, all: &'a [Branch], of: &str, since: u64) -> Option<(u64, &'a Branch)> {
        (since..=self.attempt)
            .rev()
            .find_map(|attempt| Some((attempt, named(all, &self.backup_in(attempt, of))?)))
    }

    /// The name of this attempt's restore point.
    pub(crate) fn point(&self, of: &str) -> String {
        self.point_in(self.attempt, of)
    }

    /// The newest restore point of this run, and the attempt that has made it.
    pub(crate) fn latest_point<'a>(&self, all: &'a [Branch], of: &str) -> Option<(u64, &'a Branch)> {
        (1..=self.attempt)
            .rev()
            .find_map(|attempt| Some((attempt, named(all, &self.point_in(attempt, of))?)))
    }

    fn point_in(&self, attempt: u64, of: &str) -> String {
        let suffix = if attempt == 1 {
            String::new()
        } else {
            format!("-{attempt}")
        };
        naming::branch(&format!("checkpoint/{of}/{}{suffix}", self.id))
    }

    fn backup_in(&self, attempt: u64, of: &str) -> String {
        naming::branch(&self.backup_text(attempt, of))
    }

    fn backup_text(&self, attempt: u64, of: &str) -> String {
        format!("{of}-before-restore-{}-{attempt}", self.id)
    }
}

fn named<'a>(all: &'a [Branch], name: &str) -> Option<&'a Branch> {
    all.iter().find(|branch| branch.name == name)
}

/// Why a restore point that a former attempt has made is not the state before this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outdated {
    /// The branch was put back since: what was written after that is in no restore point.
    PutBack,
    /// Another run has made a restore point since, to migrate.
    Newer(String),
}

/// Whether the state that a former attempt found is still the one to go back to. It is while this run alone has changed
/// the schema since.
pub(crate) fn outdated(run: &ThisRun, all: &[Branch], of: &Branch, point: &Branch, made_in: u64) -> Option<Outdated> {
    if !run.is_after(made_in) {
        return None;
    }
    let reset = of.last_reset_at.is_some() && of.last_reset_at > point.created_at;
    if reset || run.put_back(all, &of.name, made_in).is_some() {
        return Some(Outdated::PutBack);
    }
    actions_core::neon::retention::newer(all, &of.id, point).map(|newer| Outdated::Newer(newer.name.clone()))
}

#[cfg(test)]
mod tests {
    use actions_core::neon::annotation::Kind;

    use super::*;
    use crate::plan::tests::branch;

    fn run(attempt: u64) -> ThisRun {
        ThisRun {
            id: "2000".to_owned(),
            attempt,
        }
    }

    fn point(name: &str, day: u8) -> Branch {
        branch(
            &format!("checkpoint/production/{name}"),
            day,
            Some("acme/app"),
            Kind::Checkpoint,
            Some("br-production"),
        )
    }

    fn nobodys(name: &str) -> Branch {
        branch(name, 1, None, Kind::Environment, None)
    }

    #[test]
    fn a_former_attempts_point_counts_while_nobody_else_has_moved_the_branch() {
        let production = nobodys("production");
        let mine = point("2000", 5);
        for (attempt, others, expected) in [
            (2, vec![point("1999", 4)], None),
            (
                2,
                vec![point("2001", 6)],
                Some(Outdated::Newer("checkpoint/production/2001".to_owned())),
            ),
            // An attempt's own point is made once.
            (1, vec![point("2001", 6)], None),
            (
                2,
                vec![nobodys("production-before-restore-2000-1")],
                Some(Outdated::PutBack),
            ),
            (2, vec![nobodys("production-before-restore-2001-1")], None),
            (2, vec![nobodys("staging-before-restore-2000-1")], None),
        ] {
            let all = [vec![production.clone(), mine.clone()], others].concat();
            let run = run(attempt);
            let (made_in, latest) = run.latest_point(&all, "production").unwrap();
            assert_eq!((made_in, latest.name.as_str()), (1, "checkpoint/production/2000"));
            assert_eq!(
                outdated(&run, &all, &production, latest, made_in),
                expected,
                "{attempt} {all:?}"
            );
        }
        // By whomever it was put back.
        let mut by_hand = production;
        by_hand.last_reset_at = Some("2026-11-05T12:00:00Z".parse().unwrap());
        assert_eq!(outdated(&run(2), &[], &by_hand, &mine, 1), Some(Outdated::PutBack));
        by_hand.last_reset_at = Some("2026-11-05T09:00:00Z".parse().unwrap());
        assert_eq!(outdated(&run(2), &[], &by_hand, &mine, 1), None);
    }

    #[test]
    fn a_restore_counts_since_the_attempt_that_has_migrated() {
        let all = [nobodys("production-before-restore-2000-1")];
        let put_back = |attempt, since| {
            run(attempt)
                .put_back(&all, "production", since)
                .map(|(attempt, _)| attempt)
        };
        assert_eq!(put_back(3, 1), Some(1));
        assert_eq!(put_back(2, 2), None);
        assert_eq!(put_back(1, 1), Some(1));
        assert_eq!(
            run(1).free_backup("production", &all),
            "production-before-restore-2000-1-2"
        );
        assert_eq!(
            run(2).free_backup("production", &all),
            "production-before-restore-2000-2"
        );
    }
}
