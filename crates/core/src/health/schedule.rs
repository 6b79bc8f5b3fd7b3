//! When to ask again.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

/// The first wait after a failed probe.
const FIRST: Duration = Duration::from_millis(100);
/// The ceiling bounds how late readiness is seen: half of it in the median, plus one probe. With jitter a wait is at
/// most 0.8 s, so a service that becomes ready is seen within 0.4 s in the median however long it took.
const LONGEST: Duration = Duration::from_millis(400);

/// How long and how often to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// All probing ends by then.
    pub total: Duration,
    /// One probe ends by then.
    pub attempt: Duration,
    /// So many healthy answers in a row count as healthy.
    pub successes: u32,
    /// An answer that can never become right ends the waiting for its endpoint, once the grace is over.
    pub fail_fast: bool,
    /// How long such an answer is borne: on a new hostname the old owner, or a certificate for others, may answer first.
    pub grace: Duration,
}

impl Default for Schedule {
    /// 90 s in total, 5 s a probe (what the health document promises), one success, 10 s of grace.
    fn default() -> Self {
        let s = Duration::from_secs;
        Self {
            total: s(90),
            attempt: s(5),
            successes: 1,
            fail_fast: true,
            grace: s(10),
        }
    }
}

impl Schedule {
    /// The waits between probes: 0.1 s, doubling to 0.4 s, each with up to its own length of jitter on top.
    pub(super) fn waits() -> impl Iterator<Item = Duration> {
        ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(FIRST)
            .with_max_delay(LONGEST)
            .without_max_times()
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_short_enough_to_see_readiness_soon() {
        let waits: Vec<Duration> = Schedule::waits().take(2000).collect();
        assert!(
            waits.iter().all(|wait| *wait <= 2 * LONGEST + Duration::from_millis(1)),
            "{:?}",
            waits.iter().max()
        );
        assert!(waits[0] >= FIRST);
    }
}
