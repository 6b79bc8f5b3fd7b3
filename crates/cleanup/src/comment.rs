//! What became of an environment, told where people look for it: in the comment of its pull request, if it has one. None
//! is ever made for it.

use actions_comment::apply::{self, Done};
use actions_comment::document::MAIN;
use actions_comment::marker;
use actions_comment::plan::{Change, Mode, Wanted};
use actions_comment::render::{self, Frame};
use actions_core::event::Run;
use actions_core::github::{Error, Writer};
use actions_core::owner::Owner;
use actions_core::reports::{Cleanup, Report};
use actions_core::secret::redact;

/// Which run tells, and where it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Teller {
    pub(crate) url: Option<String>,
    pub(crate) run: Option<Run>,
}

/// Writes what a report tells of an environment into its comment, and `why` below that; folds it away when the
/// environment is gone for good (`folds`).
pub(crate) async fn tell(
    writer: &Writer,
    owner: &Owner,
    teller: &Teller,
    report: Cleanup,
    why: String,
    folds: bool,
) -> Result<Done, Error> {
    let mut done = Done::default();
    let Some(number) = owner.pull_request else {
        return Ok(done);
    };
    let frame = Frame {
        environment: owner.environment.clone(),
        run_url: teller.url.clone(),
        body: Some(why),
        ..Frame::default()
    };
    let wanted = Wanted {
        key: marker::key_of(&format!("{}/{}", owner.project, owner.environment)),
        run: teller.run,
        section: MAIN.to_owned(),
        change: Change::Write,
        mode: Mode::OnlyUpdate,
        text: redact(&render::render(&frame, &[Report::from(report)])),
        hide: folds,
        cut: render::cut(teller.url.as_deref()),
        ..Wanted::default()
    };
    apply::upsert(writer, number, &wanted, &mut done).await?;
    Ok(done)
}
