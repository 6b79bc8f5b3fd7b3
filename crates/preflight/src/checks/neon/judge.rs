//! What is found about Neon, from what was read. Pure.

use actions_core::environment::{Database, Environment};
use actions_core::neon::annotation::Kind as Purpose;
use actions_core::neon::{Branch, Error, KeyKind, Project};
use actions_core::text::{count, nearest, quoted_list};

use super::facts::{Facts, is};
use super::kinds;
use crate::checks::asking;
use crate::finding::{Finding, Kind};
use crate::world::World;

const KEY: &str = "NEON_API_KEY";
/// Seconds of history below which the next morning is too late.
const A_DAY: u64 = 86_400;
/// Names that a sentence can hold.
const NAMES: usize = 8;

/// Environments of pull requests that work on the parent itself. No request is made for it.
pub(super) fn shared(world: &World) -> Vec<Finding> {
    let on_parent = |environment: &&Environment| {
        let database = environment.database.as_ref();
        environment.pull_request.is_some() && database.is_some_and(|database| !database.is_own())
    };
    let found = world.environments.iter().filter(on_parent).filter_map(|environment| {
        let database = environment.database.as_ref()?;
        let (kind, what) = match &database.migrate {
            Some(_) => (&kinds::PREVIEW_MIGRATES_PARENT, "so each pull request migrates"),
            None => (&kinds::PREVIEW_SHARES_PARENT, "so each pull request reads and writes"),
        };
        let name = &environment.name;
        let said = format!(
            "environment `{name}` has no `branch`, {what} branch `{}`",
            database.parent
        );
        let remedy = format!("add `branch = \"{name}-pr-{{pr}}\"` to `[environments.{name}]`");
        let finding = Finding::new(kind, format!("environments.{name}"), said, remedy);
        Some(world.in_manifest(finding, &["environments", name]))
    });
    found.collect()
}

/// Everything that Neon's answers tell.
pub(super) fn judge(facts: &Facts, world: &World, pull_request: Option<u64>) -> Vec<Finding> {
    let project = match &facts.project {
        Ok(project) => project,
        Err(error) => return vec![unreachable(facts, error)],
    };
    let mut findings = of_project(facts, project);
    let Some(database) = world.environments.iter().find_map(|it| it.database.as_ref()) else {
        return findings;
    };
    let branches = match &facts.branches {
        Ok(branches) => branches,
        Err(error) => {
            findings.push(not_read(&asking::told(error)));
            return findings;
        }
    };
    match branches.iter().find(|branch| is(branch, &database.parent)) {
        Some(parent) => {
            findings.extend(of_parent(parent, branches, world));
            findings.extend(of_inside(facts, database, world));
        }
        None => findings.push(no_parent(&database.parent, branches, world)),
    }
    findings.extend(room(project, branches, world));
    // The stand-in's names are nobody's.
    let real = |environment: &&Environment| environment.pull_request.is_none() || pull_request.is_some();
    for environment in world.environments.iter().filter(real) {
        findings.extend(own_branch(environment, branches));
    }
    findings
}

fn unreachable(facts: &Facts, error: &Error) -> Finding {
    let id = &facts.project_id;
    match error.status().filter(|_| error.is_its_own()) {
        Some(401) => Finding::new(
            &kinds::KEY_INVALID,
            KEY,
            "Neon does not accept the API key (401): it was revoked, or is not whole",
            "make a key at https://console.neon.tech/app/settings/api-keys and store it as the secret `NEON_API_KEY`",
        ),
        Some(status @ (403 | 404)) => Finding::new(
            &kinds::PROJECT_UNSEEN,
            "NEON_PROJECT_ID",
            format!("the API key reaches no project `{id}` (Neon answers {status})"),
            "copy the id from Settings → General in Neon's console, or make the key in the organization of the project",
        ),
        _ => not_read(&asking::told(error)),
    }
}

fn of_project(facts: &Facts, project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = &project.name;
    if project.permission.as_deref() == Some("CAN_VIEW") {
        findings.push(Finding::new(
            &kinds::KEY_VIEWS,
            KEY,
            format!("the API key may only look at project `{name}` (`CAN_VIEW`)"),
            "give its owner the permission to edit the project, or make a project-scoped key",
        ));
    }
    if facts.key == Some(KeyKind::Personal) {
        findings.push(Finding::new(
            &kinds::KEY_PERSONAL,
            KEY,
            "the API key is a person's, and reaches all that this person reaches",
            format!("make a key that is limited to project `{name}`: Neon's console, organization settings, API keys"),
        ));
    }
    if project.store_passwords == Some(false) {
        findings.push(Finding::new(
            &kinds::PASSWORDS,
            "NEON_PROJECT_ID",
            format!("project `{name}` does not store passwords, so no connection string can be read from it"),
            "switch the storing of passwords on in the project's settings",
        ));
    }
    let history = project.history_retention_seconds;
    if history < A_DAY {
        let hours = history / 3600;
        findings.push(Finding::new(
            &kinds::HISTORY_SHORT,
            "NEON_PROJECT_ID",
            format!("project `{name}` keeps {} of history", count(usize::try_from(hours).unwrap_or(0), "hour")),
            "lengthen it under Settings → Storage as far as the plan allows, and make a checkpoint before each deployment to production",
        ));
    }
    findings
}

fn no_parent(parent: &str, branches: &[Branch], world: &World) -> Finding {
    let names: Vec<&str> = branches.iter().map(|branch| branch.name.as_str()).collect();
    let shown: Vec<&str> = names.iter().copied().take(NAMES).collect();
    let default = branches.iter().find(|branch| branch.default);
    let meant = nearest(parent, names.iter().copied()).or(default.map(|branch| branch.name.as_str()));
    let remedy = meant.map_or_else(
        || "write the name of a branch that exists".to_owned(),
        |meant| format!("write `parent = \"{meant}\"` in `[database]`"),
    );
    let said = format!("the project has no branch `{parent}`; it has {}", quoted_list(&shown));
    let finding = Finding::new(&kinds::PARENT_MISSING, "database.parent", said, remedy);
    world.in_manifest(finding, &["database", "parent"])
}

fn of_parent(parent: &Branch, branches: &[Branch], world: &World) -> Vec<Finding> {
    let mut findings = Vec::new();
    let default = branches.iter().find(|branch| branch.default);
    if let Some(default) = default.filter(|default| default.id != parent.id) {
        let said = format!(
            "the parent is branch `{}`, and the project's default branch is `{}`",
            parent.name, default.name
        );
        let remedy = format!("write `parent = \"{}\"`, unless the other one is meant", default.name);
        let finding = Finding::new(&kinds::PARENT_NOT_DEFAULT, "database.parent", said, remedy);
        findings.push(world.in_manifest(finding, &["database", "parent"]));
    }
    if let Some(at) = parent.expires_at {
        let said = format!(
            "Neon deletes the parent branch `{}` at {at}, and copies none that expires",
            parent.name
        );
        let remedy = "take the expiry off the branch in Neon's console";
        let finding = Finding::new(&kinds::PARENT_EXPIRES, "database.parent", said, remedy);
        findings.push(world.in_manifest(finding, &["database", "parent"]));
    }
    findings
}

fn of_inside(facts: &Facts, database: &Database, world: &World) -> Vec<Finding> {
    let Some(inside) = &facts.inside else {
        return Vec::new();
    };
    let parent = &database.parent;
    let lacks = |kind: &'static Kind, key: &str, noun: &str, name: &str, there: &Result<Vec<String>, Error>| {
        let there = match there {
            Ok(there) if there.iter().any(|other| other == name) => return None,
            Ok(there) => there,
            Err(error) => return Some(not_read(&asking::told(error))),
        };
        let shown: Vec<&String> = there.iter().take(NAMES).collect();
        let said = if there.is_empty() {
            format!("branch `{parent}` has no {noun} `{name}`, and no other one")
        } else {
            format!(
                "branch `{parent}` has no {noun} `{name}`; it has {}",
                quoted_list(&shown)
            )
        };
        let meant = nearest(name, there.iter().map(String::as_str)).or(there.first().map(String::as_str));
        let remedy = meant.map_or_else(
            || format!("make the {noun} in Neon's console"),
            |meant| format!("write `{key} = \"{meant}\"` in `[database]`, or make the {noun} in Neon's console"),
        );
        let finding = Finding::new(kind, format!("database.{key}"), said, remedy);
        Some(world.in_manifest(finding, &["database", key]))
    };
    let role = lacks(&kinds::ROLE_MISSING, "role", "role", &database.role, &inside.roles);
    let name = lacks(
        &kinds::DATABASE_MISSING,
        "name",
        "database",
        &database.name,
        &inside.databases,
    );
    // One cause, one row.
    match (role, name) {
        (Some(role), Some(name)) if role.kind == name.kind => vec![role],
        (role, name) => role.into_iter().chain(name).collect(),
    }
}

/// Whether there is room for the branches that environments are to have.
fn room(project: &Project, branches: &[Branch], world: &World) -> Vec<Finding> {
    let Some(most) = project.branches_limit() else {
        return Vec::new();
    };
    let owns = |environment: &&Environment| environment.database.as_ref().is_some_and(Database::is_own);
    let to_come = |environment: &Environment| {
        let own = environment.database.as_ref().map(|database| &database.branch);
        environment.pull_request.is_some() || !branches.iter().any(|branch| Some(&branch.name) == own)
    };
    let making: Vec<&Environment> = world.environments.iter().filter(owns).collect();
    if branches.len() >= most && making.iter().any(|environment| to_come(environment)) {
        return vec![Finding::new(
            &kinds::BRANCHES_USED_UP,
            "NEON_PROJECT_ID",
            format!(
                "project `{}` has {}, and its plan allows {most}",
                project.name,
                count(branches.len(), "branch")
            ),
            "delete branches that nobody needs, or take a larger plan",
        )];
    }
    let few = making.into_iter().filter_map(|environment| {
        let limit = usize::try_from(environment.limit?).ok()?;
        let own = branches
            .iter()
            .filter(|branch| branch.is_of_environment(&environment.owner));
        let room = most.saturating_sub(branches.len() - own.count());
        let name = &environment.name;
        (limit > room).then(|| {
            let said = format!("`limit` of environment `{name}` is {limit}, and the plan leaves room for {room}");
            let remedy = format!("write `limit = {}` or less, or take a larger plan", room.max(1));
            let finding = Finding::new(&kinds::BRANCHES_FEW, format!("environments.{name}"), said, remedy);
            world.in_manifest(finding, &["environments", name, "limit"])
        })
    });
    few.collect()
}

/// What is wrong with the branch that an environment has already.
fn own_branch(environment: &Environment, branches: &[Branch]) -> Option<Finding> {
    let database = environment.database.as_ref().filter(|database| database.is_own())?;
    let branch = branches.iter().find(|branch| branch.name == database.branch)?;
    let subject = format!("environments.{}", environment.name);
    // Outside GitHub Actions nobody may say which repository this is: then everything marked would be another's.
    let knows = environment.owner.repository.is_known();
    if let Some(whose) = branch.verdict(&environment.owner).foreign().filter(|_| knows) {
        let said = format!(
            "branch `{}` of environment `{}` belongs to {whose}",
            branch.name,
            environment.title()
        );
        let remedy = "change `branch` of the environment, or rename the other branch in Neon's console";
        return Some(Finding::new(&kinds::BRANCH_FOREIGN, subject, said, remedy));
    }
    let is_to_go = environment.pull_request.is_some() || database.expires.is_some();
    let children: Vec<&str> = branches
        .iter()
        .filter(|child| child.parent_id.as_ref() == Some(&branch.id) && !child.is_a(Purpose::Checkpoint))
        .map(|child| child.name.as_str())
        .take(NAMES)
        .collect();
    (is_to_go && !children.is_empty()).then(|| {
        let exist = if children.len() == 1 { "exists" } else { "exist" };
        let said = format!(
            "branch `{}` of environment `{}` cannot be deleted while {} {exist}, made from it",
            branch.name,
            environment.title(),
            quoted_list(&children)
        );
        let remedy = "delete those branches in Neon's console, or make them from the parent";
        Finding::new(&kinds::BRANCH_HAS_CHILDREN, subject, said, remedy)
    })
}

pub(super) fn not_read(why: &str) -> Finding {
    Finding::new(
        &kinds::NOT_READ,
        "neon",
        format!("Neon was not, or not wholly, looked at: {why}"),
        "run again; nothing is known of what was not read",
    )
}
