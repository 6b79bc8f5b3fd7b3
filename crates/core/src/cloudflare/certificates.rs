//! Which hostnames a zone's certificates cover.

use serde::Deserialize;

use super::{Call, Error, Needs, Permission, Reader, Zone};
use crate::paging::Proof;

#[derive(Deserialize)]
struct Pack {
    #[serde(default)]
    id: String,
    #[serde(default)]
    hosts: Vec<String>,
}

impl Reader {
    /// The hostnames (some with `*.`) of every active certificate of the zone.
    pub async fn certificate_hosts(&self, zone: &Zone) -> Result<Vec<String>, Error> {
        let call = Call::get(
            format!("/zones/{}/ssl/certificate_packs", zone.id),
            format!("list the certificates of `{}`", zone.name),
        )
        .needs(Needs::zone(Permission::SslRead, &zone.name));
        let packs = self.pages(call, 50, Proof::Told, |pack: &Pack| pack.id.clone()).await?;
        Ok(packs.into_iter().flat_map(|pack| pack.hosts).collect())
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
