//! `cargo xtask verify-live`: README.md says what it does and needs.

mod normal;
mod play;
mod scenario;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;
use local_cloud::{Options, Running};
use reqwest::Client;
use serde_json::json;

use crate::play::{Door, Played};
use crate::scenario::Scenario;

/// The vendor's base URL, the token's variable, and the variables of the placeholders.
type Needs = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

fn needs(provider: &str) -> Needs {
    match provider {
        "cloudflare" => (
            "https://api.cloudflare.com/client/v4",
            "CLOUDFLARE_API_TOKEN",
            &[("account", "CLOUDFLARE_ACCOUNT_ID"), ("zone", "VERIFY_ZONE")],
        ),
        "neon" => (
            "https://console.neon.tech/api/v2",
            "NEON_API_KEY",
            &[("project", "NEON_PROJECT_ID")],
        ),
        _ => (
            "https://api.github.com",
            "GITHUB_TOKEN",
            &[("repository", "VERIFY_REPOSITORY"), ("issue", "VERIFY_ISSUE")],
        ),
    }
}

/// The vendor's side, or the variable that is missing for it.
fn vendor(provider: &str, name: &str, client: &Client) -> Result<Door, &'static str> {
    let (base, token, placeholders) = needs(provider);
    let variable = |name: &'static str| std::env::var(name).ok().filter(|it| !it.is_empty()).ok_or(name);
    let mut known = BTreeMap::from([("name".to_owned(), name.to_owned())]);
    for (placeholder, name) in placeholders {
        known.insert((*placeholder).to_owned(), variable(name)?);
    }
    Ok(Door {
        base: base.to_owned(),
        token: variable(token)?.into(),
        known,
        client: client.clone(),
    })
}

/// A double's side: the world that every local cloud starts with.
fn double(provider: &str, name: &str, cloud: &Running, client: &Client) -> Door {
    let (base, known): (_, &[(&str, &str)]) = match provider {
        "cloudflare" => (
            &cloud.cloudflare,
            &[("account", "0123456789abcdef0123456789abcdef"), ("zone", "example.com")],
        ),
        "neon" => (&cloud.neon, &[("project", "quiet-river-12345678")]),
        _ => (&cloud.github, &[("repository", "acme/app"), ("issue", "42")]),
    };
    let named = [("name", name)];
    Door {
        base: base.clone(),
        token: "verify-live".into(),
        known: known
            .iter()
            .chain(&named)
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        client: client.clone(),
    }
}

async fn start() -> Result<Running> {
    let cloud = local_cloud::start(Options::default()).await?;
    // A person's token: a workflow's own cannot take environments away.
    let person = json!({"github": {"tokens": [{"token": "verify-live", "login": "octocat"}]}});
    cloud.seed(&person).await?;
    Ok(cloud)
}

fn client() -> Result<Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder().user_agent("codex-actions-verify-live").build()?)
}

/// Both sides, and what differs. `left` tells what could not be removed.
struct Verdict {
    differences: Vec<String>,
    left: Vec<String>,
}

/// Plays, and sweeps whatever came of it: a failure, or Ctrl-C.
async fn side(door: &mut Door, scenario: &Scenario) -> (Played, Vec<String>) {
    let played = tokio::select! {
        played = door.play(scenario) => played,
        _ = tokio::signal::ctrl_c() => Played { stopped: Some("interrupted".to_owned()), ..Played::default() },
    };
    (played, door.sweep(scenario).await)
}

async fn verify(scenario: &Scenario, vendor: &mut Door, double: &mut Door) -> Verdict {
    let (theirs, mut left) = side(vendor, scenario).await;
    let (ours, left_here) = side(double, scenario).await;
    left.extend(left_here);
    let mut differences = Vec::new();
    for ((name, their), (_, our)) in theirs.answers.iter().zip(&ours.answers) {
        normal::differences(name, their, our, &mut differences);
    }
    differences.extend(
        theirs
            .stopped
            .map(|why| format!("the vendor's side ended early: {why}")),
    );
    differences.extend(ours.stopped.map(|why| format!("the double's side ended early: {why}")));
    Verdict { differences, left }
}

#[expect(clippy::print_stdout, reason = "a command line tool talks on stdout")]
async fn run() -> Result<bool> {
    let client = client()?;
    let cloud = start().await?;
    let id = uuid::Uuid::new_v4().simple().to_string();
    let name = format!("codex-verify-{}", &id[..8]);
    let mut is_same = true;
    for scenario in scenario::all() {
        let provider = scenario.provider;
        let mut theirs = match vendor(provider, &name, &client) {
            Ok(door) => door,
            Err(missing) => {
                println!("{provider}: left out, since {missing} is not set");
                continue;
            }
        };
        let verdict = verify(&scenario, &mut theirs, &mut double(provider, &name, &cloud, &client)).await;
        println!("{provider}: {} differences", verdict.differences.len());
        for line in verdict.differences.iter().chain(&verdict.left) {
            println!("  {line}");
        }
        is_same &= verdict.differences.is_empty() && verdict.left.is_empty();
    }
    cloud.stop().await;
    Ok(is_same)
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stderr, reason = "a command line tool complains on stderr")]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
