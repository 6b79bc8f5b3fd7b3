//! What is generated of the READMEs: the tables of inputs and outputs, from each `action.yml`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use step::ActionYml;

use crate::release::tree::actions;
use crate::workspace::Workspace;

/// Each README of an action: where it is, as it stands, and as it should.
pub(crate) struct Readme {
    pub(crate) path: String,
    pub(crate) stands: String,
    pub(crate) should: String,
}

/// Writes every README whose tables are not current; answers their paths.
pub(crate) fn write(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for readme in readmes(workspace)? {
        if readme.stands != readme.should {
            let path = workspace.path(&readme.path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&path, readme.should)?;
            written.push(path);
        }
    }
    Ok(written)
}

/// The READMEs that are not what they should be.
pub(crate) fn stale(workspace: &Workspace) -> Result<Vec<String>> {
    let all = readmes(workspace)?;
    let stale = all.into_iter().filter(|readme| readme.stands != readme.should);
    Ok(stale.map(|readme| readme.path).collect())
}

/// The READMEs of all actions, and what is made from the reusable workflows.
pub(crate) fn readmes(workspace: &Workspace) -> Result<Vec<Readme>> {
    let read = |action: String| {
        let path = format!("actions/{action}/README.md");
        let stands = fs::read_to_string(workspace.path(&path)).with_context(|| format!("could not read `{path}`"))?;
        let yml = ActionYml::read(&workspace.path("actions"), &action)?;
        let should = with_table(&stands, "inputs", &inputs(&yml)).with_context(|| path.clone())?;
        let should = with_table(&should, "outputs", &outputs(&yml)).with_context(|| path.clone())?;
        Ok(Readme { path, stands, should })
    };
    let mut all = actions(workspace)?.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    all.extend(crate::pipeline::documents(workspace)?);
    Ok(all)
}

/// The text with what stands between the markers of a table replaced.
fn with_table(text: &str, name: &str, table: &str) -> Result<String> {
    let open = format!("<!-- {name}: written by `cargo xtask docs` from action.yml -->\n");
    let close = format!("<!-- end of {name} -->");
    let (before, rest) = text
        .split_once(&open)
        .with_context(|| format!("it has no line `{}`", open.trim_end()))?;
    let (_, after) = rest
        .split_once(&close)
        .with_context(|| format!("it has no line `{close}`"))?;
    Ok(format!("{before}{open}{table}{close}{after}"))
}

fn inputs(yml: &ActionYml) -> String {
    let rows = yml.inputs().iter().map(|(name, input)| {
        let (meaning, told) = split_default(&input.description);
        let default = match (input.required, input.default.as_str(), told) {
            (true, ..) => "required".to_owned(),
            (_, "", Some(told)) => told.to_owned(),
            (_, "", None) => String::new(),
            (_, default, _) => format!("`{default}`"),
        };
        format!("| `{name}` | {} | {} |\n", cell(meaning), cell(&default))
    });
    format!(
        "| input | meaning | default |\n|---|---|---|\n{}",
        rows.collect::<String>()
    )
}

fn outputs(yml: &ActionYml) -> String {
    let rows = yml.outputs().iter();
    let rows = rows.map(|(name, output)| format!("| `{name}` | {} |\n", cell(&output.description)));
    format!("| output | meaning |\n|---|---|\n{}", rows.collect::<String>())
}

/// A description's last sentence tells the default, where the composite step has none of its own.
fn split_default(description: &str) -> (&str, Option<&str>) {
    match description.split_once("Default: ") {
        Some((meaning, default)) => (meaning.trim_end(), Some(default.trim_end_matches('.'))),
        None => (description, None),
    }
}

fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    const YML: &str = "inputs:\n  run:\n    description: \"What to run, `a|b`. Default: `a`.\"\n  token:\n    description: A token.\n    default: ${{ github.token }}\n  must:\n    description: Needed.\n    required: true\noutputs:\n  url:\n    description: Where.\n    value: x\nruns:\n  steps: []\n";

    #[test]
    fn tables_come_from_the_file_and_the_rest_stays() {
        let yml = ActionYml::parse("x", YML).unwrap();
        let text =
            "# x\n<!-- inputs: written by `cargo xtask docs` from action.yml -->\nold\n<!-- end of inputs -->\nmine\n";
        assert_eq!(
            with_table(text, "inputs", &inputs(&yml)).unwrap(),
            "# x\n<!-- inputs: written by `cargo xtask docs` from action.yml -->\n\
             | input | meaning | default |\n|---|---|---|\n\
             | `run` | What to run, `a\\|b`. | `a` |\n\
             | `token` | A token. | `${{ github.token }}` |\n\
             | `must` | Needed. | required |\n\
             <!-- end of inputs -->\nmine\n"
        );
        assert_eq!(outputs(&yml), "| output | meaning |\n|---|---|\n| `url` | Where. |\n");
        assert!(with_table("# x\n", "inputs", "").is_err());
    }
}
