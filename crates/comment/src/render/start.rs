//! What the comment says while the work is under way.

use actions_core::markdown::inline;
use jiff::Timestamp;

use super::{Frame, capital, moment, origin};

/// Told before the work, of an environment that no report tells of yet.
pub fn start(frame: &Frame, since: Timestamp) -> String {
    let subject = frame.title.clone().unwrap_or_else(|| capital(&frame.environment));
    let said: Vec<String> = [format!("since {}", moment(since))]
        .into_iter()
        .chain(origin(frame, true))
        .collect();
    format!(
        "### ⏳ {} is being deployed\n\n{}\n",
        inline(&subject),
        said.join(" · ")
    )
}

/// Stands between that and what the comment says of the run before.
pub const UNTIL_THEN: &str = "_Until it is done, what stands below is from before._";
