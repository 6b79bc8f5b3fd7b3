//! Which names go on resolving when their own record goes: those that a proxied wildcard answers for.

use super::DnsRecord;

/// Whether a proxied wildcard record of the zone answers for `hostname` once its own records of addresses are gone.
///
/// A wildcard answers for a name only where the name does not exist in any other way: no record of another type at it,
/// none below it, and none at a name between the two (RFC 4592, "closest encloser").
pub fn wildcard<'a>(records: &'a [DnsRecord], hostname: &str, zone: &str) -> Option<&'a DnsRecord> {
    let goes = |record: &&DnsRecord| record.name == hostname && record.is_address();
    let exists = |name: &str| {
        let below = format!(".{name}");
        let mut stays = records.iter().filter(|record| !goes(record));
        stays.any(|record| record.name == name || record.name.ends_with(&below))
    };
    let mut name = hostname;
    while name != zone && !exists(name) {
        let (_, parent) = name.split_once('.')?;
        let wildcard = format!("*.{parent}");
        let mut found = records.iter().filter(|record| record.name == wildcard).peekable();
        if found.peek().is_some() {
            return found.find(|record| record.is_address() && record.proxied);
        }
        name = parent;
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(kind: &str, name: &str, proxied: bool) -> DnsRecord {
        let value = json!({"id": name, "type": kind, "name": name, "content": "100::", "proxied": proxied});
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_wildcard_answers_for_names_that_do_not_exist_otherwise() {
        let answers = |hostname: &str, more: &[(&str, &str, bool)]| {
            let mut records = vec![record("AAAA", hostname, true)];
            records.extend(more.iter().map(|(kind, name, proxied)| record(kind, name, *proxied)));
            wildcard(&records, hostname, "x.com").is_some()
        };
        assert!(answers("api.x.com", &[("AAAA", "*.x.com", true)]));
        assert!(answers("a.b.x.com", &[("A", "*.x.com", true), ("A", "c.x.com", true)]));
        for (hostname, more) in [
            ("api.x.com", vec![]),
            ("api.x.com", vec![("AAAA", "*.x.com", false)]),
            ("api.x.com", vec![("TXT", "*.x.com", false)]),
            (
                "api.x.com",
                vec![("AAAA", "*.x.com", true), ("TXT", "api.x.com", false)],
            ),
            (
                "api.x.com",
                vec![("AAAA", "*.x.com", true), ("TXT", "_acme.api.x.com", false)],
            ),
            ("a.b.x.com", vec![("AAAA", "*.x.com", true), ("A", "b.x.com", true)]),
            ("a.b.x.com", vec![("AAAA", "*.x.com", true), ("A", "c.b.x.com", true)]),
            ("a.b.x.com", vec![("AAAA", "*.x.com", true), ("A", "*.b.x.com", false)]),
            ("x.com", vec![("AAAA", "*.x.com", true)]),
        ] {
            assert!(!answers(hostname, &more), "{hostname} {more:?}");
        }
    }
}
