//! Bindings of a version: what is inherited, what is kept, and what must exist. Pure.

use std::collections::HashSet;

use serde_json::Value;

use super::envelope::Refusal;
use super::model::{Account, State, binding_name, binding_type};
use super::r2;
use super::upload::Place;

/// The bindings of a new version, from what the upload asks for and the version before it.
///
/// `inherit` takes the binding of the same name over; one that is not there is refused when
/// `strict`, and dropped without a word otherwise. Types in `keep` stay unless the upload brings
/// the name itself.
pub(super) fn resolve(
    asked: Vec<Value>,
    keep: &[String],
    previous: &[Value],
    strict: bool,
) -> Result<Vec<Value>, Refusal> {
    let mut names = HashSet::new();
    let mut bindings = Vec::new();
    for binding in asked {
        let name = binding_name(&binding).to_owned();
        if !names.insert(name.clone()) {
            return Err(name_in_use(&name));
        }
        if binding_type(&binding) != "inherit" {
            bindings.push(binding);
            continue;
        }
        let source = binding["old_name"].as_str().unwrap_or(&name);
        match previous.iter().find(|it| binding_name(it) == source) {
            Some(found) => {
                let mut found = found.clone();
                found["name"] = name.into();
                bindings.push(found);
            }
            None if strict => {
                return Err(Refusal::new(
                    400,
                    10057,
                    format!("Cannot inherit binding `{source}`: the previous version of this Worker does not have it"),
                ));
            }
            None => {}
        }
    }
    let kept = previous
        .iter()
        .filter(|it| keep.iter().any(|kind| kind == binding_type(it)) && !names.contains(binding_name(it)));
    bindings.extend(kept.cloned());
    Ok(bindings)
}

/// The bindings of a settings patch: one that has a type and a name alone keeps what is bound by that name. So does
/// `wrangler secret bulk` ask for all that it does not change, up to 4.61.
pub(super) fn kept(asked: &[Value], previous: &[Value]) -> Vec<Value> {
    let keep = |binding: &Value| {
        let is_bare = binding.as_object().is_some_and(|fields| fields.len() == 2);
        let same = |it: &&Value| binding_name(it) == binding_name(binding) && binding_type(it) == binding_type(binding);
        previous.iter().filter(|_| is_bare).find(same).cloned()
    };
    asked.iter().map(|it| keep(it).unwrap_or_else(|| it.clone())).collect()
}

/// Do the resources exist that the bindings name?
pub(super) fn check(bindings: &[Value], state: &State, place: &Place<'_>) -> Result<(), Refusal> {
    let account = state.account(place.account)?;
    for binding in bindings {
        resource(binding, account)?;
        let name = binding_name(binding);
        let service = binding["service"].as_str().unwrap_or_default();
        if binding_type(binding) == "service" && service != place.script && !account.workers.contains_key(service) {
            return Err(Refusal::new(
                400,
                10144,
                format!("Could not resolve service binding '{name}'. Target script '{service}' not found."),
            ));
        }
    }
    Ok(())
}

/// Does what a binding stores in or sends to exist? Asked of an upload and of each deployment.
pub(super) fn resource(binding: &Value, account: &Account) -> Result<(), Refusal> {
    let name = binding_name(binding);
    let text = |key: &str| binding[key].as_str();
    let (exists, code, message) = match binding_type(binding) {
        "kv_namespace" => {
            let id = text("namespace_id").unwrap_or_default();
            (
                account.kv.iter().any(|it| it.id == id),
                10041,
                format!("KV namespace '{id}' not found. (binding `{name}`)"),
            )
        }
        "r2_bucket" => {
            let bucket = text("bucket_name").unwrap_or_default();
            (
                r2::exists(account, bucket, text("jurisdiction")),
                10085,
                format!("R2 bucket '{bucket}' not found. Please use a different name and try again."),
            )
        }
        "d1" => {
            // `id` is the older name, and wrangler's.
            let id = text("id").or_else(|| text("database_id")).unwrap_or_default();
            (
                account.d1.iter().any(|it| it.uuid == id),
                10181,
                format!("D1 binding '{name}' references database '{id}' which was not found."),
            )
        }
        "queue" => {
            let queue = text("queue_name").unwrap_or_default();
            (
                account.queues.iter().any(|it| it.name == queue),
                11000,
                format!("Queue '{queue}' does not exist. (binding `{name}`)"),
            )
        }
        _ => return Ok(()),
    };
    if exists {
        return Ok(());
    }
    Err(Refusal::new(400, code, message))
}

pub(super) fn name_in_use(name: &str) -> Refusal {
    Refusal::new(
        400,
        10053,
        format!("Binding name '{name}' already in use. Please use a different name and try again."),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(bindings: &[Value]) -> Vec<&str> {
        bindings.iter().map(binding_name).collect()
    }

    #[test]
    fn kept_types_stay_unless_the_upload_names_them() {
        let previous = [
            json!({"name":"KEY","type":"secret_text","text":"old"}),
            json!({"name":"HAND","type":"secret_text","text":"by hand"}),
            json!({"name":"VAR","type":"plain_text","text":"gone"}),
        ];
        let asked = vec![json!({"name":"KEY","type":"secret_text","text":"new"})];
        let keep = ["secret_text".to_owned()];
        let bindings = resolve(asked, &keep, &previous, true).unwrap();
        assert_eq!(names(&bindings), ["KEY", "HAND"]);
        assert_eq!(bindings[0]["text"], "new");
        // Without keep_bindings, secrets that were set by hand are lost.
        assert!(resolve(Vec::new(), &[], &previous, true).unwrap().is_empty());
    }

    #[test]
    fn inherit_takes_over_or_is_refused_or_dropped() {
        let previous = [json!({"name":"CACHE","type":"kv_namespace","namespace_id":"1"})];
        let asked = || {
            vec![
                json!({"name":"CACHE","type":"inherit"}),
                json!({"name":"NEW","type":"inherit","old_name":"CACHE"}),
            ]
        };
        let bindings = resolve(asked(), &[], &previous, true).unwrap();
        assert_eq!(names(&bindings), ["CACHE", "NEW"]);
        assert_eq!(bindings[1]["namespace_id"], "1");
        assert_eq!(resolve(asked(), &[], &[], true).unwrap_err().code, 10057);
        assert!(resolve(asked(), &[], &[], false).unwrap().is_empty());
    }

    #[test]
    fn a_type_and_a_name_keep_what_is_bound() {
        let previous = [
            json!({"name":"CACHE","type":"kv_namespace","namespace_id":"1"}),
            json!({"name":"KEY","type":"secret_text","text":"old"}),
        ];
        let asked = [
            json!({"name":"CACHE","type":"kv_namespace"}),
            json!({"name":"KEY","type":"secret_text","text":"new"}),
            json!({"name":"OTHER","type":"kv_namespace"}),
        ];
        let kept = kept(&asked, &previous);
        assert_eq!(kept[0], previous[0]);
        assert_eq!(kept[1]["text"], "new");
        assert_eq!(kept[2], asked[2], "there is nothing to keep");
    }

    #[test]
    fn a_name_can_be_used_once() {
        let asked = vec![
            json!({"name":"A","type":"plain_text","text":"1"}),
            json!({"name":"A","type":"secret_text","text":"2"}),
        ];
        assert_eq!(resolve(asked, &[], &[], true).unwrap_err().code, 10053);
    }
}
