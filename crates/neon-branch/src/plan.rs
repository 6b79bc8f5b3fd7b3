//! What may be done, and what is to be done: decisions on facts, no client in sight.

use std::time::Duration;

use actions_core::neon::annotation::Kind;
use actions_core::neon::{Branch, Point};
use actions_core::owner::{Owner, Whose};
use jiff::{SignedDuration, Timestamp};

use crate::inputs::{Life, Moment};

/// Why a branch is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Objection {
    Default,
    Protected,
    /// Another's; or nobody's that we know.
    Foreign(Option<Whose>),
    Children(Vec<String>),
    /// No parent to reset to.
    Root,
    /// Neon itself says so.
    Restricted(String),
}

/// Whether a branch is this repository's to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It says so itself; or it says nothing and has the name that we give to this environment.
    Owned,
    /// Another's; or nobody's that we know.
    Foreign(Option<Whose>),
}

impl Standing {
    fn allows(&self, forced: bool) -> Result<(), Objection> {
        match self {
            Self::Foreign(whose) if !forced => Err(Objection::Foreign(whose.clone())),
            Self::Foreign(_) | Self::Owned => Ok(()),
        }
    }
}

/// The names of the branches made from this one.
pub(crate) fn children(all: &[Branch], of: &Branch) -> Vec<String> {
    let child = |branch: &&Branch| branch.parent_id.as_ref() == Some(&of.id);
    all.iter().filter(child).map(|branch| branch.name.clone()).collect()
}

/// Whether an existing branch may be handed out as an environment's own.
pub(crate) fn may_hand_out(branch: &Branch, standing: &Standing, forced: bool) -> Result<(), Objection> {
    if branch.default {
        return Err(Objection::Default);
    }
    if branch.protected {
        return Err(Objection::Protected);
    }
    // Neither is a branch that somebody made by hand: its name may be a pull request's head by chance.
    standing.allows(forced)
}

/// Whether a branch may be deleted.
pub(crate) fn may_delete(
    branch: &Branch,
    children: &[String],
    standing: &Standing,
    forced: bool,
) -> Result<(), Objection> {
    if branch.default {
        return Err(Objection::Default);
    }
    if branch.protected {
        return Err(Objection::Protected);
    }
    if !children.is_empty() {
        return Err(Objection::Children(children.to_vec()));
    }
    standing.allows(forced)
}

/// Whether a branch may be put back to its parent's state.
pub(crate) fn may_reset(branch: &Branch, has_source: bool, standing: &Standing, forced: bool) -> Result<(), Objection> {
    if branch.default {
        return Err(Objection::Default);
    }
    if !has_source {
        return Err(Objection::Root);
    }
    may_overwrite(branch, standing, forced)
}

/// Whether a branch may be put back to another state. The default branch may be, when that is said twice.
pub(crate) fn may_restore(branch: &Branch, standing: &Standing, forced: bool) -> Result<(), Objection> {
    if branch.default && !forced {
        return Err(Objection::Default);
    }
    may_overwrite(branch, standing, forced)
}

/// Whether a command may change what the branch holds: where it is ours, or what the manifest says that the environment
/// uses.
pub(crate) fn may_migrate(standing: &Standing, of_manifest: bool, forced: bool) -> Result<(), Objection> {
    match standing {
        Standing::Foreign(None) if of_manifest => Ok(()),
        standing => standing.allows(forced),
    }
}

fn may_overwrite(branch: &Branch, standing: &Standing, forced: bool) -> Result<(), Objection> {
    if branch.protected {
        return Err(Objection::Protected);
    }
    if let Some(restricted) = branch.restricted_actions.iter().find(|action| action.name == "restore") {
        return Err(Objection::Restricted(restricted.reason.clone()));
    }
    standing.allows(forced)
}

/// What to do with the expiry of a branch that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    Keep,
    Set(Timestamp),
    Clear,
}

/// When a branch that is made now is to expire.
pub(crate) fn expiry_of_new(life: Life, now: Timestamp) -> Option<Timestamp> {
    match life {
        Life::For(life) => after(now, life),
        Life::Unsaid | Life::Endless => None,
    }
}

fn after(now: Timestamp, life: Duration) -> Option<Timestamp> {
    // Neon refuses what is more than 30 days ahead by its clock, which need not be ours.
    let life = life.min(Duration::from_hours(30 * 24) - Duration::from_mins(5));
    now.checked_add(SignedDuration::try_from(life).ok()?).ok()
}

/// Each push lets the branch live anew. An expiry that would move by less than a tenth of the branch's life (at most
/// an hour) is left as it is, so that running twice changes nothing.
pub(crate) fn expiry(current: Option<Timestamp>, life: Life, now: Timestamp) -> Expiry {
    match (life, current) {
        (Life::Unsaid, _) | (Life::Endless, None) => Expiry::Keep,
        (Life::Endless, Some(_)) => Expiry::Clear,
        (Life::For(life), current) => {
            let Some(wanted) = after(now, life) else {
                return Expiry::Keep;
            };
            let slack = (life / 10).min(Duration::from_hours(1));
            let slack = SignedDuration::try_from(slack).unwrap_or(SignedDuration::ZERO);
            match current {
                Some(current) if wanted.duration_since(current).abs() <= slack => Expiry::Keep,
                _ => Expiry::Set(wanted),
            }
        }
    }
}

/// Whether the plan is nearly used up: one branch is left, or a tenth.
pub(crate) fn is_near(used: usize, limit: usize) -> bool {
    used + 1 >= limit || used * 10 >= limit * 9
}

/// The previews of the owner's environment, oldest first, but for `except`: what may make room. Another environment's
/// never do, nor restore points.
pub(crate) fn evictable<'a>(all: &'a [Branch], owner: &Owner, except: &str) -> Vec<&'a Branch> {
    let mut found: Vec<&Branch> = all
        .iter()
        .filter(|branch| {
            branch.is_of_environment(owner)
                && branch.is_a(Kind::Environment)
                && branch.pull_request().is_some()
                && branch.name != except
                && may_delete(branch, &children(all, branch), &Standing::Owned, false).is_ok()
        })
        .collect();
    found.sort_by_key(|branch| branch.created_at);
    found
}

/// The previews of the owner's environment that are alive, one branch for each pull request but the owner's own, oldest
/// first: what `limit` counts.
pub(crate) fn alive<'a>(all: &'a [Branch], owner: &Owner) -> Vec<&'a Branch> {
    let mut found: Vec<&Branch> = Vec::new();
    let mut all: Vec<&Branch> = all.iter().filter(|branch| branch.is_a(Kind::Environment)).collect();
    all.sort_by_key(|branch| branch.created_at);
    for branch in all {
        let number = branch.pull_request();
        let neighbour = Owner {
            pull_request: number,
            ..owner.clone()
        };
        if number.is_some()
            && number != owner.pull_request
            && branch.verdict(&neighbour).is_ours()
            && found.iter().all(|known| known.pull_request() != number)
        {
            found.push(branch);
        }
    }
    found
}

/// Whether a branch whose former state is kept was restored to this very point. `same_run`: that state's name was made
/// of this workflow run's id and attempt, so that the restore was this attempt's.
///
/// "30 minutes ago" is another point each time. Within 30 minutes after a restore it would lie before that, in what was
/// undone: whoever asks for it asks once more for the same.
pub(crate) fn is_restored(branch: &Branch, wanted: Option<&Moment>, same_run: bool) -> bool {
    let Some(is) = branch.parent_timestamp else {
        return matches!(wanted, Some(Moment::Fixed(Point::Lsn(lsn))) if branch.parent_lsn.as_ref() == Some(lsn));
    };
    match wanted {
        Some(Moment::Fixed(Point::Timestamp(at))) => at.as_second() == is.as_second(),
        Some(Moment::Fixed(Point::Lsn(lsn))) => branch.parent_lsn.as_ref() == Some(lsn),
        Some(Moment::Ago(span, at)) => {
            let since = at.duration_since(is);
            let span = SignedDuration::try_from(*span).unwrap_or(SignedDuration::MAX);
            same_run || !since.is_negative() && since <= span
        }
        // Another branch as it is now: what was written since the restore cannot be told.
        None => false,
    }
}

/// Why a point in time cannot be gone back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreachable {
    Future,
    /// The project's history does not go back so far.
    Forgotten {
        since: Timestamp,
        window: Duration,
    },
    /// The branch did not exist yet.
    Unborn {
        created: Timestamp,
    },
}

/// Whether a branch's history holds the point. A log sequence number is Neon's to judge.
pub(crate) fn may_go_back(
    point: &Point,
    of: Option<&Branch>,
    window: Duration,
    now: Timestamp,
) -> Result<(), Unreachable> {
    let Point::Timestamp(at) = *point else {
        return Ok(());
    };
    if at > now {
        return Err(Unreachable::Future);
    }
    let since = SignedDuration::try_from(window)
        .ok()
        .and_then(|window| now.checked_sub(window).ok());
    // A project that tells no window is left to Neon.
    if let Some(since) = since.filter(|since| !window.is_zero() && at < *since) {
        return Err(Unreachable::Forgotten { since, window });
    }
    match of.and_then(|branch| branch.created_at) {
        Some(created) if at < created => Err(Unreachable::Unborn { created }),
        _ => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use actions_core::neon::annotation::{self, Origin};
    use actions_core::owner::Repository;
    use serde_json::json;

    use actions_core::neon::retention::surplus;

    use super::*;

    const NOW: &str = "2026-11-23T12:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    /// A branch with this id and name, made `day` of November, annotated by `repository`.
    pub(crate) fn branch(name: &str, day: u8, repository: Option<&str>, kind: Kind, of: Option<&str>) -> Branch {
        let value = json!({"id": format!("br-{name}"), "name": name, "parent_id": "br-production",
            "created_at": format!("2026-11-{day:02}T10:00:00Z")});
        let mut branch: Branch = serde_json::from_value(value).unwrap();
        if let Some(repository) = repository {
            branch.annotation =
                annotation::write(&owner(repository, Some(u64::from(day))), &Origin::default(), kind, of);
        }
        branch
    }

    pub(crate) fn owner(repository: &str, pull_request: Option<u64>) -> Owner {
        Owner {
            repository: Repository {
                id: None,
                name: repository.to_owned(),
            },
            project: "codex".to_owned(),
            environment: "preview".to_owned(),
            pull_request,
        }
    }

    fn ours(name: &str, day: u8) -> Branch {
        branch(name, day, Some("acme/app"), Kind::Environment, None)
    }

    #[test]
    fn what_is_not_ours_stays() {
        let mut mine = ours("a", 1);
        let owned = Standing::Owned;
        assert_eq!(may_delete(&mine, &[], &owned, false), Ok(()));
        assert_eq!(
            may_delete(&mine, &["b".to_owned()], &owned, true),
            Err(Objection::Children(vec!["b".to_owned()]))
        );
        let theirs = branch("a", 1, Some("eve/app"), Kind::Environment, None);
        let whose = theirs.verdict(&owner("acme/app", Some(1))).foreign().cloned();
        assert_eq!(whose.as_ref().unwrap().to_string(), "preview 1 of codex in eve/app");
        for foreign in [whose, None] {
            let standing = Standing::Foreign(foreign.clone());
            let objection = Objection::Foreign(foreign);
            assert_eq!(may_delete(&theirs, &[], &standing, false), Err(objection.clone()));
            assert_eq!(may_delete(&theirs, &[], &standing, true), Ok(()));
            assert_eq!(may_hand_out(&theirs, &standing, false), Err(objection));
            assert_eq!(may_hand_out(&theirs, &standing, true), Ok(()));
        }
        mine.protected = true;
        assert_eq!(may_delete(&mine, &[], &owned, true), Err(Objection::Protected));
        assert_eq!(may_hand_out(&mine, &owned, true), Err(Objection::Protected));
        mine.default = true;
        assert_eq!(may_delete(&mine, &[], &owned, true), Err(Objection::Default));
        assert_eq!(may_hand_out(&mine, &owned, true), Err(Objection::Default));
        assert_eq!(may_reset(&mine, true, &owned, true), Err(Objection::Default));
        assert_eq!(may_restore(&mine, &owned, false), Err(Objection::Default));
        mine.protected = false;
        assert_eq!(may_restore(&mine, &owned, true), Ok(()));
    }

    #[test]
    fn an_expiry_moves_only_when_it_is_worth_a_write() {
        let week = Life::For(Duration::from_hours(168));
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        assert_eq!(expiry(at("2026-11-30T11:30:00Z"), week, now()), Expiry::Keep);
        let wanted = at("2026-11-30T12:00:00Z").unwrap();
        assert_eq!(expiry(at("2026-11-30T10:00:00Z"), week, now()), Expiry::Set(wanted));
        assert_eq!(expiry(None, week, now()), Expiry::Set(wanted));
        assert_eq!(expiry(at("2026-11-30T10:00:00Z"), Life::Unsaid, now()), Expiry::Keep);
        assert_eq!(expiry(at("2026-11-30T10:00:00Z"), Life::Endless, now()), Expiry::Clear);
        assert_eq!(expiry(None, Life::Endless, now()), Expiry::Keep);
        let ten_minutes = Life::For(Duration::from_mins(10));
        assert_eq!(expiry(at("2026-11-23T12:09:30Z"), ten_minutes, now()), Expiry::Keep);
        assert_ne!(expiry(at("2026-11-23T12:08:30Z"), ten_minutes, now()), Expiry::Keep);
    }

    #[test]
    fn room_is_made_by_the_oldest_of_our_previews_alone() {
        let mut parent = ours("parent", 1);
        parent.id = "br-x".to_owned();
        let mut child = ours("child", 9);
        child.parent_id = Some("br-x".to_owned());
        let all = [
            branch("nobodys", 1, None, Kind::Environment, None),
            branch("theirs", 2, Some("eve/app"), Kind::Environment, None),
            branch("point", 3, Some("acme/app"), Kind::Checkpoint, Some("br-production")),
            ours("new", 8),
            ours("old", 5),
            ours("mine", 4),
            parent,
            child,
        ];
        let names: Vec<&str> = evictable(&all, &owner("acme/app", None), "mine")
            .iter()
            .map(|b| b.name.as_str())
            .collect();
        assert_eq!(names, ["old", "new", "child"]);
        assert!(evictable(&all, &owner("", None), "mine").is_empty());
        assert!(is_near(9, 10) && is_near(10, 10) && !is_near(8, 10) && is_near(4500, 5000));
    }

    #[test]
    fn the_newest_restore_points_are_kept() {
        let production = branch("production", 1, None, Kind::Environment, None);
        let point = |name: &str, day| branch(name, day, Some("acme/app"), Kind::Checkpoint, Some("br-production"));
        let mut child = ours("child", 9);
        child.parent_id = Some("br-c1".to_owned());
        let other = branch("other", 1, Some("acme/app"), Kind::Checkpoint, Some("br-staging"));
        let all = [
            point("c2", 12),
            point("c1", 11),
            point("c4", 14),
            point("c3", 13),
            child,
            other,
        ];
        let (delete, kept) = surplus(&all, &production.id, &owner("acme/app", None), 2, None);
        let names = |branches: Vec<&Branch>| branches.iter().map(|b| b.name.clone()).collect::<Vec<_>>();
        assert_eq!(
            (names(delete), names(kept)),
            (vec!["c2".to_owned()], vec!["c1".to_owned()])
        );
        // A run's own is none of them, however old: another goes in its place.
        let (delete, _) = surplus(&all, &production.id, &owner("acme/app", None), 1, Some("br-c2"));
        assert_eq!(names(delete), ["c4", "c3"]);
        let same_second = [point("c6", 16), point("c5", 16)];
        for (own, other) in [("br-c5", "c6"), ("br-c6", "c5")] {
            let (delete, _) = surplus(&same_second, &production.id, &owner("acme/app", None), 1, Some(own));
            assert_eq!(names(delete), [other]);
        }
    }

    #[test]
    fn history_has_two_ends() {
        let day = Duration::from_hours(24);
        let at = |text: &str| Point::Timestamp(text.parse().unwrap());
        let dev = branch("dev", 23, None, Kind::Environment, None);
        assert_eq!(may_go_back(&at("2026-11-23T11:00:00Z"), Some(&dev), day, now()), Ok(()));
        assert_eq!(
            may_go_back(&at("2026-11-23T13:00:00Z"), Some(&dev), day, now()),
            Err(Unreachable::Future)
        );
        let created = "2026-11-23T10:00:00Z".parse().unwrap();
        assert_eq!(
            may_go_back(&at("2026-11-23T09:00:00Z"), Some(&dev), day, now()),
            Err(Unreachable::Unborn { created })
        );
        let since = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(
            may_go_back(&at("2026-11-22T11:00:00Z"), None, day, now()),
            Err(Unreachable::Forgotten { since, window: day })
        );
    }

    #[test]
    fn a_limit_counts_pull_requests_of_one_environment() {
        let mut suite = ours("suite-4", 6);
        suite.annotation = ours("x", 4).annotation;
        let mut e2e = ours("e2e-9", 9);
        let environment = Owner {
            environment: "e2e".to_owned(),
            ..owner("acme/app", Some(9))
        };
        e2e.annotation = annotation::write(&environment, &Origin::default(), Kind::Environment, None);
        let mut shared = ours("ci-shared", 2);
        let repositorys = Owner {
            environment: String::new(),
            ..owner("acme/app", None)
        };
        shared.annotation = annotation::write(&repositorys, &Origin::default(), Kind::Environment, None);
        let all = [
            suite,
            ours("preview-pr-5", 5),
            ours("preview-pr-4", 4),
            ours("preview-pr-7", 7),
            branch("theirs", 2, Some("eve/app"), Kind::Environment, None),
            branch("point", 3, Some("acme/app"), Kind::Checkpoint, Some("br-production")),
            branch("by-hand", 1, None, Kind::Environment, None),
            e2e,
            shared,
        ];
        let names: Vec<&str> = alive(&all, &owner("acme/app", Some(7)))
            .iter()
            .map(|branch| branch.name.as_str())
            .collect();
        assert_eq!(names, ["preview-pr-4", "preview-pr-5"]);
    }

    #[test]
    fn a_restore_knows_itself_again() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut restored = branch("dev", 1, None, Kind::Environment, None);
        restored.parent_timestamp = Some(at("2026-11-23T11:30:00.25Z"));
        restored.parent_lsn = Some("0/1A2B3C8".to_owned());
        let fixed = |text: &str| Moment::Fixed(Point::Timestamp(at(text)));
        let half_an_hour = |text: &str| Moment::Ago(Duration::from_mins(30), at(text));
        let lsn = |text: &str| Moment::Fixed(Point::Lsn(text.to_owned()));
        for (wanted, same_run, expected) in [
            (Some(fixed("2026-11-23T11:30:00Z")), false, true),
            (Some(fixed("2026-11-23T11:30:01Z")), true, false),
            (Some(half_an_hour("2026-11-23T11:30:05Z")), false, true),
            (Some(half_an_hour("2026-11-23T11:59:00Z")), false, true),
            // More than half an hour later it means what has happened since.
            (Some(half_an_hour("2026-11-23T12:00:01Z")), false, false),
            (Some(half_an_hour("2026-11-23T12:00:01Z")), true, true),
            (Some(half_an_hour("2026-11-23T11:20:00Z")), false, false),
            (Some(lsn("0/1A2B3C8")), false, true),
            (Some(lsn("0/1")), true, false),
            (None, false, false),
            (None, true, false),
        ] {
            assert_eq!(
                is_restored(&restored, wanted.as_ref(), same_run),
                expected,
                "{wanted:?} {same_run}"
            );
        }
    }
}
