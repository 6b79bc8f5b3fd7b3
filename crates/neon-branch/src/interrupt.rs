//! SIGINT and SIGTERM as something to wait for.
//!
//! A runner that cancels a job sends SIGINT, after 7.5 s SIGTERM, and kills after another 2.5 s.

use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

/// The signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interrupt {
    Int,
    Term,
}

impl Interrupt {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Int => "SIGINT",
            Self::Term => "SIGTERM",
        }
    }

    /// As shells report it.
    pub(crate) fn exit_status(self) -> u8 {
        match self {
            Self::Int => 130,
            Self::Term => 143,
        }
    }
}

impl Interrupts {
    /// From here on, neither signal ends the process.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    pub(crate) async fn next(&mut self) -> Interrupt {
        tokio::select! {
            _ = self.interrupt.recv() => Interrupt::Int,
            _ = self.terminate.recv() => Interrupt::Term,
        }
    }
}
