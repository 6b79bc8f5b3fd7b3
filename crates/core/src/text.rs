//! Small wording helpers that every report shares.

use std::time::Duration;

/// `1 record`, `2 records`, `2 branches`, `2 tries`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 {
        return format!("1 {noun}");
    }
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{n} {stem}ies"),
        _ if noun.ends_with("ch") => format!("{n} {noun}es"),
        _ => format!("{n} {noun}s"),
    }
}

/// Says of all of them that they are not: ``the secret of `x` is not``, ``none of the 2 secrets of `x` is``.
pub fn none(n: usize, noun: &str, whose: &str) -> String {
    match n {
        1 => format!("the {noun} {whose} is not"),
        _ => format!("none of the {} {whose} is", count(n, noun)),
    }
}

/// `` `a`, `b` and `c` ``.
pub fn quoted_list<S: AsRef<str>>(items: &[S]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("`{}`", item.as_ref())).collect();
    listed(&quoted)
}

/// `a, b and c`.
pub fn listed(items: &[String]) -> String {
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// A duration as a person says it: `0.4 s`, `12 s`, `3 min 5 s`.
pub fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// `12.3 KiB`
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut value = n as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// The known name that `given` was probably meant to be, when one is near.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&given, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// At most `max` characters of `text`, cut with an ellipsis.
pub fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// A Markdown code fence longer than any run of backticks in `text`, around it.
pub fn fenced(language: &str, text: &str) -> String {
    // Markdown ends a line at a lone carriage return, too: the rest would stand outside of the quote around the fence.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        assert_eq!(nearest("hostnam", ["hostname", "worker"]), Some("hostname"));
        assert_eq!(nearest("colour", ["hostname", "worker"]), None);
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("diff", "a ```` b"), "`````diff\na ```` b\n`````");
        assert_eq!(fenced("", "a\rb\r\nc"), "```\na\nb\nc\n```");
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(quoted_list(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(count(2, "record"), "2 records");
        assert_eq!(count(2, "database branch"), "2 database branches");
        assert_eq!(count(2, "try"), "2 tries");
        assert_eq!(count(0, "day"), "0 days");
        assert_eq!(none(1, "secret", "of `x`"), "the secret of `x` is not");
        assert_eq!(none(2, "secret", "of `x`"), "none of the 2 secrets of `x` is");
        assert_eq!(elapsed(Duration::from_secs(185)), "3 min 5 s");
    }
}
