//! Alerts: one open issue for each thing that is wrong, updated while it lasts, closed when it is over.
//!
//! An alert is found by a marker in the first line of its text, and believed only from the author that the token writes
//! as: anybody may paste a marker. A label makes the search short; an alert that a person took it from is still found
//! before another one is opened.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::read;
use super::comments::Comment;
use super::{Error, Reader, Writer};
use crate::owner::short_hash;
use crate::retry::{self, Doubt, Repeat};

/// On every alert. GitHub makes a label that it does not know, and drops it silently where the token may not label.
pub const LABEL: &str = "codex-actions";
/// Pages of 100 open issues and pull requests, newest first, that are looked through where the label shows none.
const PAGES: u64 = 10;
/// Characters of a title that GitHub takes.
const LONGEST_TITLE: usize = 256;
/// Characters of a text that are sent: GitHub takes 65,536, some of which it may count otherwise.
const LONGEST_BODY: usize = 60_000;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What it is about, such as `codex/preview/42/cleanup`: there is one open issue for it.
    pub key: String,
    pub title: String,
    /// Markdown, without the marker.
    pub body: String,
}

/// An issue, as far as it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Issue {
    pub number: u64,
    #[serde(default)]
    pub title: String,
    #[serde(flatten)]
    said: Comment,
    /// A pull request: GitHub lists them among the issues.
    #[serde(default)]
    pull_request: Option<Value>,
}

impl Issue {
    /// Where people read it.
    pub fn url(&self) -> &str {
        &self.said.html_url
    }

    fn is_about(&self, key: &str) -> bool {
        let first = self.said.text().lines().next().unwrap_or_default().trim_end();
        self.pull_request.is_none() && first == opening(key)
    }

    fn holds(&self, alert: &Alert) -> bool {
        let text = self.said.text().replace("\r\n", "\n");
        self.title == alert.title() && text.trim_end() == alert.signed().trim_end()
    }
}

impl Alert {
    fn title(&self) -> String {
        crate::text::shorten(&self.title, LONGEST_TITLE)
    }

    fn signed(&self) -> String {
        let body = crate::text::shorten(&self.body, LONGEST_BODY);
        format!("{}\n{body}", opening(&self.key))
    }
}

/// The first line of an alert's text. A key that could end the HTML comment travels as its hash.
fn opening(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '-');
    let safe = !key.is_empty() && key.len() <= 200 && key.chars().all(plain) && !key.contains("--");
    let key = if safe {
        key.to_owned()
    } else {
        format!("~{}", short_hash(key, 16))
    };
    format!("<!-- codex-actions:alert:{key} -->")
}

/// What became of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raised {
    Opened(Issue),
    /// It was open already, and says now what is wrong now.
    Updated(Issue),
    Unchanged(Issue),
}

impl Raised {
    pub fn issue(&self) -> &Issue {
        match self {
            Self::Opened(issue) | Self::Updated(issue) | Self::Unchanged(issue) => issue,
        }
    }
}

impl Reader {
    /// The open alerts of ours about `key`, oldest first: more than one where two runs opened them at once.
    async fn alerts(&self, key: &str, only_labelled: bool) -> Result<Vec<Issue>, Error> {
        const DOING: &str = "look for an open alert issue";
        let label = if only_labelled {
            format!("&labels={LABEL}")
        } else {
            String::new()
        };
        let path = format!("/repos/{}/issues?state=open{label}&per_page=100", self.repository);
        let (listed, _) = self.first_pages(DOING, &path, PAGES).await?;
        let issues = listed
            .into_iter()
            .filter_map(|value| serde_json::from_value::<Issue>(value).ok());
        let mut about: Vec<Issue> = issues.filter(|issue| issue.is_about(key)).collect();
        if !about.is_empty() {
            let said: Vec<&Comment> = about.iter().map(|issue| &issue.said).collect();
            let identity = self.identity(self.person().await?, &said).await?;
            about.retain(|issue| identity.wrote(&issue.said));
        }
        about.sort_by_key(|issue| issue.number);
        about.dedup_by_key(|issue| issue.number);
        Ok(about)
    }
}

impl Writer {
    /// Makes the one open issue about `alert.key` say what is wrong now. Needs `issues: write`.
    ///
    /// # Errors
    /// GitHub refuses: 403 without the permission, 410 where issues are switched off.
    pub async fn raise(&self, alert: &Alert) -> Result<Raised, Error> {
        const DOING: &str = "update the alert issue";
        let mut there = self.reader().alerts(&alert.key, true).await?;
        if there.is_empty() {
            there = self.reader().alerts(&alert.key, false).await?;
        }
        let Some((first, others)) = there.split_first() else {
            return self.open(alert).await;
        };
        for other in others {
            self.close(other.number, "not_planned", None).await?;
        }
        if first.holds(alert) {
            return Ok(Raised::Unchanged(first.clone()));
        }
        let body = json!({ "title": alert.title(), "body": alert.signed() });
        self.edit(first.number, DOING, &body).await.map(Raised::Updated)
    }

    /// Closes what is open about `key`, with `end` as its text; the closed ones. Needs `issues: write` when there is one.
    ///
    /// # Errors
    /// GitHub refuses.
    pub async fn clear(&self, key: &str, end: &str) -> Result<Vec<Issue>, Error> {
        let mut closed = Vec::new();
        for issue in self.reader().alerts(key, true).await? {
            let alert = Alert {
                key: key.to_owned(),
                title: issue.title,
                body: end.to_owned(),
            };
            closed.push(self.close(issue.number, "completed", Some(alert.signed())).await?);
        }
        Ok(closed)
    }

    /// After an answer that was lost, the issue is looked for before it is asked for again.
    async fn open(&self, alert: &Alert) -> Result<Raised, Error> {
        const DOING: &str = "open an alert issue";
        let reader = self.reader();
        let path = format!("/repos/{}/issues", reader.repository);
        let body = json!({ "title": alert.title(), "body": alert.signed(), "labels": [LABEL] });
        let ask = async |tries: &mut retry::Tries| {
            let answer = reader
                .ask_in(Method::POST, &path, Some(&body), Repeat::Unsafe, tries)
                .await?;
            read::<Issue>(DOING, &answer)
        };
        let doubt = |error: &Error| {
            if error.is_ambiguous() {
                Doubt::Unclear
            } else {
                Doubt::None
            }
        };
        let look = async || Ok(reader.alerts(&alert.key, false).await?.into_iter().next());
        let written = retry::settled(&mut reader.tries_of_create(), ask, doubt, look).await?;
        Ok(Raised::Opened(written.into_inner()))
    }

    async fn close(&self, number: u64, reason: &str, text: Option<String>) -> Result<Issue, Error> {
        const DOING: &str = "close the alert issue";
        let mut body = json!({ "state": "closed", "state_reason": reason });
        if let Some(text) = text {
            body["body"] = text.into();
        }
        self.edit(number, DOING, &body).await
    }

    async fn edit(&self, number: u64, doing: &'static str, body: &Value) -> Result<Issue, Error> {
        let reader = self.reader();
        let path = format!("/repos/{}/issues/{number}", reader.repository);
        let answer = reader.ask(Method::PATCH, &path, Some(body), Repeat::Safe).await?;
        read(doing, &answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(body: &str, pull_request: bool) -> Issue {
        let mut value = json!({"number": 3, "id": 30, "title": "t", "body": body, "user": {"login": "octocat"}});
        if pull_request {
            value["pull_request"] = json!({"url": "https://…"});
        }
        serde_json::from_value(value).unwrap()
    }

    fn alert(key: &str) -> Alert {
        Alert {
            key: key.to_owned(),
            title: "t".to_owned(),
            body: "what is wrong\n".to_owned(),
        }
    }

    #[test]
    fn an_alert_is_known_by_its_first_line() {
        let text = alert("codex/preview/42/cleanup").signed();
        let is = |body: &str, pull| issue(body, pull).is_about("codex/preview/42/cleanup");
        assert!(is(&text, false) && is(&text.replace('\n', "\r\n"), false));
        assert!(!is(&text, true), "a pull request is none");
        assert!(!is(&format!("> {text}"), false) && !is(&format!("see\n{text}"), false));
        assert!(!is(&alert("codex/preview/4/cleanup").signed(), false));
        assert!(issue(&text.replace('\n', "\r\n"), false).holds(&alert("codex/preview/42/cleanup")));
    }

    #[test]
    fn no_key_can_end_the_marker() {
        for key in ["a --> b", "a--b", "", "é", &"x".repeat(300)] {
            let line = opening(key);
            assert_eq!(line.matches("-->").count(), 1, "{line}");
            assert!(line.len() < 80 && !line.contains('\n'), "{line}");
        }
        assert_ne!(opening("a b"), opening("a-b"));
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = Alert {
            title: "x".repeat(400),
            body: "é".repeat(70_000),
            ..alert("k")
        };
        assert_eq!(long.title().chars().count(), 256);
        assert!(long.signed().chars().count() <= 60_100);
    }
}
