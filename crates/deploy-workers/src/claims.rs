//! Which hostnames a Worker was given by us: kept as tags on the Worker itself, so that a hostname that the manifest
//! drops is detached, and one that somebody attached by hand is not. Pure.

use std::collections::BTreeSet;

const PREFIX: &str = "codex-hostname:";
/// Cloudflare allows a Worker eight tags ("Tags", Workers for Platforms' documentation); one is the owner's marker.
const MOST: usize = 7;

/// The hostnames that the tags claim.
pub(crate) fn hostnames(tags: &[String]) -> Vec<&str> {
    tags.iter().filter_map(|tag| tag.strip_prefix(PREFIX)).collect()
}

/// The tags as they are to be: the owner's marker, a claim for each hostname as far as there is room, and what others
/// have written.
pub(crate) fn tags(present: &[String], marker: &str, hostnames: &[&str]) -> Vec<String> {
    let theirs = present
        .iter()
        .filter(|tag| !tag.starts_with(PREFIX) && !actions_core::owner::is_marker(tag));
    let mut tags = vec![marker.to_owned()];
    tags.extend(theirs.cloned());
    let room = (MOST + 1).saturating_sub(tags.len());
    tags.extend(
        hostnames
            .iter()
            .take(room)
            .map(|hostname| format!("{PREFIX}{hostname}")),
    );
    tags
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
        let marker = "codex-actions:acme/app:codex:production";
        let present = owned(&[
            "cf:service=api",
            "codex-hostname:old.example.com",
            "codex-actions:acme/app:codex:staging",
        ]);
        assert_eq!(hostnames(&present), ["old.example.com"]);
        let wanted = tags(&present, marker, &["new.example.com"]);
        assert_eq!(wanted, [marker, "cf:service=api", "codex-hostname:new.example.com"]);
        assert!(same(&wanted, &tags(&wanted, marker, &["new.example.com"])));
        assert!(!same(&wanted, &present));
        let many: Vec<String> = (0..9).map(|n| format!("{n}.example.com")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(tags(&[], marker, &many).len(), 8);
    }
}
