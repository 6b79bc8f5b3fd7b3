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
            told.retain(|told| can_be_a_version_id(told) || is(wanted, told));
            told
        }
        VersionPlace::Pointer(pointer) => super::content::at_pointer(&answer.body, pointer).into_iter().collect(),
    }
}

/// What an answer tells of its version, as people read it: `1.0.0`, or `1.0.0, 4c2e122` where it tells a commit, too.
pub(in crate::health) fn shown(told: &[String]) -> Option<String> {
    (!told.is_empty()).then(|| shorten(&told.join(", "), 60))
}

/// Whether a told version is the wanted one.
fn is(version: &Version, told: &str) -> bool {
    let Version { wanted, also, .. } = version;
    std::iter::once(wanted)
        .chain(also)
        .any(|wanted| told == wanted || (wanted.len() >= 8 && told.starts_with(wanted.as_str())))
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
