//! Why a probe got no answer.

use std::time::Duration;

use super::connect::NoAddress;

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

/// Why TLS failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFailure {
    /// An alert, or the connection ended: a new hostname has no certificate for a while.
    NoCertificate(String),
    /// A valid certificate, but for other names.
    WrongName,
    Expired,
    /// Signed by nobody that is trusted here.
    Untrusted,
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
            return Failure::Tls(tls_failure(tls));
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

fn tls_failure(error: &rustls::Error) -> TlsFailure {
    use rustls::CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            TlsFailure::WrongName
        }
        rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => TlsFailure::Expired,
        rustls::Error::InvalidCertificate(_) => TlsFailure::Untrusted,
        other => TlsFailure::NoCertificate(other.to_string()),
    }
}
