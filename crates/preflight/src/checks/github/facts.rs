//! What GitHub tells of the token, the repository and its settings. Only reads; names of secrets, never values.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::github::{Access, DeploymentEnvironment, Error, Reader, Told};
use actions_core::runner::common::GithubAccess;
use futures_util::future::{join_all, try_join_all};

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
    /// The names of GitHub's secrets, of the repository, its organization and its environments; `None` where the token may
    /// not list all of them.
    pub(super) secrets: Option<BTreeSet<String>>,
}

/// Environments, beside the manifest's, whose secrets are looked at. A repository that has more, one for each pull request
/// perhaps, is not looked through.
const MOST_ENVIRONMENTS: usize = 10;

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

/// The names of all secrets that jobs of this repository could be given.
async fn names(
    reader: &Reader,
    environments: &[DeploymentEnvironment],
    world: &World,
) -> Result<Option<BTreeSet<String>>, Error> {
    let (own, shared) = tokio::join!(reader.secret_names(), reader.organization_secret_names());
    // Either list alone proves nothing.
    let (Some(own), Some(shared)) = (own?, shared?) else {
        return Ok(None);
    };
    let mut names: BTreeSet<String> = own.into_iter().chain(shared).collect();
    let ours = |it: &&DeploymentEnvironment| world.environments.iter().any(|environment| environment.name == it.name);
    let (ours, others): (Vec<_>, Vec<_>) = environments.iter().partition(ours);
    if others.len() > MOST_ENVIRONMENTS {
        return Ok(None);
    }
    let all = ours.into_iter().chain(others);
    let all = try_join_all(all.map(|environment| reader.environment_secret_names(&environment.name))).await?;
    for own in all {
        let Some(own) = own else { return Ok(None) };
        names.extend(own);
    }
    Ok(Some(names))
}
