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
    /// Something answered that is no HTTP.
    NotHttp,
    /// The proxy on the way wants to know who asks.
    ProxyLogin,
    /// The whole probe took longer than this.
    TimedOut(Duration),
    /// Redirected to a place that is not followed, and why.
    Redirected(String),
    /// Redirected to where it has been, by these paths.
    Circle(String),
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
        if let Some(error) = at.downcast_ref::<hyper::Error>()
            && error.is_parse()
            // HTTP with more headers than are read; only hyper's server has a method to ask for it.
            && !error.to_string().contains("too large")
        {
            return Failure::NotHttp;
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
        // The words of hyper-util's tunnel, which has no public type for them.
        if deepest.contains("proxy authorization required") {
            return Failure::ProxyLogin;
        }
        cause = at.source();
    }
    Failure::Other(deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_a_certificate_has_its_name() {
        use rustls::{CertificateError as C, Error as E};
        for (fault, name) in [
            (C::Revoked, TlsFailure::Revoked),
            (C::NotValidYet, TlsFailure::NotYetValid),
            (C::Expired, TlsFailure::Expired),
            (C::NotValidForName, TlsFailure::WrongName),
            (C::UnknownIssuer, TlsFailure::Untrusted),
        ] {
            let wrapped = std::io::Error::other(E::InvalidCertificate(fault));
            assert_eq!(classify(&wrapped), Failure::Tls(name));
        }
    }
}
