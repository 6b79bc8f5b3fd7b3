//! The hosts and ports of computes: Neon's names, or loopback addresses when databases are real.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

use anyhow::bail;

use super::model::Endpoint;

/// Region that every project is in.
pub(crate) const REGION: &str = "aws-us-east-2";
const DOMAIN: &str = "us-east-2.aws.neon.tech";
/// What clients take when a connection string names no port, as Neon's name none.
const POSTGRES_PORT: u16 = 5432;

/// How endpoints are reached.
pub(crate) enum Hosts {
    /// Names as Neon gives them. Nothing listens there.
    Neon,
    /// Names as Neon gives them, below `localhost`: the front listens there, on one port for all.
    Named(u16),
    Loopback(Loopback),
}

/// The domain that the front's certificate is for. The regional form with a cell, as newer projects have it.
pub(crate) const FRONT: &str = "c-2.us-east-2.aws.neon.localhost";

/// A range of loopback addresses, 127.`net`.0.0/16, for this process.
pub(crate) struct Loopback {
    net: u8,
    port: u16,
    /// Holds the first address of the range, so that another local cloud takes another range.
    _claim: TcpListener,
}

impl Loopback {
    /// Takes a range in which port 5432 is free or, when a Postgres of this machine listens on all
    /// addresses, some other port.
    pub(crate) fn claim() -> anyhow::Result<Self> {
        for port in [POSTGRES_PORT, 0] {
            for net in 80..=250 {
                let first = Ipv4Addr::new(127, net, 0, 1);
                if let Ok(claim) = TcpListener::bind((first, port)) {
                    let port = claim.local_addr()?.port();
                    return Ok(Self {
                        net,
                        port,
                        _claim: claim,
                    });
                }
            }
        }
        bail!("no loopback address 127.x.0.1 can be listened on; real databases need Linux's 127.0.0.0/8")
    }

    /// The direct and the pooled address of an endpoint.
    pub(crate) fn addresses(&self, number: u32) -> [SocketAddrV4; 2] {
        // 127.net.0.1 is the claim; from .2 on, two per endpoint. The range holds 32,000 of them.
        [0, 1].map(|pooled| {
            let [_, _, high, low] = (number * 2 + pooled).to_be_bytes();
            SocketAddrV4::new(Ipv4Addr::new(127, self.net, high, low), self.port)
        })
    }
}

impl Hosts {
    pub(crate) fn direct(&self, endpoint: &Endpoint) -> String {
        match self {
            Self::Neon => format!("{}.{DOMAIN}", endpoint.id),
            Self::Named(_) => format!("{}.{FRONT}", endpoint.id),
            Self::Loopback(range) => range.addresses(endpoint.number)[0].ip().to_string(),
        }
    }

    /// Neon's rule: `-pooler` after the endpoint's id.
    pub(crate) fn pooled(&self, endpoint: &Endpoint) -> String {
        match self {
            Self::Neon => format!("{}-pooler.{DOMAIN}", endpoint.id),
            Self::Named(_) => format!("{}-pooler.{FRONT}", endpoint.id),
            Self::Loopback(range) => range.addresses(endpoint.number)[1].ip().to_string(),
        }
    }

    /// Host of all endpoints of the region, as the deprecated field `proxy_host` says.
    pub(crate) fn proxy(&self) -> String {
        match self {
            Self::Neon => DOMAIN.to_owned(),
            Self::Named(_) => FRONT.to_owned(),
            Self::Loopback(range) => Ipv4Addr::new(127, range.net, 0, 1).to_string(),
        }
    }

    /// Port (none is 5432, as Neon's strings leave it out) and query of a connection string.
    pub(crate) fn port_and_query(&self) -> (Option<u16>, &'static str) {
        match self {
            Self::Neon => (None, "sslmode=require&channel_binding=require"),
            Self::Named(port) => (Some(*port), "sslmode=require&channel_binding=require"),
            // The doors speak no TLS: all of it stays on this machine.
            Self::Loopback(range) => (Some(range.port), "sslmode=disable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neon::at::At;

    #[test]
    fn two_clouds_never_share_an_address() {
        let (one, other) = (Loopback::claim().unwrap(), Loopback::claim().unwrap());
        assert_ne!(
            (one.net, one.port),
            (other.net, other.port),
            "each claims its own range"
        );
        let [direct, pooled] = one.addresses(300);
        assert_eq!(direct.ip().octets(), [127, one.net, 2, 88]);
        assert_eq!(pooled.ip().octets(), [127, one.net, 2, 89]);
    }

    #[test]
    fn without_databases_hosts_look_like_neons() {
        let now = At::parse("2026-07-01T08:00:00Z").unwrap();
        let endpoint = Endpoint::new("ep-a-b-c1".to_owned(), "br-x".to_owned(), "read_write", now);
        assert_eq!(
            Hosts::Neon.pooled(&endpoint),
            "ep-a-b-c1-pooler.us-east-2.aws.neon.tech"
        );
    }
}
