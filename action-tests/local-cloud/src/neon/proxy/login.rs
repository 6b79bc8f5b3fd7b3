//! Logs in to the real server on behalf of a client that has proven itself.

use std::collections::HashMap;
use std::sync::Mutex;

use anyhow::{Context as _, bail};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::message::{self, Fatal, Startup, frame};
use super::scram::Challenge;
use crate::lock::lock;
use crate::neon::state::Neon;

/// The costly part of earlier logins, by what it was computed from: the server's challenge differs per
/// role, not per login.
#[derive(Default)]
pub(crate) struct Logins {
    salted: Mutex<HashMap<String, [u8; 32]>>,
}

impl Logins {
    fn salted(&self, challenge: &Challenge, password: &str) -> [u8; 32] {
        let key = challenge.key();
        if let Some(known) = lock(&self.salted).get(&key) {
            return *known;
        }
        let salted = challenge.salted(password);
        lock(&self.salted).insert(key, salted);
        salted
    }
}

pub(super) async fn connect(cloud: &Neon) -> anyhow::Result<TcpStream> {
    let runtime = cloud.ground.runtime.as_ref().context("there is no runtime")?;
    let postgres = &runtime.postgres;
    let stream = TcpStream::connect((postgres.host.as_str(), postgres.port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens a session; returns it with the server's first words for the client, or the server's refusal.
pub(super) async fn login(cloud: &Neon, startup: &Startup) -> anyhow::Result<Result<(TcpStream, Vec<u8>), Fatal>> {
    let runtime = cloud.ground.runtime.as_ref().context("there is no runtime")?;
    let mut server = connect(cloud).await?;
    server.write_all(&startup.encode()).await?;
    let client_first = format!("n=,r={}", uuid::Uuid::new_v4().simple());
    loop {
        let (kind, body) = message::read(&mut server).await?;
        if kind == b'E' {
            return Ok(Err(Fatal::parse(&body)));
        }
        let (code, rest) = body.split_first_chunk().context("an empty answer")?;
        match (kind, u32::from_be_bytes(*code)) {
            (b'R', 0) => break,
            (b'R', 10) => {
                let first = format!("n,,{client_first}");
                let mut reply = b"SCRAM-SHA-256\0".to_vec();
                reply.extend(u32::try_from(first.len())?.to_be_bytes());
                reply.extend(first.as_bytes());
                server.write_all(&frame(Some(b'p'), &reply)).await?;
            }
            (b'R', 11) => {
                let challenge = Challenge::parse(std::str::from_utf8(rest)?)?;
                let password = &runtime.postgres.password;
                let salted = cloud.physical.logins.salted(&challenge, password);
                let last = challenge.answer(&client_first, &salted)?;
                server.write_all(&frame(Some(b'p'), last.as_bytes())).await?;
            }
            // The server's own proof: it is our own process.
            (b'R', 12) => {}
            (kind, code) => bail!("unexpected answer to a login: kind {kind}, code {code}"),
        }
    }
    // Whether the database takes connections is only said after the login.
    let (kind, body) = message::read(&mut server).await?;
    if kind == b'E' {
        return Ok(Err(Fatal::parse(&body)));
    }
    let mut greeting = frame(Some(b'R'), &0_u32.to_be_bytes());
    greeting.extend(frame(Some(kind), &body));
    Ok(Ok((server, greeting)))
}
