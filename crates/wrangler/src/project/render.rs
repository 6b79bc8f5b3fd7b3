//! Turns a bundle's metadata into that of one environment. Pure.

use std::collections::BTreeMap;

use crate::Resource;
use actions_core::environment::{Environment, Service};
use actions_core::naming;
use actions_core::secret::ExposeSecret as _;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::durable::{self, Transfer};
use super::isolation::Foreign;
use super::names::Names;
use super::outside::consumers;
use super::problem::{Problem, Rule};

/// Secrets that nobody names here stay: a PUT without this would drop what was set by hand.
const KEEP: [&str; 2] = ["secret_text", "secret_key"];

/// Ids of things that the manifest names, as far as they exist.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// KV namespaces by title.
    pub kv: BTreeMap<String, String>,
    /// D1 databases by name.
    pub d1: BTreeMap<String, String>,
}

/// What rendering needs to know beside the bundle.
pub struct Context<'a> {
    pub environment: &'a Environment,
    pub names: &'a Names,
    pub known: &'a Known,
    /// By the step's variable; empty when only checking.
    pub secrets: &'a BTreeMap<String, SecretString>,
    /// What is not this environment's own, when it is another one than production.
    pub foreign: Option<&'a Foreign>,
    pub shared: &'a [String],
}

/// Metadata for an environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rendered {
    /// Holds secrets.
    pub metadata: Map<String, Value>,
    /// Titles of KV namespaces that must be made first.
    pub missing_kv: Vec<String>,
    /// Durable Object migrations, oldest first, with the Workers of this environment.
    pub migrations: Vec<Value>,
    /// Durable Objects that migrations would move between this environment and another one.
    pub transfers: Vec<Transfer>,
    /// What is other than the wrangler configuration says, each a sentence.
    pub told: Vec<String>,
}

/// The services that a bundle binds to, by key: they must be there first.
pub fn callees(metadata: &Map<String, Value>, own: &str, names: &Names) -> Vec<String> {
    let bound = bindings(metadata).flat_map(bound_workers);
    let called = bound.chain(consumers(metadata).map(str::to_owned));
    let mut callees: Vec<String> = called
        .filter_map(|worker| names.service(&worker).map(str::to_owned))
        .filter(|key| key != own)
        .collect();
    callees.sort();
    callees.dedup();
    callees
}

/// The Workers that a binding leads to, by name, whatever kind of binding it is.
pub fn bound_workers(binding: &Value) -> impl Iterator<Item = String> + use<> {
    let resource = Resource::of_binding(binding).filter(|resource| resource.kind.means_worker());
    let outbound = binding["outbound"]["worker"]["service"].as_str().map(str::to_owned);
    resource.map(|resource| resource.id).into_iter().chain(outbound)
}

fn bindings(metadata: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    metadata.get("bindings").and_then(Value::as_array).into_iter().flatten()
}

/// Renders a service's metadata for the environment. `migrations` are all of its configuration's.
///
/// # Errors
/// Every problem.
pub fn render(
    service: &Service,
    bundled: &Map<String, Value>,
    migrations: &[Value],
    context: &Context<'_>,
) -> Result<Rendered, Vec<Problem>> {
    let mut work = Work {
        service,
        context,
        bindings: bindings(bundled).cloned().collect(),
        problems: Vec::new(),
        missing_kv: Vec::new(),
        told: Vec::new(),
    };
    work.vars();
    work.references();
    work.secrets();
    work.kv();
    work.named();
    work.unresolved();
    work.isolate();
    work.workers();
    let mut metadata = bundled.clone();
    work.consumers(&mut metadata);
    work.logs(&mut metadata);
    let mut migrations = migrations.to_vec();
    let mut transfers = durable::move_within(&mut migrations, |worker| work.own_worker(worker).map(str::to_owned));
    let moved = metadata
        .get_mut("exports")
        .map(|exports| durable::move_exports(exports, |worker| work.own_worker(worker).map(str::to_owned)));
    work.transfers(&moved.unwrap_or_default());
    // Nobody of a pull request can have run them yet: else the plan asks which are still to be run.
    if context.environment.pull_request.is_some() {
        work.transfers(&std::mem::take(&mut transfers));
    }
    if !work.problems.is_empty() {
        return Err(work.problems);
    }
    metadata.insert("bindings".to_owned(), Value::Array(work.bindings));
    // `keep_vars` of the configuration adds kinds of its own.
    let keep = metadata.entry("keep_bindings").or_insert_with(|| json!([]));
    if let Some(keep) = keep.as_array_mut() {
        let missing: Vec<Value> = KEEP
            .into_iter()
            .filter(|kind| !keep.iter().any(|kept| kept == kind))
            .map(Value::from)
            .collect();
        keep.extend(missing);
    }
    Ok(Rendered {
        metadata,
        missing_kv: work.missing_kv,
        migrations,
        transfers: if context.foreign.is_some() {
            transfers
        } else {
            Vec::new()
        },
        told: work.told,
    })
}

pub(super) struct Work<'a> {
    pub(super) service: &'a Service,
    pub(super) context: &'a Context<'a>,
    pub(super) bindings: Vec<Value>,
    pub(super) problems: Vec<Problem>,
    missing_kv: Vec<String>,
    pub(super) told: Vec<String>,
}

impl Work<'_> {
    fn clash(&mut self, name: &str, text: String) {
        self.problems.push(Problem::new(Rule::Clash, name, text));
    }

    fn find(&self, name: &str) -> Option<(usize, &str)> {
        let at = self.bindings.iter().position(|binding| binding["name"] == name)?;
        Some((at, self.bindings[at]["type"].as_str().unwrap_or_default()))
    }

    fn put(&mut self, name: &str, binding: Value) {
        match self.find(name).map(|(at, _)| at) {
            Some(at) => self.bindings[at] = binding,
            None => self.bindings.push(binding),
        }
    }

    fn vars(&mut self) {
        for (name, value) in &self.service.vars {
            match self.find(name).map(|(_, kind)| kind.to_owned()) {
                Some(kind) if !is_var(&kind) => self.clash(
                    name,
                    format!(
                        "`{name}` is a variable in the manifest and a {} in the wrangler configuration; rename one",
                        spoken(&kind)
                    ),
                ),
                // Code that expects one would be given the other.
                Some(kind) if (kind == "json") == value.is_string() => {
                    let (ours, theirs) = match value {
                        Value::String(_) => ("a text", "another kind of value"),
                        _ => ("no text", "a text"),
                    };
                    self.clash(name, format!(
                        "`{name}` is {ours} in `vars` and {theirs} in the wrangler configuration: give it the same type in both"
                    ));
                }
                _ => self.put(name, variable(name, value)),
            }
        }
    }

    /// Only the manifest's variables are filled in: a reference in the configuration's would reach the Worker as it is.
    fn references(&mut self) {
        let mut problems = Vec::new();
        for binding in self.bindings.iter().filter(|binding| binding["type"] == "plain_text") {
            let name = binding["name"].as_str().unwrap_or_default();
            if self.service.vars.contains_key(name) {
                continue;
            }
            let text = binding["text"].as_str().unwrap_or_default();
            let meant = naming::references(text)
                .into_iter()
                .find(|reference| self.is_reference(reference));
            problems.extend(meant.map(|meant| {
                let text = format!(
                    "`{name}` in the wrangler configuration holds `{{{meant}}}`, which is filled in only in the manifest's `vars`: say it there"
                );
                Problem::new(Rule::Clash, name, text)
            }));
        }
        self.problems.extend(problems);
    }

    fn is_reference(&self, text: &str) -> bool {
        let service = ["url", "hostname"]
            .into_iter()
            .find_map(|part| text.strip_suffix(part)?.strip_suffix('.'));
        service.is_some_and(|key| self.context.environment.service(key).is_some())
    }

    fn secrets(&mut self) {
        for secret in &self.service.secrets {
            let name = &secret.name;
            if let Some((_, kind)) = self.find(name) {
                let kind = if is_var(kind) { "variable" } else { spoken(kind) };
                let text = format!(
                    "`{name}` is a secret in the manifest and a {kind} in the wrangler configuration or the manifest's `vars`; take it out of one, since a variable would replace the secret"
                );
                self.clash(name, text);
                continue;
            }
            let value = self
                .context
                .secrets
                .get(&secret.variable)
                .map_or("", |value| value.expose_secret());
            self.put(name, json!({"name": name, "type": "secret_text", "text": value}));
        }
    }

    /// Namespaces of the environment's own. An environment that exists once keeps the id of its configuration.
    fn kv(&mut self) {
        for kv in &self.service.kv {
            let configured = self.find(&kv.binding).map(|(_, kind)| kind.to_owned());
            match configured.as_deref() {
                Some("kv_namespace") if self.context.environment.pull_request.is_none() => continue,
                None | Some("kv_namespace" | "inherit") => {}
                Some(kind) => {
                    let text = format!(
                        "`{}` is in `kv` of the manifest and a {} in the wrangler configuration",
                        kv.binding,
                        spoken(kind)
                    );
                    self.clash(&kv.binding, text);
                    continue;
                }
            }
            let id = self.context.known.kv.get(&kv.title).cloned().unwrap_or_else(|| {
                self.missing_kv.push(kv.title.clone());
                format!("made by title {}", kv.title)
            });
            self.put(
                &kv.binding,
                json!({"name": kv.binding, "type": "kv_namespace", "namespace_id": id}),
            );
        }
    }

    /// R2 buckets and D1 databases that the environment has for itself, by the manifest. A service without the binding
    /// is not given one.
    fn named(&mut self) {
        let service = self.service;
        let buckets = service
            .r2
            .iter()
            .map(|(binding, name)| (binding, "r2_bucket", "bucket_name", name.clone()));
        let databases = service.d1.iter().map(|(binding, name)| {
            let id = self.context.known.d1.get(name).unwrap_or(name);
            (binding, "d1", "id", id.clone())
        });
        let named: Vec<_> = buckets.chain(databases).collect();
        for (binding, kind, field, id) in named {
            let Some((at, found)) = self.find(binding).map(|(at, found)| (at, found.to_owned())) else {
                continue;
            };
            match found.as_str() {
                found if found == kind => self.bindings[at][field] = id.into(),
                // A binding that the configuration leaves to wrangler.
                "inherit" => self.bindings[at] = json!({"name": binding, "type": kind, field: id}),
                other => self.clash(
                    binding,
                    format!(
                        "`{binding}` is in `{}` of the manifest's environment and a {} in the wrangler configuration",
                        if kind == "d1" { "d1" } else { "r2" },
                        spoken(other)
                    ),
                ),
            }
        }
    }

    /// wrangler leaves `inherit` for a binding without id, which is then to be made by somebody.
    fn unresolved(&mut self) {
        for binding in self.bindings.iter().filter(|binding| binding["type"] == "inherit") {
            let name = binding["name"].as_str().unwrap_or_default();
            self.problems
                .push(Problem::new(Rule::WithoutId, name, without_id(name)));
        }
    }
}

/// Nobody says what the binding leads to.
pub(super) fn without_id(name: &str) -> String {
    format!(
        "binding `{name}` has no id in the wrangler configuration; give it one, or list it in the service's `kv` if it is a KV namespace, or in the environment's `r2` or `d1`"
    )
}

/// A variable as wrangler uploads it: texts as they are, all else as JSON.
fn variable(name: &str, value: &Value) -> Value {
    if value.is_string() {
        json!({"name": name, "type": "plain_text", "text": value})
    } else {
        json!({"name": name, "type": "json", "json": value})
    }
}

fn is_var(kind: &str) -> bool {
    matches!(kind, "plain_text" | "json")
}

fn spoken(kind: &str) -> &str {
    match kind {
        "plain_text" | "json" => "variable",
        "kv_namespace" | "inherit" => "binding",
        "service" => "service binding",
        "r2_bucket" => "R2 bucket",
        "d1" => "D1 database",
        "secret_text" => "secret",
        other => other,
    }
}
