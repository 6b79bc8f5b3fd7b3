//! What serves as a Worker. One answer that it is not there proves nothing: it is asked again, and the account's list
//! of Workers is asked, too.

use std::time::Duration;

use actions_core::cloudflare::{Deployment, Reader};
use actions_core::error::fault;

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(700);
/// How often a Worker that the list names is asked for what serves.
const TIMES: u32 = 4;

/// A Worker as it was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    /// There is no such Worker: its own route and the list agree.
    Absent,
    /// Its deployments, the one that serves first; none when nothing of it ever served.
    There(Vec<Deployment>),
}

/// Asks for something of a Worker that the account's list names, again and again while Cloudflare denies it.
///
/// # Errors
/// It was denied each time, or could not be read.
pub(crate) async fn insist<T>(
    what: &str,
    ask: impl AsyncFn() -> Result<Option<T>, actions_core::cloudflare::Error>,
) -> anyhow::Result<T> {
    for asked in 1.. {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        if asked >= TIMES {
            break;
        }
        tokio::time::sleep(PAUSE * asked).await;
    }
    Err(fault(format!("could not read {what}"))
        .because(fault("Cloudflare answers that there is no such Worker, and lists it"))
        .hint("it may be being made or deleted just now: run again")
        .into())
}

/// What serves as this Worker.
pub(crate) async fn found(reader: &Reader, worker: &str) -> anyhow::Result<Found> {
    if let Some(deployments) = reader.deployments(worker).await? {
        return Ok(Found::There(deployments));
    }
    tokio::time::sleep(PAUSE).await;
    if let Some(deployments) = reader.deployments(worker).await? {
        return Ok(Found::There(deployments));
    }
    if !reader.workers().await?.iter().any(|listed| listed.name == worker) {
        return Ok(Found::Absent);
    }
    let what = format!("what serves as Worker `{worker}`");
    let deployments = insist(&what, async || reader.deployments(worker).await).await?;
    Ok(Found::There(deployments))
}
