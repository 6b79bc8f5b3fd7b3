//! Plan limits and names that are taken.

use super::door::Ctx;
use super::model::{Branch, Project};
use super::refusal::Refusal;

/// Branch names are unique in a project.
pub(super) fn check_name_is_free(project: &Project, name: &str) -> Result<(), Refusal> {
    if project.branches.iter().any(|branch| branch.name == name) {
        return Err(Refusal::conflict(format!(
            "branch with the provided name \"{name}\" already exists"
        )));
    }
    Ok(())
}

/// Whether the plan has room for one more branch such as this.
pub(super) fn check_branch(ctx: &Ctx, project: &Project, branch: &Branch) -> Result<(), Refusal> {
    let count = project.branches.len();
    if count >= ctx.settings.branches_limit {
        return Err(Refusal::limit(
            "BRANCHES_LIMIT_EXCEEDED",
            format!("branches limit exceeded, limit: {}", ctx.settings.branches_limit),
        ));
    }
    let roots = project
        .branches
        .iter()
        .filter(|branch| branch.parent_id.is_none())
        .count();
    if branch.parent_id.is_none() && roots >= ctx.settings.root_branches_limit {
        return Err(Refusal::limit(
            "ROOT_BRANCHES_LIMIT_EXCEEDED",
            format!(
                "root branches limit exceeded, limit: {}",
                ctx.settings.root_branches_limit
            ),
        ));
    }
    if branch.protected {
        check_protected(ctx, project)?;
    }
    Ok(())
}

/// Whether the plan has room for one more protected branch.
pub(super) fn check_protected(ctx: &Ctx, project: &Project) -> Result<(), Refusal> {
    let protected = project.branches.iter().filter(|b| b.protected).count();
    if protected >= ctx.settings.protected_branches_limit {
        return Err(Refusal::limit(
            "BRANCHES_PROTECTED_LIMIT_EXCEEDED",
            format!(
                "protected branches limit exceeded, limit: {}",
                ctx.settings.protected_branches_limit
            ),
        ));
    }
    Ok(())
}

/// Whether `more` computes may become active; those of the default branch do not count.
pub(super) fn check_active_endpoints(ctx: &Ctx, project: &Project, more: usize) -> Result<(), Refusal> {
    let default = project.default_branch().map(|branch| branch.id.as_str());
    let active = project
        .endpoints
        .iter()
        .filter(|endpoint| Some(endpoint.branch_id.as_str()) != default)
        .filter(|endpoint| endpoint.current_state == "active" || endpoint.pending_state == Some("active"))
        .count();
    if active + more > ctx.settings.active_endpoints_limit && more > 0 {
        return Err(Refusal::limit(
            "ACTIVE_ENDPOINTS_LIMIT_EXCEEDED",
            format!(
                "active endpoints limit exceeded, limit: {}",
                ctx.settings.active_endpoints_limit
            ),
        ));
    }
    Ok(())
}
