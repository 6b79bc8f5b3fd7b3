//! What is written about the reusable workflows and made from them: tables of inputs, secrets and outputs, the callers
//! as act runs them, and the same pipelines spelled out, for teams who want the steps in their own hands.

mod spelled;
mod tables;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::docs::Readme;
use crate::release::tree::reusable_workflows;
use crate::workspace::Workspace;

const DOCS: &str = ".github/docs";
/// The callers that the stories of workflows run.
const CALLERS: &str = "action-tests/workflows/callers";
/// What it does at its defaults is nothing: the commands are the caller's.
const NOT_SPELLED_OUT: [&str; 1] = ["testing"];
/// The pipeline that this replaces, in lines: preview, production, and the shell scripts of both.
const BEFORE: [(&str, usize); 3] = [
    ("preview workflow", 741),
    ("production workflow", 477),
    ("shell scripts (DNS, secrets, set-up)", 1100),
];

/// Every generated document: as it stands, and as it should. One that is not there stands as an empty text.
pub(crate) fn documents(workspace: &Workspace) -> Result<Vec<Readme>> {
    let mut pages = pages(workspace)?;
    let mut documents = Vec::new();
    let mut callers = Vec::new();
    for file in reusable_workflows(workspace)? {
        let name = Path::new(&file)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(workspace.path(&file))?;
        let parts = tables::of(&text).with_context(|| file.clone())?;
        let caller_file = format!("{CALLERS}/{name}.yml");
        let caller = fs::read_to_string(workspace.path(&caller_file)).with_context(|| caller_file.clone())?;
        ensure!(
            caller.lines().count() <= 15,
            "`{caller_file}` has {} lines; a caller has at most 15",
            caller.lines().count()
        );
        let page = pages
            .iter_mut()
            .find(|page| page.should.contains(&open(&format!("inputs of {name}"))))
            .with_context(|| format!("no document in {DOCS} has a place for the inputs of `{name}`"))?;
        let mut part = |part: &str, content: &str| replace(&mut page.should, &format!("{part} of {name}"), content);
        part("inputs", &parts.inputs)?;
        part("secrets", &parts.secrets)?;
        part("outputs", &parts.outputs)?;
        part("caller", &format!("```yaml\n{caller}```\n"))?;
        callers.push((name.clone(), caller.lines().count()));
        if NOT_SPELLED_OUT.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{DOCS}/workflows/{name}.yml");
        documents.push(Readme {
            stands: fs::read_to_string(workspace.path(&path)).unwrap_or_default(),
            should: spelled::out(&name, &text, &caller).with_context(|| file.clone())?,
            path,
        });
    }
    let manifest = fs::read_to_string(workspace.path("action-tests/platform/codex.toml"))?;
    for page in &mut pages {
        if page.should.contains(&open("lines")) {
            replace(&mut page.should, "lines", &lines(&callers, manifest.lines().count()))?;
        }
    }
    documents.extend(pages);
    Ok(documents)
}

fn pages(workspace: &Workspace) -> Result<Vec<Readme>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(workspace.path(DOCS))? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "md") {
            let stands = fs::read_to_string(&file)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            pages.push(Readme {
                path: format!("{DOCS}/{name}"),
                should: stands.clone(),
                stands,
            });
        }
    }
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(pages)
}

fn open(part: &str) -> String {
    format!("<!-- {part}: written by `cargo xtask docs` -->\n")
}

fn replace(text: &mut String, part: &str, content: &str) -> Result<()> {
    let (open, close) = (open(part), format!("<!-- end of {part} -->"));
    let (before, rest) = text
        .split_once(&open)
        .with_context(|| format!("no line `{}`", open.trim_end()))?;
    let (_, after) = rest.split_once(&close).with_context(|| format!("no line `{close}`"))?;
    *text = format!("{before}{open}{content}{close}{after}");
    Ok(())
}

/// What a team keeps in its repository, before and after.
fn lines(callers: &[(String, usize)], manifest: usize) -> String {
    let before: usize = BEFORE.iter().map(|(_, lines)| lines).sum();
    let after = manifest + callers.iter().map(|(_, lines)| lines).sum::<usize>();
    let mut table = "| before | lines | after | lines |\n|---|---|---|---|\n".to_owned();
    let mut left = BEFORE.iter().map(|(what, lines)| ((*what).to_owned(), *lines));
    let manifest = [("`codex.toml`".to_owned(), manifest)];
    let mut right = manifest
        .into_iter()
        .chain(callers.iter().map(|(name, lines)| (format!("`{name}.yml`"), *lines)));
    loop {
        let (one, two) = (left.next(), right.next());
        if one.is_none() && two.is_none() {
            break;
        }
        let cells =
            |row: Option<(String, usize)>| row.map_or(" | ".to_owned(), |(what, lines)| format!("{what} | {lines}"));
        table += &format!("| {} | {} |\n", cells(one), cells(two));
    }
    table + &format!("| **all** | **{before}** | **all** | **{after}** |\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_up() {
        let callers = [("preview".to_owned(), 14)];
        assert_eq!(
            lines(&callers, 70),
            "| before | lines | after | lines |\n|---|---|---|---|\n\
             | preview workflow | 741 | `codex.toml` | 70 |\n\
             | production workflow | 477 | `preview.yml` | 14 |\n\
             | shell scripts (DNS, secrets, set-up) | 1100 |  |  |\n\
             | **all** | **2318** | **all** | **84** |\n"
        );
    }
}
