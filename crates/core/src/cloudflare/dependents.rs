//! Workers that others bind to, which Cloudflare does not delete unless by force.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::Value;

use super::workers::some;
use super::{Call, Error, Reader};

/// Other Workers bind to it.
const HAS_DEPENDENTS: u32 = 10142;
/// Questions at once.
const AT_ONCE: usize = 4;

/// Whether a Worker was not deleted because others bind to it.
pub fn has_dependents(error: &Error) -> bool {
    error.has(HAS_DEPENDENTS)
}

#[derive(Deserialize)]
struct Found {
    references: References,
}

/// Who refers to a Worker (contract sheet of Cloudflare, section 4, "Beta resource").
#[derive(Default, Deserialize)]
#[serde(default)]
struct References {
    workers: Vec<Value>,
    durable_objects: Vec<Value>,
    queues: Vec<Value>,
    dispatch_namespace_outbounds: Vec<Value>,
}

impl References {
    /// The names of the Workers that bind to it; `None` when something else refers to it, or does so namelessly.
    fn workers(&self) -> Option<BTreeSet<String>> {
        let foreign = !self.queues.is_empty() || !self.dispatch_namespace_outbounds.is_empty();
        let named = |item: &Value, key: &str| item.get(key)?.as_str().map(str::to_owned);
        let services = self.workers.iter().map(|item| named(item, "name"));
        let objects = self.durable_objects.iter().map(|item| named(item, "worker_name"));
        services.chain(objects).collect::<Option<_>>().filter(|_| !foreign)
    }
}

impl Reader {
    /// Of these Workers, those that nobody binds to but each other. One whose dependents cannot be read is none of them.
    pub async fn bound_by_each_other(&self, workers: &[String]) -> BTreeSet<String> {
        let dependents: BTreeMap<String, BTreeSet<String>> = stream::iter(workers)
            .map(|worker| async move { Some((worker.clone(), self.dependents(worker).await?)) })
            .buffer_unordered(AT_ONCE)
            .filter_map(|found| async { found })
            .collect()
            .await;
        closed(dependents)
    }

    /// The other Workers that bind to a Worker. `None`: something else refers to it, or does so namelessly, or it could
    /// not be read; only a deletion without force tells then.
    pub async fn dependents(&self, worker: &str) -> Option<BTreeSet<String>> {
        let call = Call::get(
            self.account_path(&format!("/workers/workers/{worker}")),
            format!("read which Workers bind to Worker `{worker}`"),
        );
        let found: Result<Option<Found>, Error> = some(self.ask(call.needs(self.workers_read())).await);
        let mut found = found.ok()??.references.workers()?;
        found.remove(worker);
        Some(found)
    }
}

/// The largest set of them whose members' dependents are all in it.
fn closed(mut dependents: BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    loop {
        let names: BTreeSet<String> = dependents.keys().cloned().collect();
        dependents.retain(|_, others| others.is_subset(&names));
        if dependents.len() == names.len() {
            return names;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_circle_is_closed_and_what_others_bind_to_is_not() {
        let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        let of = |pairs: &[(&str, &[&str])]| pairs.iter().map(|(name, by)| ((*name).to_owned(), set(by))).collect();
        assert_eq!(closed(of(&[("a", &["b"]), ("b", &["a"])])), set(&["a", "b"]));
        assert_eq!(closed(of(&[("a", &["b"]), ("b", &["a", "theirs"])])), set(&[]));
        assert_eq!(
            closed(of(&[("a", &["b"]), ("b", &["a"]), ("c", &["x"])])),
            set(&["a", "b"])
        );
    }

    #[test]
    fn only_workers_with_names_count() {
        let of = |value: Value| serde_json::from_value::<References>(value).unwrap().workers();
        let both = json!({"workers": [{"id": "1", "name": "a"}], "durable_objects": [{"worker_name": "b"}]});
        assert_eq!(of(both), Some(BTreeSet::from(["a".to_owned(), "b".to_owned()])));
        assert_eq!(of(json!({"workers": [{"id": "1"}]})), None);
        assert_eq!(of(json!({"queues": [{"queue_name": "q"}]})), None);
        assert_eq!(of(json!({})), Some(BTreeSet::new()));
    }
}
