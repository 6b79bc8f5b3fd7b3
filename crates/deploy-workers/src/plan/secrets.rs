//! Secrets that are on a Worker and that the manifest does not name: they stay, unless `drop-secrets` names them. Pure.

use actions_core::environment::Service;
use actions_core::text::quoted_list;
use serde_json::{Map, Value, json};
use wrangler::project::Built;
use wrangler::project::render::Rendered;

use crate::facts::{Facts, Live};
use crate::inputs::Inputs;
use crate::plan::Subject;

/// Secrets that an upload takes from its Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) names: Vec<String>,
    /// The others that it does not name, each with a name of its own: a kind can be kept only as a whole.
    keep: Vec<String>,
}

/// The secrets of what serves.
pub(crate) fn of(live: &Live) -> impl Iterator<Item = &str> {
    let bindings = live.version.iter().flat_map(|version| &version.resources.bindings);
    let secrets = bindings.filter(|binding| binding["type"].as_str().is_some_and(is_secret));
    secrets.filter_map(|binding| binding["name"].as_str())
}

fn is_secret(kind: &str) -> bool {
    kind.starts_with("secret_")
}

/// Whether `drop-secrets` names this one of this service: `NAME`, or `service.NAME`.
fn is_named(drop: &[String], service: &Service, name: &str) -> bool {
    let full = format!("{}.{name}", service.key);
    drop.iter().any(|dropped| dropped == name || *dropped == full)
}

/// What is taken from a Worker, if anything is.
pub(crate) fn dropped(inputs: &Inputs, service: &Service, rendered: &Rendered, live: &Live) -> Option<Dropped> {
    let ours = rendered.metadata.get("bindings").and_then(Value::as_array);
    let is_ours = |name: &&str| ours.is_some_and(|ours| ours.iter().any(|binding| binding["name"] == *name));
    let others = of(live).filter(|name| !is_ours(name)).map(str::to_owned);
    let (names, keep): (Vec<_>, Vec<_>) = others.partition(|name| is_named(&inputs.drop_secrets, service, name));
    (!names.is_empty()).then_some(Dropped { names, keep })
}

/// What `drop-secrets` names and no Worker has, of those that are planned: whoever takes a leaked secret away is not to
/// believe that it was there.
pub(crate) fn not_found(subject: &Subject<'_>, facts: &Facts) -> Option<String> {
    let has = |drop: &String| {
        subject.built.keys().any(|key| {
            let service = subject.environment.service(key);
            let live = facts.live.get(key);
            let both = service.zip(live);
            both.is_some_and(|(service, live)| of(live).any(|name| is_named(std::slice::from_ref(drop), service, name)))
        })
    };
    let drop = subject.inputs.drop_secrets.iter();
    let missing: Vec<&String> = drop.filter(|drop| !has(drop)).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "`drop-secrets` names {}, and no Worker of this run has such a secret: nothing was taken away by that name",
            quoted_list(&missing)
        )
    })
}

/// Why it is not known which of the named secrets a Worker has.
fn unknown(inputs: &Inputs, service: &Service, live: &Live) -> Option<String> {
    let own = format!("{}.", service.key);
    let mut named = inputs.drop_secrets.iter();
    let asked = named.any(|name| !name.contains('.') || name.starts_with(&own));
    (asked && live.deployment.is_some() && live.version.is_none()).then(|| {
        format!(
            "no single version serves as Worker `{}`, so it is not known which secrets are to go: finish that rollout first, or leave `drop-secrets` out",
            service.worker
        )
    })
}

/// Why a secret cannot be dropped.
pub(crate) fn conflicts(
    inputs: &Inputs,
    service: &Service,
    built: &Built,
    live: &Live,
    dropped: Option<&Dropped>,
) -> Vec<String> {
    let given = service.secrets.iter().map(|secret| &secret.name).chain(&built.declared);
    let given = given.filter(|name| is_named(&inputs.drop_secrets, service, name));
    let mut problems: Vec<String> = given
        .map(|name| format!("`drop-secrets` names `{name}`, which the manifest or the wrangler configuration gives it"))
        .collect();
    problems.extend(unknown(inputs, service, live));
    if let Some(dropped) = dropped.filter(|_| built.handed.is_some()) {
        problems.extend(dropped.names.iter().map(|name| {
            format!(
                "wrangler, which uploads it, keeps every secret; take `{name}` away with `npx wrangler secret delete {name} --name {}`, and leave it out of `drop-secrets`",
                service.worker
            )
        }));
    }
    problems
}

impl Dropped {
    /// Leaves them out of an upload.
    pub(crate) fn leave_out(&self, metadata: &mut Map<String, Value>) {
        if let Some(kinds) = metadata.get_mut("keep_bindings").and_then(Value::as_array_mut) {
            kinds.retain(|kind| !kind.as_str().is_some_and(is_secret));
        }
        if let Some(bindings) = metadata.get_mut("bindings").and_then(Value::as_array_mut) {
            bindings.extend(self.keep.iter().map(|name| json!({"name": name, "type": "inherit"})));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_secrets_go() {
        let mut metadata = json!({"bindings": [{"name": "A", "type": "secret_text"}], "keep_bindings": ["plain_text", "secret_text", "secret_key"]})
            .as_object()
            .unwrap()
            .clone();
        let dropped = Dropped {
            names: vec!["OLD".to_owned()],
            keep: vec!["BY_HAND".to_owned()],
        };
        dropped.leave_out(&mut metadata);
        assert_eq!(metadata["keep_bindings"], json!(["plain_text"]));
        assert_eq!(metadata["bindings"][1], json!({"name": "BY_HAND", "type": "inherit"}));
    }
}
