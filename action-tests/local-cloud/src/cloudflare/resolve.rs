//! What resolvers see of the zones: DNS over HTTPS (RFC 8484) at `/_cloud/dns-query`.
//!
//! `?lag_ms=N` hides what is younger than N milliseconds, as propagation does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shares;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use simple_dns::rdata::{A, AAAA, CNAME, RData, TXT};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};

use super::dns::Record;
use super::envelope::pick;
use super::model::State;
use super::shared::{Query, Shared};
use crate::lock::lock;

/// What proxied names answer: addresses of Cloudflare's edge.
const EDGE: (Ipv4Addr, Ipv6Addr) = (
    Ipv4Addr::new(104, 16, 0, 1),
    Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, 0, 0, 1),
);
const DNS_MESSAGE: &str = "application/dns-message";

/// `/dns-query`, which no client asks of the API: the admin API has it.
pub(crate) fn router(cloud: Shared) -> Router {
    Router::new()
        .route("/dns-query", get(dns_query).post(dns_query))
        .with_state(cloud)
}

/// Answers a DNS message, from the body or from `?dns=` in base64url.
async fn dns_query(Shares(cloud): Shares<Shared>, axum::extract::Query(query): Query, body: Bytes) -> Response {
    let asked = match pick(&query, "dns") {
        Some(text) => URL_SAFE_NO_PAD.decode(text).unwrap_or_default(),
        None => body.to_vec(),
    };
    let lag = pick(&query, "lag_ms").and_then(|text| text.parse().ok()).unwrap_or(0);
    let latest = cloud.ground.clock.now() - SignedDuration::from_millis(lag);
    let answer = reply(&lock(&cloud.state), &asked, latest);
    match answer {
        Some(bytes) => ([(header::CONTENT_TYPE, DNS_MESSAGE)], bytes).into_response(),
        None => (StatusCode::BAD_REQUEST, "no DNS message with one question").into_response(),
    }
}

fn reply(state: &State, asked: &[u8], latest: Timestamp) -> Option<Vec<u8>> {
    let packet = Packet::parse(asked).ok()?;
    let question = packet.questions.first()?.clone();
    let QTYPE::TYPE(kind) = question.qtype else { return None };
    let name = question.qname.to_string().to_lowercase();
    let found = at(state, &name, latest);
    let mut reply = Packet::new_reply(packet.id());
    reply.set_flags(PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE);
    if found.is_none() {
        *reply.rcode_mut() = RCODE::NameError;
    }
    let records = found.unwrap_or_default();
    let data = records.iter().filter_map(|record| data(record, kind));
    reply.answers = data
        .map(|data| ResourceRecord::new(question.qname.clone(), CLASS::IN, 300, data))
        .collect();
    reply.questions.push(question);
    reply.build_bytes_vec().ok()
}

/// The records of a name, those of the wildcard above it when it has none; `None` when the name does not exist.
fn at<'a>(state: &'a State, name: &str, latest: Timestamp) -> Option<Vec<&'a Record>> {
    let seen = |record: &&Record| {
        record
            .created_on
            .parse::<Timestamp>()
            .map_or(true, |created| created <= latest)
    };
    let all = || state.zones.values().flat_map(|zone| &zone.records).filter(seen);
    let own: Vec<&Record> = all().filter(|record| record.name == name).collect();
    if !own.is_empty() {
        return Some(own);
    }
    let below = format!(".{name}");
    if all().any(|record| record.name.ends_with(&below)) {
        return Some(Vec::new());
    }
    let mut rest = name;
    while let Some((_, parent)) = rest.split_once('.') {
        let wildcard = format!("*.{parent}");
        let found: Vec<&Record> = all().filter(|record| record.name == wildcard).collect();
        if !found.is_empty() {
            return Some(found);
        }
        rest = parent;
    }
    None
}

fn data(record: &Record, asked: TYPE) -> Option<RData<'_>> {
    let address = match asked {
        _ if record.proxied && asked == TYPE::A => IpAddr::V4(EDGE.0),
        _ if record.proxied && asked == TYPE::AAAA => IpAddr::V6(EDGE.1),
        _ if record.proxied => return None,
        TYPE::A if record.kind == "A" => record.content.parse().ok()?,
        TYPE::AAAA if record.kind == "AAAA" => record.content.parse().ok()?,
        TYPE::TXT if record.kind == "TXT" => {
            let text = record.content.trim_matches('"');
            return TXT::new().with_string(text).ok().map(RData::TXT);
        }
        // An alias is told whatever was asked for.
        _ if record.kind == "CNAME" => return Name::new(&record.content).ok().map(CNAME).map(RData::CNAME),
        _ => return None,
    };
    Some(match address {
        IpAddr::V4(address) => RData::A(A {
            address: address.to_bits(),
        }),
        IpAddr::V6(address) => RData::AAAA(AAAA {
            address: address.to_bits(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use simple_dns::Question;

    use super::*;
    use crate::cloudflare::shared::Cloudflare;

    fn ask(cloud: &Cloudflare, name: &str, kind: TYPE) -> String {
        let mut query = Packet::new_query(7);
        let asked = Question::new(Name::new(name).unwrap(), kind.into(), CLASS::IN.into(), false);
        query.questions.push(asked);
        let bytes = query.build_bytes_vec().unwrap();
        let answer = reply(&lock(&cloud.state), &bytes, cloud.ground.clock.now()).unwrap();
        let answer = Packet::parse(&answer).unwrap();
        format!("{:?} {}", answer.rcode(), answer.answers.len())
    }

    #[test]
    fn names_answer_as_resolvers_see_them() {
        let cloud = Cloudflare::default();
        cloud
            .seed(&json!({"zones": [{"name": "example.com", "records": [
                {"type": "AAAA", "name": "app", "content": "100::", "proxied": true},
                {"type": "AAAA", "name": "*.pr-4", "content": "100::", "proxied": true},
                {"type": "TXT", "name": "only-text", "content": "x"},
            ]}]}))
            .unwrap();
        assert_eq!(ask(&cloud, "app.example.com", TYPE::A), "NoError 1");
        assert_eq!(ask(&cloud, "any.pr-4.example.com", TYPE::AAAA), "NoError 1");
        assert_eq!(ask(&cloud, "only-text.example.com", TYPE::A), "NoError 0");
        assert_eq!(ask(&cloud, "pr-4.example.com", TYPE::A), "NoError 0");
        assert_eq!(ask(&cloud, "none.example.com", TYPE::A), "NameError 0");
    }
}
