//! Durations as users write them: `90s`, `5m`, `1h30m`, `7d`, or plain seconds.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::fmt::friendly::SpanParser;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use regex_lite::Regex;

/// What a duration looks like, for the manifest's JSON schema and for [`parse`] alike: the largest unit first, each
/// number small enough for jiff. It fits the empty text, too, which is no duration.
pub const PATTERN: &str =
    "^([0-9]{1,11}|([0-9]{1,6}w)?([0-9]{1,6}d)?([0-9]{1,8}h)?([0-9]{1,10}m(in)?)?([0-9]{1,11}s)?([0-9]{1,14}ms)?)$";

static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(PATTERN).ok());

/// Reads `90s`, `5m`, `2h`, `7d`, `1w`, `500ms`, combinations such as `1h30m`, and plain seconds (`90`).
///
/// # Errors
/// `None` when the text is none of these.
pub fn parse(text: &str) -> Option<Duration> {
    if text.is_empty() || !SHAPE.as_ref()?.is_match(text) {
        return None;
    }
    let span = match text.parse::<i64>() {
        Ok(seconds) => Span::new().try_seconds(seconds).ok()?,
        Err(_) => SpanParser::new().parse_span(text).ok()?,
    };
    let total: SignedDuration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_write() {
        for (text, seconds) in [
            ("90s", 90),
            ("90", 90),
            ("0", 0),
            ("5m", 300),
            ("5min", 300),
            ("1h30m", 5400),
            ("7d", 604_800),
            ("1w1d", 691_200),
            ("2h", 7200),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("1s500ms"), Some(Duration::from_millis(1500)));
        for text in [
            "",
            "abc",
            "-5",
            "5 apples",
            "s",
            "1.5h",
            "30m1h",
            "1h 1h",
            "7d ago",
            "99999999999999999999d",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_largest_numbers_of_the_pattern_are_durations() {
        for unit in [
            ("w", 6),
            ("d", 6),
            ("h", 8),
            ("m", 10),
            ("min", 10),
            ("s", 11),
            ("ms", 14),
            ("", 11),
        ] {
            let nines = |count| format!("{}{}", "9".repeat(count), unit.0);
            assert!(parse(&nines(unit.1)).is_some(), "{}", nines(unit.1));
            assert!(parse(&nines(unit.1 + 1)).is_none(), "{}", nines(unit.1 + 1));
        }
        let all = "999999w999999d99999999h9999999999m99999999999s99999999999999ms";
        assert!(parse(all).is_some());
    }
}
