//! The inputs that every action shares, under the same names everywhere.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::source::{self, Inquiry, Wanted};
use super::{Env, Problems, inputs};
use crate::environment::{Environment, Unresolved};
use crate::event::{Event, Told};
use crate::grants;
use crate::manifest::Manifest;
use crate::owner::Owner;

/// The manifest's name when the input is unset.
const MANIFEST: &str = "codex.toml";

#[derive(Debug, Default, Deserialize)]
struct Raw {
    manifest: Option<String>,
    environment: Option<String>,
    pull_request: Option<String>,
    dry_run: Option<String>,
    github_token: Option<String>,
    github_api_url: Option<String>,
    github_graphql_url: Option<String>,
    cloudflare_api_token: Option<String>,
    cloudflare_account_id: Option<String>,
    cloudflare_zone_id: Option<String>,
    cloudflare_api_url: Option<String>,
    neon_api_key: Option<String>,
    neon_project_id: Option<String>,
    neon_api_url: Option<String>,
}

/// The shared inputs, and what triggered the run.
pub struct Common {
    raw: Raw,
    /// What triggered the run.
    pub event: Event,
    /// Plan and print, but change nothing.
    pub dry_run: bool,
    /// The input `pull-request`, or the event's.
    pub pull_request: Option<u64>,
    /// Why the event's pull request is not known, though it has one.
    unknown: Option<String>,
    /// Access to GitHub where a token was given, for what the event does not tell.
    github: Option<GithubAccess>,
}

/// Access to the GitHub API.
#[derive(Clone)]
pub struct GithubAccess {
    pub token: SecretString,
    /// Without a trailing slash; on GitHub Enterprise Server it ends in `/api/v3`.
    pub api_url: String,
    /// Where GraphQL is, when it is not where [`Reader::new`](crate::github::Reader::new) finds it.
    pub graphql_url: Option<String>,
    /// `owner/name`.
    pub repository: String,
}

impl GithubAccess {
    /// A reader with this access.
    ///
    /// # Errors
    /// As those of [`Reader::new`](crate::github::Reader::new).
    pub fn reader(&self, http: reqwest::Client) -> Result<crate::github::Reader, crate::github::Error> {
        let (api, token, repository) = (&self.api_url, &self.token, &self.repository);
        match &self.graphql_url {
            Some(graphql) => crate::github::Reader::with_graphql(api, graphql, token, repository, http),
            None => crate::github::Reader::new(api, token, repository, http),
        }
    }
}

/// Access to the Cloudflare API.
#[derive(Clone)]
pub struct CloudflareAccess {
    pub token: SecretString,
    pub account_id: String,
    /// Found by the zone's name when unset.
    pub zone_id: Option<String>,
    pub api_url: String,
}

impl CloudflareAccess {
    /// A reader with this access.
    pub fn reader(&self, http: reqwest::Client) -> crate::cloudflare::Reader {
        crate::cloudflare::Reader::new(http, &self.api_url, self.token.clone(), &self.account_id)
    }

    /// The same for a run of `action`; where it `changes` things, a refused read names the level that the change takes.
    pub fn reader_of(&self, http: reqwest::Client, action: &str, changes: bool) -> crate::cloudflare::Reader {
        let edits = if changes { grants::edits(action) } else { Vec::new() };
        self.reader(http).for_changes(edits)
    }
}

/// Access to the Neon API.
#[derive(Clone)]
pub struct NeonAccess {
    pub api_key: SecretString,
    pub project_id: String,
    pub api_url: String,
}

impl Common {
    /// Reads the shared inputs and the event. GitHub is asked only which pull request a `workflow_run` is about, where
    /// the event has not told (it never does for forks): all names depend on it.
    ///
    /// # Errors
    /// Never for a wrong value: those are recorded in `problems`.
    pub async fn read(env: &Env, problems: &mut Problems) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        for token in [&raw.github_token, &raw.cloudflare_api_token, &raw.neon_api_key]
            .into_iter()
            .flatten()
        {
            crate::secret::mask(token.trim());
        }
        let mut event = super::event::read(env, problems);
        let given = problems.number("pull-request", raw.pull_request.as_deref());
        if given == Some(0) {
            problems.add("pull-request", "`0` is not a pull request's number");
        }
        let dry_run = problems.boolean("dry-run", raw.dry_run.as_deref(), false);
        let github = optional_github(&raw, &event, problems);
        let mut unknown = None;
        if let (Told::Head(head), None) = (&event.told, given) {
            match source::find(head, github.clone()).await {
                Ok(pull) => (event.told, event.asked) = (Told::Is(pull), true),
                Err(why) => unknown = Some(why),
            }
        }
        Ok(Self {
            pull_request: given.or_else(|| event.told.number()),
            raw,
            event,
            dry_run,
            unknown,
            github,
        })
    }

    /// What a run for the environment of this pull request (`None`: of none) is about, to be asked together with other
    /// reads.
    pub fn inquire(&self, number: Option<u64>, wanted: Wanted) -> Inquiry {
        Inquiry::new(self.event.clone(), number, wanted, self.github.clone())
    }

    /// What is wrong where a pull request's number is missing, though the event is about one.
    pub fn unknown_pull_request(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// Access to GitHub where a token was given.
    pub fn github_if_given(&self) -> Option<GithubAccess> {
        self.github.clone()
    }

    /// Access to GitHub, each missing part a problem.
    pub fn github(&self, problems: &mut Problems) -> GithubAccess {
        let remedy = "pass `github-token: ${{ github.token }}`";
        if let Some(access) = &self.github {
            return access.clone();
        }
        GithubAccess {
            token: self.secret(problems, "github-token", self.raw.github_token.as_ref(), remedy),
            api_url: github_url(&self.raw, problems),
            graphql_url: graphql_url(&self.raw, problems),
            repository: self.event.repository.clone().unwrap_or_else(|| {
                problems.add(
                    "github-token",
                    "`GITHUB_REPOSITORY` is not set; outside GitHub Actions, set it to `owner/name`",
                );
                String::new()
            }),
        }
    }

    /// Access to Cloudflare, each missing part a problem.
    pub fn cloudflare(&self, problems: &mut Problems) -> CloudflareAccess {
        let account_id = problems.required(
            "cloudflare-account-id",
            self.raw.cloudflare_account_id.clone(),
            "pass `cloudflare-account-id: ${{ vars.CLOUDFLARE_ACCOUNT_ID }}`",
        );
        hex_id(problems, "cloudflare-account-id", &account_id);
        let zone_id = self.raw.cloudflare_zone_id.as_deref().map(|id| id.trim().to_owned());
        hex_id(problems, "cloudflare-zone-id", zone_id.as_deref().unwrap_or_default());
        CloudflareAccess {
            token: self.cloudflare_token(problems),
            account_id: account_id.trim().to_owned(),
            zone_id,
            api_url: self.cloudflare_url(problems),
        }
    }

    /// Access to Cloudflare for calls that need no account (DNS records).
    pub fn cloudflare_zone(&self, problems: &mut Problems) -> CloudflareAccess {
        let zone_id = self.raw.cloudflare_zone_id.as_deref().map(|id| id.trim().to_owned());
        hex_id(problems, "cloudflare-zone-id", zone_id.as_deref().unwrap_or_default());
        let account_id = self
            .raw
            .cloudflare_account_id
            .as_deref()
            .unwrap_or_default()
            .trim()
            .to_owned();
        hex_id(problems, "cloudflare-account-id", &account_id);
        CloudflareAccess {
            token: self.cloudflare_token(problems),
            account_id,
            zone_id,
            api_url: self.cloudflare_url(problems),
        }
    }

    fn cloudflare_token(&self, problems: &mut Problems) -> SecretString {
        let remedy = "pass `cloudflare-api-token: ${{ secrets.CLOUDFLARE_API_TOKEN }}`";
        self.secret(
            problems,
            "cloudflare-api-token",
            self.raw.cloudflare_api_token.as_ref(),
            remedy,
        )
    }

    /// A required secret. Where it is missing, the event says whether the run could have it at all.
    fn secret(&self, problems: &mut Problems, input: &str, value: Option<&String>, remedy: &str) -> SecretString {
        if value.is_none() {
            problems.add(input, self.event.missing_secret(&format!("missing; {remedy}")));
            return SecretString::default();
        }
        problems.required_secret(input, value.cloned(), remedy)
    }

    fn cloudflare_url(&self, problems: &mut Problems) -> String {
        problems.base_url(
            "cloudflare-api-url",
            self.raw.cloudflare_api_url.as_deref(),
            crate::cloudflare::API,
        )
    }

    /// Whether a token for Cloudflare is given.
    pub fn has_cloudflare(&self) -> bool {
        self.raw.cloudflare_api_token.is_some()
    }

    /// Whether a key of Neon is given.
    pub fn has_neon(&self) -> bool {
        self.raw.neon_api_key.is_some() && self.raw.neon_project_id.is_some()
    }

    /// Access to Neon, each missing part a problem.
    pub fn neon(&self, problems: &mut Problems) -> NeonAccess {
        let project_id = problems.required(
            "neon-project-id",
            self.raw.neon_project_id.clone(),
            "pass `neon-project-id: ${{ vars.NEON_PROJECT_ID }}`",
        );
        let project_id = project_id.trim().to_owned();
        let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if project_id.len() > 60 || !project_id.chars().all(valid) {
            problems.add(
                "neon-project-id",
                format!("`{project_id}` is not a project id, such as `quiet-river-12345678`"),
            );
        }
        let remedy = "pass `neon-api-key: ${{ secrets.NEON_API_KEY }}`";
        NeonAccess {
            api_key: self.secret(problems, "neon-api-key", self.raw.neon_api_key.as_ref(), remedy),
            project_id,
            api_url: problems.base_url("neon-api-url", self.raw.neon_api_url.as_deref(), crate::neon::API),
        }
    }

    /// Whether the user named a manifest, or one stands at its usual place.
    pub fn has_manifest(&self, env: &Env) -> bool {
        self.raw.manifest.is_some() || env.in_workspace(MANIFEST).is_file()
    }

    /// Where the manifest is, from the workspace.
    pub fn manifest_path(&self, env: &Env) -> PathBuf {
        env.in_workspace(self.raw.manifest.as_deref().map_or(MANIFEST, str::trim))
    }

    /// The manifest, its problems recorded under the input `manifest`.
    pub fn manifest(&self, env: &Env, problems: &mut Problems) -> Option<Manifest> {
        match Manifest::load(&self.manifest_path(env)) {
            Ok(manifest) => Some(manifest),
            Err(error) => {
                problems.add("manifest", error.to_string());
                None
            }
        }
    }

    /// The input `environment`, or `preview` in a pull request.
    pub fn environment_name(&self, manifest: &Manifest, problems: &mut Problems) -> Option<String> {
        match (self.raw.environment.as_deref().map(str::trim), self.pull_request) {
            (Some(name), _) => Some(name.to_owned()),
            (None, Some(_)) => Some("preview".to_owned()),
            // It is one, only which one is not known: the environment itself says so.
            (None, None) if self.unknown.is_some() => Some("preview".to_owned()),
            (None, None) => {
                let names: Vec<&String> = manifest.environments.keys().collect();
                let known = crate::text::quoted_list(&names);
                problems.add(
                    "environment",
                    format!("missing; outside a pull request, name one of {known}"),
                );
                None
            }
        }
    }

    /// The environment that the inputs mean; whatever is wrong with manifest, name or number is recorded.
    pub fn environment(&self, env: &Env, problems: &mut Problems) -> Option<Environment> {
        let manifest = self.manifest(env, problems)?;
        let name = self.environment_name(&manifest, problems)?;
        match Environment::resolve(&manifest, &name, self.pull_request, &self.event.identity()) {
            Ok(environment) => Some(environment),
            Err(wrong) => {
                self.tell(wrong, problems);
                None
            }
        }
    }

    /// Records why an environment cannot be resolved: a number that is missing with what is known of why.
    pub fn tell(&self, wrong: Unresolved, problems: &mut Problems) {
        for (input, problem) in wrong.0 {
            let why = self.unknown.clone().filter(|_| input == "pull-request");
            problems.add(input, why.unwrap_or(problem));
        }
    }

    /// The input `environment`, as the user wrote it.
    pub fn stated_environment(&self) -> Option<&str> {
        self.raw.environment.as_deref().map(str::trim)
    }

    /// Who owns what a run without a manifest makes: the repository, the named environment, the pull request.
    pub fn owner(&self, project: &str) -> Owner {
        Owner {
            repository: self.event.identity(),
            project: project.to_owned(),
            environment: self.raw.environment.clone().unwrap_or_else(|| "preview".to_owned()),
            pull_request: self.pull_request,
        }
    }
}

/// Access to GitHub when there is a token: most actions need it for some events only.
fn optional_github(raw: &Raw, event: &Event, problems: &mut Problems) -> Option<GithubAccess> {
    let (token, repository) = (raw.github_token.clone()?, event.repository.clone()?);
    Some(GithubAccess {
        token: problems.required_secret("github-token", Some(token), ""),
        api_url: github_url(raw, problems),
        graphql_url: graphql_url(raw, problems),
        repository,
    })
}

fn github_url(raw: &Raw, problems: &mut Problems) -> String {
    problems.base_url("github-api-url", raw.github_api_url.as_deref(), crate::github::API)
}

/// GraphQL's own URL, where an input says it. The runner's `GITHUB_GRAPHQL_URL` is not taken: beside a `github-api-url`
/// that is another's, it would send that one's token to another host.
fn graphql_url(raw: &Raw, problems: &mut Problems) -> Option<String> {
    let given = raw.github_graphql_url.as_deref()?;
    Some(problems.base_url("github-graphql-url", Some(given), "https://api.github.com/graphql"))
}

fn hex_id(problems: &mut Problems, input: &str, value: &str) {
    let value = value.trim();
    if !value.is_empty() && (value.len() != 32 || !value.chars().all(|c| c.is_ascii_hexdigit())) {
        problems.add(
            input,
            "not an id of 32 hexadecimal digits; copy it from the dashboard's overview page",
        );
    }
}
