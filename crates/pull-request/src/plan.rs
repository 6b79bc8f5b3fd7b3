//! Whether something is made for a pull request, and from which commit.

use actions_core::event::{PullRequest, Withheld};

/// What the caller wants.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    /// The commit that somebody has looked at: 40 hexadecimal digits, lower case.
    pub(crate) head: Option<String>,
    pub(crate) drafts: bool,
    /// Dependabot's runs as well.
    pub(crate) dependabot: bool,
}

/// What is known.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// What the event tells.
    pub(crate) told: PullRequest,
    /// What GitHub tells now, or why it does not. `None`: it was not asked.
    pub(crate) asked: Option<Result<PullRequest, String>>,
    pub(crate) withheld: Option<Withheld>,
    pub(crate) by_hand: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Go {
        commit: String,
        /// GitHub could not be asked: the event is believed.
        unasked: Option<String>,
    },
    /// Nothing is made, and nothing is wrong.
    Stay(Why),
    Refuse(Refusal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Fork,
    Dependabot,
    Draft,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Somebody asked for one that is closed.
    Closed,
    /// It was pushed to since somebody looked.
    Moved {
        looked_at: String,
        now: String,
    },
    Unknown(String),
}

pub(crate) fn decide(facts: &Facts, wishes: &Wishes) -> Verdict {
    match facts.withheld {
        Some(Withheld::Fork) => return Verdict::Stay(Why::Fork),
        Some(Withheld::Dependabot) if !wishes.dependabot => return Verdict::Stay(Why::Dependabot),
        Some(Withheld::Dependabot) | None => {}
    }
    let (pull, unasked) = match &facts.asked {
        // The head stays the event's: a run is about the commit that it was started for.
        Some(Ok(answer)) => (facts.told.clone().now(answer.clone()), None),
        Some(Err(why)) => (facts.told.clone(), Some(why.clone())),
        None => (facts.told.clone(), None),
    };
    let Some(commit) = pull.head_sha.clone() else {
        return Verdict::Refuse(Refusal::Unknown(unasked.unwrap_or_default()));
    };
    if pull.is_closed() {
        return if facts.by_hand {
            Verdict::Refuse(Refusal::Closed)
        } else {
            Verdict::Stay(Why::Closed)
        };
    }
    if let Some(looked_at) = wishes.head.as_ref().filter(|head| **head != commit) {
        return Verdict::Refuse(Refusal::Moved {
            looked_at: looked_at.clone(),
            now: commit,
        });
    }
    // Who asks for a draft's by hand wants it.
    if pull.draft == Some(true) && !wishes.drafts && !facts.by_hand {
        return Verdict::Stay(Why::Draft);
    }
    Verdict::Go { commit, unasked }
}

#[cfg(test)]
mod tests {
    use actions_core::event::State;

    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn pull(sha: &str, state: State) -> PullRequest {
        PullRequest {
            head_sha: Some(sha.to_owned()),
            state: Some(state),
            draft: Some(false),
            ..PullRequest::numbered(7)
        }
    }

    fn pushed(sha: &str) -> Facts {
        Facts {
            told: pull(sha, State::Open),
            asked: Some(Ok(pull(sha, State::Open))),
            withheld: None,
            by_hand: false,
        }
    }

    fn by_hand(now: PullRequest) -> Facts {
        Facts {
            told: PullRequest::numbered(7),
            asked: Some(Ok(now)),
            withheld: None,
            by_hand: true,
        }
    }

    fn wishes(head: Option<&str>) -> Wishes {
        Wishes {
            head: head.map(str::to_owned),
            drafts: true,
            dependabot: false,
        }
    }

    fn go(commit: &str) -> Verdict {
        Verdict::Go {
            commit: commit.to_owned(),
            unasked: None,
        }
    }

    #[test]
    fn a_push_is_about_its_own_commit_whatever_came_since() {
        let mut facts = pushed(A);
        facts.asked = Some(Ok(pull(B, State::Open)));
        assert_eq!(decide(&facts, &wishes(None)), go(A));
    }

    #[test]
    fn what_was_closed_since_the_event_is_left_alone() {
        let mut facts = pushed(A);
        facts.asked = Some(Ok(pull(A, State::Closed)));
        assert_eq!(decide(&facts, &wishes(None)), Verdict::Stay(Why::Closed));
    }

    #[test]
    fn by_hand_only_the_commit_that_was_looked_at() {
        assert_eq!(decide(&by_hand(pull(A, State::Open)), &wishes(Some(A))), go(A));
        let moved = decide(&by_hand(pull(B, State::Open)), &wishes(Some(A)));
        let (looked_at, now) = (A.to_owned(), B.to_owned());
        assert_eq!(moved, Verdict::Refuse(Refusal::Moved { looked_at, now }));
        let closed = decide(&by_hand(pull(A, State::Closed)), &wishes(Some(A)));
        assert_eq!(closed, Verdict::Refuse(Refusal::Closed));
    }

    #[test]
    fn without_an_answer_the_event_is_believed_and_a_number_is_not() {
        let silent = |told, by_hand| Facts {
            told,
            asked: Some(Err("502".to_owned())),
            withheld: None,
            by_hand,
        };
        let unasked = Some("502".to_owned());
        let commit = A.to_owned();
        let believed = decide(&silent(pull(A, State::Open), false), &wishes(None));
        assert_eq!(believed, Verdict::Go { commit, unasked });
        let unknown = decide(&silent(PullRequest::numbered(7), true), &wishes(Some(A)));
        assert_eq!(unknown, Verdict::Refuse(Refusal::Unknown("502".to_owned())));
    }

    #[test]
    fn forks_dependabot_and_drafts() {
        let fork = Facts {
            asked: None,
            withheld: Some(Withheld::Fork),
            ..pushed(A)
        };
        assert_eq!(decide(&fork, &wishes(None)), Verdict::Stay(Why::Fork));
        let bot = Facts {
            withheld: Some(Withheld::Dependabot),
            ..fork
        };
        assert_eq!(decide(&bot, &wishes(None)), Verdict::Stay(Why::Dependabot));
        let both = Wishes {
            dependabot: true,
            ..wishes(None)
        };
        assert_eq!(decide(&bot, &both), go(A));
        let mut draft = pushed(A);
        draft.asked = Some(Ok(PullRequest {
            draft: Some(true),
            ..pull(A, State::Open)
        }));
        assert_eq!(decide(&draft, &wishes(None)), go(A));
        let without = Wishes {
            drafts: false,
            ..wishes(None)
        };
        assert_eq!(decide(&draft, &without), Verdict::Stay(Why::Draft));
    }
}
