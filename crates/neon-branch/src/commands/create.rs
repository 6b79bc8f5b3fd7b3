//! `create`: the branch of this name, made when it is not there.

use actions_core::error::fault;
use actions_core::manifest::OnLimit;
use actions_core::neon::annotation::{self, Kind};
use actions_core::neon::create::Created;
use actions_core::neon::{Branch, Connection, Error, Made, NewBranch, Writer};
use jiff::Timestamp;

use super::{check_history, check_lasts, done, parent, planned};
use crate::pending::Pending;
use crate::plan::{self, Expiry};
use crate::report;
use crate::session::Session;

/// How often room is made before we give up: each round deletes one branch.
const EVICTIONS: usize = 3;

pub(super) async fn run(session: &mut Session<'_>) -> anyhow::Result<()> {
    let name = session.inputs.subject.name();
    let neon = session.neon.clone();
    // One round trip: what exists, what it is to be made from, and how much room there is.
    let (existing, parent, usage, alive, _) = futures_util::join!(
        neon.named(&name),
        parent(session),
        usage(session),
        alive(session, &name),
        session.inputs.inquiry.source()
    );
    let source = session.source().await;
    if session.inputs.subject.is_pull_requests() {
        source.may_make()?;
    }
    let existing = existing.map_err(|cause| fault(format!("could not look for branch `{name}`")).because(cause))?;
    let parent = parent?;
    if let Some(branch) = existing {
        return reuse(session, branch, parent.as_ref()).await;
    }
    if let Some((limit, alive)) = alive?
        && alive.len() >= limit
    {
        let subject = &session.inputs.subject;
        let environment = &subject.owner.environment;
        if subject.on_limit == OnLimit::Fail {
            return Err(report::too_many(&name, environment, limit, &alive, Timestamp::now()).into());
        }
        // A branch alone cannot make room: its Workers would go on serving. The sweep takes whole previews.
        session.warn(report::makes_room_later(environment, limit, alive.len() + 1));
    }
    if let Some((used, limit)) = usage
        && plan::is_near(used, limit)
    {
        let text = usage_text(session, used, limit, &name).await?;
        session.warn(text);
    }
    make(session, name, parent).await
}

/// The environment's limit and the previews beside this one, where there is a limit and this is a preview.
async fn alive(session: &Session<'_>, name: &str) -> anyhow::Result<Option<(usize, Vec<Branch>)>> {
    let subject = &session.inputs.subject;
    let Some(limit) = subject.limit.filter(|_| subject.is_own(name)) else {
        return Ok(None);
    };
    let all = super::all(session).await?;
    let alive = plan::alive(&all, &subject.owner).into_iter().cloned().collect();
    Ok(Some((usize::try_from(limit).unwrap_or(usize::MAX), alive)))
}

/// Branches used and allowed. Not worth failing for: Neon itself refuses what is too much.
async fn usage(session: &Session<'_>) -> Option<(usize, usize)> {
    let (count, project) = futures_util::try_join!(session.neon.count(), session.neon.project()).ok()?;
    Some((count, project.branches_limit()?))
}

async fn usage_text(session: &Session<'_>, used: usize, limit: usize, except: &str) -> anyhow::Result<String> {
    let all = super::all(session).await?;
    let oldest = plan::evictable(&all, &session.inputs.subject.owner, except);
    Ok(report::usage(used, limit, oldest.first().copied(), Timestamp::now()))
}

async fn make(session: &mut Session<'_>, name: String, parent: Option<Branch>) -> anyhow::Result<()> {
    let inputs = session.inputs;
    if !inputs.schema_only {
        check_lasts(parent.as_ref())?;
    }
    check_history(session, &format!("create branch `{name}`"), parent.as_ref()).await?;
    let source = report::source(
        parent.as_ref().map(|branch| branch.name.as_str()),
        inputs.point.as_ref(),
    );
    let expires_at = plan::expiry_of_new(inputs.life, Timestamp::now());
    let made_from = session.source().await;
    let Some(writer) = session.writer() else {
        planned(session, report::would_create(&name, &source, expires_at));
        return Ok(());
    };
    let new = NewBranch {
        parent_id: parent.as_ref().map(|branch| branch.id.clone()),
        at: inputs.point.clone(),
        schema_only: inputs.schema_only,
        expires_at,
        with_compute: true,
        compute: inputs.compute,
        suspend_timeout: inputs.suspend_timeout,
        annotation: annotation::write(
            &inputs.subject.owner_of_new(&name),
            &inputs.origin(&made_from),
            Kind::Environment,
            None,
        ),
        name,
    };
    match with_room(session, &writer, &new).await? {
        Made::New(created) => finish(session, *created, parent, &source).await,
        Made::Existing(branch) => {
            session.say(report::raced(&branch.name));
            settle(session, &branch).await?;
            reuse(session, *branch, parent.as_ref()).await
        }
        Made::LimitReached(cause) => Err(cause.into()),
    }
}

/// Makes the branch; when the plan is full, in the way that `on-limit` says.
pub(super) async fn with_room(session: &mut Session<'_>, writer: &Writer, new: &NewBranch) -> anyhow::Result<Made> {
    let could_not = |cause: Error| fault(format!("could not create branch `{}`", new.name)).because(cause);
    let pending = || Pending::Create {
        name: new.name.clone(),
        annotation: new.annotation.clone(),
    };
    for _ in 0..EVICTIONS {
        let made = session.write(pending(), writer.create(new)).await;
        let cause = match made.map_err(could_not)? {
            Made::LimitReached(cause) => cause,
            made => return Ok(made),
        };
        let all = super::all(session).await?;
        let oldest = plan::evictable(&all, &session.inputs.subject.owner, &new.name);
        let Some(oldest) = oldest
            .first()
            .filter(|_| session.inputs.on_limit == OnLimit::EvictOldest)
        else {
            let limit = session
                .neon
                .project()
                .await
                .ok()
                .and_then(|project| project.branches_limit());
            let text = report::usage(
                all.len(),
                limit.unwrap_or(all.len()),
                oldest.first().copied(),
                Timestamp::now(),
            );
            return Err(report::limit_reached(&new.name, &text, cause).into());
        };
        let deleted = session.write(Pending::delete(oldest), writer.delete(&oldest.id)).await;
        let could_not = |cause| fault(format!("could not delete branch `{}` to make room", oldest.name)).because(cause);
        if deleted.map_err(could_not)? {
            session.changed();
            session.say(report::evicted(&oldest.name));
            session.report.base.deleted.push(oldest.name.clone());
        }
    }
    let made = session.write(pending(), writer.create(new)).await;
    Ok(made.map_err(could_not)?)
}

/// From Neon's answer to a branch that can be used.
async fn finish(
    session: &mut Session<'_>,
    created: Created,
    parent: Option<Branch>,
    source: &str,
) -> anyhow::Result<()> {
    session.changed();
    let parent = parent
        .map(|branch| branch.name)
        .or_else(|| created.branch.parent_id.clone());
    session.tell_branch(&created.branch, parent, true)?;
    done(session, report::created(&created.branch, source));
    let (connection, kept) = ready(session, created).await?;
    if !kept.is_of_repository(&session.inputs.subject.owner) {
        session.warn(report::annotation_lost(&kept.name));
    }
    session.tell_connection(&connection)?;
    session.wait(&connection).await
}

/// Waits for the operations of a new branch; meanwhile asks for what the answer did not tell.
pub(super) async fn ready(session: &Session<'_>, created: Created) -> anyhow::Result<(Connection, Branch)> {
    let neon = &session.neon;
    let branch = &created.branch;
    let connection = async {
        match created.connection(&session.inputs.login) {
            Some(told) => told,
            None => neon.connection_of_new(branch, &session.inputs.login).await,
        }
    };
    let operations = neon.wait_for_operations(created.operations.clone());
    let (connection, kept, ()) = futures_util::try_join!(connection, neon.new_branch(&branch.id), operations)
        .map_err(|cause| fault(format!("branch `{}` was created, but is not ready", branch.name)).because(cause))?;
    Ok((connection, kept))
}

/// Waits for the operations of a branch that another run is making.
async fn settle(session: &Session<'_>, branch: &Branch) -> anyhow::Result<()> {
    let settled = async {
        let operations = session.neon.open_operations(&branch.id).await?;
        session.neon.wait_for_operations(operations).await
    };
    Ok(settled
        .await
        .map_err(|cause| fault(format!("branch `{}` exists, but is not ready", branch.name)).because(cause))?)
}

/// Hands out a branch that exists, and lets it live anew.
async fn reuse(session: &mut Session<'_>, mut branch: Branch, parent: Option<&Branch>) -> anyhow::Result<()> {
    let inputs = session.inputs;
    let standing = inputs.subject.standing(&branch);
    plan::may_hand_out(&branch, &standing, inputs.force_foreign)
        .map_err(|objection| report::refused("create", &branch.name, &objection))?;
    if branch.current_state != "ready" {
        settle(session, &branch).await?;
    }
    let wanted = plan::expiry(branch.expires_at, inputs.life, Timestamp::now());
    let move_it = standing == plan::Standing::Owned && wanted != Expiry::Keep;
    let at = match wanted {
        Expiry::Set(at) => Some(at),
        Expiry::Keep | Expiry::Clear => None,
    };
    let writer = session.writer().filter(|_| move_it);
    let neon = session.neon.clone();
    // Both to their ends: what one of them has changed counts, whatever becomes of the other.
    let (connection, moved) = futures_util::join!(neon.connection(&branch, &inputs.login), async {
        match &writer {
            Some(writer) => {
                session
                    .write(Pending::change(&branch), writer.expire(&branch.id, at))
                    .await
            }
            None => Ok(()),
        }
    });
    if writer.is_some() && moved.is_ok() {
        branch.expires_at = at;
        session.changed();
    }
    let could_not = |cause| fault(format!("branch `{}` exists, but could not be used", branch.name)).because(cause);
    moved.map_err(could_not)?;
    let connection = connection.map_err(could_not)?;
    let of_parent = parent.filter(|parent| branch.parent_id.as_ref() == Some(&parent.id));
    let parent_name = of_parent
        .map(|parent| parent.name.clone())
        .or_else(|| branch.parent_id.clone());
    session.tell_branch(&branch, parent_name, false)?;
    done(session, report::exists(&branch));
    if writer.is_some() {
        session.say(report::expiry_moved(&branch.name, at));
    } else if move_it {
        planned(session, report::would_expire(&branch.name, at));
    } else if wanted != Expiry::Keep {
        session.say(report::expiry_left(&branch.name));
    }
    if let Some(wanted) = parent.filter(|_| of_parent.is_none() && !inputs.schema_only) {
        session.warn(report::other_parent(&branch.name, &wanted.name));
    }
    session.tell_connection(&connection)?;
    session.wait(&connection).await
}
