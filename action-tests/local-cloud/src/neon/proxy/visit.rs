//! What a connection to the front needs to know: who may come in where, and when its compute is awake.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::Instant;

use super::guest;
use super::message::Fatal;
use crate::lock::lock;
use crate::neon::door::enter;
use crate::neon::settings::Flaw;
use crate::neon::state::Neon;

const POLL: Duration = Duration::from_millis(20);

/// Whom the front knows, before the password.
pub(super) struct Expected {
    pub(super) number: u32,
    pub(super) password: String,
    is_idle: bool,
    /// The real database; none when the branch has no database of this name.
    pub(super) target: Option<String>,
}

/// One for all connections.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) cloud: Weak<Neon>,
    /// Since when each compute is waking, by number: the client that asked for it may be gone.
    wakes: Arc<Mutex<HashMap<u32, Instant>>>,
}

impl Visit {
    pub(super) fn new(cloud: &Arc<Neon>) -> Self {
        Self {
            cloud: Arc::downgrade(cloud),
            wakes: Arc::default(),
        }
    }

    /// What is wrong with the front, and how long computes take to wake.
    pub(super) fn settings(&self) -> anyhow::Result<(Flaw, Duration)> {
        let cloud = self.cloud.upgrade().context("the cloud has ended")?;
        Ok(enter(&cloud, |ctx, _| {
            (ctx.settings.front, Duration::from_millis(ctx.settings.wake_ms))
        }))
    }

    pub(super) fn has_databases(&self) -> bool {
        self.cloud.upgrade().is_some_and(|cloud| cloud.ground.runtime.is_some())
    }

    /// Who may come in where. `host` is a compute's host name or its id.
    pub(super) fn expect(&self, host: Option<&str>, user: &str, database: &str, flaw: Flaw) -> Result<Expected, Fatal> {
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
