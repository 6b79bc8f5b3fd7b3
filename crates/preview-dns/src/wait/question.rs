//! What is asked about a record, and when the answer says that it is there. Wire format in and out; no socket here.

use std::net::{Ipv4Addr, Ipv6Addr};

use actions_core::cloudflare::zones::normal_domain;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question as Asked, RCODE, TYPE};

use crate::wanted::{Kind, Wanted, unquoted};

/// The label that stands for any, when a wildcard is asked for.
const ANY_LABEL: &str = "codex-actions-probe";

/// One question to a name server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// The hostname as it was wanted, for reports.
    pub hostname: String,
    /// The name that is asked for.
    name: String,
    kind: TYPE,
    expected: Expected,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expected {
    /// Cloudflare's own addresses, whatever they are.
    AnyAddress,
    Content(String),
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// The record is there.
    Yes,
    /// Not yet, and what was answered instead.
    NotYet(String),
    /// Cut to fit a datagram: ask again over TCP.
    Truncated,
}

impl Question {
    /// The question that tells whether a record answers.
    pub(super) fn about(wanted: &Wanted) -> Self {
        let name = wanted
            .name
            .strip_prefix("*.")
            .map_or_else(|| wanted.name.clone(), |parent| format!("{ANY_LABEL}.{parent}"));
        // What is proxied answers with Cloudflare's addresses; IPv6 can be switched off for a zone, IPv4 cannot.
        let (kind, expected) = match wanted.kind {
            kind if wanted.proxied && kind.is_address() => (TYPE::A, Expected::AnyAddress),
            Kind::A => (TYPE::A, Expected::Content(wanted.content.clone())),
            Kind::Aaaa => (TYPE::AAAA, Expected::Content(wanted.content.clone())),
            Kind::Cname => (TYPE::CNAME, Expected::Content(normal_domain(&wanted.content))),
            Kind::Txt => (TYPE::TXT, Expected::Content(unquoted(&wanted.content))),
        };
        Self {
            hostname: wanted.name.clone(),
            name,
            kind,
            expected,
        }
    }

    /// The query's bytes. An authoritative server is asked without recursion; a resolver with it.
    pub(super) fn query(&self, id: u16, recursion: bool) -> anyhow::Result<Vec<u8>> {
        let mut packet = Packet::new_query(id);
        if recursion {
            packet.set_flags(PacketFlag::RECURSION_DESIRED);
        }
        packet.questions.push(Asked::new(
            Name::new(&self.name)?,
            self.kind.into(),
            CLASS::IN.into(),
            false,
        ));
        Ok(packet.build_bytes_vec()?)
    }

    /// Reads an answer to the query with this id.
    pub(super) fn heard(&self, id: u16, bytes: &[u8]) -> Heard {
        let Ok(packet) = Packet::parse(bytes) else {
            return Heard::NotYet("answered with something that is no DNS message".to_owned());
        };
        if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) {
            return Heard::NotYet("answered another question".to_owned());
        }
        if packet.has_flags(PacketFlag::TRUNCATION) {
            return Heard::Truncated;
        }
        match packet.rcode() {
            RCODE::NoError => {}
            RCODE::NameError => return Heard::NotYet("does not know the name (NXDOMAIN)".to_owned()),
            RCODE::ServerFailure => return Heard::NotYet("failed (SERVFAIL)".to_owned()),
            RCODE::Refused => return Heard::NotYet("refuses to answer (REFUSED)".to_owned()),
            other => return Heard::NotYet(format!("answered {other:?}")),
        }
        // A resolver follows CNAMEs and tells them too: only the type that was asked for counts.
        let contents: Vec<String> = packet
            .answers
            .iter()
            .filter(|record| record.rdata.type_code() == self.kind)
            .filter_map(|record| content(&record.rdata))
            .collect();
        match &self.expected {
            _ if contents.is_empty() => Heard::NotYet(format!("has no {:?} record of the name", self.kind)),
            Expected::AnyAddress => Heard::Yes,
            Expected::Content(wanted) if contents.iter().any(|found| same(found, wanted)) => Heard::Yes,
            Expected::Content(_) => Heard::NotYet(format!("still answers `{}`", contents.join("`, `"))),
        }
    }
}

fn same(found: &str, wanted: &str) -> bool {
    let address = |text: &str| text.parse::<std::net::IpAddr>().ok();
    found == wanted || address(found).is_some() && address(found) == address(wanted)
}

fn content(data: &RData<'_>) -> Option<String> {
    match data {
        RData::A(a) => Some(Ipv4Addr::from_bits(a.address).to_string()),
        RData::AAAA(aaaa) => Some(Ipv6Addr::from_bits(aaaa.address).to_string()),
        RData::CNAME(name) => Some(normal_domain(&name.0.to_string())),
        RData::TXT(text) => text.clone().try_into().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::{A, CNAME, TXT};

    use super::*;

    fn txt(content: &str) -> Question {
        Question::about(&Wanted {
            name: "_v.example.com".to_owned(),
            kind: Kind::Txt,
            content: content.to_owned(),
            ttl: 300,
            proxied: false,
            placeholder: false,
        })
    }

    fn reply(question: &Question, rcode: RCODE, answers: Vec<RData<'_>>) -> Vec<u8> {
        let query = question.query(7, false).unwrap();
        let mut packet = Packet::parse(&query).unwrap().into_reply();
        *packet.rcode_mut() = rcode;
        let name = Name::new(&question.name).unwrap();
        let record = |data| ResourceRecord::new(name.clone(), CLASS::IN, 300, data);
        packet.answers = answers.into_iter().map(record).collect();
        packet.build_bytes_vec().unwrap()
    }

    #[test]
    fn a_proxied_name_is_there_once_any_address_answers() {
        let question = Question::about(&Wanted::placeholder("*.pr-4.example.com"));
        assert_eq!(question.name, "codex-actions-probe.pr-4.example.com");
        let heard = |rcode, answers| question.heard(7, &reply(&question, rcode, answers));
        let address = || {
            RData::A(A {
                address: Ipv4Addr::new(104, 16, 0, 1).to_bits(),
            })
        };
        assert_eq!(heard(RCODE::NoError, vec![address()]), Heard::Yes);
        assert_eq!(
            heard(RCODE::NameError, vec![]),
            Heard::NotYet("does not know the name (NXDOMAIN)".to_owned())
        );
        let cname = RData::CNAME(CNAME(Name::new_unchecked("other.example.net")));
        assert_eq!(
            heard(RCODE::NoError, vec![cname]),
            Heard::NotYet("has no A record of the name".to_owned())
        );
    }

    #[test]
    fn an_old_content_is_not_yet() {
        let question = txt("v=2");
        let heard = |content: &'static str| {
            let data = RData::TXT(TXT::new().with_string(content).unwrap());
            question.heard(7, &reply(&question, RCODE::NoError, vec![data]))
        };
        assert_eq!(heard("v=2"), Heard::Yes);
        assert_eq!(heard("v=1"), Heard::NotYet("still answers `v=1`".to_owned()));
    }

    #[test]
    fn what_answers_another_question_is_not_believed() {
        let question = txt("v=2");
        let bytes = reply(&question, RCODE::NoError, vec![]);
        assert!(matches!(question.heard(8, &bytes), Heard::NotYet(_)));
        assert!(matches!(question.heard(7, b"<html>"), Heard::NotYet(_)));
        assert!(matches!(
            question.heard(7, &question.query(7, false).unwrap()),
            Heard::NotYet(_)
        ));
    }
}
