//! What is said about the command that `run` and `migrate` run.

use std::time::Duration;

use actions_core::error::{Fault, fault};
use actions_core::runner::signal::Interrupt;
use actions_core::text::{elapsed, quoted_list};

use super::Diff;

/// The first line of a command.
fn first_line(script: &str) -> String {
    let line = script.lines().next().unwrap_or_default();
    let more = if script.lines().count() > 1 { " …" } else { "" };
    format!("`{line}{more}`")
}

pub(crate) fn running(script: &str, name: &str, source: &str) -> String {
    format!("running {} on `{name}`, a copy of {source}", first_line(script))
}

pub(crate) fn migrating(script: &str, name: &str) -> String {
    format!("running {} on branch `{name}` itself", first_line(script))
}

pub(crate) fn migrated(name: &str, took: Duration) -> String {
    format!("the command succeeded on branch `{name}` after {}", elapsed(took))
}

pub(crate) fn migration_failed(status: i32, name: &str) -> Fault {
    let exit = u8::try_from(status).ok().filter(|status| *status != 0).unwrap_or(1);
    fault(format!(
        "the command ended with exit status {status}, on branch `{name}` itself"
    ))
    .exit(exit)
    .hint("what it had done by then stays, unless it did it in a transaction")
}

pub(crate) fn migration_interrupted(signal: Interrupt, name: &str) -> Fault {
    fault(format!(
        "interrupted by {}, which has ended the command on branch `{name}` in the middle",
        signal.name()
    ))
    .hint("what it had done by then stays, unless it did it in a transaction")
    .exit(signal.exit_status())
}

pub(crate) fn ran(took: Duration, diff: Option<&Diff>) -> String {
    let diff = diff.map_or_else(String::new, |diff| format!("; schema: {}", diff.headline()));
    format!("the command succeeded after {}{diff}", elapsed(took))
}

pub(crate) fn command_failed(status: i32, diff: Option<&Diff>) -> Fault {
    let exit = u8::try_from(status).ok().filter(|status| *status != 0).unwrap_or(1);
    let fault = fault(format!("the command ended with exit status {status}")).exit(exit);
    match diff {
        Some(diff) if !diff.is_empty() => fault.hint(format!(
            "before it failed it had changed the schema ({}): without a transaction around it, it would leave a database half migrated",
            diff.headline()
        )),
        Some(_) => fault.hint("it left the schema as it was"),
        None => fault,
    }
}

pub(crate) fn interrupted(signal: Interrupt) -> Fault {
    fault(format!("interrupted by {} before the command ended", signal.name())).exit(signal.exit_status())
}

pub(crate) fn out_of_time() -> Fault {
    fault("Neon has not answered in the time that a cancelled run has")
}

pub(crate) fn left_running() -> &'static str {
    "ended what the command had left running in the background"
}

/// Never the values: they are URLs with passwords.
pub(crate) fn ways_past(names: &[&str]) -> Fault {
    fault(format!(
        "the command was not run, and no copy made: {} to a database of this project that is not the copy",
        leads(names)
    ))
    .hint(let_lead(names, "`run`", "the copy"))
}

pub(crate) fn ways_to_others(names: &[&str], branch: &str) -> Fault {
    fault(format!(
        "the command was not run: {} to a database of this project that is not branch `{branch}`",
        leads(names)
    ))
    .hint(let_lead(names, "`migrate`", "that branch"))
}

fn leads(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "leads" } else { "lead" };
    format!("{} {verb}", quoted_list(names))
}

/// What to do about variables that lead elsewhere.
fn let_lead(names: &[&str], by: &str, to: &str) -> String {
    let whom = if names.len() == 1 { "it" } else { "them" };
    format!(
        "list {whom} in the manifest, `[database] variables = [{}]`, so that {by} sets {whom} to {to}; or take {whom} out of \
         the step: `env: {{ {}: \"\" }}`",
        names
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect::<Vec<_>>()
            .join(", "),
        names.first().copied().unwrap_or_default(),
    )
}

pub(crate) fn script_leads_past() -> Fault {
    fault("the command was not run, and no copy made: it names a database of this project that is not the copy itself")
        .hint("let the command take `DATABASE_URL`, which leads to the copy")
}

pub(crate) fn script_leads_to_another(branch: &str) -> Fault {
    fault(format!(
        "the command was not run: it names a database of this project that is not branch `{branch}`"
    ))
    .hint("let the command take `DATABASE_URL`, which leads to that branch")
}
