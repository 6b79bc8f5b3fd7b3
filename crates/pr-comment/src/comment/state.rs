//! What the reports say as a whole.

use actions_core::reports::{Cleanup, Report, ServiceState, Status};

/// How the job stands when the comment is written (GitHub's `job.status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Job {
    #[default]
    Fine,
    /// A step before this one failed.
    Failed,
    Cancelled,
}

/// The state that the heading tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Deployed, and every endpoint answered as healthy.
    Ready,
    /// Deployed; nobody has looked whether it works.
    Deployed,
    /// Parts were made (a branch, records), no Worker was deployed.
    Prepared,
    Failed,
    Planned,
    Removed,
    /// Taken down, but for some things that are still there.
    Left(usize),
    RemovalPlanned,
    /// A step that is none of these actions failed: a build, a migration.
    JobFailed,
    JobCancelled,
    /// The last action of the run told something that this version does not know.
    Unclear,
}

impl State {
    /// The worst thing that any report says, or that the job says of its other steps.
    pub(crate) fn of(reports: &[Report], job: Job) -> Self {
        let cleanups: Vec<&Cleanup> = reports
            .iter()
            .filter_map(|report| match report {
                Report::Cleanup(cleanup) => Some(cleanup),
                _ => None,
            })
            .collect();
        if !cleanups.is_empty() {
            return Self::of_removal(&cleanups, reports);
        }
        let all = |status| reports.iter().all(|report| report.head().status == status);
        if reports.iter().any(has_failed) {
            Self::Failed
        } else if job == Job::Failed {
            Self::JobFailed
        } else if job == Job::Cancelled {
            Self::JobCancelled
        } else if all(Status::Planned) {
            Self::Planned
        } else if !all(Status::Done) {
            Self::Unclear
        } else if !reports.iter().any(|report| matches!(report, Report::DeployWorkers(_))) {
            let checked = reports.iter().any(|report| matches!(report, Report::HealthCheck(_)));
            if checked { Self::Ready } else { Self::Prepared }
        } else if reports.iter().any(|report| matches!(report, Report::HealthCheck(_))) {
            Self::Ready
        } else {
            Self::Deployed
        }
    }

    fn of_removal(cleanups: &[&Cleanup], reports: &[Report]) -> Self {
        let left: usize = cleanups.iter().map(|cleanup| cleanup.left).sum();
        if cleanups.iter().all(|cleanup| cleanup.head.status == Status::Planned) {
            Self::RemovalPlanned
        } else if left > 0 || reports.iter().any(has_failed) {
            Self::Left(left)
        } else if reports.iter().all(|report| report.head().status == Status::Done) {
            Self::Removed
        } else {
            Self::Unclear
        }
    }

    pub(crate) fn is_removal(self) -> bool {
        matches!(self, Self::Removed | Self::Left(_) | Self::RemovalPlanned)
    }

    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Ready => "✅",
            Self::Deployed => "🚀",
            Self::Prepared => "🧱",
            Self::Failed | Self::JobFailed | Self::Left(_) => "❌",
            Self::JobCancelled => "🚫",
            Self::Planned | Self::RemovalPlanned => "📝",
            Self::Removed => "🧹",
            Self::Unclear => "❔",
        }
    }

    /// What follows the environment's name.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Ready => "is ready",
            Self::Deployed => "is deployed",
            Self::Prepared => "is prepared",
            Self::Failed | Self::JobFailed => "failed",
            Self::JobCancelled => "was cancelled",
            Self::Planned => "is planned",
            Self::Removed => "is removed",
            Self::Left(_) => "is not fully removed",
            Self::RemovalPlanned => "is to be removed",
            Self::Unclear => "has ended in an unknown state",
        }
    }
}

/// Whether a report tells of a failure, in its status or in what it lists.
pub(super) fn has_failed(report: &Report) -> bool {
    report.head().status == Status::Failed
        || match report {
            Report::DeployWorkers(deploy) => deploy
                .services
                .iter()
                .any(|service| service.state == ServiceState::Failed),
            Report::HealthCheck(check) => !check.healthy && check.head.status != Status::Planned,
            Report::Cleanup(cleanup) => cleanup.left > 0 && cleanup.head.status != Status::Planned,
            _ => false,
        }
}
