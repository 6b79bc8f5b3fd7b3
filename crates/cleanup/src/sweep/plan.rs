//! Which environments go: no client here. Open or closed, old, idle, too many; and the brakes on all of it.

use std::collections::BTreeMap;
use std::time::Duration;

use actions_core::github::OpenPull;
use actions_core::manifest::OnLimit;
use jiff::{SignedDuration, Timestamp};

/// So many environments may go at once unless somebody says otherwise.
const MOST: usize = 20;
/// Up to so many may go although they are most of those that there are: a small team's week.
const FEW: usize = 10;

/// What is known of one environment when it is judged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    /// `preview`
    pub(crate) environment: String,
    pub(crate) pull_request: u64,
    /// The oldest thing of it.
    pub(crate) made: Option<Timestamp>,
    pub(crate) deployed: Deployed,
    /// It has a database branch, whose expiry moves with each deploy.
    pub(crate) has_branch: bool,
    /// What the manifest says of it; nothing where it is known by its markers alone.
    pub(crate) rules: Rules,
}

/// When an environment was deployed last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Deployed {
    At(Timestamp),
    /// Nothing of it tells, or a list that could is not readable.
    #[default]
    Unknown,
}

/// How long environments of a kind may live, and how many of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) expires: Option<Duration>,
    pub(crate) limit: Option<u64>,
    pub(crate) on_limit: OnLimit,
}

/// What becomes of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Goes(Ground),
    Stays(Stay),
}

/// Why an environment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    /// Its pull request is not among the open ones.
    Closed,
    /// It was deployed longer ago than `expires` allows.
    Expired { deployed: Timestamp, expires: Duration },
    /// Neither deployed nor talked about for so long.
    Idle { since: Timestamp, idle: Duration },
    /// More are alive than `limit` allows, and this is one of those that were deployed the longest ago.
    BeyondLimit { alive: usize, limit: u64 },
}

/// Why an environment stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stay {
    /// Its pull request is open.
    Open,
    /// The same, and there are more than `limit` allows: `neon-branch` refuses the next one.
    OverLimit { alive: usize, limit: u64 },
    /// It would have to be judged by its age, and that is not known.
    AgeUnknown,
}

/// A judgement for each environment, in their order.
pub(crate) fn judge(all: &[Standing], open: &[OpenPull], idle: Option<Duration>, now: Timestamp) -> Vec<Verdict> {
    let open: BTreeMap<u64, &OpenPull> = open.iter().map(|pull| (pull.number, pull)).collect();
    let mut verdicts: Vec<Verdict> = all
        .iter()
        .map(|standing| match open.get(&standing.pull_request) {
            None => Verdict::Goes(Ground::Closed),
            Some(pull) => of_open(standing, pull, idle, now),
        })
        .collect();
    beyond_limit(all, &mut verdicts);
    verdicts
}

/// One whose pull request is open, by itself.
fn of_open(standing: &Standing, pull: &OpenPull, idle: Option<Duration>, now: Timestamp) -> Verdict {
    let expires = standing.rules.expires;
    let Some(deployed) = last_deployed(standing, pull) else {
        let is_asked = expires.is_some() || idle.is_some();
        return Verdict::Stays(if is_asked { Stay::AgeUnknown } else { Stay::Open });
    };
    if let Some(expires) = expires.filter(|expires| is_older(deployed, *expires, now)) {
        return Verdict::Goes(Ground::Expired { deployed, expires });
    }
    if let Some(idle) = idle {
        // Without the time of the last word on it, nobody knows whether it is idle.
        let Some(updated) = pull.updated_at else {
            return Verdict::Stays(Stay::AgeUnknown);
        };
        let since = updated.max(deployed);
        if is_older(since, idle, now) {
            return Verdict::Goes(Ground::Idle { since, idle });
        }
    }
    Verdict::Stays(Stay::Open)
}

/// A deploy that changes nothing moves the expiry of the branch, and nothing else: without a branch the last word on the
/// pull request, which every push is, counts as well.
fn last_deployed(standing: &Standing, pull: &OpenPull) -> Option<Timestamp> {
    match standing.deployed {
        Deployed::Unknown => None,
        Deployed::At(deployed) if standing.has_branch => Some(deployed),
        Deployed::At(deployed) => pull.updated_at.map(|updated| updated.max(deployed)),
    }
}

fn is_older(than: Timestamp, age: Duration, now: Timestamp) -> bool {
    SignedDuration::try_from(age).is_ok_and(|age| now.duration_since(than) > age)
}

/// Of those that would stay: what is beyond their environment's limit, deployed the longest ago first.
fn beyond_limit(all: &[Standing], verdicts: &mut [Verdict]) {
    let mut kinds: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, standing) in all.iter().enumerate() {
        if standing.rules.limit.is_some() && matches!(verdicts[at], Verdict::Stays(_)) {
            kinds.entry(&standing.environment).or_default().push(at);
        }
    }
    for mut alive in kinds.into_values() {
        let rules = all[alive[0]].rules;
        let Some(limit) = rules.limit else { continue };
        let surplus = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        if surplus == 0 {
            continue;
        }
        let count = alive.len();
        if rules.on_limit == OnLimit::Fail {
            for at in alive {
                verdicts[at] = Verdict::Stays(Stay::OverLimit { alive: count, limit });
            }
            continue;
        }
        // One whose age is not known counts, and is not taken for an old one.
        alive.retain(|at| matches!(all[*at].deployed, Deployed::At(_)));
        alive.sort_by_key(|at| match all[*at].deployed {
            Deployed::At(deployed) => (deployed, all[*at].pull_request),
            Deployed::Unknown => (Timestamp::MAX, all[*at].pull_request),
        });
        for at in alive.into_iter().take(surplus) {
            verdicts[at] = Verdict::Goes(Ground::BeyondLimit { alive: count, limit });
        }
    }
}

/// Why a plan is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brake {
    /// More than `max-environments`, or than is usual.
    TooMany { going: usize, allowed: usize },
    /// Most of what there is.
    Most { going: usize, all: usize },
}

/// Whether so many of `all` may go. A number that somebody gave (`max-environments`) counts alone.
pub(crate) fn brake(going: usize, all: usize, given: Option<usize>) -> Option<Brake> {
    let allowed = given.unwrap_or(MOST);
    if going > allowed {
        return Some(Brake::TooMany { going, allowed });
    }
    let most = given.is_none() && going > FEW && going * 2 > all;
    most.then_some(Brake::Most { going, all })
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
