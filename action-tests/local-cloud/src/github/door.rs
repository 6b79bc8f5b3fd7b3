//! The way into GitHub's state: who asks, which repository, with which permission.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, OriginalUri, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::account::{Account, Level, Token};
use super::media::{self, Media};
use super::model::{At, Repository};
use super::page::Page;
use super::refusal::Refusal;
use crate::gate;
use crate::github::state::Github;
use crate::lock::lock;

/// What a handler gives back.
pub(super) type Answer = Result<Reply, Refusal>;

/// A success.
pub(super) struct Reply {
    status: StatusCode,
    body: Value,
    headers: Vec<(HeaderName, String)>,
    /// In place of JSON: the content's type, and the content.
    text: Option<(&'static str, String)>,
}

impl Reply {
    pub(super) fn new(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body,
            headers: Vec::new(),
            text: None,
        }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// 200 with a body that is not JSON.
    pub(super) fn text(kind: &'static str, text: String) -> Self {
        Self {
            text: Some((kind, text)),
            ..Self::ok(Value::Null)
        }
    }

    /// 201 with `Location`, which is the body's own `url`.
    pub(super) fn created(body: Value) -> Self {
        let url = body["url"].as_str().unwrap_or_default().to_owned();
        Self::new(StatusCode::CREATED, body).with(header::LOCATION, url)
    }

    pub(super) fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, Value::Null)
    }

    pub(super) fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = match (self.text, self.body) {
            (Some((kind, text)), _) => (self.status, [(header::CONTENT_TYPE, kind)], text).into_response(),
            (None, Value::Null) => self.status.into_response(),
            (None, body) => (self.status, Json(body)).into_response(),
        };
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// A request, with all that a handler may ask of it.
pub(super) struct Call {
    pub(super) cloud: Arc<Github>,
    pub(super) token: Token,
    params: HashMap<String, String>,
    pub(super) query: HashMap<String, String>,
    pub(super) media: Media,
    /// Path below the repository, for links to other pages.
    below: String,
}

/// What decisions need besides the repository.
pub(super) struct Ctx<'a> {
    pub(super) now: At,
    pub(super) me: Account,
    /// Base URL of this API.
    pub(super) api: &'a str,
    next_id: &'a mut u64,
}

impl Ctx<'_> {
    /// The next number. All of them are beyond 32 bits, as GitHub's are.
    pub(super) fn id(&mut self) -> u64 {
        *self.next_id += 1;
        *self.next_id
    }

    pub(super) fn repository_url(&self, repository: &Repository) -> String {
        format!("{}/repos/{}", self.api, repository.full_name())
    }
}

impl FromRequestParts<Arc<Github>> for Call {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, cloud: &Arc<Github>) -> Result<Self, Refusal> {
        let token = authenticate(parts, cloud)?;
        let params = Path::<HashMap<String, String>>::from_request_parts(parts, cloud)
            .await
            .map_or_else(|_| HashMap::new(), |Path(params)| params);
        let Query(query) = Query::from_request_parts(parts, cloud)
            .await
            .map_err(|_| Refusal::unprocessable("the query cannot be read"))?;
        let OriginalUri(uri) = OriginalUri::from_request_parts(parts, cloud)
            .await
            .unwrap_or_else(|never| match never {});
        // Below `/github/repos/{owner}/{repo}` or `/github/repositories/{id}`.
        let before = if params.contains_key("repository_id") { 4 } else { 5 };
        let below = uri.path().split('/').skip(before).collect::<Vec<_>>().join("/");
        let media = media::asked(&parts.headers);
        let is_pull = below.strip_prefix("pulls/").is_some_and(|rest| !rest.contains('/'));
        let is_modelled = match media {
            Media::Json => true,
            Media::Diff => is_pull && parts.method == Method::GET,
            Media::Raw => below.starts_with("contents/"),
            Media::Other => false,
        };
        if !is_modelled {
            return Err(Refusal::unmodelled("this media type here"));
        }
        Ok(Self {
            cloud: cloud.clone(),
            token,
            params,
            query,
            media,
            below,
        })
    }
}

/// The token of a request: unknown ones are the workflow's own.
pub(super) fn authenticate(parts: &Parts, cloud: &Github) -> Result<Token, Refusal> {
    let presented =
        gate::token(&parts.headers).ok_or_else(|| Refusal::new(StatusCode::UNAUTHORIZED, "Requires authentication"))?;
    let state = lock(&cloud.state);
    let token = state
        .tokens
        .iter()
        .find(|known| known.value == presented)
        .cloned()
        .unwrap_or_else(|| Token::workflow(&presented));
    if token.is_valid() {
        Ok(token)
    } else {
        Err(Refusal::bad_credentials())
    }
}

impl Call {
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A number in the path; anything else is no such resource.
    pub(super) fn number(&self, name: &str) -> Result<u64, Refusal> {
        self.param(name).parse().map_err(|_| Refusal::not_found())
    }

    /// A filter of the query. An empty one filters nothing.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        self.query
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Runs `with` on the repository of the path, if the token has one of the permissions `keys`. A
    /// repository that the token does not see is not there.
    pub(super) fn on<T>(
        &self,
        keys: &[&str],
        level: Level,
        with: impl FnOnce(&mut Ctx, &mut Repository) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut guard = lock(&self.cloud.state);
        let state = &mut *guard;
        let repository = state
            .repositories
            .iter_mut()
            .find(|known| match self.params.get("repository_id") {
                Some(id) => known.id.to_string() == *id,
                None => {
                    known.owner.eq_ignore_ascii_case(self.param("owner"))
                        && known.name.eq_ignore_ascii_case(self.param("repo"))
                }
            })
            .filter(|known| self.token.sees(&known.full_name()))
            .ok_or_else(Refusal::not_found)?;
        if !self.token.may(keys, level) {
            return Err(Refusal::forbidden_without(keys, level));
        }
        let mut ctx = Ctx {
            now: At::of(self.cloud.ground.clock.now()),
            me: self.token.account(),
            api: &self.cloud.ground.origins().github,
            next_id: &mut state.next_id,
        };
        with(&mut ctx, repository)
    }

    /// One page of `items`, which `show` turns into JSON, under `key` (with `total_count`) or bare.
    pub(super) fn page<T>(
        &self,
        repository: &Repository,
        items: Vec<T>,
        key: Option<&str>,
        show: impl FnMut(T) -> Value,
    ) -> Answer {
        let page = Page::of(&self.query)?;
        let total = items.len();
        let base = &self.cloud.ground.origins().github;
        let url = format!("{base}/repositories/{}/{}", repository.id, self.below);
        let link = page.link(&url, &self.query, total);
        let shown: Value = page.cut(items).into_iter().map(show).collect();
        let reply = Reply::ok(match key {
            Some(key) => json!({"total_count": total, key: shown}),
            None => shown,
        });
        Ok(match link {
            Some(link) => reply.with(header::LINK, link),
            None => reply,
        })
    }
}

/// Reads a JSON body; what is missing or mistyped in it is a 422.
pub(super) fn decode<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    let value: Value =
        serde_json::from_slice(body).map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "Problems parsing JSON"))?;
    serde_json::from_value(value).map_err(|error| {
        let text = error.to_string();
        match text
            .strip_prefix("missing field `")
            .and_then(|rest| rest.split('`').next())
        {
            Some(field) => Refusal::not_supplied(field),
            None => Refusal::unprocessable(format!("Invalid request.\n\n{text}")),
        }
    })
}
