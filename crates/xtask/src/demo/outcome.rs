//! How the demo ended: counted from the local cloud, and from the steps' processes and logs.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::story::{Service, Story};
use super::verify::{self, Inventory};
use super::world::{self, PULL_REQUEST};

/// Shorter values are found in a text by accident.
const SHORTEST_SECRET: usize = 8;

pub(super) struct Outcome {
    services: Vec<Service>,
    /// What the second push made anew or removed: it is to use again what the first one made.
    not_reused: Vec<String>,
    comments: usize,
    left_over: Vec<String>,
    foreign_touched: Vec<String>,
    /// Requests that the local cloud has no answer for.
    unknown: Vec<String>,
    leaks: Vec<String>,
}

impl Outcome {
    /// Looks at everything, and says in a few words what was seen.
    pub(super) fn see(
        story: &Story<'_>,
        services: Vec<Service>,
        not_reused: Vec<String>,
        before: &Inventory,
        asked_before: usize,
    ) -> Result<(Self, String)> {
        let state = story.cloud.state()?;
        let after = Inventory::of(&state);
        let requests: Vec<Value> = story.cloud.requests()?.split_off(asked_before);
        let comments = verify::own_comments(&state, PULL_REQUEST);
        let secrets = secrets(story);
        let outcome = Self {
            services,
            not_reused,
            comments: comments.len(),
            left_over: after.left_over(before),
            foreign_touched: after.foreign_touched(before, &requests),
            unknown: verify::unknown(&requests),
            leaks: leaks(story, &comments, &secrets),
        };
        let what = format!(
            "{} requests; {} left over, {} of the neighbours touched, {} comment; {} leaks of {} secrets in {} processes and their logs",
            requests.len(),
            outcome.left_over.len(),
            outcome.foreign_touched.len(),
            outcome.comments,
            outcome.leaks.len(),
            secrets.len(),
            story.runner.watch.count(),
        );
        Ok((outcome, what))
    }

    /// Everything that is not as it should be; `kept` when the pull request was not closed.
    pub(super) fn wrong(&self, kept: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        for service in self.services.iter().filter(|service| !service.healthy) {
            wrong.push(format!("`{}` was not healthy at {}", service.name, service.url));
        }
        if self.comments != 1 {
            wrong.push(format!("{} comments of ours on the pull request", self.comments));
        }
        let left_over: &[String] = if kept { &[] } else { &self.left_over };
        for (what, found) in [
            ("not used again by the second push", &self.not_reused[..]),
            ("left over", left_over),
            ("touched, and not ours", &self.foreign_touched),
            ("not known to the local cloud", &self.unknown),
            ("secret told", &self.leaks),
        ] {
            wrong.extend(found.iter().map(|found| format!("{what}: {found}")));
        }
        wrong
    }

    /// The last line of `--json`.
    pub(super) fn summary(&self, took: Duration) -> Value {
        let service = |service: &Service| json!({"name": service.name, "url": service.url, "healthy": service.healthy});
        json!({
            "pr": PULL_REQUEST,
            "services": self.services.iter().map(service).collect::<Vec<_>>(),
            "comments": self.comments,
            "left_over": self.left_over.len(),
            "foreign_touched": self.foreign_touched.len(),
            "seconds": (took.as_secs_f64() * 10.0).round() / 10.0,
        })
    }
}

/// What the repository keeps secret, and what the steps asked to be masked.
fn secrets(story: &Story<'_>) -> Vec<(String, String)> {
    let mut secrets = world::secrets();
    // Each step masks again what it is given.
    let masked: BTreeSet<&String> = story.runner.masked.iter().collect();
    for value in masked.into_iter().filter(|value| value.len() >= SHORTEST_SECRET) {
        if secrets.iter().all(|(_, known)| known != value) {
            secrets.push((format!("masked value {}", secrets.len()), value.clone()));
        }
    }
    secrets
}

/// Where a secret was seen and must not be: arguments, wrangler's environment, logs, summaries, reports, comments.
fn leaks(story: &Story<'_>, comments: &[&Value], secrets: &[(String, String)]) -> Vec<String> {
    let mut leaks = story.runner.watch.leaks(secrets);
    let reports = story.reports.iter().map(String::as_str);
    let bodies = comments.iter().filter_map(|comment| comment["body"].as_str());
    for text in reports.chain(bodies).chain([story.runner.log.as_str()]) {
        let found = verify::secrets_in(text, secrets);
        leaks.extend(
            found
                .into_iter()
                .map(|name| format!("{name} in a log, report or comment")),
        );
    }
    if cfg!(target_os = "linux") && story.runner.watch.wranglers() == 0 {
        leaks.push("no process of wrangler was seen, so its environment was not checked".to_owned());
    }
    leaks
}
