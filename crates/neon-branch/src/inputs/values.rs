//! Single values: durations, points in time, sizes.

use std::time::Duration;

use actions_core::neon::{Compute, Point, USUAL_WAIT};
use actions_core::runner::Problems;
use jiff::Timestamp;

use super::{Life, Moment, Raw};

/// Neon: an expiry is at most 30 days ahead.
const LONGEST_LIFE: Duration = Duration::from_hours(30 * 24);
/// The smallest compute, in compute units.
const SMALLEST: f64 = 0.25;
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(10);

pub(super) fn life(value: Option<&str>, problems: &mut Problems) -> Life {
    if value.is_some_and(|value| value.trim() == "never") {
        return Life::Endless;
    }
    let Some(duration) = problems.duration("expires", value) else {
        return Life::Unsaid;
    };
    if duration > LONGEST_LIFE {
        problems.add(
            "expires",
            "Neon allows at most `30d`; `never` lets a branch live until it is deleted",
        );
    }
    if duration < Duration::from_mins(1) {
        problems.add("expires", "is to be at least `1m`");
    }
    Life::For(duration)
}

/// A time, or how long ago; or a log sequence number.
pub(super) fn point(raw: &Raw, problems: &mut Problems) -> Option<Moment> {
    if raw.parent_timestamp.is_some() && raw.parent_lsn.is_some() {
        problems.add("parent-lsn", "`parent-timestamp` names a point, too; give one of them");
    }
    if let Some(text) = raw.parent_timestamp.as_deref().map(str::trim) {
        let moment = match text.parse() {
            Ok(at) => Some(Moment::Fixed(Point::Timestamp(at))),
            Err(_) => ago(text),
        };
        if moment.is_none() {
            problems.add(
                "parent-timestamp",
                format!("`{text}` is neither a time with its zone, such as `2026-01-31T09:30:00Z`, nor how long ago, such as `30m`"),
            );
        }
        return moment;
    }
    let lsn = raw.parent_lsn.as_deref().map(str::trim)?;
    let hex = |part: &str| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_hexdigit());
    if !lsn.split_once('/').is_some_and(|(high, low)| hex(high) && hex(low)) {
        problems.add(
            "parent-lsn",
            format!("`{lsn}` is not a log sequence number, such as `0/1A2B3C8`"),
        );
    }
    Some(Moment::Fixed(Point::Lsn(lsn.to_owned())))
}

fn ago(text: &str) -> Option<Moment> {
    let ago = actions_core::duration::parse(text)?;
    let at = Timestamp::now()
        .checked_sub(jiff::SignedDuration::try_from(ago).ok()?)
        .ok()?;
    Some(Moment::Ago(ago, at))
}

/// `false`, `true`, or how long to wait for a login.
pub(super) fn wait(value: Option<&str>, problems: &mut Problems) -> Option<Duration> {
    let value = value.map_or("true", str::trim);
    match value {
        "true" => return Some(USUAL_WAIT),
        "false" => return None,
        _ => {}
    }
    let wait = actions_core::duration::parse(value).filter(|wait| (SHORTEST_WAIT..=LONGEST_WAIT).contains(wait));
    if wait.is_none() {
        problems.add(
            "wait",
            format!("`{value}` is neither `true`, `false` nor a duration from `1s` to `10m`, such as `3m`"),
        );
    }
    wait
}

/// `0.25`, or `0.25-2` for a range.
pub(super) fn compute(value: Option<&str>, problems: &mut Problems) -> Option<Compute> {
    let value = value?.trim();
    let (min, max) = value.split_once('-').unwrap_or((value, value));
    match (min.trim().parse::<f64>(), max.trim().parse::<f64>()) {
        (Ok(min), Ok(max)) if min >= SMALLEST && min <= max && max.is_finite() => Some(Compute { min, max }),
        _ => {
            problems.add(
                "compute",
                format!("`{value}` is no size in compute units, such as `0.25`, or a range such as `0.25-2`"),
            );
            None
        }
    }
}

/// Seconds; -1 for `never`. Absent unless asked for: Neon's Free plan refuses any value.
pub(super) fn suspend_timeout(value: Option<&str>, problems: &mut Problems) -> Option<i64> {
    if value.is_some_and(|value| value.trim() == "never") {
        return Some(-1);
    }
    let seconds = i64::try_from(problems.duration("suspend-timeout", value)?.as_secs()).unwrap_or(i64::MAX);
    if !(60..=604_800).contains(&seconds) {
        problems.add("suspend-timeout", "Neon allows from `60s` to `7d`, or `never`");
    }
    Some(seconds)
}
