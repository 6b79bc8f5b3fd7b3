//! What GitHub Actions left in a repository, seeded: artifacts, runs, check runs.

use super::model::{Artifact, At, CheckRun, Repository, Run};
use super::seed::{HEAD_SHA, SeedArtifact, SeedCheckRun, SeedRun};

pub(super) struct Seeded {
    pub(super) artifacts: Vec<SeedArtifact>,
    pub(super) check_runs: Vec<SeedCheckRun>,
    pub(super) runs: Vec<SeedRun>,
}

impl Seeded {
    pub(super) fn add(self, repository: &mut Repository, id: &mut impl FnMut() -> u64, now: At) {
        for wanted in self.artifacts {
            repository.artifacts.push(Artifact {
                id: id(),
                name: wanted.name,
                run_id: wanted.run_id,
                size_in_bytes: 1024,
                expired: wanted.expired,
                created_at: now,
                head_sha: HEAD_SHA.to_owned(),
            });
        }
        for wanted in self.runs {
            repository.runs.push(Run {
                id: wanted.id.unwrap_or_else(&mut *id),
                number: repository.runs.len() + 1,
                name: wanted.name,
                path: wanted.path,
                event: wanted.event,
                status: wanted.status,
                conclusion: wanted.conclusion,
                head_branch: wanted.head_branch,
                head_sha: wanted.head_sha,
                actor: wanted.actor.account(),
                created_at: now,
            });
        }
        for wanted in self.check_runs {
            repository.check_runs.push(CheckRun {
                id: id(),
                name: wanted.name,
                head_sha: wanted.head_sha,
                completed_at: (wanted.status == "completed").then_some(now),
                status: wanted.status,
                conclusion: wanted.conclusion,
                details_url: None,
                external_id: String::new(),
                started_at: Some(now),
                title: None,
                summary: None,
                text: None,
                annotations: Vec::new(),
            });
        }
    }
}
