//! The runner's way to cancel: SIGINT, 7.5 seconds later SIGTERM, and then it kills.

use tokio::signal::unix::{SignalKind, signal as listen};

/// Waits until the run is cancelled; tells by which signal.
pub(crate) async fn signal() -> &'static str {
    let (Ok(mut interrupt), Ok(mut terminate)) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()))
    else {
        // Without handlers the signals' own effect stays: the process ends.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}
