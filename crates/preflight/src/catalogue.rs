//! Every kind of finding: what silences may name, SARIF's rules, the documentation.

use crate::checks;
use crate::finding::Kind;

/// All kinds, area by area, in the order in which documents name them.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static Kind)> {
    checks::AREAS
        .iter()
        .flat_map(|(area, kinds)| kinds.iter().map(move |kind| (*area, *kind)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_texts_whole() {
        let mut names = BTreeSet::new();
        for (_, kind) in all() {
            assert!(names.insert(kind.name), "`{}` stands twice", kind.name);
            let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(kind.name.chars().all(valid), "`{}`", kind.name);
            for text in [kind.what, kind.why, kind.mend] {
                assert!(text.ends_with('.'), "`{}`: `{text}`", kind.name);
            }
        }
    }
}
