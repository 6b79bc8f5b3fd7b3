//! Why a request has no answer, and what that means: never sent, never arrived, or perhaps carried out.

use std::error::Error as StdError;
use std::io;

/// Why there is no answer; never with the URL, whose query may carry a secret.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// No answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// No request can be made of this: a header or a URL has characters that it must not have. Asking again is no use.
    #[error("the request cannot be sent")]
    Unsendable { source: Cause },
    /// The host's name (or its proxy's) leads to no address.
    #[error("could not find `{host}`")]
    NoSuchHost { host: String, source: Cause },
    /// The host, or something in front of it, shows a certificate that is not trusted here.
    #[error("the certificate of `{host}` is not trusted")]
    Untrusted { host: String, source: Cause },
    /// The request never arrived: no connection could be made.
    #[error("could not reach `{host}`")]
    Unreachable { host: String, source: Cause },
    /// The request may have been carried out, but no answer came back. Look the thing up before asking again.
    #[error("`{host}` gave no answer to `{method} {path}`{}", if only_reads(method) { "" } else { "; it may have been carried out" })]
    Ambiguous {
        host: String,
        method: String,
        path: String,
        source: Cause,
    },
}

/// Whether a request of this method leaves everything as it is (RFC 9110 §9.2.1).
fn only_reads(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// No address of a name; from our own resolver.
#[derive(Debug, thiserror::Error)]
#[error("the name `{name}` has no address")]
pub(crate) struct NoAddress {
    pub(crate) name: String,
    pub(crate) source: io::Error,
}

/// The errors below `error`, itself first. An `io::Error` hides the one that it holds.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    fn below<'a>(error: &&'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        let error: &'a (dyn StdError + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(held) => Some(held),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), below)
}

/// What a failure of a client means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unsendable,
    NoSuchHost,
    Untrusted,
    Unreachable,
    Ambiguous,
}

impl Kind {
    /// Told by the errors that `error`, a client's around reqwest's, holds.
    pub(crate) fn of(error: &(dyn StdError + 'static)) -> Self {
        let is = |what: fn(&reqwest::Error) -> bool| {
            chain(error).any(|cause| cause.downcast_ref::<reqwest::Error>().is_some_and(what))
        };
        let is_untrusted = |cause: &(dyn StdError + 'static)| {
            let tls = cause.downcast_ref::<rustls::Error>();
            tls.is_some_and(|tls| matches!(tls, rustls::Error::InvalidCertificate(_)))
        };
        if is(reqwest::Error::is_builder) {
            Self::Unsendable
        } else if chain(error).any(<dyn StdError>::is::<NoAddress>) {
            Self::NoSuchHost
        } else if chain(error).any(is_untrusted) {
            Self::Untrusted
        } else if is(reqwest::Error::is_connect) {
            Self::Unreachable
        } else {
            Self::Ambiguous
        }
    }
}

impl NoAnswer {
    /// `source` is what to tell of the failure; `host`, `method` and `path` are who was asked for what.
    pub(crate) fn new(kind: Kind, source: impl Into<Cause>, host: &str, method: &str, path: &str) -> Self {
        let (host, source) = (host.to_owned(), source.into());
        match kind {
            Kind::Unsendable => Self::Unsendable { source },
            Kind::NoSuchHost => Self::NoSuchHost { host, source },
            Kind::Untrusted => Self::Untrusted { host, source },
            Kind::Unreachable => Self::Unreachable { host, source },
            Kind::Ambiguous => Self::Ambiguous {
                host,
                method: method.to_owned(),
                path: path.to_owned(),
                source,
            },
        }
    }

    /// What to do about it. `url_input` is the input that holds the API's address, `secret_input` the one that holds its
    /// token or key.
    pub fn hint(&self, url_input: &str, secret_input: &str) -> Option<String> {
        match self {
            Self::Unsendable { .. } => Some(format!(
                "`{secret_input}` or `{url_input}` has a character that does not belong there, such as a line break: store it again"
            )),
            Self::NoSuchHost { .. } => Some(format!(
                "check `{url_input}`, and the name servers and proxy of this runner"
            )),
            Self::Untrusted { .. } => Some(format!(
                "check `{url_input}`; where a proxy opens the runner's connections, its certificate has to be installed on the runner"
            )),
            Self::Unreachable { .. } => Some(format!("check `{url_input}`, the network and its proxy")),
            Self::Ambiguous { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::retry::{Patience, Repeat, Tries, Verdict, send};

    async fn lost(url: &str, token: &str) -> (NoAnswer, Duration) {
        let http = crate::http::client().unwrap();
        let began = Instant::now();
        let build = || http.get(url).bearer_auth(token);
        let mut tries = Tries::new(&Patience::default());
        let sent = send(&mut tries, Repeat::Safe, |_| Verdict::Final, |_| None, build).await;
        (sent.unwrap_err(), began.elapsed())
    }

    #[tokio::test]
    async fn a_request_that_cannot_be_built_is_not_sent_again() {
        let (lost, took) = lost("http://127.0.0.1:1/", "two\nlines").await;
        assert!(matches!(lost, NoAnswer::Unsendable { .. }), "{lost:?}");
        assert!(took < Duration::from_millis(200), "{took:?}");
    }

    #[test]
    fn the_kind_is_found_below_layers_that_hide_it() {
        let hidden = |error: Cause| io::Error::other(io::Error::other(error));
        let name = NoAddress {
            name: "api.test".to_owned(),
            source: io::Error::other("Name or service not known"),
        };
        assert_eq!(Kind::of(&hidden(name.into())), Kind::NoSuchHost);
        let certificate = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert_eq!(Kind::of(&hidden(certificate.into())), Kind::Untrusted);
        assert_eq!(Kind::of(&hidden("reset".into())), Kind::Ambiguous);
    }
}
