//! What `rollback` and `validate` report, and their summaries.

use actions_core::markdown::{code_cell, inline, text_cell};
use actions_core::reports::{Command, DeployWorkers, Head, Service, ServiceState, Status};
use actions_core::text::{bytes, count};
use indexmap::IndexMap;

use super::describe::{Described, described_markdown};
use super::output::{NOT_PUT_BACK, head, rounded, row};
use crate::apply::rollback::PutBack;
use crate::inputs::Inputs;
use crate::restore::Restored;
use wrangler::project::Built;

/// The report of `rollback`.
pub(crate) fn restored(
    inputs: &Inputs,
    all: &[Restored<'_>],
    seconds: f64,
    error: Option<&anyhow::Error>,
) -> DeployWorkers {
    let changed = |restored: &Restored<'_>| {
        matches!(
            restored.put_back,
            PutBack::Back(_) | PutBack::Removed | PutBack::Unanswered
        ) || !restored.undone.is_empty()
    };
    let service = |restored: &Restored<'_>| {
        let (state, version, detail) = match &restored.put_back {
            PutBack::Back(versions) => (ServiceState::RolledBack, versions.first().cloned(), None),
            PutBack::Removed => (
                ServiceState::RolledBack,
                None,
                Some("it was new, and is removed".to_owned()),
            ),
            PutBack::Nothing => (ServiceState::Unchanged, restored.before.clone(), None),
            PutBack::Left(why) if inputs.dry_run => (ServiceState::Planned, restored.before.clone(), Some(why.clone())),
            PutBack::Left(why) => (ServiceState::Skipped, restored.before.clone(), Some(why.clone())),
            PutBack::Failed(why) | PutBack::Bound(why) => {
                (ServiceState::Failed, restored.before.clone(), Some(why.clone()))
            }
            PutBack::Unanswered => (ServiceState::Failed, None, Some(super::OUT_OF_TIME.to_owned())),
        };
        let undone = Some(super::undone(&restored.undone)).filter(|undone| !undone.is_empty());
        let gone = super::given_up_before(&restored.given_up);
        let details: Vec<String> = gone.into_iter().chain(detail).chain(undone).collect();
        Service {
            service: restored.service.key.clone(),
            worker: restored.service.worker.clone(),
            url: restored.service.url.clone(),
            hostname: restored.service.hostname.clone(),
            version_id: version,
            previous_version_id: restored.before.clone(),
            state,
            detail: Some(details.join("; ")).filter(|details| !details.is_empty()),
            ..Service::default()
        }
    };
    let status = match error {
        Some(_) => Status::Failed,
        None if inputs.dry_run => Status::Planned,
        None => Status::Done,
    };
    DeployWorkers {
        head: Head {
            status,
            changed: all.iter().any(changed),
            error: error.map(actions_core::error::render),
            ..head(inputs, Command::Rollback, seconds)
        },
        services: all.iter().map(service).collect(),
    }
}

/// The summary of `rollback`.
pub(crate) fn restored_markdown(json: &DeployWorkers) -> String {
    let back = json
        .services
        .iter()
        .filter(|service| service.state == ServiceState::RolledBack)
        .count();
    let title = json.head.pull_request.map_or_else(
        || json.head.environment.clone(),
        |pr| format!("{} {pr}", json.head.environment),
    );
    let failed = |service: &Service| service.state == ServiceState::Failed;
    let said = if back == 0 && json.services.iter().any(failed) {
        "not put back".to_owned()
    } else if back == 0 {
        "nothing to put back".to_owned()
    } else {
        format!("{} put back", count(back, "service"))
    };
    let rows: String = json.services.iter().map(|service| row(service, "")).collect();
    let what = if back == 0 { "" } else { NOT_PUT_BACK };
    format!(
        "### Workers of {title}: {said}\n{what}\n| | service | version | | time | |\n|---|---|---|---|---|---|\n{rows}"
    )
}

/// The report of `validate` and `build`.
pub(crate) fn validated(
    inputs: &Inputs,
    command: Command,
    built: &IndexMap<String, Built>,
    described: &[Described],
    seconds: f64,
) -> DeployWorkers {
    let service = |(key, built): (&String, &Built)| {
        let service = inputs.environment.service(key)?;
        Some(Service {
            service: key.clone(),
            worker: service.worker.clone(),
            url: service.url.clone(),
            hostname: service.hostname.clone(),
            state: ServiceState::Planned,
            size: Some(built.size.raw),
            gzip: Some(built.size.gzip),
            seconds: rounded(built.took.as_secs_f64()),
            detail: described
                .iter()
                .find(|described| described.key() == key)
                .and_then(Described::told),
            ..Service::default()
        })
    };
    DeployWorkers {
        head: head(inputs, command, seconds),
        services: built.iter().filter_map(service).collect(),
    }
}

/// The summary of `validate` and `build`.
pub(crate) fn validated_markdown(inputs: &Inputs, json: &DeployWorkers, described: &[Described]) -> String {
    let row = |service: &Service| {
        let (raw, gzip) = (service.size.unwrap_or_default(), service.gzip.unwrap_or_default());
        let key = text_cell(&service.service);
        format!(
            "| {key} | {} | {} | {} |\n",
            code_cell(&service.worker),
            bytes(raw),
            bytes(gzip)
        )
    };
    let rows: String = json.services.iter().map(row).collect();
    let told = json
        .services
        .iter()
        .filter_map(|service| Some((&service.service, service.detail.as_ref()?)));
    let told: String = told
        .map(|(key, told)| format!("- {}: {}\n", inline(key), inline(told)))
        .collect();
    let told = if told.is_empty() { told } else { format!("\n{told}") };
    format!(
        "### Workers of {}: {} {}\n\n| service | Worker | size | compressed |\n|---|---|---|---|\n{rows}{told}{}",
        inputs.environment.title(),
        count(json.services.len(), "service"),
        if json.head.command == Command::Build {
            "built"
        } else {
            "valid"
        },
        described_markdown(inputs, described)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(key: &str, state: ServiceState, detail: Option<&str>) -> Service {
        Service {
            service: key.to_owned(),
            url: format!("https://{key}.example.com"),
            version_id: Some("40078421-fb21-4db5-960e-8dbb2ae54628".to_owned()),
            version_url: Some(format!("https://40078421-{key}.acme.workers.dev")),
            state,
            detail: detail.map(str::to_owned),
            ..Service::default()
        }
    }

    #[test]
    fn a_rollback_reads_as_a_table() {
        let json = DeployWorkers {
            head: Head {
                environment: "preview".to_owned(),
                pull_request: Some(42),
                ..Head::default()
            },
            services: vec![
                service("api", ServiceState::RolledBack, None),
                service(
                    "web",
                    ServiceState::Skipped,
                    Some("a later deployment | than that of run 7 serves"),
                ),
            ],
        };
        insta::assert_snapshot!(restored_markdown(&json), @r"
        ### Workers of preview 42: 1 service put back

        Put back is the code with its bindings and secrets. Hostnames, schedules, settings that no version holds, and data stay as they are now.

        | | service | version | | time | |
        |---|---|---|---|---|---|
        | ↩️ | [api](https://api.example.com) | [`40078421…`](https://40078421-api.acme.workers.dev) |  |  |  |
        | ⏭️ | [web](https://web.example.com) | [`40078421…`](https://40078421-web.acme.workers.dev) |  |  | a later deployment \| than that of run 7 serves |
        ");
    }
}
