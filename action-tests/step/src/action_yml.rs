//! What an `action.yml` says: its inputs and outputs, and what it passes to its binary.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use indexmap::IndexMap;
use serde::Deserialize;

use crate::expression::evaluate;
use crate::job::Job;

/// An action of one composite step, which becomes a binary of the action's name.
#[derive(Debug)]
pub struct ActionYml {
    action: String,
    /// `GITHUB_ACTION_PATH`.
    folder: PathBuf,
    file: File,
}

#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    inputs: IndexMap<String, Input>,
    #[serde(default)]
    outputs: IndexMap<String, Output>,
    runs: Runs,
}

/// An input as it is declared.
#[derive(Debug, Deserialize)]
pub struct Input {
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub required: bool,
    /// What it is when `with:` does not name it, before expressions are evaluated.
    #[serde(default)]
    pub default: String,
}

/// An output as it is declared.
#[derive(Debug, Deserialize)]
pub struct Output {
    pub description: String,
    #[serde(default)]
    value: String,
}

#[derive(Debug, Deserialize)]
struct Runs {
    steps: Vec<Composite>,
}

/// The step of a composite action.
#[derive(Debug, Deserialize)]
pub(crate) struct Composite {
    #[serde(default)]
    id: String,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) shell: String,
    #[serde(default)]
    pub(crate) run: String,
}

impl ActionYml {
    /// Reads `<actions>/<action>/action.yml`.
    pub fn read(actions: &Path, action: &str) -> Result<Self> {
        let folder = actions.join(action);
        let path = folder.join("action.yml");
        let text = fs::read_to_string(&path).with_context(|| format!("could not read `{}`", path.display()))?;
        let mut read = Self::parse(action, &text).with_context(|| format!("`{}`", path.display()))?;
        read.folder = folder;
        Ok(read)
    }

    /// Reads the text of an `action.yml`.
    pub fn parse(action: &str, text: &str) -> Result<Self> {
        Ok(Self {
            action: action.to_owned(),
            folder: PathBuf::from(action),
            file: yaml_serde::from_str(text)?,
        })
    }

    /// The action's name, which is its binary's, too.
    pub fn action(&self) -> &str {
        &self.action
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// In the file's order.
    pub fn inputs(&self) -> &IndexMap<String, Input> {
        &self.file.inputs
    }

    /// In the file's order.
    pub fn outputs(&self) -> &IndexMap<String, Output> {
        &self.file.outputs
    }

    /// The one step. Fails unless it becomes the action's own binary: a binary that is started without its step then
    /// gets what the step would give it.
    pub(crate) fn step(&self) -> Result<&Composite> {
        let [step] = &self.file.runs.steps[..] else {
            bail!(
                "`{}` has {} steps, and one is played",
                self.action,
                self.file.runs.steps.len()
            );
        };
        let wanted = format!("exec \"$GITHUB_ACTION_PATH/../run.sh\" {}", self.action);
        ensure!(
            step.run.trim() == wanted,
            "the step of `{}` runs `{}`, not `{wanted}`",
            self.action,
            step.run.trim()
        );
        Ok(step)
    }

    /// The step's own environment, for what `with:` says.
    ///
    /// # Errors
    /// An input that is not declared (a runner only warns, and passes nothing) or that no variable is made of; an
    /// expression that is not known.
    pub fn environment(&self, with: &BTreeMap<String, String>, job: &Job) -> Result<BTreeMap<String, String>> {
        let step = self.step()?;
        for input in with.keys() {
            self.value(input, with, job)?;
            let asked = |value: &String| expressions(value).any(|name| name == format!("inputs.{input}"));
            if !step.env.values().any(asked) {
                bail!("action.yml of `{}` does not pass its input `{input}` on", self.action);
            }
        }
        let value = |name: &str| match name.strip_prefix("inputs.") {
            Some(input) => self.value(input, with, job),
            None => job.value(name),
        };
        let variable = |(variable, text): (&String, &String)| {
            let value = evaluate(text, value)
                .with_context(|| format!("variable `{variable}` of the step of `{}`", self.action))?;
            Ok((variable.clone(), value))
        };
        step.env.iter().map(variable).collect()
    }

    /// What an input is: as given, or its default.
    fn value(&self, input: &str, with: &BTreeMap<String, String>, job: &Job) -> Result<String> {
        match (with.get(input), self.file.inputs.get(input)) {
            (_, None) => bail!("`{}` has no input `{input}`", self.action),
            (Some(given), _) => Ok(given.clone()),
            (None, Some(declared)) => evaluate(&declared.default, |name| job.value(name)),
        }
    }

    /// The action's outputs, made of those that its step has set; what was not set is not there.
    ///
    /// # Errors
    /// One that the step has set and no declared output is made of: a workflow could not read it.
    pub fn made(&self, set: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
        let id = &self.step()?.id;
        let mut made = BTreeMap::new();
        let mut left: Vec<&String> = set.keys().collect();
        for (output, declared) in &self.file.outputs {
            let of_step = |name: &str| name.strip_prefix(&format!("steps.{id}.outputs.")).map(str::to_owned);
            let names: Vec<String> = expressions(&declared.value).filter_map(of_step).collect();
            left.retain(|name| !names.contains(name));
            let value = |name: &str| match of_step(name) {
                Some(name) => Ok(set.get(&name).cloned().unwrap_or_default()),
                None => bail!("`{name}` is no output of step `{id}`"),
            };
            let text = evaluate(&declared.value, value)
                .with_context(|| format!("the value of output `{output}` of `{}`", self.action))?;
            if names.iter().any(|name| set.contains_key(name)) {
                made.insert(output.clone(), text);
            }
        }
        ensure!(
            left.is_empty(),
            "`{}` has set {left:?}, and its action.yml declares no output of that",
            self.action
        );
        Ok(made)
    }
}

/// What stands between `${{` and `}}`.
fn expressions(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split("${{").skip(1);
    parts.filter_map(|part| part.split_once("}}").map(|(expression, _)| expression.trim()))
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
outputs:
  url:
    description: Where.
    value: ${{ steps.run.outputs.url }}
  both:
    description: Two in one.
    value: ${{ steps.run.outputs.url }}/${{ steps.run.outputs.path }}
runs:
  using: composite
  steps:
    - id: run
      shell: sh
      env:
        INPUT_COMMAND: ${{ inputs.command }}
        INPUT_GITHUB_TOKEN: ${{ inputs.github-token }}
        OF: ${{ github.repository }}
      run: 'exec \"$GITHUB_ACTION_PATH/../run.sh\" x'
";

    fn texts<const N: usize>(of: [(&str, &str); N]) -> BTreeMap<String, String> {
        of.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    fn environment(with: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
        let job = Job::new().token("t").set("GITHUB_REPOSITORY", "acme/app");
        ActionYml::parse("x", YML).unwrap().environment(with, &job)
    }

    #[test]
    fn inputs_and_defaults_become_the_steps_environment() {
        let set = environment(&texts([("command", "go")])).unwrap();
        let wanted = [("INPUT_COMMAND", "go"), ("INPUT_GITHUB_TOKEN", "t"), ("OF", "acme/app")];
        assert_eq!(set, texts(wanted));
        // An empty value is a value.
        let set = environment(&texts([("github-token", "")])).unwrap();
        assert_eq!(
            (set["INPUT_COMMAND"].as_str(), set["INPUT_GITHUB_TOKEN"].as_str()),
            ("", "")
        );
    }

    #[test]
    fn inputs_that_do_not_exist_or_go_nowhere_are_refused() {
        let refused = |input| environment(&texts([(input, "go")])).unwrap_err().to_string();
        assert!(refused("comand").contains("no input `comand`"));
        assert!(refused("dry-run").contains("does not pass its input `dry-run`"));
    }

    #[test]
    fn outputs_are_those_that_are_declared() {
        let yml = ActionYml::parse("x", YML).unwrap();
        assert_eq!(
            yml.made(&texts([("url", "u"), ("path", "p")])).unwrap(),
            texts([("url", "u"), ("both", "u/p")])
        );
        assert_eq!(yml.made(&texts([("path", "p")])).unwrap(), texts([("both", "/p")]));
        let error = yml.made(&texts([("url", "u"), ("urls", "u")])).unwrap_err();
        assert!(error.to_string().contains("[\"urls\"]"), "{error}");
    }

    #[test]
    fn a_step_that_runs_something_else_is_not_played() {
        for (from, to) in [
            ("run.sh\" x", "run.sh\" y"),
            ("    - id: run", "    - run: echo\n    - id: run"),
        ] {
            let yml = ActionYml::parse("x", &YML.replace(from, to)).unwrap();
            assert!(yml.environment(&BTreeMap::new(), &Job::new()).is_err(), "{to}");
        }
    }

    #[test]
    fn every_action_that_has_a_binary_can_be_played() {
        let actions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../actions");
        let mut read = 0;
        for entry in fs::read_dir(&actions).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            // The others compose actions.
            if !actions.join("../crates").join(&name).join("src/main.rs").is_file() {
                continue;
            }
            let yml = ActionYml::read(&actions, &name).unwrap();
            // Each input there is, and each output there can be.
            let all = |names: Vec<&String>| names.into_iter().map(|name| (name.clone(), "v".to_owned())).collect();
            let job = Job::new().set("GITHUB_API_URL", "http://github");
            let set = yml.environment(&all(yml.inputs().keys().collect()), &job).unwrap();
            assert_eq!(set.len(), yml.inputs().len(), "{name}");
            yml.environment(&BTreeMap::new(), &job).unwrap();
            let outputs: BTreeMap<String, String> = all(yml.outputs().keys().collect());
            assert_eq!(yml.made(&outputs).unwrap(), outputs);
            read += 1;
        }
        assert!(read >= 6, "{read}");
    }
}
