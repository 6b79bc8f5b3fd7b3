//! Explicit records, one per line: `TYPE NAME CONTENT [proxied] [ttl=5m]`.

use std::time::Duration;

use actions_core::environment::{self, in_zone};

use crate::hostname;
use crate::wanted::{AUTOMATIC, Kind, Wanted};

/// The seconds that a record which is not proxied may be kept (Cloudflare).
pub(crate) const TTL: std::ops::RangeInclusive<u64> = 60..=86_400;

/// A record as it was asked for: its name may be relative to the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explicit {
    pub kind: Kind,
    pub name: String,
    pub content: String,
    /// Unset: the input `proxied` decides, else it is not.
    pub proxied: Option<bool>,
    pub ttl: Option<Duration>,
}

/// Reads one line.
pub(crate) fn parse(line: &str) -> Result<Explicit, String> {
    const FORM: &str = "is to read `TYPE NAME CONTENT [proxied] [ttl=5m]`";
    let mut parts = line.splitn(3, char::is_whitespace);
    let (Some(kind), Some(name), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("`{line}` {FORM}"));
    };
    let kind = Kind::of(kind).ok_or_else(|| format!("`{line}`: `{kind}` is none of `A`, `AAAA`, `CNAME` and `TXT`"))?;
    let (content, options) = match rest.trim().rfind('"') {
        // A text in quotes may hold words that look like options.
        Some(end) if kind == Kind::Txt && rest.trim().starts_with('"') => rest.trim().split_at(end + 1),
        _ if kind == Kind::Txt => (rest.trim(), ""),
        _ => rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), "")),
    };
    let mut record = Explicit {
        kind,
        name: name.to_owned(),
        content: content.to_owned(),
        proxied: None,
        ttl: None,
    };
    for option in options.split_whitespace() {
        match option.split_once('=') {
            None if option == "proxied" => record.proxied = Some(true),
            None if option == "dns-only" => record.proxied = Some(false),
            Some(("ttl", value)) => {
                let ttl = actions_core::duration::parse(value).filter(|ttl| TTL.contains(&ttl.as_secs()));
                record.ttl =
                    Some(ttl.ok_or_else(|| format!("`{line}`: `{option}` is to be from `ttl=60s` to `ttl=1d`"))?);
            }
            _ => {
                return Err(format!(
                    "`{line}`: `{option}` is none of `proxied`, `dns-only` and `ttl=…`"
                ));
            }
        }
    }
    record.check().map_err(|problem| format!("`{line}`: {problem}"))?;
    Ok(record)
}

impl Explicit {
    /// A record that the manifest names. Its type was checked with the manifest.
    pub(crate) fn of(record: &environment::Record) -> Result<Self, String> {
        let kind = Kind::of(&record.kind).ok_or_else(|| format!("`{}` is no type of record", record.kind))?;
        let explicit = Self {
            kind,
            name: record.name.clone(),
            content: record.content.clone(),
            proxied: Some(record.proxied),
            ttl: record.ttl,
        };
        explicit
            .check()
            .map_err(|problem| format!("record `{} {}`: {problem}", record.kind, record.name))?;
        Ok(explicit)
    }

    fn check(&self) -> Result<(), String> {
        let content = &self.content;
        match self.kind {
            Kind::A if content.parse::<std::net::Ipv4Addr>().is_err() => {
                return Err(format!("`{content}` is no IPv4 address"));
            }
            Kind::Aaaa if content.parse::<std::net::Ipv6Addr>().is_err() => {
                return Err(format!("`{content}` is no IPv6 address"));
            }
            Kind::Cname => drop(hostname::normal(content)?),
            Kind::Txt if self.proxied == Some(true) => return Err("a TXT record cannot be proxied".to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// The record in its zone. `ttl` and `proxied` are what holds where the record itself says nothing.
    pub(crate) fn wanted(&self, zone: &str, ttl: u32, proxied: bool) -> Result<Wanted, String> {
        let name = hostname::normal(&in_zone(&self.name, zone)?)?;
        let proxied = self.kind.is_address() && self.proxied.unwrap_or(proxied);
        let own = self.ttl.and_then(|ttl| u32::try_from(ttl.as_secs()).ok());
        let content = match self.kind {
            Kind::Cname => hostname::normal(&self.content)?,
            _ => self.content.clone(),
        };
        if self.kind == Kind::Cname && content == name {
            return Err(format!("CNAME `{name}` points to itself"));
        }
        Ok(Wanted {
            name,
            kind: self.kind,
            content,
            ttl: if proxied { AUTOMATIC } else { own.unwrap_or(ttl) },
            proxied,
            placeholder: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(line: &str) -> Result<String, String> {
        let wanted = parse(line)?.wanted("example.com", 300, false)?;
        Ok(format!("{} {wanted}", wanted.name))
    }

    #[test]
    fn lines_become_records() {
        for (line, expected) in [
            (
                "CNAME docs acme.github.io",
                "docs.example.com CNAME acme.github.io ttl 300",
            ),
            (
                "cname Docs.Example.com. Acme.GitHub.io. proxied",
                "docs.example.com CNAME acme.github.io proxied",
            ),
            ("A @ 192.0.2.7 ttl=1h", "example.com A 192.0.2.7 ttl 3600"),
            // What is proxied has Cloudflare's TTL, whatever was asked for.
            (
                "AAAA x 2001:db8::1 proxied ttl=1h",
                "x.example.com AAAA 2001:db8::1 proxied",
            ),
            (
                "TXT _v v=1; ttl=5 is text",
                "_v.example.com TXT v=1; ttl=5 is text ttl 300",
            ),
            (
                "TXT _v \"a proxied b\" ttl=60",
                "_v.example.com TXT \"a proxied b\" ttl 60",
            ),
        ] {
            assert_eq!(wanted(line).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        let problems: Vec<String> = [
            "CNAME docs",
            "MX @ mail.example.com",
            "A x 100::",
            "A x 192.0.2.7 ttl=5s",
            "A x 192.0.2.7 fast",
            "TXT x \"a\" proxied",
            "CNAME x https://acme.io",
            "CNAME x x.example.com",
        ]
        .map(|line| wanted(line).unwrap_err())
        .into();
        insta::assert_snapshot!(problems.join("\n"), @r#"
        `CNAME docs` is to read `TYPE NAME CONTENT [proxied] [ttl=5m]`
        `MX @ mail.example.com`: `MX` is none of `A`, `AAAA`, `CNAME` and `TXT`
        `A x 100::`: `100::` is no IPv4 address
        `A x 192.0.2.7 ttl=5s`: `ttl=5s` is to be from `ttl=60s` to `ttl=1d`
        `A x 192.0.2.7 fast`: `fast` is none of `proxied`, `dns-only` and `ttl=…`
        `TXT x "a" proxied`: a TXT record cannot be proxied
        `CNAME x https://acme.io`: `https://acme.io` is to be a hostname alone: no scheme, port or path
        CNAME `x.example.com` points to itself
        "#);
    }
}
