//! What GitHub tells of the token, the repository and its settings. Only reads; names of secrets, never values.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::github::{Access, DeploymentEnvironment, Error, Reader, Told};
use actions_core::runner::common::GithubAccess;
use futures_util::future::join_all;

use super::expected::Expected;
use crate::checks::asking;
use crate::world::World;

/// What was read.
pub(super) struct Facts {
    pub(super) repository: String,
    pub(super) access: Result<Access, Error>,
    /// By key of `permissions:`.
    pub(super) told: BTreeMap<&'static str, Result<Told, Error>>,
    /// `None` where the token may not read them.
    pub(super) environments: Result<Option<Vec<DeploymentEnvironment>>, Error>,
    /// `None` where the token may not list all of them.
    pub(super) secrets: Option<Secrets>,
}

/// Names of GitHub secrets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Secrets {
    /// Of the repository, and of its organization for it.
    pub(super) everywhere: BTreeSet<String>,
    /// Of each environment that there is.
    pub(super) of_environment: BTreeMap<String, BTreeSet<String>>,
}

impl Facts {
    pub(super) async fn read(
        access: &GithubAccess,
        world: &World,
        expected: Option<&Expected>,
    ) -> anyhow::Result<Self> {
        let repository = access.repository.clone();
        let reader = match access.reader(actions_core::http::client()?) {
            Ok(reader) => reader.with_patience(asking::patience()),
            // No request can be made with such a token.
            Err(error) => {
                return Ok(Self {
                    repository,
                    access: Err(error),
                    told: BTreeMap::new(),
                    environments: Ok(None),
                    secrets: None,
                });
            }
        };
        let commit = world.env.get("GITHUB_SHA");
        let keys: BTreeSet<&'static str> = expected.iter().flat_map(|it| &it.scopes).map(|it| it.key).collect();
        let told = join_all(
            keys.into_iter()
                .map(async |key| (key, reader.may_read(key, commit).await)),
        );
        let (access, environments, told) = tokio::join!(reader.access(), reader.environments(), told);
        let secrets = match (&access, &environments) {
            (Ok(_), Ok(Some(environments))) if !reader.is_of_workflow() => {
                names(&reader, environments, world).await.ok().flatten()
            }
            _ => None,
        };
        Ok(Self {
            repository,
            access,
            told: told.into_iter().collect(),
            environments,
            secrets,
        })
    }
}

/// The names of the secrets that jobs of the manifest's environments could be given.
async fn names(
    reader: &Reader,
    environments: &[DeploymentEnvironment],
    world: &World,
) -> Result<Option<Secrets>, Error> {
    let (own, shared) = tokio::join!(reader.secret_names(), reader.organization_secret_names());
    // Either list alone proves nothing.
    let (Some(own), Some(shared)) = (own?, shared?) else {
        return Ok(None);
    };
    let mut secrets = Secrets {
        everywhere: own.into_iter().chain(shared).collect(),
        of_environment: BTreeMap::new(),
    };
    let ours = |it: &&DeploymentEnvironment| world.environments.iter().any(|environment| environment.name == it.name);
    for environment in environments.iter().filter(ours) {
        let Some(names) = reader.environment_secret_names(&environment.name).await? else {
            return Ok(None);
        };
        let names = names.into_iter().collect();
        secrets.of_environment.insert(environment.name.clone(), names);
    }
    Ok(Some(secrets))
}
