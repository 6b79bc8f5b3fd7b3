//! A record that is to be, and when an existing one says the same.

use std::fmt;
use std::net::IpAddr;

use actions_core::cloudflare::dns::ORIGINLESS;
use actions_core::cloudflare::zones::normal_domain;
use actions_core::cloudflare::{DnsRecord, NewRecord};

/// What a proxied record's TTL always is: Cloudflare decides it.
pub(crate) const AUTOMATIC: u32 = 1;
/// The longest string inside a TXT record, in bytes (RFC 1035).
const LONGEST_STRING: usize = 255;

/// The types that we make; we never change or delete another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    A,
    Aaaa,
    Cname,
    Txt,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::A, Self::Aaaa, Self::Cname, Self::Txt];

    /// The kind with this name, in any case.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Txt => "TXT",
        }
    }

    /// Whether it answers for the name's address, so that two makers compete for the name. Only these can be proxied.
    pub(crate) fn is_address(self) -> bool {
        self != Self::Txt
    }
}

/// A record that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Full name, normalised.
    pub name: String,
    pub kind: Kind,
    pub content: String,
    /// Seconds; 1 is automatic.
    pub ttl: u32,
    pub proxied: bool,
    /// Only there so that the name resolves to Cloudflare: any proxied record serves.
    pub placeholder: bool,
}

impl Wanted {
    /// The record that lets a route answer.
    pub(crate) fn placeholder(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Aaaa,
            content: ORIGINLESS.to_owned(),
            ttl: AUTOMATIC,
            proxied: true,
            placeholder: true,
        }
    }

    /// What is sent to Cloudflare, with the owner's marker.
    pub(crate) fn record(&self, marker: &str) -> NewRecord {
        NewRecord {
            kind: self.kind.name().to_owned(),
            name: self.name.clone(),
            content: if self.kind == Kind::Txt {
                quoted(&self.content)
            } else {
                self.content.clone()
            },
            ttl: self.ttl,
            proxied: self.kind.is_address().then_some(self.proxied),
            comment: marker.to_owned(),
        }
    }

    /// Whether a record has this type and content.
    pub(crate) fn says_the_same(&self, record: &DnsRecord) -> bool {
        record.kind == self.kind.name() && same_content(self.kind, &self.content, &record.content)
    }

    /// What of a record is to change: `ttl 300 → 1`. Empty when it is right but for its comment.
    pub(crate) fn differences(&self, record: &DnsRecord) -> Vec<String> {
        let mut found = Vec::new();
        if !self.says_the_same(record) {
            found.push(format!(
                "{} {} → {} {}",
                record.kind,
                record.content,
                self.kind.name(),
                self.content
            ));
        }
        if self.kind.is_address() && record.proxied != self.proxied {
            let word = |proxied| if proxied { "proxied" } else { "DNS only" };
            found.push(format!("{} → {}", word(record.proxied), word(self.proxied)));
        }
        // Cloudflare reports 1 for what it proxies, whatever was sent.
        if record.ttl != self.ttl && !self.proxied {
            found.push(format!("ttl {} → {}", record.ttl, self.ttl));
        }
        found
    }
}

/// `AAAA 100:: proxied`, `CNAME acme.github.io ttl 300`.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = actions_core::text::shorten(&self.content, 60);
        write!(f, "{} {content}", self.kind.name())?;
        if self.proxied {
            f.write_str(" proxied")
        } else if self.ttl == AUTOMATIC {
            Ok(())
        } else {
            write!(f, " ttl {}", self.ttl)
        }
    }
}

fn same_content(kind: Kind, a: &str, b: &str) -> bool {
    match kind {
        Kind::A | Kind::Aaaa => match (a.parse::<IpAddr>(), b.parse::<IpAddr>()) {
            (Ok(a), Ok(b)) => a == b,
            _ => a == b,
        },
        Kind::Cname => normal_domain(a) == normal_domain(b),
        Kind::Txt => unquoted(a) == unquoted(b),
    }
}

/// A text as a zone file writes it: in quotes, in strings of at most 255 bytes.
fn quoted(text: &str) -> String {
    if text.starts_with('"') {
        return text.to_owned();
    }
    let mut strings: Vec<String> = vec![String::new()];
    let mut bytes = 0;
    for c in text.chars() {
        if bytes + c.len_utf8() > LONGEST_STRING {
            strings.push(String::new());
            bytes = 0;
        }
        bytes += c.len_utf8();
        if let Some(string) = strings.last_mut() {
            if matches!(c, '"' | '\\') {
                string.push('\\');
            }
            string.push(c);
        }
    }
    strings
        .iter()
        .map(|string| format!("\"{string}\""))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text that a zone file's form means; a text without quotes is itself.
pub(crate) fn unquoted(text: &str) -> String {
    let text = text.trim();
    if !text.starts_with('"') {
        return text.to_owned();
    }
    let (mut plain, mut inside, mut escaped) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            _ if escaped => {
                plain.push(c);
                escaped = false;
            }
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ if inside => plain.push(c),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_compared_by_meaning() {
        assert!(same_content(Kind::Aaaa, "100::", "0100:0:0:0:0:0:0:0"));
        assert!(same_content(Kind::Cname, "Acme.github.io.", "acme.github.io"));
        assert!(same_content(Kind::Txt, "v=1 a", "\"v=1 a\""));
        assert!(!same_content(Kind::Txt, "V=1", "v=1"));
        assert!(!same_content(Kind::A, "192.0.2.1", "192.0.2.11"));
    }

    #[test]
    fn a_long_text_is_split_and_read_back() {
        let long = format!("{}\"\\ü", "x".repeat(400));
        let written = quoted(&long);
        assert!(written.split("\" \"").count() == 2, "{written}");
        assert_eq!(unquoted(&written), long);
        assert_eq!(quoted("\"already\" \"split\""), "\"already\" \"split\"");
        assert_eq!(unquoted("\"already\" \"split\""), "alreadysplit");
    }
}
