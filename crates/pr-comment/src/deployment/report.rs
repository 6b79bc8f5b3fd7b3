//! Every sentence about deployments that a user can read.

use std::time::Duration;

use actions_comment::render::Ending;
use actions_core::error::fault;
use actions_core::event::Run;
use actions_core::github::deployments::State;
use actions_core::github::{CommitStatus, Error};
use actions_core::owner::Owner;
use actions_core::runner::signal::Interrupt;
use actions_core::text::count;

use super::apply::Done;
use super::dora::Figures;
use super::plan::{Phase, Plan};
use super::pulls::Brought;

pub(crate) const NEEDS_ENVIRONMENT: &str =
    "missing; without a pull request, name the environment that is deployed, such as `production`";

pub(crate) fn bad_url(url: &str) -> String {
    format!(
        "`{}` is not an address, such as `https://example.com`",
        actions_core::text::shorten(url, 80)
    )
}

/// A deployment's description.
pub(crate) fn description_of(owner: &Owner) -> String {
    let project = if owner.project.is_empty() {
        String::new()
    } else {
        format!("{}: ", owner.project)
    };
    let pull = owner
        .pull_request
        .map(|pr| format!(" of pull request #{pr}"))
        .unwrap_or_default();
    format!("{project}{}{pull}", owner.environment)
}

/// A status's description.
pub(crate) fn description(phase: Phase) -> String {
    match phase {
        Phase::Begin => "being made",
        Phase::End(Ending::Success) => "is live",
        Phase::End(Ending::PutBack) => "put back to what was there before",
        Phase::End(Ending::Cancelled) => "cancelled",
        Phase::End(Ending::Nothing | Ending::Planned | Ending::Removed) => "nothing was deployed",
        Phase::End(_) => "failed",
    }
    .to_owned()
}

/// Why an older deployment is inactive.
pub(crate) fn replaced(phase: Phase, run: Option<Run>) -> String {
    let by = run.map_or_else(|| "another one".to_owned(), |run| format!("run {}", run.id));
    match phase {
        Phase::End(Ending::Success) => format!("replaced by {by}"),
        _ => format!("its run did not say how it ended; {by} came after it"),
    }
}

pub(crate) fn overtaken_by(run: Run) -> String {
    format!("run {} (attempt {}) came after it", run.id, run.attempt)
}

/// What was done, for the log; `None` where nothing was to be told.
pub(crate) fn sentence(done: &Done, environment: &str) -> Option<String> {
    if done.deleted > 0 {
        return Some(format!(
            "deleted {} of `{environment}`; GitHub's environment of that name stays",
            count(done.deleted, "deployment")
        ));
    }
    if let Some(run) = done.overtaken {
        return Some(format!(
            "left the deployments of `{environment}` alone: run {} (attempt {}) is newer than this one",
            run.id, run.attempt
        ));
    }
    let id = done.id?;
    let state = done.state.map_or("in an unknown state", State::name);
    let made = match (done.created, done.set) {
        (true, _) => format!("made deployment {id} of `{environment}`, which is `{state}`"),
        (false, true) => format!("deployment {id} of `{environment}` is `{state}` now"),
        (false, false) => format!("deployment {id} of `{environment}` is `{state}` already"),
    };
    let retired = match done.retired {
        0 => String::new(),
        n => format!("; {} inactive", count(n, "older one")),
    };
    Some(made + &retired)
}

/// What a dry run would do.
pub(crate) fn planned(plan: &Plan, environment: &str) -> String {
    match plan {
        Plan::Nothing => format!("would leave the deployments of `{environment}` alone: nothing tells of one"),
        Plan::Overtaken { by, .. } => format!(
            "would leave the deployments of `{environment}` alone: run {} (attempt {}) is newer than this one",
            by.id, by.attempt
        ),
        Plan::Set { mine, state, retire } => {
            let which = mine.map_or_else(|| "make a deployment".to_owned(), |id| format!("find deployment {id}"));
            let state = state.map_or_else(
                || "and leave it as it is".to_owned(),
                |state| format!("and set it to `{}`", state.name()),
            );
            let retired = match retire.len() {
                0 => String::new(),
                n => format!(", and make {} inactive", count(n, "older one")),
            };
            format!("would {which} of `{environment}` {state}{retired}")
        }
    }
}

/// What a dry run would delete.
pub(crate) fn planned_deletion(n: usize, environment: &str) -> String {
    format!("would delete {} of `{environment}`", count(n, "deployment"))
}

/// No deployment was told of, though one was asked for.
pub(crate) fn nothing(ending: Ending, environment: &str) -> String {
    let why = match ending {
        Ending::Planned => "it was a dry run",
        Ending::Removed => "it was taken down, and `cleanup` retires its deployments",
        _ => "no report tells that something was deployed or checked",
    };
    format!("no deployment of `{environment}` is told of: {why}")
}

/// The token can only read, which is nobody's mistake.
pub(crate) fn not_allowed(environment: &str) -> String {
    format!("the token of this run can only read, so that GitHub shows no deployment of `{environment}`")
}

/// GitHub refused, or could not be asked.
pub(crate) fn refused(error: Error, what: &str, environment: &str) -> anyhow::Error {
    let failed = fault(format!("could not {what} of `{environment}`"));
    let grant = if what.contains("status") {
        "statuses: write"
    } else {
        "deployments: write"
    };
    if !error.is_forbidden() {
        return failed.because(error).into();
    }
    failed
        .because(anyhow::anyhow!(error.to_string()))
        .hint(format!(
            "add `{grant}` to the `permissions:` of the job, beside those it has: naming one permission takes all \
             others away"
        ))
        .into()
}

/// The run was cancelled.
pub(crate) fn cancelled(signal: Interrupt, environment: &str) -> anyhow::Error {
    fault(format!(
        "cancelled ({}) before GitHub was told how `{environment}` stands; the next run ends what is open",
        signal.name()
    ))
    .exit(signal.exit_status())
    .into()
}

/// Pull requests that were told, for the log.
pub(crate) fn told(told: &[u64], brought: &Brought) -> Option<String> {
    if told.is_empty() {
        return None;
    }
    let numbers: Vec<String> = told.iter().map(|number| format!("#{number}")).collect();
    let more = if brought.more {
        "; there are more, which are not told"
    } else {
        ""
    };
    Some(format!("told {}{more}", actions_core::text::listed(&numbers)))
}

/// One could not be told, which does not undo the deployment.
pub(crate) fn untold(number: u64, error: &Error) -> String {
    let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("pull request #{number} is not told what became of it: {error}{hint}")
}

/// A person has locked its conversation: nobody's mistake, and the others are told.
pub(crate) fn untold_locked(number: u64) -> String {
    format!("pull request #{number} is not told what became of it: its conversation is locked")
}

/// Which pull requests came with it is not known, which does not undo the deployment.
pub(crate) fn unsought(error: &Error) -> String {
    let hint = if error.is_forbidden() {
        " (give the job `contents: read` and `pull-requests: write`)"
    } else {
        ""
    };
    format!("the merged pull requests are not told what became of them: {error}{hint}")
}

/// What a merged pull request is told, above the environment's own report.
pub(crate) fn news(ending: Ending, environment: &str) -> String {
    let environment = actions_core::markdown::code(environment);
    match ending {
        Ending::Success => format!("This pull request is live in {environment}."),
        Ending::PutBack => {
            format!("This pull request is **not** live in {environment}: what was there before serves again.")
        }
        _ => format!(
            "Deploying this pull request to {environment} **failed**: what serves is told below, or by the run."
        ),
    }
}

/// A duration of days, as people say it.
fn long(duration: Duration) -> String {
    let minutes = (duration.as_secs() + 30) / 60;
    let hours = minutes / 60;
    match (hours / 24, hours) {
        (_, 0) => actions_core::text::elapsed(Duration::from_secs(duration.as_secs())),
        (days, _) if days >= 3 => count(usize::try_from(days).unwrap_or(usize::MAX), "day"),
        (_, hours) => format!("{hours} h {} min", minutes % 60),
    }
}

/// The section of the summary. Each figure with what it is measured by, since the words mean several things.
pub(crate) fn figures(figures: &Figures, environment: &str) -> String {
    let days = (figures.span.as_secs() / 86_400).max(1);
    let ended = figures.good + figures.bad;
    let tenths = figures.good as u64 * 70 / days;
    let not_known = |known: usize| match figures.good - known {
        0 => String::new(),
        n => format!("; of {n} the first commit is not known"),
    };
    let lead = figures.lead.map_or_else(
        || ("not known".to_owned(), String::new()),
        |(median, n)| (long(median), format!(", median of {n}{}", not_known(n))),
    );
    let restore = figures.restore.map_or_else(
        || {
            let none = figures
                .broken_since
                .map_or("nothing to restore", |_| "not restored yet");
            (none.to_owned(), String::new())
        },
        |(median, n)| (long(median), format!(", median of {n}")),
    );
    let broken = figures
        .broken_since
        .map(|since| format!("; broken since {}", since.strftime("%Y-%m-%d %H:%M UTC")))
        .unwrap_or_default();
    let unknown = match figures.unknown {
        0 => String::new(),
        n => format!("; {n} without a known end are left out"),
    };
    let rate = figures.bad * 100 / ended.max(1);
    format!(
        "### Delivery to {} in the last {}\n\n\
         | figure | value | measured by |\n|---|---|---|\n\
         | deployment frequency | {}.{} a week | {} that ended well |\n\
         | lead time for changes | {} | from the first commit to the end of its deployment{} |\n\
         | change failure rate | {rate} % | {} of {ended} deployments failed or were put back{unknown} |\n\
         | time to restore | {} | from a failure to the next deployment that ended well{}{broken} |\n\n\
         _From GitHub's deployments: faults that no deployment tells of are not among them._\n",
        actions_core::markdown::inline(environment),
        count(usize::try_from(days).unwrap_or(usize::MAX), "day"),
        tenths / 10,
        tenths % 10,
        count(figures.good, "deployment"),
        lead.0,
        lead.1,
        figures.bad,
        restore.0,
        restore.1,
    )
}

/// What became of the commit's status.
pub(crate) fn status(status: &CommitStatus, sha: &str, same: bool, dry_run: bool) -> String {
    let commit: String = sha.chars().take(7).collect();
    let (context, state) = (&status.context, &status.state);
    match (same, dry_run) {
        (true, _) => format!("status `{context}` of commit {commit} is `{state}` already"),
        (false, true) => format!("would set status `{context}` of commit {commit} to `{state}`"),
        (false, false) => format!("status `{context}` of commit {commit} is `{state}` now"),
    }
}

/// What the deployment brings is not known, which does not keep it from being told.
pub(crate) fn no_changes(error: &Error) -> String {
    format!("which commits it brings is not known (the job needs `contents: read`): {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_say_what_they_are_measured_by() {
        let hour = |n: u64| Duration::from_hours(n);
        let full = Figures {
            span: hour(30 * 24),
            good: 12,
            bad: 2,
            unknown: 1,
            lead: Some((hour(5) + Duration::from_mins(20), 10)),
            restore: Some((Duration::from_mins(38), 1)),
            broken_since: None,
        };
        let bare = Figures {
            span: hour(3),
            good: 0,
            bad: 1,
            unknown: 0,
            lead: None,
            restore: None,
            broken_since: "2026-11-28T10:00:00Z".parse().ok(),
        };
        let slow = Figures {
            lead: Some((hour(100), 12)),
            ..full.clone()
        };
        let texts = [&full, &bare, &slow].map(|it| figures(it, "production"));
        insta::assert_snapshot!(texts.join("\n"));
    }

    #[test]
    fn the_log_says_what_became_of_the_deployment() {
        let done = Done {
            id: Some(7),
            state: Some(State::Success),
            ..Done::default()
        };
        let lines = [
            sentence(
                &Done {
                    created: true,
                    set: true,
                    retired: 2,
                    ..done.clone()
                },
                "preview",
            ),
            sentence(
                &Done {
                    set: true,
                    ..done.clone()
                },
                "preview",
            ),
            sentence(&done, "preview"),
            sentence(
                &Done {
                    overtaken: Some(Run { id: 9, attempt: 1 }),
                    ..done.clone()
                },
                "preview",
            ),
            sentence(
                &Done {
                    deleted: 3,
                    ..Done::default()
                },
                "preview",
            ),
            sentence(&Done::default(), "preview"),
            Some(planned(&Plan::Nothing, "preview")),
            Some(planned(
                &Plan::Set {
                    mine: None,
                    state: Some(State::InProgress),
                    retire: vec![],
                },
                "preview",
            )),
            Some(planned(
                &Plan::Set {
                    mine: Some(7),
                    state: None,
                    retire: vec![1, 2],
                },
                "preview",
            )),
            Some(nothing(Ending::Nothing, "preview")),
            Some(nothing(Ending::Planned, "preview")),
            Some(news(Ending::Success, "production")),
            Some(news(Ending::PutBack, "production")),
            Some(news(Ending::Failure, "production")),
            told(
                &[4, 2],
                &Brought {
                    numbers: vec![4, 2],
                    more: true,
                },
            ),
        ];
        let lines: Vec<String> = lines
            .into_iter()
            .map(|line| line.unwrap_or_else(|| "(nothing)".to_owned()))
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
