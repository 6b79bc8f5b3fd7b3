//! Whose comments are ours: anyone can paste a marker, nobody can write as somebody else.

use http::Method;
use reqwest::StatusCode;
use serde_json::Value;

use super::client::read;
use super::comments::Comment;
use super::{Error, Reader};
use crate::retry::Repeat;

/// Who `GITHUB_TOKEN` writes as.
const ACTIONS_BOT: &str = "github-actions[bot]";

/// A token's person, when it is a person's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person(Option<String>);

/// Whom the token writes as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A person, or a bot whose login was asked for.
    Login(String),
    /// `github-actions[bot]`: who every workflow of the repository writes as.
    Actions,
}

impl Identity {
    /// Whether it is a person's, who writes comments by hand as well.
    pub fn is_person(&self) -> bool {
        matches!(self, Self::Login(login) if !login.ends_with("[bot]"))
    }

    /// Whether this identity wrote the comment.
    pub fn wrote(&self, comment: &Comment) -> bool {
        let Some(author) = &comment.user else { return false };
        let is_actions = author.kind == "Bot" && author.login == ACTIONS_BOT;
        match self {
            Self::Actions => is_actions,
            Self::Login(login) => author.login.eq_ignore_ascii_case(login),
        }
    }
}

impl Reader {
    /// The person whose token it is, found without a permission: to be asked while the comments are read. No request
    /// for an installation token, which has no `/user` (403).
    pub async fn person(&self) -> Result<Person, Error> {
        if self.is_installation {
            return Ok(Person::default());
        }
        self.user().await.map(Person)
    }

    /// Whom the token writes as. `candidates` are the comments that it has to be held against: when a bot other than
    /// `github-actions[bot]` wrote one of them, the token may be that app's.
    ///
    /// An installation token tells its login only by GraphQL; that request is spared in the usual case, where the
    /// workflow's own token meets the workflow's own comment.
    pub async fn identity(&self, person: Person, candidates: &[&Comment]) -> Result<Identity, Error> {
        if let Person(Some(login)) = person {
            return Ok(Identity::Login(login));
        }
        let another_app = candidates.iter().any(|comment| {
            let bot = comment.user.as_ref().filter(|author| author.kind == "Bot");
            bot.is_some_and(|author| author.login != ACTIONS_BOT)
        });
        if !another_app {
            return Ok(Identity::Actions);
        }
        let data = self
            .graphql("find the token's login", "query { viewer { login } }")
            .await?;
        Ok(match data.pointer("/viewer/login").and_then(Value::as_str) {
            Some(ACTIONS_BOT) | None => Identity::Actions,
            Some(login) => Identity::Login(login.to_owned()),
        })
    }

    /// The login of the person whose token it is; `None` for an app's installation token.
    async fn user(&self) -> Result<Option<String>, Error> {
        const DOING: &str = "find the token's user";
        let answer = self.ask(Method::GET, "/user", None, Repeat::Safe).await?;
        if matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) {
            return Ok(None);
        }
        let user: Value = read(DOING, &answer)?;
        Ok(user.get("login").and_then(Value::as_str).map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::super::comments::Author;
    use super::*;

    fn by(login: &str, kind: &str) -> Comment {
        Comment {
            id: 1,
            body: None,
            html_url: String::new(),
            user: Some(Author {
                login: login.to_owned(),
                kind: kind.to_owned(),
            }),
            node_id: String::new(),
            minimized: None,
        }
    }

    #[test]
    fn only_the_own_comments_are_ours() {
        assert!(Identity::Actions.wrote(&by("github-actions[bot]", "Bot")));
        assert!(!Identity::Actions.wrote(&by("github-actions[bot]", "User")));
        assert!(!Identity::Actions.wrote(&by("octocat", "User")));
        assert!(Identity::Login("Octocat".to_owned()).wrote(&by("octocat", "User")));
        assert!(!Identity::Login("octocat".to_owned()).wrote(&by("github-actions[bot]", "Bot")));
        let ghost = Comment {
            user: None,
            ..by("", "")
        };
        assert!(!Identity::Actions.wrote(&ghost));
    }
}
