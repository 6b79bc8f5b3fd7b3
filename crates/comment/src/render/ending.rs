//! What the reports and the job say of the environment, for a machine: a deployment's state, a commit's.

use actions_core::reports::{Report, Status};

use super::effect::{Effect, put_back};
use super::state::{Job, has_failed};

/// How what was asked for ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It serves what the commit says.
    Success,
    Failure,
    /// It serves what was there before.
    PutBack,
    Cancelled,
    /// `dry-run`: nothing was touched.
    Planned,
    /// It was taken down.
    Removed,
    /// Nothing tells that something was deployed.
    Nothing,
}

impl Ending {
    /// By the same rules as the comment's heading: the worst thing that any report says, or the job of its other steps.
    ///
    /// Without any report, the job alone is believed: somebody else's deployment.
    pub fn of(reports: &[Report], job: Job) -> Self {
        let told: Vec<(Effect, &Report)> = reports
            .iter()
            .filter_map(|report| Some((Effect::of(report)?, report)))
            .collect();
        if reports.iter().any(|report| matches!(report, Report::Cleanup(_))) {
            return Self::Removed;
        }
        match job {
            Job::Cancelled => return Self::Cancelled,
            Job::Failed => return Self::Failure,
            Job::Fine | Job::Skipped if reports.iter().any(has_failed) => return Self::Failure,
            Job::Fine if told.is_empty() => return Self::Success,
            Job::Fine | Job::Skipped => {}
        }
        let status = |report: &Report| report.head().status;
        let serving = told
            .iter()
            .rfind(|(effect, _)| matches!(effect, Effect::Deploy | Effect::Rollback));
        match serving {
            Some((_, report)) if status(report) == Status::Planned => Self::Planned,
            Some((_, report)) if status(report) != Status::Done => Self::Nothing,
            Some((Effect::Rollback, report)) if put_back(report) => Self::PutBack,
            Some((Effect::Deploy, _)) => Self::Success,
            // Deployed by something else, and found healthy.
            None if told
                .iter()
                .any(|(effect, report)| *effect == Effect::Check && status(report) == Status::Done) =>
            {
                Self::Success
            }
            None if told.iter().any(|(_, report)| status(report) == Status::Planned) => Self::Planned,
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_worst_that_is_told_is_the_ending() {
        let deploy = |status: &str| json!({"action": "deploy-workers", "status": status});
        let rollback = |state: &str| {
            json!({"action": "deploy-workers", "command": "rollback", "status": "done",
            "services": [{"service": "api", "state": state}]})
        };
        let check = |healthy: bool| json!({"action": "health-check", "status": if healthy { "done" } else { "failed" }, "healthy": healthy});
        let branch = json!({"action": "neon-branch", "command": "create", "status": "done"});
        let table: [(&[Value], Job, Ending); 19] = [
            (&[], Job::Fine, Ending::Success),
            (&[], Job::Failed, Ending::Failure),
            (&[], Job::Cancelled, Ending::Cancelled),
            (&[], Job::Skipped, Ending::Nothing),
            (&[deploy("done")], Job::Skipped, Ending::Success),
            (&[deploy("failed")], Job::Skipped, Ending::Failure),
            (
                &[branch.clone(), deploy("done"), check(true)],
                Job::Fine,
                Ending::Success,
            ),
            (&[deploy("done"), check(false)], Job::Fine, Ending::Failure),
            (&[deploy("done")], Job::Failed, Ending::Failure),
            (&[deploy("failed")], Job::Cancelled, Ending::Cancelled),
            (
                &[deploy("failed"), rollback("rolled-back")],
                Job::Failed,
                Ending::Failure,
            ),
            (&[rollback("rolled-back")], Job::Fine, Ending::PutBack),
            (&[rollback("unchanged")], Job::Fine, Ending::Nothing),
            (&[deploy("planned")], Job::Fine, Ending::Planned),
            (&[deploy("sideways")], Job::Fine, Ending::Nothing),
            (std::slice::from_ref(&branch), Job::Fine, Ending::Nothing),
            (&[branch.clone(), check(true)], Job::Fine, Ending::Success),
            (
                &[json!({"action": "neon-branch", "status": "planned"})],
                Job::Fine,
                Ending::Planned,
            ),
            (
                &[json!({"action": "cleanup", "status": "done"})],
                Job::Fine,
                Ending::Removed,
            ),
        ];
        for (reports, job, ending) in table {
            let read: Vec<Report> = reports
                .iter()
                .map(|report| Report::of(report.clone()).unwrap())
                .collect();
            assert_eq!(Ending::of(&read, job), ending, "{reports:?} {job:?}");
        }
    }
}
