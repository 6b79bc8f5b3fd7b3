//! What the token may see of the repository, and what the repository is set to: for checks before anything is touched.
//! Read only. What a token may write is told by trying alone, and nothing is tried here.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use serde::Deserialize;

use super::client::{is_limit, next_page, read};
use super::{Error, Reader};
use crate::paging::MOST_PAGES;
use crate::retry::{Answer, Repeat};

/// The repository, as the token sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    pub private: bool,
    /// Requests that the token has left in this hour; `None` where GitHub (an Enterprise Server) does not limit them.
    pub requests_left: Option<u64>,
    /// The scopes of a classic personal token or an OAuth app's (docs.github.com, "Scopes for OAuth apps"); `None` of a
    /// token that has permissions instead.
    pub scopes: Option<Vec<String>>,
}

/// The header that lists them; empty of a token that has none.
const SCOPES: &str = "x-oauth-scopes";

fn list(text: &str) -> Vec<String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}

/// An environment of the repository's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DeploymentEnvironment {
    pub name: String,
    protection_rules: Vec<Rule>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
}

impl DeploymentEnvironment {
    /// Whether somebody has to agree before a job of it runs.
    pub fn has_reviewers(&self) -> bool {
        self.protection_rules
            .iter()
            .any(|rule| rule.kind == "required_reviewers")
    }
}

/// What a read has told of a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The read was granted. In a public repository that proves nothing: anybody may.
    Granted,
    /// 403: the token may not.
    Refused,
    /// Neither.
    Nothing,
}

impl Told {
    fn of(answer: &Answer) -> Self {
        match answer.status {
            status if status.is_success() => Self::Granted,
            StatusCode::FORBIDDEN if !is_limit(answer) => Self::Refused,
            _ => Self::Nothing,
        }
    }
}

impl Reader {
    /// Whether the token is an app's, as a workflow's own is: it can list no secrets.
    pub fn is_of_workflow(&self) -> bool {
        self.is_installation
    }

    /// The repository.
    ///
    /// # Errors
    /// A refusal (404 where the token does not see it), or no answer.
    pub async fn access(&self) -> Result<Access, Error> {
        #[derive(Deserialize)]
        struct Repository {
            #[serde(default)]
            private: bool,
        }
        let path = format!("/repos/{}", self.repository);
        let answer = self.ask(Method::GET, &path, None, Repeat::Safe).await?;
        let repository: Repository = read("read the repository", &answer)?;
        Ok(Access {
            private: repository.private,
            requests_left: answer.header("x-ratelimit-remaining").parse().ok(),
            scopes: answer.headers.get(SCOPES).map(|_| list(answer.header(SCOPES))),
        })
    }

    /// What one read tells of a key of `permissions:`. `commit` is some commit of the repository, for the key that has no
    /// other way.
    ///
    /// # Errors
    /// No answer, or one that says nothing of permissions (a limit, an error of the server).
    pub async fn may_read(&self, key: &str, commit: Option<&str>) -> Result<Told, Error> {
        let below = match (key, commit) {
            ("pull-requests", _) => "pulls?per_page=1".to_owned(),
            ("issues", _) => "issues?per_page=1".to_owned(),
            ("deployments", _) => "deployments?per_page=1".to_owned(),
            ("actions", _) => "actions/runs?per_page=1".to_owned(),
            ("statuses", Some(commit)) => format!("commits/{commit}/status"),
            // What was checked out was read.
            _ => return Ok(Told::Nothing),
        };
        let path = format!("/repos/{}/{below}", self.repository);
        let answer = self.ask(Method::GET, &path, None, Repeat::Safe).await?;
        if is_limit(&answer) || answer.status.is_server_error() {
            return Err(Error::refused("look what the token may read", &answer));
        }
        Ok(Told::of(&answer))
    }

    /// The environments of the repository's settings; `None` where the token may not read them (`actions: read`).
    ///
    /// # Errors
    /// As those of [`Reader::may_read`].
    pub async fn environments(&self) -> Result<Option<Vec<DeploymentEnvironment>>, Error> {
        self.set("environments", "environments").await
    }

    /// The names of the repository's secrets for workflows; `None` where the token may not list them, as a workflow's own
    /// never may.
    ///
    /// # Errors
    /// As those of [`Reader::may_read`].
    pub async fn secret_names(&self) -> Result<Option<Vec<String>>, Error> {
        Ok(named(self.set("actions/secrets", "secrets").await?))
    }

    /// The same of an organization's that the repository may use.
    ///
    /// # Errors
    /// As those of [`Reader::may_read`].
    pub async fn organization_secret_names(&self) -> Result<Option<Vec<String>>, Error> {
        Ok(named(self.set("actions/organization-secrets", "secrets").await?))
    }

    /// The same of one of its environments; `None` also where there is no such environment.
    ///
    /// # Errors
    /// As those of [`Reader::may_read`].
    pub async fn environment_secret_names(&self, environment: &str) -> Result<Option<Vec<String>>, Error> {
        let environment = utf8_percent_encode(environment, NON_ALPHANUMERIC);
        let below = format!("environments/{environment}/secrets");
        Ok(named(self.set(&below, "secrets").await?))
    }

    /// A list of the repository's settings, under `key`; `None` where the token may not see it.
    async fn set<T: serde::de::DeserializeOwned>(&self, below: &str, key: &str) -> Result<Option<Vec<T>>, Error> {
        const DOING: &str = "read the repository's settings";
        let mut all = Vec::new();
        let mut next = format!("/repos/{}/{below}?per_page=100", self.repository);
        for _ in 0..MOST_PAGES {
            let answer = self.ask(Method::GET, &next, None, Repeat::Safe).await?;
            let withheld = matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND);
            if withheld && !is_limit(&answer) {
                return Ok(None);
            }
            let mut page: serde_json::Value = read(DOING, &answer)?;
            let items = page.get_mut(key).map(serde_json::Value::take).unwrap_or_default();
            let items: Vec<T> =
                serde_json::from_value(items).map_err(|error| Error::unreadable(DOING, &answer, error))?;
            all.extend(items);
            match next_page(answer.header("link")) {
                Some(path) => path.clone_into(&mut next),
                None => return Ok(Some(all)),
            }
        }
        Err(Error::Unproven { doing: DOING })
    }
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

fn named(list: Option<Vec<Named>>) -> Option<Vec<String>> {
    Some(list?.into_iter().map(|one| one.name).collect())
}
