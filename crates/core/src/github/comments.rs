//! The comments of a pull request.

use http::Method;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::read;
use super::{Error, Reader, Writer};
use crate::retry::{Repeat, Tries};

/// A comment on a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Comment {
    pub id: u64,
    /// GraphQL's name of it.
    #[serde(default)]
    pub node_id: String,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub html_url: String,
    /// `None` for a user who no longer exists.
    #[serde(default)]
    pub user: Option<Author>,
    /// Why it is hidden; GitHub tells it since 2026 only, so that absence proves nothing.
    #[serde(default)]
    pub minimized: Option<Value>,
}

/// Why a comment is hidden, as readers see it in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    Outdated,
    Resolved,
}

/// Who wrote a comment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Author {
    pub login: String,
    /// `User`, `Bot`, `Organization` …
    #[serde(default, rename = "type")]
    pub kind: String,
}

impl Comment {
    /// The text, "" when GitHub leaves it out.
    pub fn text(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }
}

/// What became of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    Done(Comment),
    /// The comment was deleted meanwhile.
    Gone,
}

impl Reader {
    /// All comments of the pull request, oldest first.
    pub async fn comments(&self, pull_request: u64) -> Result<Vec<Comment>, Error> {
        const DOING: &str = "read the pull request's comments";
        let path = format!("/repos/{}/issues/{pull_request}/comments?per_page=100", self.repository);
        let mut comments = Vec::new();
        for value in self.pages(DOING, &path).await? {
            // One odd comment must not hide ours.
            if let Ok(comment) = serde_json::from_value::<Comment>(value) {
                comments.push(comment);
            }
        }
        comments.sort_by_key(|comment| comment.id);
        Ok(comments)
    }
}

impl Writer {
    /// Writes a new comment. After an error that [`Error::is_ambiguous`] it may exist: [`Tries::pause`], list, and write
    /// again with the same `tries`.
    pub async fn create_comment(&self, pull_request: u64, text: &str, tries: &mut Tries) -> Result<Comment, Error> {
        const DOING: &str = "write a comment";
        let reader = self.reader();
        let path = format!("/repos/{}/issues/{pull_request}/comments", reader.repository);
        let body = json!({ "body": text });
        let answer = reader
            .ask_in(Method::POST, &path, Some(&body), Repeat::Unsafe, tries)
            .await?;
        read(DOING, &answer)
    }

    /// Replaces a comment's text. Asked once: GitHub has no condition for a write, so that a second try may overwrite
    /// what another job has written since the comment was read. After a failure [`Tries::pause`], and read again.
    pub async fn edit_comment(&self, id: u64, text: &str, tries: &mut Tries) -> Result<Edited, Error> {
        const DOING: &str = "edit the comment";
        let reader = self.reader();
        let path = format!("/repos/{}/issues/comments/{id}", reader.repository);
        let body = json!({ "body": text });
        let answer = reader
            .ask_in(Method::PATCH, &path, Some(&body), Repeat::Once, tries)
            .await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(Edited::Gone);
        }
        Ok(Edited::Done(read(DOING, &answer)?))
    }

    /// Deletes a comment; `false` when it was gone already.
    pub async fn delete_comment(&self, id: u64) -> Result<bool, Error> {
        const DOING: &str = "delete a comment";
        let reader = self.reader();
        let path = format!("/repos/{}/issues/comments/{id}", reader.repository);
        let answer = reader.ask(Method::DELETE, &path, None, Repeat::Safe).await?;
        match answer.status {
            status if status.is_success() => Ok(true),
            // Gone after a try whose answer was lost: by us.
            StatusCode::NOT_FOUND => Ok(answer.after_unclear),
            _ => Err(Error::refused(DOING, &answer)),
        }
    }

    /// Folds a comment away, with the reason in its place.
    pub async fn hide_comment(&self, comment: &Comment, reason: Hidden) -> Result<(), Error> {
        let classifier = match reason {
            Hidden::Outdated => "OUTDATED",
            Hidden::Resolved => "RESOLVED",
        };
        let input = format!("subjectId: {}, classifier: {classifier}", json!(comment.node_id));
        let query =
            format!("mutation {{ minimizeComment(input: {{{input}}}) {{ minimizedComment {{ isMinimized }} }} }}");
        self.reader().graphql("hide the comment", &query).await.map(drop)
    }

    /// Whether a comment is folded away, where REST does not tell it: servers before 2026 leave [`Comment::minimized`]
    /// out in either case.
    pub async fn is_hidden(&self, comment: &Comment) -> Result<bool, Error> {
        if comment.minimized.is_some() {
            return Ok(true);
        }
        let id = json!(comment.node_id);
        let query = format!("query {{ node(id: {id}) {{ ... on IssueComment {{ isMinimized }} }} }}");
        let data = self
            .reader()
            .graphql("see whether the comment is hidden", &query)
            .await?;
        Ok(data.pointer("/node/isMinimized").and_then(Value::as_bool) == Some(true))
    }

    /// Shows a hidden comment again.
    pub async fn show_comment(&self, comment: &Comment) -> Result<(), Error> {
        let input = format!("subjectId: {}", json!(comment.node_id));
        let query =
            format!("mutation {{ unminimizeComment(input: {{{input}}}) {{ unminimizedComment {{ isMinimized }} }} }}");
        self.reader().graphql("show the hidden comment", &query).await.map(drop)
    }
}
