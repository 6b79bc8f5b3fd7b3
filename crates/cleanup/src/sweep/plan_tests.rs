use super::*;

const DAY: u64 = 86_400;

fn now() -> Timestamp {
    "2026-11-28T04:00:00Z".parse().unwrap()
}

fn ago(days: u64) -> Timestamp {
    now() - SignedDuration::from_hours(i64::try_from(days).unwrap() * 24)
}

fn days(days: u64) -> Duration {
    Duration::from_secs(days * DAY)
}

fn preview(number: u64, deployed: Option<u64>, rules: Rules) -> Standing {
    Standing {
        environment: "preview".to_owned(),
        pull_request: number,
        made: Some(ago(30)),
        deployed: deployed.map_or(Deployed::Unknown, |days| Deployed::At(ago(days))),
        has_branch: true,
        rules,
    }
}

fn open(number: u64, updated: Option<u64>) -> OpenPull {
    OpenPull {
        number,
        head_sha: None,
        updated_at: updated.map(ago),
    }
}

/// The pull request of environment 1; open, it was last updated so many days ago.
#[derive(Clone, Copy)]
enum Pull {
    Closed,
    Open(Option<u64>),
}

/// What becomes of environment 1, whose pull request is open or not.
fn one(deployed: Option<u64>, pull: Pull, expires: Option<u64>, idle: Option<u64>) -> Verdict {
    let rules = Rules {
        expires: expires.map(days),
        ..Rules::default()
    };
    let open: Vec<OpenPull> = match pull {
        Pull::Closed => Vec::new(),
        Pull::Open(updated) => vec![open(1, updated)],
    };
    judge(&[preview(1, deployed, rules)], &open, idle.map(days), now()).remove(0)
}

#[test]
fn one_environment() {
    use Verdict::{Goes, Stays};
    let expired = |at: u64, after: u64| {
        Goes(Ground::Expired {
            deployed: ago(at),
            expires: days(after),
        })
    };
    let idle = |since: u64, after: u64| {
        Goes(Ground::Idle {
            since: ago(since),
            idle: days(after),
        })
    };
    let (closed, open) = (Pull::Closed, Pull::Open(Some(0)));
    for (what, deployed, pull, expires, idle_after, verdict) in [
        ("closed", Some(0), closed, None, None, Goes(Ground::Closed)),
        (
            "closed, age unknown",
            None,
            closed,
            Some(7),
            Some(7),
            Goes(Ground::Closed),
        ),
        ("open", Some(100), open, None, None, Stays(Stay::Open)),
        ("open, age unknown, no rule", None, open, None, None, Stays(Stay::Open)),
        ("open, young", Some(6), open, Some(7), None, Stays(Stay::Open)),
        ("just at its end", Some(7), open, Some(7), None, Stays(Stay::Open)),
        (
            "expired though talked about",
            Some(8),
            open,
            Some(7),
            None,
            expired(8, 7),
        ),
        ("age unknown", None, open, Some(7), None, Stays(Stay::AgeUnknown)),
        ("idle", Some(20), Pull::Open(Some(15)), None, Some(14), idle(15, 14)),
        (
            "talked about",
            Some(20),
            Pull::Open(Some(3)),
            None,
            Some(14),
            Stays(Stay::Open),
        ),
        (
            "deployed though silent",
            Some(3),
            Pull::Open(Some(20)),
            None,
            Some(14),
            Stays(Stay::Open),
        ),
        (
            "silence unknown",
            Some(20),
            Pull::Open(None),
            None,
            Some(14),
            Stays(Stay::AgeUnknown),
        ),
        (
            "idle, age unknown",
            None,
            Pull::Open(Some(20)),
            None,
            Some(14),
            Stays(Stay::AgeUnknown),
        ),
        (
            "both: the harder rule is told",
            Some(20),
            Pull::Open(Some(20)),
            Some(7),
            Some(14),
            expired(20, 7),
        ),
    ] {
        assert_eq!(one(deployed, pull, expires, idle_after), verdict, "{what}");
    }
}

#[test]
fn without_a_branch_a_push_that_changed_nothing_is_seen_at_the_pull_request() {
    let rules = Rules {
        expires: Some(days(7)),
        ..Rules::default()
    };
    let mut standing = preview(1, Some(9), rules);
    standing.has_branch = false;
    for (updated, verdict) in [
        (Some(2), Verdict::Stays(Stay::Open)),
        (None, Verdict::Stays(Stay::AgeUnknown)),
        (
            Some(8),
            Verdict::Goes(Ground::Expired {
                deployed: ago(8),
                expires: days(7),
            }),
        ),
    ] {
        assert_eq!(judge(&[standing.clone()], &[open(1, updated)], None, now()), [verdict]);
    }
}

#[test]
fn a_time_in_the_future_is_young() {
    let rules = Rules {
        expires: Some(days(1)),
        ..Rules::default()
    };
    let mut standing = preview(1, Some(0), rules);
    standing.deployed = Deployed::At(now() + SignedDuration::from_hours(48));
    assert_eq!(
        judge(&[standing], &[open(1, None)], None, now()),
        [Verdict::Stays(Stay::Open)]
    );
}

/// The numbers of those that go.
fn going(all: &[Standing], open: &[OpenPull]) -> Vec<u64> {
    let verdicts = judge(all, open, None, now());
    let goes = |(standing, verdict): (&Standing, Verdict)| {
        matches!(verdict, Verdict::Goes(_)).then_some(standing.pull_request)
    };
    all.iter().zip(verdicts).filter_map(goes).collect()
}

#[test]
fn beyond_the_limit_the_least_recently_deployed_go() {
    let rules = |on_limit| Rules {
        limit: Some(2),
        on_limit,
        ..Rules::default()
    };
    let evict = rules(OnLimit::EvictOldest);
    let all = [
        preview(1, Some(1), evict),
        preview(2, Some(9), evict),
        preview(3, None, evict),
        preview(4, Some(3), evict),
        preview(5, Some(99), evict),
    ];
    let opened: Vec<OpenPull> = [1, 2, 3, 4].map(|number| open(number, None)).to_vec();
    // 5 is closed and goes anyway, so it does not count; two of four are too many. 3 is never taken for old.
    assert_eq!(going(&all, &opened), [2, 4, 5]);
    let verdicts = judge(&all, &opened, None, now());
    assert_eq!(verdicts[1], Verdict::Goes(Ground::BeyondLimit { alive: 4, limit: 2 }));
    // Where all are of unknown age, none goes.
    let unknown: Vec<Standing> = all
        .iter()
        .take(4)
        .map(|standing| Standing {
            deployed: Deployed::Unknown,
            ..standing.clone()
        })
        .collect();
    assert!(going(&unknown, &opened).is_empty());
    // Without `evict-oldest`, a limit refuses new ones and takes nothing from anybody.
    let refusing: Vec<Standing> = all
        .iter()
        .take(4)
        .map(|standing| Standing {
            rules: rules(OnLimit::Fail),
            ..standing.clone()
        })
        .collect();
    assert_eq!(
        judge(&refusing, &opened, None, now()),
        [const { Verdict::Stays(Stay::OverLimit { alive: 4, limit: 2 }) }; 4]
    );
}

#[test]
fn a_limit_counts_one_environment() {
    let rules = Rules {
        limit: Some(1),
        on_limit: OnLimit::EvictOldest,
        ..Rules::default()
    };
    let mut all = vec![preview(1, Some(9), rules), preview(2, Some(1), rules)];
    all[1].environment = "e2e".to_owned();
    let opened = [open(1, None), open(2, None)];
    assert!(going(&all, &opened).is_empty());
}

#[test]
fn brakes() {
    for (going, all, given, expected) in [
        (0, 0, None, None),
        (10, 10, None, None),
        (11, 22, None, None),
        (11, 21, None, Some(Brake::Most { going: 11, all: 21 })),
        (20, 100, None, None),
        (21, 100, None, Some(Brake::TooMany { going: 21, allowed: 20 })),
        (83, 113, Some(83), None),
        (84, 113, Some(83), Some(Brake::TooMany { going: 84, allowed: 83 })),
        (1, 1, Some(0), Some(Brake::TooMany { going: 1, allowed: 0 })),
    ] {
        assert_eq!(brake(going, all, given), expected, "{going} of {all}, {given:?}");
    }
}
