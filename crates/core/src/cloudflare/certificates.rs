//! A zone's certificates, and which hostnames they cover.

use serde::Deserialize;

use super::{Call, Error, Needs, Permission, Reader, Writer, Zone};
use crate::paging::Proof;

/// A certificate, which Cloudflare calls a pack.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Certificate {
    #[serde(default)]
    pub id: String,
    /// What it covers; some with `*.`.
    #[serde(default)]
    pub hosts: Vec<String>,
}

impl Certificate {
    /// The one hostname that it is for; `None` when it is for several.
    pub fn only_host(&self) -> Option<&str> {
        match self.hosts.as_slice() {
            [host] => Some(host),
            _ => None,
        }
    }
}

impl Reader {
    /// Every active certificate of the zone.
    pub async fn certificates(&self, zone: &Zone) -> Result<Vec<Certificate>, Error> {
        let call = Call::get(
            format!("/zones/{}/ssl/certificate_packs", zone.id),
            format!("list the certificates of `{}`", zone.name),
        )
        .needs(Needs::zone(Permission::SslRead, &zone.name));
        self.pages(call, 50, Proof::Told, |pack: &Certificate| pack.id.clone())
            .await
    }

    /// The hostnames (some with `*.`) of every active certificate of the zone.
    pub async fn certificate_hosts(&self, zone: &Zone) -> Result<Vec<String>, Error> {
        let all = self.certificates(zone).await?;
        Ok(all.into_iter().flat_map(|certificate| certificate.hosts).collect())
    }
}

impl Writer {
    /// Deletes a certificate; `false` when it was gone already.
    pub async fn delete_certificate(&self, zone: &Zone, id: &str, hostname: &str) -> Result<bool, Error> {
        let call = Call::delete(
            format!("/zones/{}/ssl/certificate_packs/{id}", zone.id),
            format!("delete the certificate of `{hostname}`"),
        )
        .needs(Needs::zone(Permission::SslEdit, &zone.name));
        self.remove(call, |error| error.is_absent(&[])).await
    }
}

/// Whether a certificate for `hosts` covers `hostname`: a `*` stands for exactly one label.
pub fn covers(hosts: &[String], hostname: &str) -> bool {
    hosts.iter().any(|host| {
        host == hostname
            || host.strip_prefix("*.").is_some_and(|parent| {
                hostname
                    .split_once('.')
                    .is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_label() {
        let universal = ["example.com".to_owned(), "*.example.com".to_owned()];
        assert!(covers(&universal, "api.example.com"));
        assert!(covers(&universal, "example.com"));
        assert!(!covers(&universal, "api.preview.example.com"));
        assert!(!covers(&universal, "badexample.com"));
    }
}
