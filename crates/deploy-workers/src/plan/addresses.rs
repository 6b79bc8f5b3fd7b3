//! What a configuration says about where its Worker answers, and what is not done about it: the manifest says where.
//! Pure.

use actions_core::environment::Environment;
use wrangler::project::Built;

/// What of the configuration's addresses is not used.
pub(super) fn notes(environment: &Environment, built: &Built, hostnames: &[&str]) -> Vec<String> {
    let mut notes = Vec::new();
    let host = |pattern: &str| {
        let pattern = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
        pattern.split('/').next().unwrap_or_default().to_ascii_lowercase()
    };
    let unused: Vec<&str> = built
        .routes
        .iter()
        .filter(|pattern| !hostnames.contains(&host(pattern).as_str()))
        .map(String::as_str)
        .collect();
    if !unused.is_empty() {
        let told = actions_core::text::quoted_list(&unused);
        let verb = if unused.len() == 1 { "is" } else { "are" };
        notes.push(format!(
            "{told} of the wrangler configuration's routes {verb} not attached: the hostnames of an environment are those that the manifest (or `hostnames`) gives it"
        ));
    }
    if environment.pull_request.is_some() && built.workers_dev == Some(true) {
        notes.push(
            "`workers_dev` of the wrangler configuration is not used: a preview is reached by its hostname".to_owned(),
        );
    }
    notes
}
