//! What the token may not do that is needed, as far as reads tell it. Pure.

use actions_core::cloudflare::{Error, Permission};
use actions_core::text::quoted_list;

use super::facts::{Facts, is_forbidden};
use super::needs::Need;
use super::{TOKEN, kinds, page};
use crate::checks::asking;
use crate::finding::Finding;

/// What the read of a group of permissions has told.
enum Probe {
    Granted,
    Refused,
    /// No answer that tells it, and why.
    Unknown(String),
    /// Nobody asked: there is no read for it, or none of what is needed.
    NotAsked,
}

impl Probe {
    fn of<T>(read: Option<&Result<T, Error>>) -> Self {
        match read {
            Some(Ok(_)) => Self::Granted,
            Some(Err(error)) => Self::of_error(error),
            None => Self::NotAsked,
        }
    }

    fn of_error(error: &Error) -> Self {
        if is_forbidden(error) {
            Self::Refused
        } else {
            Self::Unknown(asking::told(error))
        }
    }

    fn of_buckets(facts: &Facts) -> Self {
        let refused = |read: &&Result<bool, Error>| read.as_ref().is_err_and(is_forbidden);
        match facts.buckets.values().find(refused).or(facts.buckets.values().next()) {
            Some(Ok(_)) => Self::Granted,
            Some(Err(error)) => Self::of_error(error),
            None => Self::NotAsked,
        }
    }
}

fn probe(facts: &Facts, permission: Permission) -> Probe {
    match permission {
        Permission::ZoneRead => match &facts.zone {
            // Asked and answered, though not with the zone: that is a row of its own.
            Some(Err(_)) if facts.lacks_zone() => Probe::NotAsked,
            zone => Probe::of(zone.as_ref()),
        },
        Permission::DnsRead | Permission::DnsEdit => Probe::of(facts.records.as_ref()),
        Permission::WorkersRoutesRead | Permission::WorkersRoutesEdit => Probe::of(facts.routes.as_ref()),
        Permission::SslRead | Permission::SslEdit => Probe::of(facts.certificates.as_ref()),
        Permission::WorkersScriptsRead | Permission::WorkersScriptsEdit => Probe::of(facts.workers.as_ref()),
        Permission::KvRead | Permission::KvEdit => Probe::of(facts.kv.as_ref()),
        Permission::R2Read => Probe::of_buckets(facts),
        Permission::D1Read => Probe::of(facts.d1.as_ref()),
        Permission::QueuesEdit | Permission::AccountSettingsRead => Probe::NotAsked,
    }
}

/// `unseen` are the rows about the zone: where there is one, refusals of the zone's lists have that cause. What could
/// not be read goes to `unknown`, each with the reason.
pub(super) fn judge(
    facts: &Facts,
    needs: &[Need],
    unseen: &[Finding],
    unknown: &mut Vec<(String, String)>,
) -> Vec<Finding> {
    let has = |kind: &crate::finding::Kind| unseen.iter().any(|finding| finding.kind == kind);
    let zone_is_told = has(&kinds::ZONE_UNSEEN);
    let mut findings = Vec::new();
    let (mut refused, mut unproven): (Vec<&Need>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut of_account_granted = false;
    for need in needs {
        let of_zone = need.permission.is_of_zone();
        match probe(facts, need.permission) {
            Probe::Refused if of_zone && zone_is_told => {}
            Probe::Refused => refused.push(need),
            Probe::Granted => {
                of_account_granted |= !of_zone;
                match &facts.allowed {
                    Some(allowed) if !allowed.iter().any(|group| need.permission.is_in(group)) => refused.push(need),
                    None if need.permission.is_edit() => unproven.push(need.permission.menus()),
                    _ => {}
                }
            }
            Probe::Unknown(why) => unknown.push((format!("`{}`", need.permission.group()), why)),
            Probe::NotAsked if of_zone && !zone_is_told && facts.zone.as_ref().is_some_and(Result::is_err) => {
                // The zone is not known, and with it none of its lists; where Zone → Read is refused, that is the row.
                if !facts.lacks_zone() {
                    let why = facts.zone.as_ref().and_then(|zone| zone.as_ref().err());
                    let why = why.map_or_else(|| "the zone could not be read".to_owned(), |error| asking::told(error));
                    unknown.push((format!("`{}`", need.permission.group()), why));
                }
            }
            Probe::NotAsked if need.permission.is_edit() && !of_zone => unproven.push(need.permission.menus()),
            Probe::NotAsked => {}
        }
    }
    let of_account = |need: &&Need| !need.permission.is_of_zone();
    let lost: Vec<&Need> = refused.iter().copied().filter(of_account).collect();
    if !lost.is_empty() && !of_account_granted {
        // One cause, one row; that the zone is another account's says it already.
        if !has(&kinds::ZONE_MISMATCH) {
            findings.push(no_account(facts, &lost));
        }
        refused.retain(|need| need.permission.is_of_zone());
    }
    let all_read = findings.is_empty() && refused.is_empty() && unknown.is_empty() && unseen.is_empty();
    findings.extend(refused.into_iter().map(|need| missing(facts, need)));
    findings.extend(stated(facts, &unproven, all_read));
    findings
}

fn no_account(facts: &Facts, lost: &[&Need]) -> Finding {
    let account = &facts.account;
    let menus: Vec<&str> = lost.iter().map(|need| need.permission.menus()).collect();
    Finding::new(
        &kinds::ACCOUNT_UNSEEN,
        "CLOUDFLARE_ACCOUNT_ID",
        format!("the token may read nothing of account `{account}` that is needed"),
        format!(
            "compare the account's id, and let the token have {} on it at {}",
            quoted_list(&menus),
            page(facts)
        ),
    )
}

fn missing(facts: &Facts, need: &Need) -> Finding {
    let (menus, by) = (need.permission.menus(), need.by());
    let on = if need.permission.is_of_zone() {
        let known = facts.zone.as_ref().and_then(|zone| zone.as_ref().ok());
        known.map_or_else(|| " on the zone".to_owned(), |zone| format!(" on zone `{}`", zone.name))
    } else {
        String::new()
    };
    let page = page(facts);
    if need.optional {
        return Finding::new(
            &kinds::PERMISSION_HELPFUL,
            need.permission.group(),
            format!(
                "the token lacks `{menus}`{on}, with which {by} would know more: {}",
                need.what
            ),
            format!("add `{menus}` at {page}, if that is wanted"),
        );
    }
    Finding::new(
        &kinds::PERMISSION_MISSING,
        need.permission.group(),
        format!("the token lacks `{menus}`{on}, which is needed by {by}"),
        format!("edit the token at {page} and add `{menus}`{on}; its value stays the same"),
    )
}

/// A read proves no more than a read.
/// `all_read`: nothing was refused, and nothing left unread.
fn stated(facts: &Facts, unproven: &[&str], all_read: bool) -> Option<Finding> {
    (!unproven.is_empty()).then(|| {
        Finding::new(
            &kinds::PERMISSION_UNPROVEN,
            TOKEN,
            if all_read {
                format!(
                    "the token may read all that is needed; that it also has {} is needed, and not proven by reading",
                    quoted_list(unproven)
                )
            } else {
                format!(
                    "that the token has {} is needed, and not proven by reading",
                    quoted_list(unproven)
                )
            },
            format!("compare it with this list at {}", page(facts)),
        )
    })
}
