//! Bundles a Worker with the project's own wrangler, by a dry run that makes no request.

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::child::{CLOUDFLARE_ENV, LONGEST_BUILD, NOT_OPENNEXT, Sandbox};
use super::config::Config;
use super::form::Form;
use super::output::{Failed, entries, failed_reason, plain, printed};
use super::tool::{Tool, Version};
use super::uploader::private_file;

/// From here on wrangler takes bindings without ids (tried: 4.44.0 does not).
const WITHOUT_IDS: Version = Version(4, 45, 0);

/// A bundled Worker.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What would be uploaded, before it is rendered for an environment.
    pub form: Form,
    /// wrangler's warnings, in its words.
    pub warnings: Vec<String>,
    pub took: Duration,
}

impl Bundle {
    /// Bundles the Worker in `folder` for an environment of its configuration, or for its top level.
    ///
    /// # Errors
    /// wrangler failed, or bundled another configuration's Worker.
    pub async fn make(
        tool: &Tool,
        sandbox: &Sandbox,
        folder: &Path,
        config: &Config,
        environment: Option<&str>,
        worker: &str,
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
        let replaced = config
            .replaced()
            .map(|config_value| private_file(config.folder(), "wrangler.codex-", config_value));
        let replaced = replaced.transpose().map_err(lost)?;
        let file = replaced.as_ref().map_or(config.file.as_path(), |file| file.path());
        let file = std::path::absolute(file).map_err(lost)?;
        // An empty `--env` means the top level; without the flag wrangler would only guess so.
        let asked = format!("--env={}", config.asked(environment).unwrap_or_default());
        let name = format!("--name={worker}");
        let mut args = vec![
            tool.script.as_os_str(),
            OsStr::new("deploy"),
            OsStr::new("--dry-run"),
            OsStr::new("--outdir"),
            out.as_os_str(),
            OsStr::new("--outfile"),
            form.as_os_str(),
            // Else wrangler would search for one, and may find another Worker's first: see [`Config::find`].
            OsStr::new("--config"),
            file.as_os_str(),
            OsStr::new(&asked),
        ];
        // A configuration needs none of its own where somebody else names the Worker.
        if config.name(environment).is_none() {
            args.push(OsStr::new(&name));
        }
        let more = [
            // For a build command of the configuration's own.
            (CLOUDFLARE_ENV, OsStr::new(environment.unwrap_or_default())),
            (NOT_OPENNEXT.0, OsStr::new(NOT_OPENNEXT.1)),
            ("WRANGLER_OUTPUT_FILE_PATH", told.as_os_str()),
            ("WRANGLER_LOG_PATH", place.path().as_os_str()),
        ];
        let output = sandbox
            .run(&tool.node.path, &args, folder, &more, LONGEST_BUILD)
            .await
            .map_err(lost)?;
        let printed = printed(&output.stdout, &output.stderr);
        let failed = |reason: String| sandbox.failed(reason, &printed);
        let told = std::fs::read_to_string(&told).unwrap_or_default();
        if !output.status.success() {
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
        if let Some(problem) = another(&told, config, environment) {
            return Err(failed(problem));
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

/// Whether what came back is another Worker than the configuration's, or cannot be told from one.
fn another(told: &str, config: &Config, environment: Option<&str>) -> Option<String> {
    let wanted = config.name(environment)?;
    let bundled = entries(told).rfind(|entry| entry["type"] == "deploy");
    let bundled = bundled.as_ref().and_then(|entry| entry["worker_name"].as_str());
    (bundled != Some(&wanted)).then(|| {
        format!(
            "wrangler was to bundle Worker `{wanted}` of `{}`, and says that it bundled {}",
            config.file.display(),
            bundled.map_or_else(|| "none".to_owned(), |name| format!("`{name}`"))
        )
    })
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
    fn what_came_back_is_held_against_the_configuration() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("wrangler.json"),
            r#"{"name": "api", "env": {"live": {}}}"#,
        )
        .unwrap();
        let config = Config::find(dir.path()).unwrap();
        let told = |name: &str| {
            format!("{{\"type\":\"wrangler-session\"}}\n{{\"type\":\"deploy\",\"worker_name\":\"{name}\"}}\n")
        };
        assert_eq!(another(&told("api"), &config, None), None);
        assert_eq!(another(&told("api-live"), &config, Some("live")), None);
        let problem = another(&told("web"), &config, None).unwrap();
        assert!(
            problem.starts_with("wrangler was to bundle Worker `api` of `"),
            "{problem}"
        );
        assert!(
            problem.ends_with("wrangler.json`, and says that it bundled `web`"),
            "{problem}"
        );
        assert!(another("", &config, None).unwrap().ends_with("bundled none"));
    }

    #[test]
    fn warnings_are_told_in_wranglers_words() {
        let stderr = "▲ [WARNING] Processing configuration:\n\n    - \"vars\" is not inherited\n\n▲ [WARNING] two\n";
        assert_eq!(
            warnings(stderr),
            ["Processing configuration: - \"vars\" is not inherited", "two"]
        );
    }
}
