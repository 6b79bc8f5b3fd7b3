//! What is refused of a configuration before anything is bundled: what we cannot do, and what would take something
//! away from another environment. Pure.

use crate::Settings;
use actions_core::environment::Service;
use actions_core::manifest::Uploader;
use serde_json::Value;

use super::Scope;
use super::by_wrangler::BY_CONTENT;

/// The way out, for all of it.
const WAY_OUT: &str = "; `uploader: wrangler` lets the project's wrangler do it";

/// What is refused, each a sentence. `production` are the service's settings there, when this is another environment.
pub fn refused(
    scope: Scope<'_>,
    service: &Service,
    settings: &Settings<'_>,
    production: Option<&Settings<'_>>,
) -> Vec<String> {
    let mut problems = Vec::new();
    let consumers = consumed(settings);
    let workflows = own_workflows(settings);
    if service.uploader == Uploader::Api {
        let not_ours = BY_CONTENT.iter().filter(|(key, ..)| settings.has(key));
        problems.extend(not_ours.map(|(key, what, _)| refusal(key, what)));
        if !consumers.is_empty() {
            problems.push(refusal("queues.consumers", "does not attach queue consumers"));
        }
        if !workflows.is_empty() {
            problems.push(refusal("workflows", "does not register workflows"));
        }
    } else {
        let taken = Taken {
            scope,
            service,
            preview: scope.environment.pull_request.is_some(),
        };
        let theirs = production.map(consumed);
        problems.extend(taken.check("queue", &consumers, theirs.as_deref(), "is consumed by one Worker only"));
        let theirs = production.map(own_workflows);
        problems.extend(taken.check(
            "workflow",
            &workflows,
            theirs.as_deref(),
            "runs the code of one Worker only",
        ));
    }
    if let (Some(configured), Some(account)) = (settings.text("account_id"), scope.account)
        && configured != account
    {
        problems.push(format!(
            "the wrangler configuration names account `{configured}`, and `cloudflare-account-id` another one; make them agree"
        ));
    }
    problems
}

fn refusal(key: &str, what: &str) -> String {
    format!("`{key}` in the wrangler configuration: this action {what}{WAY_OUT}")
}

/// Things of the account that one Worker has for itself: another environment's would be taken from it.
struct Taken<'a> {
    scope: Scope<'a>,
    service: &'a Service,
    preview: bool,
}

impl Taken<'_> {
    fn check(&self, kind: &str, ours: &[String], theirs: Option<&[String]>, why: &str) -> Vec<String> {
        let shared = |name: &String| {
            let full = format!("{}.{name}", self.service.key);
            self.scope.shared.iter().any(|shared| shared == name || *shared == full)
        };
        let mut problems = Vec::new();
        for name in ours.iter().filter(|name| !shared(name)) {
            if theirs.is_some_and(|theirs| theirs.contains(name)) {
                problems.push(format!(
                    "{kind} `{name}` is production's, and {why}; give this environment its own in the wrangler configuration, or add `{name}` to the environment's `shared`"
                ));
            } else if self.preview {
                problems.push(format!(
                    "{kind} `{name}` {why}, and every pull request would take it from the one before; leave it out of previews, or add `{name}` to the environment's `shared`"
                ));
            }
        }
        problems
    }
}

/// The queues whose messages the Worker takes.
fn consumed(settings: &Settings<'_>) -> Vec<String> {
    let list = settings
        .get("queues")
        .and_then(|queues| queues.get("consumers")?.as_array());
    list.into_iter()
        .flatten()
        .filter_map(|consumer| consumer.get("queue")?.as_str().map(str::to_owned))
        .collect()
}

/// The workflows that the Worker itself implements; the others are bindings to another Worker's.
fn own_workflows(settings: &Settings<'_>) -> Vec<String> {
    let all = settings.get("workflows").and_then(Value::as_array);
    let own = all
        .into_iter()
        .flatten()
        .filter(|workflow| workflow.get("script_name").is_none());
    own.filter_map(|workflow| workflow.get("name")?.as_str().map(str::to_owned))
        .collect()
}
