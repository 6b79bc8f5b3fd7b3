//! The limit of a token's requests, kept before it is reached: over it, Cloudflare answers nothing for five minutes
//! (contract sheet of Cloudflare, section 0).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::retry::Answer;

/// So many requests are left to others of the same token, and to those of ours that are on their way.
const SPARE: u64 = 10;
/// No window is longer: 1,200 requests in five minutes.
const LONGEST: Duration = Duration::from_mins(5);

/// Until when nothing more is to be asked for.
#[derive(Default)]
pub(super) struct Window(Mutex<Option<Instant>>);

/// What `Ratelimit: "default";r=50;t=30` says: how many requests are left, and how long the window is still open. Of
/// several limits, the one with the least left.
fn told(header: &str) -> Option<(u64, Duration)> {
    let limits = header.split(',').filter_map(|limit| {
        let field = |name: &str| {
            let mut fields = limit.split(';').map(str::trim);
            fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok())
        };
        Some((field("r")?, Duration::from_secs(field("t")?).min(LONGEST)))
    });
    limits.min_by_key(|(left, _)| *left)
}

impl Window {
    /// Takes note of what an answer tells.
    pub(super) fn observe(&self, answer: &Answer) {
        let Some((left, reset)) = told(answer.header("ratelimit")) else {
            return;
        };
        let until = (left <= SPARE).then(|| Instant::now() + reset);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// Waits until there is room for one more request.
    pub(super) async fn room(&self) {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = until.filter(|until| *until > Instant::now()) else {
            return;
        };
        let wait = until - Instant::now();
        tracing::info!(
            "the token has almost used up Cloudflare's limit; going on in {}",
            crate::text::elapsed(wait)
        );
        tokio::time::sleep_until(until).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_limit_counts() {
        let seconds = |header: &str| told(header).map(|(left, reset)| (left, reset.as_secs()));
        assert_eq!(seconds("\"default\";r=50;t=30"), Some((50, 30)));
        assert_eq!(seconds("\"default\";r=50;t=30, \"burst\"; r=2; t=4"), Some((2, 4)));
        assert_eq!(seconds("\"default\";r=0;t=86400"), Some((0, 300)));
        assert_eq!(seconds("\"default\";t=30"), None);
        assert_eq!(seconds(""), None);
    }
}
