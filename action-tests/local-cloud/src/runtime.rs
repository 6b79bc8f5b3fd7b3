//! The Node process that runs Workers (workerd) and databases (Postgres), spoken to in JSON lines.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

use crate::lock::lock;

/// First start of a Postgres cluster on a slow disk, and of workerd.
const START: Duration = Duration::from_mins(2);
/// Longest call: a copy of a database, a swap of all Workers.
const CALL: Duration = Duration::from_mins(1);
/// How long the process may take to stop Postgres and remove its files.
const STOP: Duration = Duration::from_secs(15);

/// Where the runtime's Postgres listens, and as whom to log in.
#[derive(Clone, Deserialize)]
pub(crate) struct Postgres {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: String,
}

/// First line of the runtime.
#[derive(Deserialize)]
struct Ready {
    postgres: Postgres,
    workerd: String,
    directory: PathBuf,
}

/// An answer of the runtime.
#[derive(Deserialize)]
struct Reply {
    id: u64,
    #[serde(default)]
    result: Value,
    error: Option<String>,
}

type Pending = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Result<Value, String>>>>>>;

/// The running process.
pub(crate) struct Runtime {
    pub(crate) postgres: Postgres,
    /// Base URL of workerd; the Host header decides which Worker answers.
    pub(crate) workerd: String,
    /// Goes with the runtime, and what is put there with it.
    pub(crate) directory: PathBuf,
    /// Lines for its stdin; none once it was told to stop.
    requests: Mutex<Option<mpsc::UnboundedSender<String>>>,
    child: AsyncMutex<Child>,
    pending: Pending,
    last_id: AtomicU64,
}

impl Runtime {
    /// Starts `node main.mjs` in `directory` and waits until it is ready. `neon` tells where Neon's front is, for the
    /// requests of Workers.
    pub(crate) async fn start(directory: &Path, neon: Option<Value>) -> anyhow::Result<Self> {
        let main = directory.join("main.mjs");
        if !main.is_file() {
            bail!("the runtime's `main.mjs` is not in `{}`", directory.display());
        }
        let mut command = Command::new("node");
        if let Some(neon) = neon {
            command.env("CODEX_ACTIONS_NEON", neon.to_string());
        }
        let mut child = command
            .arg("main.mjs")
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            // A Ctrl-C in the terminal is for us; we end the runtime in order. It is not killed when
            // dropped: the end of its stdin tells it to stop its own children first.
            .process_group(0)
            .spawn()
            .context("could not start `node` for the runtime")?;
        let stdin = child.stdin.take().context("the runtime has no stdin")?;
        let stdout = child.stdout.take().context("the runtime has no stdout")?;
        let mut lines = BufReader::new(stdout).lines();
        let ready = tokio::time::timeout(START, first_line(&mut lines))
            .await
            .map_err(|_| anyhow!("the runtime was not ready after {} s", START.as_secs()))??;
        let pending: Pending = Arc::new(Mutex::new(Some(HashMap::new())));
        tokio::spawn(read_replies(lines, pending.clone()));
        let (requests, to_write) = mpsc::unbounded_channel();
        tokio::spawn(write_requests(stdin, to_write));
        Ok(Self {
            postgres: ready.postgres,
            workerd: ready.workerd,
            directory: ready.directory,
            requests: Mutex::new(Some(requests)),
            child: AsyncMutex::new(child),
            pending,
            last_id: AtomicU64::new(0),
        })
    }

    async fn call(&self, method: &str, params: Value) -> anyhow::Result<Value> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = oneshot::channel();
        match lock(&self.pending).as_mut() {
            Some(pending) => pending.insert(id, sender),
            None => bail!("the runtime has ended"),
        };
        let line = format!("{}\n", json!({"id": id, "method": method, "params": params}));
        let sent = lock(&self.requests).as_ref().map(|requests| requests.send(line));
        match sent {
            Some(Ok(())) => {}
            Some(Err(_)) => bail!("could not write to the runtime"),
            None => bail!("the runtime has been stopped"),
        }
        match tokio::time::timeout(CALL, receiver).await {
            Ok(Ok(Ok(result))) => Ok(result),
            Ok(Ok(Err(error))) => bail!("the runtime could not do `{method}`: {error}"),
            Ok(Err(_)) => bail!("the runtime ended during `{method}`"),
            Err(_) => bail!("the runtime did not answer `{method}` within {} s", CALL.as_secs()),
        }
    }

    /// Creates a database, empty or as a copy of `template`.
    pub(crate) async fn create_database(&self, name: &str, template: Option<&str>) -> anyhow::Result<()> {
        self.call("createDatabase", json!({"name": name, "template": template}))
            .await
            .map(drop)
    }

    /// Drops a database and its connections; one that does not exist is no error.
    pub(crate) async fn drop_database(&self, name: &str) -> anyhow::Result<()> {
        self.call("dropDatabase", json!({"name": name})).await.map(drop)
    }

    /// Runs one SQL statement and returns its rows.
    pub(crate) async fn query(&self, database: &str, sql: &str) -> anyhow::Result<Value> {
        self.call("query", json!({"database": database, "sql": sql})).await
    }

    /// The database's schema as DDL text.
    pub(crate) async fn schema(&self, database: &str) -> anyhow::Result<String> {
        let result = self.call("schema", json!({"database": database})).await?;
        result
            .as_str()
            .map(str::to_owned)
            .context("the runtime's schema is not text")
    }

    /// Makes the given Workers the whole set that workerd serves; tells what did not start.
    pub(crate) async fn workers(&self, desired: Value) -> anyhow::Result<Value> {
        self.call("workers", desired).await
    }

    /// Ends the process: closes its stdin, waits, and kills it when it does not end.
    pub(crate) async fn stop(&self) {
        lock(&self.requests).take();
        let mut child = self.child.lock().await;
        if tokio::time::timeout(STOP, child.wait()).await.is_err() {
            let _ = child.kill().await;
        }
    }
}

async fn first_line(lines: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<Ready> {
    let line = lines
        .next_line()
        .await?
        .context("the runtime ended before it was ready; has `npm ci` been run in its directory?")?;
    serde_json::from_str(&line).with_context(|| format!("the runtime's first line is not its ready line: {line}"))
}

/// Whoever asks may stop waiting at any moment; half a line would make the next one unreadable, too.
async fn write_requests(mut stdin: ChildStdin, mut lines: mpsc::UnboundedReceiver<String>) {
    while let Some(line) = lines.recv().await {
        if stdin.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read_replies(mut lines: Lines<BufReader<ChildStdout>>, pending: Pending) {
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(reply) = serde_json::from_str::<Reply>(&line) else {
            continue;
        };
        let waiting = lock(&pending).as_mut().and_then(|pending| pending.remove(&reply.id));
        if let Some(waiting) = waiting {
            let _ = waiting.send(reply.error.map_or(Ok(reply.result), Err));
        }
    }
    // The process has ended: whoever waits is told, whoever asks later is, too.
    lock(&pending).take();
}
