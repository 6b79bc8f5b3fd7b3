//! What an action's `action.yml` passes to its binary: read by line, since its shape is ours.
//!
//! The demo sets inputs by the names that a workflow uses and hands the binary what the composite step would:
//! an input that action.yml does not know, or does not map, fails the demo.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

pub(crate) struct ActionYml {
    action: String,
    /// Default value by input, blank when there is none.
    defaults: BTreeMap<String, String>,
    /// Input by environment variable of the step.
    mapped: BTreeMap<String, String>,
}

impl ActionYml {
    pub(crate) fn read(workspace: &Workspace, action: &str) -> Result<Self> {
        let path = workspace.path(&format!("actions/{action}/action.yml"));
        let text = fs::read_to_string(&path).with_context(|| format!("could not read `{}`", path.display()))?;
        Ok(Self::parse(action, &text))
    }

    fn parse(action: &str, text: &str) -> Self {
        let (mut section, mut input) = ("", String::new());
        let (mut defaults, mut mapped) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            let Some((key, value)) = line.trim().split_once(':') else {
                continue;
            };
            let value = value.trim();
            match (section, indent) {
                (_, 0) => section = key,
                ("inputs", 2) => {
                    key.clone_into(&mut input);
                    defaults.insert(input.clone(), String::new());
                }
                ("inputs", 4) if key == "default" => {
                    defaults.insert(input.clone(), value.trim_matches(['"', '\'']).to_owned());
                }
                ("runs", _) => {
                    let passed = value.trim_matches(['"', '\'']).strip_prefix("${{ inputs.");
                    if let Some(name) = passed.and_then(|rest| rest.strip_suffix(" }}")) {
                        mapped.insert(key.to_owned(), name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Self {
            action: action.to_owned(),
            defaults,
            mapped,
        }
    }

    /// The step's environment for these inputs; `expressions` are the values that a default may ask for,
    /// such as `github.token`.
    pub(crate) fn environment(
        &self,
        inputs: &BTreeMap<&str, String>,
        expressions: &BTreeMap<&str, String>,
    ) -> Result<BTreeMap<String, String>> {
        for input in inputs.keys() {
            if !self.defaults.contains_key(*input) {
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
                    None => evaluate(self.defaults.get(input).map_or("", String::as_str), expressions)
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
        let yml = ActionYml::parse("x", YML);
        let environment = yml
            .environment(&BTreeMap::from([("command", "go".to_owned())]), &token())
            .unwrap();
        assert_eq!(environment["INPUT_COMMAND"], "go");
        assert_eq!(environment["INPUT_GITHUB_TOKEN"], "t");
        assert_eq!(environment.len(), 2);
    }

    #[test]
    fn inputs_that_do_not_exist_or_go_nowhere_are_refused() {
        let yml = ActionYml::parse("x", YML);
        let set = |name| {
            yml.environment(&BTreeMap::from([(name, "go".to_owned())]), &token())
                .unwrap_err()
                .to_string()
        };
        assert!(set("comand").contains("no input `comand`"));
        assert!(set("dry-run").contains("does not pass its input `dry-run`"));
    }
}
