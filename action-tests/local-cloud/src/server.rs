//! Binds the two listeners, starts the runtime when asked for, and ends everything.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::authority::Authority;
use crate::cloud::Cloud;
use crate::gate::{self, Gate};
use crate::ground::Origins;
use crate::lock::lock;
use crate::operations::{self, Operation};
use crate::runtime::Runtime;
use crate::wire::{Listener, serve};
use crate::{admin, cloudflare, edge, github, neon, unknown};

/// How long open connections may take to end when the cloud stops.
const GRACE: Duration = Duration::from_secs(1);

/// What to start.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Port of the three APIs and the admin API on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Port of the edge on 127.0.0.1; 0 takes a free one.
    pub edge_port: u16,
    /// Directory of the Node runtime (workerd and Postgres); none leaves both out.
    pub runtime: Option<PathBuf>,
    /// Neon's proxy as the internet sees it: names, TLS, SCRAM, computes that wake, SQL over HTTP and `WebSocket`s. With
    /// the runtime, the branches' databases are behind it; without, none are.
    pub neon_front: bool,
}

impl Options {
    /// The runtime's directory in this repository, as it was when this crate was compiled.
    pub fn runtime_beside_this_crate() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime")
    }
}

/// A cloud that answers until it is stopped. Dropping it stops the listeners, too.
pub struct Running {
    /// Base URL of GitHub's REST API (`/graphql` below it).
    pub github: String,
    /// Base URL of Cloudflare's API.
    pub cloudflare: String,
    /// Base URL of Neon's API.
    pub neon: String,
    /// Base URL of the edge, which also takes `https`; the Host header decides which Worker answers.
    pub edge: String,
    /// Base URL of the admin API.
    pub admin: String,
    /// The certificate, PEM, of who signs those of the edge and of Neon's front.
    pub ca: String,
    cloud: Arc<Cloud>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

/// Starts the cloud and returns once every part answers.
pub async fn start(options: Options) -> anyhow::Result<Running> {
    let apis = bind(options.port).await?;
    let edge = bind(options.edge_port).await?;
    let authority = Arc::new(Authority::new()?);
    let front = if options.neon_front {
        Some(neon::Front::bind(&authority).await?)
    } else {
        None
    };
    let runtime = match &options.runtime {
        Some(directory) => {
            let neon = front.as_ref().map(|front| front.described(&authority));
            Some(Runtime::start(directory, neon).await?)
        }
        None => None,
    };
    let base = format!("http://{}", apis.local_addr()?);
    let origins = Origins {
        github: format!("{base}/github"),
        cloudflare: format!("{base}/client/v4"),
        neon: format!("{base}/api/v2"),
        edge: format!("http://{}", edge.local_addr()?),
        admin: format!("{base}/_cloud"),
        ca: authority.pem(),
    };
    let cloud = Arc::new(Cloud::new(runtime, front.as_ref().map(neon::Front::port))?);
    let _ = cloud.ground.origins.set(origins.clone());
    cloud.settle().await.context("could not bring Neon's branches up")?;

    let (stop, stopped) = watch::channel(false);
    let mut servers = vec![
        serve(Listener::Plain(apis), api_router(&cloud), stopped.clone()),
        serve(
            Listener::with_tls(edge, authority.acceptor()?),
            edge_router(&cloud),
            stopped.clone(),
        ),
    ];
    servers.extend(front.into_iter().flat_map(|front| front.serve(&cloud.neon, &stopped)));
    Ok(Running {
        github: origins.github,
        cloudflare: origins.cloudflare,
        neon: origins.neon,
        edge: origins.edge,
        admin: origins.admin,
        ca: origins.ca,
        cloud,
        stop,
        servers,
    })
}

impl Running {
    /// The line that `local-cloud serve` prints when ready.
    pub fn ready_line(&self) -> String {
        json!({
            "github": self.github,
            "cloudflare": self.cloudflare,
            "neon": self.neon,
            "edge": self.edge,
            "admin": self.admin,
            "ca": format!("{}/ca.pem", self.admin),
        })
        .to_string()
    }

    /// Every operation that is modelled: the method, and the path's template with its provider's base.
    pub fn operations(&self) -> Vec<Operation> {
        operations::of(&api_router(&self.cloud))
    }

    /// The whole state, as `GET /_cloud/state` answers.
    pub fn state(&self) -> anyhow::Result<Value> {
        self.cloud.state()
    }

    /// The request log, as `GET /_cloud/requests` answers.
    pub fn requests(&self) -> anyhow::Result<Value> {
        Ok(serde_json::to_value(self.cloud.ground.log.all())?)
    }

    /// Takes all fault rules back, as `DELETE /_cloud/faults` does.
    pub fn heal(&self) {
        lock(&self.cloud.ground.faults).clear();
    }

    /// Adds fault rules, as `POST /_cloud/faults` does.
    pub fn fault(&self, rules: &Value) -> anyhow::Result<()> {
        lock(&self.cloud.ground.faults).add(rules)
    }

    /// Merges a seed, as `POST /_cloud/seed` does.
    pub async fn seed(&self, document: &Value) -> anyhow::Result<()> {
        self.cloud.seed(document)?;
        self.cloud.settle().await
    }

    /// Moves the cloud's clock, as `POST /_cloud/clock` does.
    pub async fn advance(&self, seconds: u32) -> anyhow::Result<()> {
        self.cloud.ground.clock.advance(seconds);
        self.cloud.settle().await
    }

    /// Ends the listeners and the runtime's processes.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for server in self.servers {
            let abort = server.abort_handle();
            if tokio::time::timeout(GRACE, server).await.is_err() {
                abort.abort();
            }
        }
        if let Some(runtime) = &self.cloud.ground.runtime {
            runtime.stop().await;
        }
    }
}

async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("could not listen on 127.0.0.1:{port}"))
}

fn api_router(cloud: &Arc<Cloud>) -> Router {
    let faces = [github::face(), cloudflare::face(&cloud.cloudflare), neon::face()];
    let gate = Gate::new(cloud.ground.clone(), faces);
    Router::new()
        .nest("/github", github::router(cloud.github.clone()))
        .nest("/client/v4", cloudflare::router(cloud.cloudflare.clone()))
        .nest("/api/v2", neon::router(cloud.neon.clone()))
        .nest(cloudflare::TAILS, cloudflare::tail_router(cloud.cloudflare.clone()))
        .nest("/_cloud", admin::router(cloud.clone()))
        .fallback(unknown::answer)
        .layer(middleware::from_fn_with_state(gate, gate::enter))
        .layer(DefaultBodyLimit::max(gate::BODY_LIMIT))
}

fn edge_router(cloud: &Arc<Cloud>) -> Router {
    let gate = Gate::new(cloud.ground.clone(), [edge::face()]);
    Router::new()
        .fallback(edge::serve)
        .layer(middleware::from_fn_with_state(gate, gate::enter))
        .with_state(cloud.edge.clone())
}
