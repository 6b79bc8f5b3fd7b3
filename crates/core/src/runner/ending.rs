//! How a run ends when the action itself did not see to it: bad input, a refused start, a signal, a panic.

use std::time::Duration;

use serde::Deserialize;

use super::signal::Interrupt;
use super::{Env, Problems, Runner, command, inputs};
use crate::error::{fault, render};
use crate::reports::{Command, Head, Report, Status};
use crate::secret;

/// The variables that name proxies; their URLs may hold a password.
const PROXIES: [&str; 3] = ["http_proxy", "https_proxy", "all_proxy"];

pub(super) fn mask_proxies(env: &Env) {
    for (name, value) in env.iter() {
        if PROXIES.iter().any(|proxy| name.eq_ignore_ascii_case(proxy)) {
            // What is no URL is none to the client either.
            let _ = secret::url(value);
        }
    }
}

/// Why what this process holds is no secret to other processes of its user.
pub(super) fn not_hidden(error: &std::io::Error) -> String {
    format!(
        "other processes of this user can read this step's inputs and secrets, since the kernel does not let it hide them: {error}"
    )
}

/// The error of a run that was cancelled while nothing of it listened.
pub(super) fn cancelled(interrupt: Interrupt) -> anyhow::Error {
    fault(format!(
        "cancelled ({}) before it ended; what was under way may be half done",
        interrupt.name()
    ))
    .hint("run it again: it goes on from what is there")
    .exit(interrupt.exit_status())
    .into()
}

/// Tells an error as an annotation and at the end of the summary.
pub(super) fn tell(runner: &Runner, text: &str) {
    command::error(runner.action, text);
    runner.summary(&format!(
        "\n❌ **{} failed**\n\n{}",
        runner.action,
        crate::text::fenced("text", text)
    ));
}

/// Leaves the report of an action that left none, so that the comment can name the step that failed.
pub(super) fn report(runner: &Runner, error: Option<&anyhow::Error>, took: Duration) {
    let head = Head {
        seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
        status: if error.is_some() { Status::Failed } else { Status::Done },
        error: error.map(render),
        ..known(runner.action, &runner.env)
    };
    if let Err(error) = runner.report(Report::bare(runner.action, head)) {
        runner.say(&format!("warning: the report was not written: {error:#}"));
    }
}

#[derive(Default, Deserialize)]
struct Raw {
    command: Option<String>,
    environment: Option<String>,
    pull_request: Option<String>,
}

/// What can be told of a run whose inputs may be wrong.
fn known(action: &str, env: &Env) -> Head {
    let raw: Raw = inputs::read(env).unwrap_or_default();
    let number = raw.pull_request.and_then(|number| number.trim().parse().ok());
    let pull_request = number.or_else(|| super::event::read(env, &mut Problems::default()).told.number());
    let environment = raw.environment.map(|name| name.trim().to_owned());
    Head {
        command: raw
            .command
            .map_or_else(|| Command::default_of(action), |name| Command::named(&name)),
        environment: environment
            .or_else(|| pull_request.map(|_| "preview".to_owned()))
            .unwrap_or_default(),
        pull_request,
        ..Head::default()
    }
}

/// A panic is a fault of ours. The release build aborts on it, so that only the hook can leave a report.
pub(super) fn tell_panics(runner: &Runner) {
    let runner = runner.clone();
    // Rust's own hook prints the reason as it is, secrets and all.
    std::panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no reason given");
        let place = panic.location().map(|at| format!(" ({at})")).unwrap_or_default();
        let error = fault(format!("{} stopped at a fault of its own{place}", runner.action))
            .because(anyhow::anyhow!(text.to_owned()))
            .hint("please report it, with this message; what was under way may be half done")
            .into();
        if runner.reported.get().is_none() {
            report(&runner, Some(&error), Duration::ZERO);
        }
        tell(&runner, &render(&error));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_start_still_tells_what_it_was_about() {
        let of = |action: &str, vars: &[(&str, &str)]| {
            let head = known(action, &vars.iter().copied().collect());
            (head.command, head.environment, head.pull_request)
        };
        assert_eq!(
            of(
                "neon-branch",
                &[("INPUT_COMMAND", " create "), ("INPUT_PULL-REQUEST", "42")]
            ),
            (Command::Create, "preview".to_owned(), Some(42))
        );
        assert_eq!(
            of(
                "deploy-workers",
                &[("INPUT_ENVIRONMENT", "production"), ("INPUT_PULL_REQUEST", "x")]
            ),
            (Command::Deploy, "production".to_owned(), None)
        );
        assert_eq!(of("cleanup", &[]), (Command::None, String::new(), None));
        assert_eq!(of("preview-dns", &[("INPUT_COMMAND", "aply")]).0, Command::Unknown);
    }

    #[test]
    fn a_report_is_left_once_and_whole_in_its_file() {
        let temp = tempfile::tempdir().unwrap();
        let path = |name: &str| temp.path().join(name).display().to_string();
        let vars = [("RUNNER_TEMP", path("")), ("GITHUB_OUTPUT", path("output"))];
        let runner = Runner::new("health-check", vars.into_iter().collect());
        let text = "x".repeat(100_000);
        report(
            &runner,
            Some(&anyhow::anyhow!(text.clone())),
            Duration::from_millis(1500),
        );
        let kept = super::super::kept::of_job(&runner.env);
        let [kept] = kept.as_slice() else { panic!("{kept:?}") };
        let whole = kept.text.as_deref().unwrap();
        assert!(whole.contains(&text) && whole.starts_with(r#"{"action":"health-check","command":"check""#));
        let output = std::fs::read_to_string(path("output")).unwrap();
        assert!(
            output.len() < 20_000 && output.contains(r#""truncated":[{"of":"error""#),
            "{output}"
        );
    }

    #[test]
    fn a_panic_leaves_a_report_without_secrets() {
        let temp = tempfile::tempdir().unwrap();
        let path = |name: &str| temp.path().join(name).display().to_string();
        let vars = [
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_STEP_SUMMARY", path("summary")),
        ];
        let runner = Runner::new("cleanup", vars.into_iter().collect());
        secret::mask("s3cret-in-a-panic");
        tell_panics(&runner);
        let caught = std::panic::catch_unwind(|| panic!("cannot go on with s3cret-in-a-panic"));
        let _ = std::panic::take_hook();
        assert!(caught.is_err());
        let output = std::fs::read_to_string(path("output")).unwrap();
        assert!(
            output.contains(r#""action":"cleanup""#) && output.contains(r#""status":"failed""#),
            "{output}"
        );
        assert!(
            output.contains("stopped at a fault of its own") && output.contains("cannot go on with ***"),
            "{output}"
        );
        let summary = std::fs::read_to_string(path("summary")).unwrap();
        assert!(summary.contains("cannot go on with ***"), "{summary}");
        // The run's own end writes no second one.
        assert!(runner.reported.get().is_some());
    }
}
