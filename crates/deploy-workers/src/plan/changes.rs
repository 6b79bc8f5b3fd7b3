//! The plan as a person reads it.

use actions_core::plan::{Plan as Changes, Verb};

use crate::plan::addresses;
use crate::plan::hostnames::Step;
use crate::plan::{Plan, ServicePlan, Upload};
use crate::report;

impl Plan {
    /// Whether anything is to be changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.kv.is_empty() && !self.services.values().any(ServicePlan::changes)
    }

    /// The plan as a person reads it.
    pub(crate) fn changes(&self) -> Changes<()> {
        let mut changes = Changes::default();
        for title in &self.kv {
            changes.push(Verb::Create, "KV namespace", title, "", ());
        }
        for key in self.waves.iter().flat_map(|wave| &wave.services) {
            let Some(service) = self.services.get(key) else {
                continue;
            };
            let worker = &service.worker;
            match service.upload {
                Upload::First => {
                    let first = service
                        .first
                        .as_ref()
                        .map(|first| format!(": at first {}", report::without(first)));
                    let detail = format!("service {key}{}", first.unwrap_or_default());
                    changes.push(Verb::Create, "Worker", worker, detail, ());
                }
                Upload::Again => changes.push(
                    Verb::Update,
                    "Worker",
                    worker,
                    format!("service {key}: a new version"),
                    (),
                ),
                Upload::No => {}
            }
            for change in &service.durable {
                changes.push(change.verb, change.kind, &change.name, &change.detail, ());
            }
            for step in service.steps.iter().chain(&service.former) {
                let to = format!("to {worker}");
                match step {
                    Step::CreateRoute { pattern, worker } => {
                        changes.push(Verb::Create, "route", pattern, format!("to {worker}"), ());
                    }
                    Step::MoveRoute(route) => changes.push(Verb::Update, "route", &route.pattern, to, ()),
                    Step::DeleteRoute(route) => {
                        changes.push(Verb::Delete, "route", &route.pattern, "no longer wanted", ());
                    }
                    Step::AttachDomain(attachment) => {
                        let to = match attachment.instead_of.len() {
                            0 => to,
                            _ => format!("{to}; its DNS record replaces that of the route"),
                        };
                        changes.push(Verb::Create, "custom domain", &attachment.hostname, to, ());
                    }
                    Step::DetachDomain(domain) => {
                        changes.push(Verb::Delete, "custom domain", &domain.hostname, "no longer wanted", ());
                    }
                }
            }
            if service.workers_dev_off {
                changes.push(
                    Verb::Update,
                    "workers.dev",
                    worker,
                    "off: a preview is reached by its hostname",
                    (),
                );
            }
            if let Some(at) = service.addresses {
                changes.push(Verb::Update, "workers.dev", worker, addresses::said(at), ());
            }
            if let Some(settings) = &service.settings {
                let keys: Vec<&str> = settings.keys().map(String::as_str).collect();
                changes.push(Verb::Update, "settings", worker, keys.join(", "), ());
            }
            if service.tags.is_some() {
                let detail = "whose it is, and which hostnames it was given here";
                changes.push(Verb::Update, "tags", worker, detail, ());
            }
            if let Some(crons) = &service.crons {
                let detail = if crons.is_empty() {
                    "none".to_owned()
                } else {
                    crons.join("; ")
                };
                changes.push(Verb::Update, "schedules", worker, detail, ());
            }
        }
        changes
    }
}
