//! How vendors are asked: only reads, in parallel, and not for long.

use std::time::Duration;

use actions_core::retry::Patience;
use actions_core::text::shorten;

/// A vendor in trouble is told, not waited for: nothing depends on it yet.
pub(super) fn patience() -> Patience {
    Patience {
        total: Duration::from_secs(10),
        attempt: Duration::from_secs(8),
        longest: Duration::from_secs(2),
        ..Patience::USUAL
    }
}

/// An error as a part of a sentence.
pub(super) fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !parts.last().is_some_and(|last| last.ends_with(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    shorten(&parts.join(": ").replace('\n', " "), 240)
}
