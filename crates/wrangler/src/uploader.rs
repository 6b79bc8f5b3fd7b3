//! Uploads a Worker with the project's own wrangler: the way out for what our own client does not do (containers,
//! queue consumers, workflows, Workers Sites).
//!
//! wrangler is kept on a short lead. It is given a configuration of ours in which everything is decided already: the
//! name, the bindings of the environment, no routes, no domains, no schedules and no build command, so that it runs no
//! code of the project's while it holds the token. Secrets go through a file that only this user can read and that
//! ends with the call (as JSON: in the other format wrangler fills in variables of its own, the token for one). No
//! `.env` is read. (Contract sheet of wrangler, sections 1, 4 and 6.)

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use super::child::{NOT_OPENNEXT, Sandbox};
use super::output::{Failed, entries, failed_reason, printed, tail};
use super::tool::{Tool, Version};
use actions_core::error::{Fault, fault};

/// The oldest wrangler whose `deploy` takes `--secrets-file`, `--tag` and `--message`.
const OLDEST: Version = Version(4, 74, 0);
/// An upload that takes longer hangs. Images of containers are large.
const LONGEST: Duration = Duration::from_mins(30);

/// What wrangler is to upload.
pub struct ToUpload<'a> {
    /// The Worker's folder.
    pub folder: &'a Path,
    /// The configuration's own folder, where its paths start.
    pub config_folder: &'a Path,
    /// The whole configuration, see [`super::Settings::for_upload`].
    pub config: &'a Map<String, Value>,
    /// By the Worker's name for them.
    pub secrets: &'a [(String, SecretString)],
    pub token: &'a SecretString,
    pub account: &'a str,
    /// The version's annotations.
    pub tag: &'a str,
    pub message: &'a str,
}

impl Tool {
    /// Whether this wrangler can upload for us.
    ///
    /// # Errors
    /// It is too old, with the remedy.
    pub fn can_upload(&self) -> Result<(), Fault> {
        if self.version >= OLDEST {
            return Ok(());
        }
        Err(fault(format!(
            "wrangler {} cannot upload secrets together with the code; `uploader: wrangler` needs {OLDEST} or newer",
            self.version
        ))
        .hint("raise `wrangler` in the project's package.json, such as `npm install --save-dev wrangler@latest`"))
    }

    /// Uploads and deploys at 100 %; returns the version that wrangler says serves.
    ///
    /// # Errors
    /// wrangler failed, or told no version. What serves then is not known: it may have deployed before it failed.
    pub async fn upload(&self, sandbox: &Sandbox, what: &ToUpload<'_>) -> Result<String, Failed> {
        let lost = |error: std::io::Error| Failed {
            reason: format!("wrangler could not be run: {error}"),
            log: String::new(),
        };
        let config = private_file(what.config_folder, "wrangler.codex-", what.config);
        let config = config.map_err(lost)?;
        let place = tempfile::tempdir_in(sandbox.folder()).map_err(lost)?;
        let secrets: Map<String, Value> = what
            .secrets
            .iter()
            .map(|(name, value)| (name.clone(), value.expose_secret().into()))
            .collect();
        let secrets = (!secrets.is_empty()).then(|| private_file(place.path(), "secrets-", &secrets));
        let secrets = secrets.transpose().map_err(lost)?;
        let told = place.path().join("told.ndjson");
        let mut args = vec![
            self.script.as_os_str(),
            OsStr::new("deploy"),
            OsStr::new("--config"),
            config.path().as_os_str(),
            // A repository's `.env` could name another host for the token.
            OsStr::new("--env-file"),
            OsStr::new("/dev/null"),
            // Namespaces without an id would be made by wrangler, under names that nobody cleans up.
            OsStr::new("--no-experimental-provision"),
            OsStr::new("--tag"),
            OsStr::new(what.tag),
            OsStr::new("--message"),
            OsStr::new(what.message),
        ];
        if let Some(secrets) = &secrets {
            args.extend([OsStr::new("--secrets-file"), secrets.path().as_os_str()]);
        }
        let more = [
            ("CLOUDFLARE_API_TOKEN", OsStr::new(what.token.expose_secret())),
            ("CLOUDFLARE_ACCOUNT_ID", OsStr::new(what.account)),
            (NOT_OPENNEXT.0, OsStr::new(NOT_OPENNEXT.1)),
            ("WRANGLER_OUTPUT_FILE_PATH", told.as_os_str()),
            ("WRANGLER_LOG_PATH", place.path().as_os_str()),
        ];
        let output = sandbox
            .run(&self.node.path, &args, what.folder, &more, LONGEST)
            .await
            .map_err(lost)?;
        let told = std::fs::read_to_string(&told).unwrap_or_default();
        let printed = printed(&output.stdout, &output.stderr);
        let log = tail(&printed);
        if !output.status.success() {
            return Err(Failed {
                reason: failed_reason(&told, &printed, output.status),
                log,
            });
        }
        let name = what.config.get("name").and_then(Value::as_str).unwrap_or_default();
        version(&told, name).map_err(|reason| Failed { reason, log })
    }
}

/// A JSON file that only this user can read, and that goes away with the value.
pub(super) fn private_file(
    folder: &Path,
    prefix: &str,
    content: &Map<String, Value>,
) -> std::io::Result<NamedTempFile> {
    // tempfile makes files with mode 0600.
    let mut file = tempfile::Builder::new()
        .prefix(prefix)
        .suffix(".json")
        .tempfile_in(folder)?;
    file.write_all(&serde_json::to_vec(content)?)?;
    file.flush()?;
    Ok(file)
}

/// The version of the last `deploy` entry in wrangler's output file, if it is this Worker's.
fn version(told: &str, name: &str) -> Result<String, String> {
    let deployed = entries(told)
        .rfind(|entry| entry["type"] == "deploy")
        .unwrap_or_default();
    match (deployed["worker_name"].as_str(), deployed["version_id"].as_str()) {
        (Some(worker), Some(_)) if worker != name => Err(format!(
            "wrangler was to deploy Worker `{name}`, and says that it deployed `{worker}`"
        )),
        (_, Some(version)) => Ok(version.to_owned()),
        // `--strict` and dry runs end well, too, with an entry that has no version.
        (_, None) => Err("wrangler ended well, but told no version that it deployed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_deployment_with_a_version_counts() {
        let session = "{\"type\":\"wrangler-session\"}\n";
        let deploy =
            |id: &str| format!("{session}{{\"type\":\"deploy\",\"worker_name\":\"api\",\"version_id\":{id}}}\n");
        assert_eq!(version(&deploy("\"v-1\""), "api").as_deref(), Ok("v-1"));
        let other = version(&deploy("\"v-1\""), "web").unwrap_err();
        assert_eq!(
            other,
            "wrangler was to deploy Worker `web`, and says that it deployed `api`"
        );
        for none in [deploy("null"), session.to_owned()] {
            assert!(version(&none, "api").unwrap_err().contains("told no version"), "{none}");
        }
    }

    #[test]
    fn a_private_file_is_nobody_elses_and_ends_with_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let file = private_file(dir.path(), "secrets-", json!({"A": "$B"}).as_object().unwrap()).unwrap();
        let path = file.path().to_owned();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), r#"{"A":"$B"}"#);
        drop(file);
        assert!(!path.exists());
    }
}
