//! What is to be done about a Worker that is to be put back. Pure.

use actions_core::cloudflare::{Deployment, Share, Version};

use crate::apply::look::Found;
use crate::apply::record::{self, Before};
use crate::inputs::NewWorkers;

/// What to do about one Worker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    Deploy(Vec<Share>),
    Remove,
    /// It serves what it did.
    Nothing,
    Leave(String),
    /// It is to be put back, and cannot be: why.
    Fail(String),
}

/// What a run of ours knows of a Worker whose code it has touched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Touched<'a> {
    /// What served when the run began.
    pub(crate) before: Option<&'a Deployment>,
    /// There was no such Worker when the run began: Cloudflare's list said so, too.
    pub(crate) was_absent: bool,
    /// The version that the run made.
    pub(crate) ours: Option<&'a str>,
    /// What the run's deployments say.
    pub(crate) message: &'a str,
    /// Whether Cloudflare has answered that it took the code.
    pub(crate) taken: bool,
}

/// Decides about a Worker that this run has touched.
pub(crate) fn decide(touched: &Touched<'_>, now: &Found, new_workers: NewWorkers) -> Decision {
    let now = match now {
        Found::There(deployments) => deployments.first(),
        // A first upload that was refused leaves nothing behind.
        Found::Absent if touched.was_absent && !touched.taken => return Decision::Nothing,
        Found::Absent => return Decision::Fail("Cloudflare says that there is no such Worker any more".to_owned()),
    };
    let Some(now) = now else {
        return match touched.before {
            Some(_) => Decision::Fail("Cloudflare says that nothing of it serves any more".to_owned()),
            None => Decision::Nothing,
        };
    };
    if touched.before.is_some_and(|before| now.serves(&before.versions)) {
        return Decision::Nothing;
    }
    let is_ours = now.message() == touched.message
        || now
            .versions
            .iter()
            .any(|share| Some(share.version_id.as_str()) == touched.ours);
    match (is_ours, touched.before) {
        (false, _) => Decision::Leave("another run deployed it meanwhile".to_owned()),
        (true, Some(before)) => Decision::Deploy(before.versions.clone()),
        (true, None) if touched.was_absent => new(new_workers),
        (true, None) => Decision::Leave("nothing of it served before, though it was there".to_owned()),
    }
}

fn new(new_workers: NewWorkers) -> Decision {
    match new_workers {
        NewWorkers::Remove => Decision::Remove,
        NewWorkers::Keep => Decision::Leave(
            "it is new, so there is no version before; `new-workers: remove` would delete it".to_owned(),
        ),
    }
}

/// Decides about a Worker from its history: back to before `run` (a run's id, its attempts all together). Does nothing
/// the second time. `deployments` and `versions` have the newest first; of both only so many are listed.
pub(crate) fn decide_by_run(
    deployments: &[Deployment],
    versions: &[Version],
    run: &str,
    new_workers: NewWorkers,
) -> Decision {
    let history = History { versions, run };
    let Some(live) = deployments.first() else {
        return Decision::Nothing;
    };
    if record::is_mark(live.message(), run) {
        return Decision::Nothing;
    }
    if !history.deployed(live) {
        return if history.touched(deployments) {
            Decision::Leave(format!("a later deployment than that of run {run} serves"))
        } else {
            Decision::Nothing
        };
    }
    if let Some(before) = deployments.iter().find(|deployment| !history.deployed(deployment)) {
        return Decision::Deploy(before.versions.clone());
    }
    // All that are listed are this run's: what it wrote down tells what served before.
    match history.before(live) {
        Some(Before::Versions(shares)) => Decision::Deploy(shares),
        Some(Before::Nothing) => new(new_workers),
        None if all_are(versions, |version| history.made(version)).is_ok() => new(new_workers),
        None => Decision::Fail(format!(
            "all deployments that Cloudflare lists are of run {run}, and none says what served before; name it with `versions`"
        )),
    }
}

/// Whether Cloudflare lists anything that this run did to a Worker, or that undid it.
pub(crate) fn is_touched(deployments: &[Deployment], versions: &[Version], run: &str) -> bool {
    let is_mark = |deployment: &Deployment| record::is_mark(deployment.message(), run);
    deployments.iter().any(is_mark) || History { versions, run }.touched(deployments)
}

/// Whose versions a Worker has.
struct History<'a> {
    versions: &'a [Version],
    run: &'a str,
}

impl History<'_> {
    fn touched(&self, deployments: &[Deployment]) -> bool {
        deployments.iter().any(|deployment| self.deployed(deployment))
            || self.versions.iter().any(|version| self.made(version))
    }

    fn made(&self, version: &Version) -> bool {
        record::is_of_run(version.message(), self.run)
    }

    fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// What a deployment says; one that says nothing, what its one version says.
    fn message<'b>(&'b self, deployment: &'b Deployment) -> &'b str {
        if !deployment.message().is_empty() {
            return deployment.message();
        }
        let version = deployment.only_version().and_then(|id| self.version(id));
        version.map_or("", Version::message)
    }

    fn deployed(&self, deployment: &Deployment) -> bool {
        record::is_of_run(self.message(deployment), self.run)
    }

    /// What served before the run, as it wrote it down: an attempt before this one may have written it.
    fn before(&self, live: &Deployment) -> Option<Before> {
        let mut before = record::before(self.message(live))?;
        // Each step goes to an older version, so there are no more steps than versions.
        for _ in self.versions {
            let Before::Versions(shares) = &before else { break };
            let mut served = shares.iter().filter_map(|share| self.version(&share.version_id));
            let Some(own) = served.find(|version| self.made(version)) else {
                break;
            };
            before = record::before(own.message())?;
        }
        Some(before)
    }
}

/// Whether all versions that a Worker ever had are of one maker: only then it is the maker's to delete.
///
/// # Errors
/// Why it is not sure.
pub(crate) fn all_are(versions: &[Version], of_maker: impl Fn(&Version) -> bool) -> Result<(), String> {
    if let Some(other) = versions.iter().find(|version| !of_maker(version)) {
        return Err(format!("version `{}` of it was made by somebody else", other.id));
    }
    // Only the newest 100 are listed: the first one has number 1.
    if versions.iter().any(|version| version.number == 1) {
        Ok(())
    } else {
        Err("its first version is not listed, so it may be older than this run".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inputs::Origin;

    fn deployment(version: &str, message: &str) -> Deployment {
        serde_json::from_value(json!({
            "id": "d",
            "versions": [{"version_id": version, "percentage": 100}],
            "annotations": {"workers/message": message},
        }))
        .unwrap()
    }

    fn version(number: u64, id: &str, message: &str) -> Version {
        serde_json::from_value(json!({"id": id, "number": number, "annotations": {"workers/message": message}}))
            .unwrap()
    }

    fn there(deployment: &Deployment) -> Found {
        Found::There(vec![deployment.clone()])
    }

    const RUN: &str = "abc, pull request #42, run 1001.1, by octocat, before old";
    const OTHER: &str = "def, run 1000.1, by octocat";
    const KEEP: NewWorkers = NewWorkers::Keep;
    const REMOVE: NewWorkers = NewWorkers::Remove;

    #[test]
    fn only_what_this_run_deployed_is_put_back() {
        let (old, new, foreign) = (deployment("old", OTHER), deployment("new", RUN), deployment("x", OTHER));
        let touched = |before, was_absent, taken| Touched {
            before,
            was_absent,
            ours: Some("new"),
            message: RUN,
            taken,
        };
        let updated = touched(Some(&old), false, true);
        assert_eq!(
            decide(&updated, &there(&new), KEEP),
            Decision::Deploy(old.versions.clone())
        );
        assert_eq!(decide(&updated, &there(&old), KEEP), Decision::Nothing);
        assert!(matches!(decide(&updated, &there(&foreign), KEEP), Decision::Leave(_)));
        // It served, so its absence is no reason to be content.
        assert!(matches!(decide(&updated, &Found::Absent, KEEP), Decision::Fail(_)));
        assert!(matches!(
            decide(&updated, &Found::There(Vec::new()), KEEP),
            Decision::Fail(_)
        ));
        let made = touched(None, true, true);
        assert!(matches!(decide(&made, &there(&new), KEEP), Decision::Leave(_)));
        assert_eq!(decide(&made, &there(&new), REMOVE), Decision::Remove);
        assert!(matches!(decide(&made, &there(&foreign), REMOVE), Decision::Leave(_)));
        assert!(matches!(decide(&made, &Found::Absent, REMOVE), Decision::Fail(_)));
        let refused = touched(None, true, false);
        assert_eq!(decide(&refused, &Found::Absent, REMOVE), Decision::Nothing);
        // Not known to be new: never removed.
        let listed = touched(None, false, true);
        assert!(matches!(decide(&listed, &there(&new), REMOVE), Decision::Leave(_)));
    }

    #[test]
    fn a_run_is_put_back_once() {
        let (old, first, second) = (
            deployment("old", OTHER),
            deployment("n1", RUN),
            deployment("n2", "abc, run 1001.2, by octocat"),
        );
        let by_run = |deployments: &[Deployment], run| decide_by_run(deployments, &[], run, KEEP);
        let both = [second.clone(), first.clone(), old.clone()];
        assert_eq!(by_run(&both, "1001"), Decision::Deploy(old.versions.clone()));
        let back = deployment("old", &record::mark("1001", "abc, run 1002.1, by octocat"));
        assert_eq!(
            by_run(&[back.clone(), second, first.clone(), old.clone()], "1001"),
            Decision::Nothing
        );
        assert_eq!(by_run(std::slice::from_ref(&old), "1001"), Decision::Nothing);
        let later = deployment("n3", "abc, run 1003.1, by octocat");
        assert!(matches!(
            by_run(&[later.clone(), first.clone(), old], "1001"),
            Decision::Leave(_)
        ));
        // Its deployments are not listed any more, its version is.
        let versions = [version(3, "n3", later.message()), version(2, "n1", RUN)];
        assert!(matches!(
            decide_by_run(std::slice::from_ref(&later), &versions, "1001", KEEP),
            Decision::Leave(_)
        ));
        assert!(is_touched(&[], &versions, "1001") && is_touched(std::slice::from_ref(&back), &[], "1001"));
        assert!(!is_touched(&[later.clone(), back.clone()], &versions, "100"));
        assert_eq!(by_run(&[first], "100"), Decision::Nothing);
        assert_eq!(by_run(&[], "1001"), Decision::Nothing);
    }

    #[test]
    fn what_is_not_listed_any_more_is_known_from_what_the_run_wrote_down() {
        let steps: Vec<Deployment> = (0..10).map(|_| deployment("new", RUN)).collect();
        let versions = [version(2, "new", RUN), version(1, "old", OTHER)];
        let by_run =
            |deployments: &[Deployment], versions: &[Version]| decide_by_run(deployments, versions, "1001", REMOVE);
        let old = Decision::Deploy(vec![Share::all("old")]);
        assert_eq!(by_run(&steps, &versions), old);
        assert_eq!(by_run(&steps, &[]), old);
        // A second attempt replaced the first one's version.
        let again = "abc, run 1001.2, by octocat, before new";
        let steps: Vec<Deployment> = (0..10).map(|_| deployment("again", again)).collect();
        let three = [version(3, "again", again), versions[0].clone(), versions[1].clone()];
        assert_eq!(by_run(&steps, &three), old);

        // Nobody wrote it down: it is new only when its first version is the run's, too.
        let silent = "abc, run 1001.1, by octocat";
        let steps = [deployment("new", silent)];
        assert!(matches!(by_run(&steps, &versions), Decision::Fail(_)));
        assert!(matches!(
            by_run(&steps, &[version(7, "new", silent)]),
            Decision::Fail(_)
        ));
        assert_eq!(by_run(&steps, &[version(1, "new", silent)]), Decision::Remove);
        let from = Origin {
            run: Some("1001.1".to_owned()),
            ..Origin::default()
        };
        let new = record::message(&from, Some(&Before::Nothing));
        assert_eq!(by_run(&[deployment("new", &new)], &[]), Decision::Remove);
        // A deployment that says nothing: its version does.
        let versions = [version(2, "new", RUN), version(1, "old", OTHER)];
        assert_eq!(by_run(&[deployment("new", "")], &versions), old);
    }

    #[test]
    fn only_a_worker_all_of_whose_versions_are_ours_is_ours_to_delete() {
        let ours = |version: &Version| version.message() == RUN;
        assert!(all_are(&[version(1, "a", RUN)], ours).is_ok());
        assert!(all_are(&[version(2, "b", OTHER), version(1, "a", RUN)], ours).is_err());
        assert!(all_are(&[version(2, "b", RUN)], ours).is_err());
        assert!(all_are(&[], ours).is_err());
    }
}
