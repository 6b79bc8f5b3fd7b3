//! Who is connected to a compute: counted for as long as it lives, and thrown out when the state says so.

use std::sync::Weak;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::message::Fatal;
use crate::neon::door::{Ctx, enter};
use crate::neon::model::{Endpoint, Project};
use crate::neon::state::Neon;

/// Counts a connection on its compute for as long as it lives.
pub(super) struct Guest {
    cloud: Weak<Neon>,
    number: u32,
}

impl Guest {
    pub(super) fn enter(cloud: &Weak<Neon>, number: u32) -> Self {
        let guest = Self {
            cloud: cloud.clone(),
            number,
        };
        guest.count(|endpoint, _| endpoint.connections += 1);
        guest
    }

    fn count(&self, change: impl FnOnce(&mut Endpoint, &Ctx)) {
        with_endpoint(&self.cloud, self.number, |ctx, project, number| {
            if let Some(endpoint) = project.endpoints.iter_mut().find(|e| e.number == number) {
                change(endpoint, ctx);
            }
        });
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.count(|endpoint, ctx| {
            endpoint.connections = endpoint.connections.saturating_sub(1);
            endpoint.last_active = Some(ctx.now);
        });
    }
}

/// Somebody uses the compute: it is awake.
pub(super) fn awaken(endpoint: &mut Endpoint, ctx: &Ctx) {
    endpoint.last_active = Some(ctx.now);
    if endpoint.current_state == "idle" {
        endpoint.current_state = "active";
        endpoint.started_at = Some(ctx.now);
        endpoint.suspended_at = None;
    }
}

/// Ends when the connections that a compute has by now are to end: it was suspended, restarted, or is gone.
pub(super) fn kicked(cloud: &Weak<Neon>, number: u32) -> impl Future<Output = ()> + use<> {
    let mine = with_endpoint(cloud, number, |_, project, number| {
        let endpoint = project.endpoints.iter().find(|e| e.number == number);
        endpoint.map(|endpoint| endpoint.kicks)
    });
    let kicks = cloud.upgrade().map(|cloud| cloud.physical.kicks.subscribe());
    async move {
        let (Some(mine), Some(mut kicks)) = (mine.flatten(), kicks) else {
            return;
        };
        // What was created a moment ago is not noted yet. An error is the end of the cloud.
        if kicks
            .wait_for(|all| all.get(&number).is_some_and(|kicks| *kicks >= mine))
            .await
            .is_ok()
        {
            let _ = kicks.wait_for(|all| all.get(&number) != Some(&mine)).await;
        }
    }
}

/// Carries bytes between a client and its database until one of them ends, or the client is thrown out.
pub(super) async fn bridge<S>(
    client: &mut S,
    server: &mut TcpStream,
    thrown_out: impl Future<Output = ()>,
) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tokio::select! {
        ended = tokio::io::copy_bidirectional(client, server) => { ended?; }
        () = thrown_out => {
            client.write_all(&Fatal::shutdown().encode()).await?;
            client.shutdown().await?;
        }
    }
    Ok(())
}

/// Runs `with` on the project that has a compute, while it has.
pub(super) fn with_endpoint<T>(
    cloud: &Weak<Neon>,
    number: u32,
    with: impl FnOnce(&Ctx, &mut Project, u32) -> T,
) -> Option<T> {
    let cloud = cloud.upgrade()?;
    enter(&cloud, |ctx, projects| {
        let has = |e: &Endpoint| e.number == number;
        let project = projects.iter_mut().find(|project| project.endpoints.iter().any(has))?;
        Some(with(ctx, project, number))
    })
}
