//! The end of a cancelled run: nothing new begins, and what is on its way comes to its end.
//!
//! A request that is dropped may be carried out all the same, after everybody looked. So its answer is waited for, as
//! long as the runner lets us: 7.5 s until its second signal, 2.5 s more until it kills (contract sheet of GitHub,
//! section 14).

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use actions_core::error::fault;
use actions_core::runner::signal::{GRACE, Interrupt, Interrupts};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// All of it, one second into the time after the second signal: the outputs are written by then.
const ALL: Duration = GRACE.saturating_add(Duration::from_secs(1));
/// The same when SIGTERM is the first that we hear: the kill follows 2.5 s later. What is on its way has a part of it
/// ([`Interrupt::last_answer`]), the rest is for putting back.
const ALL_AFTER_TERM: Duration = Duration::from_secs(2);

/// Follows the signal's name where nothing was written yet.
pub(crate) const UNTOUCHED: &str = " before anything was touched";

/// The run was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cancelled(pub(crate) Interrupt);

impl Cancelled {
    /// The error that ends the run; `more` follows the signal's name.
    pub(crate) fn error(self, more: &str) -> anyhow::Error {
        fault(format!("{self}{more}")).exit(self.0.exit_status()).into()
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cancelled ({})", self.0.name())
    }
}

impl std::error::Error for Cancelled {}

/// Whether the run is to end.
pub(crate) struct Stop(watch::Sender<Option<(Interrupt, Instant)>>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Stop {
    /// Asked before anything that changes something begins.
    pub(crate) fn check(&self) -> Result<(), Cancelled> {
        self.0
            .borrow()
            .map_or(Ok(()), |(interrupt, _)| Err(Cancelled(interrupt)))
    }

    /// Waits for something that changes nothing, such as health: given up at once when the run is cancelled.
    pub(crate) async fn unless<T>(&self, waiting: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        let mut told = self.0.subscribe();
        tokio::select! {
            ended = waiting => ended,
            // Its sender is `self`, so this ends only when the run is cancelled.
            _ = told.wait_for(Option::is_some) => Err(self.check().err().map_or_else(|| anyhow::anyhow!("cancelled"), Into::into)),
        }
    }

    /// Carries out what changes things. When the run is cancelled meanwhile, `told` is called at once; what is on its
    /// way then has its time. `None`: it has not come to its end by then, and may still be carried out.
    pub(crate) async fn changing<T>(
        &self,
        interrupts: &mut Interrupts,
        work: impl Future<Output = T>,
        told: impl FnOnce(Cancelled),
    ) -> Option<T> {
        let rest = (Interrupt::Int.last_answer(), Interrupt::Term.last_answer());
        self.guard(interrupts, work, told, rest).await
    }

    /// As [`Stop::changing`], for what comes last.
    pub(crate) async fn ending<T>(
        &self,
        interrupts: &mut Interrupts,
        work: impl Future<Output = T>,
        told: impl FnOnce(Cancelled),
    ) -> Option<T> {
        self.guard(interrupts, work, told, (ALL, ALL_AFTER_TERM)).await
    }

    async fn guard<T>(
        &self,
        interrupts: &mut Interrupts,
        work: impl Future<Output = T>,
        told: impl FnOnce(Cancelled),
        (limit, after_term): (Duration, Duration),
    ) -> Option<T> {
        let mut work = pin!(work);
        if self.check().is_ok() {
            tokio::select! {
                ended = &mut work => return Some(ended),
                interrupt = interrupts.next() => {
                    self.0.send_replace(Some((interrupt, Instant::now())));
                    told(Cancelled(interrupt));
                }
            }
        }
        let (interrupt, since) = (*self.0.borrow())?;
        let limit = match interrupt {
            Interrupt::Int => limit,
            Interrupt::Term => after_term,
        };
        timeout_at(since + limit, work).await.ok()
    }
}
