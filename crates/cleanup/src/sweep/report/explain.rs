//! What `explain` says: of each thing whose it is, and why it would go or stay, since when.

use actions_core::reports::RemovalKind;

use super::wording;
use crate::plan::{Going, Standing, Staying};
use crate::report::wording::{ground, noun, reason};
use crate::sweep::census::{Census, Found};
use crate::sweep::plan::Verdict;
use crate::unread::Unread;

pub(super) fn lines(census: &Census, verdicts: &[Verdict], unread: &[(&'static str, Unread)]) -> Vec<String> {
    let mut lines: Vec<String> = unread
        .iter()
        .map(|(what, unread)| format!("{what} could not be read: {}", unread.reason))
        .collect();
    for (found, verdict) in census.environments.iter().zip(verdicts) {
        lines.push(heading(found, verdict));
        lines.extend(found.decision.going.iter().map(|going| goes(census, going, verdict)));
        lines.extend(found.decision.staying.iter().filter_map(stays));
    }
    lines.extend(census.others.iter().map(wording::other_line));
    let carry = if census.strangers == 1 {
        "carries nobody's marker and is"
    } else {
        "carry nobody's marker and are"
    };
    lines.push(format!(
        "{} more {carry} called like nothing of this repository's: never touched",
        census.strangers
    ));
    lines
}

fn heading(found: &Found, verdict: &Verdict) -> String {
    let title = &found.subject.title;
    let since = wording::since(found.standing.made);
    match verdict {
        Verdict::Goes(ground) => format!("{title} would go: {}{since}", wording::ground(ground)),
        Verdict::Stays(stay) => format!("{title} stays: {}{since}", wording::stay(stay)),
    }
}

fn goes(census: &Census, going: &Going, verdict: &Verdict) -> String {
    let (kind, name) = (going.thing.kind(), going.thing.name());
    let how = match verdict {
        Verdict::Goes(_) => "would go with it",
        Verdict::Stays(_) => "stays with it",
    };
    let why = match ground(&going.ground) {
        why if why.is_empty() => String::new(),
        why => format!(" ({why})"),
    };
    format!(
        "  {} `{name}` {how}{why}{}",
        noun(kind),
        wording::since(census.made(kind, name))
    )
}

fn stays(staying: &Staying) -> Option<String> {
    let (noun, name) = (noun(staying.kind), &staying.name);
    let why = |why: &crate::plan::Reason| reason(staying.kind, why);
    match &staying.standing {
        Standing::Absent => None,
        Standing::Kept(kept) => Some(format!("  {noun} `{name}` is kept: {}", why(kept))),
        Standing::Left(left) if staying.kind == RemovalKind::Unknown => Some(format!("  {}", why(left))),
        Standing::Left(left) => Some(format!("  {noun} `{name}` cannot go: {}", why(left))),
    }
}
