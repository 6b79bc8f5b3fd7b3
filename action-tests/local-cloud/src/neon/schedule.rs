//! Puts the operations of a mutation into the project.

use super::door::Ctx;
use super::model::{Branch, Project};
use super::operation::{Operation, Status};

/// An operation to be scheduled.
pub(super) struct Step {
    action: &'static str,
    branch_id: String,
    endpoint_id: Option<String>,
    waits_for: Vec<String>,
}

impl Step {
    pub(super) fn on_branch(action: &'static str, branch: &str) -> Self {
        Self {
            action,
            branch_id: branch.to_owned(),
            endpoint_id: None,
            waits_for: Vec::new(),
        }
    }

    pub(super) fn on_endpoint(action: &'static str, branch: &str, endpoint: &str) -> Self {
        Self {
            endpoint_id: Some(endpoint.to_owned()),
            ..Self::on_branch(action, branch)
        }
    }

    /// Finishes no sooner than the branch's real databases exist.
    pub(super) fn until_there(mut self, branch: &Branch) -> Self {
        self.waits_for
            .extend(branch.databases.iter().map(|database| database.physical.clone()));
        self
    }
}

/// Schedules the steps as one chain; the first one runs at once, as in Neon's answers. Returns the
/// chain's number.
pub(super) fn schedule(ctx: &Ctx, project: &mut Project, steps: Vec<Step>) -> u64 {
    let chain = project.operations.last().map_or(1, |last| last.chain + 1);
    for (position, step) in steps.into_iter().enumerate() {
        let first = position == 0;
        project.operations.push(Operation {
            id: ctx.ids.uuid(),
            chain,
            action: step.action.to_owned(),
            branch_id: Some(step.branch_id),
            endpoint_id: step.endpoint_id,
            status: if first { Status::Running } else { Status::Scheduling },
            created_at: ctx.now,
            updated_at: ctx.now,
            began_at: first.then_some(ctx.now),
            error: None,
            length_ms: ctx.settings.operation_ms,
            waits_for: step.waits_for,
        });
    }
    chain
}
