//! How fast GitHub is written to.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// No more than so many writes in [`WINDOW`]: GitHub refuses the 81st that makes content in a minute (contract sheet of
/// GitHub, section 2), and other jobs write, too.
const MOST: usize = 60;
const WINDOW: Duration = Duration::from_mins(1);

/// Lets so many through in a window.
pub(super) struct Pace {
    most: usize,
    turns: RefCell<VecDeque<Instant>>,
}

impl Pace {
    pub(super) fn of_github() -> Self {
        Self {
            most: MOST,
            turns: RefCell::default(),
        }
    }

    /// Waits until one more may be written.
    pub(super) async fn turn(&self) {
        sleep_until(self.next(Instant::now())).await;
    }

    /// When that is, for one that asks now.
    fn next(&self, now: Instant) -> Instant {
        let mut turns = self.turns.borrow_mut();
        let before = turns.len().checked_sub(self.most).and_then(|at| turns.get(at).copied());
        let at = before.map_or(now, |before| now.max(before + WINDOW));
        turns.push_back(at);
        if turns.len() > self.most {
            turns.pop_front();
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_than_its_share() {
        let pace = Pace {
            most: 3,
            turns: RefCell::default(),
        };
        let start = Instant::now();
        let at = |after: u64| (pace.next(start + Duration::from_secs(after)) - start).as_secs();
        assert_eq!([0; 7].map(at), [0, 0, 0, 60, 60, 60, 120]);
        assert_eq!(at(300), 300);
    }
}
