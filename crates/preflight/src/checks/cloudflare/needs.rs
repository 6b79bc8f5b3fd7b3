//! Which permissions this manifest's environments take of the one token, from the table that the READMEs show. Pure.

use actions_core::cloudflare::Permission;
use actions_core::cloudflare::d1::is_id;
use actions_core::environment::{Database, Environment, Service};
use actions_core::grants::{self, Case, Grant, Of, When};
use actions_core::manifest::{Routing, Uploader};
use actions_core::text::quoted_list;

use super::resources;
use crate::world::World;

/// A permission, and who needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) permission: Permission,
    /// The actions do their work without it.
    pub(crate) optional: bool,
    pub(crate) actions: Vec<&'static str>,
    pub(crate) environments: Vec<String>,
    /// For what, as the table says it, of the first that needs it.
    pub(crate) what: &'static str,
}

impl Need {
    /// `` `preview-dns` and `cleanup` for environment `preview` ``
    pub(super) fn by(&self) -> String {
        let noun = if self.environments.len() == 1 {
            "environment"
        } else {
            "environments"
        };
        format!(
            "{} for {noun} {}",
            quoted_list(&self.actions),
            quoted_list(&self.environments)
        )
    }
}

/// One for each group of permissions, with the highest level that these environments need.
pub(crate) fn of(world: &World, environments: &[Environment]) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    // What must be goes first: an optional read of the same group adds nothing to it.
    for optional in [false, true] {
        for environment in environments {
            for action in actions(environment) {
                for grant in grants::of(action) {
                    let Of::Cloudflare(permission) = grant.of else { continue };
                    let dispensable = grant.when == When::Optional || only_verifies(action, environment);
                    if dispensable == optional && applies(grant, world, environment) {
                        let permission = level(permission, action, environment);
                        add(&mut needs, permission, optional, action, environment, grant.what);
                    }
                }
            }
        }
    }
    needs
}

fn add(
    needs: &mut Vec<Need>,
    permission: Permission,
    optional: bool,
    action: &'static str,
    environment: &Environment,
    what: &'static str,
) {
    let name = &environment.name;
    let same = needs
        .iter_mut()
        .find(|need| need.permission.group() == permission.group());
    match same {
        Some(need) if need.optional == optional => {
            if permission.is_edit() {
                need.permission = permission;
            }
            if !need.actions.contains(&action) {
                need.actions.push(action);
            }
            if !need.environments.contains(name) {
                need.environments.push(name.clone());
            }
        }
        Some(_) => {}
        None => needs.push(Need {
            permission,
            optional,
            actions: vec![action],
            environments: vec![name.clone()],
            what,
        }),
    }
}

/// The actions that an environment's life takes. What exists once is not torn down by a workflow.
fn actions(environment: &Environment) -> Vec<&'static str> {
    let mut actions = Vec::new();
    let has_records = environment.routing != Routing::WorkersDev || !environment.records.is_empty();
    if !environment.zone.is_empty() && has_records {
        actions.push("preview-dns");
    }
    actions.push("deploy-workers");
    if environment.pull_request.is_some() {
        actions.push("cleanup");
    }
    actions
}

/// Where Cloudflare owns all records, `preview-dns` has nothing to make: it looks whether something is in the way, if it
/// is used at all.
fn only_verifies(action: &str, environment: &Environment) -> bool {
    let mut hostnames = environment.services.iter().flat_map(Service::hostnames);
    action == "preview-dns"
        && environment.records.is_empty()
        && hostnames.all(|hostname| environment.routing.of(hostname) == Routing::CustomDomain)
}

fn level(permission: Permission, action: &str, environment: &Environment) -> Permission {
    match permission {
        Permission::DnsEdit if only_verifies(action, environment) => Permission::DnsRead,
        permission => permission,
    }
}

fn applies(grant: &Grant, world: &World, environment: &Environment) -> bool {
    let of_zone = match grant.of {
        Of::Cloudflare(permission) => permission.is_of_zone(),
        Of::GitHub(_) | Of::Neon(_) => return false,
    };
    if of_zone && environment.zone.is_empty() {
        return false;
    }
    match grant.when {
        When::Always | When::Optional if grant.of == Of::Cloudflare(Permission::SslRead) => deep(environment).is_some(),
        When::Always | When::Optional if grant.of == Of::Cloudflare(Permission::R2Read) => {
            resources::has_bucket(world, &environment.name)
        }
        When::Always | When::Optional => true,
        When::Only(case) => holds(case, world, environment),
    }
}

fn holds(case: Case, world: &World, environment: &Environment) -> bool {
    let mut services = environment.services.iter();
    match case {
        Case::ZoneByName => true,
        Case::Hostnames => matches!(environment.routing, Routing::Route | Routing::CustomDomain),
        Case::CustomDomains | Case::CustomDomainsOfAccount => environment.routing == Routing::CustomDomain,
        Case::Kv => services.any(|service| !service.kv.is_empty()),
        Case::D1ByName => services.any(|service| service.d1.values().any(|name| !is_id(name))),
        Case::QueuesByWrangler => services.any(|service| {
            service.uploader == Uploader::Wrangler && resources::consumes(world, &service.key, environment)
        }),
        Case::OwnBranch => environment.database.as_ref().is_some_and(Database::is_own),
        // Of GitHub's, which another area looks at.
        Case::PrivateRepository
        | Case::ManifestOfPrivate
        | Case::Deployment
        | Case::DeploymentOfPush
        | Case::CommitStatus
        | Case::SweepOrExplain
        | Case::Sweep
        | Case::AlertIssue => false,
    }
}

/// A hostname by a route that has more than one label before the zone: the zone's usual certificate ends at one.
pub(super) fn deep(environment: &Environment) -> Option<&str> {
    let is_deep = |hostname: &&str| {
        let below = hostname
            .strip_suffix(&environment.zone)
            .and_then(|rest| rest.strip_suffix('.'));
        below.is_some_and(|label| label.contains('.')) && environment.routing.of(hostname) == Routing::Route
    };
    let mut all = environment.services.iter().flat_map(Service::hostnames);
    all.find(is_deep)
}
