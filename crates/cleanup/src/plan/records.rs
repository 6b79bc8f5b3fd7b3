//! DNS records: those with the owner's marker. Another's at the environment's own hostnames are told.

use actions_core::cloudflare::DnsRecord;
use actions_core::owner::{Verdict, Whose};
use actions_core::reports::RemovalKind;

use super::{Decision, Ground, Reason, Thing};
use crate::facts::Facts;
use crate::subject::Subject;

impl Decision {
    pub(super) fn records(&mut self, subject: &Subject, facts: &Facts) {
        let Some(Ok(zone)) = &facts.zone else { return };
        let records = match &zone.records {
            Err(unread) => return self.unread(RemovalKind::DnsRecord, subject, unread),
            Ok(records) => records,
        };
        for record in records {
            if record.is_made_by(&subject.owner) {
                self.goes(Thing::Record(record.clone()), Ground::Own, 0);
            } else if answers_here(subject, record) {
                let reason = match record.verdict(&subject.owner) {
                    Verdict::Foreign(whose) => Reason::Foreign(whose),
                    Verdict::Ours | Verdict::Unmarked => Reason::Unmarked,
                };
                self.kept(RemovalKind::DnsRecord, &record.name, reason);
            }
        }
    }
}

/// Whether somebody else's record answers at one of the environment's hostnames. One that Cloudflare keeps itself, for
/// a custom domain, goes and stays with that.
fn answers_here(subject: &Subject, record: &DnsRecord) -> bool {
    record.is_address() && !record.meta.read_only && subject.names_host(&record.name)
}

/// Whose the hostname is by the marker on its DNS record, where that is not this environment's: names made from two
/// templates of one manifest may be the same, and a name alone does not tell then.
pub(super) fn another_at(subject: &Subject, facts: &Facts, host: &str) -> Option<Whose> {
    let zone = facts.zone.as_ref()?.as_ref().ok()?;
    let records = zone.records.as_ref().ok()?.iter();
    let mut here = records.filter(|record| record.is_address() && record.name.eq_ignore_ascii_case(host));
    here.find_map(|record| match record.verdict(&subject.owner) {
        Verdict::Foreign(whose) => Some(whose),
        Verdict::Ours | Verdict::Unmarked => None,
    })
}
