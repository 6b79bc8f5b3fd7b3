//! What each Worker gets, as it is printed before anything happens: names, bindings, secrets (by name), variables.

use std::collections::BTreeMap;

use actions_core::environment::{Secret, Service};
use actions_core::markdown::{code_cell, text_cell};
use actions_core::runner::{Runner, command};
use actions_core::secret::redact;
use actions_core::text::shorten;
use serde_json::Value;
use wrangler::Resource;

use crate::bundled::Bundled;
use crate::inputs::Inputs;
use crate::plan::order::Wave;
use wrangler::project::Built;
use wrangler::project::render::Rendered;

/// A value that is longer says more than a line can.
const LONGEST_VALUE: usize = 80;

/// One service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Described {
    key: String,
    worker: String,
    url: String,
    /// Services that come first.
    after: Vec<String>,
    /// By what they are: bindings, secrets, variables, schedules, migrations.
    parts: Vec<(&'static str, Vec<String>)>,
    /// What is other than the configuration says, each a sentence.
    told: Vec<String>,
}

/// Describes the chosen services in the order of their deployment.
pub(crate) fn describe(
    inputs: &Inputs,
    bundled: &Bundled,
    waves: &[Wave],
    rendered: &BTreeMap<String, Rendered>,
) -> Vec<Described> {
    let one = |key: &String| {
        let service = inputs.environment.service(key)?;
        let (built, rendered) = (bundled.built.get(key)?, rendered.get(key)?);
        let bindings = rendered.metadata.get("bindings").and_then(Value::as_array);
        let (mut bound, mut vars, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for binding in bindings.into_iter().flatten() {
            let name = binding["name"].as_str().unwrap_or_default();
            match binding["type"].as_str().unwrap_or_default() {
                "secret_text" => {}
                "inherit" => kept.push(name.to_owned()),
                "plain_text" => vars.push(format!("{name} = {}", short(&binding["text"]))),
                "json" => vars.push(format!("{name} = {}", short(&binding["json"]))),
                kind => bound.push(format!("{name} → {}", target(service, built, name, kind, binding))),
            }
        }
        let secret = |secret: &Secret| {
            if secret.name == secret.variable {
                secret.name.clone()
            } else {
                format!("{} (from {})", secret.name, secret.variable)
            }
        };
        let migrations = built
            .migrations
            .iter()
            .filter_map(|migration| Some(migration["tag"].as_str()?.to_owned()));
        let schedules = built.crons.clone().filter(|_| inputs.environment.crons);
        let parts = [
            ("bindings", bound),
            ("secrets", service.secrets.iter().map(secret).collect()),
            ("secrets that stay as they are", kept),
            ("variables", vars),
            ("schedules", schedules.unwrap_or_default()),
            ("migrations", migrations.collect()),
        ];
        Some(Described {
            key: key.clone(),
            worker: service.worker.clone(),
            url: service.url.clone(),
            after: bundled.needs.get(key).cloned().unwrap_or_default(),
            parts: parts.into_iter().filter(|(_, items)| !items.is_empty()).collect(),
            told: built.told.iter().chain(&rendered.told).cloned().collect(),
        })
    };
    let keys = waves.iter().flat_map(|wave| &wave.services);
    keys.filter_map(one).collect()
}

fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    shorten(&text.replace('\n', " "), LONGEST_VALUE)
}

/// What a binding leads to.
fn target(service: &Service, built: &Built, name: &str, kind: &str, binding: &Value) -> String {
    let own = service.kv.iter().find(|kv| kv.binding == name);
    // An id of the configuration's own is told as it is; what the manifest gives is known by its title.
    if let Some(kv) = own.filter(|_| built.binding(name) != Some(binding)) {
        return format!("KV namespace {}", kv.title);
    }
    match Resource::of_binding(binding) {
        Some(resource) => format!("{} {}", resource.kind, resource.id),
        None => kind.replace('_', " "),
    }
}

impl Described {
    /// What is other than the configuration says, in one line.
    pub(super) fn told(&self) -> Option<String> {
        Some(self.told.join("; ")).filter(|told| !told.is_empty())
    }

    /// The service's key.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    fn lines(&self) -> Vec<String> {
        let at = if self.url.is_empty() {
            String::new()
        } else {
            format!(" at {}", self.url)
        };
        let after = if self.after.is_empty() {
            String::new()
        } else {
            format!(", after {}", self.after.join(" and "))
        };
        let head = format!("{}: Worker {}{at}{after}", self.key, self.worker);
        let parts = self
            .parts
            .iter()
            .map(|(what, items)| format!("  {what}: {}", items.join("; ")));
        std::iter::once(head).chain(parts).map(|line| redact(&line)).collect()
    }
}

/// What is other than the configuration says: a deployment has it among the plan's notes.
pub(crate) fn say_told(runner: &Runner, all: &[Described]) {
    for described in all {
        for told in &described.told {
            runner.say(&redact(&super::note(&described.key, told)));
        }
    }
}

/// Prints it, folded.
pub(crate) fn say(runner: &Runner, all: &[Described]) {
    command::group("what each Worker gets");
    for described in all {
        runner.say(&described.lines().join("\n"));
    }
    command::end_group();
}

/// The same for a summary.
pub(crate) fn described_markdown(inputs: &Inputs, all: &[Described]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let row = |described: &Described| {
        let parts = described.parts.iter().map(|(what, items)| {
            let items: Vec<String> = items.iter().map(|item| code_cell(&redact(item))).collect();
            format!("{what}: {}", items.join("; "))
        });
        format!(
            "| {} | {} | {} |\n",
            text_cell(&described.key),
            code_cell(&described.worker),
            parts.collect::<Vec<_>>().join("<br>")
        )
    };
    let rows: String = all.iter().map(row).collect();
    format!(
        "\n<details><summary>What each Worker of {} gets</summary>\n\n| service | Worker | |\n|---|---|---|\n{rows}\n</details>\n",
        inputs.environment.title()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_described_by_what_it_gets() {
        let described = Described {
            key: "web".to_owned(),
            worker: "web-preview-42".to_owned(),
            url: "https://web-preview-42.example.com".to_owned(),
            after: vec!["api".to_owned(), "auth".to_owned()],
            parts: vec![
                (
                    "bindings",
                    vec![
                        "API → Worker api-preview-42".to_owned(),
                        "CACHE → KV namespace codex-preview-42-CACHE".to_owned(),
                    ],
                ),
                ("secrets", vec!["STRIPE_SECRET_KEY (from STRIPE_TEST_KEY)".to_owned()]),
                ("variables", vec!["ENVIRONMENT = preview".to_owned()]),
            ],
            told: Vec::new(),
        };
        insta::assert_snapshot!(described.lines().join("\n"), @r"
        web: Worker web-preview-42 at https://web-preview-42.example.com, after api and auth
          bindings: API → Worker api-preview-42; CACHE → KV namespace codex-preview-42-CACHE
          secrets: STRIPE_SECRET_KEY (from STRIPE_TEST_KEY)
          variables: ENVIRONMENT = preview
        ");
    }
}
