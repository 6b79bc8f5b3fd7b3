//! The arguments: the inputs of `action.yml`, which is their one list.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, ValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command};

use crate::document::Document;
use crate::inputs::COMMANDS;

const ACTION: &str = include_str!("../../../../actions/preflight/action.yml");

/// Inputs that are no arguments, since every user of a machine can read the arguments of all processes; and what is
/// said instead.
pub(super) const SECRETS: [(&str, &str); 4] = [
    (
        "cloudflare-api-token",
        "set `CLOUDFLARE_API_TOKEN`, or name a file that has it by `--env-file`",
    ),
    (
        "neon-api-key",
        "set `NEON_API_KEY`, or name a file that has it by `--env-file`",
    ),
    (
        "github-token",
        "set `GITHUB_TOKEN`, or name a file that has it by `--env-file`",
    ),
    ("worker-secrets", "name a file that has them by `--env-file`"),
];

const ENV_FILE: &str = "env-file";

const AFTER: &str = "\
Tokens are no arguments. They are taken from CLOUDFLARE_API_TOKEN, NEON_API_KEY and GITHUB_TOKEN (or GH_TOKEN), the ids
also from CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_ZONE_ID and NEON_PROJECT_ID; of the environment, or of --env-file.

A switch (BOOL) alone is true: --offline, --offline=true and --offline true say the same, --offline false the other.

Exit status: 0 nothing that fails, 1 something that fails, 2 an argument is wrong.";

/// What the arguments say.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    /// `INPUT_…` and its value.
    pub(super) inputs: Vec<(String, String)>,
    pub(super) env_files: Vec<PathBuf>,
}

/// The variable of an input.
pub(super) fn input(name: &str) -> String {
    format!("INPUT_{}", name.to_uppercase().replace('-', "_"))
}

/// An error of ours, told as clap tells its own.
pub(super) fn refused(kind: ErrorKind, why: &str) -> clap::Error {
    Command::new("preflight")
        .override_usage("preflight [command] [options]")
        .error(kind, why)
}

pub(super) fn parse(arguments: &[OsString]) -> Result<Arguments, clap::Error> {
    // Before clap, which would show what it does not know, and the secret with it.
    for argument in arguments.iter().skip(1).filter_map(|argument| argument.to_str()) {
        let name = argument.split('=').next().unwrap_or_default();
        if let Some((secret, instead)) = SECRETS
            .iter()
            .find(|(secret, _)| name.strip_prefix("--") == Some(secret))
        {
            let why = format!("`--{secret}` is no argument, since other users can read arguments; {instead}");
            return Err(refused(ErrorKind::UnknownArgument, &why));
        }
    }
    let command = command()?;
    let names: Vec<String> = command
        .get_arguments()
        .map(|argument| argument.get_id().to_string())
        .collect();
    let arguments = joined(arguments, &command);
    let matches = command.try_get_matches_from(arguments)?;
    let mut given = Arguments::default();
    for name in names {
        if name == ENV_FILE {
            let files = matches.get_many::<PathBuf>(&name);
            given.env_files = files.into_iter().flatten().cloned().collect();
        } else if let Ok(Some(value)) = matches.try_get_one::<String>(&name) {
            given.inputs.push((input(&name), value.clone()));
        }
    }
    Ok(given)
}

/// The arguments, with the value of a switch joined to it: behind a space, clap would take it for the command, and none
/// has such a name.
fn joined(arguments: &[OsString], command: &Command) -> Vec<OsString> {
    let switches = command
        .get_arguments()
        .filter(|argument| argument.is_require_equals_set());
    let switches: Vec<String> = switches.map(|argument| format!("--{}", argument.get_id())).collect();
    let mut joined: Vec<OsString> = Vec::new();
    for argument in arguments {
        let value = argument.to_str().filter(|text| ["true", "false"].contains(text));
        match (value, joined.last_mut()) {
            (Some(value), Some(last)) if switches.iter().any(|switch| last.to_str() == Some(switch)) => {
                last.push("=");
                last.push(value);
            }
            _ => joined.push(argument.clone()),
        }
    }
    joined
}

/// The command, as clap knows it.
pub(super) fn command() -> Result<Command, clap::Error> {
    let broken = |why: String| refused(ErrorKind::Format, &format!("the list of arguments is broken: {why}"));
    let document = Document::parse("action.yml", ACTION).map_err(|error| broken(error.problem))?;
    let inputs = document
        .get(&["inputs"])
        .ok_or_else(|| broken("no inputs".to_owned()))?;
    let mut command = Command::new("preflight")
        .version(actions_core::release::line("").trim().to_owned())
        .about("Says what is missing or wrong before anything is touched, and what to do about it")
        .after_help(AFTER);
    for (name, input) in inputs.entries() {
        let told = input
            .get("description")
            .and_then(|told| told.text())
            .unwrap_or_default();
        if SECRETS.iter().all(|(secret, _)| *secret != name) {
            command = command.arg(argument(name, told));
        }
    }
    let files = Arg::new(ENV_FILE)
        .long(ENV_FILE)
        .value_name("FILE")
        .help("A file of NAME=value lines, for tokens and the services' secrets; what is set already stays.")
        .value_parser(ValueParser::path_buf())
        .action(ArgAction::Append);
    Ok(command.arg(files))
}

fn argument(name: &str, told: &str) -> Arg {
    let argument = Arg::new(name.to_owned()).help(told.to_owned());
    if name == "command" {
        let commands = COMMANDS.map(|(name, _)| name);
        return argument
            .value_parser(PossibleValuesParser::new(commands))
            .hide_possible_values(true);
    }
    let argument = argument.long(name.to_owned());
    let (_, default) = told.rsplit_once("Default: ").unwrap_or_default();
    if default == "`false`." {
        // A flag, which may also be given its value, as the input is.
        return argument
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true");
    }
    let value = match name.rsplit('-').next() {
        _ if name == "manifest" || name == "sarif" => "FILE",
        Some("id") => "ID",
        Some("url") => "URL",
        _ => "VALUE",
    };
    argument.value_name(value)
}
