//! The findings as SARIF 2.1.0, of which GitHub's code scanning reads a part (docs.github.com, "SARIF support for code
//! scanning"): rules with help, one location for each result, a fingerprint that outlives moved lines.

use std::collections::BTreeMap;

use actions_core::error::fault;
use actions_core::release;
use actions_core::secret::redact;
use percent_encoding::utf8_percent_encode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::markdown::PATH;
use super::{DOCUMENT, sentence};
use crate::catalogue;
use crate::finding::{Finding, Place};
use crate::inputs::Inputs;
use crate::silence::Judged;

/// Writes the file where one is asked for.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(inputs: &Inputs, judged: &Judged, manifest: &str) -> anyhow::Result<()> {
    let Some(named) = &inputs.sarif else { return Ok(()) };
    let path = inputs.workspace.join(named);
    let document = document(judged, manifest);
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder
        .and_then(|()| std::fs::write(&path, format!("{document:#}\n")))
        .map_err(|error| {
            fault(format!("the SARIF file `{named}` could not be written"))
                .because(error)
                .hint("name a path in the workspace by `sarif`")
                .into()
        })
}

/// The document, secrets redacted in what is said: in levels, addresses and names a reader needs each letter. What lies in no file stands at the manifest, since code scanning drops what has no location.
pub(super) fn document(judged: &Judged, manifest: &str) -> Value {
    let rules = catalogue::all().map(|(area, kind)| {
        let url = format!("{DOCUMENT}#{}", kind.name);
        json!({
            "id": kind.name,
            "shortDescription": {"text": kind.what},
            "fullDescription": {"text": kind.why},
            "help": {
                "text": format!("{} {} {}", kind.what, kind.why, kind.mend),
                "markdown": format!("{}\n\n{}\n\n**To mend it:** {}\n\n[More]({url})", kind.what, kind.why, kind.mend),
            },
            "helpUri": url,
            "defaultConfiguration": {"level": kind.severity.word()},
            "properties": {"tags": [area]},
        })
    });
    let rules: Vec<Value> = rules.collect();
    let mut seen = BTreeMap::new();
    let mut results = Vec::new();
    // Silenced ones are left out: GitHub does not know `suppressions`, and would show them as open alerts
    // (github/codeql-action#1230). What is gone from the file, it closes.
    for finding in &judged.told {
        results.push(result(finding, manifest, &mut seen));
    }
    let unseen = judged.unseen.iter().map(|unseen| {
        json!({"level": "note", "message": {"text": redact(&format!("{}: not looked at, since {}", unseen.area, unseen.why))}})
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "preflight",
                "informationUri": DOCUMENT,
                "version": release::line("").trim(),
                "rules": rules,
            }},
            "automationDetails": {"id": "preflight/"},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The repository's top."}}},
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": unseen.collect::<Vec<_>>()}],
            "results": results,
        }],
    })
}

fn result(finding: &Finding, manifest: &str, seen: &mut BTreeMap<String, usize>) -> Value {
    let own = finding.place.clone();
    let place = own.unwrap_or_else(|| Place::of_file(manifest));
    let index = catalogue::all().position(|(_, kind)| kind.name == finding.kind.name);
    let mut result = json!({
        "ruleId": finding.kind.name,
        "level": finding.kind.severity.word(),
        "message": {"text": redact(&sentence(finding))},
        "locations": [{"physicalLocation": {
            "artifactLocation": {
                "uri": utf8_percent_encode(&place.file, PATH).to_string(),
                "uriBaseId": "%SRCROOT%",
            },
            "region": {"startLine": place.line, "startColumn": place.column},
        }}],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint(finding, &place.file, seen)},
    });
    if let Some(index) = index {
        result["ruleIndex"] = index.into();
    }
    result
}

/// What stays the same when lines move: kind, subject and file; and a number where these are equal.
fn fingerprint(finding: &Finding, file: &str, seen: &mut BTreeMap<String, usize>) -> String {
    let what = format!("{}\n{}\n{file}", finding.kind.name, finding.subject);
    let hash: String = Sha256::digest(&what)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let number = seen.entry(what).or_default();
    *number += 1;
    format!("{hash}:{number}")
}
