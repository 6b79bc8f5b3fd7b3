//! The proxy in front of Postgres: each compute listens on addresses of its own, checks the branch's
//! own passwords, and leads to the branch's own databases.

mod front;
mod guest;
mod login;
mod message;
mod query;
mod session;
mod socket;
mod sql;
mod values;
mod verify;
mod visit;

use std::net::SocketAddrV4;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) use self::front::Front;
use self::guest::Guest;
use self::login::Session;
use self::message::{Fatal, First, Startup};
use crate::neon::state::Neon;

const POLL: Duration = Duration::from_millis(30);

/// The listeners of one compute, direct and pooled. Dropping it closes them and their connections.
pub(super) struct Door {
    listeners: Vec<JoinHandle<()>>,
    /// Says goodbye to all connections by its end.
    _open: watch::Sender<()>,
}

impl Door {
    pub(super) async fn open(cloud: &Arc<Neon>, number: u32, addresses: [SocketAddrV4; 2]) -> anyhow::Result<Self> {
        let (open, closed) = watch::channel(());
        let mut listeners = Vec::new();
        for address in addresses {
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("a compute could not listen on {address}"))?;
            let visit = Visit {
                cloud: Arc::downgrade(cloud),
                number,
                closed: closed.clone(),
            };
            listeners.push(tokio::spawn(listen(listener, visit)));
        }
        Ok(Self { listeners, _open: open })
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
    closed: watch::Receiver<()>,
}

async fn listen(listener: TcpListener, visit: Visit) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(POLL).await;
            continue;
        };
        let visit = visit.clone();
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
    let (mut closed, kicked) = (visit.closed.clone(), guest::kicked(&visit.cloud, visit.number));
    // An error is the end of the door.
    let mut thrown_out = pin!(async move {
        tokio::select! {
            _ = closed.changed() => {}
            () = kicked => {}
        }
    });
    let session = tokio::select! {
        session = admit(&mut client, &visit, &startup) => session?,
        () = &mut thrown_out => Err(Fatal::shutdown()),
    };
    let Session { mut server, words } = match session {
        Ok(session) => session,
        Err(fatal) => {
            client.write_all(&fatal.encode()).await?;
            return Ok(client.shutdown().await?);
        }
    };
    let _guest = Guest::enter(&visit.cloud, visit.number);
    client.write_all(&message::ok()).await?;
    client.write_all(&words).await?;
    guest::bridge(&mut client, &mut server, thrown_out).await
}

/// Checks the client's password and logs in for it.
async fn admit(client: &mut TcpStream, visit: &Visit, startup: &Startup) -> anyhow::Result<Result<Session, Fatal>> {
    client.write_all(&message::ask_for_password()).await?;
    let password = message::read_password(client).await?;
    match resolve(visit, startup, &password) {
        Ok(database) => login::reach(&visit.cloud, startup, &database).await,
        Err(fatal) => Ok(Err(fatal)),
    }
}

/// The real database that a client means, if its password is right. Wakes the compute.
fn resolve(visit: &Visit, startup: &Startup, password: &str) -> Result<String, Fatal> {
    let user = startup.get("user").unwrap_or_default();
    let database = startup.get("database").unwrap_or(user);
    guest::with_endpoint(&visit.cloud, visit.number, |ctx, project, number| {
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
            guest::awaken(endpoint, ctx);
        }
        Ok(target)
    })
    .unwrap_or_else(|| Err(Fatal::shutdown()))
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
