//! Signs the certificates that the cloud shows: one authority per run, which clients are told to trust.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha384};
use tokio_rustls::TlsAcceptor;

use crate::lock::lock;

pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    provider: Arc<CryptoProvider>,
    /// By name, as clients ask for them.
    issued: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

/// One certificate, and what shows it.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    /// What a login is bound to (RFC 5929): the hash by the signature's own function.
    pub(crate) binding: Vec<u8>,
}

/// A key and hash as Neon's certificates have them today (Let's Encrypt signs with ECDSA and SHA-384).
fn key() -> anyhow::Result<KeyPair> {
    Ok(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?)
}

impl Authority {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let name = &mut params.distinguished_name;
        name.push(DnType::CommonName, "local-cloud");
        Ok(Self {
            issuer: CertifiedIssuer::self_signed(params, key()?)?,
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            issued: Mutex::default(),
        })
    }

    /// The authority's own certificate.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn sign(&self, names: &[&str]) -> anyhow::Result<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
        let key = key()?;
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer)?;
        let secret = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        Ok((certificate.der().clone(), secret))
    }

    /// A certificate for these names, shown to whoever asks by one of `protocols` (ALPN) or by none.
    pub(crate) fn identity(&self, names: &[&str], protocols: &[&str]) -> anyhow::Result<Identity> {
        let (certificate, secret) = self.sign(names)?;
        let binding = Sha384::digest(&certificate).to_vec();
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], secret)?;
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(Identity {
            acceptor: Arc::new(config).into(),
            binding,
        })
    }

    /// Shows each client a certificate for the name that it asks for.
    pub(crate) fn acceptor(self: &Arc<Self>) -> anyhow::Result<TlsAcceptor> {
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config).into())
    }

    fn certificate(&self, name: &str) -> anyhow::Result<Arc<CertifiedKey>> {
        if let Some(known) = lock(&self.issued).get(name) {
            return Ok(known.clone());
        }
        let (certificate, secret) = self.sign(&[name, "127.0.0.1"])?;
        let made = Arc::new(CertifiedKey::from_der(vec![certificate], secret, &self.provider)?);
        lock(&self.issued).insert(name.to_owned(), made.clone());
        Ok(made)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Authority {
    /// A client that asks by address names nobody.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.certificate(hello.server_name().unwrap_or("localhost")).ok()
    }
}
