//! Durations as users write them: `90s`, `5m`, `1h30m`, `7d`, or plain seconds.

use std::time::Duration;

/// Reads `90s`, `5m`, `2h`, `7d`, `1w`, `500ms`, combinations such as `1h30m`, and plain seconds (`90`).
///
/// # Errors
/// `None` when the text is none of these, or overflows.
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |at| at + digits);
        let part = match rest[digits..unit_end].trim() {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" | "min" => Duration::from_secs(number.checked_mul(60)?),
            "h" => Duration::from_secs(number.checked_mul(3600)?),
            "d" => Duration::from_secs(number.checked_mul(86_400)?),
            "w" => Duration::from_secs(number.checked_mul(604_800)?),
            _ => return None,
        };
        total = total.checked_add(part)?;
        rest = rest[unit_end..].trim_start();
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_write() {
        for (text, seconds) in [
            ("90s", 90),
            ("90", 90),
            ("5m", 300),
            ("1h30m", 5400),
            ("7d", 604_800),
            (" 2h ", 7200),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "abc", "-5", "5 apples", "s", "1.5h", "99999999999999999999d"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
