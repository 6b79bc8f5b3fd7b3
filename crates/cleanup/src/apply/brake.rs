//! What keeps a run from going on: its time, a signal, an API that is down.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use actions_core::reports::RemovalKind;
use actions_core::runner::signal::Interrupt;
use tokio::time::Instant;

use crate::outcome::Stop;

/// So many failures of one kind that are not the things' own, and the rest of the kind is not tried: each has been
/// repeated for a while already.
const ENOUGH: usize = 2;

/// Asked before each deletion.
pub(crate) struct Brake {
    limit: Duration,
    end: Instant,
    cancelled: Cell<Option<Interrupt>>,
    failures: RefCell<HashMap<RemovalKind, usize>>,
}

impl Brake {
    /// A run that begins now and may last so long.
    pub(crate) fn new(limit: Duration) -> Self {
        let now = Instant::now();
        Self {
            limit,
            // A limit beyond what a clock can tell is none.
            end: now.checked_add(limit).unwrap_or(now + Duration::from_hours(24)),
            cancelled: Cell::new(None),
            failures: RefCell::default(),
        }
    }

    /// When the run is to end.
    pub(crate) fn end(&self) -> Instant {
        self.end
    }

    /// The run is cancelled: nothing more is begun.
    pub(super) fn cancel(&self, signal: Interrupt) {
        self.cancelled.set(Some(signal));
    }

    /// A deletion of this kind failed, and not for a reason of its own.
    pub(super) fn failed(&self, kind: RemovalKind) {
        *self.failures.borrow_mut().entry(kind).or_default() += 1;
    }

    /// Why the run is to end, when it is.
    pub(crate) fn stop(&self) -> Option<Stop> {
        match self.cancelled.get() {
            Some(signal) => Some(Stop::Cancelled(signal)),
            None => (Instant::now() >= self.end).then_some(Stop::TimeIsUp(self.limit)),
        }
    }

    /// Why nothing more of this kind is to be begun.
    pub(super) fn on(&self, kind: RemovalKind) -> Option<Stop> {
        self.stop().or_else(|| {
            let failures = self.failures.borrow().get(&kind).copied().unwrap_or_default();
            (failures >= ENOUGH).then_some(Stop::GivenUp(failures))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_that_is_down_is_left_alone_soon() {
        let brake = Brake::new(Duration::from_mins(1));
        brake.failed(RemovalKind::Route);
        assert_eq!(brake.on(RemovalKind::Route), None);
        brake.failed(RemovalKind::Route);
        assert_eq!(brake.on(RemovalKind::Route), Some(Stop::GivenUp(2)));
        assert_eq!(brake.on(RemovalKind::Worker), None);
        brake.cancel(Interrupt::Int);
        assert_eq!(brake.on(RemovalKind::Worker), Some(Stop::Cancelled(Interrupt::Int)));
        assert_eq!(
            Brake::new(Duration::ZERO).on(RemovalKind::Worker),
            Some(Stop::TimeIsUp(Duration::ZERO))
        );
    }
}
