//! Reads what there is of an environment's deployments, and carries the plan out.

use actions_core::event::Run;
use actions_core::github::deployments::{
    Deleted, Deployment, NewDeployment, NewStatus, Note, Posted, State, Status, all_are_over,
};
use actions_core::github::{Changes, Error, Reader, Writer};
use actions_core::owner::Owner;
use jiff::Timestamp;

use super::dora;
use super::plan::{self, Facts, Phase, Plan};
use super::report;

/// Pages of 100 that are read of an environment that stays: its list only grows, and all but the newest are over.
const PAGES: u64 = 2;
/// Statuses of one deployment that are read: it has a handful.
const STATUSES: u32 = 20;

/// What is deployed, and by which run.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) owner: Owner,
    pub(crate) sha: Option<String>,
    pub(crate) run: Option<Run>,
    /// Where the environment is; "" when nobody said.
    pub(crate) url: String,
    /// The run's page; "" outside of a workflow.
    pub(crate) log_url: String,
    /// The commit that the branch was at before the push.
    pub(crate) before: Option<String>,
}

/// What became of the deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) id: Option<u64>,
    pub(crate) created: bool,
    /// How it stands now, as far as this run has set or seen it.
    pub(crate) state: Option<State>,
    /// Whether this run has set that state.
    pub(crate) set: bool,
    /// Older ones that are inactive since this run.
    pub(crate) retired: usize,
    pub(crate) deleted: usize,
    pub(crate) overtaken: Option<Run>,
}

impl Done {
    /// Whether something at GitHub is other than before.
    pub(crate) fn changed(&self) -> bool {
        self.created || self.set || self.retired > 0 || self.deleted > 0
    }
}

/// What there is, and whether it is all that there is.
pub(crate) struct Looked {
    pub(crate) facts: Facts,
    pub(crate) all: bool,
}

impl Subject {
    /// Whether it stays: no pull request's.
    pub(crate) fn stays(&self) -> bool {
        self.owner.pull_request.is_none()
    }
}

/// Reads the environment's deployments. Of one that stays enough is read for its figures.
pub(crate) async fn look(reader: &Reader, subject: &Subject, phase: Phase) -> Result<Looked, Error> {
    if !subject.stays() {
        let all = reader.deployments_of(&subject.owner).await?;
        let histories = reader.deployment_histories(&all, 1, all_are_over()).await?;
        let facts = Facts { all, histories };
        return Ok(Looked { facts, all: true });
    }
    let (all, more) = reader.newest_deployments_of(&subject.owner, PAGES).await?;
    let read = &all[..all.len().min(dora::MOST)];
    let histories = if phase == Phase::Begin {
        let (mut over, mut deployed) = (all_are_over(), false);
        let enough = |statuses: &[Status]| {
            deployed |= statuses.iter().any(|status| status.state == State::Success);
            over(statuses) && deployed
        };
        reader.deployment_histories(read, STATUSES, enough).await?
    } else {
        reader.deployment_histories(read, STATUSES, |_| false).await?
    };
    let whole = !more && read.len() == all.len();
    Ok(Looked {
        facts: Facts { all, histories },
        all: whole,
    })
}

/// What this run brings beyond the newest deployment that ended well, else beyond what the branch was at before.
pub(crate) async fn changes(reader: &Reader, subject: &Subject, facts: &Facts) -> Result<Option<Changes>, Error> {
    let base = facts.base(subject.run).or(subject.before.as_deref());
    match (base, subject.sha.as_deref()) {
        (Some(base), Some(head)) if base != head => reader.changes(base, head).await,
        _ => Ok(None),
    }
}

/// Brings the deployments to what this phase says. `done` tells what was reached, also when an error ends it.
pub(crate) async fn carry_out(
    writer: &Writer,
    subject: &Subject,
    phase: Phase,
    facts: &Facts,
    first_commit: Option<Timestamp>,
    done: &mut Done,
) -> Result<(), Error> {
    let (mine, state, retire) = match plan::plan(facts, &subject.owner, subject.run, phase, &subject.url) {
        Plan::Nothing => return Ok(()),
        Plan::Overtaken { by, leave } => {
            done.overtaken = Some(by);
            if let Some(id) = leave {
                done.id = Some(id);
                if writer.retire_deployment(id, &report::overtaken_by(by)).await? == Posted::Done {
                    (done.set, done.state) = (true, Some(State::Inactive));
                }
            }
            return Ok(());
        }
        Plan::Set { mine, state, retire } => (mine, state, retire),
    };
    let id = match (mine, &subject.sha) {
        (Some(id), _) => id,
        (None, Some(sha)) => {
            let new = NewDeployment {
                owner: subject.owner.clone(),
                sha: sha.clone(),
                run: subject.run,
                first_commit,
                description: report::description_of(&subject.owner),
            };
            let made = writer.create_deployment(&new).await?;
            done.created = made.changed();
            made.get().id
        }
        // What is deployed is not known, which was told already.
        (None, None) => return Ok(()),
    };
    done.id = Some(id);
    if let Some(state) = state {
        let status = NewStatus {
            state,
            environment_url: if state == State::Success {
                subject.url.clone()
            } else {
                String::new()
            },
            log_url: subject.log_url.clone(),
            description: report::description(phase),
        };
        if writer.set_deployment_state(id, &status).await? == Posted::Done {
            (done.set, done.state) = (true, Some(state));
        }
    } else {
        let last = facts.histories.iter().find(|(deployment, _)| deployment.id == id);
        done.state = last.and_then(|(_, statuses)| Some(statuses.first()?.state));
    }
    for old in retire {
        let why = report::replaced(phase, subject.run);
        if writer.retire_deployment(old, &why).await? == Posted::Done {
            done.retired += 1;
        }
    }
    Ok(())
}

/// What was read, with what this run has done since.
pub(crate) fn after(
    facts: Facts,
    subject: &Subject,
    first_commit: Option<Timestamp>,
    done: &Done,
    now: Timestamp,
) -> Vec<(Deployment, Vec<Status>)> {
    let mut histories = facts.histories;
    let (Some(id), Some(state), true) = (done.id, done.state, done.set) else {
        return histories;
    };
    let status = Status {
        state,
        at: Some(now),
        environment_url: subject.url.clone(),
        log_url: subject.log_url.clone(),
    };
    if let Some((_, statuses)) = histories.iter_mut().find(|(deployment, _)| deployment.id == id) {
        statuses.insert(0, status);
        return histories;
    }
    let made = Deployment {
        id,
        sha: subject.sha.clone().unwrap_or_default(),
        environment: subject.owner.environment.clone(),
        created_at: Some(now),
        note: Note {
            owner: subject.owner.marker(),
            run: subject.run,
            first_commit,
        },
    };
    histories.insert(0, (made, vec![status]));
    histories
}

/// Deletes all deployments of this owner.
pub(crate) async fn remove(writer: &Writer, owner: &Owner, done: &mut Done) -> Result<(), Error> {
    for deployment in writer.reader().deployments_of(owner).await? {
        if writer.delete_deployment(deployment.id).await? == Deleted::Done {
            done.deleted += 1;
        }
    }
    Ok(())
}
