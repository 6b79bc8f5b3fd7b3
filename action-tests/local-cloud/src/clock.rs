//! The cloud's own time: the machine's, plus what tests have advanced it by.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// A clock that only ever moves forward, by itself or by `POST /_cloud/clock`.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead_seconds: AtomicI64,
}

impl Clock {
    /// The cloud's present.
    pub(crate) fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead_seconds.load(Ordering::Relaxed));
        let now = Timestamp::now();
        now.checked_add(ahead).unwrap_or(now)
    }

    /// RFC 3339 with microseconds, as Cloudflare and Neon print their times.
    pub(crate) fn text(&self) -> String {
        self.text_ago(0)
    }

    /// The same, of so many seconds ago.
    pub(crate) fn text_ago(&self, seconds: i64) -> String {
        let now = self.now();
        format!(
            "{:.6}",
            now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(now)
        )
    }

    /// Moves the present forward.
    pub(crate) fn advance(&self, seconds: u32) {
        self.ahead_seconds.fetch_add(i64::from(seconds), Ordering::Relaxed);
    }

    /// Back to the machine's time.
    pub(crate) fn reset(&self) {
        self.ahead_seconds.store(0, Ordering::Relaxed);
    }
}
