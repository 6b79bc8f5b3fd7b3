//! Who acts: accounts, tokens and what tokens may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A person or a bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) login: String,
    /// `User`, `Bot` or `Organization`.
    #[serde(rename = "type")]
    pub(super) kind: String,
}

impl Account {
    pub(super) fn user(login: &str) -> Self {
        Self {
            login: login.to_owned(),
            kind: "User".to_owned(),
        }
    }

    /// Whom `GITHUB_TOKEN` acts as.
    pub(super) fn actions_bot() -> Self {
        Self {
            login: "github-actions[bot]".to_owned(),
            kind: "Bot".to_owned(),
        }
    }

    /// The same number for the same login, in every run.
    pub(super) fn id(&self) -> u32 {
        if *self == Self::actions_bot() {
            return 41_898_282;
        }
        let digest: [u8; 32] = Sha256::digest(self.login.as_bytes()).into();
        u32::from_be_bytes([0, digest[0] | 1, digest[1], digest[2]])
    }

    pub(super) fn json(&self) -> Value {
        let (login, id) = (&self.login, self.id());
        let path = login.replace('[', "%5B").replace(']', "%5D");
        let url = format!("https://api.github.com/users/{path}");
        let kind = if self.kind == "Bot" { "BOT" } else { "U" };
        json!({
            "login": login,
            "id": id,
            "node_id": format!("{kind}_kgDO{id}"),
            "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
            "gravatar_id": "",
            "url": url,
            "html_url": format!("https://github.com/{path}"),
            "followers_url": format!("{url}/followers"),
            "following_url": format!("{url}/following{{/other_user}}"),
            "gists_url": format!("{url}/gists{{/gist_id}}"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{url}/subscriptions"),
            "organizations_url": format!("{url}/orgs"),
            "repos_url": format!("{url}/repos"),
            "events_url": format!("{url}/events{{/privacy}}"),
            "received_events_url": format!("{url}/received_events"),
            "type": self.kind,
            "site_admin": false,
        })
    }
}

/// `null` for an account that no longer exists.
pub(super) fn maybe(account: Option<&Account>) -> Value {
    account.map_or(Value::Null, Account::json)
}

/// A token that is not like the others. Any other non-empty token is the workflow's own, with all
/// permissions that such a token can have.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    #[serde(rename = "token")]
    pub(super) value: String,
    #[serde(default = "yes")]
    valid: bool,
    /// Login of the person whose token it is, or of an app's bot.
    #[serde(default)]
    login: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    /// What it may do, by permission key: `read` or `write`. Naming any sets all others to none.
    #[serde(default)]
    permissions: Option<BTreeMap<String, Level>>,
    /// Repositories (`owner/name`) that it sees; all when left out.
    #[serde(default)]
    repositories: Option<Vec<String>>,
}

fn yes() -> bool {
    true
}

/// How far a permission goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    None,
    Read,
    Write,
}

/// Permissions that GitHub never gives to `GITHUB_TOKEN`.
const NEVER_FOR_WORKFLOWS: [&str; 4] = ["administration", "environments", "secrets", "variables"];

impl Token {
    /// The workflow's own token.
    pub(super) fn workflow(token: &str) -> Self {
        Self {
            value: token.to_owned(),
            valid: true,
            login: None,
            kind: None,
            permissions: None,
            repositories: None,
        }
    }

    pub(super) fn is_valid(&self) -> bool {
        self.valid
    }

    pub(super) fn account(&self) -> Account {
        let Some(login) = &self.login else {
            return Account::actions_bot();
        };
        let kind = self
            .kind
            .clone()
            .unwrap_or_else(|| if login.ends_with("[bot]") { "Bot" } else { "User" }.to_owned());
        Account {
            login: login.clone(),
            kind,
        }
    }

    /// A person's token, not an app's.
    pub(super) fn is_personal(&self) -> bool {
        self.account().kind == "User"
    }

    pub(super) fn sees(&self, repository: &str) -> bool {
        self.repositories
            .as_ref()
            .is_none_or(|seen| seen.iter().any(|known| known.eq_ignore_ascii_case(repository)))
    }

    /// Whether one of the permission keys reaches `level`.
    pub(super) fn may(&self, keys: &[&str], level: Level) -> bool {
        keys.iter().any(|key| {
            let has = match &self.permissions {
                Some(named) => named.get(*key).copied().unwrap_or(Level::None),
                None if !self.is_personal() && NEVER_FOR_WORKFLOWS.contains(key) => Level::None,
                None => Level::Write,
            };
            has >= level
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naming_one_permission_takes_the_others() {
        let all = Token::workflow("t");
        assert!(all.may(&["issues"], Level::Write));
        assert!(!all.may(&["administration"], Level::Read), "not for GITHUB_TOKEN");
        let some: Token = serde_json::from_value(json!({
            "token": "t", "permissions": {"issues": "read", "pull-requests": "write"}
        }))
        .unwrap();
        assert!(some.may(&["issues", "pull-requests"], Level::Write), "either will do");
        assert!(!some.may(&["issues"], Level::Write));
        assert!(!some.may(&["deployments"], Level::Read));
        let person: Token = serde_json::from_value(json!({"token": "t", "login": "octocat"})).unwrap();
        assert!(person.is_personal() && person.may(&["administration"], Level::Write));
    }
}
