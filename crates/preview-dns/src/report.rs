//! Every sentence that a user of `preview-dns` reads, and the report that the next action reads.

use std::time::Duration;

use actions_core::cloudflare::{DnsChange, Error, Zone};
use actions_core::error::{Fault, fault};
use actions_core::markdown::{code_cell, text_cell};
use actions_core::plan::{Plan, Unsafe, Verb};
use actions_core::reports::{self, Head, PreviewDns, Record, RecordAction, Status};
use actions_core::runner::command;
use actions_core::runner::signal::Interrupt;
use actions_core::text::{count, elapsed, quoted_list};

use crate::converge::{Converged, Outcome};
use crate::inputs::{Command, Inputs, routing_name};
use crate::plan::{Fate, Line};
use crate::remedies::ways_out;
use crate::run::Session;
use crate::wait::Missing;

/// Shows a plan in the log, before anything of it is done.
pub(crate) fn show_plan(plan: &Plan<DnsChange>) {
    if plan.is_empty() {
        return;
    }
    command::group(&format!("Plan: {}", plan.headline()));
    command::print(&plan.to_string());
    command::end_group();
}

fn listed(lines: impl Iterator<Item = (String, String)>) -> String {
    lines.fold(String::new(), |text, (name, detail)| {
        format!("{text}\n- `{name}`: {detail}")
    })
}

/// Names that somebody else has.
pub(crate) fn conflicts(lines: &[&Line]) -> Fault {
    let told = |line: &&Line| (line.name.clone(), line.detail.clone().unwrap_or_default());
    let list = listed(lines.iter().map(told));
    let names = match lines.len() {
        1 => "1 name is taken".to_owned(),
        n => format!("{n} names are taken"),
    };
    fault(format!("{names}; nothing was touched{list}")).hint(ways_out(lines))
}

/// A route of somebody else's at a hostname of ours.
pub(crate) fn leads_elsewhere(pattern: &str, worker: Option<&str>) -> String {
    match worker {
        Some(worker) => format!("route `{pattern}` leads to Worker `{worker}`, which is not of this environment"),
        None => format!("route `{pattern}` leads past all Workers"),
    }
}

/// What is said of a placeholder whose hostname becomes a custom domain.
pub(crate) const SERVED_BY_ROUTE: &str = "answers by its route, and its record stays for that: the custom domain's own replaces it when `deploy-workers` attaches it";

/// What is said of a hostname that is a custom domain, and is to have a route.
pub(crate) const STILL_A_DOMAIN: &str = "made by the custom domain of its own Worker, and goes with it: once `deploy-workers` has put the route in its place, run this again";

/// Why hostnames were not held against the zone's routes.
pub(crate) fn routes_unseen() -> &'static str {
    "whether routes lead these hostnames elsewhere was not looked at: the token may not read Workers Routes"
}

/// A plan with more deletions and changes than allowed.
pub(crate) fn unsafe_plan(error: &Unsafe) -> Fault {
    let hint = format!(
        "read the plan above; if it is meant, set `max-deletes: {}`",
        error.found
    );
    fault(error.to_string()).hint(hint)
}

/// Hostnames that are not in the zone that was found.
pub(crate) fn not_in_zone(problems: &[(&'static str, String)]) -> Fault {
    let list = listed(
        problems
            .iter()
            .map(|(input, problem)| ((*input).to_owned(), problem.clone())),
    );
    fault(format!("the inputs do not fit the zone; nothing was touched{list}"))
        .hint("one run is about one zone: name it with `zone`, and its hostnames only")
}

/// The run was cancelled; `unclear` when a change was on its way.
pub(crate) fn cancelled(signal: Option<Interrupt>, unclear: bool) -> Fault {
    let name = signal.map_or("a signal", Interrupt::name);
    let rest = if unclear {
        "while records were being changed: they may or may not be"
    } else {
        "before all was done; what the report tells as changed is changed, nothing else is"
    };
    let fault = fault(format!("cancelled ({name}) {rest}")).hint("run it again: it goes on from what is there");
    match signal {
        Some(signal) => fault.exit(signal.exit_status()),
        None => fault,
    }
}

/// Why the zone is read again.
pub(crate) fn surprise(error: &Error) -> String {
    if error.is_unclear() {
        "no clear answer came back, so the changes may or may not be made".to_owned()
    } else {
        "somebody else changed the records meanwhile".to_owned()
    }
}

/// Fails unless every record is as it should be.
pub(crate) fn verified(converged: &Converged, inputs: &Inputs) -> Result<(), Fault> {
    let wrong: Vec<&Outcome> = converged
        .outcomes
        .iter()
        .filter(|outcome| outcome.verb.is_some() && !outcome.done || matches!(outcome.line.fate, Fate::Conflict(_)))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let list = listed(wrong.iter().map(|outcome| {
        let (action, detail) = action(outcome, inputs, false);
        let detail = match action {
            RecordAction::Missing => format!("missing, to be {}", outcome.line.should_be()),
            _ if outcome.verb.is_none() && !outcome.line.content.is_empty() => {
                format!("{}, to be {}", detail.unwrap_or_default(), outcome.line.should_be())
            }
            _ => detail.unwrap_or_default(),
        };
        (outcome.line.name.clone(), detail)
    }));
    let all = count(converged.outcomes.len(), "DNS record");
    let verb = if wrong.len() == 1 { "is" } else { "are" };
    let conflicts: Vec<&Line> = wrong
        .iter()
        .map(|outcome| &outcome.line)
        .filter(|line| matches!(line.fate, Fate::Conflict(_)))
        .collect();
    let error = fault(format!("{} of {all} {verb} not right{list}", wrong.len()));
    Err(if conflicts.is_empty() {
        error.hint("set `create-missing: true` to put that right, or run `command: apply`")
    } else {
        error.hint(ways_out(&conflicts))
    })
}

/// Records that did not answer in time.
pub(crate) fn not_answered(missing: &Missing, limit: Duration) -> Fault {
    let list = listed(missing.names.iter().cloned());
    fault(format!(
        "after {}, {} not answered{list}",
        elapsed(limit),
        has_have(missing.names.len())
    ))
    .hint("the records are made; raise `wait-timeout`, or ask another `resolver`")
}

fn has_have(n: usize) -> String {
    if n == 1 {
        "1 name has".to_owned()
    } else {
        format!("{n} names have")
    }
}

/// A refusal whose reason is the token itself, not its permissions.
pub(crate) fn dead_token(error: &anyhow::Error, state: &str) -> anyhow::Error {
    let text = actions_core::error::render(error);
    let without_hints: Vec<&str> = text.lines().filter(|line| !line.starts_with("hint: ")).collect();
    fault(without_hints.join("\n"))
        .hint(format!(
            "the API token {state}: make a new one with Zone → DNS → Edit and store it as the secret `CLOUDFLARE_API_TOKEN`"
        ))
        .into()
}

/// A zone that nobody asks yet, or any more.
pub(crate) fn zone_not_active(zone: &Zone) -> String {
    format!(
        "zone `{}` is `{}`: its records answer only once the domain's registrar names Cloudflare's name servers",
        zone.name, zone.status
    )
}

/// Hostnames deeper than the zone's certificates reach.
pub(crate) fn uncovered(names: &[String], zone: &str) -> String {
    format!(
        "no certificate of `{zone}` covers {}: Universal SSL reaches one label below the zone, so HTTPS fails there. \
         Use hostnames with one label, or order an advanced certificate",
        quoted_list(names)
    )
}

/// The certificates could not be read, for hostnames where that matters.
pub(crate) fn certificates_unknown(names: &[String], error: &Error) -> String {
    let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!(
        "{} may have no certificate: Universal SSL reaches one label below the zone, and the zone's certificates could not be read{hint}",
        quoted_list(names)
    )
}

/// What became of a record, and what there is to say about it. With `planned`, what is to become of it.
fn action(outcome: &Outcome, inputs: &Inputs, planned: bool) -> (RecordAction, Option<String>) {
    let detail = outcome.line.detail.clone();
    let verify = inputs.command == Command::Verify;
    let undone = |word: &str| Some(format!("{word}: {}", detail.clone().unwrap_or_default()));
    match (outcome.line.fate, outcome.verb) {
        (Fate::Conflict(_), _) => (RecordAction::Conflict, detail),
        (_, None) if verify => (RecordAction::Verified, detail),
        (_, None) => (RecordAction::Unchanged, detail),
        (_, Some(verb)) if outcome.done || planned && !verify => match verb {
            Verb::Create => (RecordAction::Created, detail),
            Verb::Update => (RecordAction::Updated, detail),
            Verb::Delete => (RecordAction::Deleted, detail),
        },
        (_, Some(Verb::Create)) => (RecordAction::Missing, detail),
        (_, Some(Verb::Update)) if verify => (RecordAction::Conflict, undone("differs")),
        (_, Some(Verb::Update)) => (RecordAction::Unchanged, undone("not changed")),
        (_, Some(Verb::Delete)) => (RecordAction::Unchanged, undone("not deleted")),
    }
}

/// The report.
pub(crate) fn report(session: &Session, error: Option<String>, took: Duration) -> PreviewDns {
    let inputs = &session.inputs;
    let converged = &session.converged;
    let planned = inputs.dry_run && error.is_none();
    let record = |outcome: &Outcome| {
        let (action, detail) = action(outcome, inputs, planned);
        let line = &outcome.line;
        Record {
            name: line.name.clone(),
            kind: line.kind.clone(),
            content: line.content.clone(),
            proxied: line.proxied,
            action,
            detail,
        }
    };
    PreviewDns {
        head: Head {
            command: reports::Command::named(inputs.command.name()),
            environment: inputs.owner.environment.clone(),
            pull_request: inputs.owner.pull_request,
            status: match (&error, inputs.dry_run) {
                (Some(_), _) => Status::Failed,
                (None, true) => Status::Planned,
                (None, false) => Status::Done,
            },
            changed: converged.changed,
            seconds: (took.as_secs_f64() * 10.0).round() / 10.0,
            error,
            ..Head::default()
        },
        routing: routing_name(inputs.routing).to_owned(),
        zone: session.zone.clone(),
        records: converged.outcomes.iter().map(record).collect(),
    }
}

fn word(action: RecordAction) -> &'static str {
    match action {
        RecordAction::Created => "created",
        RecordAction::Updated => "updated",
        RecordAction::Deleted => "deleted",
        RecordAction::Unchanged => "unchanged",
        RecordAction::Verified => "verified",
        RecordAction::Missing => "missing",
        RecordAction::Conflict => "conflict",
        RecordAction::Unknown => "unknown",
    }
}

/// `3 created, 1 deleted`, in the order of a record's life.
fn tally(report: &PreviewDns) -> String {
    let order = [
        RecordAction::Created,
        RecordAction::Updated,
        RecordAction::Deleted,
        RecordAction::Unchanged,
        RecordAction::Verified,
        RecordAction::Missing,
        RecordAction::Conflict,
    ];
    let counts: Vec<String> = order
        .into_iter()
        .map(|action| {
            (
                report.records.iter().filter(|record| record.action == action).count(),
                word(action),
            )
        })
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    counts.join(", ")
}

/// The last line of the log.
pub(crate) fn ending(session: &Session, report: &PreviewDns) -> String {
    let inputs = &session.inputs;
    let zone = &session.zone;
    if inputs.needs_no_zone() {
        return "its Workers answer at workers.dev: no DNS record is needed".to_owned();
    }
    if inputs.dry_run {
        return format!(
            "dry run, nothing was touched in `{zone}`: {}",
            session.converged.plan.headline()
        );
    }
    let what = match (report.records.is_empty(), inputs.command) {
        (true, Command::Delete) => format!("no DNS record in `{zone}` belongs to {}", inputs.owner),
        (true, _) => format!("no DNS record is needed in `{zone}`"),
        (false, _) => format!("DNS records in `{zone}`: {}", tally(report)),
    };
    let waited = session.waited.as_ref().map(|answered| {
        let servers = quoted_list(&answered.servers);
        format!("; answered by {servers} after {}", elapsed(answered.after))
    });
    format!("{what}{}", waited.unwrap_or_default())
}

/// The step's summary. An error is added by the runner.
pub(crate) fn summary(session: &Session, report: &PreviewDns) -> String {
    let inputs = &session.inputs;
    let title = format!(
        "### DNS `{}`: {}\n\n",
        inputs.command.name(),
        // Letters that GitHub, our manifest and we allow; escaped, the number would be no link.
        inputs.owner
    );
    if report.head.status == Status::Failed && report.records.is_empty() {
        return title;
    }
    let rows: Vec<String> = report
        .records
        .iter()
        .map(|record| {
            let proxied = if record.proxied && !record.content.is_empty() {
                ", proxied"
            } else {
                ""
            };
            format!(
                "| {} | {} | {} | {}{proxied} | {} |\n",
                word(record.action),
                code_cell(&record.name),
                record.kind,
                text_cell(&actions_core::text::shorten(&record.content, 60)),
                text_cell(record.detail.as_deref().unwrap_or_default())
            )
        })
        .collect();
    let table = if rows.is_empty() {
        String::new()
    } else {
        format!(
            "| | name | type | content | |\n|---|---|---|---|---|\n{}",
            rows.concat()
        )
    };
    if report.head.status == Status::Failed {
        return format!("{title}{table}");
    }
    let ending = ending(session, report);
    if inputs.dry_run {
        return format!("{title}{ending}\n\n{}", session.converged.plan.markdown());
    }
    format!("{title}{ending}\n\n{table}")
}
