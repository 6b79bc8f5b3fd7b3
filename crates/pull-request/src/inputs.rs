//! The inputs, checked all at once.

use actions_core::event::{PullRequest, Withheld};
use actions_core::runner::common::GithubAccess;
use actions_core::runner::{Common, Env, Problems, inputs};
use serde::Deserialize;

use crate::plan::Wishes;
use crate::report;

#[derive(Debug, Default, Deserialize)]
struct Raw {
    head_sha: Option<String>,
    drafts: Option<String>,
    dependabot: Option<String>,
}

pub(crate) struct Inputs {
    pub(crate) github: GithubAccess,
    /// What the event tells of it; the number alone where the event is about another, or about none.
    pub(crate) told: PullRequest,
    pub(crate) withheld: Option<Withheld>,
    /// A person named the pull request.
    pub(crate) by_hand: bool,
    pub(crate) wishes: Wishes,
}

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`actions_core::runner::BadInput`] with every wrong one.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems).await?;
        let github = common.github(&mut problems);
        let number = common.pull_request.unwrap_or_else(|| {
            problems.add(
                "pull-request",
                common.unknown_pull_request().unwrap_or(report::NO_PULL_REQUEST),
            );
            0
        });
        let told = common.event.known_of(number);
        // The event tells no head of it: somebody has named its number.
        let by_hand = told.head_sha.is_none();
        let head = raw.head_sha.map(|sha| sha.trim().to_ascii_lowercase());
        match &head {
            // A short id can be made to fit another commit.
            Some(sha) if sha.len() != 40 || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                problems.add("head-sha", report::not_a_commit(sha));
            }
            None if by_hand && number != 0 => problems.add("head-sha", report::NO_HEAD),
            _ => {}
        }
        let wishes = Wishes {
            head,
            drafts: problems.boolean("drafts", raw.drafts.as_deref(), true),
            dependabot: problems.boolean("dependabot", raw.dependabot.as_deref(), false),
        };
        problems.finish()?;
        Ok(Self {
            github,
            withheld: common.event.withheld(),
            told,
            by_hand,
            wishes,
        })
    }
}
