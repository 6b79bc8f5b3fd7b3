//! How often each reaction was given to something.

use serde_json::{Value, json};

use super::model::{Repository, Subject};

/// All reactions that there are.
pub(super) const CONTENTS: [&str; 8] = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];

/// The counts that GitHub shows with what was reacted to.
pub(super) fn counts(repository: &Repository, subject: Subject, url: &str) -> Value {
    let of_subject = || repository.reactions.iter().filter(|it| it.subject == subject);
    let mut shown = json!({"url": format!("{url}/reactions"), "total_count": of_subject().count()});
    for content in CONTENTS {
        shown[content] = json!(of_subject().filter(|it| it.content == content).count());
    }
    shown
}
