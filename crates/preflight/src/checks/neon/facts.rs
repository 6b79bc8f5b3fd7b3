//! What Neon tells of the key, the project and the parent branch: five requests, in two rounds.

use actions_core::neon::{Branch, Error, KeyKind, Project};
use actions_core::runner::common::NeonAccess;

use crate::checks::asking;

/// What was read.
pub(super) struct Facts {
    pub(super) project_id: String,
    pub(super) project: Result<Project, Error>,
    /// `None` where it is not told.
    pub(super) key: Option<KeyKind>,
    pub(super) branches: Result<Vec<Branch>, Error>,
    /// Of the parent branch, where there is one.
    pub(super) inside: Option<Inside>,
}

/// What is in a branch.
pub(super) struct Inside {
    pub(super) roles: Result<Vec<String>, Error>,
    pub(super) databases: Result<Vec<String>, Error>,
}

impl Facts {
    /// Asks; `parent` is the name of the branch that others are copied from.
    pub(super) async fn read(access: &NeonAccess, parent: &str) -> anyhow::Result<Self> {
        let http = actions_core::http::client()?;
        let (url, id, key) = (&access.api_url, &access.project_id, access.api_key.clone());
        let reader = actions_core::neon::Reader::new(http, url, id, key).with_patience(asking::patience());
        let (project, key, branches) = tokio::join!(reader.project(), reader.key_kind(), reader.branches());
        let parent = branches.iter().flatten().find(|branch| is(branch, parent));
        let inside = match parent {
            Some(parent) => {
                let (roles, databases) = tokio::join!(reader.roles(parent), reader.databases(parent));
                Some(Inside { roles, databases })
            }
            None => None,
        };
        Ok(Self {
            project_id: id.clone(),
            project,
            key: key.ok().flatten(),
            branches,
            inside,
        })
    }
}

/// Whether a branch is the one of this name or id.
pub(super) fn is(branch: &Branch, name: &str) -> bool {
    branch.name == name || branch.id == name
}
