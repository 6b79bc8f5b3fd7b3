//! What an `action.yml` says: its inputs and outputs, and what it passes to its binary.
//!
//! The demo sets inputs by the names that a workflow uses and hands the binary what the composite step would:
//! an input that action.yml does not know, or does not map, fails the demo.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};
use indexmap::IndexMap;
use serde::Deserialize;

use crate::workspace::Workspace;

pub(crate) struct ActionYml {
    action: String,
    file: File,
    /// Input by environment variable of the step.
    mapped: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    inputs: IndexMap<String, Input>,
    #[serde(default)]
    outputs: IndexMap<String, Output>,
    runs: Runs,
}

#[derive(Deserialize)]
pub(crate) struct Input {
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) default: String,
}

#[derive(Deserialize)]
pub(crate) struct Output {
    pub(crate) description: String,
}

#[derive(Deserialize)]
struct Runs {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    env: BTreeMap<String, String>,
}

impl ActionYml {
    pub(crate) fn read(workspace: &Workspace, action: &str) -> Result<Self> {
        let path = workspace.path(&format!("actions/{action}/action.yml"));
        let text = fs::read_to_string(&path).with_context(|| format!("could not read `{}`", path.display()))?;
        Self::parse(action, &text).with_context(|| format!("`{}`", path.display()))
    }

    pub(crate) fn parse(action: &str, text: &str) -> Result<Self> {
        let file: File = yaml_serde::from_str(text)?;
        let variables = file.runs.steps.iter().flat_map(|step| &step.env);
        let mapped = variables.filter_map(|(variable, value)| {
            let input = value.strip_prefix("${{ inputs.")?.strip_suffix(" }}")?;
            Some((variable.clone(), input.to_owned()))
        });
        Ok(Self {
            action: action.to_owned(),
            mapped: mapped.collect(),
            file,
        })
    }

    /// In the file's order.
    pub(crate) fn inputs(&self) -> &IndexMap<String, Input> {
        &self.file.inputs
    }

    /// In the file's order.
    pub(crate) fn outputs(&self) -> &IndexMap<String, Output> {
        &self.file.outputs
    }

    /// The step's environment for these inputs; `expressions` are the values that a default may ask for,
    /// such as `github.token`.
    pub(crate) fn environment(
        &self,
        inputs: &BTreeMap<&str, String>,
        expressions: &BTreeMap<&str, String>,
    ) -> Result<BTreeMap<String, String>> {
        for input in inputs.keys() {
            if !self.file.inputs.contains_key(*input) {
                bail!("`{}` has no input `{input}`", self.action);
            }
            if !self.mapped.values().any(|name| name == input) {
                bail!("action.yml of `{}` does not pass its input `{input}` on", self.action);
            }
        }
        self.mapped
            .iter()
            .map(|(variable, input)| {
                let value = match inputs.get(input.as_str()) {
                    Some(given) => given.clone(),
                    None => evaluate(
                        self.file.inputs.get(input).map_or("", |input| &input.default),
                        expressions,
                    )
                    .with_context(|| format!("the default of `{input}` of `{}`", self.action))?,
                };
                Ok((variable.clone(), value))
            })
            .collect()
    }
}

fn evaluate(default: &str, expressions: &BTreeMap<&str, String>) -> Result<String> {
    let Some(expression) = default.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")) else {
        return Ok(default.to_owned());
    };
    let expression = expression.trim();
    expressions
        .get(expression)
        .cloned()
        .with_context(|| format!("`{expression}` is not known to the demo"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const YML: &str = "\
name: x
inputs:
  command:
    description: 'what to do: this or that'
    required: true
  github-token:
    description: token
    default: ${{ github.token }}
  dry-run:
    default: 'false'
runs:
  using: composite
  steps:
    - id: run
      shell: bash
      env:
        INPUT_COMMAND: ${{ inputs.command }}
        INPUT_GITHUB_TOKEN: ${{ inputs.github-token }}
      run: |
        \"$GITHUB_ACTION_PATH/../run.sh\" x
";

    fn token() -> BTreeMap<&'static str, String> {
        BTreeMap::from([("github.token", "t".to_owned())])
    }

    #[test]
    fn inputs_and_defaults_become_the_steps_environment() {
        let yml = ActionYml::parse("x", YML).unwrap();
        let environment = yml
            .environment(&BTreeMap::from([("command", "go".to_owned())]), &token())
            .unwrap();
        assert_eq!(environment["INPUT_COMMAND"], "go");
        assert_eq!(environment["INPUT_GITHUB_TOKEN"], "t");
        assert_eq!(environment.len(), 2);
    }

    #[test]
    fn inputs_that_do_not_exist_or_go_nowhere_are_refused() {
        let yml = ActionYml::parse("x", YML).unwrap();
        let set = |name| {
            yml.environment(&BTreeMap::from([(name, "go".to_owned())]), &token())
                .unwrap_err()
                .to_string()
        };
        assert!(set("comand").contains("no input `comand`"));
        assert!(set("dry-run").contains("does not pass its input `dry-run`"));
    }
}
