//! The JSON shapes that Neon's clients read.

use serde_json::{Map, Value, json};

use super::door::Ctx;
use super::model::{Branch, Database, Endpoint, Project, Role};
use super::operation::Operation;

/// Adds `name` when there is a value: Neon leaves empty fields out.
fn put(object: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

pub(super) fn branch(project: &Project, branch: &Branch) -> Value {
    let mut fields = object(json!({
        "id": branch.id,
        "project_id": project.id,
        "name": branch.name,
        "current_state": branch.current_state,
        "state_changed_at": branch.state_changed_at,
        "creation_source": "console",
        "primary": branch.default,
        "default": branch.default,
        "protected": branch.protected,
        "cpu_used_sec": 0,
        "compute_time_seconds": 0,
        "active_time_seconds": 0,
        "written_data_bytes": 0,
        "data_transfer_bytes": 0,
        "created_at": branch.created_at,
        "updated_at": branch.updated_at,
        "created_by": {"name": "Acme", "image": ""},
        "init_source": branch.init_source,
    }));
    put(&mut fields, "parent_id", branch.parent_id.clone());
    put(&mut fields, "parent_lsn", branch.parent_lsn.clone());
    let text = |at: Option<super::at::At>| at.map(|at| at.to_string());
    put(&mut fields, "parent_timestamp", text(branch.parent_timestamp));
    put(&mut fields, "pending_state", branch.pending_state);
    put(&mut fields, "ttl_interval_seconds", branch.ttl_seconds);
    put(&mut fields, "expires_at", text(branch.expires_at));
    put(&mut fields, "last_reset_at", text(branch.last_reset_at));
    if branch.current_state == "ready" {
        fields.insert("logical_size".to_owned(), json!(30_785_536));
    }
    Value::Object(fields)
}

pub(super) fn annotation(branch: &Branch) -> Value {
    json!({
        "object": {"type": "console/branch", "id": branch.id},
        "value": branch.annotation,
        "created_at": branch.created_at,
        "updated_at": branch.created_at,
    })
}

pub(super) fn endpoint(ctx: &Ctx, project: &Project, endpoint: &Endpoint) -> Value {
    let mut fields = object(json!({
        "host": ctx.hosts.direct(endpoint),
        "id": endpoint.id,
        "project_id": project.id,
        "branch_id": endpoint.branch_id,
        "autoscaling_limit_min_cu": endpoint.min_cu,
        "autoscaling_limit_max_cu": endpoint.max_cu,
        "region_id": super::hosts::REGION,
        "type": endpoint.kind,
        "current_state": endpoint.current_state,
        "settings": endpoint.settings,
        "pooler_enabled": false,
        "pooler_mode": "transaction",
        "disabled": endpoint.disabled,
        "passwordless_access": true,
        "creation_source": "console",
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
        "proxy_host": ctx.hosts.proxy(),
        "suspend_timeout_seconds": endpoint.suspend_timeout_seconds,
        "provisioner": "k8s-neonvm",
    }));
    put(&mut fields, "name", endpoint.name.clone());
    put(&mut fields, "pending_state", endpoint.pending_state);
    let text = |at: Option<super::at::At>| at.map(|at| at.to_string());
    put(&mut fields, "started_at", text(endpoint.started_at));
    put(&mut fields, "suspended_at", text(endpoint.suspended_at));
    put(&mut fields, "last_active", text(endpoint.last_active));
    Value::Object(fields)
}

pub(super) fn operation(project: &Project, operation: &Operation) -> Value {
    let mut fields = object(json!({
        "id": operation.id,
        "project_id": project.id,
        "action": operation.action,
        "status": operation.status,
        "failures_count": i32::from(operation.error.is_some()),
        "created_at": operation.created_at,
        "updated_at": operation.updated_at,
        "total_duration_ms": operation.took_ms(),
    }));
    put(&mut fields, "branch_id", operation.branch_id.clone());
    put(&mut fields, "endpoint_id", operation.endpoint_id.clone());
    put(&mut fields, "error", operation.error.clone());
    Value::Object(fields)
}

/// The operations that a mutation has just scheduled.
pub(super) fn operations(project: &Project, chain: u64) -> Value {
    project
        .operations
        .iter()
        .filter(|op| op.chain == chain)
        .map(|op| operation(project, op))
        .collect()
}

/// A role; with its password where Neon tells it (creation and reset, not reads).
pub(super) fn role(branch: &Branch, role: &Role, with_password: bool) -> Value {
    let mut fields = object(json!({
        "branch_id": branch.id,
        "name": role.name,
        "protected": false,
        "authentication_method": "password",
        "created_at": role.created_at,
        "updated_at": role.updated_at,
    }));
    if with_password {
        let password = role.next_password.as_ref().unwrap_or(&role.password);
        fields.insert("password".to_owned(), json!(password));
    }
    Value::Object(fields)
}

pub(super) fn database(branch: &Branch, database: &Database) -> Value {
    json!({
        "id": database.id,
        "branch_id": branch.id,
        "name": database.name,
        "owner_name": database.owner_name,
        "created_at": database.created_at,
        "updated_at": database.updated_at,
    })
}

/// A project as its own GET tells it; lists leave `owner` and the consumption out.
pub(super) fn project(ctx: &Ctx, project: &Project, in_list: bool) -> Value {
    let active = project
        .endpoints
        .iter()
        .filter_map(|endpoint| endpoint.last_active)
        .max();
    let mut fields = object(json!({
        "id": project.id,
        "platform_id": "aws",
        "region_id": super::hosts::REGION,
        "name": project.name,
        "provisioner": "k8s-neonvm",
        "default_endpoint_settings": {
            "autoscaling_limit_min_cu": 0.25,
            "autoscaling_limit_max_cu": 2,
            "suspend_timeout_seconds": 0,
        },
        "settings": {"allowed_ips": {"ips": [], "protected_branches_only": false}, "enable_logical_replication": false},
        "pg_version": 17,
        "proxy_host": ctx.hosts.proxy(),
        "branch_logical_size_limit": 204_800,
        "branch_logical_size_limit_bytes": 214_748_364_800_i64,
        "store_passwords": ctx.settings.store_passwords,
        "cpu_used_sec": 0,
        "creation_source": "console",
        "history_retention_seconds": ctx.settings.history_retention_seconds,
        "created_at": project.created_at,
        "updated_at": project.updated_at,
        "synthetic_storage_size": 0,
        "owner_id": "org-acme-12345678",
        "org_id": "org-acme-12345678",
    }));
    put(&mut fields, "compute_last_active_at", active.map(|at| at.to_string()));
    if in_list {
        fields.insert("active_time".to_owned(), json!(0));
    } else {
        for name in [
            "data_storage_bytes_hour",
            "data_transfer_bytes",
            "written_data_bytes",
            "compute_time_seconds",
            "active_time_seconds",
        ] {
            fields.insert(name.to_owned(), json!(0));
        }
        let month = format!("{:.7}", ctx.now.to_string());
        fields.insert(
            "consumption_period_start".to_owned(),
            json!(format!("{month}-01T00:00:00Z")),
        );
        fields.insert(
            "consumption_period_end".to_owned(),
            json!(format!("{month}-28T00:00:00Z")),
        );
        fields.insert(
            "owner".to_owned(),
            json!({
                "email": "team@example.com",
                "name": "Acme",
                "branches_limit": ctx.settings.branches_limit,
                "subscription_type": ctx.settings.subscription,
            }),
        );
    }
    Value::Object(fields)
}
