//! The runner's way to cancel: SIGINT, 7.5 seconds later SIGTERM, and 2.5 seconds after that it kills.
//!
//! Source: actions/runner, `ProcessInvoker.cs`; contract sheet of GitHub, section 14.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What is left of a cancelled step before SIGTERM, when it began to listen in time.
pub const GRACE: Duration = Duration::from_millis(7_500);

/// The signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    Int,
    Term,
}

impl Interrupt {
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "SIGINT",
            Self::Term => "SIGTERM",
        }
    }

    /// How long an answer that is on its way may be waited for. A request that is dropped may be carried out all the same,
    /// so its answer is worth waiting for; but the report must be out before the runner kills, 10 s after SIGINT, and
    /// 2.5 s after SIGTERM where that is the first that we hear.
    pub fn last_answer(self) -> Duration {
        match self {
            Self::Int => Duration::from_millis(4_500),
            Self::Term => Duration::from_secs(1),
        }
    }

    /// As shells report it.
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Int => 130,
            Self::Term => 143,
        }
    }
}

/// How many of an action's own [`Interrupts`] there are.
static LISTENING: AtomicUsize = AtomicUsize::new(0);
/// Whether one of them was told of a signal: what follows is the action's.
static HEARD: AtomicBool = AtomicBool::new(false);

/// Both signals, as something to wait for.
pub struct Interrupts(Signals);

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Interrupt {
        tokio::select! {
            _ = self.interrupt.recv() => Interrupt::Int,
            _ = self.terminate.recv() => Interrupt::Term,
        }
    }
}

impl Interrupts {
    /// From here on, neither signal ends the process.
    pub fn listen() -> std::io::Result<Self> {
        let signals = Signals::listen()?;
        LISTENING.fetch_add(1, Ordering::Relaxed);
        Ok(Self(signals))
    }

    /// Waits until the run is cancelled.
    pub async fn next(&mut self) -> Interrupt {
        let interrupt = self.0.next().await;
        HEARD.store(true, Ordering::Relaxed);
        interrupt
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        LISTENING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits for a signal that nothing in the action listens to. While something does, and once it was told of one, the
/// ending is its own.
///
/// It listens from the call on, not from the first time that it is waited for.
pub(super) fn unheard() -> impl Future<Output = Interrupt> {
    let signals = Signals::listen();
    async {
        let Ok(mut signals) = signals else {
            return std::future::pending().await;
        };
        loop {
            let interrupt = signals.next().await;
            if LISTENING.load(Ordering::Relaxed) == 0 && !HEARD.load(Ordering::Relaxed) {
                return interrupt;
            }
        }
    }
}

/// Waits until the run is cancelled. For ever where signals cannot be listened to: their own effect stays, and the
/// process ends.
pub async fn cancelled() -> Interrupt {
    match Interrupts::listen() {
        Ok(mut interrupts) => interrupts.next().await,
        Err(_) => std::future::pending().await,
    }
}
