//! Connection strings.

use axum::extract::Path;
use serde::Deserialize;
use serde_json::json;

use super::door::{Answer, Caller, Ctx, Query, ok};
use super::model::{Endpoint, Role};
use super::refusal::Refusal;
use super::{branch, databases};
use crate::text::encode;

#[derive(Debug, Deserialize)]
pub(super) struct UriQuery {
    branch_id: Option<String>,
    endpoint_id: Option<String>,
    database_name: Option<String>,
    role_name: Option<String>,
    pooled: Option<bool>,
}

/// `postgresql://role:password@host/database?…`.
pub(super) fn uri(ctx: &Ctx, endpoint: &Endpoint, role: &Role, database: &str, pooled: bool) -> String {
    let host = if pooled {
        ctx.hosts.pooled(endpoint)
    } else {
        ctx.hosts.direct(endpoint)
    };
    let (port, query) = ctx.hosts.port_and_query();
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    format!(
        "postgresql://{}:{}@{host}{port}/{}?{query}",
        encode(&role.name),
        encode(&role.password),
        encode(database)
    )
}

/// Without `branch_id` the answer is about the default branch: a trap of Neon's, kept here.
pub(super) async fn get(caller: Caller, Path(project): Path<String>, Query(query): Query<UriQuery>) -> Answer {
    caller.read(&project, |ctx, project| {
        let required = |name: &str, value: &Option<String>| {
            value.clone().ok_or_else(|| {
                Refusal::bad(format!(
                    "invalid request: decode params: query: \"{name}\": field required"
                ))
            })
        };
        let database = required("database_name", &query.database_name)?;
        let role = required("role_name", &query.role_name)?;
        let of_endpoint = query
            .endpoint_id
            .as_ref()
            .map(|id| {
                project
                    .endpoints
                    .iter()
                    .find(|endpoint| endpoint.id == *id)
                    .ok_or_else(|| Refusal::missing("endpoint"))
            })
            .transpose()?;
        let branch = match (&query.branch_id, of_endpoint) {
            (Some(id), _) => branch::find(project, id)?,
            (None, Some(endpoint)) => branch::find(project, &endpoint.branch_id)?,
            (None, None) => project.default_branch().ok_or_else(|| Refusal::missing("branch"))?,
        };
        let endpoint = of_endpoint
            .or_else(|| project.endpoints_of(&branch.id).find(|e| e.is_read_write()))
            .or_else(|| project.endpoints_of(&branch.id).next())
            .filter(|endpoint| endpoint.branch_id == branch.id)
            .ok_or_else(|| Refusal::missing("endpoint"))?;
        databases::find(branch, &database)?;
        let role = branch.role(&role).ok_or_else(|| Refusal::missing("role"))?;
        let uri = uri(ctx, endpoint, role, &database, query.pooled == Some(true));
        Ok(ok(json!({"uri": uri})))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neon::world::World;

    #[test]
    fn strings_are_encoded_and_name_the_pooler() {
        let mut world = World::new();
        let text = world
            .with(|ctx, project| {
                let mut role = project.branches[0].roles[0].clone();
                role.password = "p@ss/word".to_owned();
                Ok::<_, Refusal>(uri(ctx, &project.endpoints[0], &role, "my db", true))
            })
            .unwrap();
        assert_eq!(
            text,
            "postgresql://neondb_owner:p%40ss%2Fword@ep-quiet-sun-a1b2c3d4-pooler.us-east-2.aws.neon.tech\
             /my%20db?sslmode=require&channel_binding=require"
        );
    }
}
