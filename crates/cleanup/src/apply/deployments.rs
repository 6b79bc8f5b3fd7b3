//! GitHub's deployments: retired before anything goes, deleted when everything has.

use actions_core::github;
use actions_core::reports::RemovalKind;

use super::Work;
use crate::outcome::{End, Stop, Why};
use crate::plan::Thing;
use crate::unread::one_line;

/// What GitHub shows of a deployment that is retired.
const RETIRED: &str = "its environment is being deleted";

impl Work<'_> {
    /// Makes the newest ones inactive that are not: whoever follows their link finds out why it ends nowhere. One that
    /// stays active is told, and deleted all the same in its turn.
    pub(super) async fn retire(&self) {
        let Some(writer) = &self.writers.github else { return };
        let newest = self.going.iter().filter_map(|going| match going.thing {
            Thing::Deployment { id, .. } => Some(id),
            _ => None,
        });
        for id in newest {
            if self.brake.on(RemovalKind::Deployment).is_some() {
                return;
            }
            match self.retire_one(writer, id).await {
                Ok(was_over) if was_over => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!("could not retire deployment {id}: {}", one_line(&error));
                    return;
                }
            }
        }
    }

    /// `true` when it was over already: those before it are, too, since whoever makes a deployment ends the one before.
    async fn retire_one(&self, writer: &github::Writer, id: u64) -> Result<bool, github::Error> {
        let Some(statuses) = writer.reader().deployment_statuses(id, 1).await? else {
            return Ok(false);
        };
        if statuses.first().is_some_and(|status| status.state.is_over()) {
            return Ok(true);
        }
        let _place = self.writers.place(RemovalKind::Deployment).await;
        writer.retire_deployment(id, RETIRED).await?;
        Ok(false)
    }

    pub(super) async fn delete_deployment(&self, id: u64) -> End {
        let Some(writer) = &self.writers.github else {
            return End::Left(Why::NotTried(Stop::GivenUp(0)));
        };
        match writer.delete_deployment(id).await {
            Ok(_) => End::Deleted,
            Err(error) => {
                self.count(RemovalKind::Deployment, error.is_ambiguous() || error.is_forbidden());
                End::Left(Why::Failed(error.into()))
            }
        }
    }
}
