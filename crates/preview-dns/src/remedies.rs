//! What to do about names that somebody else has.

use crate::plan::{Fate, Line, Remedy};

/// What to do about the conflicts, each kind once.
pub(crate) fn ways_out(lines: &[&Line]) -> String {
    let mut remedies: Vec<Remedy> = lines
        .iter()
        .filter_map(|line| match line.fate {
            Fate::Conflict(remedy) => Some(remedy),
            Fate::Right | Fate::Planned(_) => None,
        })
        .collect();
    remedies.sort_unstable();
    remedies.dedup();
    let keeps = remedies.contains(&Remedy::KeepRoute);
    let ways = remedies.iter().map(|remedy| match remedy {
        Remedy::KeepRoute => {
            "keep `routing = \"route\"` for what a route answers by such a record: a custom domain shares its name with no other record, and without the record nobody could resolve the name"
        }
        Remedy::Adopt => {
            "take over what is not ours with `adopt: true` (a dry run shows what that changes), or delete it"
        }
        Remedy::Delete if keeps => "delete the records that are not ours and serve nothing",
        Remedy::Delete => "delete the records that are not ours",
        Remedy::OtherOwner => "run `command: delete` for the environment that owns a record, or delete it by hand",
        Remedy::Proxy => {
            "switch a record at the zone itself, or at a wildcard, to proxied: a route answers before its origin, and it stays as it is"
        }
        Remedy::Detach => {
            "detach a custom domain in the dashboard: Workers & Pages → the Worker → Settings → Domains & Routes"
        }
        Remedy::Route => {
            "delete a route that leads elsewhere: Workers & Pages → the Worker → Settings → Domains & Routes"
        }
        Remedy::Managed => "remove the Cloudflare product that keeps a read-only record",
    });
    format!("{}; or use other hostnames", ways.collect::<Vec<_>>().join("; "))
}
