//! What became of an environment, told where people look for it: in the comment of its pull request, if it has one.

use actions_comment::apply::{self, Done};
use actions_comment::document::MAIN;
use actions_comment::marker::{Run, key_of};
use actions_comment::plan::{Change, Mode, Wanted};
use actions_comment::render::{self, Frame};
use actions_core::github::{Error, Writer};
use actions_core::owner::Owner;
use actions_core::reports::{Cleanup, Report};
use actions_core::secret::redact;

/// Where the run is, and which.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) url: Option<String>,
    pub(super) run: Option<Run>,
}

/// Writes what a report tells of an environment into its comment, and `why` it went below it.
pub(super) async fn tell(
    writer: &Writer,
    owner: &Owner,
    place: &Place,
    report: Cleanup,
    why: String,
    is_closed: bool,
) -> Result<Done, Error> {
    let Some(number) = owner.pull_request else {
        return Ok(Done::default());
    };
    let frame = Frame {
        environment: owner.environment.clone(),
        run_url: place.url.clone(),
        body: Some(why),
        ..Frame::default()
    };
    let wanted = Wanted {
        key: key_of(&format!("{}/{}", owner.project, owner.environment)),
        run: place.run,
        section: MAIN.to_owned(),
        change: Change::Write,
        mode: Mode::OnlyUpdate,
        text: redact(&render::render(&frame, &[Report::from(report)])),
        hide: is_closed,
        cut: render::cut(place.url.as_deref()),
        ..Wanted::default()
    };
    let mut done = Done::default();
    apply::upsert(writer, number, &wanted, &mut done).await?;
    Ok(done)
}
