//! Neon's proxy as the internet sees it: one port for all computes, told apart by the name in TLS; SCRAM bound to the
//! channel; a login that succeeds before the compute is awake. Behind it there are no databases.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha384};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::message::{self, Fatal, First, frame};
use super::verify::Exchange;
use crate::lock::lock;
use crate::neon::door::enter;
use crate::neon::hosts::FRONT;
use crate::neon::settings::Flaw;
use crate::neon::state::Neon;

const POLL: Duration = Duration::from_millis(20);
const PLUS: &str = "SCRAM-SHA-256-PLUS";
const PLAIN: &str = "SCRAM-SHA-256";

/// The listener, and the certificates that it may show.
pub(crate) struct Front {
    listener: TcpListener,
    port: u16,
    ca: String,
    shown: Shown,
}

/// By flaw: the certificate of the domain, one of another name, one that nobody signed.
#[derive(Clone)]
struct Shown {
    good: Identity,
    other: Identity,
    untrusted: Identity,
}

#[derive(Clone)]
struct Identity {
    acceptor: TlsAcceptor,
    /// What a login is bound to (RFC 5929): the hash by the signature's own function.
    binding: Vec<u8>,
}

/// A key and hash as Neon's certificates have them today (Let's Encrypt signs with ECDSA and SHA-384).
fn key() -> anyhow::Result<KeyPair> {
    Ok(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?)
}

fn authority() -> anyhow::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(CertifiedIssuer::self_signed(params, key()?)?)
}

fn identity(name: &str, by: &CertifiedIssuer<'static, KeyPair>) -> anyhow::Result<Identity> {
    let key = key()?;
    let certificate = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, by)?;
    let der: CertificateDer<'static> = certificate.der().clone();
    let binding = Sha384::digest(&der).to_vec();
    let secret = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![der], secret)?;
    Ok(Identity {
        acceptor: Arc::new(config).into(),
        binding,
    })
}

impl Front {
    pub(crate) async fn bind() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (ours, strangers) = (authority()?, authority()?);
        Ok(Self {
            port: listener.local_addr()?.port(),
            listener,
            ca: ours.pem(),
            shown: Shown {
                good: identity(&format!("*.{FRONT}"), &ours)?,
                other: identity("*.example.com", &ours)?,
                untrusted: identity(&format!("*.{FRONT}"), &strangers)?,
            },
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// PEM of who has signed the certificate.
    pub(crate) fn ca(&self) -> &str {
        &self.ca
    }

    pub(crate) fn serve(self, cloud: &Arc<Neon>, mut stopped: watch::Receiver<bool>) -> JoinHandle<()> {
        let visit = Visit {
            cloud: Arc::downgrade(cloud),
            shown: self.shown,
            wakes: Arc::default(),
        };
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = self.listener.accept() => accepted,
                    _ = stopped.changed() => return,
                };
                let Ok((client, _)) = accepted else { continue };
                let visit = visit.clone();
                tokio::spawn(async move {
                    // A broken connection concerns its two ends alone.
                    let _ = visit.serve(client).await;
                });
            }
        })
    }
}

#[derive(Clone)]
struct Visit {
    cloud: Weak<Neon>,
    shown: Shown,
    /// Since when each compute is waking, by number: the client that asked for it may be gone.
    wakes: Arc<Mutex<HashMap<u32, Instant>>>,
}

/// Who wants in where.
struct Guest {
    number: u32,
    password: String,
    is_idle: bool,
}

impl Visit {
    fn settings(&self) -> anyhow::Result<(Flaw, Duration)> {
        let cloud = self.cloud.upgrade().context("the cloud has ended")?;
        Ok(enter(&cloud, |ctx, _| {
            (ctx.settings.front, Duration::from_millis(ctx.settings.wake_ms))
        }))
    }

    async fn serve(&self, mut client: TcpStream) -> anyhow::Result<()> {
        client.set_nodelay(true)?;
        let (flaw, _) = self.settings()?;
        loop {
            match message::read_first(&mut client).await? {
                First::Encryption if flaw == Flaw::TlsRefused => client.write_all(b"N").await?,
                First::Encryption => {
                    client.write_all(b"S").await?;
                    break;
                }
                First::Cancel(_) => return Ok(()),
                First::Startup(_) => {
                    let fatal = Fatal::internal("connection is insecure (try using `sslmode=require`)");
                    return Ok(client.write_all(&fatal.encode()).await?);
                }
            }
        }
        let identity = match flaw {
            Flaw::TlsUntrusted => &self.shown.untrusted,
            Flaw::TlsOtherName => &self.shown.other,
            _ => &self.shown.good,
        };
        let mut stream = identity.acceptor.accept(client).await?;
        let name = stream.get_ref().1.server_name().map(str::to_owned);
        if let Err(fatal) = self
            .session(&mut stream, name.as_deref(), &identity.binding, flaw)
            .await?
        {
            stream.write_all(&fatal.encode()).await?;
        }
        Ok(stream.shutdown().await?)
    }

    async fn session<S>(
        &self,
        stream: &mut S,
        name: Option<&str>,
        binding: &[u8],
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
        let guest = match self.guest(name, &user, flaw) {
            Ok(guest) => guest,
            Err(fatal) => return Ok(Err(fatal)),
        };
        if !log_in(stream, &guest.password, binding).await? {
            return Ok(Err(Fatal::wrong_password(&user)));
        }
        // In, as far as the proxy is concerned; only now it turns to the compute.
        stream.write_all(&frame(Some(b'R'), &0_u32.to_be_bytes())).await?;
        match flaw {
            Flaw::NeverWakes => std::future::pending().await,
            Flaw::HangsUp => return Ok(Ok(())),
            Flaw::NoDatabase => return Ok(Err(Fatal::no_database(&database))),
            _ => {}
        }
        self.wake(&guest).await?;
        let mut greeting = frame(Some(b'S'), b"server_version\x0017.4\0");
        greeting.extend(frame(Some(b'K'), &[0; 8]));
        greeting.extend(frame(Some(b'Z'), b"I"));
        stream.write_all(&greeting).await?;
        // Nothing is behind it: the session ends with whatever comes next, mostly a farewell.
        let _ = stream.read(&mut [0; 1]).await?;
        Ok(Ok(()))
    }

    fn guest(&self, name: Option<&str>, user: &str, flaw: Flaw) -> Result<Guest, Fatal> {
        let name = name.ok_or_else(|| {
            Fatal::internal(
                "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support",
            )
        })?;
        let unknown = || {
            Fatal::internal(
                "The requested endpoint could not be found, or you don't have access to it. Please check the provided ID and try again.",
            )
        };
        let label = name.split('.').next().unwrap_or_default();
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
            Ok(Guest {
                number: endpoint.number,
                password,
                is_idle: endpoint.current_state == "idle",
            })
        })
    }

    /// Waits until the compute is awake.
    async fn wake(&self, guest: &Guest) -> anyhow::Result<()> {
        if guest.is_idle {
            let since = *lock(&self.wakes).entry(guest.number).or_insert_with(Instant::now);
            while since.elapsed() < self.settings()?.1 {
                tokio::time::sleep(POLL).await;
            }
            lock(&self.wakes).remove(&guest.number);
        }
        let cloud = self.cloud.upgrade().context("the cloud has ended")?;
        enter(&cloud, |ctx, projects| {
            let mut all = projects.iter_mut().flat_map(|project| &mut project.endpoints);
            if let Some(endpoint) = all.find(|endpoint| endpoint.number == guest.number) {
                endpoint.last_active = Some(ctx.now);
                if endpoint.current_state == "idle" {
                    endpoint.current_state = "active";
                    endpoint.started_at = Some(ctx.now);
                    endpoint.suspended_at = None;
                }
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
