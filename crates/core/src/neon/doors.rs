//! What leads to a project's databases: the hosts of its computes, in every form in which Neon answers to them.

use serde::Deserialize;

use super::api::Ask;
use super::error::Error;
use super::{Endpoint, Reader};

/// The ways into a project.
#[derive(Debug, Clone, Default)]
pub struct Doors {
    // Of each compute, in the same order.
    /// As Neon tells them. Where computes have addresses instead of names (a local stand-in), those.
    hosts: Vec<String>,
    /// `ep-…`, the first label of the direct host and, with `-pooler`, of the pooled one, whatever comes behind: the
    /// region, and in newer projects a cell such as `c-2`.
    computes: Vec<String>,
    /// `br-…`: the first label of a host that reads a branch at some point of its past.
    branches: Vec<String>,
}

impl Reader {
    /// The ways into all branches of the project.
    pub async fn doors(&self) -> Result<Doors, Error> {
        #[derive(Deserialize)]
        struct List {
            endpoints: Vec<Endpoint>,
        }
        let list: List = self.api.read(&Ask::get("/endpoints")).await?;
        Ok(Doors::of(&list.endpoints))
    }
}

impl Doors {
    fn of(endpoints: &[Endpoint]) -> Self {
        let all = |of: fn(&Endpoint) -> &String| endpoints.iter().map(|one| of(one).to_lowercase()).collect();
        Self {
            hosts: all(|one| &one.host),
            computes: all(|one| &one.id),
            branches: all(|one| &one.branch_id),
        }
    }

    /// The ways into all branches but this one.
    #[must_use]
    pub fn without(&self, branch: &str) -> Self {
        let others = |all: &[String]| {
            let kept = all.iter().zip(&self.branches).filter(|(_, of)| *of != branch);
            kept.map(|(one, _)| one.clone()).collect()
        };
        Self {
            hosts: others(&self.hosts),
            computes: others(&self.computes),
            branches: others(&self.branches),
        }
    }

    /// Whether a text (a host, a URL, `key=value` pairs, any of them percent-encoded) names a way in.
    pub fn lead_through(&self, text: &str) -> bool {
        let plain = text.to_lowercase();
        let decoded = percent_encoding::percent_decode_str(&plain)
            .decode_utf8_lossy()
            .into_owned();
        [plain, decoded].iter().any(|text| self.stand_in(text))
    }

    fn stand_in(&self, text: &str) -> bool {
        let as_host = |host: &String| stands(text, host, |rest| !rest.starts_with(is_of_name));
        // The first label of a name; or, for clients without SNI, `options=endpoint=ep-…`.
        let as_label = |id: &String| {
            stands(text, id, |rest| {
                rest.strip_prefix("-pooler").unwrap_or(rest).starts_with('.')
            }) || stands(text, &format!("endpoint={id}"), |rest| !rest.starts_with(is_of_name))
        };
        let of_the_past = |id: &String| stands(text, id, |rest| rest.starts_with('.'));
        self.hosts.iter().any(as_host) || self.computes.iter().any(as_label) || self.branches.iter().any(of_the_past)
    }
}

/// Whether `what` stands in the text as a word of its own, followed by what `then` accepts.
fn stands(text: &str, what: &str, then: impl Fn(&str) -> bool) -> bool {
    text.match_indices(what)
        .filter(|_| !what.is_empty())
        .any(|(at, _)| !text[..at].ends_with(is_of_name) && then(&text[at + what.len()..]))
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_known_in_every_form() {
        let endpoint = |id: &str, host: &str| Endpoint {
            id: id.to_owned(),
            branch_id: "br-quiet-sun-a1b2c3d4".to_owned(),
            host: host.to_owned(),
            kind: "read_write".to_owned(),
        };
        let doors = Doors::of(&[
            endpoint(
                "ep-calm-lake-a1b2c3d4",
                "ep-calm-lake-a1b2c3d4.c-2.us-east-2.aws.neon.tech",
            ),
            endpoint("ep-local", "127.80.0.4"),
        ]);
        for text in [
            "postgresql://o:p@ep-calm-lake-a1b2c3d4.c-2.us-east-2.aws.neon.tech/neondb?sslmode=require",
            "postgres://o:p@ep-calm-lake-a1b2c3d4-pooler.c-2.us-east-2.aws.neon.tech/neondb",
            "ep-calm-lake-a1b2c3d4.us-east-2.aws.neon.tech",
            "EP-Calm-Lake-a1b2c3d4-pooler.us-east-2.aws.neon.tech.",
            "host=ep-calm-lake-a1b2c3d4.us-east-2.aws.neon.tech port=5432 user=o",
            "jdbc:postgresql://ep-calm-lake-a1b2c3d4.us-east-2.aws.neon.tech:5432/neondb?user=o",
            "postgresql://o:p@us-east-2.aws.neon.tech/neondb?options=endpoint%3Dep-calm-lake-a1b2c3d4",
            "endpoint=ep-calm-lake-a1b2c3d4",
            "prisma://proxy.example?url=postgresql%3A%2F%2Fo%3Ap%40ep-calm-lake-a1b2c3d4.us-east-2.aws.neon.tech%2Fx",
            "postgresql://o:p@br-quiet-sun-a1b2c3d4.us-east-2.aws.neon.tech/neondb?options=neon_timestamp:2026-01-01",
            "127.80.0.4",
            "postgresql://o:p@127.80.0.4:5432/neondb",
        ] {
            assert!(doors.lead_through(text), "{text}");
        }
        for text in [
            "",
            "ep-calm-lake-a1b2c3d4",
            "br-quiet-sun-a1b2c3d4",
            "https://console.neon.tech/app/projects/p/branches/br-quiet-sun-a1b2c3d4",
            "postgresql://o:p@ep-calm-lake-a1b2c3d4x.us-east-2.aws.neon.tech/neondb",
            "postgresql://o:p@step-calm-lake-a1b2c3d4.us-east-2.aws.neon.tech/neondb",
            "postgresql://o:p@127.80.0.41/neondb",
            "postgresql://o:p@1127.80.0.4/neondb",
            "postgresql://localhost/neondb",
        ] {
            assert!(!doors.lead_through(text), "{text}");
        }
        assert!(!Doors::default().lead_through("anything"));
    }

    #[test]
    fn the_ways_into_one_branch_can_be_left_out() {
        let endpoint = |branch: &str, host: &str| Endpoint {
            id: format!("ep-of-{branch}"),
            branch_id: branch.to_owned(),
            host: host.to_owned(),
            kind: "read_write".to_owned(),
        };
        let doors = Doors::of(&[
            endpoint("br-a", "127.80.0.4"),
            endpoint("br-b", "127.80.0.5"),
            endpoint("br-a", "127.80.0.6"),
        ]);
        let others = doors.without("br-a");
        for (host, leads) in [("127.80.0.4", false), ("127.80.0.5", true), ("127.80.0.6", false)] {
            assert_eq!(
                (doors.lead_through(host), others.lead_through(host)),
                (true, leads),
                "{host}"
            );
        }
        assert!(!others.lead_through("ep-of-br-a.neon.tech") && others.lead_through("ep-of-br-b.neon.tech"));
    }
}
