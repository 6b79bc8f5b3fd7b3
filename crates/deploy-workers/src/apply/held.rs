//! Which new Workers a rollback could not remove. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// Of Workers that are to be removed, those that others keep, and who. `going` has who binds to each; `letting_go` are
/// put back to older versions, which are not looked at: they are taken to bind to none of them.
pub(crate) fn held(
    mut going: BTreeMap<String, BTreeSet<String>>,
    letting_go: &BTreeSet<String>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut held = BTreeMap::new();
    loop {
        let stays = |by: &&String| !letting_go.contains(*by) && !going.contains_key(*by);
        let kept = going.iter().map(|(worker, by)| {
            let by: BTreeSet<String> = by.iter().filter(stays).cloned().collect();
            (worker.clone(), by)
        });
        let kept: BTreeMap<_, _> = kept.filter(|(_, by)| !by.is_empty()).collect();
        if kept.is_empty() {
            return held;
        }
        going.retain(|worker, _| !kept.contains_key(worker));
        held.extend(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_held_by_who_stays_and_by_who_is_held() {
        let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        let of = |pairs: &[(&str, &[&str])]| -> BTreeMap<String, BTreeSet<String>> {
            pairs.iter().map(|(name, by)| ((*name).to_owned(), set(by))).collect()
        };
        let none = set(&[]);
        assert_eq!(held(of(&[("a", &["web"])]), &none), of(&[("a", &["web"])]));
        assert_eq!(held(of(&[("a", &["web"])]), &set(&["web"])), of(&[]));
        assert_eq!(held(of(&[("a", &["b"]), ("b", &["a"])]), &none), of(&[]));
        let chain = of(&[("a", &["b"]), ("b", &["theirs"]), ("c", &[])]);
        assert_eq!(held(chain, &none), of(&[("a", &["b"]), ("b", &["theirs"])]));
    }
}
