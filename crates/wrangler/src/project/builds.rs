//! The services' own build commands.

use std::path::Path;
use std::time::Instant;

use futures_util::{StreamExt as _, stream};
use indexmap::IndexMap;

use actions_core::error::fault;

use super::{Progress, Say, Scope};
use crate::Sandbox;
use crate::generated::{POINTER, Written};

/// Runs the build commands of the chosen services, as many at once as there are cores; returns those that failed. They
/// come before everything else: a build may write the configuration, too.
pub async fn build(scope: Scope<'_>, sandbox: &Sandbox, say: Say<'_>) -> IndexMap<String, anyhow::Error> {
    let builds = scope
        .services()
        .filter_map(|service| Some((service, service.build.as_ref()?)));
    let results: Vec<_> = stream::iter(builds)
        .map(|(service, command)| async move {
            let started = Instant::now();
            let folder = scope.environment.root.join(&service.path);
            let before = Written::of(&folder);
            let built = sandbox.build(command, &folder, service.wrangler_env.as_deref()).await;
            let result = match built {
                Ok(()) => renewed(before.as_ref(), &folder, command),
                Err(failed) => Err(failed.into()),
            };
            if result.is_ok() {
                say(Progress::Built {
                    key: &service.key,
                    command,
                    took: started.elapsed(),
                });
            }
            (service.key.clone(), result)
        })
        .buffered(at_once())
        .collect()
        .await;
    let failed = results
        .into_iter()
        .filter_map(|(key, result)| Some((key, result.err()?)));
    failed.collect()
}

/// A build that leaves an earlier one's configuration as it was would have that deployed, whatever it did itself.
fn renewed(before: Option<&Written>, folder: &Path, command: &str) -> anyhow::Result<()> {
    if before.is_none() || before != Written::of(folder).as_ref() {
        return Ok(());
    }
    Err(fault(format!(
        "`{command}` ended well and did not write `{POINTER}`, which is there from an earlier build and leads wrangler to what that one made"
    ))
    .hint("delete it before this step; or leave `build` out of the manifest, if an earlier step builds the service")
    .into())
}

pub(super) fn at_once() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}
