//! What a reader is told.

use actions_core::error::fault;

use crate::plan::{Facts, Refusal, Why};

pub(crate) const NO_PULL_REQUEST: &str = "this run is about no pull request; pass its number";
pub(crate) const NO_HEAD: &str =
    "missing; pass the full commit that you looked at, so that nothing else runs if it was pushed to since";
pub(crate) const NOT_FOUND: &str =
    "GitHub shows no such pull request to the `github-token`: check the number, and give the job `pull-requests: read`";

pub(crate) fn not_a_commit(text: &str) -> String {
    format!("`{text}` is not a full commit id of 40 hexadecimal digits")
}

pub(crate) fn go(number: u64, commit: &str) -> String {
    format!("pull request #{number} at {commit}")
}

pub(crate) fn unasked(number: u64, why: &str) -> String {
    format!("whether pull request #{number} is still open is not known, since GitHub could not be asked: {why}")
}

/// Why nothing is made, and what to do about it.
pub(crate) fn stay(facts: &Facts, why: Why) -> String {
    let number = facts.told.number;
    match why {
        Why::Fork => {
            let commit = facts.told.head_sha.as_deref().unwrap_or("its head");
            format!(
                "Pull request #{number} comes from a fork: no secrets, so no preview. A maintainer who has read it can start \
                 one for this commit: run this workflow by hand, with `pull-request` {number} and `head-sha` {commit}."
            )
        }
        Why::Dependabot => format!(
            "Pull request #{number} is Dependabot's, whose runs are given none of the repository's secrets: no preview. \
             With `dependabot: true`, and the secrets among Dependabot's own (Settings → Secrets and variables → \
             Dependabot), there is one."
        ),
        Why::Draft => format!(
            "Pull request #{number} is a draft, and drafts get no preview here: it comes when it is ready for review."
        ),
        Why::Closed => format!("Pull request #{number} was closed meanwhile: nothing is made for it."),
    }
}

pub(crate) fn refused(number: u64, refusal: Refusal) -> anyhow::Error {
    match refusal {
        Refusal::Closed => fault(format!("pull request #{number} is closed"))
            .hint("reopen it first: what is made for a closed one is nobody's to remove")
            .into(),
        Refusal::Moved { looked_at, now } => fault(format!(
            "pull request #{number} was pushed to since you looked: it stands at {now}, not at {looked_at}"
        ))
        .hint("read what was pushed, then start again with that commit")
        .into(),
        Refusal::Unknown(why) => fault(format!("where pull request #{number} stands is not known: {why}")).into(),
    }
}

#[cfg(test)]
mod tests {
    use actions_core::error::render;
    use actions_core::event::PullRequest;

    use super::*;

    #[test]
    fn each_sentence_tells_what_to_do() {
        let told = PullRequest {
            head_sha: Some("a".repeat(40)),
            ..PullRequest::numbered(7)
        };
        let facts = Facts {
            told,
            asked: None,
            withheld: None,
            by_hand: false,
        };
        let mut all = [Why::Fork, Why::Dependabot, Why::Draft, Why::Closed]
            .map(|why| stay(&facts, why))
            .to_vec();
        all.push(unasked(7, "connection reset"));
        let moved = Refusal::Moved {
            looked_at: "a".repeat(40),
            now: "b".repeat(40),
        };
        let refusals = [Refusal::Closed, moved, Refusal::Unknown(NOT_FOUND.to_owned())];
        all.extend(refusals.map(|refusal| render(&refused(7, refusal))));
        insta::assert_snapshot!(all.join("\n\n"));
    }
}
