//! Runs that GitHub gives no secrets, and what to say where one is missing.

use super::Event;

/// Why a run is not given the repository's secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// A pull request of a fork. Its token can only read.
    Fork,
    /// Dependabot started it: its own secrets only, and a token that can only read unless `permissions` raises it.
    Dependabot,
}

const DEPENDABOT: &str = "dependabot[bot]";

impl Event {
    /// Why this run is not given the repository's secrets. `None`: it is, as `pull_request_target`, `workflow_run` and
    /// `issue_comment` are for forks, too.
    pub fn withheld(&self) -> Option<Withheld> {
        let by_pull_request = self.name.starts_with("pull_request") && self.name != "pull_request_target";
        let from_fork = self
            .told
            .pull_request()
            .is_some_and(|pull| pull.from_fork == Some(true));
        if by_pull_request && from_fork {
            return Some(Withheld::Fork);
        }
        // Runs that only follow one of Dependabot's, or that a person starts, have all secrets.
        let follows = [
            "workflow_run",
            "workflow_dispatch",
            "repository_dispatch",
            "schedule",
            "issue_comment",
        ];
        let by_dependabot = self.actor.as_deref() == Some(DEPENDABOT) && !follows.contains(&self.name.as_str());
        by_dependabot.then_some(Withheld::Dependabot)
    }

    /// That this run is not given the repository's secrets, and why; `None` when it is.
    pub fn no_secrets_because(&self) -> Option<&'static str> {
        Some(match self.withheld()? {
            Withheld::Fork => "this run is given no secrets, because its pull request comes from a fork",
            Withheld::Dependabot => "this run is given none of the repository's secrets, because Dependabot started it",
        })
    }

    /// What is wrong where a secret is missing, after the input's name; `plainly` says it for runs that have it. Every
    /// action asks here, for every secret.
    pub fn missing_secret(&self, plainly: &str) -> String {
        if !plainly.contains("secrets.") {
            // `github.token` is there in every run.
            return plainly.to_owned();
        }
        match (self.withheld(), self.no_secrets_because()) {
            (Some(Withheld::Fork), Some(because)) => {
                format!("{because}; skip this step for forks, or do it in a `workflow_run` job, which has them")
            }
            (Some(Withheld::Dependabot), Some(because)) => format!(
                "{because}; add this one to Dependabot's own (Settings → Secrets and variables → Dependabot), or skip this step for it"
            ),
            _ if self.name.is_empty() => plainly.to_owned(),
            _ => format!("{plainly} (in a reusable workflow: the caller passes it on with `secrets: inherit`)"),
        }
    }
}
