//! What Cloudflare would refuse, or the team does not want, told before anything is uploaded. Pure.

use std::collections::BTreeSet;

use actions_core::environment::{Environment, Service};
use actions_core::text::bytes;
use indexmap::IndexMap;
use jiff::civil::Date;

use super::Built;
use super::problem::{Problem, Rule};

/// The date that compatibility dates are compared with: today in UTC.
pub fn today() -> Date {
    jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// What is wrong with a Worker in the format of before modules, for our own client.
pub const SERVICE_WORKER: &str = "it is written in the service worker format, which has no versions; export its handlers (`export default { fetch }`), or let the project's wrangler deploy it with `uploader: wrangler`";

/// Whether a source without its comments is in that format: it listens, and exports nothing (wrangler asks the bundle
/// whether it exports anything).
pub fn is_service_worker(code: &str) -> bool {
    let mut lines = code.split(['\n', ';', '}']).map(str::trim_start);
    let exports = lines.any(|line| {
        let rest = line.strip_prefix("export");
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '{' | '*')))
    });
    code.contains("addEventListener(") && !exports && !code.contains("module.exports") && !code.contains("exports.")
}

/// What is wrong with a bundle. `budget` are the bytes that its modules may have, compressed.
pub fn bundle(built: &Built, budget: Option<u64>, today: Date) -> Vec<String> {
    let mut problems = Vec::new();
    let date = built
        .metadata
        .get("compatibility_date")
        .and_then(serde_json::Value::as_str);
    // A later version of such a Worker cannot be made (contract sheet of Cloudflare, section 5).
    if built.metadata.contains_key("body_part") && built.handed.is_none() {
        problems.push(SERVICE_WORKER.to_owned());
    }
    if let Some(problem) = compatibility(date, today) {
        problems.push(problem);
    }
    if let Some(budget) = budget.filter(|budget| built.size.gzip > *budget) {
        problems.push(format!(
            "its modules have {} compressed, more than the {} of `budget`",
            bytes(built.size.gzip),
            bytes(budget)
        ));
    }
    problems
}

/// What the manifest gives a Worker that has no code to use it. `own_vars` are the variables that are meant for this
/// service; those of a whole environment mean all that can have them.
pub fn without_code(service: &Service, built: &Built, own_vars: &[&String]) -> Vec<String> {
    let idle = if built.assets_only {
        idle(service, own_vars)
    } else {
        Vec::new()
    };
    idle.into_iter().map(|problem| problem.text).collect()
}

/// What of the manifest only code could use.
pub(super) fn idle(service: &Service, own_vars: &[&String]) -> Vec<Problem> {
    let secrets = service.secrets.iter().map(|secret| ("secrets", &secret.name));
    let kv = service.kv.iter().map(|kv| ("kv", &kv.binding));
    let vars = own_vars.iter().map(|name| ("vars", *name));
    let all = secrets.chain(kv).chain(vars);
    all.map(|(key, name)| {
        let text = format!(
            "it has assets alone, and no code that could read `{name}` of its `{key}`: take it out, or give the wrangler configuration a `main`"
        );
        Problem::new(Rule::WithoutCode, name, text)
    })
    .collect()
}

/// What an environment probably lacks. A deployment goes on: an environment may want less than the top level.
pub fn not_inherited(built: &Built) -> impl Iterator<Item = String> {
    built.not_inherited.iter().map(|key| lost(key))
}

pub(super) fn lost(key: &str) -> String {
    format!(
        "`{key}` stands at the top level of the wrangler configuration only, and environments do not inherit it; repeat it in the environment, or leave it out on purpose with an empty one"
    )
}

/// The `r2` or the `d1` of a service.
type Names = fn(&Service) -> &IndexMap<String, String>;

/// Names in the environment's `r2` and `d1` for which no service has a binding, when all services were bundled.
pub fn unused_names(environment: &Environment, built: &IndexMap<String, Built>) -> Vec<String> {
    if built.len() < environment.services.len() {
        return Vec::new();
    }
    let has = |key: &str, binding: &str| built.get(key).is_some_and(|built| built.binding(binding).is_some());
    let unused = unused(environment, has).into_iter();
    unused.map(|problem| problem.text).collect()
}

/// The same, where `has` says whether a service has a binding of that name.
pub(super) fn unused(environment: &Environment, has: impl Fn(&str, &str) -> bool) -> Vec<Problem> {
    let services = || environment.services.iter();
    let mut problems = Vec::new();
    for (key, of) in [("r2", (|service| &service.r2) as Names), ("d1", |service| &service.d1)] {
        let named: BTreeSet<&String> = services().flat_map(|service| of(service).keys()).collect();
        let used: BTreeSet<&String> = services()
            .flat_map(|service| of(service).keys().map(move |binding| (service, binding)))
            .filter(|(service, binding)| has(&service.key, binding))
            .map(|(_, binding)| binding)
            .collect();
        problems.extend(named.difference(&used).map(|binding| {
            let text = format!(
                "`environments.{}.{key}` names `{binding}`, and no service has such a binding in its wrangler configuration",
                environment.name
            );
            Problem::new(Rule::Unused, binding.as_str(), text)
        }));
    }
    problems
}

pub(super) fn compatibility(date: Option<&str>, today: Date) -> Option<String> {
    let Some(text) = date else {
        return Some(
            "the wrangler configuration has no `compatibility_date`: Cloudflare would assume 2021-11-02".to_owned(),
        );
    };
    match text.parse::<Date>() {
        Ok(date) if date > today => Some(format!(
            "`compatibility_date` {text} is in the future (today is {today})"
        )),
        Ok(_) => None,
        Err(_) => Some(format!(
            "`compatibility_date` `{text}` is not a date, such as `{today}`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_and_exports_nothing_is_a_service_worker() {
        for (code, is_one) in [
            (
                "addEventListener('fetch', (event) => event.respondWith(new Response('ok')));",
                true,
            ),
            ("self.addEventListener(\"fetch\", handle);\nconst exported = 1;", true),
            (
                "addEventListener('unhandledrejection', log);\nexport default { fetch };",
                false,
            ),
            ("addEventListener('fetch', log); export{handler as default};", false),
            (
                "function a() {}export default a; addEventListener('fetch', log);",
                false,
            ),
            ("addEventListener('fetch', log); module.exports = { fetch };", false),
            ("export default { fetch };", false),
        ] {
            assert_eq!(is_service_worker(code), is_one, "{code}");
        }
    }

    #[test]
    fn dates() {
        let today: Date = "2026-11-23".parse().unwrap();
        assert_eq!(compatibility(Some("2026-11-23"), today), None);
        assert!(
            compatibility(Some("2026-11-24"), today)
                .unwrap()
                .contains("in the future")
        );
        assert!(
            compatibility(Some("yesterday"), today)
                .unwrap()
                .contains("is not a date")
        );
        assert!(compatibility(None, today).unwrap().contains("2021-11-02"));
    }
}
