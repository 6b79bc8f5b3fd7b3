//! Routes of a configuration that wrangler refuses, so that nothing can be bundled, though nobody here uses them: the
//! manifest says which hostnames there are. Pure, but for the file's text.

use actions_core::environment::Service;
use serde_json::Value;

use super::problem::{Problem, Rule};
use crate::{Config, Settings};

/// What is wrong with the routes, in wrangler's terms, with file and line, and what stands for them here.
pub(super) fn refused(config: &Config, settings: &Settings<'_>) -> Vec<String> {
    let wrong = wrong(settings).into_iter();
    wrong
        .map(|problem| format!("{}: {}", place(config, &problem.about), problem.text))
        .collect()
}

/// The same without its place.
pub(super) fn wrong(settings: &Settings<'_>) -> Vec<Problem> {
    let all = settings.routes().into_iter();
    let domains = all.filter(|route| route["custom_domain"] == true);
    let wrong = domains.filter_map(|route| {
        let pattern = route["pattern"].as_str()?;
        let what = match (pattern.contains('*'), pattern.contains('/')) {
            (false, false) => return None,
            (true, false) => "wildcards (`*`) are",
            (false, true) => "paths are",
            (true, true) => "wildcards (`*`) and paths are",
        };
        let text = format!(
            "custom domain `{pattern}` of `routes`: {what} not allowed in custom domains, so wrangler does not bundle it; take it out, since hostnames are attached by the manifest (`subdomain` of the service, `hostname` and `routing` of the environment)"
        );
        Some(Problem::new(Rule::CustomDomain, pattern, text))
    });
    wrong.collect()
}

/// The file, and the line where the text stands in it.
fn place(config: &Config, text: &str) -> String {
    let file = config.file.display();
    let content = std::fs::read_to_string(&config.file).unwrap_or_default();
    let quoted = [format!("\"{text}\""), format!("'{text}'")];
    let line = content
        .lines()
        .position(|line| quoted.iter().any(|quoted| line.contains(quoted.as_str())));
    line.map_or_else(|| format!("`{file}`"), |line| format!("`{file}`, line {}", line + 1))
}

/// KV namespaces without id that the manifest does not name either, of a service that could not be bundled: a bundle
/// would have told.
pub(super) fn without_ids(service: &Service, settings: &Settings<'_>) -> Vec<String> {
    let namespaces = settings.get("kv_namespaces").and_then(Value::as_array);
    let open = namespaces.into_iter().flatten().filter(|item| item.get("id").is_none());
    let names = open.filter_map(|item| item["binding"].as_str());
    let names = names.filter(|name| !service.kv.iter().any(|kv| kv.binding == *name));
    names.map(super::render::without_id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_domain_with_a_path_is_told_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let text = "{\"name\": \"api\", \"routes\": [\n  {\"pattern\": \"api.example.com\", \"custom_domain\": true},\n  \"api.example.com/a/*\",\n  {\"pattern\": \"api.example.com/*\", \"custom_domain\": true}\n]}";
        std::fs::write(dir.path().join("wrangler.jsonc"), text).unwrap();
        let config = Config::find(dir.path()).unwrap();
        let told = refused(&config, &config.settings(None).unwrap());
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains(
                "wrangler.jsonc`, line 4: custom domain `api.example.com/*` of `routes`: wildcards (`*`) and paths are"
            ),
            "{told:?}"
        );
    }
}
