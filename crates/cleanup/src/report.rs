//! Every sentence that a user of cleanup reads.

use std::error::Error as StdError;
use std::time::Duration;

use actions_core::cloudflare;
use actions_core::environment::Environment;
use actions_core::error::{fault, render};
use actions_core::plan::Plan;
use actions_core::reports::{Cleanup, Head, Outcome, Removal, RemovalKind, Status};
use actions_core::text::{cell, count, elapsed};

use crate::apply;
use crate::facts::Unread;
use crate::inputs::{Inputs, Target};
use crate::plan::{Doomed, Settled};

pub(crate) const FORGOTTEN: &str = "no longer in the manifest";
pub(crate) const MARKED_AS_ANOTHERS: &str = "it is marked as another environment's";
pub(crate) const BOUND_BY_ANOTHERS: &str = "the Worker that binds it is marked as another environment's";
pub(crate) const ROOT: &str = "it is the project's default branch, a root, or the branch that others are copied from";
pub(crate) const PROTECTED: &str = "it is protected: take the protection off in Neon's console, then run again";
pub(crate) const ROUTES_FIRST: &str = "not tried, since a route or custom domain is still there: run again";

pub(crate) fn permanent(name: &str) -> String {
    format!(
        "`{name}` is not one per pull request (its names have no `{{pr}}`); cleanup removes only environments that are"
    )
}

pub(crate) fn no_branch(name: &str) -> String {
    format!("environment `{name}` has no database branch of its own")
}

pub(crate) fn leads_to(worker: &str) -> String {
    format!("to Worker {worker}")
}

pub(crate) fn of_another_worker(worker: &str) -> String {
    format!("it belongs to Worker `{worker}`, which is not of this environment")
}

pub(crate) fn has_child(child: &str) -> String {
    format!("branch `{child}` was made from it: delete that one first")
}

/// Stands for things whose names could not be read: there may be some.
pub(crate) fn all_of(environment: &Environment) -> String {
    format!("any of {}", environment.title())
}

pub(crate) fn has_dependents(worker: &str, error: cloudflare::Error) -> anyhow::Error {
    fault(format!(
        "could not delete Worker `{worker}`, since other Workers bind to it"
    ))
    .because(error.cause)
    .hint("remove the binding from the Workers that are not of this environment; cleanup does not break them by force")
    .into()
}

pub(crate) fn certificate_stays(error: &cloudflare::Error) -> String {
    format!("its certificate stays: {}", chain(error))
}

/// Why something failed: the error and its causes on one line.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !texts.iter().any(|known| known.ends_with(&text)) {
            texts.push(text);
        }
        cause = error.source();
    }
    // "could not delete Worker `x`" says nothing new beside the kind and the name.
    if texts.len() > 1 && texts[0].starts_with("could not delete") {
        texts.remove(0);
    }
    texts.join(": ")
}

/// Why a deletion failed, on one line.
pub(crate) fn reason(error: &anyhow::Error) -> String {
    chain(error.as_ref())
}

/// What could not be read, as an error.
pub(crate) fn unread(unread: Unread) -> anyhow::Error {
    let error = fault(unread.reason);
    match unread.hint {
        Some(hint) => error.hint(hint).into(),
        None => error.into(),
    }
}

fn noun(kind: RemovalKind) -> &'static str {
    match kind {
        RemovalKind::Route => "route",
        RemovalKind::CustomDomain => "custom domain",
        RemovalKind::Worker => "Worker",
        RemovalKind::DnsRecord => "DNS record",
        RemovalKind::KvNamespace => "KV namespace",
        RemovalKind::Branch => "branch",
        RemovalKind::Unknown => "thing",
    }
}

/// A line of the log for a thing that is done with.
pub(crate) fn line(removal: &Removal) -> String {
    let detail = removal
        .detail
        .as_ref()
        .map(|detail| format!(" ({detail})"))
        .unwrap_or_default();
    format!("deleted {} `{}`{detail}", noun(removal.kind), removal.name)
}

/// A line of the log for a thing that could not be deleted.
pub(crate) fn failure(kind: RemovalKind, name: &str, reason: &str) -> String {
    format!("{} `{name}` is left: {reason}", noun(kind))
}

/// The first line of the log.
pub(crate) fn opening(target: &Target, plan: &Plan<Doomed>) -> String {
    format!("{}: {}", target.environment.title(), plan.headline())
}

pub(crate) struct Report {
    title: String,
    head: Head,
    removals: Vec<Removal>,
    /// What is left, and why the first of it is: its hint is the most useful.
    failure: Option<anyhow::Error>,
    took: Duration,
}

impl Report {
    pub(crate) fn new(inputs: &Inputs, settled: Vec<Settled>, took: Duration) -> Self {
        let environment = &inputs.target.environment;
        let mut error = None;
        let mut removals = Vec::with_capacity(settled.len());
        for settled in settled {
            error = error.or(settled.error);
            removals.push(settled.removal);
        }
        let failure = what_is_left(&environment.title(), &removals).map(|what| {
            let failure = fault(what);
            anyhow::Error::from(match error {
                // What the cause's own hint says comes first in any case.
                Some(error) if render(&error).contains("\nhint: ") => failure.because(error),
                Some(error) => failure.because(error).hint(AGAIN),
                None => failure.hint(AGAIN),
            })
        });
        Self {
            title: environment.title(),
            head: Head {
                environment: environment.name.clone(),
                pull_request: environment.pull_request,
                status: match (inputs.dry_run, failure.is_some()) {
                    (_, true) => Status::Failed,
                    (true, false) => Status::Planned,
                    (false, false) => Status::Done,
                },
                changed: apply::changed(&removals),
                seconds: took.as_secs_f64(),
                error: failure.as_ref().map(render),
                ..Head::default()
            },
            removals,
            failure,
            took,
        }
    }

    pub(crate) fn changed(&self) -> bool {
        self.head.changed
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.removals
            .iter()
            .filter(|removal| removal.outcome == outcome)
            .count()
    }

    /// How many things of the environment are still there.
    pub(crate) fn left(&self) -> usize {
        self.count(Outcome::Failed)
    }

    /// The last line of the log.
    pub(crate) fn sentence(&self) -> String {
        let (title, took) = (&self.title, elapsed(self.took));
        let (deleted, left, planned) = (self.count(Outcome::Deleted), self.left(), self.count(Outcome::Planned));
        match (left, deleted, planned) {
            (0, 0, 0) => format!("nothing of {title} is left; there was nothing to delete"),
            (0, 0, planned) => format!("would delete {} of {title}", count(planned, "thing")),
            (0, deleted, _) => format!(
                "nothing of {title} is left; deleted {} in {took}",
                count(deleted, "thing")
            ),
            (left, deleted, _) => format!(
                "deleted {} of {title}, {} left",
                count(deleted, "thing"),
                count(left, "thing")
            ),
        }
    }

    /// The step summary.
    pub(crate) fn markdown(&self) -> String {
        let mark = match self.head.status {
            Status::Failed => "❌",
            Status::Planned => "📝",
            _ => "🧹",
        };
        let heading = format!("### {mark} {}", capital(&self.sentence()));
        if self.removals.is_empty() {
            return heading;
        }
        let rows = self.removals.iter().map(|removal| {
            let outcome = match removal.outcome {
                Outcome::Deleted => "deleted",
                Outcome::Absent => "already gone",
                Outcome::Failed => "**left**",
                Outcome::Kept => "kept",
                Outcome::Planned => "to delete",
                Outcome::Unknown => "unknown",
            };
            let detail = removal.detail.as_deref().unwrap_or_default();
            format!(
                "| {} | `{}` | {outcome} | {} |\n",
                noun(removal.kind),
                cell(&removal.name),
                cell(detail)
            )
        });
        format!(
            "{heading}\n\n| what | name | outcome | |\n|---|---|---|---|\n{}",
            rows.collect::<String>()
        )
    }

    /// The output `report`.
    pub(crate) fn json(&self) -> Cleanup {
        Cleanup {
            head: self.head.clone(),
            results: self.removals.clone(),
            left: self.left(),
            kept: self.count(Outcome::Kept),
        }
    }

    /// `Ok` when nothing is left, else what is.
    pub(crate) fn verdict(self) -> anyhow::Result<()> {
        self.failure.map_or(Ok(()), Err)
    }
}

fn what_is_left(title: &str, removals: &[Removal]) -> Option<String> {
    let left: Vec<String> = removals
        .iter()
        .filter(|removal| removal.outcome == Outcome::Failed)
        .map(|removal| format!("{} `{}`", noun(removal.kind), removal.name))
        .collect();
    (!left.is_empty()).then(|| format!("{} of {title} left: {}", count(left.len(), "thing"), left.join(", ")))
}

const AGAIN: &str = "run cleanup again when the cause is gone: it goes on where it stopped";

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: &[(RemovalKind, Outcome, Option<&str>)]) -> Report {
        let removals = outcomes.iter().map(|(kind, outcome, detail)| Removal {
            kind: *kind,
            name: "api-preview-42".to_owned(),
            outcome: *outcome,
            detail: detail.map(str::to_owned),
        });
        let removals: Vec<Removal> = removals.collect();
        let failure = what_is_left("preview 42", &removals).map(|what| fault(what).into());
        Report {
            title: "preview 42".to_owned(),
            head: Head {
                status: if failure.is_some() {
                    Status::Failed
                } else {
                    Status::Done
                },
                changed: apply::changed(&removals),
                ..Head::default()
            },
            failure,
            removals,
            took: Duration::from_millis(1234),
        }
    }

    #[test]
    fn the_last_line_says_what_is_true() {
        use Outcome::{Absent, Deleted, Failed, Kept, Planned};
        let worker = |outcome| (RemovalKind::Worker, outcome, None);
        let lines = [
            report(&[worker(Deleted), worker(Absent)]).sentence(),
            report(&[worker(Absent), worker(Kept)]).sentence(),
            report(&[worker(Planned), worker(Planned)]).sentence(),
            report(&[worker(Deleted), worker(Failed)]).sentence(),
            report(&[]).sentence(),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        nothing of preview 42 is left; deleted 1 thing in 1.2 s
        nothing of preview 42 is left; there was nothing to delete
        would delete 2 things of preview 42
        deleted 1 thing of preview 42, 1 thing left
        nothing of preview 42 is left; there was nothing to delete
        ");
    }

    #[test]
    fn the_summary_lists_each_thing() {
        let report = report(&[
            (RemovalKind::Route, Outcome::Deleted, None),
            (RemovalKind::Worker, Outcome::Kept, Some(MARKED_AS_ANOTHERS)),
            (RemovalKind::Branch, Outcome::Failed, Some(PROTECTED)),
        ]);
        insta::assert_snapshot!(report.markdown(), @"
        ### ❌ Deleted 1 thing of preview 42, 1 thing left

        | what | name | outcome | |
        |---|---|---|---|
        | route | `api-preview-42` | deleted |  |
        | Worker | `api-preview-42` | kept | it is marked as another environment's |
        | branch | `api-preview-42` | **left** | it is protected: take the protection off in Neon's console, then run again |
        ");
        assert_eq!((report.left(), report.changed()), (1, true));
        assert_eq!(
            report.verdict().unwrap_err().to_string(),
            "1 thing of preview 42 left: branch `api-preview-42`"
        );
    }
}
