//! Endpoints (computes): read, create, change, start, suspend, restart, delete.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::at::At;
use super::branch;
use super::door::{Answer, Caller, Ctx, created, decode, ok};
use super::model::{Endpoint, Project};
use super::refusal::Refusal;
use super::schedule::{Step, schedule};
use super::{limits, render};

/// Seconds without a connection after which a compute is suspended, unless it says otherwise.
const SUSPEND_AFTER: i64 = 300;

/// What a request may say about a compute.
#[derive(Debug, Default, Deserialize)]
pub(super) struct EndpointOptions {
    #[serde(rename = "type")]
    kind: Option<String>,
    branch_id: Option<String>,
    name: Option<String>,
    autoscaling_limit_min_cu: Option<f64>,
    autoscaling_limit_max_cu: Option<f64>,
    suspend_timeout_seconds: Option<i64>,
    settings: Option<Value>,
    disabled: Option<bool>,
}

impl EndpointOptions {
    pub(super) fn is_read_write(&self) -> bool {
        self.kind.as_deref() == Some("read_write")
    }

    pub(super) fn build(&self, ctx: &Ctx, branch: &str) -> Endpoint {
        let kind = self.kind.as_deref().unwrap_or("read_write");
        let mut endpoint = Endpoint::new(ctx.id("ep"), branch.to_owned(), kind, ctx.now);
        self.apply(&mut endpoint);
        endpoint
    }

    fn apply(&self, endpoint: &mut Endpoint) {
        if self.name.is_some() {
            endpoint.name.clone_from(&self.name);
        }
        if let Some(cu) = self.autoscaling_limit_min_cu {
            endpoint.min_cu = cu;
            endpoint.max_cu = endpoint.max_cu.max(cu);
        }
        if let Some(cu) = self.autoscaling_limit_max_cu {
            endpoint.max_cu = cu;
        }
        if let Some(seconds) = self.suspend_timeout_seconds {
            endpoint.suspend_timeout_seconds = seconds;
        }
        if let Some(settings) = &self.settings {
            endpoint.settings = settings.clone();
        }
        if let Some(disabled) = self.disabled {
            endpoint.disabled = disabled;
        }
    }
}

/// Checks what a request says about a compute, whatever the project.
pub(super) fn check_options(ctx: &Ctx, options: &EndpointOptions) -> Result<(), Refusal> {
    if !matches!(options.kind.as_deref(), None | Some("read_write" | "read_only")) {
        return Err(Refusal::bad(
            "invalid request: endpoint type must be read_write or read_only",
        ));
    }
    let (min, max) = (options.autoscaling_limit_min_cu, options.autoscaling_limit_max_cu);
    if min.into_iter().chain(max).any(|cu| cu < 0.25) {
        return Err(Refusal::bad("invalid request: compute units must be at least 0.25"));
    }
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        return Err(Refusal::bad(
            "invalid request: autoscaling_limit_min_cu is greater than autoscaling_limit_max_cu",
        ));
    }
    if let Some(seconds) = options.suspend_timeout_seconds {
        // The Free plan refuses the field itself, even with the value that it has anyway.
        if ctx.settings.fixed_suspend_timeout() {
            return Err(Refusal::precondition(
                "suspend interval changing is not allowed for your account",
            ));
        }
        if !matches!(seconds, -1 | 0 | 60..=604_800) {
            return Err(Refusal::bad(
                "invalid request: suspend_timeout_seconds must be -1, 0 or between 60 and 604800",
            ));
        }
    }
    if let Some(settings) = &options.settings
        && settings.get("pg_settings").is_none()
    {
        return Err(Refusal::bad("settings must not be nil"));
    }
    Ok(())
}

fn find<'a>(project: &'a Project, id: &str) -> Result<&'a Endpoint, Refusal> {
    project
        .endpoints
        .iter()
        .find(|endpoint| endpoint.id == id)
        .ok_or_else(|| Refusal::missing("endpoint"))
}

pub(super) async fn list(caller: Caller, Path(project): Path<String>) -> Answer {
    caller.read(&project, |ctx, project| {
        let all = project.endpoints.iter();
        let shown: Value = all.map(|e| render::endpoint(ctx, project, e)).collect();
        Ok(ok(json!({"endpoints": shown})))
    })
}

pub(super) async fn list_of_branch(caller: Caller, Path((project, branch)): Path<(String, String)>) -> Answer {
    caller.read(&project, |ctx, project| {
        branch::find(project, &branch)?;
        let of_branch = project.endpoints_of(&branch);
        let shown: Value = of_branch.map(|e| render::endpoint(ctx, project, e)).collect();
        Ok(ok(json!({"endpoints": shown})))
    })
}

pub(super) async fn get(caller: Caller, Path((project, id)): Path<(String, String)>) -> Answer {
    caller.read(&project, |ctx, project| {
        let endpoint = find(project, &id)?;
        Ok(ok(json!({"endpoint": render::endpoint(ctx, project, endpoint)})))
    })
}

/// The body of creation and change.
#[derive(Debug, Deserialize)]
struct EndpointRequest {
    endpoint: EndpointOptions,
}

pub(super) async fn create(caller: Caller, Path(project): Path<String>, body: Bytes) -> Answer {
    let EndpointRequest { endpoint: options } = decode(&body)?;
    caller.write(&project, |ctx, project| {
        let missing = |field| {
            Refusal::bad(format!(
                "invalid request: decode application/json: invalid: endpoint.{field} (field required)"
            ))
        };
        let branch = options.branch_id.as_deref().ok_or_else(|| missing("branch_id"))?;
        if options.kind.is_none() {
            return Err(missing("type"));
        }
        check_options(ctx, &options)?;
        branch::find(project, branch)?;
        if options.is_read_write() && project.endpoints_of(branch).any(Endpoint::is_read_write) {
            return Err(Refusal::conflict("read_write endpoint already exists"));
        }
        limits::check_active_endpoints(ctx, project, 1)?;
        let endpoint = options.build(ctx, branch);
        let steps = vec![Step::on_endpoint("start_compute", branch, &endpoint.id)];
        project.endpoints.push(endpoint.clone());
        let chain = schedule(ctx, project, steps);
        Ok(created(json!({
            "endpoint": render::endpoint(ctx, project, &endpoint),
            "operations": render::operations(project, chain),
        })))
    })
}

pub(super) async fn update(caller: Caller, Path((project, id)): Path<(String, String)>, body: Bytes) -> Answer {
    let EndpointRequest { endpoint: options } = decode(&body)?;
    caller.write(&project, |ctx, project| {
        check_options(ctx, &options)?;
        find(project, &id)?;
        if let Some(endpoint) = project.endpoint_mut(&id) {
            options.apply(endpoint);
            endpoint.updated_at = ctx.now;
        }
        operate(ctx, project, &id, &["apply_config"])
    })
}

pub(super) async fn delete(caller: Caller, Path((project, id)): Path<(String, String)>) -> Answer {
    caller.write(&project, |ctx, project| {
        if find(project, &id).is_err() {
            return Ok((StatusCode::NO_CONTENT, Json(Value::Null)));
        }
        let answer = operate(ctx, project, &id, &["suspend_compute"])?;
        project.endpoints.retain(|endpoint| endpoint.id != id);
        Ok(answer)
    })
}

/// What an already running compute answers to `start` is not documented: here it stays active and an
/// operation runs all the same.
pub(super) async fn start(caller: Caller, Path((project, id)): Path<(String, String)>) -> Answer {
    caller.write(&project, |ctx, project| {
        turn(project, &id, "active", false)?;
        operate(ctx, project, &id, &["start_compute"])
    })
}

pub(super) async fn suspend(caller: Caller, Path((project, id)): Path<(String, String)>) -> Answer {
    caller.write(&project, |ctx, project| {
        turn(project, &id, "idle", true)?;
        operate(ctx, project, &id, &["suspend_compute"])
    })
}

pub(super) async fn restart(caller: Caller, Path((project, id)): Path<(String, String)>) -> Answer {
    caller.write(&project, |ctx, project| {
        turn(project, &id, "active", true)?;
        operate(ctx, project, &id, &["suspend_compute", "start_compute"])
    })
}

/// Sets what the compute is turning into, and throws its clients out when it goes down.
fn turn(project: &mut Project, id: &str, state: &'static str, goes_down: bool) -> Result<(), Refusal> {
    find(project, id)?;
    if let Some(endpoint) = project.endpoint_mut(id) {
        if endpoint.pending_state.is_some() {
            // Only reached with the project's lock seeded off.
            let action = if state == "idle" { "suspend" } else { "start" };
            return Err(Refusal {
                message: format!("endpoint is in some transitive state, could not {action}"),
                ..Refusal::locked()
            });
        }
        endpoint.pending_state = Some(state);
        endpoint.kicks += u64::from(goes_down);
    }
    Ok(())
}

/// Schedules operations on a compute and answers with both.
fn operate(ctx: &Ctx, project: &mut Project, id: &str, actions: &[&'static str]) -> Answer {
    let endpoint = find(project, id)?.clone();
    let steps = actions
        .iter()
        .map(|action| Step::on_endpoint(action, &endpoint.branch_id, id))
        .collect();
    let chain = schedule(ctx, project, steps);
    Ok(ok(json!({
        "endpoint": render::endpoint(ctx, project, &endpoint),
        "operations": render::operations(project, chain),
    })))
}

/// Suspends the computes that nobody has been connected to for long enough.
pub(super) fn suspend_idle(project: &mut Project, now: At) {
    for endpoint in &mut project.endpoints {
        let after = match endpoint.suspend_timeout_seconds {
            0 => SUSPEND_AFTER,
            seconds if seconds < 0 => continue,
            seconds => seconds,
        };
        if endpoint.current_state == "active"
            && endpoint.pending_state.is_none()
            && endpoint.connections == 0
            && let Some(due) = endpoint.last_active.map(|at| at.plus_seconds(after))
            && due <= now
        {
            endpoint.current_state = "idle";
            endpoint.suspended_at = Some(due);
            endpoint.updated_at = due;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neon::world::World;

    #[test]
    fn an_unused_compute_is_suspended() {
        let mut world = World::new();
        let start = world.now;
        let project = world.project_mut();
        project.endpoints[0].last_active = Some(start);
        project.endpoints[0].suspend_timeout_seconds = 0;
        suspend_idle(project, start.plus_seconds(299));
        assert_eq!(project.endpoints[0].current_state, "active");
        project.endpoints[0].connections = 1;
        suspend_idle(project, start.plus_seconds(301));
        assert_eq!(project.endpoints[0].current_state, "active");
        project.endpoints[0].connections = 0;
        suspend_idle(project, start.plus_seconds(301));
        assert_eq!(project.endpoints[0].current_state, "idle");
    }
}
