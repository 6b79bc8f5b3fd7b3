//! GitHub's deployments: those whose payload names exactly this environment.

use super::{Decision, Ground, Thing};
use crate::facts::Facts;
use crate::subject::Subject;

/// Digits of a commit that people know it by.
const SHORT: usize = 7;

impl Decision {
    pub(super) fn deployments(&mut self, subject: &Subject, facts: &Facts) {
        let all = facts.deployments.iter().flatten();
        for deployment in all.filter(|deployment| deployment.is_of(&subject.owner)) {
            let commit: String = deployment.sha.chars().take(SHORT).collect();
            let name = format!("{} of {commit}", deployment.id);
            self.goes(
                Thing::Deployment {
                    id: deployment.id,
                    name,
                },
                Ground::Marked,
                0,
            );
        }
    }
}
