//! Points in time as Neon writes them, and the log sequence numbers that stand for them.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};

/// A point in time. Printed in UTC with a precision of seconds, as Neon prints its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At(pub(crate) Timestamp);

impl At {
    /// Reads RFC 3339 with a zone (`Z` or an offset).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    pub(crate) fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.checked_add(SignedDuration::from_millis(ms)).unwrap_or(self.0))
    }

    pub(crate) fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_ms(seconds.saturating_mul(1000))
    }

    /// The start of this second: what is left of a time that was printed and read again.
    pub(crate) fn whole(self) -> Self {
        Self(Timestamp::from_second(self.0.as_second()).unwrap_or(self.0))
    }

    /// Milliseconds from `earlier` to here; negative when `earlier` is later.
    pub(crate) fn ms_since(self, earlier: Self) -> i64 {
        self.0.as_millisecond() - earlier.0.as_millisecond()
    }

    pub(crate) fn seconds_since(self, earlier: Self) -> i64 {
        self.0.as_second() - earlier.0.as_second()
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}", self.whole().0)
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where a project's write-ahead log begins.
const FIRST_LSN: u64 = 0x14E_E0D8;
/// A steady writer: bytes of log per millisecond, so that times and positions convert both ways.
const BYTES_PER_MS: u64 = 8;

/// The position (`16/B374D848`) that a log begun at `origin` has reached at `at`.
pub(crate) fn lsn_at(origin: At, at: At) -> String {
    let ms = u64::try_from(at.ms_since(origin)).unwrap_or(0);
    let lsn = FIRST_LSN + ms * BYTES_PER_MS;
    format!("{:X}/{:X}", lsn >> 32, lsn & 0xFFFF_FFFF)
}

/// When a log begun at `origin` reached `lsn`; none when that is no position.
pub(crate) fn time_of_lsn(origin: At, lsn: &str) -> Option<At> {
    let (high, low) = lsn.split_once('/')?;
    let high = u64::from(u32::from_str_radix(high, 16).ok()?);
    let low = u64::from(u32::from_str_radix(low, 16).ok()?);
    let ms = ((high << 32) | low).saturating_sub(FIRST_LSN) / BYTES_PER_MS;
    Some(origin.plus_ms(i64::try_from(ms).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_and_cut_to_seconds() {
        let at = At::parse("2026-07-01T10:00:00.987+02:00").unwrap();
        assert_eq!(at.to_string(), "2026-07-01T08:00:00Z");
        assert_eq!(at.whole().ms_since(at), -987);
        assert_eq!(At::parse("2026-07-01T10:00:00"), None, "no zone");
    }

    #[test]
    fn positions_convert_back_to_times() {
        let origin = At::parse("2026-07-01T08:00:00Z").unwrap();
        let later = origin.plus_seconds(90 * 86_400);
        let lsn = lsn_at(origin, later);
        assert_eq!(lsn, "E/7D31A0D8");
        assert_eq!(time_of_lsn(origin, &lsn), Some(later));
        assert_eq!(time_of_lsn(origin, "latest"), None);
    }
}
