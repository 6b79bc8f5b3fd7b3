//! One cloud, one workspace, and what a story asks of them.

use std::path::{Path, PathBuf};

use local_cloud::{Options, Running};
use serde_json::Value;
use tempfile::TempDir;

use crate::run::Start;
use crate::{ids, npm, tokens};

/// A local cloud, and the workspace in which the actions run.
pub struct World {
    /// The cloud, for what this helper does not offer.
    pub cloud: Running,
    directory: TempDir,
}

impl World {
    /// The default world: no workerd, no Postgres.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// The default world, with Neon's proxy as the internet sees it: names, TLS, SCRAM, and no databases.
    pub async fn start_with_front() -> Self {
        let options = Options {
            neon_front: true,
            ..Options::default()
        };
        let world = Self::start_with(options).await;
        world.write("neon-ca.pem", &world.cloud.ca);
        world
    }

    /// The file with the certificate of who has signed the front's.
    pub fn neon_ca(&self) -> String {
        self.directory.path().join("neon-ca.pem").display().to_string()
    }

    /// The default world with its runtime: Workers run in workerd, branches are databases in Postgres. Installs the
    /// runtime's npm packages when they are missing.
    pub async fn start_with_runtime() -> Self {
        let options = Options {
            runtime: Some(npm::runtime().to_path_buf()),
            ..Options::default()
        };
        Self::start_with(options).await
    }

    async fn start_with(options: Options) -> Self {
        let cloud = local_cloud::start(options)
            .await
            .unwrap_or_else(|error| panic!("{error:#}"));
        let world = Self {
            cloud,
            directory: tempfile::tempdir().unwrap(),
        };
        world.write("event.json", &ids::pull_request().event("synchronize").to_string());
        std::fs::create_dir(world.workspace()).unwrap();
        world
    }

    /// `GITHUB_WORKSPACE`, which is also the current directory of the actions.
    pub fn workspace(&self) -> PathBuf {
        self.directory.path().join("workspace")
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Writes a file of the workspace, such as `codex.toml`.
    pub fn file(&self, path: &str, content: &str) {
        self.write(&format!("workspace/{path}"), content);
    }

    /// The event that the next runs are started by (`pull_request` #42 `synchronize` unless changed).
    pub fn event(&self, event: &Value) {
        self.write("event.json", &event.to_string());
    }

    /// Pull request #42 with this action, such as `opened` or `synchronize`.
    ///
    /// # Panics
    /// For `closed`: an event says so only of a pull request that GitHub calls closed, too.
    pub fn pull_request_event(&self, action: &str) {
        assert_ne!(action, "closed", "`close_pull_request` closes it at GitHub, too");
        self.event(&ids::pull_request().event(action));
    }

    /// The pull request was closed: the event, and what GitHub answers who asks.
    pub async fn close_pull_request(&self) {
        let pull =
            serde_json::json!({"number": 42, "head_sha": ids::HEAD_SHA, "head_ref": ids::HEAD_REF, "state": "closed"});
        self.seed(&serde_json::json!({"github": {"pulls": [pull]}})).await;
        self.event(&ids::pull_request().event("closed"));
    }

    /// A run of the action's binary, to be given inputs.
    pub fn run(&self, action: &'static str) -> Start<'_> {
        Start::new(self, action)
    }

    /// Adds fault rules: one, or an array (local-cloud's README says what a rule is).
    pub fn fail(&self, rules: &Value) {
        self.cloud.fault(rules).unwrap_or_else(|error| panic!("{error:#}"));
    }

    /// Takes all fault rules back.
    pub fn heal(&self) {
        self.cloud.heal();
    }

    /// Merges a seed into the cloud's state.
    pub async fn seed(&self, document: &Value) {
        self.cloud
            .seed(document)
            .await
            .unwrap_or_else(|error| panic!("{error:#}"));
    }

    /// Moves the cloud's clock.
    pub async fn advance(&self, seconds: u32) {
        self.cloud
            .advance(seconds)
            .await
            .unwrap_or_else(|error| panic!("{error:#}"));
    }

    /// The cloud's whole state.
    pub fn state(&self) -> Value {
        self.cloud.state().unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// All requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<Value> {
        match self.cloud.requests() {
            Ok(Value::Array(requests)) => requests,
            other => panic!("the request log is no array: {other:?}"),
        }
    }

    /// How many requests there were so far: a mark for [`World::since`].
    pub fn mark(&self) -> usize {
        self.requests().len()
    }

    /// The requests after a mark.
    pub fn since(&self, mark: usize) -> Vec<Value> {
        self.requests().split_off(mark)
    }

    /// The requests after a mark as `POST /projects/…/branches 201`, for snapshots.
    pub fn lines_since(&self, mark: usize) -> Vec<String> {
        let text = |request: &Value, key: &str| request[key].as_str().unwrap_or_default().to_owned();
        let line = |request: &Value| {
            let status = request["status"]
                .as_u64()
                .map_or("dropped".to_owned(), |status| status.to_string());
            format!("{} {} {status}", text(request, "method"), text(request, "path"))
        };
        self.since(mark).iter().map(line).collect()
    }

    /// Fails when something other than a read was asked of a vendor after the mark.
    #[track_caller]
    pub fn assert_only_reads_since(&self, mark: usize) {
        // GraphQL asks by POST.
        let is_query =
            |request: &Value| request["path"] == "/graphql" && !request["body"].to_string().contains("mutation");
        let writes: Vec<Value> = self
            .since(mark)
            .into_iter()
            .filter(|request| request["write"] == true && !is_query(request))
            .collect();
        assert!(writes.is_empty(), "these changed something: {writes:#?}");
    }

    /// Fails when a route was asked for that the cloud does not know.
    #[track_caller]
    pub fn assert_no_unknown_routes(&self) {
        let unknown: Vec<String> = self
            .requests()
            .iter()
            .filter(|request| request["unknown"] == true)
            .map(|request| format!("{} {} {}", request["provider"], request["method"], request["path"]))
            .collect();
        assert!(unknown.is_empty(), "the local cloud does not know: {unknown:#?}");
    }

    /// Somebody else's call to Cloudflare's API, below the account: a person in the dashboard, say.
    pub async fn by_hand(&self, method: &str, path: &str, body: &Value) {
        let url = format!("{}/accounts/{}{path}", self.cloud.cloudflare, ids::ACCOUNT);
        let answer = crate::client()
            .request(method.parse().unwrap(), url)
            .bearer_auth(tokens::CLOUDFLARE)
            .json(body)
            .send()
            .await
            .unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
    }

    /// Ends the story: every route was known, and the cloud stops.
    pub async fn finish(self) {
        self.assert_no_unknown_routes();
        self.cloud.stop().await;
    }
}
