//! The sentences about single things.

use actions_core::cloudflare;
use actions_core::error::fault;
use actions_core::github::issues::{Issue, Raised};
use actions_core::owner::Whose;
use actions_core::reports::RemovalKind;
use actions_core::text::{count, elapsed};

use crate::outcome::{End, Stop, Why};
use crate::plan::{Ground, Reason};
use crate::unread::{Unread, one_line};

pub(crate) fn permanent(name: &str) -> String {
    format!(
        "`{name}` is not one per pull request (its names have no `{{pr}}`); cleanup removes only environments that are"
    )
}

pub(crate) const NO_MANIFEST_NO_NUMBER: &str =
    "missing; there is no manifest, so that only what a pull request's markers name can be deleted: give its number";

pub(crate) const KEEP_NONE: &str = "`0` would delete every restore point; give `1` or more, or leave it out";

pub(crate) const NO_ALERT_WITHOUT_TOKEN: &str =
    "an issue needs a `github-token`: pass `${{ github.token }}`, and give the job `issues: write`";

/// That GitHub's deployments were not looked at.
pub(crate) fn undeployed(error: &actions_core::github::Error) -> String {
    format!("GitHub's deployments were not looked at: {}", one_line(error))
}

/// What an alert could not be, and why.
pub(crate) fn no_alert(error: &actions_core::github::Error) -> String {
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("the alert issue is not as it should be: {}{hint}", one_line(error))
}

/// That the comment could not be brought up to date.
pub(crate) fn no_comment(error: &actions_core::github::Error) -> String {
    format!("the comment was not brought up to date: {}", one_line(error))
}

/// What the comment says below what was removed.
pub(crate) fn comes_back() -> String {
    "Reopen this pull request to have its environment again.".to_owned()
}

/// That an alert is open.
pub(crate) fn raised(raised: &Raised) -> String {
    let url = raised.issue().url();
    match raised {
        Raised::Opened(_) => format!("opened an issue: {url}"),
        Raised::Updated(_) | Raised::Unchanged(_) => format!("the issue is still open: {url}"),
    }
}

/// That an alert is over.
pub(crate) fn closed(issue: &Issue) -> String {
    format!("closed the issue: {}", issue.url())
}

/// The text of an alert that is over.
pub(super) fn over(title: &str, run: Option<&str>) -> String {
    let run = run.map(|url| format!(" ([this run]({url}))")).unwrap_or_default();
    format!("Done: nothing of {title} is left{run}.")
}

pub(crate) fn no_branch(name: &str) -> String {
    format!("environment `{name}` has no database branch of its own")
}

pub(crate) fn too_short(shortest: std::time::Duration) -> String {
    format!(
        "is to be at least {}: one call may have to be repeated",
        elapsed(shortest)
    )
}

pub(crate) fn noun(kind: RemovalKind) -> &'static str {
    match kind {
        RemovalKind::Route => "route",
        RemovalKind::CustomDomain => "custom domain",
        RemovalKind::Certificate => "certificate",
        RemovalKind::Worker => "Worker",
        RemovalKind::DnsRecord => "DNS record",
        RemovalKind::KvNamespace => "KV namespace",
        RemovalKind::Branch => "branch",
        RemovalKind::RestorePoint => "restore point",
        RemovalKind::Deployment => "deployment",
        RemovalKind::Unknown => "thing",
    }
}

/// Why something goes, in the plan; empty where that goes without saying.
pub(crate) fn ground(ground: &Ground) -> String {
    match ground {
        Ground::Own | Ground::OfDomain => String::new(),
        Ground::Marked => "made for it".to_owned(),
        Ground::Forgotten => "no longer in the manifest".to_owned(),
        Ground::Surplus(keep) => format!("beyond the newest {keep} (`keep`)"),
        Ground::LeadsTo(worker) | Ground::KnownBy(worker) => format!("to Worker {worker}"),
        Ground::Adopted => "carries nobody's marker (`adopt`)".to_owned(),
    }
}

fn whose_worker(worker: &str, whose: Option<&Whose>) -> String {
    match whose {
        Some(whose) => format!("Worker `{worker}`, which belongs to {whose}"),
        None => format!("Worker `{worker}`, which carries nobody's marker"),
    }
}

/// Why something stays.
pub(crate) fn reason(kind: RemovalKind, reason: &Reason) -> String {
    match reason {
        Reason::Foreign(whose) => format!("it belongs to {whose}"),
        Reason::Unmarked if kind == RemovalKind::Worker => {
            "it carries nobody's marker, and a name proves nothing; `adopt: true` deletes it".to_owned()
        }
        Reason::Unmarked => "it carries nobody's marker, and a name proves nothing".to_owned(),
        Reason::LeadsTo { worker, whose } => format!("it leads to {}", whose_worker(worker, whose.as_ref())),
        Reason::LeadsNowhere => "it leads to no Worker of this environment".to_owned(),
        Reason::BoundBy { worker, whose } => format!("it is for {}", whose_worker(worker, whose.as_ref())),
        Reason::InUse { worker, whose } => format!("it is bound by {}", whose_worker(worker, whose.as_ref())),
        Reason::LooksAlike if kind == RemovalKind::KvNamespace => {
            "it is named like this environment's, and nothing in the manifest has that name; it has no owner written on it: delete it under Storage & databases → KV, where nobody needs it".to_owned()
        }
        Reason::LooksAlike => {
            "it is named like this environment's, and nothing in the manifest has that name".to_owned()
        }
        Reason::Root => {
            "it is the project's default branch, a root, or the branch that others are copied from".to_owned()
        }
        Reason::Protected => "it is protected: take the protection off in Neon's console, then run again".to_owned(),
        Reason::HasChild(child) => format!("branch `{child}` was made from it: delete that one first"),
        Reason::Unread(unread) => unread.reason.clone(),
        Reason::Unknown(unread) => format!("not touched, since whose it is cannot be known: {}", unread.reason),
    }
}

fn stop(stop: Stop) -> String {
    match stop {
        Stop::Cancelled(signal) => format!("the run was cancelled ({})", signal.name()),
        Stop::TimeIsUp(limit) => format!("the time limit of {} was reached", elapsed(limit)),
        Stop::GivenUp(failures) => format!("{} of the kind failed before", count(failures, "other")),
    }
}

/// Why something is left.
pub(crate) fn why(kind: RemovalKind, why: &Why) -> String {
    match why {
        Why::Known(known) => reason(kind, known),
        Why::Failed(error) => one_line(error.as_ref()),
        Why::Together(text) => text.clone(),
        Why::Bound(error) => format!("other Workers bind to it: {}", error.cause),
        Why::RoutesFirst => "not tried, since a route or custom domain is still there: run again".to_owned(),
        Why::DomainFirst => "not tried, since its custom domain is still there: run again".to_owned(),
        Why::UsedBy(worker) => {
            format!("not tried, since Worker `{worker}` is still there and may use it: run again")
        }
        Why::NotTried(why) => format!("not tried: {}", stop(*why)),
        Why::UnderWay(why) => format!("it was being deleted when {}; it may be gone", stop(*why)),
    }
}

/// What is to be told beside the outcome.
pub(crate) fn detail(kind: RemovalKind, end: &End) -> Option<String> {
    match end {
        End::Deleted | End::Absent => None,
        End::Kept(kept) => Some(reason(kind, kept)),
        End::Left(left) => Some(why(kind, left)),
        End::Planned(planned) => Some(ground(planned)).filter(|text| !text.is_empty()),
    }
}

/// What is left, as an error with its causes and its remedy; `None` where there is nothing to add to the list.
pub(crate) fn cause(name: &str, why: Why) -> Option<anyhow::Error> {
    match why {
        Why::Known(Reason::Unread(unread) | Reason::Unknown(unread)) => Some(of_unread(unread)),
        Why::Failed(error) => Some(error),
        Why::Bound(error) => Some(has_dependents(name, error)),
        Why::Known(_)
        | Why::Together(_)
        | Why::RoutesFirst
        | Why::DomainFirst
        | Why::UsedBy(_)
        | Why::NotTried(_)
        | Why::UnderWay(_) => None,
    }
}

fn of_unread(unread: Unread) -> anyhow::Error {
    let error = fault(unread.reason);
    match unread.hint {
        Some(hint) => error.hint(hint).into(),
        None => error.into(),
    }
}

fn has_dependents(worker: &str, error: cloudflare::Error) -> anyhow::Error {
    fault(format!(
        "could not delete Worker `{worker}`, since other Workers bind to it"
    ))
    .because(error.cause)
    .hint("remove the binding from the Workers that are not of this environment; cleanup does not break them by force")
    .into()
}
