//! DNS records of nine hostnames: `preview-dns` beside one `curl` per call.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::json;

use super::measure::{Measured, once};
use super::uses::Uses;
use super::{LATENCY_MS, Row};
use crate::child;
use crate::demo::cloud::Cloud;
use crate::workspace::Workspace;

/// The old script's calls, see its head.
const SCRIPT: &str = include_str!("dns_by_curl.sh");
const ZONE: &str = "023e105f4ecef8ad9ca31a8372d0c353";
const TOKEN: &str = "cf-token-for-tests";
const SERVICES: [&str; 9] = [
    "auth", "web", "content", "identity", "payments", "mail", "media", "search", "admin",
];
/// Records that the zone has beforehand.
const BEFORE: usize = 3;

pub(super) fn rows(workspace: &Workspace, cloud: &Cloud, scratch: &Path, runs: usize) -> Result<Vec<Row>> {
    cloud.post("reset", &json!({}))?;
    cloud.post(
        "seed",
        &json!({"latency_ms": LATENCY_MS, "cloudflare": {"zones": [{"name": "example.com", "records": [
            {"type": "A", "name": "example.com", "content": "192.0.2.10"},
            {"type": "CNAME", "name": "www", "content": "example.com", "proxied": true},
            {"type": "TXT", "name": "example.com", "content": "v=spf1 -all"},
        ]}]}}),
    )?;
    let services: Vec<String> = SERVICES
        .iter()
        .map(|name| format!("[services.{name}]\npath = \"{name}\"\n"))
        .collect();
    fs::write(
        scratch.join("codex.toml"),
        format!(
            "[project]\nname = \"codex\"\nzone = \"example.com\"\n[environments.preview]\n\
             hostname = \"{{subdomain}}-preview-{{pr}}\"\nworker = \"{{worker}}-preview-{{pr}}\"\n{}",
            services.concat()
        ),
    )?;
    fs::write(scratch.join("dns.sh"), SCRIPT)?;

    let mut times: [Vec<(f64, usize)>; 4] = Default::default();
    for _ in 0..runs {
        // In turns, so that what slows the machine down slows both.
        for (at, command, left) in [(0, "apply", BEFORE + SERVICES.len()), (1, "delete", BEFORE)] {
            times[at].push(action(workspace, cloud, scratch, command)?.once(cloud)?);
            ensure!(records(cloud)? == left, "preview-dns did not `{command}`");
        }
        for (at, command, left) in [(2, "create", BEFORE + SERVICES.len()), (3, "delete", BEFORE)] {
            times[at].push(once(cloud, &mut script(cloud, scratch, command))?);
            ensure!(records(cloud)? == left, "the script did not `{command}`");
        }
    }
    let [made, deleted, made_by_script, deleted_by_script] = times.map(Measured::of);
    let row = |job: &str, ours, theirs| Row {
        job: job.to_owned(),
        action: "preview-dns",
        ours,
        other_way: "`curl`, as the old script called it",
        theirs,
    };
    Ok(vec![
        row("create the records of 9 hostnames", made, made_by_script),
        row("delete them", deleted, deleted_by_script),
    ])
}

fn records(cloud: &Cloud) -> Result<usize> {
    let state = cloud.state()?;
    let records = state["cloudflare"]["zones"][ZONE]["records"].as_array();
    Ok(records.map_or(0, Vec::len))
}

fn action(workspace: &Workspace, cloud: &Cloud, scratch: &Path, what: &str) -> Result<Uses> {
    Ok(Uses::new(workspace, "preview-dns", scratch)?
        .with("command", what)
        .with("pull-request", "42")
        .with("cloudflare-api-token", TOKEN)
        .with("cloudflare-api-url", &cloud.cloudflare)
        .with("cloudflare-zone-id", ZONE))
}

fn script(cloud: &Cloud, scratch: &Path, what: &str) -> Command {
    let mut command = Command::new("bash");
    child::scrub(&mut command);
    command
        .arg(scratch.join("dns.sh"))
        .arg(what)
        .args(SERVICES.map(|name| format!("{name}-preview-42.example.com")))
        .env("API", &cloud.cloudflare)
        .env("TOKEN", TOKEN)
        .env("ZONE", ZONE);
    command
}
