//! The local cloud as a child process, and what it tells and takes over its admin API.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::world::NEON_API_KEY;
use crate::child::{self, Group};
use crate::workspace::Workspace;

/// What starting may take: Postgres makes its cluster.
const START: Duration = Duration::from_mins(2);
/// What one answer may take: a Worker's first, after its upload, is the slowest.
const ANSWER: Duration = Duration::from_secs(30);

/// `local-cloud serve --runtime --neon-front`; ended when dropped.
pub(crate) struct Cloud {
    // Dropped before `log`, so that its last words find their file.
    group: Group,
    log: tempfile::NamedTempFile,
    agent: ureq::Agent,
    /// Base URLs, without a trailing slash.
    pub(crate) github: String,
    pub(crate) cloudflare: String,
    pub(crate) neon: String,
    pub(crate) edge: String,
    admin: String,
}

/// An answer of a Worker, or of the edge in front of it.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Cloud {
    pub(crate) fn start(workspace: &Workspace) -> Result<Self> {
        Self::start_with(workspace, &["--runtime", "--neon-front"])
    }

    /// The three APIs alone: no Node, no Postgres.
    pub(crate) fn start_without_runtime(workspace: &Workspace) -> Result<Self> {
        Self::start_with(workspace, &[])
    }

    fn start_with(workspace: &Workspace, options: &[&str]) -> Result<Self> {
        let log = tempfile::NamedTempFile::new()?;
        let mut command = Command::new(workspace.bin.join("local-cloud"));
        command
            .args(["serve", "--port", "0"])
            .args(options)
            .current_dir(&workspace.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.as_file().try_clone()?);
        child::scrub(&mut command);
        let mut group = Group::spawn(&mut command)?;
        let line = ready_line(&mut group).map_err(|error| said(error, &log))?;
        let ready: Value = serde_json::from_str(&line)
            .with_context(|| format!("`local-cloud` did not print its addresses but: {line}"))?;
        let base = |name: &str| {
            ready[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("`local-cloud` named no `{name}` in {line}"))
        };
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false)
            .max_redirects(0)
            // Never through a proxy: everything is on this machine.
            .proxy(None)
            .build()
            .new_agent();
        Ok(Self {
            github: base("github")?,
            cloudflare: base("cloudflare")?,
            neon: base("neon")?,
            edge: base("edge")?,
            admin: base("admin")?,
            agent,
            log,
            group,
        })
    }

    /// The certificate, PEM, of who signs those that the cloud shows.
    pub(crate) fn ca(&self) -> Result<String> {
        let answer = self.send("GET", &format!("{}/ca.pem", self.admin), None, None)?;
        if answer.status != 200 {
            bail!("local-cloud answered {} to GET /_cloud/ca.pem", answer.status);
        }
        Ok(answer.body)
    }

    /// The port of the edge, which serves Workers by host name.
    pub(crate) fn edge_port(&self) -> &str {
        self.edge.rsplit(':').next().unwrap_or_default()
    }

    /// Everything that the three vendors hold.
    pub(crate) fn state(&self) -> Result<Value> {
        self.admin("GET", "state", None)
    }

    /// Every request that was made so far, oldest first.
    pub(crate) fn requests(&self) -> Result<Vec<Value>> {
        match self.admin("GET", "requests", None)? {
            Value::Array(requests) => Ok(requests),
            other => bail!("the request log is no list: {other}"),
        }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.admin("POST", path, Some(body))
    }

    /// Lets every request through again.
    pub(crate) fn forget_faults(&self) -> Result<()> {
        self.admin("DELETE", "faults", None).map(drop)
    }

    /// Asks Neon's API as a person with the key would.
    pub(crate) fn ask_neon(&self, url: &str) -> Result<Value> {
        let request = ureq::http::Request::get(url).header("authorization", format!("Bearer {NEON_API_KEY}"));
        let answer = self.answer(request.body(String::new())?)?;
        if answer.status != 200 {
            bail!("Neon answered {} to {url}: {}", answer.status, answer.body);
        }
        Ok(serde_json::from_str(&answer.body)?)
    }

    fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.send(method, &format!("{}/{path}", self.admin), None, body)?;
        if answer.status >= 300 {
            bail!(
                "local-cloud answered {} to {method} /_cloud/{path}: {}",
                answer.status,
                answer.body
            );
        }
        if answer.body.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer.body).with_context(|| format!("/_cloud/{path} did not answer JSON"))
    }

    /// Asks the edge as a browser would that resolved `host` to it.
    pub(crate) fn visit(&self, method: &str, host: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        self.send(method, &format!("{}{path}", self.edge), Some(host), body)
    }

    fn send(&self, method: &str, url: &str, host: Option<&str>, body: Option<&Value>) -> Result<Answer> {
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if let Some(host) = host {
            request = request.header("host", format!("{host}:{}", self.edge_port()));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        self.answer(request.body(body)?)
    }

    fn answer(&self, request: ureq::http::Request<String>) -> Result<Answer> {
        let what = format!("{} {}", request.method(), request.uri());
        let mut response = self
            .agent
            .run(request)
            .with_context(|| format!("no answer to {what}"))?;
        Ok(Answer {
            status: response.status().as_u16(),
            body: response.body_mut().read_to_string()?,
        })
    }

    /// What it logged, for a reader who asks why something failed.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Ends it and tells when it did not end well.
    pub(crate) fn stop(mut self) -> Result<()> {
        let status = self.group.end()?;
        if !status.success() {
            bail!("local-cloud ended with {status}\n{}", self.log());
        }
        Ok(())
    }
}

/// The first line of its stdout; ends waiting when it dies, when it takes too long, and on Ctrl-C.
fn ready_line(group: &mut Group) -> Result<String> {
    let out = group.stdout().context("local-cloud has no stdout")?;
    let (sender, line) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = BufReader::new(out).read_line(&mut text);
        // The receiver is gone when it gave up waiting.
        let _ = sender.send(read.map(|_| text));
    });
    let start = std::time::Instant::now();
    loop {
        match line.recv_timeout(Duration::from_millis(100)) {
            Ok(text) => {
                let text = text?;
                if text.is_empty() {
                    bail!("local-cloud ended before it was ready: {}", group.end()?);
                }
                return Ok(text);
            }
            Err(_) if child::interrupted() => bail!("interrupted"),
            Err(_) if start.elapsed() > START => bail!("local-cloud was not ready after {} s", START.as_secs()),
            Err(_) => {}
        }
    }
}

fn said(error: anyhow::Error, log: &tempfile::NamedTempFile) -> anyhow::Error {
    let mut text = String::new();
    if let Ok(mut file) = File::open(log.path()) {
        // What cannot be read is not told; the error itself is.
        let _ = std::io::Read::read_to_string(&mut file, &mut text);
    }
    if text.trim().is_empty() {
        error
    } else {
        error.context(format!("local-cloud said: {}", text.trim()))
    }
}
