//! The comment's text: rendered from reports only, so that it says nothing that no action has seen.

mod database;
mod failures;
mod removal;
mod services;
mod state;

use actions_core::reports::Report;

use crate::markdown::{code, inline, link};
pub(crate) use state::{Job, State};

/// What surrounds the reports.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    /// Instead of the environment's name.
    pub(crate) title: Option<String>,
    /// The environment's name when no report tells it.
    pub(crate) environment: String,
    /// The commit that was deployed.
    pub(crate) sha: Option<String>,
    pub(crate) run_url: Option<String>,
    pub(crate) job: Job,
    /// Markdown of the user's own.
    pub(crate) body: Option<String>,
}

/// The comment without its marker.
pub(crate) fn render(frame: &Frame, reports: &[Report]) -> String {
    let sections = if reports.is_empty() && (frame.job == Job::Fine || frame.body.is_some()) {
        vec![frame.title.as_deref().map(|title| format!("### {}", inline(title)))]
    } else {
        let state = State::of(reports, frame.job);
        let removed = removal::section(reports);
        // What an environment was made of is past once it is taken down.
        let (services, facts) = if removed.is_some() {
            (None, None)
        } else {
            (services::table(reports), facts(reports))
        };
        vec![
            Some(heading(frame, state, reports)),
            failures::section(reports).or_else(|| failures::elsewhere(state, frame.run_url.as_deref())),
            services,
            facts,
            removed,
        ]
    };
    let mut parts: Vec<String> = sections.into_iter().flatten().collect();
    parts.extend(frame.body.as_deref().map(|body| body.trim().to_owned()));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

fn heading(frame: &Frame, state: State, reports: &[Report]) -> String {
    let environment = reports
        .iter()
        .map(|report| report.head().environment.as_str())
        .find(|name| !name.is_empty())
        .unwrap_or(&frame.environment);
    let subject = frame.title.clone().unwrap_or_else(|| capital(environment));
    let heading = format!("### {} {} {}", state.mark(), inline(&subject), state.words());
    let tally = if state.is_removal() {
        removal::tally(reports)
    } else {
        services::tally(reports)
    };
    let said: Vec<String> = tally.into_iter().chain(origin(frame, state)).collect();
    if said.is_empty() {
        heading
    } else {
        format!("{heading}\n\n{}", said.join(" · "))
    }
}

/// Which commit this is about, linked to the run that says so. What is removed is of no commit any more.
fn origin(frame: &Frame, state: State) -> Option<String> {
    let sha = frame
        .sha
        .as_deref()
        .filter(|sha| !sha.is_empty() && !state.is_removal());
    match (sha, &frame.run_url) {
        (Some(sha), run) => {
            let short = code(&sha.chars().take(7).collect::<String>());
            let commit = run.as_ref().map_or(short.clone(), |run| link(&short, run));
            Some(format!("commit {commit}"))
        }
        (None, Some(run)) => Some(link("workflow run", run)),
        (None, None) => None,
    }
}

/// The lines below the table: database and DNS.
fn facts(reports: &[Report]) -> Option<String> {
    let lines: Vec<String> = [database::line(reports), services::dns_line(reports)]
        .into_iter()
        .flatten()
        .collect();
    (!lines.is_empty()).then(|| lines.join("<br>\n"))
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests;
