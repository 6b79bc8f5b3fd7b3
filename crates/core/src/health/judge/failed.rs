//! What it means that there was no answer.

use super::Verdict;
use crate::health::{Failure, TlsFailure};

pub(super) fn meaning(failure: &Failure) -> Verdict {
    match failure {
        Failure::Dns(text) => Verdict::not_yet(format!("the hostname does not resolve ({text})")),
        Failure::Refused => Verdict::not_yet("the connection was refused"),
        Failure::Tls(failure) => tls(failure),
        Failure::NotHttp => Verdict::never(
            "what answers does not speak HTTP",
            "check the port; if it speaks TLS, write `https://`",
        ),
        Failure::ProxyLogin => Verdict::never(
            "the proxy wants a login (407)",
            "put user and password into the proxy's URL: `http://user:password@proxy:3128`",
        ),
        Failure::TimedOut(limit) => Verdict::not_yet(format!("no answer within {}", crate::text::elapsed(*limit))),
        Failure::Redirected(text) => {
            Verdict::never(text.as_str(), "check the URL, or allow more with `follow-redirects`")
        }
        Failure::Circle(path) => Verdict::never(
            format!("it redirects in a circle: {path}"),
            "look at the rules that redirect: behind Cloudflare, SSL mode Flexible makes a circle with a server that redirects to https",
        ),
        Failure::Other(text) => Verdict::not_yet(format!("the connection failed ({text})")),
    }
}

fn tls(failure: &TlsFailure) -> Verdict {
    let (why, remedy) = match failure {
        // A new hostname has no certificate for a while: the edge answers with an alert.
        TlsFailure::NoCertificate(text) => {
            return Verdict::not_yet(format!("TLS failed: no certificate yet ({text})"));
        }
        TlsFailure::PlainHttp => (
            "what answers does not speak TLS: the port seems to speak plain HTTP",
            "write `http://`, or the port that speaks https",
        ),
        TlsFailure::ClientCertificate => (
            "the server wants a client certificate",
            "let the health path through without one: it cannot be given",
        ),
        TlsFailure::WrongName => (
            "the certificate is valid, but for other names",
            "order a certificate that covers this hostname; Universal SSL covers one label under the zone",
        ),
        TlsFailure::Expired => ("the certificate has expired", "renew the certificate"),
        TlsFailure::NotYetValid => (
            "the certificate is not valid yet: its time begins later",
            "look at the certificate's `Not Before`, and at the clock of whoever made it, or of this machine",
        ),
        TlsFailure::Revoked => (
            "the certificate has been revoked",
            "order a new certificate: its authority has withdrawn this one",
        ),
        TlsFailure::AuthorityAsServer => (
            "the server shows an authority's certificate (`CA:TRUE`) as its own",
            "make a certificate for the server, signed by that authority, and pass the authority's as `ca`",
        ),
        TlsFailure::Untrusted => (
            "the certificate is signed by nobody that is trusted here",
            "pass the private authority's certificate as `ca`",
        ),
    };
    Verdict::never(why, remedy)
}
