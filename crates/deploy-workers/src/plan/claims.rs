//! What we remember of a Worker, as tags on the Worker itself. Pure.
//!
//! Which hostnames it was given by us: one that the manifest drops is detached, one that somebody attached by hand is
//! not. And for a Worker that wrangler uploads, what was uploaded to its end: wrangler may fail when the new version
//! serves already, with its queues or workflows left as they were.

use std::collections::BTreeSet;

const HOSTNAME: &str = "codex-hostname:";
const UPLOADED: &str = "codex-uploaded:";
/// With the run's id: what was given up last.
const GIVEN_UP: &str = "codex-given-up:";
/// Cloudflare allows a Worker eight tags ("Tags", Workers for Platforms' documentation); of each script.
const MOST: usize = 8;
/// So many hostnames are remembered in any case: beside the marker and what wrangler has uploaded.
pub(crate) const ROOM: usize = MOST - 2;

/// The hostnames that the tags claim.
pub(crate) fn hostnames(tags: &[String]) -> Vec<&str> {
    tags.iter().filter_map(|tag| tag.strip_prefix(HOSTNAME)).collect()
}

/// Whether wrangler has brought this content (of a version's tag) to its end.
pub(crate) fn is_uploaded(tags: &[String], content: &str) -> bool {
    tags.iter().any(|tag| tag.strip_prefix(UPLOADED) == Some(content))
}

/// The tags as they are to be: the owner's marker, what wrangler uploaded, a claim for each hostname as far as there is
/// room, and what others have written.
pub(crate) fn tags(
    present: &[String],
    marker: Option<&str>,
    uploaded: Option<&str>,
    hostnames: &[&str],
) -> Vec<String> {
    let is_ours = |tag: &str| {
        [HOSTNAME, UPLOADED, GIVEN_UP]
            .iter()
            .any(|prefix| tag.starts_with(prefix))
            || actions_core::owner::is_marker(tag)
    };
    let mut tags: Vec<String> = marker.map(str::to_owned).into_iter().collect();
    tags.extend(uploaded.map(|content| format!("{UPLOADED}{content}")));
    tags.extend(present.iter().filter(|tag| !is_ours(tag)).cloned());
    let room = MOST.saturating_sub(tags.len());
    tags.extend(
        hostnames
            .iter()
            .take(room)
            .map(|hostname| format!("{HOSTNAME}{hostname}")),
    );
    let room = MOST.saturating_sub(tags.len());
    tags.extend(
        present
            .iter()
            .filter(|tag| tag.starts_with(GIVEN_UP))
            .take(room)
            .cloned(),
    );
    tags
}

/// The same tags, but for what wrangler has uploaded now; `None`: nothing to its end.
pub(crate) fn uploaded(tags: &[String], content: Option<&str>) -> Vec<String> {
    let others = tags.iter().filter(|tag| !tag.starts_with(UPLOADED)).cloned();
    others
        .chain(content.map(|content| format!("{UPLOADED}{content}")))
        .collect()
}

/// The same tags once a run has given these hostnames up: no longer claimed, and remembered as far as there is room.
pub(crate) fn given_up(tags: &[String], gone: &[&str], run: &str) -> Vec<String> {
    let stays = |tag: &&String| {
        let claimed = tag.strip_prefix(HOSTNAME).is_some_and(|it| gone.contains(&it));
        !claimed && !tag.starts_with(GIVEN_UP)
    };
    let mut all: Vec<String> = tags.iter().filter(stays).cloned().collect();
    let room = MOST.saturating_sub(all.len());
    let remembered = gone.iter().take(room);
    all.extend(remembered.map(|hostname| format!("{GIVEN_UP}{run}:{hostname}")));
    all
}

/// The hostnames that a run gave up, as far as the tags remember.
pub(crate) fn given_up_by<'a>(tags: &'a [String], run: &str) -> Vec<&'a str> {
    let of_run = |tag: &'a String| tag.strip_prefix(GIVEN_UP)?.strip_prefix(run)?.strip_prefix(':');
    tags.iter().filter_map(of_run).collect()
}

/// Whether two lists hold the same tags.
pub(crate) fn same(one: &[String], other: &[String]) -> bool {
    one.iter().collect::<BTreeSet<_>>() == other.iter().collect::<BTreeSet<_>>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_written_stays() {
        let owned = |tags: &[&str]| -> Vec<String> { tags.iter().map(|tag| (*tag).to_owned()).collect() };
        let marker = "codex-actions:-:acme/app:codex:production";
        let present = owned(&[
            "cf:service=api",
            "codex-hostname:old.example.com",
            "codex-actions:-:acme/app:codex:staging",
        ]);
        assert_eq!(hostnames(&present), ["old.example.com"]);
        let wanted = tags(&present, Some(marker), Some("abc"), &["new.example.com"]);
        assert_eq!(
            wanted,
            [
                marker,
                "codex-uploaded:abc",
                "cf:service=api",
                "codex-hostname:new.example.com"
            ]
        );
        assert!(is_uploaded(&wanted, "abc") && !is_uploaded(&wanted, "ab") && !is_uploaded(&present, "abc"));
        assert!(same(
            &wanted,
            &tags(&wanted, Some(marker), Some("abc"), &["new.example.com"])
        ));
        assert!(!same(&wanted, &present));
        let gone = given_up(&wanted, &["new.example.com"], "7");
        assert!(hostnames(&gone).is_empty(), "{gone:?}");
        assert_eq!(given_up_by(&gone, "7"), ["new.example.com"]);
        assert!(given_up_by(&gone, "77").is_empty() && given_up_by(&gone, "").is_empty());
        assert!(same(&gone, &tags(&gone, Some(marker), Some("abc"), &[])));
        let many: Vec<String> = (0..9).map(|n| format!("{n}.example.com")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(tags(&[], Some(marker), None, &many).len(), 8);
    }
}
