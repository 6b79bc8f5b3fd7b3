//! The open pull requests: all of them or none. What is missing in this list counts as closed, and loses its preview.

use jiff::Timestamp;
use serde_json::Value;

use super::{Error, Reader};
use crate::paging::Proof;

const DOING: &str = "list the open pull requests";
/// How often list and count are compared: pull requests are opened and closed meanwhile.
const ROUNDS: usize = 3;

/// An open pull request, as a list tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenPull {
    pub number: u64,
    /// The last commit of its branch.
    pub head_sha: Option<String>,
    /// When anything of it changed last: a push, a comment, a label.
    pub updated_at: Option<Timestamp>,
}

impl OpenPull {
    fn of(value: &Value) -> Option<Self> {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        Some(Self {
            number: value.get("number")?.as_u64()?,
            head_sha: text("/head/sha").map(str::to_owned),
            updated_at: text("/updated_at").and_then(|text| text.parse().ok()),
        })
    }
}

impl Reader {
    /// Every open pull request of the repository. The list is proven twice over: a list of several pages is read until
    /// two readings agree, and GraphQL, which is another way to the same facts, counts as many.
    ///
    /// # Errors
    /// Beside refusals: [`Error::Unproven`] where list and count never agreed, and an item without a number.
    pub async fn open_pull_requests(&self) -> Result<Vec<OpenPull>, Error> {
        let path = format!(
            "/repos/{}/pulls?state=open&sort=created&direction=asc&per_page=100",
            self.repository
        );
        for _ in 0..ROUNDS {
            let listed = self.pages_of(DOING, &path, Proof::Twice).await?;
            let open: Option<Vec<OpenPull>> = listed.iter().map(OpenPull::of).collect();
            let open = open.ok_or(Error::Unproven { doing: DOING })?;
            if self.count_open().await? == Some(open.len() as u64) {
                return Ok(open);
            }
            tracing::info!("GitHub lists {} open pull requests, and counts others", open.len());
        }
        Err(Error::Unproven { doing: DOING })
    }

    async fn count_open(&self) -> Result<Option<u64>, Error> {
        let (owner, name) = self.repository.split_once('/').unwrap_or_default();
        // A text of JSON is one of GraphQL.
        let (owner, name) = (Value::from(owner), Value::from(name));
        let query = format!(
            "query {{ repository(owner: {owner}, name: {name}) {{ pullRequests(states: OPEN) {{ totalCount }} }} }}"
        );
        let data = self.graphql("count the open pull requests", &query).await?;
        Ok(data
            .pointer("/repository/pullRequests/totalCount")
            .and_then(Value::as_u64))
    }
}
