//! Bundles as a folder: `command: build` leaves them, `command: deploy` takes them.

use std::path::Path;

use actions_core::error::Fault;
use actions_core::runner::Problems;
use indexmap::IndexMap;
use wrangler::bundles::{self, Source, Taken};
use wrangler::project::Built;

use crate::inputs::Inputs;
use crate::report;

/// What this run's bundles are of.
///
/// # Errors
/// The commit is not known: bundles of any commit would do.
pub(crate) async fn source(inputs: &Inputs) -> Result<Source, Fault> {
    let told = inputs.inquiry.source().await;
    let environment = &inputs.environment;
    Ok(Source {
        project: environment.project.clone(),
        environment: environment.name.clone(),
        pull_request: environment.pull_request,
        commit: told.commit.ok_or_else(|| report::commit_not_known(told.unknown))?,
    })
}

/// Takes the bundles of the chosen services; what keeps them from being deployed is recorded.
pub(crate) async fn take(inputs: &Inputs, folder: &Path, problems: &mut Problems) -> Result<Option<Taken>, Fault> {
    let source = source(inputs).await?;
    match bundles::take(folder, &source, &inputs.chosen, inputs.bundles_digest.as_deref()) {
        Ok(taken) => Ok(Some(taken)),
        Err(wrong) => {
            for problem in wrong {
                problems.add("bundles", problem);
            }
            Ok(None)
        }
    }
}

/// Bundles that were left.
pub(crate) struct Left {
    pub(crate) source: Source,
    /// For the action that uploads them.
    pub(crate) folder: String,
    pub(crate) digest: String,
}

/// Leaves what was built.
pub(crate) async fn leave(inputs: &Inputs, folder: &Path, built: &IndexMap<String, Built>) -> anyhow::Result<Left> {
    let source = source(inputs).await?;
    let (_, digest) = bundles::leave(folder, &source, built)?;
    Ok(Left {
        source,
        folder: folder.display().to_string(),
        digest,
    })
}
