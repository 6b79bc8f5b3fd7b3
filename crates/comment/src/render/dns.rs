//! The DNS records.

use actions_core::reports::{Command, RecordAction, Report, Status};
use actions_core::text::count;

use super::not_listed;
use actions_core::markdown::code;

/// `DNS  5 records in example.com`.
pub(super) fn line(reports: &[Report]) -> Option<String> {
    let (last, dns) = reports.iter().rev().find_map(|report| match report {
        Report::PreviewDns(dns) if !dns.records.is_empty() => Some((std::slice::from_ref(report), dns)),
        _ => None,
    })?;
    let in_state = |states: &[RecordAction]| {
        let listed = dns
            .records
            .iter()
            .filter(|record| states.contains(&record.action))
            .count();
        let left_out = states.iter().map(|state| not_listed(last, "records", state));
        listed + left_out.sum::<usize>()
    };
    let gone = in_state(&[RecordAction::Deleted]);
    let wrong = in_state(&[RecordAction::Missing, RecordAction::Conflict]);
    let there = in_state(&[
        RecordAction::Created,
        RecordAction::Updated,
        RecordAction::Unchanged,
        RecordAction::Verified,
        RecordAction::Unknown,
    ]);
    let zone = code(&dns.zone);
    let planned = dns.head.status == Status::Planned;
    let said = if dns.head.command == Command::Delete {
        let done = if planned { "to be deleted" } else { "deleted" };
        match there + wrong {
            0 => format!("{} in {zone} {done}", count(gone, "record")),
            left => format!("{gone} of {} in {zone} {done}", count(gone + left, "record")),
        }
    } else if wrong > 0 {
        format!("{there} of {} in {zone}", count(there + wrong, "record"))
    } else if planned {
        format!("{} in {zone}, planned", count(there, "record"))
    } else {
        format!("{} in {zone}", count(there, "record"))
    };
    // Names that the manifest gives to nobody any more: people may still have their links.
    let former = match gone {
        0 => String::new(),
        _ if dns.head.command == Command::Delete => String::new(),
        gone if planned => format!("; {} of former hostnames to be deleted", count(gone, "record")),
        gone => format!("; {} of former hostnames deleted", count(gone, "record")),
    };
    Some(format!("**DNS** {said}{former}"))
}
