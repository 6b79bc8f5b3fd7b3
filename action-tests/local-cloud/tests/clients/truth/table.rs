//! The table itself: in `truth.json`, and as Markdown.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::known;
use super::traffic::Line;

pub(super) const BEGIN: &str = "<!-- truth: generated -->\n";
pub(super) const END: &str = "<!-- /truth -->\n";

/// Base path of each provider.
const BASES: [(&str, &str); 3] = [("/github", "github"), ("/client/v4", "cloudflare"), ("/api/v2", "neon")];

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Truth {
    /// By name: `neon GET /projects/{project}`.
    pub(super) operations: BTreeMap<String, Row>,
    /// By client: what it asked for that is not modelled.
    pub(super) beyond: BTreeMap<String, BTreeSet<String>>,
}

/// What stands behind one operation.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Row {
    /// Clients that nobody here wrote and that were content with an answer.
    pub(super) clients: BTreeSet<String>,
    /// Successful answers were held against the vendor's description.
    pub(super) described: bool,
    /// Statuses that were answered and that the description does not have.
    pub(super) undescribed: BTreeSet<u16>,
    /// Whether our own actions ask for it in a test.
    pub(super) actions: bool,
}

/// The table's name of a route of the API listener; none for the admin API.
pub(super) fn name(method: &str, path: &str) -> Option<String> {
    BASES
        .iter()
        .find_map(|(base, provider)| operation(provider, method, path.strip_prefix(base)?))
}

/// The table's name of a route below its provider's base.
pub(super) fn operation(provider: &str, method: &str, route: &str) -> Option<String> {
    // GitHub's second address for the same: by the repository's number.
    let route = route.replace("/repositories/{repository_id}", "/repos/{owner}/{repo}");
    route.starts_with('/').then(|| format!("{provider} {method} {route}"))
}

impl Row {
    pub(super) fn note(&mut self, line: &Line) {
        self.actions |= line.is_ours();
        if !line.fault && line.status < 400 {
            self.clients.extend(line.client().map(str::to_owned));
        }
    }

    pub(super) fn is_assumed(&self, name: &str) -> bool {
        self.clients.is_empty() && !self.described && known::recording(name).is_none()
    }

    fn evidence(&self, name: &str) -> String {
        let mut told: Vec<String> = self.clients.iter().cloned().collect();
        told.extend(self.described.then(|| "description".to_owned()));
        told.extend(known::recording(name).map(|date| format!("recorded {date}")));
        if told.is_empty() {
            let what = known::ASSUMED.iter().find(|(operation, _)| *operation == name);
            return what.map_or("**assumed**".to_owned(), |(_, what)| format!("**assumed**: {what}"));
        }
        told.join(", ")
    }
}

impl Truth {
    /// Notes a request for which there is no route.
    pub(super) fn note_beyond(&mut self, line: &Line) {
        if let Some(client) = line.client() {
            let path: String = line
                .path
                .split('/')
                .skip(1)
                .map(|part| format!("/{}", generic(part)))
                .collect();
            let name = format!("{} {} {path}", line.provider, line.method);
            self.beyond.entry(client.to_owned()).or_default().insert(name);
        }
    }

    /// Takes the evidence of an older table over, where there is no newer.
    pub(super) fn keep(&mut self, old: &Self) {
        for (name, row) in &mut self.operations {
            *row = old.operations.get(name).cloned().unwrap_or_default();
        }
        self.beyond.clone_from(&old.beyond);
    }

    /// Takes over what an older table tells of descriptions.
    pub(super) fn keep_descriptions(&mut self, old: &Self) {
        for (name, row) in &mut self.operations {
            if let Some(old) = old.operations.get(name) {
                row.described = old.described;
                row.undescribed.clone_from(&old.undescribed);
            }
        }
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap() + "\n"
    }
}

/// A part of a path, its ids left out: what differs from run to run.
fn generic(part: &str) -> &str {
    let is_id = part.bytes().any(|byte| byte.is_ascii_digit()) && part != "v4" && part != "d1" && part != "r2";
    if is_id { "{…}" } else { part }
}

pub(super) fn markdown(truth: &Truth) -> String {
    let mut text = String::new();
    for (title, provider) in [("GitHub", "github"), ("Cloudflare", "cloudflare"), ("Neon", "neon")] {
        let rows = || {
            truth
                .operations
                .iter()
                .filter(|(name, _)| name.starts_with(&format!("{provider} ")))
        };
        let assumed = rows().filter(|(name, row)| row.is_assumed(name)).count();
        text += &format!("\n### {title}\n\n{} operations, {assumed} assumed.\n\n", rows().count());
        text += "| operation | what stands behind it | answered, not described | asked by the actions |\n|---|---|---|---|\n";
        for (name, row) in rows() {
            let (_, operation) = name.split_once(' ').unwrap();
            let undescribed: Vec<String> = row.undescribed.iter().map(u16::to_string).collect();
            let actions = if row.actions { "yes" } else { "" };
            text += &format!(
                "| `{operation}` | {} | {} | {actions} |\n",
                row.evidence(name),
                undescribed.join(", ")
            );
        }
    }
    text += "\n### The clients\n\n| client | what it is content with | what it asked for and is not modelled (501) |\n|---|---|---|\n";
    for (_, client) in known::CLIENTS {
        let exercised = truth
            .operations
            .values()
            .filter(|row| row.clients.contains(*client))
            .count();
        let beyond = truth.beyond.get(*client).into_iter().flatten().map(|name| {
            let (_, request) = name.split_once(' ').unwrap();
            format!("`{request}`")
        });
        text += &format!(
            "| {client} | {exercised} operations | {} |\n",
            beyond.collect::<Vec<_>>().join("<br>")
        );
    }
    text += "\n### Where it is not as described\n\n| | operation | what | why |\n|---|---|---|---|\n";
    for known::Difference {
        side,
        operation,
        what,
        why,
    } in known::DIFFERENCES
    {
        text += &format!("| {side} | `{operation}` | {what} | {why} |\n");
    }
    text + "\n"
}
