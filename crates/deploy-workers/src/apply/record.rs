//! What a version and its deployments say of where they come from, and of what served before: the next process reads
//! it back, since only the ten newest deployments are listed (contract sheet of Cloudflare, section 5). Pure.

use actions_core::cloudflare::{Deployment, Share};

use crate::inputs::Origin;

/// Begins the message of each deployment that puts something back.
const MARK: &str = "rollback of run ";
const RUN: &str = "run ";
const BEFORE: &str = "before ";
/// So many characters of a commit.
const SHORT: usize = 12;
/// There was no such Worker.
const NOTHING: &str = "nothing";

/// What served before a run, as the run itself wrote it down.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Before {
    /// The Worker was not there.
    Nothing,
    Versions(Vec<Share>),
}

/// Which commit, for which pull request, by which run and whom.
pub(crate) fn origin(origin: &Origin) -> String {
    let parts = [
        origin.sha.as_ref().map(|sha| sha.chars().take(SHORT).collect()),
        origin.pull_request.map(|number| format!("pull request #{number}")),
        origin.run.as_ref().map(|run| format!("{RUN}{run}")),
        origin.actor.as_ref().map(|actor| format!("by {actor}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "codex-actions".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The message of a version and of its deployments: its origin, and what served before. With the tag it names an upload
/// of this run. `None`: nobody knows what served.
pub(crate) fn message(from: &Origin, before: Option<&Before>) -> String {
    let before = before.map(|before| match before {
        Before::Nothing => NOTHING.to_owned(),
        Before::Versions(shares) => written(shares),
    });
    let before = before.map(|before| format!(", {BEFORE}{before}")).unwrap_or_default();
    format!("{}{before}", origin(from))
}

/// `<id>`, or `<id> 90% + <id> 10%`.
fn written(shares: &[Share]) -> String {
    if let [one] = shares {
        return one.version_id.clone();
    }
    let shares = shares
        .iter()
        .map(|share| format!("{} {}%", share.version_id, share.percentage));
    shares.collect::<Vec<_>>().join(" + ")
}

/// What a message says served before.
pub(crate) fn before(message: &str) -> Option<Before> {
    let text = message.split(", ").find_map(|part| part.strip_prefix(BEFORE))?;
    if text == NOTHING {
        return Some(Before::Nothing);
    }
    let shares = text.split(" + ").map(|share| match share.split_once(' ') {
        None => (!share.is_empty()).then(|| Share::all(share)),
        Some((id, percentage)) => Some(Share {
            version_id: id.to_owned(),
            percentage: percentage.strip_suffix('%')?.parse().ok()?,
        }),
    });
    let shares: Option<Vec<Share>> = shares.collect();
    shares.map(Before::Versions)
}

/// What serves now, as what will have served before.
pub(crate) fn of(deployment: &Deployment) -> Before {
    Before::Versions(deployment.versions.clone())
}

/// Whether a version's message names this commit.
pub(crate) fn is_of_commit(message: &str, from: &Origin) -> bool {
    let sha = from.sha.as_deref().and_then(|sha| sha.get(..SHORT));
    sha.is_some_and(|sha| message.split(", ").next() == Some(sha))
}

/// Whether a message of ours names this run, whichever attempt.
pub(crate) fn is_of_run(message: &str, run: &str) -> bool {
    !message.starts_with(MARK)
        && message
            .split(", ")
            .filter_map(|part| part.strip_prefix(RUN))
            .any(|id| id == run || id.split_once('.').is_some_and(|(id, _)| id == run))
}

/// The message of a deployment that puts a run's Workers back.
pub(crate) fn mark(run: &str, by: &str) -> String {
    format!("{MARK}{run}, {by}")
}

/// Whether a message is that of a deployment that put this run's Workers back.
pub(crate) fn is_mark(message: &str, run: &str) -> bool {
    message.strip_prefix(MARK).and_then(|rest| rest.split(", ").next()) == Some(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_where_it_comes_from_and_what_served_before() {
        let from = Origin {
            sha: Some("6dcb09b5b57875f334f61aebed695e2e4193db5e".to_owned()),
            tag: None,
            pull_request: Some(42),
            run: Some("1001.1".to_owned()),
            actor: Some("octocat".to_owned()),
        };
        let share = |id: &str, percentage| Share {
            version_id: id.to_owned(),
            percentage,
        };
        assert_eq!(
            message(&from, Some(&Before::Versions(vec![Share::all("4007-a")]))),
            "6dcb09b5b578, pull request #42, run 1001.1, by octocat, before 4007-a"
        );
        assert_eq!(message(&Origin::default(), None), "codex-actions");
        for what in [
            Before::Nothing,
            Before::Versions(vec![share("a", 100.0)]),
            Before::Versions(vec![share("a", 90.5), share("b", 9.5)]),
        ] {
            assert_eq!(before(&message(&from, Some(&what))), Some(what));
        }
        assert!(is_of_commit("6dcb09b5b578, run 1", &from) && !is_of_commit("6dcb09b5b579, run 1", &from));
        for text in ["", "codex-actions", "a, before ", "before a x%", "run 1, by before 7"] {
            assert_eq!(before(text), None, "{text}");
        }
    }

    #[test]
    fn a_message_names_its_run() {
        let text = "abc, pull request #42, run 1001.1, by octocat, before x";
        assert!(is_of_run(text, "1001") && !is_of_run(text, "100") && !is_of_run("by run 1001", "1001"));
        let mark = mark("1001", "abc, run 1002.1, by octocat");
        assert!(is_mark(&mark, "1001") && !is_mark(&mark, "100") && !is_mark(text, "1001"));
        assert!(!is_of_run(&mark, "1002"));
    }
}
