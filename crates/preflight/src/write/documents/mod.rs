//! The files that are made, each a pure text of the facts.

mod environments;
mod example;
mod secrets;
mod workflows;

use actions_core::manifest::schema;

use super::block::Style;
use super::facts::Facts;
use super::files::{Part, Wanted};

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    /// `.env.example`
    EnvExample,
    /// `SETUP_SECRETS.md`
    SetupSecrets,
    /// `ENVIRONMENTS.md`: hosts, ports, CORS origins.
    Environments,
    /// The workflows that call ours.
    Workflows,
    /// The line by which editors know the manifest's keys.
    Schema,
}

impl Document {
    /// As the input `files` names them.
    pub(crate) const NAMES: [(&'static str, Self); 5] = [
        ("env-example", Self::EnvExample),
        ("setup-secrets", Self::SetupSecrets),
        ("environments", Self::Environments),
        ("workflows", Self::Workflows),
        ("schema", Self::Schema),
    ];

    /// The files of it.
    pub(super) fn wanted(self, facts: &Facts<'_>) -> Vec<Wanted> {
        let block = |file: &str, style: Style, text: String| Wanted {
            file: file.to_owned(),
            part: Part::Block { style, text },
        };
        match self {
            Self::EnvExample => vec![block(".env.example", Style::Hash, example::text(facts))],
            Self::SetupSecrets => vec![block("SETUP_SECRETS.md", Style::Markdown, secrets::text(facts))],
            Self::Environments => vec![block("ENVIRONMENTS.md", Style::Markdown, environments::text(facts))],
            Self::Workflows => workflows::all(facts),
            Self::Schema => vec![Wanted {
                file: facts.world.manifest_file.clone(),
                part: Part::FirstLine {
                    begins: "#:schema",
                    line: format!("#:schema {}", schema::URL),
                },
            }],
        }
    }
}

/// A table of Markdown, its columns as wide as they need be for people who read it as text.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|name| (*name).to_owned()).collect());
    text += &line(head.iter().map(|_| "---".to_owned()).collect());
    for row in rows {
        text += &line(row.iter().map(|text| cell(text)).collect());
    }
    text
}

/// Names in code, as a list.
fn codes<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
