//! What is said of Workers that are put back.

use std::collections::BTreeSet;

use actions_core::error::fault;
use actions_core::text::quoted_list;

use super::OUT_OF_TIME;
use crate::apply::decide::Decision;
use crate::apply::rollback::{PutBack, Undone};
use crate::inputs::{Inputs, NewWorkers};
use crate::restore::Restored;

/// Putting back begins.
pub(crate) fn putting_back(new_workers: NewWorkers) -> String {
    let but = match new_workers {
        NewWorkers::Keep => "",
        NewWorkers::Remove => ", but for those of new Workers, which are removed",
    };
    format!(
        "putting the Workers of this run back to what served before; hostnames, schedules and data stay as they are{but}"
    )
}

/// What leads to a Worker no longer.
pub(crate) fn undone(all: &[Undone]) -> String {
    let one = |undone: &Undone| match undone {
        Undone::Deleted(pattern) => format!("route `{pattern}` is deleted"),
        Undone::MovedBack(pattern, worker) => format!("route `{pattern}` leads to Worker `{worker}` again"),
        Undone::Detached(hostname) => format!("custom domain `{hostname}` is detached"),
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Why a new Worker stays.
pub(crate) fn not_removed(why: &str) -> String {
    format!("it is not removed: {why}")
}

/// Why a new Worker stays that others bind to.
pub(crate) fn still_bound(others: &BTreeSet<String>) -> String {
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let verb = if others.len() == 1 { "binds" } else { "bind" };
    not_removed(&format!("{} still {verb} to it", quoted_list(&others)))
}

/// One Worker was put back, or not.
pub(crate) fn put_back(key: &str, put_back: &PutBack, undone: &[Undone]) -> String {
    let ended = match put_back {
        PutBack::Back(versions) => format!("↩ {key}: version {} serves again", versions.join(" and ")),
        PutBack::Removed => format!("↩ {key}: it was new, and is removed"),
        PutBack::Nothing => format!("= {key}: nothing to put back"),
        PutBack::Left(why) => format!("= {key}: left as it is: {why}"),
        PutBack::Bound(_) => format!("  {key}: other Workers are still bound to it; it is tried again after them"),
        PutBack::Failed(why) => format!("✗ {key}: not put back: {}", why.replace('\n', "\n  ")),
        PutBack::Unanswered => format!("✗ {key}: perhaps not put back: {OUT_OF_TIME}"),
    };
    if undone.is_empty() {
        return ended;
    }
    format!("{ended}\n  {}", self::undone(undone))
}

/// What `dry-run` says instead of putting back.
pub(crate) fn planned(decision: &Decision) -> PutBack {
    match decision {
        Decision::Nothing => PutBack::Nothing,
        Decision::Leave(why) => PutBack::Left(why.clone()),
        Decision::Fail(why) => PutBack::Failed(why.clone()),
        Decision::Remove => PutBack::Left("dry run: it would be removed".to_owned()),
        Decision::Deploy(shares) => {
            let versions: Vec<&str> = shares.iter().map(|share| share.version_id.as_str()).collect();
            PutBack::Left(format!("dry run: version {} would serve again", versions.join(" and ")))
        }
    }
}

/// The error of a rollback of a run that left no trace.
pub(crate) fn nothing_of_run(run: &str, inputs: &Inputs) -> anyhow::Error {
    let services = quoted_list(&inputs.chosen);
    let own = inputs.origin.run.as_deref().unwrap_or_default();
    if own.split('.').next() == Some(run) {
        return fault(format!("this run has deployed nothing of {services}"))
            .hint("name the run that is to be undone by `run`")
            .into();
    }
    fault(format!(
        "Cloudflare lists nothing of {services} that run {run} has deployed"
    ))
    .hint("`run` is the number in the address of the run that is to be undone, `…/actions/runs/<id>`")
    .into()
}

/// The error of a rollback that is not whole.
pub(crate) fn rollback_failed(all: &[Restored<'_>]) -> Option<anyhow::Error> {
    let failed: Vec<(&str, &str)> = all
        .iter()
        .filter_map(|restored| match &restored.put_back {
            PutBack::Failed(why) | PutBack::Bound(why) => Some((restored.service.key.as_str(), why.as_str())),
            PutBack::Unanswered => Some((restored.service.key.as_str(), OUT_OF_TIME)),
            _ => None,
        })
        .collect();
    if failed.is_empty() {
        return None;
    }
    let keys: Vec<&str> = failed.iter().map(|(key, _)| *key).collect();
    let lines: Vec<String> = failed.iter().map(|(key, why)| format!("{key}: {why}")).collect();
    let what = format!("could not put back {}", quoted_list(&keys));
    Some(fault(what).because(fault(lines.join("\n"))).into())
}
