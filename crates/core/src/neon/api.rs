//! One call: its retries, its errors.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Error;
use crate::retry::{self, Answer, Patience, Repeat, Tries, Verdict};

#[derive(Clone)]
pub(super) struct Api {
    http: reqwest::Client,
    /// Up to and with `/projects/<id>`.
    base: String,
    /// `/projects/<id>`.
    project: String,
    key: SecretString,
    patience: Patience,
}

/// A request below the project's path.
pub(super) struct Ask {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    repeat: Repeat,
    young: bool,
    /// Not below the project's path.
    outside: bool,
}

impl Ask {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, None, Repeat::Safe)
    }

    /// A create: after an unclear failure the thing is looked up before it is sent again.
    pub(super) fn create(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path, Some(body), Repeat::Unsafe)
    }

    /// A change that names its result: twice is as good as once.
    pub(super) fn change(method: Method, path: impl Into<String>, body: Option<Value>) -> Self {
        Self::new(method, path, body, Repeat::Safe)
    }

    fn new(method: Method, path: impl Into<String>, body: Option<Value>, repeat: Repeat) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            body,
            repeat,
            young: false,
            outside: false,
        }
    }

    /// About the key or the account, not about the project.
    pub(super) fn outside(mut self) -> Self {
        self.outside = true;
        self
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// About something that was just made: a 404 is "not yet" (Neon's own test client retries that, too).
    pub(super) fn young(mut self) -> Self {
        self.young = true;
        self
    }
}

impl Api {
    pub(super) fn new(http: reqwest::Client, api_url: &str, project: &str, key: SecretString) -> Self {
        let project = format!("/projects/{project}");
        Self {
            http,
            base: format!("{}{project}", api_url.trim_end_matches('/')),
            project,
            key,
            patience: Patience::default(),
        }
    }

    pub(super) fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The same, but asking again at least every `longest`.
    pub(super) fn hurried(mut self, longest: Duration) -> Self {
        self.patience.longest = longest;
        self
    }

    /// The answer's body; anything but a success is an error.
    pub(super) async fn read<T: DeserializeOwned>(&self, ask: &Ask) -> Result<T, Error> {
        self.read_in(ask, &mut self.tries()).await
    }

    /// As [`Api::read`], as one or more of `tries`.
    pub(super) async fn read_in<T: DeserializeOwned>(&self, ask: &Ask, tries: &mut Tries) -> Result<T, Error> {
        let answer = self.send_in(ask, tries).await?;
        if answer.status.is_success() {
            self.parse(ask, &answer)
        } else {
            Err(Error::refused(&answer, self.call(ask)))
        }
    }

    /// As [`Api::read`], but `None` for something that is not there.
    pub(super) async fn find<T: DeserializeOwned>(&self, ask: &Ask) -> Result<Option<T>, Error> {
        match self.read(ask).await {
            Ok(found) => Ok(Some(found)),
            // A wrong project id is 404, too, and must not read as "no such branch".
            Err(Error::Refused {
                status: 404,
                message,
                own: true,
                ..
            }) if !message.contains("project") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The answer whatever it is, after the retries.
    pub(super) async fn send(&self, ask: &Ask) -> Result<Answer, Error> {
        self.send_in(ask, &mut self.tries()).await
    }

    pub(super) fn tries(&self) -> Tries {
        Tries::new(&self.patience)
    }

    /// Tries that end when something that was just made must have appeared.
    pub(super) fn young_tries(&self) -> Tries {
        Tries::new(&Patience {
            total: self.patience.youth,
            ..self.patience.clone()
        })
    }

    async fn send_in(&self, ask: &Ask, tries: &mut Tries) -> Result<Answer, Error> {
        let answer = retry::send(
            tries,
            ask.repeat,
            |answer| verdict(answer, ask.young),
            retry::retry_after,
            || self.request(ask),
        );
        Ok(answer.await?)
    }

    pub(super) fn parse<T: DeserializeOwned>(&self, ask: &Ask, answer: &Answer) -> Result<T, Error> {
        serde_json::from_slice(&answer.body).map_err(|error| Error::Unreadable {
            status: answer.status.as_u16(),
            call: self.call(ask),
            // Not the body: it may hold passwords.
            why: error.to_string(),
        })
    }

    /// `GET /projects/…/branches`, for messages.
    pub(super) fn call(&self, ask: &Ask) -> String {
        let project = if ask.outside { "" } else { &self.project };
        format!("{} {project}{}", ask.method, ask.path)
    }

    fn request(&self, ask: &Ask) -> RequestBuilder {
        let base = if ask.outside {
            self.base.strip_suffix(&self.project).unwrap_or(&self.base)
        } else {
            &self.base
        };
        let request = self
            .http
            .request(ask.method.clone(), format!("{base}{}", ask.path))
            .bearer_auth(self.key.expose_secret())
            .query(&ask.query);
        match &ask.body {
            Some(body) => request.json(body),
            None => request,
        }
    }
}

/// Neon: 423 and 503 are always safe to retry, 429 says that nothing was done, 422 "branch not ready yet" is a wait.
fn verdict(answer: &Answer, young: bool) -> Verdict {
    match answer.status.as_u16() {
        423 | 429 | 503 => Verdict::Refused,
        404 if young => Verdict::NotYet,
        422 if String::from_utf8_lossy(&answer.body).contains("not ready yet") => Verdict::Refused,
        500.. => Verdict::Unclear,
        _ => Verdict::Final,
    }
}
