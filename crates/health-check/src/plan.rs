//! What is asked of whom. No I/O.

use actions_core::environment::Environment;
use actions_core::health::{Expect, StatusSet, Target};

use crate::inputs::Subject;

/// The endpoints to wait for.
pub(crate) fn targets(subject: &Subject) -> Vec<Target> {
    match subject {
        Subject::Environment(environment) => of_environment(environment),
        Subject::Urls { urls, status } => urls
            .iter()
            .map(|(name, url)| {
                let expect = Expect {
                    status: status.clone(),
                    ..Expect::default()
                };
                Target {
                    name: name.clone(),
                    url: url.to_string(),
                    expect,
                }
            })
            .collect(),
    }
}

/// Each service's health document; a service whose health path is a page (`/`) is to answer with success.
fn of_environment(environment: &Environment) -> Vec<Target> {
    environment
        .services
        .iter()
        .map(|service| {
            let document = !service.health_url.ends_with('/');
            let expect = Expect {
                status: StatusSet::default(),
                document,
                service: Some(service.key.clone()),
                environment: Some(environment.name.clone()),
                version: None,
            };
            Target {
                name: service.key.clone(),
                url: service.health_url.clone(),
                expect,
            }
        })
        .collect()
}
