//! Why a probe got no answer.

use std::time::Duration;

use super::connect::NoAddress;
pub use crate::tls::TlsFailure;

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The name does not resolve.
    Dns(String),
    /// Nothing listens there.
    Refused,
    Tls(TlsFailure),
    /// The whole probe took longer than this.
    TimedOut(Duration),
    /// Redirected to a place that is not followed, and why.
    Redirected(String),
    Other(String),
}

/// What a failed request met, from the deepest cause that we know.
pub(super) fn classify(error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut cause = Some(error);
    let mut deepest = error.to_string();
    while let Some(at) = cause {
        if let Some(NoAddress(text)) = at.downcast_ref::<NoAddress>() {
            return Failure::Dns(text.clone());
        }
        if let Some(tls) = at.downcast_ref::<rustls::Error>() {
            return Failure::Tls(TlsFailure::of(tls));
        }
        if let Some(io) = at.downcast_ref::<std::io::Error>() {
            // The source of an io::Error skips what it wraps.
            if let Some(inner) = io.get_ref() {
                return match classify(inner) {
                    Failure::Other(text) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
                        Failure::Tls(TlsFailure::NoCertificate(text))
                    }
                    failure => failure,
                };
            }
            if io.kind() == std::io::ErrorKind::ConnectionRefused {
                return Failure::Refused;
            }
        }
        deepest = at.to_string();
        cause = at.source();
    }
    Failure::Other(deepest)
}
