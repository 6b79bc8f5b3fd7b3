//! Secrets that a configuration declares (`"secrets": {"required": ["API_KEY"]}`): the Worker is to have them, whoever
//! gives them. wrangler asks Cloudflare to take each over from the version before (`inherit`), from 4.100 on; 4.74 knows
//! the key and does not yet (tried).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Project, Scope};
use crate::Settings;

impl Settings<'_> {
    /// The names of the secrets that the configuration declares.
    pub fn declared_secrets(&self) -> Vec<String> {
        let required = self
            .get("secrets")
            .and_then(|secrets| secrets.get("required")?.as_array());
        let names = required.into_iter().flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    }
}

/// Takes them out of a bundle's metadata, which each wrangler leaves as it likes. Returns those that are to be secrets:
/// a variable of the same name stands for one.
pub(super) fn take(metadata: &mut Map<String, Value>, mut declared: Vec<String>) -> Vec<String> {
    let bindings = metadata.get_mut("bindings").and_then(Value::as_array_mut);
    if let Some(bindings) = bindings {
        let is_declared = |binding: &Value| declared.iter().any(|name| binding["name"] == name.as_str());
        bindings.retain(|binding| !(binding["type"] == "inherit" && is_declared(binding)));
        declared.retain(|name| !bindings.iter().any(|binding| binding["name"] == name.as_str()));
    }
    declared
}

/// Lets a Worker keep the declared secrets that the upload itself does not give: one that is not there is refused.
pub fn inherit(metadata: &mut Map<String, Value>, declared: &[String]) {
    let Some(bindings) = metadata.get_mut("bindings").and_then(Value::as_array_mut) else {
        return;
    };
    for name in declared {
        if !bindings.iter().any(|binding| binding["name"] == name.as_str()) {
            bindings.push(json!({"name": name, "type": "inherit"}));
        }
    }
}

impl Project {
    /// The secrets that the configurations of the chosen services declare, by service.
    pub fn declared_secrets(&self, scope: Scope<'_>) -> BTreeMap<String, Vec<String>> {
        let chosen = scope.services().filter_map(|service| {
            let declared = self.settings(&service.key)?.declared_secrets();
            (!declared.is_empty()).then(|| (service.key.clone(), declared))
        });
        chosen.collect()
    }

    /// The secrets that some service's configuration declares, chosen or not.
    pub fn declared_by_any(&self) -> BTreeSet<String> {
        let all = self.configs.keys().filter_map(|key| self.settings(key));
        all.flat_map(|settings| settings.declared_secrets()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_declared_comes_out_the_same_whoever_bundled() {
        let names = || vec!["KEY".to_owned(), "STAGE".to_owned()];
        let bundles = [
            json!({"bindings": [{"name": "KEY", "type": "inherit"}, {"name": "STAGE", "type": "plain_text"}, {"name": "KV", "type": "inherit"}]}),
            json!({"bindings": [{"name": "STAGE", "type": "plain_text"}, {"name": "KV", "type": "inherit"}]}),
        ];
        for bundle in bundles {
            let mut metadata = bundle.as_object().unwrap().clone();
            assert_eq!(take(&mut metadata, names()), ["KEY"]);
            let left = json!([{"name": "STAGE", "type": "plain_text"}, {"name": "KV", "type": "inherit"}]);
            assert_eq!(metadata["bindings"], left);
            inherit(&mut metadata, &names());
            assert_eq!(metadata["bindings"][2], json!({"name": "KEY", "type": "inherit"}));
            assert_eq!(metadata["bindings"].as_array().unwrap().len(), 3);
        }
    }
}
