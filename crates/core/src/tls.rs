//! TLS of our own connections: whom to trust, and why a handshake failed.

use std::sync::Arc;

use anyhow::Context as _;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

/// A client configuration that trusts the platform's roots (`SSL_CERT_FILE` and `SSL_CERT_DIR` replace them) and
/// those in `extra`, PEM text.
///
/// # Errors
/// `extra` holds no certificate, or there are no roots at all.
pub(crate) fn config(extra: Option<&str>) -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = extra.map(certificates).transpose()?.unwrap_or_default();
    let verifier = Verifier::new_with_extra_roots(roots, provider.clone())
        .context("no certificates to trust were found; install `ca-certificates`")?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

fn certificates(pem: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .context("not PEM")?;
    anyhow::ensure!(!found.is_empty(), "holds no certificate");
    Ok(found)
}

/// Why TLS failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFailure {
    /// An alert, or the connection ended: a new hostname has no certificate for a while.
    NoCertificate(String),
    /// A valid certificate, but for other names.
    WrongName,
    Expired,
    NotYetValid,
    Revoked,
    /// An authority's own certificate, shown by a server.
    AuthorityAsServer,
    /// The server wants one from us.
    ClientCertificate,
    /// The other side does not speak TLS.
    PlainHttp,
    /// Signed by nobody that is trusted here.
    Untrusted,
}

impl TlsFailure {
    /// What a failed handshake met.
    pub(crate) fn of(error: &rustls::Error) -> Self {
        use rustls::{AlertDescription as Alert, CertificateError as C, Error as E, InvalidMessage};
        match error {
            E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => Self::WrongName,
            E::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => Self::Expired,
            E::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => Self::NotYetValid,
            E::InvalidCertificate(C::Revoked) => Self::Revoked,
            // rustls has no name of its own for webpki's `CaUsedAsEndEntity`.
            E::InvalidCertificate(C::Other(other)) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
                Self::AuthorityAsServer
            }
            E::InvalidCertificate(_) => Self::Untrusted,
            E::AlertReceived(Alert::CertificateRequired) => Self::ClientCertificate,
            E::InvalidMessage(InvalidMessage::InvalidContentType) => Self::PlainHttp,
            other => Self::NoCertificate(other.to_string()),
        }
    }
}
