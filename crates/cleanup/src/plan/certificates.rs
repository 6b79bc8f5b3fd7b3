//! Certificates: those of the custom domains that go, and those that a run before, or somebody's hand, left behind. Nothing
//! is written on one: it is the environment's when it is for nothing but one of its hostnames, where nothing of anybody
//! else's answers.

use actions_core::cloudflare::Certificate;
use actions_core::reports::RemovalKind;

use super::{Decision, Ground, Reason, Thing};
use crate::facts::{Facts, InZone};
use crate::subject::Subject;
use crate::unread::Unread;

impl Decision {
    /// After what is attached was decided on: a certificate stays with its domain.
    pub(super) fn certificates(&mut self, subject: &Subject, facts: &Facts) {
        // That the zone could not be found is told once, as its routes.
        let Some(Ok(zone)) = &facts.zone else { return };
        let all = zone.certificates.as_ref().map(Vec::as_slice);
        let of_domains: Vec<(String, String)> = self.of_domains_that_go(all.unwrap_or_default()).collect();
        for (id, hostname) in &of_domains {
            let (id, hostname) = (id.clone(), hostname.clone());
            self.goes(Thing::Certificate { id, hostname }, Ground::OfDomain, 0);
        }
        let all = match all {
            Ok(all) => all,
            // A token for an environment without custom domains need not be allowed to see certificates.
            Err(unread) if subject.names.custom_domains => {
                return self.unread(RemovalKind::Certificate, subject, unread);
            }
            Err(_) => return,
        };
        for certificate in all {
            let Some(host) = certificate.only_host().filter(|host| subject.names_host(host)) else {
                continue;
            };
            if of_domains.iter().any(|(id, _)| *id == certificate.id) {
                continue;
            }
            match self.serves(zone, certificate, host) {
                Ok(true) => {}
                Ok(false) => {
                    let (id, hostname) = (certificate.id.clone(), host.to_owned());
                    self.goes(Thing::Certificate { id, hostname }, Ground::Own, 0);
                }
                Err(unread) => self.left(RemovalKind::Certificate, host, Reason::Unknown(unread)),
            }
        }
    }

    /// The certificates of the custom domains that go, with their hostnames; not one that covers others, too.
    fn of_domains_that_go<'a>(&'a self, all: &'a [Certificate]) -> impl Iterator<Item = (String, String)> + 'a {
        self.going.iter().filter_map(|going| {
            let Thing::Domain(domain) = &going.thing else {
                return None;
            };
            let id = domain.certificate()?;
            let shared = all
                .iter()
                .any(|certificate| certificate.id == id && certificate.only_host().is_none());
            (!shared).then(|| (id.to_owned(), domain.hostname.clone()))
        })
    }

    /// Whether something that stays answers at the certificate's hostname, or uses it.
    fn serves(&self, zone: &InZone, certificate: &Certificate, host: &str) -> Result<bool, Unread> {
        let goes = |thing: &Thing| self.going.iter().any(|going| going.thing == *thing);
        let (domains, routes) = (zone.domains.as_ref(), zone.routes.as_ref());
        let (domains, routes) = (domains.map_err(Unread::clone)?, routes.map_err(Unread::clone)?);
        let by_domain = domains.iter().any(|domain| {
            let here = domain.hostname.eq_ignore_ascii_case(host) || domain.certificate() == Some(&certificate.id);
            here && !goes(&Thing::Domain(domain.clone()))
        });
        let by_route = routes
            .iter()
            .any(|route| route.host().eq_ignore_ascii_case(host) && !goes(&Thing::Route(route.clone())));
        Ok(by_domain || by_route)
    }
}
