//! The status of a commit: for those who want a check mark, or a required one, rather than a deployment.

use actions_comment::render::Ending;
use actions_core::github::{CommitStatus, Error, Reader, Writer};
use actions_core::runner::Runner;
use actions_core::text;

use super::plan::Phase;
use super::{Asked, report};

/// Characters of a description that GitHub takes.
const LONGEST: usize = 140;

/// As GitHub writes it.
fn state(phase: Phase) -> &'static str {
    match phase {
        Phase::Begin => "pending",
        Phase::End(Ending::Success) => "success",
        Phase::End(Ending::Cancelled) => "error",
        Phase::End(_) => "failure",
    }
}

/// Sets the commit's status, unless it says this already; whether it was set.
pub(super) async fn set(
    runner: &Runner,
    reader: &Reader,
    asked: &Asked,
    phase: Phase,
    context: &str,
) -> Result<bool, Error> {
    let subject = &asked.subject;
    let Some(sha) = &subject.sha else { return Ok(false) };
    let link = match phase {
        Phase::End(Ending::Success) if !subject.url.is_empty() => &subject.url,
        _ => &subject.log_url,
    };
    let wanted = CommitStatus {
        state: state(phase).to_owned(),
        context: context.to_owned(),
        description: text::shorten(&report::description(phase), LONGEST),
        target_url: link.clone(),
    };
    let known = reader.commit_status(sha, context).await?;
    let same = known.as_ref() == Some(&wanted);
    if !same && !asked.dry_run {
        Writer::from(reader.clone()).set_commit_status(sha, &wanted).await?;
    }
    runner.say(&report::status(&wanted, sha, same, asked.dry_run));
    Ok(!same && !asked.dry_run)
}
