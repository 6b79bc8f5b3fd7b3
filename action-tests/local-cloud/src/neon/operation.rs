//! Operations: what a mutation still has to do after it was answered.

use serde::Serialize;

use super::at::At;
use super::model::Project;

/// One step of a mutation. The steps of one mutation run one after the other.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Operation {
    pub(crate) id: String,
    /// Shared by the operations of one mutation.
    pub(crate) chain: u64,
    pub(crate) action: String,
    pub(crate) branch_id: Option<String>,
    pub(crate) endpoint_id: Option<String>,
    pub(crate) status: Status,
    pub(crate) created_at: At,
    pub(crate) updated_at: At,
    pub(crate) began_at: Option<At>,
    pub(crate) error: Option<String>,
    /// Milliseconds that it runs at least.
    pub(crate) length_ms: i64,
    /// Real databases that must exist before it can finish.
    pub(crate) waits_for: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Scheduling,
    Running,
    Finished,
    Failed,
    Cancelled,
}

impl Operation {
    fn begin(&mut self, at: At) {
        self.status = Status::Running;
        self.began_at = Some(at);
        self.updated_at = at;
    }

    /// Milliseconds that it has run up to its last change.
    pub(crate) fn took_ms(&self) -> i64 {
        self.began_at.map_or(0, |began| self.updated_at.ms_since(began).max(0))
    }
}

/// What is known about a real database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Absent,
    Present,
    Failed(String),
}

impl Project {
    /// Whether new operations are refused.
    pub(crate) fn is_busy(&self) -> bool {
        self.operations
            .iter()
            .any(|operation| matches!(operation.status, Status::Scheduling | Status::Running))
    }

    /// Moves the operations on to what they are at `now`, and carries out what follows from an end.
    pub(crate) fn advance(&mut self, now: At, presence: &dyn Fn(&str) -> Presence) {
        let mut ended = Vec::new();
        // Chain, status and last change of the operation before.
        let mut previous: Option<(u64, Status, At)> = None;
        for operation in &mut self.operations {
            if operation.status == Status::Scheduling {
                match previous.filter(|(chain, ..)| *chain == operation.chain) {
                    None => operation.begin(operation.created_at),
                    Some((_, Status::Finished, end)) => operation.begin(end),
                    Some((_, Status::Failed | Status::Cancelled, end)) => {
                        operation.status = Status::Cancelled;
                        operation.updated_at = end;
                    }
                    Some(_) => {}
                }
            }
            if operation.status == Status::Running
                && let Some((end, error)) = end_of(operation, now, presence)
            {
                operation.status = error.as_ref().map_or(Status::Finished, |_| Status::Failed);
                operation.error = error;
                operation.updated_at = end;
                if operation.status == Status::Finished {
                    ended.push(operation.clone());
                }
            }
            previous = Some((operation.chain, operation.status, operation.updated_at));
        }
        for operation in &ended {
            self.conclude(operation);
        }
    }

    /// What becomes true when an operation has finished.
    fn conclude(&mut self, operation: &Operation) {
        let at = operation.updated_at;
        if let Some(endpoint) = operation.endpoint_id.as_deref().and_then(|id| self.endpoint_mut(id))
            && let Some(pending) = endpoint.pending_state.take()
        {
            endpoint.current_state = pending;
            endpoint.updated_at = at;
            if pending == "active" {
                endpoint.started_at = Some(at);
                endpoint.last_active = Some(at);
                endpoint.suspended_at = None;
            } else {
                endpoint.suspended_at = Some(at);
            }
            return;
        }
        let Some(branch) = operation.branch_id.as_deref().and_then(|id| self.branch_mut(id)) else {
            return;
        };
        if let Some(pending) = branch.pending_state.take() {
            branch.current_state = pending;
            branch.state_changed_at = at;
        }
        if operation.action == "apply_config" {
            for role in &mut branch.roles {
                if let Some(password) = role.next_password.take() {
                    role.password = password;
                }
            }
        }
    }
}

/// When a running operation ended, with an error or without; none while it runs.
fn end_of(operation: &Operation, now: At, presence: &dyn Fn(&str) -> Presence) -> Option<(At, Option<String>)> {
    let due = operation.began_at?.plus_ms(operation.length_ms);
    for database in &operation.waits_for {
        match presence(database) {
            Presence::Present => {}
            Presence::Absent => return None,
            Presence::Failed(error) => return Some((now, Some(error))),
        }
    }
    (due <= now).then_some((due, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(chain: u64, waits_for: &[&str]) -> Operation {
        let created_at = At::parse("2026-07-01T08:00:00Z").unwrap();
        Operation {
            id: format!("op-{chain}"),
            chain,
            action: "create_branch".to_owned(),
            branch_id: None,
            endpoint_id: None,
            status: Status::Scheduling,
            created_at,
            updated_at: created_at,
            began_at: None,
            error: None,
            length_ms: 100,
            waits_for: waits_for.iter().map(ToString::to_string).collect(),
        }
    }

    fn project(operations: Vec<Operation>) -> Project {
        let created_at = operations[0].created_at;
        Project {
            id: "p".to_owned(),
            name: "p".to_owned(),
            created_at,
            updated_at: created_at,
            branches: Vec::new(),
            endpoints: Vec::new(),
            operations,
        }
    }

    fn statuses(project: &Project) -> Vec<Status> {
        project.operations.iter().map(|o| o.status).collect()
    }

    #[test]
    fn operations_of_a_chain_follow_one_another() {
        use Status::{Finished, Running, Scheduling};
        let mut project = project(vec![operation(1, &[]), operation(1, &[]), operation(2, &[])]);
        let start = project.created_at;
        let there = |_: &str| Presence::Present;
        let seen: Vec<_> = [0, 99, 100, 150, 200]
            .into_iter()
            .map(|ms| {
                project.advance(start.plus_ms(ms), &there);
                statuses(&project)
            })
            .collect();
        assert_eq!(seen[0], [Running, Scheduling, Running]);
        assert_eq!(seen[1], [Running, Scheduling, Running]);
        assert_eq!(seen[2], [Finished, Running, Finished]);
        assert_eq!(seen[3], [Finished, Running, Finished]);
        assert_eq!(seen[4], [Finished, Finished, Finished]);
        assert!(!project.is_busy());
        assert_eq!(project.operations[1].took_ms(), 100);
    }

    #[test]
    fn an_operation_waits_for_its_database_and_tells_its_failure() {
        let mut project = project(vec![operation(1, &["db"]), operation(1, &[])]);
        let late = project.created_at.plus_seconds(60);
        project.advance(late, &|_| Presence::Absent);
        assert_eq!(statuses(&project), [Status::Running, Status::Scheduling]);
        project.advance(late, &|_| Presence::Failed("no space".to_owned()));
        assert_eq!(statuses(&project), [Status::Failed, Status::Cancelled]);
        assert!(!project.is_busy());
        assert_eq!(project.operations[0].error.as_deref(), Some("no space"));
    }
}
