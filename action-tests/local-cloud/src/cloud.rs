//! The roof: the ground, the three providers on it, and the edge.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::cloudflare::Cloudflare;
use crate::edge::Edge;
use crate::github::Github;
use crate::ground::Ground;
use crate::lock::lock;
use crate::neon::Neon;
use crate::runtime::Runtime;
use crate::traffic::Traffic;

/// All parts. Each provider's state has its own lock, never held across an `await`; none knows another.
pub(crate) struct Cloud {
    pub(crate) ground: Arc<Ground>,
    pub(crate) github: Arc<Github>,
    pub(crate) cloudflare: Arc<Cloudflare>,
    pub(crate) neon: Arc<Neon>,
    pub(crate) edge: Arc<Edge>,
}

impl Cloud {
    /// `front` is the port of Neon's front, where there is one.
    pub(crate) fn new(runtime: Option<Runtime>, front: Option<u16>) -> anyhow::Result<Self> {
        let ground = Arc::new(Ground::new(runtime, Traffic::from_environment()?));
        let cloudflare = Arc::new(Cloudflare::new(ground.clone()));
        Ok(Self {
            github: Arc::new(Github::new(ground.clone())),
            neon: Arc::new(Neon::new(ground.clone(), front)?),
            edge: Arc::new(Edge::new(cloudflare.clone())),
            cloudflare,
            ground,
        })
    }

    /// The whole state as `GET /_cloud/state` shows it.
    pub(crate) fn state(&self) -> anyhow::Result<Value> {
        Ok(json!({
            "github": serde_json::to_value(&*lock(&self.github.state))?,
            "cloudflare": serde_json::to_value(&*lock(&self.cloudflare.state))?,
            "neon": serde_json::to_value(&*lock(&self.neon.state))?,
            "edge": self.edge.served.state(),
        }))
    }

    /// Merges a seed document into the state. Latency, edge faults and each provider's part.
    pub(crate) fn seed(&self, document: &Value) -> anyhow::Result<()> {
        let Some(document) = document.as_object() else {
            anyhow::bail!("a seed is a JSON object");
        };
        for (key, value) in document {
            match key.as_str() {
                "latency_ms" => {
                    let Some(ms) = value.as_u64() else {
                        anyhow::bail!("`latency_ms` is a number of milliseconds");
                    };
                    self.ground.latency_ms.store(ms, Ordering::Relaxed);
                }
                "github" => self.github.seed(value)?,
                "cloudflare" => self.cloudflare.seed(value)?,
                "neon" => self.neon.seed(value)?,
                "edge" => self.edge.served.seed(value)?,
                other => anyhow::bail!(
                    "unknown key `{other}` in the seed; known are `latency_ms`, `github`, `cloudflare`, `neon` and `edge`"
                ),
            }
        }
        Ok(())
    }

    /// Brings what lies outside the state (databases, proxies, expired branches) in line with it. Called
    /// at the start and after each reset, seed and move of the clock.
    pub(crate) async fn settle(&self) -> anyhow::Result<()> {
        self.neon.settle().await
    }

    /// Back to the default world: state, clock, faults, log, latency, ids.
    pub(crate) fn reset(&self) {
        self.ground.reset();
        self.github.reset();
        self.cloudflare.reset();
        self.neon.reset();
        self.edge.served.reset();
    }
}
