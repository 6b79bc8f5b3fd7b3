//! What the API refuses in a record: by itself, and beside the records that exist. Pure.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::envelope::Refusal;
use super::Limits;
use super::record::{INVALID_TTL, Record, Wanted};

/// Types that an A, AAAA or CNAME of the same name gets in the way of.
const ADDRESSES: [&str; 3] = ["A", "AAAA", "CNAME"];
const MAX_TTL: u32 = 86_400;

/// Checks a record by itself and brings it into the form in which it is kept.
pub(super) fn alone(mut wanted: Wanted, limits: &Limits) -> Result<Wanted, Refusal> {
    name(&wanted.name)?;
    wanted.content = content(&wanted)?;
    if wanted.proxied && !ADDRESSES.contains(&wanted.kind.as_str()) {
        return Err(Refusal::dns(9004, "This record type cannot be proxied."));
    }
    if wanted.proxied && !proxiable(&wanted.kind, &wanted.content) {
        // Newer errors come without the wrapper.
        return Err(Refusal::new(
            400,
            9003,
            format!("Target {} is not allowed for a proxied record.", wanted.content),
        ));
    }
    if wanted.ttl != 1 && !(limits.ttl..=MAX_TTL).contains(&wanted.ttl) {
        return Err(Refusal::dns(9021, INVALID_TTL));
    }
    // The edge decides the TTL of what it proxies.
    if wanted.proxied {
        wanted.ttl = 1;
    }
    if wanted.tags.len() > limits.tags {
        return Err(Refusal::dns(
            9300,
            format!(
                "DNS record has {} tags, exceeding the quota of {}.",
                wanted.tags.len(),
                limits.tags
            ),
        ));
    }
    let comment = wanted.comment.as_deref().unwrap_or_default();
    if comment.chars().count() > limits.comment {
        // Newer errors come without the wrapper.
        return Err(Refusal::new(
            400,
            9313,
            format!(
                "DNS record comment exceeds the maximum length of {} characters.",
                limits.comment
            ),
        ));
    }
    if comment.contains(['\n', '\r']) {
        return Err(Refusal::dns(9000, "DNS record comment contains invalid characters."));
    }
    Ok(wanted)
}

/// Checks a record beside the others of its zone. `own` is the id of the record being changed.
pub(super) fn beside(wanted: &Wanted, records: &[Record], own: Option<&str>, limits: &Limits) -> Result<(), Refusal> {
    let same_name = || {
        records
            .iter()
            .filter(|it| it.name == wanted.name && Some(it.id.as_str()) != own)
    };
    if same_name().any(|it| it.kind == wanted.kind && it.content == wanted.content) {
        return Err(match limits.duplicate_code {
            81057 => Refusal::new(400, 81057, "The record already exists."),
            code => Refusal::new(400, code, "An identical record already exists."),
        });
    }
    // Seen in the wild, 2026: nothing is made beside the record of a custom domain.
    if ADDRESSES.contains(&wanted.kind.as_str()) && same_name().any(Record::read_only) {
        return Err(Refusal::new(
            400,
            81062,
            "A DNS record managed by Workers already exists on that host.",
        ));
    }
    let has = |kinds: &[&str]| same_name().any(|it| kinds.contains(&it.kind.as_str()));
    match wanted.kind.as_str() {
        "CNAME" if has(&ADDRESSES) => Err(Refusal::new(
            400,
            81053,
            "An A, AAAA, or CNAME record with that host already exists.",
        )),
        "A" | "AAAA" if has(&["CNAME"]) => Err(Refusal::new(
            400,
            81054,
            "A CNAME record with that host already exists.",
        )),
        "NS" if same_name().any(|it| it.kind != "NS") => Err(Refusal::new(
            400,
            81053,
            "An A, AAAA, or CNAME record with that host already exists.",
        )),
        kind if kind != "NS" && has(&["NS"]) => {
            Err(Refusal::new(400, 81056, "NS records with that host already exist."))
        }
        _ => Ok(()),
    }
}

/// Can this record be proxied? Not where the edge could never reach its address.
pub(super) fn proxiable(kind: &str, content: &str) -> bool {
    match kind {
        "A" => !content.parse().is_ok_and(|it: Ipv4Addr| {
            let carrier_grade = it.octets()[0] == 100 && it.octets()[1] & 0xc0 == 64;
            it.is_private() || it.is_loopback() || it.is_link_local() || it.is_unspecified() || carrier_grade
        }),
        "AAAA" => !content.parse().is_ok_and(|it: Ipv6Addr| {
            it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local() || it.is_unspecified()
        }),
        kind => ADDRESSES.contains(&kind),
    }
}

fn name(name: &str) -> Result<(), Refusal> {
    let label = |(at, label): (usize, &str)| {
        (at == 0 && label == "*")
            || (!label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
    };
    if name.len() <= 253 && name.split('.').enumerate().all(label) {
        Ok(())
    } else {
        Err(Refusal::dns(9000, "DNS name is invalid."))
    }
}

fn content(wanted: &Wanted) -> Result<String, Refusal> {
    let text = wanted.content.trim();
    match wanted.kind.as_str() {
        "A" => text
            .parse::<Ipv4Addr>()
            .map(|it| it.to_string())
            .map_err(|_| Refusal::dns(9005, "Content for A record must be a valid IPv4 address.")),
        "AAAA" => text
            .parse::<Ipv6Addr>()
            .map(|it| it.to_string())
            .map_err(|_| Refusal::dns(9006, "Content for AAAA record must be a valid IPv6 address.")),
        "CNAME" | "NS" | "MX" => {
            let target = text.trim_end_matches('.').to_ascii_lowercase();
            if target.is_empty() || target.contains([' ', '/', ':']) {
                Err(Refusal::dns(
                    9007,
                    format!("Content for {} record is invalid.", wanted.kind),
                ))
            } else if wanted.kind == "CNAME" && target == wanted.name {
                Err(Refusal::dns(9039, "CNAME content cannot reference itself."))
            } else if wanted.kind == "MX" && wanted.priority.is_none() {
                Err(Refusal::dns(9100, "Priority is required for MX records."))
            } else {
                Ok(target)
            }
        }
        _ if text.is_empty() => Err(Refusal::dns(9002, "DNS record content is required.")),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const FREE: Limits = Limits {
        records: 200,
        tags: 0,
        comment: 100,
        batch: 200,
        ttl: 60,
        duplicate_code: 81058,
    };

    fn wanted(body: &Value) -> Wanted {
        Wanted::read(body.as_object().unwrap(), "example.com").unwrap()
    }

    /// The code that matters: on top, or in the chain behind 1004.
    fn refused(body: &Value) -> (u32, Option<u32>) {
        let refusal = alone(wanted(body), &FREE).unwrap_err();
        (refusal.code, refusal.chain.first().map(|(code, _)| *code))
    }

    #[test]
    fn a_proxied_record_has_an_automatic_ttl() {
        let body = json!({"type":"A","name":"a","content":"192.0.2.1","ttl":3600,"proxied":true});
        assert_eq!(alone(wanted(&body), &FREE).unwrap().ttl, 1);
    }

    #[test]
    fn what_is_wrong_is_behind_1004_except_for_long_comments() {
        let a = |extra: Value| {
            let mut body = json!({"type":"A","name":"a","content":"192.0.2.1"});
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            body
        };
        assert_eq!(refused(&a(json!({"content":"nonsense"}))), (1004, Some(9005)));
        assert_eq!(refused(&a(json!({"type":"AAAA"}))), (1004, Some(9006)));
        assert_eq!(refused(&a(json!({"ttl":30}))), (1004, Some(9021)));
        assert_eq!(refused(&a(json!({"tags":["a:b"]}))), (1004, Some(9300)));
        assert_eq!(refused(&a(json!({"comment":"x".repeat(101)}))), (9313, None));
        assert_eq!(refused(&a(json!({"name":"a b"}))), (1004, Some(9000)));
        assert_eq!(refused(&a(json!({"name":"a.*.b"}))), (1004, Some(9000)));
        assert_eq!(refused(&a(json!({"content":"10.0.0.1","proxied":true}))), (9003, None));
        assert_eq!(refused(&a(json!({"type":"TXT","proxied":true}))), (1004, Some(9004)));
    }
}
