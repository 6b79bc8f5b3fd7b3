//! The four figures of software delivery, as far as deployments tell them.
//!
//! DORA's definitions rest on what happens in production; a deployment knows when it was made, how it ended, and when
//! the first commit was written that it brought. A fault that is found later, without a deployment that fails, is not
//! among them. What is not known is counted, not guessed.

use std::time::Duration;

use actions_core::github::deployments::{Deployment, State, Status};
use jiff::{SignedDuration, Timestamp};

/// What is looked back on.
pub(crate) const WINDOW: Duration = Duration::from_hours(30 * 24);
/// Deployments that are looked at, at most; each costs a request.
pub(crate) const MOST: usize = 40;

/// The figures of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figures {
    /// What was looked at: the window, or less where there are too many deployments.
    pub(crate) span: Duration,
    /// Deployments that ended well.
    pub(crate) good: usize,
    /// Those that failed, put back or not.
    pub(crate) bad: usize,
    /// Those of which nobody has seen the end: cancelled, crashed, overtaken.
    pub(crate) unknown: usize,
    /// From the first commit to the end of its deployment: the median, and of how many it is known.
    pub(crate) lead: Option<(Duration, usize)>,
    /// From a failure to the next deployment that ended well: the median, and how often.
    pub(crate) restore: Option<(Duration, usize)>,
    /// Since when the newest failure is not restored.
    pub(crate) broken_since: Option<Timestamp>,
}

/// How a deployment ended, by the last status that says so, and when.
fn ended(statuses: &[Status]) -> Option<(bool, Timestamp)> {
    statuses.iter().find_map(|status| match status.state {
        State::Success => Some((true, status.at?)),
        State::Failure => Some((false, status.at?)),
        _ => None,
    })
}

/// Whether nothing more is to be expected of it, though nothing says how it ended.
fn is_unknown(statuses: &[Status]) -> bool {
    statuses
        .first()
        .is_some_and(|last| matches!(last.state, State::Error | State::Inactive))
}

fn median(mut all: Vec<Duration>) -> Option<(Duration, usize)> {
    all.sort_unstable();
    let (n, half) = (all.len(), all.len() / 2);
    let middle = match n {
        0 => return None,
        n if n % 2 == 1 => all[half],
        _ => (all[half - 1] + all[half]) / 2,
    };
    Some((middle, n))
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    // The clocks of two machines: a commit of the future took no time.
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// The figures of the deployments in `histories`, both newest first; `all` tells that there are no older ones within the
/// window. `None` when nothing has ended.
pub(crate) fn figures(histories: &[(Deployment, Vec<Status>)], all: bool, now: Timestamp) -> Option<Figures> {
    let since = now - SignedDuration::try_from(WINDOW).unwrap_or_default();
    let recent: Vec<_> = histories
        .iter()
        .filter(|(deployment, _)| deployment.created_at.is_some_and(|at| at >= since))
        .collect();
    let oldest = recent.last().and_then(|(deployment, _)| deployment.created_at);
    let mut figures = Figures {
        // All that were read lie within the window, so that it may hold more.
        span: match oldest {
            Some(oldest) if !all && recent.len() == histories.len() => between(oldest, now),
            _ => WINDOW,
        },
        good: 0,
        bad: 0,
        unknown: 0,
        lead: None,
        restore: None,
        broken_since: None,
    };
    let (mut leads, mut restores) = (Vec::new(), Vec::new());
    // By the time at which they ended, which need not be the order in which they were made.
    let mut ends: Vec<_> = Vec::new();
    for (deployment, statuses) in recent {
        match ended(statuses) {
            Some((good, at)) => ends.push((at, good, deployment.note.first_commit)),
            None if is_unknown(statuses) => figures.unknown += 1,
            None => {}
        }
    }
    ends.sort_unstable();
    for (at, good, first_commit) in ends {
        if good {
            figures.good += 1;
            leads.extend(first_commit.map(|first| between(first, at)));
            restores.extend(figures.broken_since.take().map(|broken| between(broken, at)));
        } else {
            figures.bad += 1;
            figures.broken_since.get_or_insert(at);
        }
    }
    figures.lead = median(leads);
    figures.restore = median(restores);
    (figures.good + figures.bad > 0).then_some(figures)
}

#[cfg(test)]
mod tests {
    use actions_core::github::deployments::Note;

    use super::*;

    const NOW: &str = "2026-11-28T12:00:00Z";

    #[expect(clippy::unnecessary_wraps, reason = "as deployments hold it")]
    fn at(text: &str) -> Option<Timestamp> {
        Some(format!("2026-11-{text}:00Z").parse().unwrap())
    }

    /// Made at, first commit at, its statuses, newest first.
    fn deployed(made: &str, first: Option<&str>, statuses: &[(State, &str)]) -> (Deployment, Vec<Status>) {
        let deployment = Deployment {
            id: 1,
            sha: String::new(),
            environment: "production".to_owned(),
            created_at: at(made),
            note: Note {
                first_commit: first.and_then(at),
                ..Note::default()
            },
        };
        let statuses = statuses.iter().map(|(state, time)| Status {
            state: *state,
            at: at(time),
            environment_url: String::new(),
            log_url: String::new(),
        });
        (deployment, statuses.collect())
    }

    fn of(histories: &[(Deployment, Vec<Status>)], all: bool) -> Option<Figures> {
        figures(histories, all, NOW.parse().unwrap())
    }

    #[test]
    fn deployments_are_counted_as_they_ended() {
        use State::{Error, Failure, InProgress, Inactive, Success};
        let hours = |n: u64| Duration::from_hours(n);
        let table = [
            // Running now: not counted.
            deployed("28T11:00", None, &[(InProgress, "28T11:00")]),
            // Restored after the second of two failures in a row, three hours after the first.
            deployed("26T12:00", Some("26T06:00"), &[(Success, "26T12:00")]),
            deployed("26T10:00", None, &[(Failure, "26T10:00")]),
            deployed("26T09:00", Some("26T01:00"), &[(Failure, "26T09:00")]),
            // Its end is that which was told first, not that it was replaced.
            deployed(
                "25T10:00",
                Some("25T06:00"),
                &[(Inactive, "26T12:00"), (Success, "25T10:00"), (InProgress, "25T09:00")],
            ),
            deployed("24T10:00", None, &[(Inactive, "26T12:00"), (InProgress, "24T10:00")]),
            deployed("24T09:00", None, &[(Error, "24T10:00")]),
            // Before the window, which begins on October 29th at noon.
            deployed("01T10:00", None, &[(Success, "01T10:00")]),
        ];
        let figures = of(&table, true).unwrap();
        assert_eq!(figures.span, WINDOW);
        assert_eq!((figures.good, figures.bad, figures.unknown), (3, 2, 2));
        assert_eq!(figures.lead, Some((hours(5), 2)));
        assert_eq!(figures.restore, Some((hours(3), 1)));
        assert_eq!(figures.broken_since, None);
        // More than was read lies within the window: the figures are of the time that was read.
        assert_eq!(of(&table[..3], false).unwrap().span, hours(50));
        let broken = of(&table[2..4], true).unwrap();
        assert_eq!(broken.broken_since, at("26T09:00"));
        assert_eq!((broken.lead, broken.restore), (None, None));
    }

    #[test]
    fn without_an_end_there_are_no_figures() {
        assert_eq!(of(&[], true), None);
        assert_eq!(of(&[deployed("28T11:00", None, &[])], true), None);
        let future = deployed("28T11:00", Some("28T11:30"), &[(State::Success, "28T11:10")]);
        assert_eq!(of(&[future], true).unwrap().lead, Some((Duration::ZERO, 1)));
    }
}
