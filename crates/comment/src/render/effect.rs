//! What one report tells of the environment: by its action, its command and how it ended.

use actions_core::reports::{Command, Report, ServiceState, Status};

/// Actions whose commands this version should know.
const OURS: [&str; 3] = ["neon-branch", "preview-dns", "deploy-workers"];

/// What an action was there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    Deploy,
    Rollback,
    Validate,
    /// `deploy-workers` left bundles for another job.
    Build,
    Check,
    /// `neon-branch`, with its command.
    Branch(Command),
    /// `preview-dns`, with its command.
    Dns(Command),
    /// An action of a later version.
    Other(String),
}

impl Effect {
    /// `None` for what tells nothing of an environment's state: another comment, a preflight. Cleanup is told apart before.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let command = match report.head().command {
            Command::None => Command::default_of(report.action()),
            command => command,
        };
        match report {
            Report::DeployWorkers(_) => Some(match command {
                Command::Validate => Self::Validate,
                Command::Build => Self::Build,
                Command::Rollback => Self::Rollback,
                Command::Deploy => Self::Deploy,
                _ => Self::Other(report.action().to_owned()),
            }),
            Report::NeonBranch(_) | Report::PreviewDns(_) if matches!(command, Command::Unknown | Command::None) => {
                Some(Self::Other(report.action().to_owned()))
            }
            Report::NeonBranch(_) => Some(Self::Branch(command)),
            Report::PreviewDns(_) => Some(Self::Dns(command)),
            Report::HealthCheck(_) => Some(Self::Check),
            Report::Other(action, _) => Some(Self::Other(action.clone())),
            Report::Preflight(_) => Some(Self::Other("preflight".to_owned())),
            Report::Cleanup(_) | Report::PrComment(_) => None,
        }
    }

    /// Whether it leaves the environment as it was.
    pub(super) fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::Validate
                | Self::Build
                | Self::Check
                | Self::Branch(Command::Get | Command::Run | Command::Diff)
                | Self::Dns(Command::Verify)
        )
    }

    pub(super) fn deletes(&self) -> bool {
        matches!(self, Self::Branch(Command::Delete) | Self::Dns(Command::Delete))
    }

    /// Whether this version knows what the command does.
    pub(super) fn is_known(&self) -> bool {
        !matches!(self, Self::Other(action) if OURS.contains(&action.as_str()))
    }

    pub(super) fn mark(&self, status: Status) -> &'static str {
        match (status, self) {
            (Status::Failed, _) => "❌",
            (
                Status::Planned,
                Self::Validate | Self::Branch(Command::Get | Command::Diff) | Self::Dns(Command::Verify),
            ) => "✅",
            (Status::Planned, _) => "📝",
            (_, Self::Deploy) => "🚀",
            (_, Self::Rollback) => "↩️",
            (_, effect) if effect.only_looks() => "✅",
            (_, Self::Validate | Self::Build | Self::Check | Self::Other(_)) => "✅",
            (_, Self::Branch(Command::Delete) | Self::Dns(Command::Delete)) => "🧹",
            (_, Self::Branch(_) | Self::Dns(_)) => "🧱",
        }
    }

    /// What follows the environment's name, when this is all that was done; with a colon where it has a subject of its
    /// own.
    pub(super) fn words(&self, report: &Report) -> String {
        let status = report.head().status;
        let by = |done: &str, planned: &str, failed: &str| {
            match status {
                Status::Failed => failed,
                Status::Planned => planned,
                Status::Done | Status::Unknown => done,
            }
            .to_owned()
        };
        match self {
            Self::Deploy => by("is deployed", "is planned", "failed"),
            Self::Rollback => {
                let done = if put_back(report) {
                    "is rolled back"
                } else {
                    "had nothing to roll back"
                };
                by(done, "is to be rolled back", "could not be rolled back")
            }
            Self::Validate => by("is valid", "is valid", "is not valid"),
            Self::Build => by("is built", "is built", "could not be built"),
            Self::Check => {
                let looked = matches!(report, Report::HealthCheck(check) if !check.endpoints.is_empty());
                let failed = if looked {
                    "is not healthy"
                } else {
                    "could not be checked"
                };
                by("is healthy", "is to be checked", failed)
            }
            Self::Branch(command) => branch(*command, report, by),
            Self::Dns(command) => match command {
                Command::Delete if !report.head().changed => by(
                    "had no DNS records to delete",
                    ": DNS records are to be deleted",
                    ": DNS records could not be deleted",
                ),
                Command::Delete => by(
                    ": DNS records are deleted",
                    ": DNS records are to be deleted",
                    ": DNS records could not all be deleted",
                ),
                Command::Verify => {
                    let looked = matches!(report, Report::PreviewDns(dns) if !dns.records.is_empty());
                    let failed = if looked {
                        ": DNS records are not right"
                    } else {
                        ": DNS records could not be verified"
                    };
                    by(": DNS records are right", ": DNS records are right", failed)
                }
                _ => by(
                    ": DNS records are in place",
                    ": DNS records are planned",
                    ": DNS records could not be put in place",
                ),
            },
            Self::Other(action) => by(
                &format!(": {action} is done"),
                &format!(": {action} is planned"),
                &format!(": {action} failed"),
            ),
        }
    }
}

/// Whether a rollback found something to put back.
pub(super) fn put_back(report: &Report) -> bool {
    let Report::DeployWorkers(deploy) = report else {
        return false;
    };
    deploy
        .services
        .iter()
        .any(|service| service.state == ServiceState::RolledBack)
}

fn branch(command: Command, report: &Report, by: impl Fn(&str, &str, &str) -> String) -> String {
    let differs = matches!(report, Report::NeonBranch(neon)
        if neon.schema_diff.as_ref().is_some_and(|diff| diff.added + diff.removed > 0));
    match command {
        Command::Create => by(
            ": database branch is ready",
            ": database branch is to be made",
            ": database branch could not be made",
        ),
        Command::Get => by(
            ": database branch is there",
            ": database branch is there",
            ": database branch could not be read",
        ),
        Command::Delete if report.head().changed => by(
            ": database branch is deleted",
            ": database branch is to be deleted",
            ": database branch could not be deleted",
        ),
        Command::Delete => by(
            ": database branch was gone already",
            ": database branch is to be deleted",
            ": database branch could not be deleted",
        ),
        Command::Reset => by(
            ": database branch is reset",
            ": database branch is to be reset",
            ": database branch could not be reset",
        ),
        Command::Restore => by(
            ": database branch is restored",
            ": database branch is to be restored",
            ": database branch could not be restored",
        ),
        Command::Checkpoint => by(
            "has a restore point",
            "is to have a restore point",
            ": restore point could not be made",
        ),
        Command::Run => by(
            ": dry run on a copy of the database passed",
            ": dry run on a copy of the database is planned",
            ": dry run on a copy of the database failed",
        ),
        Command::Migrate => by(
            ": database is migrated",
            ": database is to be migrated",
            ": migration failed",
        ),
        Command::Diff if differs => by(
            ": database schema differs",
            ": database schema differs",
            ": database schema could not be compared",
        ),
        Command::Diff => by(
            ": database schema is the same",
            ": database schema is the same",
            ": database schema could not be compared",
        ),
        _ => by(
            ": neon-branch is done",
            ": neon-branch is planned",
            ": neon-branch failed",
        ),
    }
}
