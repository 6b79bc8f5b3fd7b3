//! Findings that `codex.toml` says are meant so: `[preflight] silence = { "kind" = "reason", "kind:subject" = "reason" }`.

use std::cmp::Ordering;

use actions_core::text::nearest;

use crate::catalogue;
use crate::checks::{Seen, Unseen};
use crate::document::{Document, Node};
use crate::finding::{Finding, Kind, Severity};

/// A silence of a kind that does not exist.
pub(crate) const UNKNOWN: Kind = Kind {
    name: "silence-unknown",
    severity: Severity::Warning,
    what: "`preflight.silence` names a kind of finding that does not exist, or one that cannot be silenced.",
    why: "It silences nothing, and what it was meant for is told, or fails the run.",
    mend: "Write the name as the finding is told with, or take the line out.",
};

/// A silence that nothing was found for.
pub(crate) const UNUSED: Kind = Kind {
    name: "silence-unused",
    severity: Severity::Note,
    what: "`preflight.silence` names a finding that was not made.",
    why: "What it was meant for is mended, or has another subject now; a silence that stays hides the next one.",
    mend: "Take the line out of `[preflight] silence`.",
};

pub(crate) const KINDS: &[&Kind] = &[&UNKNOWN, &UNUSED];

/// Findings that end the look at others: silenced, they would hide what nobody looked at.
const NEVER: [&str; 6] = [
    "manifest-missing",
    "manifest-invalid",
    "environment-unresolvable",
    "cloudflare-token-invalid",
    "cloudflare-token-inactive",
    "wrangler-unreadable",
];

/// What was found, after `codex.toml` had its say. The worst first, then by place.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub(crate) told: Vec<Finding>,
    /// What is meant so, and why.
    pub(crate) silenced: Vec<(Finding, String)>,
    pub(crate) unseen: Vec<Unseen>,
}

impl Judged {
    pub(crate) fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.told
            .iter()
            .filter(move |finding| finding.kind.severity == severity)
    }

    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.of(severity).count()
    }
}

/// Holds the findings against the silences of the manifest. `whole`: everything was looked at, not one environment.
pub(crate) fn judge(seen: Seen, manifest: Option<&Document>, whole: bool) -> Judged {
    let mut judged = Judged {
        unseen: seen.unseen,
        ..Judged::default()
    };
    let silences = manifest.and_then(|document| document.get(&["preflight", "silence"]));
    let silences: Vec<(&str, &str)> = silences
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(|(name, reason)| Some((name, reason.text()?)))
        .collect();
    let mut used = vec![false; silences.len()];
    for finding in seen.findings {
        let mut meant = None;
        for (at, _) in silences
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| names(name, &finding))
        {
            used[at] = true;
            // The one that names the subject says more.
            if meant.is_none() || silences[at].0.contains(':') {
                meant = Some(at);
            }
        }
        match meant {
            Some(at) => {
                judged.silenced.push((finding, silences[at].1.to_owned()));
            }
            None => judged.told.push(finding),
        }
    }
    if let Some(document) = manifest {
        for ((name, _), _) in silences.iter().zip(&used).filter(|(_, used)| !**used) {
            let place = document.place(&["preflight", "silence", name]);
            let found = useless(name, &judged.unseen, whole);
            judged.told.extend(found.map(|finding| finding.at(place)));
        }
    }
    judged.told.sort_by(order);
    judged.silenced.sort_by(|(a, _), (b, _)| order(a, b));
    judged
}

/// The worst first, then by place.
fn order(a: &Finding, b: &Finding) -> Ordering {
    let worst = b.kind.severity.cmp(&a.kind.severity);
    worst.then_with(|| (&a.place, a.kind.name, &a.subject).cmp(&(&b.place, b.kind.name, &b.subject)))
}

/// Whether a silence means this finding.
fn names(silence: &str, finding: &Finding) -> bool {
    if NEVER.contains(&finding.kind.name) {
        return false;
    }
    match silence.split_once(':') {
        Some((kind, subject)) => kind == finding.kind.name && subject == finding.subject,
        None => silence == finding.kind.name,
    }
}

/// What is to be said of a silence that silenced nothing.
fn useless(silence: &str, unseen: &[Unseen], whole: bool) -> Option<Finding> {
    let (name, subject) = silence
        .split_once(':')
        .map_or((silence, None), |(name, subject)| (name, Some(subject)));
    if NEVER.contains(&name) {
        let said = format!("`{name}` cannot be silenced: what comes after it would go unseen");
        return Some(Finding::new(
            &UNKNOWN,
            silence,
            said,
            "mend what it tells, and take the silence out",
        ));
    }
    let known = catalogue::all().find(|(_, kind)| kind.name == name);
    let Some((area, _)) = known else {
        let meant = nearest(name, catalogue::all().map(|(_, kind)| kind.name));
        let remedy = meant.map_or_else(
            || "take it out, or write the name as the finding is told with".to_owned(),
            |meant| match subject {
                Some(subject) => format!("write `{meant}:{subject}`, or take it out"),
                None => format!("write `{meant}`, or take it out"),
            },
        );
        return Some(Finding::new(
            &UNKNOWN,
            silence,
            format!("`preflight.silence` names `{name}`, which is no finding"),
            remedy,
        ));
    };
    let looked = whole && unseen.iter().all(|unseen| unseen.area != area);
    looked.then(|| {
        Finding::new(
            &UNUSED,
            silence,
            format!("`{silence}` is silenced, and nothing of it was found"),
            "take it out of `[preflight] silence`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::AREAS;

    fn made(kind: &'static Kind, subject: &str) -> Finding {
        Finding::new(kind, subject, "it is so", "change it")
    }

    fn judged(silences: &str, findings: Vec<Finding>, unseen: Vec<Unseen>, whole: bool) -> Judged {
        let text = format!("[project]\nname = \"shop\"\n\n[preflight]\nsilence = {{ {silences} }}\n");
        let manifest = Document::parse("codex.toml", &text).unwrap();
        judge(Seen { findings, unseen }, Some(&manifest), whole)
    }

    /// Some kind of an area that asks nobody.
    fn kind() -> &'static Kind {
        &UNUSED
    }

    #[test]
    fn a_kind_or_one_subject_of_it_is_silenced_with_its_reason() {
        let name = kind().name;
        let findings = || vec![made(kind(), "services.api"), made(kind(), "services.web")];
        let all = judged(&format!("\"{name}\" = \"known\""), findings(), Vec::new(), true);
        assert_eq!((all.told.len(), all.silenced.len()), (0, 2));
        assert_eq!(all.silenced[0].1, "known");
        let one = judged(
            &format!("\"{name}:services.web\" = \"known\""),
            findings(),
            Vec::new(),
            true,
        );
        assert_eq!(one.told, [made(kind(), "services.api")]);
        assert_eq!(one.silenced, [(made(kind(), "services.web"), "known".to_owned())]);
    }

    #[test]
    fn silence_unknown_and_silence_unused_are_told_at_their_place() {
        let silences = "\"silence-unusd\" = \"a\", \"silence-unused:services.api\" = \"b\"";
        let useless = judged(silences, Vec::new(), Vec::new(), true);
        let told: Vec<String> = useless
            .told
            .iter()
            .map(|told| {
                format!(
                    "{} {} {}; {}",
                    told.place.as_ref().unwrap(),
                    told.kind.name,
                    told.said,
                    told.remedy
                )
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @"
        codex.toml:5:13 silence-unknown `preflight.silence` names `silence-unusd`, which is no finding; write `silence-unused`, or take it out
        codex.toml:5:36 silence-unused `silence-unused:services.api` is silenced, and nothing of it was found; take it out of `[preflight] silence`
        ");
        // Good: it silences something.
        let used = judged(
            "\"silence-unused:services.api\" = \"b\"",
            vec![made(kind(), "services.api")],
            Vec::new(),
            true,
        );
        assert!(used.told.is_empty());
    }

    #[test]
    fn a_silence_of_what_was_not_looked_at_is_not_called_unused() {
        let (area, kind) = AREAS
            .iter()
            .flat_map(|(area, kinds)| kinds.iter().map(move |kind| (*area, *kind)))
            .find(|(_, kind)| !NEVER.contains(&kind.name))
            .unwrap();
        let silence = format!("\"{}\" = \"known\"", kind.name);
        let unseen = || vec![Unseen { area, why: "offline" }];
        assert_eq!(judged(&silence, Vec::new(), unseen(), true).told, []);
        assert_eq!(judged(&silence, Vec::new(), Vec::new(), false).told, []);
        assert_eq!(judged(&silence, Vec::new(), Vec::new(), true).told.len(), 1);
    }

    #[test]
    fn what_ends_the_look_at_others_cannot_be_silenced() {
        let all: Vec<&'static Kind> = catalogue::all().map(|(_, kind)| kind).collect();
        for name in NEVER {
            let kind = all.iter().find(|kind| kind.name == name);
            let kind = kind.unwrap_or_else(|| panic!("`{name}` is no kind"));
            let judged = judged(
                &format!("\"{name}\" = \"known\""),
                vec![made(kind, "x")],
                Vec::new(),
                true,
            );
            let told: Vec<&str> = judged.told.iter().map(|told| told.kind.name).collect();
            assert_eq!(
                (told.as_slice(), judged.silenced.len()),
                (&[name, "silence-unknown"][..], 0)
            );
        }
    }

    #[test]
    fn of_two_silences_the_one_with_the_subject_counts_and_neither_is_unused() {
        let name = kind().name;
        let both = format!("\"{name}\" = \"all\", \"{name}:services.api\" = \"this\"");
        let judged = judged(&both, vec![made(kind(), "services.api")], Vec::new(), true);
        assert_eq!(judged.told, []);
        assert_eq!(judged.silenced[0].1, "this");
    }

    #[test]
    fn the_worst_comes_first() {
        let judged = judged("", vec![made(&UNUSED, "a"), made(&UNKNOWN, "b")], Vec::new(), true);
        assert_eq!(judged.told[0].kind, &UNKNOWN);
    }
}
