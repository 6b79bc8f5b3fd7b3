//! Names that two services make alike, by some number: cleanup tells by names what carries no marker, so an environment's
//! must be nobody else's.

use std::collections::{HashSet, VecDeque};

use super::Environment;
use crate::manifest::Manifest;
use crate::owner::Repository;

/// Stands for the number while names are made. Nothing else in a manifest reads like it.
const NUMBER: u64 = 918_273_645_546_372_819;

/// One name of a service, of whichever number.
struct Name {
    what: &'static str,
    environment: usize,
    service: String,
    text: String,
}

/// Refuses environments that are one per pull request and whose Workers, hostnames or KV namespaces another environment,
/// or another service of their own, may be called like: section of the manifest and problem.
pub(crate) fn found(manifest: &Manifest) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let environments: Vec<&String> = manifest.environments.keys().collect();
    let names: Vec<Name> = environments
        .iter()
        .enumerate()
        .flat_map(|(at, name)| names(manifest, at, name))
        .collect();
    let mut told = HashSet::new();
    for (at, one) in names.iter().enumerate() {
        for other in &names[at + 1..] {
            let same_environment = one.environment == other.environment;
            // Services of one environment share a namespace by naming the same binding.
            let meant = same_environment && (one.service == other.service || one.what == KV);
            if meant || one.what != other.what || told.contains(&(one.environment, other.environment)) {
                continue;
            }
            let (one, other) = if one.is_numbered() { (one, other) } else { (other, one) };
            if !one.is_numbered() {
                continue;
            }
            let Some(both) = common(&one.text, &other.text) else {
                continue;
            };
            told.insert((one.environment, other.environment));
            told.insert((other.environment, one.environment));
            let (name, others) = (environments[one.environment], environments[other.environment]);
            let remedy = if one.what == KV {
                "titles are made of the project, the environment, the number and the binding: rename one of the environments".to_owned()
            } else if other.is_numbered() {
                "give each a word before `{pr}` that the other has not".to_owned()
            } else {
                format!("put a word before `{{pr}}` that nothing else has, such as `{{worker}}-{name}-{{pr}}`")
            };
            let text = format!(
                "`environments.{name}` makes the {} `{both}` for a pull request's `{}`, and so does `environments.{others}` for `{}`: cleaning one up would take the other's; {remedy}",
                one.what, one.service, other.service,
            );
            found.push((format!("[environments.{name}]"), text));
        }
    }
    found
}

const KV: &str = "KV title";

impl Name {
    fn is_numbered(&self) -> bool {
        self.text.contains(&NUMBER.to_string())
    }
}

fn names(manifest: &Manifest, at: usize, name: &str) -> Vec<Name> {
    let spec = &manifest.environments[name];
    let number = spec.is_per_pull_request().then_some(NUMBER);
    // What cannot be made is told by another check.
    let Ok(environment) = Environment::resolve(manifest, name, number, &Repository::default()) else {
        return Vec::new();
    };
    let of_service = |service: &super::Service| {
        let worker = std::iter::once(("Worker", service.worker.clone()));
        let hosts = service.hostnames().map(|host| ("hostname", host.to_owned()));
        let kv = service.kv.iter().map(|kv| (KV, kv.title.clone()));
        let all = worker.chain(hosts).chain(kv).map(|(what, text)| Name {
            what,
            environment: at,
            service: service.key.clone(),
            text,
        });
        all.collect::<Vec<_>>()
    };
    environment.services.iter().flat_map(of_service).collect()
}

/// What a place in a name can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Char(char),
    /// A number's first digit.
    First,
    /// Its others, none or more.
    Rest,
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for (at, literal) in text.split(&NUMBER.to_string()).enumerate() {
        if at > 0 {
            parts.extend([Part::First, Part::Rest]);
        }
        parts.extend(literal.chars().map(Part::Char));
    }
    parts
}

/// A character that both can be.
fn shared(one: Part, other: Part) -> Option<char> {
    let can = |part: Part, c: char| match part {
        Part::Char(own) => own == c,
        Part::First => c.is_ascii_digit() && c != '0',
        Part::Rest => c.is_ascii_digit(),
    };
    let literal = |part| if let Part::Char(c) = part { Some(c) } else { None };
    let c = literal(one).or(literal(other)).unwrap_or('1');
    (can(one, c) && can(other, c)).then_some(c)
}

/// A shortest name that both make, where there is one: their places are walked side by side.
fn common(one: &str, other: &str) -> Option<String> {
    let (one, other) = (parts(one), parts(other));
    let mut seen = HashSet::from([(0, 0)]);
    let mut waiting = VecDeque::from([((0, 0), String::new())]);
    while let Some(((a, b), made)) = waiting.pop_front() {
        if a == one.len() && b == other.len() {
            return Some(made);
        }
        let (here, there) = (one.get(a).copied(), other.get(b).copied());
        let mut next = Vec::new();
        if here == Some(Part::Rest) {
            next.push(((a + 1, b), made.clone()));
        }
        if there == Some(Part::Rest) {
            next.push(((a, b + 1), made.clone()));
        }
        if let (Some(here), Some(there)) = (here, there)
            && let Some(c) = shared(here, there)
        {
            let past = |at: usize, part| at + usize::from(part != Part::Rest);
            next.push(((past(a, here), past(b, there)), format!("{made}{c}")));
        }
        for (places, made) in next {
            if seen.insert(places) {
                waiting.push_back((places, made));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_two_templates_make() {
        let name = |template: &str| template.replace('#', &NUMBER.to_string());
        for (one, other, both) in [
            ("api-#", "api-1", Some("api-1")),
            ("api-#", "api-01", None),
            ("api-#", "api-1x", None),
            ("api-#", "api", None),
            ("api-#", "api-1-#", None),
            ("api#", "api1#", Some("api11")),
            ("api-#-1", "api-#", None),
            ("#-api", "2-api", Some("2-api")),
            ("api-preview-#", "api-e2e-#", None),
            ("api-preview-#", "api-preview-#", Some("api-preview-1")),
            ("a#b", "a1#b", Some("a11b")),
            (
                "codex-preview-#-CACHE",
                "codex-preview-12-CACHE",
                Some("codex-preview-12-CACHE"),
            ),
        ] {
            assert_eq!(common(&name(one), &name(other)).as_deref(), both, "{one} {other}");
            assert_eq!(common(&name(other), &name(one)).as_deref(), both, "{other} {one}");
        }
    }
}
