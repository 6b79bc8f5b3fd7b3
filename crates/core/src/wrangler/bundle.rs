//! Bundles a Worker with the project's own wrangler, by a dry run that makes no request.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;

use super::child::Sandbox;
use super::form::Form;
use super::tool::{Tool, Version};

/// A build that takes longer hangs.
pub(super) const LONGEST_BUILD: Duration = Duration::from_mins(15);
/// From here on wrangler takes bindings without ids (tried: 4.44.0 does not).
const WITHOUT_IDS: Version = Version(4, 45, 0);
/// How much of a failed build's output is kept.
const LONGEST_LOG: usize = 20_000;

/// A bundled Worker.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What would be uploaded, before it is rendered for an environment.
    pub form: Form,
    /// wrangler's warnings, in its words.
    pub warnings: Vec<String>,
    pub took: Duration,
}

/// A build, a bundle or an upload that failed.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Failed {
    /// Its own words, or ours when it said nothing.
    pub reason: String,
    /// The end of what it printed.
    pub log: String,
}

impl Bundle {
    /// Bundles the Worker in `folder` for an environment of its configuration, or for its top level.
    pub async fn make(
        tool: &Tool,
        sandbox: &Sandbox,
        folder: &Path,
        environment: Option<&str>,
    ) -> Result<Self, Failed> {
        let started = Instant::now();
        let lost = |error: std::io::Error| Failed {
            reason: format!("wrangler could not be run: {error}"),
            log: String::new(),
        };
        let place = tempfile::tempdir_in(sandbox.folder()).map_err(lost)?;
        let (out, form, told) = (
            place.path().join("out"),
            place.path().join("form"),
            place.path().join("told.ndjson"),
        );
        // An empty `--env` means the top level; without the flag wrangler would only guess so.
        let environment = format!("--env={}", environment.unwrap_or_default());
        let args = [
            tool.script.as_os_str(),
            OsStr::new("deploy"),
            OsStr::new("--dry-run"),
            OsStr::new("--outdir"),
            out.as_os_str(),
            OsStr::new("--outfile"),
            form.as_os_str(),
            OsStr::new(&environment),
        ];
        let more = [
            ("WRANGLER_OUTPUT_FILE_PATH", told.as_os_str()),
            ("WRANGLER_LOG_PATH", place.path().as_os_str()),
        ];
        let output = sandbox
            .run(&tool.node.path, &args, folder, &more, LONGEST_BUILD)
            .await
            .map_err(lost)?;
        let printed = printed(&output.stdout, &output.stderr);
        let failed = |reason: String| Failed {
            reason,
            log: tail(&printed),
        };
        if !output.status.success() {
            let told = std::fs::read_to_string(&told).unwrap_or_default();
            let mut reason = failed_reason(&told, &printed, output.status);
            let asks_for_id = |field: &&str| reason.contains(&format!("\"{field}\" field"));
            if tool.version < WITHOUT_IDS && ["id", "bucket_name", "database_id"].iter().any(asks_for_id) {
                reason += &format!(
                    "\nwrangler {} wants an id of every resource; {WITHOUT_IDS} is the first that does not: raise it in the project's package.json",
                    tool.version
                );
            }
            return Err(failed(reason));
        }
        let bytes = std::fs::read(&form).map_err(|_| failed("wrangler ended well, but left no bundle".to_owned()))?;
        let form = Form::read(Bytes::from(bytes)).await;
        let form = form.map_err(|problem| failed(format!("wrangler's bundle cannot be read: {problem}")))?;
        Ok(Self {
            form,
            warnings: warnings(&plain(&String::from_utf8_lossy(&output.stderr))),
            took: started.elapsed(),
        })
    }
}

pub(super) fn printed(stdout: &[u8], stderr: &[u8]) -> String {
    let (stdout, stderr) = (String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
    plain(&format!("{stdout}{stderr}"))
}

/// Text without terminal colours (wrangler prints some whatever it is told).
fn plain(text: &str) -> String {
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
    said.unwrap_or_else(|| match status.code() {
        Some(code) => format!("wrangler ended with status {code}"),
        None => "wrangler was killed".to_owned(),
    })
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

/// The paragraphs that wrangler marks as warnings, each on one line.
fn warnings(stderr: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut lines = stderr.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((_, first)) = line.split_once("[WARNING]") else {
            continue;
        };
        let mut text = first.trim().to_owned();
        while let Some(line) = lines.next_if(|line| !line.contains("[ERROR]") && !line.contains("[WARNING]")) {
            let line = line.trim();
            if !line.is_empty() {
                text.push(' ');
                text.push_str(line);
            }
        }
        warnings.push(text);
    }
    warnings
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
        let stderr = "▲ [WARNING] Processing configuration:\n\n    - \"vars\" is not inherited\n\n▲ [WARNING] two\n";
        assert_eq!(
            warnings(stderr),
            ["Processing configuration: - \"vars\" is not inherited", "two"]
        );
    }

    #[test]
    fn a_long_log_keeps_its_end() {
        let log = format!("{}\nthe end", "line\n".repeat(10_000));
        let tail = tail(&log);
        assert!(tail.len() < LONGEST_LOG + 50 && tail.starts_with("… (cut)\nline") && tail.ends_with("the end"));
    }
}
