//! The catalogue: what the sources say, with what to do; and what of it nobody has told, or is told wrongly.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::source::{self, Found, Made};
use super::texts::Names;
use super::told::{self, Told};
use crate::{ACTIONS, cell, link};

/// Messages that have neither a hint nor a cause nor a line in a README.
const LIST: &str = include_str!("told.txt");
/// What to do where a `caused by:` line follows.
const CAUSE: &str = "See the line `caused by:` below it.";
/// Not what an action consists of.
const OTHERS: [&str; 2] = ["reference", "xtask"];
/// Words of vendors that we pass on.
const VENDORS: [&str; 4] = [
    "Record quota exceeded",
    "Authentication error",
    "Resource not accessible by integration",
    "suspend interval",
];
/// Where errors of crates stand that several actions share.
const SHARED: &str = "";

/// Everything that can be read, by section: an action, or [`SHARED`].
pub(crate) struct Catalogue {
    rows: BTreeMap<String, BTreeMap<String, String>>,
    inputs: BTreeMap<String, BTreeSet<(String, String)>>,
    codes: BTreeSet<(String, String)>,
    /// Messages that nobody says what to do about, with the package that makes them.
    pub(crate) missing: BTreeSet<String>,
    /// What a README or `told.txt` says that the sources do not.
    pub(crate) untrue: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The section that a package's errors stand in.
fn section(package: &str) -> &str {
    match package {
        "wrangler" => "deploy-workers",
        "comment" => "pr-comment",
        action if ACTIONS.contains(&action) => action,
        _ => SHARED,
    }
}

/// The sources of a package, without tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name == "tests" || name.ends_with("_tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whose API a file speaks to.
fn vendor(path: &Path) -> Option<&'static str> {
    let is_in = |folder: &str| path.components().any(|part| part.as_os_str() == folder);
    let vendors = [("cloudflare", "Cloudflare"), ("github", "GitHub"), ("neon", "Neon")];
    vendors
        .into_iter()
        .find(|(folder, _)| is_in(folder))
        .map(|(_, vendor)| vendor)
}

/// What each package's sources hold.
fn packages() -> Vec<(String, Found)> {
    let mut all = Vec::new();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root().join("crates"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort();
    for folder in folders {
        let package = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if OTHERS.contains(&package.as_str()) {
            continue;
        }
        let mut paths = Vec::new();
        sources(&folder.join("src"), &mut paths);
        let parse = |path: &PathBuf| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let files: Vec<(&PathBuf, syn::File)> = paths.iter().map(|path| (path, parse(path))).collect();
        let mut names = Names::default();
        for (_, file) in &files {
            names.read(file);
        }
        let mut of_package = Found::default();
        for (path, file) in &files {
            let mut found = source::read(file, &names);
            let vendor = vendor(path).unwrap_or_default();
            for (code, _) in &mut found.codes {
                *code = format!("{vendor}: {code}");
            }
            of_package.merge(found);
        }
        all.push((package, of_package));
    }
    all
}

impl Catalogue {
    pub(crate) fn read() -> Self {
        let packages = packages();
        let mut told: Vec<(&str, Told)> = Vec::new();
        for action in ACTIONS {
            let readme = crate::read(&format!("actions/{action}/README.md"));
            told.extend(told::of_readme(&readme).into_iter().map(|row| (action, row)));
        }
        told.extend(told::of_list(LIST).into_iter().map(|row| (SHARED, row)));
        let mut catalogue = Self {
            rows: BTreeMap::new(),
            inputs: BTreeMap::new(),
            codes: BTreeSet::new(),
            missing: BTreeSet::new(),
            untrue: Vec::new(),
        };
        for (of, row) in &told {
            if !is_true(of, row, &packages) {
                let place = if *of == SHARED { "told.txt" } else { *of };
                catalogue.untrue.push(format!("{place}: {}", row.says));
            } else if *of != SHARED {
                // A link to another part of the README.
                let remedy = row.remedy.replace("](#", &format!("](../../actions/{of}/README.md#"));
                catalogue.add(of, &row.says, &remedy);
            }
        }
        for (package, found) in packages {
            let section = section(&package);
            for made in found.made {
                let about = |(of, row): &&(&str, Told)| match *of {
                    SHARED => row.says == one_line(&made.message),
                    of => of == section && is_about(row, &made.message),
                };
                catalogue.tell(section, &package, &made, told.iter().find(about));
            }
            let inputs = found.inputs.into_iter().map(|(input, says)| (place(input), says));
            catalogue.inputs.entry(section.to_owned()).or_default().extend(inputs);
            catalogue.codes.extend(found.codes);
        }
        catalogue
    }

    fn add(&mut self, section: &str, says: &str, remedy: &str) {
        let rows = self.rows.entry(section.to_owned()).or_default();
        rows.entry(says.to_owned()).or_insert_with(|| remedy.to_owned());
    }

    fn tell(&mut self, section: &str, package: &str, made: &Made, told: Option<&(&str, Told)>) {
        match (told, &made.hint) {
            // It stands there already, as the README has it.
            (Some((of, _)), _) if *of != SHARED => {}
            (Some((_, row)), _) => self.add(section, &made.message, &row.remedy),
            (None, Some(hint)) => self.add(section, &made.message, hint),
            (None, None) if made.has_cause => self.add(section, &made.message, CAUSE),
            (None, None) => {
                self.missing.insert(format!("{package}: {}", one_line(&made.message)));
            }
        }
    }

    fn section(&self, section: &str) -> String {
        let mut text = String::new();
        let mut rows: Vec<(&String, &String)> = self.rows.get(section).into_iter().flatten().collect();
        rows.sort_by_key(|(says, _)| says.trim_start_matches(['`', '…', ' ']).to_lowercase());
        if !rows.is_empty() {
            text += "\n| it says | what to do |\n|---|---|\n";
            text.extend(
                rows.iter()
                    .map(|(says, remedy)| format!("| {} | {} |\n", cell(says), cell(remedy))),
            );
        }
        let inputs = self.inputs.get(section).into_iter().flatten();
        let inputs: String = inputs
            .map(|(input, says)| format!("| `{input}` | {} |\n", cell(says)))
            .collect();
        if !inputs.is_empty() {
            text += &format!(
                "\nOf inputs (exit status 2, nothing was touched):\n\n| input | it says |\n|---|---|\n{inputs}"
            );
        }
        text
    }
}

/// Where a person has written what is wrong: in an input, in a variable, else in the manifest.
fn place(name: String) -> String {
    let is_variable = name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let line = format!("\n  {name}:\n");
    let is_input = ACTIONS
        .iter()
        .any(|action| crate::read(&format!("actions/{action}/action.yml")).contains(&line));
    if is_variable || is_input {
        name
    } else {
        "codex.toml".to_owned()
    }
}

fn one_line(message: &str) -> String {
    message.replace('\n', " ")
}

/// Whether the row is about this message: all that it shows of it stands there.
fn is_about(row: &Told, message: &str) -> bool {
    let parts = told::fixed_parts(&row.says);
    !parts.is_empty() && parts.iter().all(|part| message.contains(part.as_str()))
}

/// Whether half of the phrases that the row shows can be printed: by the action's own package or by one that several share.
fn is_true(of: &str, row: &Told, packages: &[(String, Found)]) -> bool {
    if of == SHARED {
        let made = packages.iter().flat_map(|(_, found)| &found.made);
        return made
            .map(|made| &made.message)
            .any(|message| one_line(message) == row.says);
    }
    let texts = || {
        let of_action = packages
            .iter()
            .filter(|(package, _)| section(package) == of || section(package) == SHARED);
        of_action.flat_map(|(_, found)| {
            let made = found.made.iter().map(|made| &made.message);
            found.texts.iter().chain(made)
        })
    };
    let phrases = told::phrases(&row.says);
    let known = phrases.iter().filter(|phrase| {
        VENDORS.iter().any(|words| words.contains(phrase.as_str()))
            || texts().any(|text| text.contains(phrase.as_str()))
    });
    // A row shows a message as it is read, with what was filled in: that is in no source.
    known.count() * 2 >= phrases.len()
}

/// The document.
pub(crate) fn document(catalogue: &Catalogue) -> String {
    let mut text = INTRODUCTION.to_owned();
    text += "\n## Any action\n";
    text += &catalogue.section(SHARED);
    text += "\n### Statuses and codes of the vendors\n\n| vendor: status or code | what to do |\n|---|---|\n";
    let codes = catalogue.codes.iter();
    text.extend(codes.map(|(code, remedy)| format!("| {} | {} |\n", cell(code), cell(remedy))));
    for action in ACTIONS {
        text += &format!("\n## {}\n{}", link(action), catalogue.section(action));
    }
    text
}

const INTRODUCTION: &str = "\
# What went wrong, and what to do

Search this page for the first words of what you read; `…` stands for what is filled in. An error has one shape, in the \
log, in the annotation and at the end of the step's summary:

```
could not create DNS record `api-preview-12.example.com`
caused by: Cloudflare answered 403 (code 10000, ray 8a1…): Authentication error
hint: the token needs Zone → DNS → Edit on zone `example.com`; edit it under API Tokens in the dashboard
```

First what could not be done, then why, then what to do about it. The hint knows names that this page cannot: follow it \
first. Exit status: 0 done, 1 failed, 2 an input or the manifest is wrong and nothing was touched, 130 or 143 cancelled; \
with `neon-branch`'s `run`, the command's own.

What a run did before it failed stands in its summary and in its outputs. Running again is safe: what is there is found, \
and nothing is made twice.

This page is written by `cargo xtask docs` from the sources: each message with its hint, the READMEs' tables, and for \
what has neither `crates/reference/src/failures/told.txt`. A test fails for a message without a remedy, and for a remedy \
whose message does not exist any more.
";
