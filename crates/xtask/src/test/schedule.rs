//! Which steps run, and when: lanes side by side, steps of a lane in order, each after what it needs.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};

use super::{Lane, Passed, Step};
use crate::child;
use crate::workspace::Workspace;

/// The named steps and what they need, in the table's order; all when none is named.
pub(super) fn select<'a>(steps: &'a [Step], only: &[String]) -> Result<Vec<&'a Step>> {
    let unknown: Vec<_> = only
        .iter()
        .filter(|name| steps.iter().all(|step| step.name != *name))
        .collect();
    if !unknown.is_empty() {
        bail!("no such step: {unknown:?}; `cargo xtask test --list` tells all");
    }
    if only.is_empty() {
        return Ok(steps.iter().collect());
    }
    let mut wanted: Vec<&str> = only.iter().map(String::as_str).collect();
    let mut next = 0;
    while let Some(name) = wanted.get(next).copied() {
        next += 1;
        for need in steps
            .iter()
            .filter(|step| step.name == name)
            .flat_map(|step| step.needs)
        {
            if !wanted.contains(need) {
                wanted.push(need);
            }
        }
    }
    Ok(steps.iter().filter(|step| wanted.contains(&step.name)).collect())
}

/// Which steps have ended, and whether well.
#[derive(Default)]
struct Ended {
    steps: Mutex<HashMap<&'static str, bool>>,
    changed: Condvar,
}

impl Ended {
    fn note(&self, name: &'static str, well: bool) {
        self.steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, well);
        self.changed.notify_all();
    }

    /// Waits until all `needs` have ended; fails with the first that ended badly.
    fn wait_for(&self, needs: &[&'static str]) -> Result<()> {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        for need in needs {
            loop {
                match steps.get(need) {
                    Some(true) => break,
                    Some(false) => bail!("not run, since it needs `{need}`"),
                    None => steps = self.changed.wait(steps).unwrap_or_else(PoisonError::into_inner),
                }
            }
        }
        Ok(())
    }
}

/// Runs `steps`, all of them whatever fails; `tell` hears of each as it ends.
pub(super) fn run(steps: &[&Step], workspace: &Workspace, mut tell: impl FnMut(&Step, Duration, &Result<Passed>)) {
    let ended = Ended::default();
    let (sender, results) = mpsc::channel();
    std::thread::scope(|scope| {
        for lane in [Lane::Fetch, Lane::Compile] {
            let (ended, sender) = (&ended, sender.clone());
            scope.spawn(move || {
                for step in steps.iter().filter(|step| step.lane == lane) {
                    let ready = ended.wait_for(step.needs);
                    let start = Instant::now();
                    let outcome = ready.and_then(|()| {
                        if child::interrupted() {
                            return Err(anyhow!("interrupted"));
                        }
                        (step.run)(workspace)
                    });
                    ended.note(step.name, outcome.is_ok());
                    // The receiver lives as long as this scope.
                    let _ = sender.send((*step, start.elapsed(), outcome));
                }
            });
        }
        drop(sender);
        for (step, took, outcome) in results {
            tell(step, took, &outcome);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn step(name: &'static str, needs: &'static [&'static str], lane: Lane) -> Step {
        Step {
            name,
            what: "",
            needs,
            lane,
            run: |_| Ok(Passed::Ran(String::new())),
        }
    }

    fn names(steps: &[&Step]) -> Vec<&'static str> {
        steps.iter().map(|step| step.name).collect()
    }

    #[test]
    fn a_named_step_brings_what_it_needs() {
        let steps = [
            step("c", &["b"], Lane::Compile),
            step("x", &[], Lane::Compile),
            step("a", &[], Lane::Fetch),
            step("b", &["a"], Lane::Fetch),
        ];
        assert_eq!(names(&select(&steps, &["c".into()]).unwrap()), ["c", "a", "b"]);
        assert_eq!(select(&steps, &[]).unwrap().len(), 4);
        let error = select(&steps, &["nope".into()]).err().unwrap();
        assert!(error.to_string().contains("nope"));
    }

    #[test]
    fn all_needs_exist_and_no_lane_waits_for_itself_backwards() {
        let place = |name: &str| super::super::STEPS.iter().position(|step| step.name == name).unwrap();
        for step in super::super::STEPS {
            for need in step.needs {
                let needed = &super::super::STEPS[place(need)];
                assert!(
                    needed.lane != step.lane || place(need) < place(step.name),
                    "{} needs {need}",
                    step.name
                );
            }
        }
    }

    #[test]
    fn a_failure_stops_what_needs_it_and_nothing_else() {
        let mut bad = step("bad", &[], Lane::Fetch);
        bad.run = |_| Err(anyhow!("no"));
        let steps = [
            step("needs-bad", &["bad"], Lane::Compile),
            step("other", &[], Lane::Compile),
            bad,
        ];
        let mut seen = Vec::new();
        run(
            &steps.iter().collect::<Vec<_>>(),
            &Workspace::find().unwrap(),
            |step, _, outcome| {
                seen.push((step.name, outcome.is_ok()));
            },
        );
        seen.sort_unstable();
        assert_eq!(seen, [("bad", false), ("needs-bad", false), ("other", true)]);
    }
}
