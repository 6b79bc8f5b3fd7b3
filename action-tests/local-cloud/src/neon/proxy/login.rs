//! Logs in to the real server on behalf of a client that has proven itself.

use std::sync::Weak;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::BytesMut;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::message::{self, Fatal, Startup, frame};
use crate::neon::operation::Presence;
use crate::neon::state::Neon;

/// How long a client waits for a branch whose database is still being made.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(30);

/// A session with the server, and its first words after it let us in.
pub(super) struct Session {
    pub(super) server: TcpStream,
    pub(super) words: Vec<u8>,
}

pub(super) async fn connect(cloud: &Neon) -> anyhow::Result<TcpStream> {
    let runtime = cloud.ground.runtime.as_ref().context("there is no runtime")?;
    let postgres = &runtime.postgres;
    let stream = TcpStream::connect((postgres.host.as_str(), postgres.port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens a session on `database` as soon as it takes connections; or the reason why it will not.
pub(super) async fn reach(
    cloud: &Weak<Neon>,
    startup: &Startup,
    database: &str,
) -> anyhow::Result<Result<Session, Fatal>> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut asked = startup.clone();
    asked.set("database", database);
    loop {
        let cloud = cloud.upgrade().context("the cloud has ended")?;
        match cloud.physical.presence(database) {
            Presence::Failed(error) => return Ok(Err(Fatal::internal(&error))),
            Presence::Absent => {}
            Presence::Present => match login(&cloud, &asked).await? {
                // The database is being copied: it takes connections again in a moment.
                Err(fatal) if fatal.is_not_accepting() => {}
                done => return Ok(done),
            },
        }
        drop(cloud);
        if tokio::time::Instant::now() > deadline {
            return Ok(Err(Fatal::starting()));
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn login(cloud: &Neon, startup: &Startup) -> anyhow::Result<Result<Session, Fatal>> {
    let runtime = cloud.ground.runtime.as_ref().context("there is no runtime")?;
    let mut server = connect(cloud).await?;
    server.write_all(&startup.encode()).await?;
    let mut scram = ScramSha256::new(runtime.postgres.password.as_bytes(), ChannelBinding::unsupported());
    loop {
        let (kind, body) = message::read(&mut server).await?;
        let mut answer = BytesMut::new();
        match Message::parse(&mut BytesMut::from(&frame(Some(kind), &body)[..]))? {
            Some(Message::AuthenticationOk) => break,
            Some(Message::AuthenticationSasl(_)) => {
                frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut answer)?;
            }
            Some(Message::AuthenticationSaslContinue(challenge)) => {
                scram.update(challenge.data())?;
                frontend::sasl_response(scram.message(), &mut answer)?;
            }
            Some(Message::AuthenticationSaslFinal(proof)) => scram.finish(proof.data())?,
            Some(Message::ErrorResponse(error)) => return Ok(Err(Fatal::parse(&error)?)),
            _ => bail!("unexpected answer to a login: kind {kind}"),
        }
        server.write_all(&answer).await?;
    }
    // Whether the database takes connections is only said after the login.
    let (kind, body) = message::read(&mut server).await?;
    let words = frame(Some(kind), &body);
    if let Some(Message::ErrorResponse(error)) = Message::parse(&mut BytesMut::from(&words[..]))? {
        return Ok(Err(Fatal::parse(&error)?));
    }
    Ok(Ok(Session { server, words }))
}
