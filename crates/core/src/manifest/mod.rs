//! `codex.toml`: its types, and every problem in it at once, with line and column.

mod check;
pub mod graph;
mod hosts;
pub mod keys;
mod meaning;
pub mod schema;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use crate::naming;

/// The manifest, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Manifest {
    pub project: Project,
    pub database: Option<Database>,
    pub environments: IndexMap<String, EnvironmentSpec>,
    pub services: IndexMap<String, ServiceSpec>,
    #[serde(default)]
    pub preflight: Preflight,
    /// The manifest's folder: services' paths start here.
    #[serde(skip)]
    pub root: PathBuf,
}

/// `[project]`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Project {
    pub name: String,
    /// Empty where no environment needs one.
    #[serde(default)]
    pub zone: String,
    /// The account's name at workers.dev.
    pub workers_dev: Option<String>,
    #[serde(default = "default_url")]
    pub url: String,
    pub build: Option<String>,
    #[serde(default)]
    pub parallel_builds: bool,
    /// The key of the service that people open.
    pub front: Option<String>,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
pub struct Database {
    pub parent: String,
    #[serde(default = "default_role")]
    pub role: String,
    #[serde(default = "default_database")]
    pub name: String,
    pub migrate: Option<String>,
    #[serde(default)]
    pub variables: Vec<String>,
}

/// `[preflight]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Preflight {
    /// The kind of a finding, or `kind:subject`, and why it is meant so.
    pub silence: IndexMap<String, String>,
}

/// How a hostname reaches its Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// A route, and a proxied originless DNS record that we own.
    #[default]
    Route,
    /// A custom domain: Cloudflare owns the DNS record and the certificate.
    CustomDomain,
    /// Neither: the environment's explicit `records` are all that there is.
    Record,
    /// The Worker's own address at workers.dev; there is no hostname of a zone.
    WorkersDev,
}

impl Routing {
    /// How this hostname reaches its Worker: a wildcard is never a custom domain (Cloudflare).
    #[must_use]
    pub fn of(self, hostname: &str) -> Self {
        match self {
            Self::CustomDomain if naming::is_wildcard(hostname) => Self::Route,
            routing => routing,
        }
    }
}

/// Who brings a Worker's code to Cloudflare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Uploader {
    /// Our own client of the public API.
    #[default]
    Api,
    /// The project's own wrangler: for what our client does not do.
    Wrangler,
}

/// What happens beyond an environment's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnLimit {
    #[default]
    Fail,
    EvictOldest,
}

/// `[environments.<name>]`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EnvironmentSpec {
    #[serde(default = "default_hostname")]
    pub hostname: String,
    #[serde(default = "default_worker")]
    pub worker: String,
    pub branch: Option<String>,
    #[serde(default)]
    pub routing: Routing,
    pub wrangler_env: Option<String>,
    pub expires: Option<String>,
    pub grace: Option<String>,
    pub limit: Option<u64>,
    #[serde(default)]
    pub on_limit: OnLimit,
    #[serde(default)]
    pub secrets: IndexMap<String, String>,
    #[serde(default)]
    pub step_vars: IndexMap<String, String>,
    #[serde(default)]
    pub vars: IndexMap<String, Value>,
    pub crons: Option<bool>,
    #[serde(default)]
    pub r2: IndexMap<String, String>,
    #[serde(default)]
    pub d1: IndexMap<String, String>,
    #[serde(default)]
    pub shared: Vec<String>,
    #[serde(default)]
    pub wildcard: bool,
    #[serde(default)]
    pub records: Vec<RecordSpec>,
    #[serde(default)]
    pub services: IndexMap<String, HereSpec>,
}

impl EnvironmentSpec {
    /// Whether the environment is one per pull request.
    pub fn is_per_pull_request(&self) -> bool {
        let named = match self.routing {
            Routing::WorkersDev => &self.worker,
            _ => &self.hostname,
        };
        named.contains("{pr}")
    }

    /// Whether hostnames are what `{subdomain}` stands for, with nothing around it.
    pub fn has_bare_hostnames(&self) -> bool {
        self.hostname.trim() == BARE
    }
}

/// `[environments.<name>.services.<key>]`: what one environment says of one service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HereSpec {
    #[serde(default)]
    pub hostnames: Vec<String>,
    pub wrangler_env: Option<String>,
}

/// `[[environments.<name>.records]]`
#[derive(Debug, Clone, Deserialize)]
pub struct RecordSpec {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub content: String,
    #[serde(default)]
    pub proxied: bool,
    pub ttl: Option<String>,
}

/// `[services.<key>]`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceSpec {
    pub path: PathBuf,
    pub worker: Option<String>,
    pub subdomain: Option<String>,
    #[serde(default)]
    pub hostnames: Vec<String>,
    #[serde(default)]
    pub needs: Vec<String>,
    pub build: Option<String>,
    #[serde(default)]
    pub uploader: Uploader,
    #[serde(default)]
    pub secrets: Vec<String>,
    #[serde(default)]
    pub step_vars: Vec<String>,
    #[serde(default)]
    pub kv: Vec<String>,
    #[serde(default)]
    pub vars: IndexMap<String, Value>,
    #[serde(default = "default_health")]
    pub health: String,
    #[serde(default)]
    pub checks: Vec<crate::health::Check>,
}

fn default_url() -> String {
    "https://{hostname}".to_owned()
}
fn default_role() -> String {
    "neondb_owner".to_owned()
}
fn default_database() -> String {
    "neondb".to_owned()
}
/// The template whose hostname is the subdomain itself.
const BARE: &str = "{subdomain}";
/// What a name is called that is the zone itself.
pub const APEX: &str = "@";

fn default_hostname() -> String {
    BARE.to_owned()
}
fn default_worker() -> String {
    "{worker}".to_owned()
}
fn default_health() -> String {
    "/health".to_owned()
}

/// A manifest that cannot be used: where it is looked for and all that is wrong with it.
#[derive(Debug, thiserror::Error)]
pub struct Wrong {
    file: String,
    /// Why nothing of it could be read.
    pub unread: Option<Unread>,
    pub problems: Vec<Located>,
}

impl Wrong {
    /// A manifest that was not read.
    pub(crate) fn unread(file: &str, why: Unread) -> Self {
        Self {
            file: file.to_owned(),
            unread: Some(why),
            problems: Vec::new(),
        }
    }
}

/// Why a manifest was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// There is no such file.
    Missing,
    /// In the system's words.
    Refused(String),
}

/// A problem and its place in the manifest: line and column from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    pub line: usize,
    pub column: usize,
    pub text: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, unread, problems } = self;
        match unread {
            Some(Unread::Missing) => write!(
                f,
                "there is no `{file}`; check out the repository first, or name the manifest's path"
            )?,
            Some(Unread::Refused(why)) => write!(f, "`{file}` cannot be read: {why}")?,
            None => {}
        }
        let name = Path::new(file)
            .file_name()
            .map_or(file.into(), |name| name.to_string_lossy());
        let line = |problem: &Located| format!("{name}:{}:{}: {}", problem.line, problem.column, problem.text);
        match &problems[..] {
            [] => Ok(()),
            [one] => f.write_str(&line(one)),
            many => {
                write!(f, "`{file}` has {}", crate::text::count(many.len(), "problem"))?;
                many.iter().try_for_each(|problem| write!(f, "\n    {}", line(problem)))
            }
        }
    }
}

/// Problems with their places, as the user reads them.
fn wrong(text: &str, file: &str, problems: Vec<check::Problem>) -> Wrong {
    let located = |problem: check::Problem| {
        let (line, column) = check::position(text, problem.at);
        Located {
            line,
            column,
            text: problem.text,
        }
    };
    Wrong {
        file: file.to_owned(),
        unread: None,
        problems: problems.into_iter().map(located).collect(),
    }
}

/// Checks given outside a manifest, as TOML: `[[checks]]`, each with a `url`.
///
/// # Errors
/// [`Wrong`] with every problem of form.
pub fn lone_checks(text: &str) -> Result<Vec<crate::health::Check>, Wrong> {
    #[derive(Deserialize)]
    struct Lone {
        checks: Vec<crate::health::Check>,
    }
    let problems = check::check(text, keys::LONE_CHECKS);
    if !problems.is_empty() {
        return Err(wrong(text, "checks", problems));
    }
    toml::from_str::<Lone>(text).map(|lone| lone.checks).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(
            text,
            "checks",
            vec![check::Problem {
                at,
                text: error.message().to_owned(),
            }],
        )
    })
}

impl Manifest {
    /// Checks the manifest's text; `file` is its name in problems, `root` where services' paths start, `more` what else
    /// is wrong with what it means: section and problem.
    ///
    /// # Errors
    /// [`Wrong`] with every problem.
    pub(crate) fn checked(
        text: &str,
        file: &str,
        root: PathBuf,
        more: impl Fn(&Self) -> Vec<(String, String)>,
    ) -> Result<Self, Wrong> {
        let wrong = |problems| wrong(text, file, problems);
        let mut problems = check::check(text, keys::MANIFEST);
        let manifest = match toml::from_str::<Self>(text) {
            Ok(manifest) => Some(manifest),
            // Told already, with its place.
            Err(_) if !problems.is_empty() => None,
            // Form was checked above: a key whose kind and type disagree, a mistake of ours.
            Err(error) => {
                let (at, text) = (error.span().map_or(0, |span| span.start), error.message().to_owned());
                problems.push(check::Problem { at, text });
                None
            }
        };
        // What can be read in spite of problems of form may have problems of meaning too: all are told at once.
        problems.extend(
            manifest
                .iter()
                .flat_map(|manifest| meaning::check(manifest, text, more(manifest))),
        );
        problems.sort_by_key(|problem| problem.at);
        match manifest {
            Some(manifest) if problems.is_empty() => Ok(Self { root, ..manifest }),
            _ => Err(wrong(problems)),
        }
    }

    /// The base name of a service's Worker.
    pub fn worker_of<'a>(&'a self, key: &'a str) -> &'a str {
        self.services
            .get(key)
            .and_then(|service| service.worker.as_deref())
            .unwrap_or(key)
    }

    /// What `{subdomain}` stands for in a service's names. The zone itself takes no more letters: its key stands for it.
    pub fn subdomain_of<'a>(&'a self, key: &'a str) -> &'a str {
        self.services
            .get(key)
            .and_then(|service| service.subdomain.as_deref())
            .filter(|subdomain| *subdomain != APEX)
            .unwrap_or(key)
    }

    /// The environment of a service's wrangler configuration; `None`: its top level.
    pub fn wrangler_env(&self, environment: &str, key: &str) -> Option<&str> {
        let spec = self.environments.get(environment)?;
        let own = spec.services.get(key).and_then(|here| here.wrangler_env.as_deref());
        own.or(spec.wrangler_env.as_deref()).filter(|name| !name.is_empty())
    }
}
