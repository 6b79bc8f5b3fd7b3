//! Whether a sweep deletes, or only says what it would delete.

use actions_core::github::Reader;

use super::inputs::Inputs;
use crate::unread::Unread;

/// What a run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    Real,
    Dry(Dry),
}

/// Why a run only says what it would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dry {
    /// `dry-run: true`
    Asked,
    /// Started by hand, or by anything but a schedule, and nobody said `dry-run: false`.
    ByHand,
    /// No scheduled run of this workflow has succeeded yet: somebody should have seen a plan.
    First,
    /// Whether that is so is not known.
    Unknown(Unread),
    /// `command: explain`
    Explain,
}

/// Decides by what was said, by what started the run, and for a schedule by what GitHub remembers: nothing has to be
/// kept anywhere.
pub(crate) async fn of(inputs: &Inputs, github: &Reader) -> Mode {
    match inputs.dry_run {
        Some(true) => Mode::Dry(Dry::Asked),
        Some(false) => Mode::Real,
        None if inputs.event != "schedule" => Mode::Dry(Dry::ByHand),
        None => match &inputs.workflow {
            None => Mode::Dry(Dry::Unknown(Unread {
                reason: "`GITHUB_WORKFLOW_REF` is not set".to_owned(),
                hint: None,
            })),
            Some(workflow) => match github.has_succeeded(workflow, "schedule").await {
                Ok(true) => Mode::Real,
                Ok(false) => Mode::Dry(Dry::First),
                Err(error) => Mode::Dry(Dry::Unknown(Unread::from(&error))),
            },
        },
    }
}
