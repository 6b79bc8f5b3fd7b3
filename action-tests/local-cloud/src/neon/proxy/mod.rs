//! The proxy in front of Postgres: each compute listens on addresses of its own, checks the branch's
//! own passwords, and leads to the branch's own databases.

mod front;
mod login;
mod message;
mod scram;
mod verify;

use std::net::SocketAddrV4;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) use self::front::Front;
pub(super) use self::login::Logins;

use self::message::{Fatal, First, Startup};
use super::door::{Ctx, enter};
use super::model::{Endpoint, Project};
use super::operation::Presence;
use crate::neon::state::Neon;

/// How long a client waits for a branch whose database is still being made.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(30);

/// The listeners of one compute, direct and pooled. Dropping it closes them and their connections.
pub(super) struct Door {
    kicks: watch::Sender<u64>,
    listeners: Vec<JoinHandle<()>>,
}

impl Door {
    pub(super) async fn open(
        cloud: &Arc<Neon>,
        number: u32,
        kicks: u64,
        addresses: [SocketAddrV4; 2],
    ) -> anyhow::Result<Self> {
        let (kicks, kicked) = watch::channel(kicks);
        let mut listeners = Vec::new();
        for address in addresses {
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("a compute could not listen on {address}"))?;
            let visit = Visit {
                cloud: Arc::downgrade(cloud),
                number,
                kicked: kicked.clone(),
            };
            listeners.push(tokio::spawn(listen(listener, visit)));
        }
        Ok(Self { kicks, listeners })
    }

    /// Ends all connections when `kicks` has moved on.
    pub(super) fn kick(&mut self, kicks: u64) {
        self.kicks.send_if_modified(|known| {
            let moved = *known != kicks;
            *known = kicks;
            moved
        });
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        for listener in &self.listeners {
            listener.abort();
        }
    }
}

/// What a connection needs to know of its compute.
#[derive(Clone)]
struct Visit {
    cloud: Weak<Neon>,
    number: u32,
    kicked: watch::Receiver<u64>,
}

async fn listen(listener: TcpListener, visit: Visit) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(POLL).await;
            continue;
        };
        let mut visit = visit.clone();
        visit.kicked.mark_unchanged();
        tokio::spawn(async move {
            // A broken connection concerns its two ends alone.
            let _ = serve(client, visit).await;
        });
    }
}

async fn serve(mut client: TcpStream, visit: Visit) -> anyhow::Result<()> {
    client.set_nodelay(true)?;
    let startup = loop {
        match message::read_first(&mut client).await? {
            // No TLS and no Kerberos here: the client goes on in clear, or gives up.
            First::Encryption => client.write_all(b"N").await?,
            First::Cancel(packet) => return cancel(&visit, &packet).await,
            First::Startup(startup) => break startup,
        }
    };
    let mut kicked = visit.kicked.clone();
    let server = tokio::select! {
        server = admit(&mut client, &visit, &startup) => server?,
        _ = kicked.changed() => Err(Fatal::shutdown()),
    };
    let mut server = match server {
        Ok(server) => server,
        Err(fatal) => {
            client.write_all(&fatal.encode()).await?;
            return Ok(client.shutdown().await?);
        }
    };
    let _guest = Guest::enter(&visit);
    tokio::select! {
        ended = tokio::io::copy_bidirectional(&mut client, &mut server) => { ended?; }
        // Changed: thrown out. An error: the compute is gone.
        _ = kicked.changed() => {
            client.write_all(&Fatal::shutdown().encode()).await?;
            client.shutdown().await?;
        }
    }
    Ok(())
}

/// Checks the client's password and logs in for it. The client has been told that it is in.
async fn admit(client: &mut TcpStream, visit: &Visit, startup: &Startup) -> anyhow::Result<Result<TcpStream, Fatal>> {
    client.write_all(&message::ask_for_password()).await?;
    let password = message::read_password(client).await?;
    let target = match resolve(visit, startup, &password) {
        Ok(target) => target,
        Err(fatal) => return Ok(Err(fatal)),
    };
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let cloud = visit.cloud.upgrade().context("the cloud has ended")?;
        match cloud.physical.presence(&target) {
            Presence::Failed(error) => return Ok(Err(Fatal::internal(&error))),
            Presence::Absent => {}
            Presence::Present => {
                let mut asked = startup.clone();
                asked.set("database", &target);
                match login::login(&cloud, &asked).await? {
                    Ok((server, greeting)) => {
                        client.write_all(&greeting).await?;
                        return Ok(Ok(server));
                    }
                    // The database is being copied: it takes connections again in a moment.
                    Err(fatal) if fatal.is_not_accepting() => {}
                    Err(fatal) => return Ok(Err(fatal)),
                }
            }
        }
        drop(cloud);
        if tokio::time::Instant::now() > deadline {
            return Ok(Err(Fatal::starting()));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The real database that a client means, if its password is right. Wakes the compute.
fn resolve(visit: &Visit, startup: &Startup, password: &str) -> Result<String, Fatal> {
    let user = startup.get("user").unwrap_or_default();
    let database = startup.get("database").unwrap_or(user);
    with_endpoint(visit, |ctx, project, number| {
        let branch = project
            .endpoints
            .iter()
            .find(|endpoint| endpoint.number == number)
            .and_then(|endpoint| project.branch(&endpoint.branch_id))
            .ok_or_else(Fatal::shutdown)?;
        if branch.role(user).is_none_or(|role| role.password != password) {
            return Err(Fatal::wrong_password(user));
        }
        let target = branch
            .database(database)
            .ok_or_else(|| Fatal::no_database(database))?
            .physical
            .clone();
        if let Some(endpoint) = project.endpoints.iter_mut().find(|e| e.number == number) {
            endpoint.last_active = Some(ctx.now);
            if endpoint.current_state == "idle" {
                endpoint.current_state = "active";
                endpoint.started_at = Some(ctx.now);
                endpoint.suspended_at = None;
            }
        }
        Ok(target)
    })
    .unwrap_or_else(|| Err(Fatal::shutdown()))
}

fn with_endpoint<T>(visit: &Visit, with: impl FnOnce(&Ctx, &mut Project, u32) -> T) -> Option<T> {
    let cloud = visit.cloud.upgrade()?;
    enter(&cloud, |ctx, projects| {
        let has = |e: &Endpoint| e.number == visit.number;
        let project = projects.iter_mut().find(|project| project.endpoints.iter().any(has))?;
        Some(with(ctx, project, visit.number))
    })
}

/// A cancel request carries the process id and key that the server itself gave out: it is handed on.
async fn cancel(visit: &Visit, packet: &[u8]) -> anyhow::Result<()> {
    let cloud = visit.cloud.upgrade().context("the cloud has ended")?;
    let mut server = login::connect(&cloud).await?;
    server.write_all(packet).await?;
    // The server answers by closing, once the signal has been sent.
    let mut nothing = [0; 1];
    let _ = server.read(&mut nothing).await?;
    Ok(())
}

/// Counts a connection on its compute for as long as it lives.
struct Guest(Visit);

impl Guest {
    fn enter(visit: &Visit) -> Self {
        Self::count(visit, |endpoint, _| endpoint.connections += 1);
        Self(visit.clone())
    }

    fn count(visit: &Visit, change: impl FnOnce(&mut Endpoint, &Ctx)) {
        with_endpoint(visit, |ctx, project, number| {
            if let Some(endpoint) = project.endpoints.iter_mut().find(|e| e.number == number) {
                change(endpoint, ctx);
            }
        });
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        Self::count(&self.0, |endpoint, ctx| {
            endpoint.connections = endpoint.connections.saturating_sub(1);
            endpoint.last_active = Some(ctx.now);
        });
    }
}
