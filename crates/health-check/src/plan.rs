//! What is asked of the services of an environment. No I/O.

use actions_core::credential::shown;
use actions_core::environment::{Environment, Service};
use actions_core::health::{Expect, Reading, Target, Warn, parse_checks};
use actions_core::runner::Problems;
use actions_core::secret;

/// Each service's health document, then its deeper checks.
pub(crate) fn targets(
    environment: &Environment,
    document: Option<Reading>,
    warn: Warn,
    problems: &mut Problems,
) -> Vec<Target> {
    let mut targets = Vec::new();
    if environment.awaits_account() {
        problems.add(
            "manifest",
            format!(
                "environment `{}` is at workers.dev, and the account's name there is not known here: say it in `[project]`, such as `workers-dev = \"acme\"`, or give `urls`",
                environment.name
            ),
        );
        return targets;
    }
    for service in &environment.services {
        targets.extend(health(environment, service, document, warn, problems));
        match parse_checks(&service.checks, Some(&service.url)) {
            Ok(checks) => targets.extend(checks.into_iter().map(|check| Target {
                name: format!("{}: {}", service.key, check.name),
                ..check
            })),
            Err(wrong) => {
                for wrong in wrong {
                    problems.add("manifest", format!("`services.{}.checks`: {wrong}", service.key));
                }
            }
        }
    }
    targets
}

/// The health document of a service. One whose health path is a page (`/`) is to answer with success.
fn health(
    environment: &Environment,
    service: &Service,
    document: Option<Reading>,
    warn: Warn,
    problems: &mut Problems,
) -> Option<Target> {
    let Ok(url) = secret::url(&service.health_url) else {
        problems.add(
            "manifest",
            format!(
                "`{}` of service `{}` is no URL; look at `project.url` and `services.{}.health`",
                shown(&service.health_url),
                service.key,
                service.key
            ),
        );
        return None;
    };
    let page = service.health_url.ends_with('/');
    let (names, others) = environment.names(service);
    let expect = Expect {
        document: document.unwrap_or(if page { Reading::Auto } else { Reading::Strict }),
        warn,
        service: names,
        other_services: others,
        environment: Some(environment.name.clone()),
        ..Expect::default()
    };
    Some(Target::get(service.key.clone(), url, expect))
}
