//! What a child has printed and told: why it failed, in its own words.

use std::process::ExitStatus;

use serde_json::Value;

/// How much of a failed build's output is kept.
const LONGEST_LOG: usize = 20_000;

/// A build, a bundle or an upload that failed.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Failed {
    /// Its own words, or ours when it said nothing.
    pub reason: String,
    /// The end of what it printed.
    pub log: String,
}

pub(super) fn printed(stdout: &[u8], stderr: &[u8]) -> String {
    let (stdout, stderr) = (String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
    plain(&format!("{stdout}{stderr}"))
}

/// Text without terminal colours (wrangler prints some whatever it is told).
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            plain.push(c);
        } else if chars.next_if_eq(&'[').is_some() {
            for c in chars.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        }
    }
    plain
}

/// The end of a log, from a line's start.
pub(super) fn tail(text: &str) -> String {
    let mut from = text.len().saturating_sub(LONGEST_LOG);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let end = &text[from..];
    if from == 0 {
        return end.trim().to_owned();
    }
    let whole = end.split_once('\n').map_or(end, |(_, rest)| rest);
    format!("… (cut)\n{}", whole.trim_end())
}

/// The entries of wrangler's output file, one JSON object a line.
pub(super) fn entries(told: &str) -> impl DoubleEndedIterator<Item = Value> {
    told.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// Why wrangler failed: the message of its `command-failed` entry, else the first error that it printed, else its status.
pub(super) fn failed_reason(told: &str, printed: &str, status: ExitStatus) -> String {
    let said = reason(told).or_else(|| error(printed));
    said.unwrap_or_else(|| format!("wrangler {}", ended(status)))
}

/// `ended with status 3`, or `was killed`.
pub(super) fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with status {code}"),
        None => "was killed".to_owned(),
    }
}

fn reason(told: &str) -> Option<String> {
    let failed = entries(told).rfind(|entry| entry["type"] == "command-failed")?;
    let message = plain(failed["message"].as_str()?).trim().to_owned();
    // Cloudflare's own words are not in the message, but its code is in the entry.
    Some(match failed["code"].as_u64() {
        Some(code) if !message.contains(&code.to_string()) => format!("{message} (code {code})"),
        _ => message,
    })
}

/// The first error that wrangler printed: its output file tells none before 4.45 (tried: 4.40.0).
fn error(printed: &str) -> Option<String> {
    let (_, text) = printed.split_once("[ERROR]")?;
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim().trim_start_matches("✘ [ERROR] "))
        .take_while(|line| !line.starts_with("🪵"))
        .filter(|line| !line.is_empty())
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(plain("\u{1b}[31m✘ \u{1b}[41;31m[ERROR]\u{1b}[0m x"), "✘ [ERROR] x");
    }

    #[test]
    fn wranglers_own_words_are_found() {
        let told = "{\"type\":\"wrangler-session\"}\n{\"type\":\"command-failed\",\"message\":\"Processing wrangler.jsonc:\\n  - bad\"}\n";
        assert_eq!(reason(told).unwrap(), "Processing wrangler.jsonc:\n  - bad");
        assert_eq!(reason("{\"type\":\"wrangler-session\"}"), None);
        let told = "{\"type\":\"command-failed\",\"code\":10000,\"message\":\"A request failed.\"}";
        assert_eq!(reason(told).unwrap(), "A request failed. (code 10000)");
        let printed = " ⛅️ wrangler 4.40.0\n\n✘ [ERROR] Build failed with 1 error:\n\n  ✘ [ERROR] Could not resolve \"./missing\"\n\n      index.ts:1:7:\n\n\n🪵  Logs were written\n";
        assert_eq!(
            error(printed).unwrap(),
            "Build failed with 1 error:\n  Could not resolve \"./missing\"\n  index.ts:1:7:"
        );
        assert_eq!(error("killed"), None);
    }

    #[test]
    fn a_long_log_keeps_its_end() {
        let log = format!("{}\nthe end", "line\n".repeat(10_000));
        let tail = tail(&log);
        assert!(tail.len() < LONGEST_LOG + 50 && tail.starts_with("… (cut)\nline") && tail.ends_with("the end"));
    }
}
