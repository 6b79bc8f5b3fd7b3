//! Every sentence that a user reads.

use std::time::Duration;

use actions_core::error::{Fault, fault};
use actions_core::neon::{Branch, Point};
use actions_core::text::{count, elapsed, quoted_list};
use jiff::Timestamp;

use super::Diff;
use crate::plan::{Objection, Unreachable};
use crate::subject::Subject;

/// `, expires 2026-…`, or nothing.
fn until(expires_at: Option<Timestamp>) -> String {
    expires_at.map_or_else(String::new, |at| {
        format!(", expires {}", at.strftime("%Y-%m-%d %H:%M UTC"))
    })
}

fn point_text(point: Option<&Point>) -> String {
    match point {
        None => String::new(),
        Some(Point::Timestamp(at)) => format!(" as of {}", at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        Some(Point::Lsn(lsn)) => format!(" as of LSN {lsn}"),
    }
}

pub(crate) fn source(parent: Option<&str>, point: Option<&Point>) -> String {
    let parent = parent.map_or_else(|| "the project's default branch".to_owned(), |name| format!("`{name}`"));
    format!("{parent}{}", point_text(point))
}

pub(crate) fn created(branch: &Branch, source: &str) -> String {
    format!(
        "created branch `{}` ({}) from {source}{}",
        branch.name,
        branch.id,
        until(branch.expires_at)
    )
}

pub(crate) fn would_create(name: &str, source: &str, expires_at: Option<Timestamp>) -> String {
    format!("create branch `{name}` from {source}{}", until(expires_at))
}

pub(crate) fn exists(branch: &Branch) -> String {
    format!(
        "branch `{}` ({}) exists{}",
        branch.name,
        branch.id,
        until(branch.expires_at)
    )
}

pub(crate) fn raced(name: &str) -> String {
    format!("another run has made branch `{name}` in the meantime; using that one")
}

pub(crate) fn expiry_moved(name: &str, at: Option<Timestamp>) -> String {
    at.map_or_else(
        || format!("branch `{name}` no longer expires"),
        |at| format!("branch `{name}` now expires {}", at.strftime("%Y-%m-%d %H:%M UTC")),
    )
}

pub(crate) fn would_expire(name: &str, at: Option<Timestamp>) -> String {
    at.map_or_else(
        || format!("let branch `{name}` live until it is deleted"),
        |at| format!("let branch `{name}` live until {}", at.strftime("%Y-%m-%d %H:%M UTC")),
    )
}

pub(crate) fn expiry_left(name: &str) -> String {
    format!("branch `{name}` was not made by this repository's runs; its expiry is left as it is")
}

pub(crate) fn other_parent(name: &str, wanted: &str) -> String {
    format!("branch `{name}` exists, but was not made from `{wanted}`; delete it to have it made anew")
}

pub(crate) fn annotation_lost(name: &str) -> String {
    format!("Neon has not kept the annotation of branch `{name}`; it is recognised by its name alone")
}

pub(crate) fn usage(used: usize, limit: usize, oldest: Option<&Branch>, now: Timestamp) -> String {
    let oldest = oldest.map_or_else(
        || "none of them is a preview of this repository".to_owned(),
        |branch| {
            format!(
                "oldest preview of this environment: `{}` ({} old)",
                branch.name,
                age(branch, now)
            )
        },
    );
    format!("{used} of {limit} branches used; {oldest}")
}

pub(crate) fn evicted(name: &str) -> String {
    format!("deleted branch `{name}` to make room (`on-limit: evict-oldest`)")
}

pub(crate) fn limit_reached(name: &str, usage: &str, cause: actions_core::neon::Error) -> Fault {
    fault(format!("could not create branch `{name}`: {usage}")).because(cause)
}

pub(crate) fn deleted(name: &str) -> String {
    format!("deleted branch `{name}`")
}

pub(crate) fn absent(name: &str) -> String {
    format!("there is no branch `{name}`: nothing to delete")
}

pub(crate) fn missing(subject: &Subject) -> Fault {
    fault(format!("there is no branch `{}`", subject.name())).hint(if subject.can_be_created() {
        "`command: create` makes it; names are compared exactly"
    } else {
        "name a branch that is there, in the manifest's `[database] parent` or as `branch`; names and ids are compared exactly"
    })
}

pub(crate) fn no_parent(name: &str, id: &str) -> Fault {
    fault(format!("the parent `{id}` of branch `{name}` is gone")).hint("name a branch to compare with as `parent`")
}

pub(crate) fn reset_done(name: &str, source: &str) -> String {
    format!("reset branch `{name}` to {source}")
}

pub(crate) fn restored(name: &str, source: &str, preserved: &str) -> String {
    format!("restored branch `{name}` from {source}; its former state is branch `{preserved}`")
}

pub(crate) fn would_restore(name: &str, source: &str, preserved: &str) -> String {
    format!("restore branch `{name}` from {source}, and keep its present state as branch `{preserved}`")
}

pub(crate) fn restored_already(name: &str, preserved: &str) -> String {
    format!(
        "branch `{name}` was restored to this point already; its former state is branch `{preserved}`, and what was written since stays"
    )
}

pub(crate) fn new_parent(name: &str, preserved: &str, original: Option<&str>) -> String {
    let original = original.map_or_else(String::new, |id| {
        format!("; for its original parent, give `parent: {id}`")
    });
    format!("the parent of branch `{name}` is now `{preserved}`, and `reset` would go there{original}")
}

pub(crate) fn expiring_parent(name: &str) -> Fault {
    fault(format!(
        "branch `{name}` expires, and Neon makes no branches from a branch that does"
    ))
    .hint("copy another one, or take its expiry away: `command: create`, `expires: never`")
}

pub(crate) fn window(window: Duration, now: Timestamp) -> String {
    let since = jiff::SignedDuration::try_from(window)
        .ok()
        .and_then(|window| now.checked_sub(window).ok());
    let since = since.map_or_else(String::new, |at| format!(", to {}", at.strftime("%Y-%m-%d %H:%M UTC")));
    format!("the project's history goes back {}{since}", hours(window))
}

/// Rounded down to whole days or hours, where it is that long.
pub(super) fn hours(window: Duration) -> String {
    match window.as_secs() / 3600 {
        0 => elapsed(window),
        hours if hours % 24 == 0 => count(usize::try_from(hours / 24).unwrap_or_default(), "day"),
        hours => count(usize::try_from(hours).unwrap_or_default(), "hour"),
    }
}

pub(crate) fn out_of_history(what: &str, point: &Point, why: &Unreachable) -> Fault {
    let at = point_text(Some(point));
    match why {
        Unreachable::Future => fault(format!("could not {what}{at}: that is in the future")),
        Unreachable::Forgotten { since, window } => fault(format!(
            "could not {what}{at}: the project's history goes back {} only, to {}",
            hours(*window),
            since.strftime("%Y-%m-%dT%H:%M:%SZ")
        ))
        .hint("a longer history is a setting of the project (Settings → Storage), as far as the plan allows"),
        Unreachable::Unborn { created } => fault(format!(
            "could not {what}{at}: the branch was created at {}, and has no history before that",
            created.strftime("%Y-%m-%dT%H:%M:%SZ")
        )),
    }
}

pub(crate) fn checkpointed(of: &str, name: &str) -> String {
    format!(
        "made restore point `{name}` of branch `{of}`; to go back: `command: restore`, `branch: {of}`, `parent: {name}`"
    )
}

pub(crate) fn pruned(name: &str, keep: usize) -> String {
    format!("deleted restore point `{name}` (`keep: {keep}`)")
}

pub(crate) fn not_pruned(name: &str) -> String {
    format!("restore point `{name}` is kept: other branches were made from it")
}

pub(crate) fn too_many(name: &str, environment: &str, limit: usize, alive: &[Branch], now: Timestamp) -> Fault {
    let oldest = alive.first().map_or_else(String::new, |branch| {
        let number = branch
            .pull_request()
            .map_or_else(String::new, |number| format!(" of pull request #{number}"));
        format!("; the oldest is `{}`{number} ({} old)", branch.name, age(branch, now))
    });
    fault(format!(
        "could not create branch `{name}`: {} of `{environment}` {} alive, and the manifest's `limit` is {limit}{oldest}",
        count(alive.len(), "preview"),
        if alive.len() == 1 { "is" } else { "are" },
    ))
    .hint("run `cleanup` for a pull request that needs its preview no more (closing it does that), or raise `limit`")
}

/// `alive` counts the one that is made now.
pub(crate) fn makes_room_later(environment: &str, limit: usize, alive: usize) -> String {
    format!(
        "{} of `{environment}` are alive with this one, and the manifest's `limit` is {limit}: the next sweep removes the \
         least recently deployed (`on-limit = \"evict-oldest\"`)",
        count(alive, "preview")
    )
}

fn age(branch: &Branch, now: Timestamp) -> String {
    let days = branch.created_at.map_or(0, |at| now.duration_since(at).as_hours() / 24);
    count(usize::try_from(days).unwrap_or(0), "day")
}

pub(crate) fn copy_deleted(name: &str) -> String {
    format!("deleted the copy `{name}`")
}

pub(crate) fn copy_left(name: &str, expires_at: Option<Timestamp>, why: &anyhow::Error) -> String {
    let goes = expires_at.map_or_else(String::new, |at| {
        format!("; Neon deletes it at {}", at.strftime("%Y-%m-%d %H:%M UTC"))
    });
    let why = actions_core::error::render(why).replace('\n', "; ");
    format!("the copy `{name}` could not be deleted{goes} ({why})")
}

pub(crate) fn no_diff(why: &actions_core::neon::Error) -> String {
    format!("the schema diff could not be read: {why}")
}

pub(crate) fn diff_title(branch: &str, base: &str) -> String {
    format!("Schema of {branch} against {base}")
}

pub(crate) fn compared(branch: &str, base: &str, diff: &Diff) -> String {
    format!("schema of branch `{branch}` against `{base}`: {}", diff.headline())
}

pub(crate) fn reachable(took: Duration) -> String {
    format!("logged in at the compute after {}", elapsed(took))
}

pub(crate) fn unreachable() -> &'static str {
    "the branch is there, but nobody can log in at its compute"
}

/// `could not delete branch `x`: it is …`.
pub(crate) fn refused(what: &str, name: &str, objection: &Objection) -> Fault {
    let forced = if what == "create" {
        "choose another name, or hand it out nevertheless by `force-foreign: true`; `command: get` reads the connection of any branch"
    } else {
        "`force-foreign: true` does it nevertheless"
    };
    let (why, hint) = match objection {
        Objection::Default => (
            "it is the project's default branch".to_owned(),
            match what {
                "restore" => "`force-foreign: true` restores it nevertheless; its computes drop their connections",
                "create" => "choose another name; `command: get` reads the connection of any branch",
                _ => "name another branch",
            },
        ),
        Objection::Protected => (
            "it is protected".to_owned(),
            "unprotect it in Neon's console first, or name another branch",
        ),
        Objection::Foreign(Some(whose)) => (format!("it belongs to {whose}"), forced),
        Objection::Foreign(None) => (
            "neither its annotation nor its name says that this repository made it".to_owned(),
            forced,
        ),
        Objection::Children(names) => (
            match &names[..] {
                [name] => format!("branch `{name}` was made from it"),
                names => format!("{} branches were made from it: {}", names.len(), quoted_list(names)),
            },
            "delete those first",
        ),
        Objection::Root => (
            "it has no parent to reset to".to_owned(),
            "name a branch as `parent`, or use `command: restore`",
        ),
        Objection::Restricted(reason) => (format!("Neon does not allow it now: {reason}"), "try again later"),
    };
    let verb = if what == "create" { "hand out" } else { what };
    fault(format!("could not {verb} branch `{name}`: {why}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use actions_core::error::render;

    use super::*;

    #[test]
    fn refusals_say_why_and_what_to_do() {
        let text = |what: &str, objection: Objection| render(&refused(what, "production", &objection).into());
        let children = Objection::Children(vec!["a".to_owned(), "b".to_owned()]);
        let all = [
            text("delete", Objection::Default),
            text("create", Objection::Default),
            text("restore", Objection::Default),
            text("delete", children),
            text("delete", Objection::Foreign(None)),
            text("reset", Objection::Root),
        ];
        insta::assert_snapshot!(all.join("\n\n"), @"
            could not delete branch `production`: it is the project's default branch
            hint: name another branch

            could not hand out branch `production`: it is the project's default branch
            hint: choose another name; `command: get` reads the connection of any branch

            could not restore branch `production`: it is the project's default branch
            hint: `force-foreign: true` restores it nevertheless; its computes drop their connections

            could not delete branch `production`: 2 branches were made from it: `a` and `b`
            hint: delete those first

            could not delete branch `production`: neither its annotation nor its name says that this repository made it
            hint: `force-foreign: true` does it nevertheless

            could not reset branch `production`: it has no parent to reset to
            hint: name a branch as `parent`, or use `command: restore`
            ");
    }
}
