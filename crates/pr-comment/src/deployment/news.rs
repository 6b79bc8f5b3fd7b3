//! Merged pull requests are told what became of them: a comment of the environment's key, on each.

use actions_comment::apply::{self, Done, Outcome};
use actions_comment::document::MAIN;
use actions_comment::plan::{Change, Mode, Wanted};
use actions_comment::refusal::{self, Silence};
use actions_comment::render::Ending;
use actions_core::github::Writer;
use actions_core::runner::{Runner, command};

use super::{TITLE, Told, report};

/// Writes the comments, one after the other. One that cannot be written is a warning: the environment is as it is.
pub(super) async fn tell(
    runner: &Runner,
    writer: &Writer,
    ending: Ending,
    environment: &str,
    wanted: &Wanted,
    told: &mut Told,
) {
    let text = format!("{}\n\n{}", report::news(ending, environment), wanted.text);
    let wanted = Wanted {
        text,
        section: MAIN.to_owned(),
        change: Change::Write,
        mode: Mode::Upsert,
        ..wanted.clone()
    };
    for &number in &told.brought.numbers {
        let mut done = Done::default();
        match apply::upsert(writer, number, &wanted, &mut done).await {
            Ok(()) if done.posted() => told.pulls.push(number),
            // A later run has told it what is newer.
            Ok(()) if matches!(done.outcome, Outcome::Newer(_)) => runner.say(&crate::report::sentence(&done, number)),
            Ok(()) => command::warning(TITLE, &crate::report::sentence(&done, number)),
            Err(error) if refusal::of(&error, false) == Ok(Silence::Locked) => {
                command::notice(TITLE, &report::untold_locked(number));
            }
            Err(error) => {
                command::warning(TITLE, &report::untold(number, &error));
                // It is the token, not the pull request.
                if error.is_forbidden() {
                    break;
                }
            }
        }
        told.pulls_changed |= done.changed();
    }
    if let Some(sentence) = report::told(&told.pulls, &told.brought) {
        runner.say(&sentence);
    }
}
