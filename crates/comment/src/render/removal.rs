//! What cleanup removed, and what is still there.

use actions_core::reports::{Cleanup, Outcome, Removal, RemovalKind, Report, Status};
use actions_core::text::count;

use super::failures::Told;
use super::not_listed;
use actions_core::markdown::{code, inline, quoted};

/// Kinds in the order in which they go.
const KINDS: [(RemovalKind, &str, &str); 9] = [
    (RemovalKind::Route, "Routes", "route"),
    (RemovalKind::CustomDomain, "Custom domains", "custom domain"),
    (RemovalKind::Certificate, "Certificates", "certificate"),
    (RemovalKind::Worker, "Workers", "Worker"),
    (RemovalKind::DnsRecord, "DNS records", "DNS record"),
    (RemovalKind::KvNamespace, "KV namespaces", "KV namespace"),
    (RemovalKind::Branch, "Database branch", "database branch"),
    (RemovalKind::RestorePoint, "Restore points", "restore point"),
    (RemovalKind::Deployment, "Deployments", "deployment"),
];

/// A table of counts, what is left with its reason, and every name in a fold. `None` without a cleanup's report.
pub(super) fn section(reports: &[Report]) -> Option<String> {
    let cleanups: Vec<&Cleanup> = reports
        .iter()
        .filter_map(|report| match report {
            Report::Cleanup(cleanup) => Some(cleanup),
            _ => None,
        })
        .collect();
    if cleanups.is_empty() {
        return None;
    }
    let planned = cleanups.iter().all(|cleanup| cleanup.head.status == Status::Planned);
    let results = results(reports);
    let mut parts = vec![
        left(&cleanups, &results),
        kept(&cleanups, &results),
        counts(&results, planned),
        names(&results),
    ];
    let nothing = |cleanup: &&Cleanup| cleanup.head.status == Status::Done && cleanup.left + cleanup.kept == 0;
    if results.is_empty() && cleanups.iter().all(nothing) {
        parts.push(Some("There was nothing to remove.".to_owned()));
    }
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Some(parts.join("\n\n"))
}

fn results(reports: &[Report]) -> Vec<&Removal> {
    let cleanups = reports.iter().filter_map(|report| match report {
        Report::Cleanup(cleanup) => Some(&cleanup.results),
        _ => None,
    });
    cleanups.flatten().collect()
}

/// `**11 removed** · 1 already gone`.
pub(super) fn tally(reports: &[Report]) -> Option<String> {
    let results = results(reports);
    let said: Vec<String> = [
        (Outcome::Deleted, "removed"),
        (Outcome::Planned, "to remove"),
        (Outcome::Absent, "already gone"),
        (Outcome::Kept, "kept"),
        (Outcome::Failed, "left"),
    ]
    .into_iter()
    .map(|(outcome, word)| {
        let listed = results.iter().filter(|removal| removal.outcome == outcome).count();
        (listed + not_listed(reports, "results", outcome), word)
    })
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("**{n}** {word}"))
    .collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

fn of(results: &[&Removal], kind: RemovalKind, outcome: Outcome) -> usize {
    results
        .iter()
        .filter(|removal| removal.kind == kind && removal.outcome == outcome)
        .count()
}

fn counts(results: &[&Removal], planned: bool) -> Option<String> {
    let columns: &[(Outcome, &str)] = if planned {
        &[(Outcome::Planned, "To remove"), (Outcome::Absent, "Already gone")]
    } else {
        &[
            (Outcome::Deleted, "Removed"),
            (Outcome::Absent, "Already gone"),
            (Outcome::Failed, "Left"),
        ]
    };
    let used: Vec<&(Outcome, &str)> = columns
        .iter()
        .filter(|(outcome, _)| results.iter().any(|removal| removal.outcome == *outcome))
        .collect();
    if used.is_empty() {
        return None;
    }
    let heads: Vec<&str> = used.iter().map(|(_, head)| *head).collect();
    let mut lines = vec![
        format!("| | {} |", heads.join(" | ")),
        format!("|:--|{}", "--:|".repeat(used.len())),
    ];
    for (kind, title, _) in KINDS {
        let numbers: Vec<usize> = used.iter().map(|(outcome, _)| of(results, kind, *outcome)).collect();
        if numbers.iter().any(|n| *n > 0) {
            let shown = numbers
                .iter()
                .map(|n| if *n > 0 { n.to_string() } else { "·".to_owned() });
            lines.push(format!("| {title} | {} |", shown.collect::<Vec<_>>().join(" | ")));
        }
    }
    Some(lines.join("\n"))
}

fn item(removal: &Removal) -> String {
    let noun = KINDS
        .iter()
        .find(|(kind, ..)| *kind == removal.kind)
        .map_or("thing", |(_, _, noun)| noun);
    let detail = removal
        .detail
        .as_deref()
        .filter(|detail| !detail.is_empty())
        .map(|detail| format!(": {}", inline(detail)))
        .unwrap_or_default();
    format!("- {noun} {}{detail}", code(&removal.name))
}

fn with(results: &[&Removal], outcome: Outcome) -> Vec<String> {
    results
        .iter()
        .filter(|removal| removal.outcome == outcome)
        .map(|removal| item(removal))
        .collect()
}

fn left(cleanups: &[&Cleanup], results: &[&Removal]) -> Option<String> {
    let items = with(results, Outcome::Failed);
    if items.is_empty() {
        return None;
    }
    let head = format!(
        "[!CAUTION]\n**{} still there.** Run cleanup again, or remove by hand:",
        count(items.len(), "thing")
    );
    let mut parts = vec![head, items.join("\n")];
    let errors = cleanups.iter().filter_map(|cleanup| cleanup.head.error.as_deref());
    let hints = errors.flat_map(|error| Told::of(error).hints);
    parts.extend(hints.map(|hint| format!("**What to do:** {}", inline(hint))));
    Some(quoted(&parts.join("\n\n")))
}

fn kept(cleanups: &[&Cleanup], results: &[&Removal]) -> Option<String> {
    let items = with(results, Outcome::Kept);
    let alike: usize = cleanups.iter().map(|cleanup| cleanup.kept).sum();
    let head = match (alike, items.is_empty()) {
        (0, true) => return None,
        (0, false) => "Left alone on purpose:".to_owned(),
        (alike, named) => {
            let named = if named { "." } else { ":" };
            format!("**{}**{named}", alike_stay(cleanups, alike))
        }
    };
    let list = if items.is_empty() {
        String::new()
    } else {
        format!("\n\n{}", items.join("\n"))
    };
    Some(quoted(&format!("[!NOTE]\n{head}{list}")))
}

/// `2 things that look like this preview's stay`
fn alike_stay(cleanups: &[&Cleanup], alike: usize) -> String {
    let environment = cleanups
        .iter()
        .map(|cleanup| cleanup.head.environment.as_str())
        .find(|name| !name.is_empty());
    let (looks, stay) = if alike == 1 {
        ("looks", "stays")
    } else {
        ("look", "stay")
    };
    format!(
        "{} that {looks} like this {}'s {stay}",
        count(alike, "thing"),
        inline(environment.unwrap_or("environment"))
    )
}

fn names(results: &[&Removal]) -> Option<String> {
    let mut gone = with(results, Outcome::Deleted);
    let planned = with(results, Outcome::Planned);
    let title = if gone.is_empty() {
        "What is to be removed"
    } else {
        "What was removed"
    };
    gone.extend(planned);
    (!gone.is_empty()).then(|| {
        format!(
            "<details><summary>{title}</summary>\n\n{}\n\n</details>",
            gone.join("\n")
        )
    })
}
