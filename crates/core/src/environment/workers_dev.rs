//! Environments at workers.dev: their addresses hold the account's name there, which only Cloudflare knows for sure.

use serde_json::Value;

use super::{Environment, Service};
use crate::manifest::Routing;

/// What stands in an address for the account's name until that is known.
const UNKNOWN: &str = ".{account}.workers.dev";

impl Environment {
    /// A Worker's address at workers.dev, the account's name left open.
    pub fn hostname_at_workers_dev(worker: &str) -> String {
        format!("{worker}{UNKNOWN}")
    }

    /// Whether addresses of this environment wait for the account's name at workers.dev.
    pub fn awaits_account(&self) -> bool {
        self.routing == Routing::WorkersDev && self.services.iter().any(|service| service.hostname.ends_with(UNKNOWN))
    }

    /// Fills in the account's name at workers.dev, in every address and in what refers to one.
    pub fn at_workers_dev(&mut self, account: &str) {
        let known = format!(".{account}.workers.dev");
        let fill = |text: &mut String| *text = text.replace(UNKNOWN, &known);
        for record in &mut self.records {
            fill(&mut record.content);
        }
        for service in &mut self.services {
            let Service {
                hostname,
                url,
                health_url,
                vars,
                ..
            } = service;
            [hostname, url, health_url].into_iter().for_each(fill);
            vars.values_mut().for_each(|value| texts(value, &fill));
        }
    }
}

fn texts(value: &mut Value, fill: &impl Fn(&mut String)) {
    match value {
        Value::String(text) => fill(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, fill)),
        Value::Object(fields) => fields.values_mut().for_each(|item| texts(item, fill)),
        _ => {}
    }
}
