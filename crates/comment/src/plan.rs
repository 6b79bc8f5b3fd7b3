//! What to do with the pull request's comments: no client here.

use actions_core::github::{Comment, Identity};

use crate::marker::{self, Marker, Run};

/// The comment as it should be.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub key: String,
    pub run: Option<Run>,
    /// Without the marker.
    pub text: String,
}

impl Wanted {
    /// What is sent to GitHub.
    pub fn signed(&self) -> String {
        marker::sign(&self.key, self.run, &self.text)
    }
}

/// What happens to the one comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Create,
    Edit(u64),
    /// It says this already, and that this run, or a later attempt of it, does.
    Same(u64),
    /// It says this already, but an older run wrote it: its marker is to name this one, or a run between the two could
    /// write what is older.
    Renew(u64),
    /// A later run has written it: what this run knows is older.
    Newer(u64, Run),
}

/// What to do, in order: first the comment, then what is superfluous.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub step: Step,
    /// More comments of ours with the same key, from jobs that ran at once.
    pub duplicates: Vec<u64>,
}

/// The comments that carry our marker, whoever wrote them.
pub fn candidates<'a>(comments: &'a [Comment], key: &str) -> Vec<&'a Comment> {
    let marked = comments.iter().filter(|comment| Marker::of(comment, key).is_some());
    marked.collect()
}

fn ours<'a>(comments: &'a [Comment], identity: &Identity, key: &str) -> Vec<(&'a Comment, Marker)> {
    let mut ours: Vec<(&Comment, Marker)> = comments
        .iter()
        .filter(|comment| identity.wrote(comment))
        .filter_map(|comment| Some((comment, Marker::of(comment, key)?)))
        .collect();
    ours.sort_by_key(|(comment, _)| comment.id);
    ours
}

/// The latest run that wrote one of our comments, when it is later than `run`.
fn later(ours: &[(&Comment, Marker)], run: Option<Run>) -> Option<(u64, Run)> {
    ours.iter()
        .filter_map(|(comment, marker)| Some((comment.id, marker.run?)))
        .filter(|(_, theirs)| run.is_some_and(|run| *theirs > run))
        .max_by_key(|(_, theirs)| *theirs)
}

/// One comment of ours that says what is wanted: the oldest is kept, so that links to it stay good.
pub fn upsert(comments: &[Comment], identity: &Identity, wanted: &Wanted) -> Plan {
    let ours = ours(comments, identity, &wanted.key);
    if let Some((id, run)) = later(&ours, wanted.run) {
        return Plan {
            step: Step::Newer(id, run),
            duplicates: Vec::new(),
        };
    }
    let Some(((kept, marker), others)) = ours.split_first() else {
        return Plan {
            step: Step::Create,
            duplicates: Vec::new(),
        };
    };
    let step = if marker::holds(kept, marker, &wanted.text) {
        if wanted
            .run
            .is_some_and(|run| marker.run.is_none_or(|theirs| theirs < run))
        {
            Step::Renew(kept.id)
        } else {
            Step::Same(kept.id)
        }
    } else {
        Step::Edit(kept.id)
    };
    Plan {
        step,
        duplicates: others.iter().map(|(comment, _)| comment.id).collect(),
    }
}

/// The comments to delete, or the later run that forbids it.
pub fn delete(comments: &[Comment], identity: &Identity, key: &str, run: Option<Run>) -> Result<Vec<u64>, (u64, Run)> {
    let ours = ours(comments, identity, key);
    match later(&ours, run) {
        Some(later) => Err(later),
        None => Ok(ours.iter().map(|(comment, _)| comment.id).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marker::sign;
    use crate::marker::tests::comment;

    const BOT: &str = "github-actions[bot]";

    fn run(id: u64) -> Run {
        Run { id, attempt: 1 }
    }

    fn wanted(text: &str) -> Wanted {
        Wanted {
            key: "k".to_owned(),
            run: Some(run(1001)),
            text: text.to_owned(),
        }
    }

    fn plan(comments: &[Comment]) -> Plan {
        upsert(comments, &Identity::Actions, &wanted("ready"))
    }

    fn only(step: Step) -> Plan {
        Plan {
            step,
            duplicates: Vec::new(),
        }
    }

    #[test]
    fn the_first_time_a_comment_is_made() {
        assert_eq!(plan(&[]), only(Step::Create));
        assert_eq!(plan(&[comment(1, BOT, "another bot comment")]), only(Step::Create));
    }

    #[test]
    fn the_same_text_is_not_written_twice() {
        let text = sign("k", Some(run(1001)), "ready");
        assert_eq!(plan(&[comment(7, BOT, &text)]), only(Step::Same(7)));
    }

    #[test]
    fn the_same_text_of_an_older_run_is_this_runs_from_now_on() {
        let plan = |written| plan(&[comment(7, BOT, &sign("k", written, "ready"))]);
        assert_eq!(plan(Some(run(1000))), only(Step::Renew(7)));
        assert_eq!(plan(None), only(Step::Renew(7)));
        let outside = Wanted {
            run: None,
            ..wanted("ready")
        };
        let text = sign("k", Some(run(1000)), "ready");
        let plan = upsert(&[comment(7, BOT, &text)], &Identity::Actions, &outside);
        assert_eq!(plan.step, Step::Same(7));
    }

    #[test]
    fn a_person_who_pastes_our_marker_keeps_their_comment() {
        let text = sign("k", Some(run(1000)), "mine");
        assert_eq!(plan(&[comment(3, "octocat", &text)]), only(Step::Create));
        let comments = [comment(3, "octocat", &text), comment(4, BOT, &text)];
        assert_eq!(plan(&comments), only(Step::Edit(4)));
    }

    #[test]
    fn the_oldest_of_several_is_kept() {
        let text = sign("k", Some(run(1000)), "old");
        let comments = [comment(9, BOT, &text), comment(5, BOT, &text), comment(7, BOT, &text)];
        assert_eq!(
            plan(&comments),
            Plan {
                step: Step::Edit(5),
                duplicates: vec![7, 9]
            }
        );
    }

    #[test]
    fn an_older_run_leaves_the_newer_ones_comment() {
        let text = sign("k", Some(run(1002)), "newer");
        let later = run(1002);
        assert_eq!(plan(&[comment(5, BOT, &text)]), only(Step::Newer(5, later)));
        assert_eq!(
            delete(&[comment(5, BOT, &text)], &Identity::Actions, "k", Some(run(1001))),
            Err((5, later))
        );
    }

    #[test]
    fn outside_a_workflow_the_last_one_wins() {
        let text = sign("k", Some(run(1002)), "newer");
        let wanted = Wanted {
            run: None,
            ..wanted("ready")
        };
        let plan = upsert(&[comment(5, BOT, &text)], &Identity::Actions, &wanted);
        assert_eq!(plan.step, Step::Edit(5));
    }

    #[test]
    fn all_of_ours_are_deleted_and_nobody_elses() {
        let text = sign("k", Some(run(1000)), "x");
        let comments = [
            comment(1, "octocat", &text),
            comment(2, BOT, &text),
            comment(3, BOT, &sign("other", None, "x")),
            comment(4, BOT, &text),
        ];
        assert_eq!(
            delete(&comments, &Identity::Actions, "k", Some(run(1001))),
            Ok(vec![2, 4])
        );
    }
}
