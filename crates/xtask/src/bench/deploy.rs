//! Five Workers that call each other, and one that is built already: `deploy-workers` beside wrangler.
//!
//! Neither attaches a hostname: the environment's `routing` is `record`, and wrangler's configurations have no routes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::measure::{Measured, once};
use super::uses::Uses;
use super::{LATENCY_MS, Row};
use crate::child;
use crate::demo::cloud::Cloud;
use crate::demo::world::ACCOUNT;
use crate::install;
use crate::workspace::Workspace;

/// What is done where no action does it, see its head.
const SCRIPT: &str = include_str!("deploy_by_wrangler.sh");
const TOKEN: &str = "cf-token-for-tests";
/// Each with the services that it calls, callees first: three waves.
const SERVICES: [(&str, &[&str]); 5] = [
    ("auth", &[]),
    ("identity", &[]),
    ("content", &["identity"]),
    ("payments", &["auth", "identity"]),
    ("web", &["content", "auth"]),
];
const SECRETS: [(&str, &str); 2] = [
    ("DATABASE_URL", "postgresql://owner:npg_bench@ep-a.example/db"),
    ("SESSION_SECRET", "session-secret-of-the-bench"),
];
/// The one that is built already.
const PREBUILT: &str = "shop";

/// Whose Workers these are: both deploy to one account and do not meet.
#[derive(Clone, Copy)]
enum Side {
    Ours,
    Theirs,
}

impl Side {
    fn worker(self, service: &str) -> String {
        match self {
            Self::Ours => format!("{service}-ours-42"),
            Self::Theirs => format!("{service}-theirs-42"),
        }
    }
}

pub(super) fn rows(workspace: &Workspace, cloud: &Cloud, scratch: &Path, runs: usize) -> Result<Vec<Row>> {
    install::npm(workspace, "action-tests/clients")?;
    let bench = Bench {
        workspace,
        cloud,
        node: install::node(&workspace.path("action-tests/clients"))
            .context("action-tests/clients has no Node for this machine")?,
        packages: workspace.path("action-tests/clients/node_modules"),
        scratch: scratch.to_path_buf(),
    };
    bench.write()?;
    let mut times: [Vec<(f64, usize)>; 6] = Default::default();
    for _ in 0..runs {
        cloud.post("reset", &json!({}))?;
        cloud.post("seed", &json!({"latency_ms": LATENCY_MS}))?;
        let mut before = Vec::new();
        for (release, at) in [("one", 0), ("two", 2)] {
            bench.release(release)?;
            times[at].push(bench.action("ours")?.once(cloud)?);
            times[at + 1].push(once(cloud, &mut bench.script())?);
            before = bench.deployed(&before)?;
        }
        times[4].push(bench.prebuilt()?.once(cloud)?);
        times[5].push(once(cloud, &mut bench.prebuilt_by_wrangler())?);
        let state = cloud.state()?;
        let built = |side: Side| serves(&state, &side.worker(PREBUILT), &[]);
        ensure!(
            built(Side::Ours)? == built(Side::Theirs)?,
            "the two ways deployed other code"
        );
    }
    let [first, first_theirs, again, again_theirs, built, built_theirs] = times.map(Measured::of);
    let row = |job: &str, ours, other_way, theirs| Row {
        job: job.to_owned(),
        action: "deploy-workers",
        ours,
        other_way,
        theirs,
    };
    let one_by_one = "`wrangler deploy` and `wrangler secret bulk`, one Worker after another";
    Ok(vec![
        row("deploy 5 Workers in 3 waves", first, one_by_one, first_theirs),
        row("deploy them again with new code", again, one_by_one, again_theirs),
        row(
            "deploy a Worker that is built already (the action finds no Node)",
            built,
            "`wrangler deploy --no-bundle`",
            built_theirs,
        ),
    ])
}

struct Bench<'a> {
    workspace: &'a Workspace,
    cloud: &'a Cloud,
    node: PathBuf,
    packages: PathBuf,
    scratch: PathBuf,
}

impl Bench<'_> {
    fn write(&self) -> Result<()> {
        for side in ["ours", "theirs"] {
            let root = self.scratch.join(side);
            for (service, callees) in SERVICES {
                let folder = root.join(service);
                fs::create_dir_all(folder.join("src"))?;
                let binding = |callee: &&str| {
                    let worker = match side {
                        "ours" => (*callee).to_owned(),
                        _ => Side::Theirs.worker(callee),
                    };
                    json!({"binding": callee.to_uppercase(), "service": worker})
                };
                let config = json!({
                    "name": service, "main": "src/index.ts", "compatibility_date": "2026-07-01", "workers_dev": false,
                    "vars": {"SERVICE": service}, "services": callees.iter().map(binding).collect::<Vec<_>>(),
                });
                fs::write(folder.join("wrangler.json"), config.to_string())?;
                fs::write(folder.join("src/index.ts"), index(callees))?;
            }
            symlink(&self.packages, root.join("node_modules"))?;
        }
        fs::write(
            self.scratch.join("ours/codex.toml"),
            manifest(&SERVICES.map(|(name, _)| name), &SECRETS),
        )?;
        fs::write(self.scratch.join("deploy.sh"), SCRIPT)?;
        fs::write(
            self.scratch.join("secrets.json"),
            Value::from_iter(secrets()).to_string(),
        )?;
        let folder = self.scratch.join("prebuilt").join(PREBUILT);
        fs::create_dir_all(folder.join("dist"))?;
        let config = json!({
            "name": PREBUILT, "main": "dist/index.js", "no_bundle": true, "compatibility_date": "2026-07-01", "workers_dev": false,
        });
        fs::write(folder.join("wrangler.json"), config.to_string())?;
        fs::write(
            folder.join("dist/index.js"),
            "export default { fetch: () => new Response(\"built already\") };\n",
        )?;
        Ok(())
    }

    /// New code for every Worker.
    fn release(&self, release: &str) -> Result<()> {
        for side in ["ours", "theirs"] {
            for (service, _) in SERVICES {
                let file = self.scratch.join(side).join(service).join("src/release.ts");
                fs::write(
                    file,
                    format!("export const release: string = \"release {release} of {service}\";\n"),
                )?;
            }
        }
        Ok(())
    }

    /// `deploy-workers` in a folder.
    fn in_folder(&self, folder: &str) -> Result<Uses> {
        let uses = Uses::new(self.workspace, "deploy-workers", &self.scratch.join(folder))?
            .with("health", "false")
            .with("cloudflare-api-token", TOKEN)
            .with("cloudflare-account-id", ACCOUNT)
            .with("cloudflare-api-url", &self.cloud.cloudflare)
            .env("HOME", self.scratch.display().to_string());
        Ok(SECRETS.iter().fold(uses, |uses, (name, value)| uses.env(name, *value)))
    }

    /// For a manifest.
    fn action(&self, folder: &str) -> Result<Uses> {
        let node = self.node.parent().unwrap_or(&self.node);
        Ok(self
            .in_folder(folder)?
            .with("pull-request", "42")
            .env("PATH", node.display().to_string()))
    }

    /// For one Worker, without a manifest as wrangler has none; nothing is on the `PATH`, Node neither.
    fn prebuilt(&self) -> Result<Uses> {
        Ok(self
            .in_folder("prebuilt")?
            .with("path", PREBUILT)
            .with("worker", &Side::Ours.worker(PREBUILT))
            .env("PATH", ""))
    }

    fn script(&self) -> Command {
        let mut command = Command::new("bash");
        self.for_wrangler(&mut command)
            .arg(self.scratch.join("deploy.sh"))
            .arg(self.scratch.join("secrets.json"))
            .args(SERVICES.map(|(name, _)| name))
            .env("ROOT", self.scratch.join("theirs"))
            .env("NODE", &self.node)
            .env("WRANGLER", self.wrangler());
        command
    }

    fn prebuilt_by_wrangler(&self) -> Command {
        let mut command = Command::new(&self.node);
        self.for_wrangler(&mut command)
            .arg(self.wrangler())
            .args(["deploy", "--no-bundle", "--name", &Side::Theirs.worker(PREBUILT)])
            .current_dir(self.scratch.join("prebuilt").join(PREBUILT));
        command
    }

    fn wrangler(&self) -> PathBuf {
        self.packages.join("wrangler/bin/wrangler.js")
    }

    fn for_wrangler<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        child::scrub(command);
        command
            .env("HOME", &self.scratch)
            .env("CI", "true")
            .env("CLOUDFLARE_API_BASE_URL", &self.cloud.cloudflare)
            .env("CLOUDFLARE_API_TOKEN", TOKEN)
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
            // It would ask npm's registry for a newer version, which is no part of the job.
            .env("WRANGLER_HIDE_BANNER", "true")
            .env("WRANGLER_SEND_METRICS", "false")
    }

    /// Fails unless both have left all five Workers with the same code, which none had before, and their secrets.
    /// Answers the codes.
    fn deployed(&self, before: &[String]) -> Result<Vec<String>> {
        let state = self.cloud.state()?;
        let mut codes = Vec::new();
        for (service, callees) in SERVICES {
            let code = |side: Side| {
                let mut bindings = secrets();
                bindings.extend(
                    callees
                        .iter()
                        .map(|callee| (callee.to_uppercase(), side.worker(callee))),
                );
                serves(&state, &side.worker(service), &bindings)
            };
            let ours = code(Side::Ours)?;
            ensure!(
                ours == code(Side::Theirs)?,
                "the two ways made other code of `{service}`"
            );
            ensure!(!before.contains(&ours), "`{service}` still has its old code");
            codes.push(ours);
        }
        Ok(codes)
    }
}

fn secrets() -> Vec<(String, String)> {
    SECRETS
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

fn manifest(services: &[&str], secrets: &[(&str, &str)]) -> String {
    let names: Vec<&str> = secrets.iter().map(|(name, _)| *name).collect();
    let services: Vec<String> = services
        .iter()
        .map(|name| format!("[services.{name}]\npath = \"{name}\"\nsecrets = {names:?}\n"))
        .collect();
    format!(
        "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\nrouting = \"record\"\n\
         hostname = \"{{subdomain}}-preview-{{pr}}\"\nworker = \"{{worker}}-ours-{{pr}}\"\n{}",
        services.concat()
    )
}

/// A small Worker that answers for itself and passes on what is another's.
fn index(callees: &[&str]) -> String {
    let bindings: Vec<String> = callees
        .iter()
        .map(|callee| format!("  {}: Fetcher;\n", callee.to_uppercase()))
        .collect();
    let routes: Vec<String> = callees
        .iter()
        .map(|callee| {
            format!(
                "    if (path.startsWith(\"/{callee}/\")) return env.{}.fetch(request);\n",
                callee.to_uppercase()
            )
        })
        .collect();
    format!(
        "import {{ release }} from \"./release\";\n\
         interface Fetcher {{\n  fetch(request: Request): Promise<Response>;\n}}\n\
         interface Env {{\n  SERVICE: string;\n  DATABASE_URL: string;\n  SESSION_SECRET: string;\n{}}}\n\
         export default {{\n  async fetch(request: Request, env: Env): Promise<Response> {{\n    \
         const path = new URL(request.url).pathname;\n{}    \
         return Response.json({{ service: env.SERVICE, release, ready: Boolean(env.DATABASE_URL && env.SESSION_SECRET) }});\n  }},\n}};\n",
        bindings.concat(),
        routes.concat(),
    )
}

/// The hash of the code that serves. Fails unless it has these bindings: name, and text or service.
fn serves(state: &Value, worker: &str, bindings: &[(String, String)]) -> Result<String> {
    let found = &state["cloudflare"]["accounts"][ACCOUNT]["workers"][worker];
    let id = &found["deployments"][0]["versions"][0]["version_id"];
    let mut versions = found["versions"].as_array().into_iter().flatten();
    let content = versions
        .find(|version| version["id"] == *id)
        .map(|version| &version["content"])
        .with_context(|| format!("Worker `{worker}` was not deployed"))?;
    for (name, value) in bindings {
        let mut all = content["bindings"].as_array().into_iter().flatten();
        let given = |binding: &Value| {
            binding["name"] == **name && (binding["text"] == **value || binding["service"] == **value)
        };
        ensure!(
            all.any(given),
            "Worker `{worker}` has no `{name}` with the value that it was given"
        );
    }
    let hash = content["etag"]
        .as_str()
        .context("local-cloud tells no hash of the code")?;
    Ok(hash.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_looked_at_by_the_version_that_serves() {
        let version = |id: &str, etag: &str, secret: &str| json!({"id": id, "content": {"etag": etag, "bindings": [{"name": "KEY", "type": "secret_text", "text": secret}]}});
        let worker = json!({
            "deployments": [{"versions": [{"version_id": "2"}]}, {"versions": [{"version_id": "1"}]}],
            "versions": [version("1", "old", "x"), version("2", "new", "y"), version("3", "waiting", "z")],
        });
        let state = json!({"cloudflare": {"accounts": {ACCOUNT: {"workers": {"api": worker}}}}});
        let key = |value: &str| [("KEY".to_owned(), value.to_owned())];
        assert_eq!(serves(&state, "api", &key("y")).unwrap(), "new");
        assert!(serves(&state, "api", &key("x")).is_err());
        assert!(serves(&state, "web", &[]).is_err());
    }
}
