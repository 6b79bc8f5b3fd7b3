//! The tables of one reusable workflow.

use anyhow::{Context as _, Result};
use indexmap::IndexMap;
use serde::Deserialize;

pub(super) struct Tables {
    pub(super) inputs: String,
    pub(super) secrets: String,
    pub(super) outputs: String,
}

#[derive(Deserialize)]
struct File {
    on: On,
}

#[derive(Deserialize)]
struct On {
    workflow_call: Called,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Called {
    pub(super) inputs: IndexMap<String, Input>,
    secrets: IndexMap<String, Described>,
    outputs: IndexMap<String, Described>,
}

#[derive(Deserialize)]
pub(super) struct Input {
    description: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    pub(super) default: Option<Scalar>,
}

/// A default as it is written.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Flag(bool),
    Number(u64),
    Text(String),
}

impl Scalar {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

#[derive(Deserialize)]
struct Described {
    description: String,
}

pub(super) fn called(text: &str) -> Result<Called> {
    let file: File = yaml_serde::from_str(text).context("its `workflow_call` cannot be read")?;
    Ok(file.on.workflow_call)
}

pub(super) fn of(text: &str) -> Result<Tables> {
    let called = called(text)?;
    let inputs = called.inputs.iter().map(|(name, input)| {
        let (meaning, told) = input
            .description
            .split_once("Default: ")
            .unwrap_or((&input.description, ""));
        let default = match (&input.default, input.required) {
            (_, true) => "required".to_owned(),
            (Some(default), _) => format!("`{}`", default.text()),
            (None, _) => told.trim_end_matches('.').to_owned(),
        };
        format!(
            "| `{name}` | {} | {} | {} |\n",
            input.kind,
            cell(meaning),
            cell(&default)
        )
    });
    let inputs: String = inputs.collect();
    let described = |of: &IndexMap<String, Described>| -> String {
        of.iter()
            .map(|(name, what)| format!("| `{name}` | {} |\n", cell(&what.description)))
            .collect()
    };
    Ok(Tables {
        inputs: format!("| input | type | meaning | default |\n|---|---|---|---|\n{inputs}"),
        secrets: with_head("secret", &described(&called.secrets)),
        outputs: with_head("output", &described(&called.outputs)),
    })
}

fn with_head(what: &str, rows: &str) -> String {
    if rows.is_empty() {
        "None.\n".to_owned()
    } else {
        format!("| {what} | meaning |\n|---|---|\n{rows}")
    }
}

fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_file_or_told() {
        let text = "on:\n  workflow_call:\n    inputs:\n      a:\n        description: \"A. Default: the `b`.\"\n        type: string\n      n:\n        description: \"N.\"\n        type: number\n        default: 5\n    secrets:\n      S:\n        description: \"x|y\"\n        required: false\n";
        let tables = of(text).unwrap();
        assert_eq!(
            tables.inputs,
            "| input | type | meaning | default |\n|---|---|---|---|\n| `a` | string | A. | the `b` |\n| `n` | number | N. | `5` |\n"
        );
        assert_eq!(tables.secrets, "| secret | meaning |\n|---|---|\n| `S` | x\\|y |\n");
        assert_eq!(tables.outputs, "None.\n");
        assert!(of("on: push\n").is_err());
    }
}
