//! The pull requests that a deployment brought: merged since the one before it, found by its commits.

use std::collections::BTreeSet;

use actions_core::github::{Changes, Error, Reader};
use futures_util::{StreamExt as _, stream};

/// Commits that are asked for their pull requests, at most.
const MOST_COMMITS: usize = 30;
/// Pull requests that are told, at most: each costs two requests, and what people see is limited to 80 a minute.
const MOST_PULLS: usize = 20;
/// Requests at a time.
const AT_ONCE: usize = 4;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Brought {
    /// Numbers, the newest first.
    pub(crate) numbers: Vec<u64>,
    /// There are more commits or pull requests than were looked at.
    pub(crate) more: bool,
}

/// Which pull requests came with `changes`, or with `head` alone where they are not known.
pub(crate) async fn brought(reader: &Reader, changes: Option<&Changes>, head: &str) -> Result<Brought, Error> {
    let alone = [head.to_owned()];
    let commits = changes.map_or(&alone[..], |changes| &changes.mainline[..]);
    let asked = commits.iter().take(MOST_COMMITS).map(|sha| reader.merged_by(sha));
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut seen = BTreeSet::new();
    let mut numbers = Vec::new();
    for answer in answers {
        for pull in answer? {
            if seen.insert(pull.number) {
                numbers.push(pull.number);
            }
        }
    }
    let more = commits.len() > MOST_COMMITS || numbers.len() > MOST_PULLS;
    numbers.truncate(MOST_PULLS);
    Ok(Brought { numbers, more })
}
