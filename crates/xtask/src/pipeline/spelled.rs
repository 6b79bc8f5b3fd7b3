//! A reusable workflow as one of the caller's own: the same jobs, with the caller's triggers, and each input at its
//! default. By line: what a person edits afterwards keeps its comments.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};

use super::tables::called;
use crate::release::references::of_line;

/// Inputs that a caller has as well: those of its `workflow_dispatch`.
const KEPT: [&str; 4] = ["pull-request", "head-sha", "dry-run", "max-environments"];

/// Spells the workflow `name` out; `caller` gives the triggers.
///
/// # Errors
/// A use of an input that no rule here knows.
pub(super) fn out(name: &str, text: &str, caller: &str) -> Result<String> {
    let inputs = called(text)?.inputs;
    let kept = |input: &str| KEPT.contains(&input) && caller.contains(&format!("inputs.{input} "));
    let values: Vec<(String, String)> = inputs
        .iter()
        .filter(|(input, _)| !kept(input))
        .map(|(input, said)| {
            (
                input.clone(),
                said.default
                    .as_ref()
                    .map(super::tables::Scalar::text)
                    .unwrap_or_default(),
            )
        })
        .collect();
    let (_, rest) = text
        .split_once("\npermissions: {}\n")
        .context("it has no `permissions: {}` at its top")?;
    let body = without_unused_steps(rest, &values);
    let body = body
        .split_inclusive('\n')
        .filter_map(|line| line_of(line, &values))
        .collect::<String>();
    let body = without_empty_environments(&body);
    for (number, line) in body.lines().enumerate() {
        let stays = |input: &str| kept(input);
        if let Some(input) = used(line).find(|input| !stays(input)) {
            bail!(
                "`inputs.{input}` cannot be spelled out: line {} of the result: {line}",
                number + 1
            );
        }
    }
    Ok(format!(
        "# {name}.yml of Codex Actions with its inputs at their defaults, for those who want the steps in their own hands.\n\
         # Written by `cargo xtask docs` from .github/workflows/{name}.yml.\nname: {name}\n\n{}\npermissions: {{}}\n{body}",
        triggers(caller)?
    ))
}

/// The caller's `on:` block.
fn triggers(caller: &str) -> Result<String> {
    let from = caller.find("\non:").context("the caller has no `on:`")? + 1;
    let to = caller
        .find("\npermissions:")
        .context("the caller has no `permissions:`")?;
    Ok(caller[from..=to].to_owned())
}

/// The inputs that a line uses.
fn used(line: &str) -> impl Iterator<Item = &str> {
    used_of(line, "inputs.")
}

/// The names that a line has behind this prefix.
fn used_of<'a>(line: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_');
    line.match_indices(prefix).map(move |(at, found)| {
        let rest = &line[at + found.len()..];
        rest.split(ends).next().unwrap_or_default()
    })
}

/// Leaves steps out that run only when an input is given that has no default, or is `true` where that is not its default, and what would read their outputs.
fn without_unused_steps(text: &str, values: &[(String, String)]) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (mut kept, mut gone) = (String::new(), BTreeSet::new());
    let mut at = 0;
    while at < lines.len() {
        let indent = lines[at].len() - lines[at].trim_start().len();
        if !lines[at].trim_start().starts_with("- ") {
            kept += lines[at];
            at += 1;
            continue;
        }
        let inside = |line: &&&str| {
            let own = line.len() - line.trim_start().len();
            !line.trim().is_empty() && own > indent
        };
        let end = at + 1 + lines[at + 1..].iter().take_while(inside).count();
        let step = lines[at..end].concat();
        let is_unused = values.iter().any(|(input, value)| match value.as_str() {
            "" => step.contains(&format!("if: inputs.{input} != ''\n")),
            "false" => step.contains(&format!("if: ${{{{ inputs.{input} && ")),
            _ => false,
        });
        if is_unused {
            let id = step
                .lines()
                .find_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("id: "));
            gone.extend(id.map(str::to_owned));
        } else {
            kept += &step;
        }
        at = end;
    }
    for id in gone {
        kept = without_reads(&kept, &format!("steps.{id}."));
    }
    kept
}

/// Takes out what reads an output that nothing sets any more: a line that is nothing else goes, as do the reads of the
/// job's output that it was.
fn without_reads(text: &str, read: &str) -> String {
    let (mut kept, mut outputs) = (String::new(), Vec::new());
    for line in text.split_inclusive('\n') {
        let Some(from) = line.find(read) else {
            kept += line;
            continue;
        };
        if let Some(length) = line[from..].find(" || ") {
            kept += &line[..from];
            kept += &line[from + length + 4..];
        } else {
            let name = line.trim().split_once(": ").map(|(name, _)| name);
            outputs.extend(name.filter(|_| read.starts_with("steps.")).map(str::to_owned));
        }
    }
    for name in outputs {
        let lines = kept.split_inclusive('\n');
        // A line of a text, such as one of `reports`.
        let is_expression = |line: &str| line.trim_start().starts_with("${{ ") && line.trim_end().ends_with("}}");
        let is_read = |line: &str| used_of(line, "outputs.").any(|used| used == name);
        kept = lines.filter(|line| !(is_expression(line) && is_read(line))).collect();
    }
    kept
}

/// One line with defaults in the place of inputs; `None`: a key without a value is left out.
fn line_of(line: &str, values: &[(String, String)]) -> Option<String> {
    let mut line = line.to_owned();
    for (input, value) in values {
        let name = format!("inputs.{input}");
        if !used(&line).any(|used| used == input) {
            continue;
        }
        let label = format!("${{{{ startsWith({name}, '[') && fromJSON({name}) || {name} }}}}");
        line = line.replace(&label, value);
        if value.is_empty() && line.trim_end().ends_with(&format!(": ${{{{ {name} }}}}")) {
            return None;
        }
        line = line.replace(&format!("${{{{ {name} }}}}"), value);
        if value.is_empty() {
            line = line.replace(&format!("{name} || "), "");
        }
    }
    if let Some(target) = of_line(&line).and_then(|target| target.strip_prefix("$/actions/")) {
        return Some(line.replacen(&format!("$/actions/{target}"), &format!("codex/actions/{target}@v1"), 1));
    }
    Some(line)
}

/// An `environment:` whose name is left out has no other key to keep.
fn without_empty_environments(text: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut kept = String::new();
    let mut at = 0;
    while at < lines.len() {
        let next = lines.get(at + 1).map_or("", |line| line.trim_start());
        if lines[at].trim() == "environment:" && next.starts_with("deployment: ") {
            at += 2;
            continue;
        }
        kept += lines[at];
        at += 1;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: &str = "name: x\non:\n  push:\npermissions: {}\njobs:\n";
    const HEAD: &str = "on:\n  workflow_call:\n    inputs:\n      runner: { description: r, type: string, default: ubuntu-latest }\n      version: { description: v, type: string }\n      seed: { description: s, type: string }\n\npermissions: {}\n";

    #[test]
    fn inputs_become_their_defaults_and_what_has_none_goes() {
        let jobs = "jobs:\n  a:\n    runs-on: ${{ startsWith(inputs.runner, '[') && fromJSON(inputs.runner) || inputs.runner }}\n    environment:\n      name: ${{ inputs.version }}\n      deployment: false # x\n    outputs:\n      r: ${{ steps.seed.outputs.r || steps.b.outputs.r }}\n      s: ${{ steps.seed.outputs.r }}\n    steps:\n      - id: b # kept\n        uses: $/actions/cleanup\n        with:\n          version: ${{ inputs.version }}\n          id: ${{ inputs.version || vars.V }}\n      - id: seed\n        if: inputs.seed != ''\n        run: x\n\n  c:\n    needs: a\n    with:\n      reports: |\n        ${{ needs.a.outputs.r }}\n        ${{ needs.a.outputs.s }}\n";
        let spelled = out("x", &format!("{HEAD}{jobs}"), CALLER).unwrap();
        let (_, spelled) = spelled.split_once("name: x\n\n").unwrap();
        assert_eq!(
            spelled,
            "on:\n  push:\n\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    outputs:\n      r: ${{ steps.b.outputs.r }}\n    steps:\n      - id: b # kept\n        uses: codex/actions/cleanup@v1\n        with:\n          id: ${{ vars.V }}\n\n  c:\n    needs: a\n    with:\n      reports: |\n        ${{ needs.a.outputs.r }}\n"
        );
    }

    #[test]
    fn a_use_that_no_rule_knows_is_an_error() {
        let error = out("x", &format!("{HEAD}jobs:\n  a: ${{{{ !inputs.seed }}}}\n"), CALLER)
            .unwrap_err()
            .to_string();
        assert!(error.contains("`inputs.seed` cannot be spelled out"), "{error}");
    }
}
