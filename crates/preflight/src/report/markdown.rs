//! The step's summary.

use actions_core::markdown::{cell, code_cell, inline, link, text_cell};
use actions_core::runner::Env;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{DOCUMENT, outcome, unseen};
use crate::finding::{Finding, Place, Severity};
use crate::silence::Judged;

/// What a path in a URL may not hold as it is.
pub(super) const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'(')
    .add(b')')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'|')
    .add(b'\\')
    .add(b'[')
    .add(b']');

pub(super) fn summary(env: &Env, judged: &Judged) -> String {
    let mark = |severity| match severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
        Severity::Note => "ℹ️",
    };
    let worst = judged.told.first().map_or("✅", |worst| mark(worst.kind.severity));
    let mut text = format!("### {worst} preflight: {}\n\n", inline(&outcome(judged)));
    if !judged.told.is_empty() {
        text += "| | where | what was seen | what to do | finding |\n|---|---|---|---|---|\n";
    }
    for finding in &judged.told {
        text += &format!(
            "| {} | {} | {} | {} | {} |\n",
            mark(finding.kind.severity),
            place(env, finding),
            text_cell(&finding.said),
            text_cell(&finding.remedy),
            name(finding),
        );
    }
    if !judged.silenced.is_empty() {
        text += &format!("\n<details><summary>{} silenced</summary>\n\n", judged.silenced.len());
        text += "| where | what was seen | why it is meant so | finding |\n|---|---|---|---|\n";
        for (finding, reason) in &judged.silenced {
            text += &format!(
                "| {} | {} | {} | {} |\n",
                place(env, finding),
                text_cell(&finding.said),
                text_cell(reason),
                name(finding),
            );
        }
        text += "\n</details>\n";
    }
    for line in unseen(judged) {
        text += &format!("\n{}\n", inline(&line));
    }
    text
}

/// The finding's name, linked to its documentation.
fn name(finding: &Finding) -> String {
    let name = finding.kind.name;
    cell(&link(&format!("`{name}`"), &format!("{DOCUMENT}#{name}")))
}

/// The finding's place, linked to the file at the commit that was looked at; without one its subject.
fn place(env: &Env, finding: &Finding) -> String {
    let Some(place) = &finding.place else {
        return code_cell(&finding.subject);
    };
    let shown = code_cell(&format!("{}:{}", place.file, place.line));
    url(env, place).map_or_else(|| shown.clone(), |url| link(&shown, &url))
}

fn url(env: &Env, place: &Place) -> Option<String> {
    let (repository, sha) = (env.repository_url()?, env.get("GITHUB_SHA")?);
    let file = utf8_percent_encode(&place.file, PATH);
    Some(format!("{repository}/blob/{sha}/{file}#L{}", place.line))
}
