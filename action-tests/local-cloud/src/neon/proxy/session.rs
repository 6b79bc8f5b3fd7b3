//! A session through the front, by which login; one that succeeds before the compute is awake.

use std::pin::pin;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::guest::{self, Guest};
use super::login::{self, Session};
use super::message::{self, Fatal, First, frame};
use super::verify::Exchange;
use super::visit::Visit;
use crate::neon::hosts::FRONT;
use crate::neon::settings::Flaw;

const PLUS: &str = "SCRAM-SHA-256-PLUS";
const PLAIN: &str = "SCRAM-SHA-256";

/// How a client proves that it knows the password.
pub(super) enum Login<'a> {
    /// Bound to the channel by what its certificate hashes to.
    Scram(&'a [u8]),
    /// As a `WebSocket` has it, whose TLS ends before Postgres' protocol begins.
    ClearText,
}

impl Visit {
    /// `name` is the host that the client asked for.
    pub(super) async fn session<S>(
        &self,
        stream: &mut S,
        name: Option<&str>,
        login: Login<'_>,
        flaw: Flaw,
    ) -> anyhow::Result<Result<(), Fatal>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let First::Startup(startup) = message::read_first(stream).await? else {
            bail!("no startup packet");
        };
        let user = startup.get("user").unwrap_or_default().to_owned();
        let database = startup.get("database").unwrap_or(&user).to_owned();
        let host = name.filter(|name| name.ends_with(FRONT)).or(startup.endpoint());
        let expected = match self.expect(host, &user, &database, flaw) {
            Ok(expected) => expected,
            Err(fatal) => return Ok(Err(fatal)),
        };
        let is_in = match login {
            Login::Scram(binding) => log_in(stream, &expected.password, binding).await?,
            Login::ClearText => {
                stream.write_all(&message::ask_for_password()).await?;
                message::read_password(stream).await? == expected.password
            }
        };
        if !is_in {
            return Ok(Err(Fatal::wrong_password(&user)));
        }
        // In, as far as the proxy is concerned; only now it turns to the compute.
        stream.write_all(&message::ok()).await?;
        match flaw {
            Flaw::NeverWakes => std::future::pending().await,
            Flaw::HangsUp => return Ok(Ok(())),
            Flaw::NoDatabase => return Ok(Err(Fatal::no_database(&database))),
            _ => {}
        }
        self.wake(&expected).await?;
        let Some(target) = &expected.target else {
            return Ok(Err(Fatal::no_database(&database)));
        };
        if !self.has_databases() {
            let mut greeting = frame(Some(b'S'), b"server_version\x0017.4\0");
            greeting.extend(frame(Some(b'K'), &[0; 8]));
            greeting.extend(frame(Some(b'Z'), b"I"));
            stream.write_all(&greeting).await?;
            // Nothing is behind it: the session ends with whatever comes next, mostly a farewell.
            let _ = stream.read(&mut [0; 1]).await?;
            return Ok(Ok(()));
        }
        let mut kicked = pin!(guest::kicked(&self.cloud, expected.number));
        let reached = tokio::select! {
            reached = login::reach(&self.cloud, &startup, target) => reached?,
            () = &mut kicked => Err(Fatal::shutdown()),
        };
        let Session { mut server, words } = match reached {
            Ok(session) => session,
            Err(fatal) => return Ok(Err(fatal)),
        };
        let _guest = Guest::enter(&self.cloud, expected.number);
        stream.write_all(&words).await?;
        guest::bridge(stream, &mut server, kicked).await?;
        Ok(Ok(()))
    }
}

/// SCRAM. Whether the client knows the password.
async fn log_in<S>(stream: &mut S, password: &str, binding: &[u8]) -> anyhow::Result<bool>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let step = |code: u32, text: &[u8]| frame(Some(b'R'), &[&code.to_be_bytes()[..], text].concat());
    let offered = format!("{PLUS}\0{PLAIN}\0\0");
    stream.write_all(&step(10, offered.as_bytes())).await?;
    let (_, first) = message::read(stream).await?;
    let end = first.iter().position(|byte| *byte == 0).context("no mechanism")?;
    let (mechanism, rest) = first.split_at(end);
    let text = std::str::from_utf8(rest.get(5..).context("no SCRAM message")?)?;
    // Who can bind and was offered it must: anything else smells of somebody in between (RFC 5802 §6).
    if text.starts_with("p=") != (mechanism == PLUS.as_bytes()) || text.starts_with("y,") {
        bail!("the mechanism and the binding disagree");
    }
    let exchange = Exchange::begin(text, password)?;
    stream.write_all(&step(11, exchange.server_first().as_bytes())).await?;
    let (_, last) = message::read(stream).await?;
    let proof = exchange.end(std::str::from_utf8(&last)?, binding)?;
    if let Some(proof) = &proof {
        stream.write_all(&step(12, proof.as_bytes())).await?;
    }
    Ok(proof.is_some())
}
