//! A local cloud of one test, and the real programs run against it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use local_cloud::{Options, Running, start};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::http::{self, Answer};
use crate::npm;

pub(crate) const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const ZONE: &str = "023e105f4ecef8ad9ca31a8372d0c353";
pub(crate) const TOKEN: &str = "cf-token-for-tests";

/// A cloud, and a project's directory to run programs in.
pub(crate) struct World {
    pub(crate) cloud: Running,
    pub(crate) directory: TempDir,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// wrangler's output file, without its first entry (the session).
    pub(crate) entries: Vec<Value>,
}

impl Ended {
    /// Asserts success and goes on.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self {
            cloud: start(Options::default()).await.unwrap(),
            directory: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A cloud that runs Workers in workerd.
    pub(crate) async fn with_runtime() -> Self {
        Self::with(Options::default()).await
    }

    /// One whose databases are reached by name, as Neon's are.
    pub(crate) async fn with_runtime_and_front() -> Self {
        let world = Self::with(Options {
            neon_front: true,
            ..Options::default()
        });
        let world = world.await;
        world.write("ca.pem", &world.cloud.ca);
        world
    }

    async fn with(options: Options) -> Self {
        let runtime = Some(npm::runtime().to_owned());
        Self {
            cloud: start(Options { runtime, ..options }).await.unwrap(),
            directory: TempDir::new().unwrap(),
        }
    }

    /// A Worker's project: `wrangler.json` and a module that answers with its variables.
    pub(crate) fn project(&self, config: &Value) -> &Self {
        self.write("wrangler.json", &config.to_string());
        self.write(
            "src/index.js",
            "export default { fetch(request, env) { return Response.json({ stage: env.STAGE ?? null }); } };\n",
        )
    }

    pub(crate) async fn wrangler(&self, arguments: &[&str]) -> Ended {
        self.wrangler_reading(arguments, "").await
    }

    /// Runs wrangler with a text on its stdin.
    pub(crate) async fn wrangler_reading(&self, arguments: &[&str], stdin: &str) -> Ended {
        let main = npm::clients().join("node_modules/wrangler/bin/wrangler.js");
        let output = self.directory.path().join("output.ndjson");
        let _ = fs::remove_file(&output);
        let mut ended = self.node(&main, arguments, stdin, &output).await;
        let text = fs::read_to_string(&output).unwrap_or_default();
        let entries = text.lines().map(|line| serde_json::from_str(line).unwrap());
        ended.entries = entries.filter(|it: &Value| it["type"] != "wrangler-session").collect();
        ended
    }

    /// Runs a script by Node in the project, with nothing of this process's environment.
    pub(crate) async fn node(&self, script: &Path, arguments: &[&str], stdin: &str, output: &Path) -> Ended {
        let directory = self.directory.path();
        let mut child = Command::new(npm::node())
            .arg(script)
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", directory)
            .env("CI", "true")
            .env("NO_COLOR", "1")
            // Node says so on stderr when it is not there.
            .env("NODE_EXTRA_CA_CERTS", directory.join("ca.pem"))
            .env("CLOUDFLARE_API_BASE_URL", &self.cloud.cloudflare)
            .env("CLOUDFLARE_API_TOKEN", TOKEN)
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
            .env("WRANGLER_SEND_METRICS", "false")
            .env("WRANGLER_LOG_PATH", directory.join("logs"))
            .env("WRANGLER_OUTPUT_FILE_PATH", output)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(stdin.as_bytes()).await.unwrap();
        drop(pipe);
        let done = child.wait_with_output().await.unwrap();
        Ended {
            code: done.status.code(),
            stdout: String::from_utf8_lossy(&done.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
            entries: Vec::new(),
        }
    }

    /// The requests since the last call, one a line: status, method, path below the account, query.
    pub(crate) async fn requests(&self) -> String {
        let all = self.cloud.requests().unwrap();
        let text = all.as_array().unwrap().iter().map(line).collect::<Vec<_>>().join("\n");
        let unknown: Vec<&Value> = all
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["unknown"] == true)
            .collect();
        assert!(
            unknown.is_empty(),
            "asked for routes that local-cloud does not have: {unknown:#?}"
        );
        self.admin("DELETE", "/requests", &Value::Null).await;
        text
    }

    /// A figure for whoever runs the tests by hand.
    pub(crate) fn tell(&self, text: &str) {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "{}: {text}", self.cloud.edge);
    }

    pub(crate) async fn admin(&self, method: &str, path: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.cloud.admin);
        http::send(method, &url, &[("content-type", "application/json")], body.to_string())
            .await
            .unwrap()
    }

    /// A call of Cloudflare's API with a JSON body.
    pub(crate) async fn api(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.api_as(TOKEN, method, path, body).await
    }

    pub(crate) async fn api_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.cloud.cloudflare);
        let bearer = format!("Bearer {token}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        http::send(method, &url, &headers, body).await.unwrap()
    }

    /// What the edge answers for a host.
    pub(crate) async fn visit(&self, host: &str, path: &str) -> Answer {
        self.visit_with(host, path, &[]).await
    }

    pub(crate) async fn visit_with(&self, host: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("host", host)];
        all.extend_from_slice(headers);
        let url = format!("{}{path}", self.cloud.edge);
        http::send("GET", &url, &all, "").await.unwrap()
    }

    pub(crate) fn account(&self) -> Value {
        self.cloud.state().unwrap()["cloudflare"]["accounts"][ACCOUNT].clone()
    }

    pub(crate) fn zone(&self) -> Value {
        self.cloud.state().unwrap()["cloudflare"]["zones"][ZONE].clone()
    }

    pub(crate) fn worker(&self, name: &str) -> Value {
        self.account()["workers"][name].clone()
    }

    pub(crate) async fn seed(&self, cloudflare: Value) {
        self.cloud.seed(&json!({"cloudflare": cloudflare})).await.unwrap();
    }
}

fn line(entry: &Value) -> String {
    let path = entry["path"].as_str().unwrap();
    let path = path.strip_prefix(&format!("/accounts/{ACCOUNT}")).unwrap_or(path);
    let query = match entry["query"].as_str().unwrap() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    format!(
        "{} {} {path}{query}",
        entry["status"],
        entry["method"].as_str().unwrap()
    )
}
