//! What is refused of a configuration before anything is bundled: what we cannot do, and what would take something
//! away from another environment. Pure.

use std::collections::BTreeMap;

use crate::{Resource, ResourceKind, Settings};
use actions_core::environment::Service;
use actions_core::manifest::Uploader;
use serde_json::Value;

use super::Scope;
use super::by_wrangler::BY_CONTENT;
use super::durable;
use super::isolation::{self, Foreign};
use super::problem::{Problem, Rule};
use super::render::Known;

/// The way out, for all of it.
const WAY_OUT: &str = "; `uploader: wrangler` lets the project's wrangler do it";

/// Keys that only wrangler deploys, beside those by content, and how our own client refuses them.
const BY_KEY: [(&str, &str); 2] = [
    ("addresses", "does not route email to Workers"),
    ("first_party_worker", "does not deploy Cloudflare's own Workers"),
];

/// What is refused, each a sentence. `names` are all that the Worker has; `foreign` is what other environments have.
pub fn refused(
    scope: Scope<'_>,
    service: &Service,
    settings: &Settings<'_>,
    names: &[String],
    foreign: Option<&Foreign>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let exclusive = Exclusive::all(settings, names);
    if service.uploader == Uploader::Api {
        problems.extend(not_ours(settings, &exclusive));
    } else {
        let taken = Taken {
            scope,
            service,
            foreign,
        };
        for (kind, ours) in &exclusive {
            problems.extend(taken.check(*kind, ours));
        }
        problems.extend(taken.dead_letters(settings));
    }
    for (key, binding, whose) in foreign
        .into_iter()
        .flat_map(|foreign| isolation::unknown_keys(&service.key, settings, foreign))
    {
        if !scope.shares(service, &binding) {
            let remedy = isolation::remedy(None, &whose);
            let text = isolation::conflict(&binding, &format!("`{key}`"), remedy, &whose);
            problems.push(Problem::new(Rule::UnknownKey, key, text));
        }
    }
    if settings.has("pages_build_output_dir") {
        problems.push(Problem::new(
            Rule::Refused,
            "pages_build_output_dir",
            "`pages_build_output_dir` in the wrangler configuration: this is a Pages project, and not a Worker; deploy it with `wrangler pages deploy`",
        ));
    }
    if let (Some(configured), Some(account)) = (settings.text("account_id"), scope.account)
        && configured != account
    {
        let text = format!(
            "the wrangler configuration names account `{configured}`, and `cloudflare-account-id` another one; make them agree"
        );
        problems.push(Problem::new(Rule::Account, "account_id", text));
    }
    problems
}

/// Whether a configuration has what our own client refuses and the project's wrangler deploys. `names` are all that the
/// Worker has.
pub fn needs_wrangler(settings: &Settings<'_>, names: &[String]) -> bool {
    !not_ours(settings, &Exclusive::all(settings, names)).is_empty()
}

/// What our own client refuses.
fn not_ours(settings: &Settings<'_>, exclusive: &BTreeMap<Exclusive, Vec<String>>) -> Vec<Problem> {
    let keys = BY_CONTENT.iter().map(|(key, what, _)| (*key, *what)).chain(BY_KEY);
    let keys = keys.filter(|(key, _)| settings.has(key) && settings.get(key) != Some(&Value::Bool(false)));
    let mut problems: Vec<Problem> = keys.map(|(key, what)| refusal(key, what)).collect();
    let own = |kind: Exclusive| exclusive.contains_key(&kind);
    if own(Exclusive::Consumer) {
        problems.push(refusal("queues.consumers", "does not attach queue consumers"));
    }
    if own(Exclusive::Workflow) {
        problems.push(refusal("workflows", "does not register workflows"));
    }
    for (inner, key, what) in [
        ("triggers", "events", "does not subscribe to events"),
        ("unsafe", "capnp", "does not upload schemas"),
    ] {
        if settings
            .get(inner)
            .is_some_and(|value| value.get(key).is_some_and(is_set))
        {
            problems.push(refusal(&format!("{inner}.{key}"), what));
        }
    }
    problems
}

fn refusal(key: &str, what: &str) -> Problem {
    let text = format!("`{key}` in the wrangler configuration: this action {what}{WAY_OUT}");
    Problem::new(Rule::Refused, key, text)
}

fn is_set(value: &Value) -> bool {
    !matches!(value, Value::Null) && value.as_array().is_none_or(|items| !items.is_empty())
}

/// Kinds of things of the account that one Worker has for itself: another environment's would be taken from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exclusive {
    Consumer,
    Workflow,
    Container,
    Address,
}

impl Exclusive {
    fn said(self) -> (&'static str, &'static str) {
        match self {
            Self::Consumer => ("queue", "is consumed by one Worker only"),
            Self::Workflow => ("workflow", "runs the code of one Worker only"),
            Self::Container => ("container application", "runs the image of one Worker only"),
            Self::Address => ("email address", "is routed to one Worker only"),
        }
    }

    /// What a configuration has of each kind; `names` are all that the Worker has.
    pub(super) fn all(settings: &Settings<'_>, names: &[String]) -> BTreeMap<Self, Vec<String>> {
        let texts = |key: &str, field: &str| -> Vec<String> {
            let items = settings.get(key).and_then(Value::as_array).into_iter().flatten();
            let texts = items.filter_map(|item| if field.is_empty() { Some(item) } else { item.get(field) }?.as_str());
            texts.map(str::to_owned).collect()
        };
        let consumers = settings.queue_consumers();
        let queues = consumers.filter_map(|consumer| consumer.get("queue")?.as_str().map(str::to_owned));
        let all = [
            (Self::Consumer, queues.collect()),
            (Self::Workflow, own_workflows(settings, names)),
            (Self::Container, texts("containers", "name")),
            (Self::Address, texts("addresses", "")),
        ];
        all.into_iter()
            .filter(|(_, found): &(Self, Vec<String>)| !found.is_empty())
            .collect()
    }
}

struct Taken<'a> {
    scope: Scope<'a>,
    service: &'a Service,
    foreign: Option<&'a Foreign>,
}

impl Taken<'_> {
    fn check(&self, kind: Exclusive, ours: &[String]) -> Vec<Problem> {
        let (noun, why) = kind.said();
        let mut problems = Vec::new();
        for name in ours.iter().filter(|name| !self.scope.shares(self.service, name)) {
            if let Some(owner) = self.foreign.and_then(|foreign| foreign.has(kind, name)) {
                let text = format!(
                    "{noun} `{name}` is {owner}'s, and {why}; give this environment its own in the wrangler configuration, or add `{name}` to the environment's `shared`"
                );
                problems.push(Problem::new(Rule::Isolation, name, text));
            } else if self.scope.environment.pull_request.is_some() {
                let text = format!(
                    "{noun} `{name}` {why}, and every pull request would take it from the one before; leave it out of previews, or add `{name}` to the environment's `shared`"
                );
                problems.push(Problem::new(Rule::Isolation, name, text));
            }
        }
        problems
    }

    /// Queues that take what failed: another environment's would be given ours.
    fn dead_letters(&self, settings: &Settings<'_>) -> Vec<Problem> {
        let queues = settings.queue_consumers();
        let queues = queues.filter_map(|consumer| consumer.get("dead_letter_queue")?.as_str());
        let mut problems = Vec::new();
        for queue in queues.filter(|queue| !self.scope.shares(self.service, queue)) {
            let resource = Resource {
                kind: ResourceKind::Queue,
                id: queue.to_owned(),
            };
            let whose = self
                .foreign
                .and_then(|foreign| foreign.whose(&self.service.key, &resource, &Known::default()));
            if let Some(isolation::Whose::Other(owner)) = whose {
                let text = format!(
                    "`dead_letter_queue` `{queue}` is {owner}'s; give this environment its own in the wrangler configuration, or add `{queue}` to the environment's `shared`"
                );
                problems.push(Problem::new(Rule::Isolation, queue, text));
            }
        }
        problems
    }
}

/// The workflows that the Worker itself implements; the others are bindings to another Worker's.
fn own_workflows(settings: &Settings<'_>, names: &[String]) -> Vec<String> {
    let all = settings.get("workflows").and_then(Value::as_array);
    let own = all.into_iter().flatten().filter(|workflow| {
        let script = workflow.get("script_name").and_then(Value::as_str);
        script.is_none_or(|script| names.iter().any(|name| name == script))
    });
    let exported = durable::workflows(settings.get("exports"));
    let mut names: Vec<String> = own
        .chain(exported)
        .filter_map(|workflow| workflow.get("name")?.as_str().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    names
}
