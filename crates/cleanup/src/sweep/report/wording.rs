//! The sentences about single environments and things.

use std::time::Duration;

use actions_core::error::{Fault, fault};
use actions_core::text::{count, elapsed};
use jiff::Timestamp;

use crate::outcome::Stop;
use crate::report::wording::{noun, reason as kept};
use crate::sweep::again::KeptBack;
use crate::sweep::census::{Other, Why};
use crate::sweep::mode::Dry;
use crate::sweep::plan::{Brake, Ground, Stay};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

pub(crate) const NOT_OF_A_SWEEP: &str =
    "a sweep looks at every pull request's; leave it out, or use `command: environment`";
pub(crate) const BY_MARKERS: &str = "there is no manifest: only what carries a marker is known to be this repository's";
pub(crate) const ZONE_OF_NO_MANIFEST: &str =
    "missing; there is no manifest, and nothing else says where routes and DNS records are looked for";
pub(crate) const NO_REPOSITORY: &str =
    "neither `GITHUB_REPOSITORY_ID` nor `GITHUB_REPOSITORY` is set: whose things are to be swept cannot be known";
pub(crate) const NEEDS: &str = "give the job `permissions: { contents: read, pull-requests: read, actions: read }`; nothing is deleted without them";
pub(super) const ZONELESS: &str = "no zone was looked at: `cloudflare-zone-id` has routes and DNS records looked for";
/// How the reason begins for which an environment stays that nobody could ask about.
pub(super) const UNASKED: &str = "GitHub could not be asked once more";
const AGAIN: &str = "run it again: what is to be deleted can wait";

/// What a sweep without a provider's keys did not look at.
pub(super) fn unseen(provider: &str) -> String {
    format!("{provider} was not looked at: pass its keys to have branches looked for")
}

/// A day, in UTC.
pub(crate) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// How long something may live: `7 days`, `12 h`.
fn life(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds >= DAY && seconds % DAY == 0 => {
            count(usize::try_from(seconds / DAY).unwrap_or(usize::MAX), "day")
        }
        seconds if seconds >= HOUR && seconds % HOUR == 0 => format!("{} h", seconds / HOUR),
        _ => elapsed(time),
    }
}

/// `, since 2026-11-01`, or nothing.
pub(crate) fn since(made: Option<Timestamp>) -> String {
    made.map_or_else(String::new, |at| format!(", since {}", day(at)))
}

/// Why an environment goes.
pub(crate) fn ground(ground: &Ground) -> String {
    match ground {
        Ground::Closed => "its pull request is not open".to_owned(),
        Ground::Expired { deployed, expires } => {
            format!(
                "it was deployed on {}, and `expires` is {}",
                day(*deployed),
                life(*expires)
            )
        }
        Ground::Idle { since, idle } => format!(
            "it was neither deployed nor talked about since {}, and `idle` is {}",
            day(*since),
            life(*idle)
        ),
        Ground::BeyondLimit { alive, limit } => {
            format!("{alive} are alive, `limit` is {limit}, and it was deployed the longest ago")
        }
    }
}

/// What stands in an environment's comment: why it went, and how it comes back.
pub(crate) fn gone(went: &Ground, is_whole: bool) -> String {
    let (why, back) = match went {
        Ground::Closed => (
            ground(went),
            "If it was not merged, reopening it has the environment made again.",
        ),
        Ground::Expired { .. } | Ground::Idle { .. } | Ground::BeyondLimit { .. } => (
            ground(went),
            "Push to the pull request, or run its last workflow run again, to have it back.",
        ),
    };
    if is_whole {
        format!("A sweep removed this environment, since {why}. {back}")
    } else {
        format!("A sweep was to remove this environment, since {why}. The next one goes on. {back}")
    }
}

/// The title of the issue that tells of a sweep that failed.
pub(crate) const ALERT: &str = "A sweep failed";

pub(crate) fn alert(summary: &str, error: &str, run: Option<&str>) -> String {
    let run = run
        .map(|url| format!("[The run that found it.]({url})\n\n"))
        .unwrap_or_default();
    let error = actions_core::text::fenced("text", error);
    format!("{summary}\n\n{run}{error}\nThe next sweep that succeeds closes this issue.\n")
}

pub(crate) fn over(run: Option<&str>) -> String {
    match run {
        Some(url) => format!("[A sweep]({url}) has succeeded."),
        None => "A sweep has succeeded.".to_owned(),
    }
}

/// The comments that could not be brought up to date.
pub(crate) fn uncommented(error: &actions_core::github::Error) -> String {
    let remedy = if error.is_forbidden() {
        "; give the job `pull-requests: write` to have them say what became of the environments"
    } else {
        ""
    };
    format!("comments of pull requests were not brought up to date: {error}{remedy}")
}

/// Why an environment stays.
pub(crate) fn stay(stay: &Stay) -> String {
    match stay {
        Stay::Open => "its pull request is open".to_owned(),
        Stay::OverLimit { alive, limit } => {
            format!("its pull request is open; {alive} are alive, and `limit` is {limit}")
        }
        Stay::AgeUnknown => "its pull request is open, and how old it is could not be read".to_owned(),
    }
}

/// Why an environment stays that was to go.
pub(crate) fn kept_back(why: &KeptBack, number: u64) -> String {
    match why {
        KeptBack::Reopened => format!("pull request #{number} is open"),
        KeptBack::Pushed => format!("pull request #{number} was pushed to meanwhile"),
        KeptBack::Running(url) => format!("a run of its branch is under way: {url}"),
        KeptBack::Deploying => "a deployment of it is under way, as GitHub's deployments say".to_owned(),
        KeptBack::NoPull => format!(
            "GitHub shows no pull request #{number}; `command: environment` with `pull-request: {number}` deletes it"
        ),
        KeptBack::UsedUp => "GitHub takes no more requests of this token for now: the next run does it".to_owned(),
        KeptBack::Unasked(unread) => format!("{UNASKED}: {}", unread.reason),
    }
}

pub(crate) fn stopped(stop: Stop) -> String {
    match stop {
        Stop::Cancelled(signal) => format!("the run was cancelled ({}): the next one does it", signal.name()),
        Stop::TimeIsUp(limit) => format!("the time limit of {} was reached: the next run does it", elapsed(limit)),
        Stop::GivenUp(_) => "it was not begun: the next run does it".to_owned(),
    }
}

/// Why nothing was deleted.
pub(crate) fn dry(dry: &Dry) -> String {
    match dry {
        Dry::Asked => "nothing was touched (`dry-run`)".to_owned(),
        Dry::ByHand => "nothing was touched: only a schedule deletes by itself, `dry-run: false` does it now".to_owned(),
        Dry::First => {
            "nothing was touched: no scheduled run of this workflow has succeeded before this one, so it only shows what \
             the next one does; `dry-run: false` does it now"
                .to_owned()
        }
        Dry::Unknown(unread) => format!(
            "nothing was touched: whether a scheduled run of this workflow has succeeded before is not known, since {}; \
             give the job `actions: read`, or `dry-run: false`",
            unread.reason
        ),
        Dry::Explain => "nothing was touched".to_owned(),
    }
}

/// A plan that is not carried out.
pub(crate) fn braked(brake: &Brake) -> Fault {
    let (text, going) = too_much(brake);
    fault(format!("{text}; nothing was touched")).hint(format!(
        "read the list above; if it is right, run it once by hand with `max-environments: {going}` and `dry-run: false`"
    ))
}

/// Environments that this sweep leaves to another.
pub(crate) fn elsewhere(titles: &[String]) -> String {
    format!(
        "left to a sweep with the `manifest` of their own project: {} ({})",
        count(titles.len(), "environment"),
        titles.join(", ")
    )
}

/// What a dry run says of a plan that a real one would not carry out.
pub(crate) fn would_brake(brake: &Brake) -> String {
    let (text, going) = too_much(brake);
    format!("a real run would refuse this, since {text}, unless it has `max-environments: {going}`")
}

fn too_much(brake: &Brake) -> (String, usize) {
    match brake {
        Brake::TooMany { going, allowed } => (
            format!(
                "{} would go, more than the {allowed} that may at once",
                count(*going, "environment")
            ),
            *going,
        ),
        Brake::Most { going, all } => (
            format!(
                "{going} of {} would go, which is most of them",
                count(*all, "environment")
            ),
            *going,
        ),
    }
}

pub(crate) fn pulls_unread(error: &actions_core::github::Error) -> Fault {
    let hint = if error.is_forbidden() || matches!(error.status(), Some(401 | 404)) {
        NEEDS.to_owned()
    } else {
        error.hint().unwrap_or_else(|| AGAIN.to_owned())
    };
    fault("which pull requests are open is not known; nothing was touched")
        // Its own remedy speaks of comments.
        .because(fault(error.to_string()))
        .hint(hint)
}

/// Why a thing is no environment's that could go.
pub(crate) fn other(other: &Other) -> String {
    match &other.why {
        Why::Permanent(title) => format!("it belongs to {title}, which is not one per pull request"),
        Why::Foreign(whose) => format!("it belongs to {whose}"),
        Why::Alike(reason) => kept(other.kind, reason),
        Why::Unreadable(text) => format!("it looks like ours, and whose it is cannot be read from `{text}`"),
    }
}

/// A thing that no sweep takes, in a line.
pub(crate) fn other_line(thing: &Other) -> String {
    format!(
        "{} `{}` stays: {}{}",
        noun(thing.kind),
        thing.name,
        other(thing),
        since(thing.made)
    )
}
