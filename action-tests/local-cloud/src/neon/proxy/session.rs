//! A session through the front: who wants in where, by which login; a login that succeeds before the compute is awake.

use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;

use super::front::Visit;
use super::guest::{self, Guest};
use super::login::{self, Session};
use super::message::{self, Fatal, First, frame};
use super::verify::Exchange;
use crate::lock::lock;
use crate::neon::door::enter;
use crate::neon::hosts::FRONT;
use crate::neon::settings::Flaw;

const POLL: Duration = Duration::from_millis(20);
const PLUS: &str = "SCRAM-SHA-256-PLUS";
const PLAIN: &str = "SCRAM-SHA-256";

/// How a client proves that it knows the password.
pub(super) enum Login<'a> {
    /// Bound to the channel by what its certificate hashes to.
    Scram(&'a [u8]),
    /// As WebSockets have it, whose TLS ends before Postgres' protocol begins.
    ClearText,
}

/// Whom the front knows, before the password.
pub(super) struct Expected {
    pub(super) number: u32,
    pub(super) password: String,
    is_idle: bool,
    /// The real database; none when the branch has no database of this name.
    pub(super) target: Option<String>,
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

    pub(super) fn has_databases(&self) -> bool {
        self.cloud.upgrade().is_some_and(|cloud| cloud.ground.runtime.is_some())
    }

    /// Who may come in where. `host` is a compute's host name or its id.
    pub(super) fn expect(
        &self,
        host: Option<&str>,
        user: &str,
        database: &str,
        flaw: Flaw,
    ) -> Result<Expected, Fatal> {
        let host = host.ok_or_else(|| {
            Fatal::internal(
                "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support",
            )
        })?;
        let unknown = || {
            Fatal::internal(
                "The requested endpoint could not be found, or you don't have access to it. Please check the provided ID and try again.",
            )
        };
        let label = host.split('.').next().unwrap_or_default();
        let id = label.strip_suffix("-pooler").unwrap_or(label);
        let cloud = self.cloud.upgrade().ok_or_else(Fatal::shutdown)?;
        enter(&cloud, |_, projects| {
            let found = projects.iter().find_map(|project| {
                let endpoint = project.endpoints.iter().find(|endpoint| endpoint.id == id)?;
                Some((endpoint, project.branch(&endpoint.branch_id)?))
            });
            let (endpoint, branch) = found.filter(|_| flaw != Flaw::UnknownEndpoint).ok_or_else(unknown)?;
            if endpoint.disabled || flaw == Flaw::Disabled {
                return Err(Fatal::internal(
                    "The endpoint has been disabled. Enable it using Neon API and retry.",
                ));
            }
            if flaw == Flaw::Quota {
                return Err(Fatal::internal(
                    "Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.",
                ));
            }
            let role = branch.role(user).ok_or_else(|| Fatal::wrong_password(user))?;
            let password = match flaw {
                Flaw::PasswordRefused => format!("{} no more", role.password),
                _ => role.password.clone(),
            };
            Ok(Expected {
                number: endpoint.number,
                password,
                is_idle: endpoint.current_state == "idle",
                target: branch.database(database).map(|database| database.physical.clone()),
            })
        })
    }

    /// Waits until the compute is awake.
    pub(super) async fn wake(&self, expected: &Expected) -> anyhow::Result<()> {
        if expected.is_idle {
            let since = *lock(&self.wakes).entry(expected.number).or_insert_with(Instant::now);
            while since.elapsed() < self.settings()?.1 {
                tokio::time::sleep(POLL).await;
            }
            lock(&self.wakes).remove(&expected.number);
        }
        let cloud = self.cloud.upgrade().context("the cloud has ended")?;
        enter(&cloud, |ctx, projects| {
            let mut all = projects.iter_mut().flat_map(|project| &mut project.endpoints);
            if let Some(endpoint) = all.find(|endpoint| endpoint.number == expected.number) {
                guest::awaken(endpoint, ctx);
            }
        });
        Ok(())
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
