//! Which version answered.

use super::Reason;
use crate::health::{Answer, Document, Expect, Version, VersionPlace};
use crate::text::shorten;

/// Whether a text can be one of Cloudflare's version ids, which are UUIDs. An application's own version (`1.0.0`)
/// cannot, and says nothing of which deploy answers.
pub fn can_be_a_version_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The versions that an answer tells in a place, the first one first. Of a document that need not tell one, only what
/// can be the version that is wanted: one of Cloudflare's ids, or a name that is known to stand for it.
pub fn told(wanted: &Version, answer: &Answer) -> Vec<String> {
    match &wanted.place {
        VersionPlace::Header(name) => answer.headers(name).map(str::to_owned).collect(),
        VersionPlace::Document => Document::versions_in(answer),
        VersionPlace::DocumentIfTold => {
            let mut told = Document::versions_in(answer);
            // Where a commit stands for the version, another commit is another version.
            let commits = wanted.also.iter().any(|also| is_commit(also, COMMIT..=COMMIT));
            let other = |told: &str| commits && is_commit(told, SHORTEST_COMMIT..=COMMIT);
            told.retain(|told| can_be_a_version_id(told) || is(wanted, told) || other(told));
            told
        }
        VersionPlace::Pointer(pointer) => super::content::at_pointer(&answer.body, pointer).into_iter().collect(),
    }
}

/// What an answer tells of its version, as people read it: `1.0.0`, or `1.0.0, 4c2e122` where it tells a commit, too.
pub(in crate::health) fn shown(told: &[String]) -> Option<String> {
    (!told.is_empty()).then(|| shorten(&told.join(", "), 60))
}

/// Hexadecimal digits of a commit, and of the shortest abbreviation that people use (`git rev-parse --short`).
const COMMIT: usize = 40;
const SHORTEST_COMMIT: usize = 7;

fn is_commit(text: &str, digits: std::ops::RangeInclusive<usize>) -> bool {
    digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a told version is the wanted one.
fn is(version: &Version, told: &str) -> bool {
    let Version { wanted, also, .. } = version;
    let abbreviated = |wanted: &str| {
        is_commit(wanted, COMMIT..=COMMIT)
            && is_commit(told, SHORTEST_COMMIT..=COMMIT)
            && wanted.to_lowercase().starts_with(&told.to_lowercase())
    };
    std::iter::once(wanted)
        .chain(also)
        .any(|wanted| told == wanted || (wanted.len() >= 8 && told.starts_with(wanted.as_str())) || abbreviated(wanted))
}

/// Whether an answer tells the wanted version; `None` when it tells none that could be.
pub fn tells(wanted: &Version, answer: &Answer) -> Option<bool> {
    let told = told(wanted, answer);
    (!told.is_empty()).then(|| told.iter().any(|told| is(wanted, told)))
}

/// Why the version that answers is not the one that is expected.
pub(super) fn wrong(expect: &Expect, answer: &Answer) -> Option<Reason> {
    let version = expect.version.as_ref()?;
    let told = told(version, answer);
    if told.iter().any(|told| is(version, told)) {
        return None;
    }
    let wanted = &version.wanted;
    match shown(&told) {
        Some(told) => Some(format!("version `{told}` still answers; `{wanted}` is expected").into()),
        None if version.place == VersionPlace::DocumentIfTold => None,
        None => Some(format!("it does not tell its version; `{wanted}` is expected").into()),
    }
}
