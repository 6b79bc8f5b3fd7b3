//! The comment's text: rendered from reports only, so that it says nothing that no action has seen.

mod database;
mod dns;
mod effect;
mod ending;
mod failures;
mod removal;
mod services;
mod start;
mod state;

use actions_core::reports::Report;
use jiff::Timestamp;
use serde::Serialize;

use actions_core::markdown::{code, inline, link};
pub use ending::Ending;
pub use services::{address, is_address};
pub use start::{UNTIL_THEN, start};
pub use state::{Job, State, is_gone};

/// What surrounds the reports.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Instead of the environment's name.
    pub title: Option<String>,
    /// The environment's name when no report tells it.
    pub environment: String,
    /// The commit that was deployed.
    pub sha: Option<String>,
    /// `https://github.com/owner/name`
    pub repository_url: Option<String>,
    pub run_url: Option<String>,
    pub job: Job,
    /// The service that people open, by its key.
    pub front: Option<String>,
    /// Markdown of the user's own.
    pub body: Option<String>,
}

/// What the comment says, part by part; each is Markdown that a stranger's text cannot leave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Parts {
    pub heading: Option<String>,
    /// What failed, and what to do about it.
    pub failures: Option<String>,
    /// A link to the service that people open.
    pub door: Option<String>,
    /// What was counted, the commit and the run.
    pub tally: Option<String>,
    pub services: Option<String>,
    /// Database, DNS, and until when all of it is there.
    pub facts: Option<String>,
    /// What was done to the database.
    pub database: Option<String>,
    pub removed: Option<String>,
    /// What the reports had no room for.
    pub left_out: Option<String>,
    /// The user's own Markdown.
    pub body: Option<String>,
}

impl Parts {
    pub fn of(frame: &Frame, reports: &[Report]) -> Self {
        let body = frame.body.as_deref().map(|body| body.trim().to_owned());
        if reports.is_empty() && (frame.job == Job::Fine || body.is_some()) {
            let heading = frame.title.as_deref().map(|title| format!("### {}", inline(title)));
            return Self {
                heading,
                body,
                ..Self::default()
            };
        }
        let state = State::of(reports, frame.job);
        let parts = Self {
            heading: Some(heading(frame, &state, reports)),
            failures: failures::section(reports).or_else(|| failures::elsewhere(&state, frame.run_url.as_deref())),
            tally: tally(frame, &state, reports),
            removed: removal::section(reports),
            left_out: left_out(reports),
            body,
            ..Self::default()
        };
        // What an environment was made of is past once it is taken down.
        if parts.removed.is_some() {
            return parts;
        }
        Self {
            door: services::door(reports, frame.front.as_deref()),
            services: services::table(reports),
            facts: facts(reports),
            database: database::section(reports),
            ..parts
        }
    }

    /// The parts in their order.
    pub fn text(self) -> String {
        // Why it is gone and how to get it back is read before what has gone.
        let (why, body) = if self.removed.is_some() {
            (self.body, None)
        } else {
            (None, self.body)
        };
        let parts = [
            self.heading,
            self.failures,
            self.door,
            self.tally,
            why,
            self.services,
            self.facts,
            self.database,
            self.removed,
            self.left_out,
            body,
        ];
        let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        parts.join("\n\n") + "\n"
    }
}

/// The comment without its marker.
pub fn render(frame: &Frame, reports: &[Report]) -> String {
    Parts::of(frame, reports).text()
}

fn heading(frame: &Frame, state: &State, reports: &[Report]) -> String {
    let environment = reports
        .iter()
        .map(|report| report.head().environment.as_str())
        .find(|name| !name.is_empty())
        .unwrap_or(&frame.environment);
    let subject = frame.title.clone().unwrap_or_else(|| capital(environment));
    let gap = if state.words.starts_with(':') { "" } else { " " };
    format!("### {} {}{gap}{}", state.mark, inline(&subject), inline(&state.words))
}

/// What was counted, of which commit, and where it is told at length.
fn tally(frame: &Frame, state: &State, reports: &[Report]) -> Option<String> {
    let tally = if state.is_removal() {
        removal::tally(reports)
    } else {
        services::tally(reports)
    };
    let said: Vec<String> = tally.into_iter().chain(origin(frame, !state.is_removal())).collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

/// The commit that this is about, if any, and the run that says so. What is removed is of no commit any more.
fn origin(frame: &Frame, of_a_commit: bool) -> Option<String> {
    let sha = frame.sha.as_deref().filter(|sha| !sha.is_empty() && of_a_commit);
    let commit = sha.map(|sha| {
        let short = code(&sha.chars().take(7).collect::<String>());
        let repository = frame.repository_url.as_ref();
        let commit = repository.map_or(short.clone(), |url| link(&short, &format!("{url}/commit/{sha}")));
        format!("commit {commit}")
    });
    let run = frame.run_url.as_ref().map(|run| link("workflow run", run));
    let said: Vec<String> = commit.into_iter().chain(run).collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

/// The lines below the table: database and DNS, and until when all of it is there.
fn facts(reports: &[Report]) -> Option<String> {
    let lines: Vec<String> = database::lines(reports)
        .into_iter()
        .chain(dns::line(reports))
        .chain(database::kept(reports))
        .collect();
    (!lines.is_empty()).then(|| lines.join("<br>\n"))
}

/// What reports that came from other jobs had no room for.
fn left_out(reports: &[Report]) -> Option<String> {
    let all = reports.iter().flat_map(|report| &report.head().truncated);
    let lists: Vec<String> = all
        .filter(|left_out| !left_out.state.is_empty())
        .map(|left_out| {
            format!(
                "{} {} ({})",
                left_out.count,
                inline(&left_out.of),
                inline(&left_out.state)
            )
        })
        .collect();
    (!lists.is_empty()).then(|| {
        format!(
            "_Not listed, since a job's output holds no more: {}. The summary of the step has all._",
            lists.join(", ")
        )
    })
}

/// How many entries in this state a list had no room for.
fn not_listed(reports: &[Report], list: &str, state: impl Serialize) -> usize {
    let state = serde_json::to_value(state).unwrap_or_default();
    let all = reports.iter().flat_map(|report| &report.head().truncated);
    all.filter(|left_out| left_out.of == list && state == left_out.state.as_str())
        .map(|left_out| left_out.count)
        .sum()
}

/// A time as a person reads it.
fn moment(time: Timestamp) -> String {
    time.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// Stands where a text was cut.
pub fn cut(run_url: Option<&str>) -> String {
    let summary = run_url.map_or_else(
        || "The workflow run's summary".to_owned(),
        |url| link("The workflow run's summary", url),
    );
    format!("_Cut here: GitHub takes no longer comment. {summary} has the rest._")
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests;
