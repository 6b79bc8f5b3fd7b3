//! In which order services come up. Pure.
//!
//! What a service needs comes first, by the manifest, and so does what it binds to. Services that bind each other have
//! no such order: there a Worker that is not there yet gets a first version before the others, which lacks the bindings
//! to what is not there, and its real one in its turn (Cloudflare refuses a binding to a Worker that does not exist,
//! 10144).

use std::cmp::Reverse;
use std::collections::BTreeSet;

use actions_core::manifest::graph::{self, Cycle};
use indexmap::IndexMap;

/// Services that are dealt with together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wave {
    /// Those that get a first version before it.
    pub(crate) first: Vec<String>,
    pub(crate) services: Vec<String>,
}

/// From each service to others, by key.
pub(crate) type Edges = IndexMap<String, Vec<String>>;

/// The waves. `needs` has every service; `calls` are their bindings; `there` says whether a Worker exists.
///
/// # Errors
/// Services that need each other by the manifest.
pub(crate) fn waves(needs: &Edges, calls: &Edges, there: impl Fn(&str) -> bool) -> Result<Vec<Wave>, Cycle> {
    graph::waves(needs)?;
    let mut order = Order {
        needs,
        calls,
        done: BTreeSet::new(),
        loose: BTreeSet::new(),
    };
    let mut waves = Vec::new();
    let mut first = Vec::new();
    while order.done.len() < needs.len() {
        let ready: Vec<&str> = order.left().filter(|key| order.waits_for(key).is_empty()).collect();
        if ready.is_empty() {
            let Some((named, callers)) = order.to_be_named(&there) else {
                break;
            };
            if !there(named) {
                first.push(named.to_owned());
            }
            order.loose.extend(callers.into_iter().map(|caller| (caller, named)));
            continue;
        }
        order.done.extend(&ready);
        waves.push(Wave {
            first: std::mem::take(&mut first),
            services: ready.into_iter().map(str::to_owned).collect(),
        });
    }
    Ok(waves)
}

/// The waves of those services that `chosen` takes.
pub(crate) fn of_chosen(waves: Vec<Wave>, chosen: impl Fn(&str) -> bool) -> Vec<Wave> {
    let only = |keys: Vec<String>| -> Vec<String> { keys.into_iter().filter(|key| chosen(key)).collect() };
    let waves = waves.into_iter().map(|wave| Wave {
        first: only(wave.first),
        services: only(wave.services),
    });
    waves
        .filter(|wave| !wave.first.is_empty() || !wave.services.is_empty())
        .collect()
}

struct Order<'a> {
    needs: &'a Edges,
    calls: &'a Edges,
    done: BTreeSet<&'a str>,
    /// Callers that do not wait for what they bind to: it is there, in a first version or an old one.
    loose: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Order<'a> {
    /// Those that have no turn yet, in the manifest's order.
    fn left(&self) -> impl Iterator<Item = &'a str> {
        let all = self.needs.keys().map(String::as_str);
        all.filter(|key| !self.done.contains(key))
    }

    /// Services of the manifest that are to have their turn before this one.
    fn waits_for(&self, key: &'a str) -> BTreeSet<&'a str> {
        let needs = of(self.needs, key);
        let calls = of(self.calls, key).filter(|callee| *callee != key && !self.loose.contains(&(key, *callee)));
        let all = needs.chain(calls);
        all.filter(|other| self.needs.contains_key(*other) && !self.done.contains(other))
            .collect()
    }

    /// All that a service waits for, by way of others too.
    fn reaches(&self, key: &'a str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = self.waits_for(key).into_iter().collect();
        while let Some(next) = open.pop() {
            if found.insert(next) {
                open.extend(self.waits_for(next));
            }
        }
        found
    }

    /// Of a circle that waits for nothing outside it, the service that is to be there before its turn, and who binds to
    /// it: one that is there already, else the one that most of the others wait for.
    fn to_be_named(&self, there: &impl Fn(&str) -> bool) -> Option<(&'a str, Vec<&'a str>)> {
        let circle = self.left().map(|key| self.reaches(key)).find(|circle| {
            let mut all = circle.iter();
            all.all(|key| self.reaches(key) == *circle)
        })?;
        let waiting = |key: &'a str| -> Vec<&'a str> {
            let callers = circle.iter().copied().filter(|caller| *caller != key);
            // What is needed by the manifest, too, is waited for in any case.
            let by_binding = |caller: &&'a str| !of(self.needs, caller).any(|it| it == key);
            callers
                .filter(by_binding)
                .filter(|caller| self.waits_for(caller).contains(key))
                .collect()
        };
        let lacks = |key: &str| {
            let absent = |callee: &&str| *callee != key && !self.done.contains(callee) && !there(callee);
            of(self.calls, key).filter(absent).count()
        };
        let candidates = self.left().filter(|key| circle.contains(key));
        let candidates = candidates
            .map(|key| (key, waiting(key)))
            .filter(|(_, callers)| !callers.is_empty());
        // Of equals the first one.
        candidates.min_by_key(|(key, callers)| (!there(key), Reverse(callers.len()), lacks(key)))
    }
}

fn of<'a>(edges: &'a Edges, key: &str) -> impl Iterator<Item = &'a str> {
    edges.get(key).into_iter().flatten().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["a", "b", "c", "d"];

    fn edges(edges: &[(&str, &[&str])]) -> Edges {
        let of = |key: &str| {
            let found = edges.iter().find(|(from, _)| *from == key);
            found.map_or(&[][..], |(_, to)| *to).iter().map(|to| (*to).to_owned())
        };
        KEYS.iter().map(|key| ((*key).to_owned(), of(key).collect())).collect()
    }

    /// `+a` is a first version of `a`.
    fn order(needs: &[(&str, &[&str])], calls: &[(&str, &[&str])], there: &str) -> String {
        let waves = waves(&edges(needs), &edges(calls), |key| there.contains(key)).unwrap();
        let words = waves.iter().map(|wave| {
            let first = wave.first.iter().map(|key| format!("+{key} "));
            format!("{}{}", first.collect::<String>(), wave.services.concat())
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn services_that_bind_each_other_come_up_one_after_another() {
        for (calls, there, expected) in [
            // No circle: no first version.
            (&[("a", &["b"][..]), ("b", &["c"])][..], "", "cd b a"),
            // A service that binds itself.
            (&[("a", &["a"][..])], "", "abcd"),
            (&[("a", &["b"]), ("b", &["a"])], "", "cd +a b a"),
            // One that is there already can be bound.
            (&[("a", &["b"]), ("b", &["a"])], "b", "cd a b"),
            (&[("a", &["b"]), ("b", &["a"])], "ab", "cd b a"),
            // A circle of three, and what hangs on it.
            (
                &[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &["a"])],
                "",
                "+a c b a d",
            ),
            // Two circles over one service, which alone gets a first version.
            (&[("a", &["b", "c"]), ("b", &["a"]), ("c", &["a"])], "", "d +a bc a"),
            // The circle waits for `d`, which is no part of it.
            (&[("a", &["b", "d"]), ("b", &["a"])], "", "cd +a b a"),
        ] {
            assert_eq!(order(&[], calls, there), expected, "{calls:?}");
        }
    }

    #[test]
    fn what_the_manifest_needs_comes_first_in_a_circle_too() {
        // `b` binds `a`, which needs it.
        assert_eq!(order(&[("a", &["b"])], &[("b", &["a"])], ""), "cd +a b a");
        let needs = edges(&[("a", &["b"]), ("b", &["a"])]);
        let cycle = waves(&needs, &edges(&[]), |_| true).unwrap_err();
        assert_eq!(cycle.to_string(), "services need each other in a circle: a → b → a");
    }

    #[test]
    fn a_wave_of_which_nothing_is_chosen_falls_out() {
        let waves = waves(&edges(&[]), &edges(&[("a", &["b"]), ("b", &["a"])]), |_| false).unwrap();
        let chosen = of_chosen(waves, |key| key == "a");
        assert_eq!(chosen.len(), 2);
        assert_eq!(
            (&chosen[0].first[..], chosen[0].services.len()),
            (&["a".to_owned()][..], 0)
        );
    }
}
