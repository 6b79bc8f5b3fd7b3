//! Why a cleanup that has left something fails.

use actions_core::error::{fault, render};
use actions_core::reports::{Outcome, Removal};
use actions_core::text::count;

use super::wording::{self, noun};
use crate::outcome::{End, Settled, Stop, Why};

/// So many things that stay are named in a sentence; the table has all.
pub(super) const NAMED: usize = 5;
const AGAIN: &str = "run cleanup again when the cause is gone: it goes on where it stopped";

pub(super) fn failure(title: &str, removals: &[Removal], settled: Vec<Settled>) -> Option<anyhow::Error> {
    let left: Vec<&Removal> = removals
        .iter()
        .filter(|removal| removal.outcome == Outcome::Failed)
        .collect();
    if left.is_empty() {
        return None;
    }
    let what = format!("{} of {title} left: {}", count(left.len(), "thing"), list(&left));
    let (mut signal, mut error) = (None, None);
    for settled in settled {
        let End::Left(why) = settled.end else { continue };
        if let Why::NotTried(Stop::Cancelled(cancelled)) | Why::UnderWay(Stop::Cancelled(cancelled)) = &why {
            signal = Some(*cancelled);
        }
        error = error.or_else(|| wording::cause(&settled.name, why));
    }
    let failure = match signal {
        Some(signal) => fault(format!("cancelled ({}): {what}", signal.name())).exit(signal.exit_status()),
        None => fault(what),
    };
    Some(anyhow::Error::from(match error {
        // What the cause's own hint says comes first in any case.
        Some(error) if render(&error).contains("\nhint: ") => failure.because(error),
        Some(error) => failure.because(error).hint(AGAIN),
        None => failure.hint(AGAIN),
    }))
}

/// The first of some things, by kind and name.
pub(super) fn list(removals: &[&Removal]) -> String {
    let named = removals.iter().take(NAMED);
    let named: Vec<String> = named
        .map(|removal| format!("{} `{}`", noun(removal.kind), removal.name))
        .collect();
    let more = match removals.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}
