//! Inputs that take more than a word to read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use actions_core::environment::{Environment, Service};
use actions_core::health::Schedule;
use actions_core::manifest::Uploader;
use actions_core::runner::{Common, Env, Problems, inputs};
use actions_core::text::{nearest, quoted_list};

use super::{BackTo, Command, Raw};

/// Secrets to take away: `NAME` or `service.NAME`. One that is misspelt would stay without a word.
pub(super) fn drop_secrets(
    value: Option<&str>,
    environment: Option<&Environment>,
    problems: &mut Problems,
) -> Vec<String> {
    let all = inputs::list(value);
    for entry in &all {
        let name = entry.split_once('.').map_or(entry.as_str(), |(_, name)| name);
        if !is_identifier(name) {
            problems.add(
                "drop-secrets",
                format!("`{entry}` is no name of a secret; write `NAME` or `service.NAME`, with commas or lines between them"),
            );
        } else if let Some(problem) = environment.and_then(|environment| without_service(entry, environment)) {
            problems.add("drop-secrets", problem);
        }
    }
    all
}

/// What may be used on purpose, by the step and by the environment. Queues, addresses and the like have dots of their
/// own: only what reads as a service's binding is held against the services.
pub(super) fn shared(value: Option<&str>, environment: &Environment, problems: &mut Problems) -> Vec<String> {
    let mut all = inputs::list(value);
    let step = all.len();
    all.extend(environment.shared.iter().cloned());
    for (at, entry) in all.iter().enumerate() {
        let is_binding = entry
            .split_once('.')
            .is_some_and(|(key, name)| !key.contains('@') && is_identifier(name));
        if let Some(problem) = without_service(entry, environment).filter(|_| is_binding) {
            if at < step {
                problems.add("shared", problem);
            } else {
                problems.add(
                    "manifest",
                    format!("`shared` of `environments.{}`: {problem}", environment.name),
                );
            }
        }
    }
    all
}

pub(super) fn is_identifier(name: &str) -> bool {
    let is_first = |c: char| c.is_alphabetic() || matches!(c, '_' | '$');
    name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_alphanumeric())
}

/// Why `service.NAME` means no service.
fn without_service(entry: &str, environment: &Environment) -> Option<String> {
    let (key, _) = entry.split_once('.')?;
    if environment.service(key).is_some() {
        return None;
    }
    let keys: Vec<&str> = environment
        .services
        .iter()
        .map(|service| service.key.as_str())
        .collect();
    let meant = nearest(key, keys.iter().copied());
    let meant = meant
        .map(|meant| format!("; did you mean `{meant}`?"))
        .unwrap_or_default();
    Some(format!(
        "`{entry}` names service `{key}`, which is none of {}{meant}",
        quoted_list(&keys)
    ))
}

/// A gate waits this long for a wave unless told otherwise.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(90);

/// The variables that builds are to see, by name. A name that is a secret of the manifest's is refused: builds run
/// the project's own code and that of all its dependencies.
pub(super) fn build_env(value: Option<&str>, env: &Env, problems: &mut Problems) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for name in inputs::list(value) {
        let ours = name.starts_with("INPUT_")
            || name.starts_with("CLOUDFLARE_")
            || name.starts_with("WRANGLER_")
            || name == "HOME";
        match env.get(&name) {
            _ if ours => problems.add("build-env", format!("`{name}` is not passed on to builds")),
            Some(value) => found.push((name, value.to_owned())),
            None => problems.add("build-env", format!("`{name}` is not set in the step's `env`")),
        }
    }
    found
}

/// Whether Workers are put back when a wave fails or the run is cancelled.
pub(super) fn put_back(raw: &Raw, problems: &mut Problems) -> bool {
    let kinds = [("rollback", true), ("keep", false)];
    problems.choice("on-failure", raw.on_failure.as_deref(), &kinds, true)
}

/// Whether health documents tell the commit or the tag as their version.
pub(super) fn commit_is_version(raw: &Raw, problems: &mut Problems) -> bool {
    let kinds = [("cloudflare", false), ("commit", true)];
    problems.choice("health-version", raw.health_version.as_deref(), &kinds, false)
}

/// Where bundles are left when nobody says it. No hidden folder: `actions/upload-artifact` leaves those out.
const BUNDLES: &str = "codex-bundles";

/// The folder of bundles, where the command has one.
pub(super) fn bundles(raw: &Raw, command: Command, env: &Env, problems: &mut Problems) -> Option<PathBuf> {
    if raw.bundles_digest.is_some() && (command != Command::Deploy || raw.bundles.is_none()) {
        problems.add("bundles-digest", "goes with `bundles` and `command: deploy`");
    }
    let folder = raw.bundles.as_deref().map(str::trim);
    match (command, folder) {
        (Command::Build, folder) => Some(env.in_workspace(folder.unwrap_or(BUNDLES))),
        (Command::Deploy, Some(folder)) => {
            if raw.build_env.is_some() {
                problems.add(
                    "build-env",
                    "goes not with `bundles`: nothing is built here; give it to `command: build`",
                );
            }
            Some(env.in_workspace(folder))
        }
        (_, Some(_)) => {
            problems.add("bundles", "goes with `command: build` and `command: deploy`");
            None
        }
        (_, None) => None,
    }
}

/// wrangler's own upload needs the project and its packages.
pub(super) fn bundled_uploader(environment: &Environment, chosen: &[String], bundles: bool, problems: &mut Problems) {
    let by_wrangler = by_wrangler(environment, chosen);
    if bundles && !by_wrangler.is_empty() {
        problems.add(
            "bundles",
            format!(
                "wrangler uploads {}, from the project itself; deploy it in a step of its own, or with `uploader: api`",
                quoted_list(&by_wrangler)
            ),
        );
    }
}

/// The chosen services that wrangler uploads.
fn by_wrangler<'a>(environment: &'a Environment, chosen: &[String]) -> Vec<&'a str> {
    let by_wrangler = |service: &&Service| service.uploader == Uploader::Wrangler && chosen.contains(&service.key);
    environment
        .services
        .iter()
        .filter(by_wrangler)
        .map(|service| service.key.as_str())
        .collect()
}

pub(super) fn health(raw: &Raw, problems: &mut Problems) -> Option<Schedule> {
    let on = problems.boolean("health", raw.health.as_deref(), true);
    let timeout = problems
        .duration("health-timeout", raw.health_timeout.as_deref())
        .unwrap_or(HEALTH_TIMEOUT);
    if timeout.is_zero() {
        problems.add(
            "health-timeout",
            "is to be longer than nothing; to skip the gate, set `health: false`",
        );
    }
    on.then(|| Schedule {
        total: timeout,
        ..Schedule::default()
    })
}

/// Who uploads, where the input says so instead of the manifest.
pub(super) fn uploader(
    raw: &Raw,
    environment: &mut Environment,
    chosen: &[String],
    in_steps: bool,
    problems: &mut Problems,
) {
    if let Some(value) = raw.uploader.as_deref() {
        let uploaders = [("api", Uploader::Api), ("wrangler", Uploader::Wrangler)];
        let uploader = problems.choice("uploader", Some(value), &uploaders, Uploader::Api);
        for service in &mut environment.services {
            service.uploader = uploader;
        }
    }
    let by_wrangler = by_wrangler(environment, chosen);
    if in_steps && !by_wrangler.is_empty() {
        problems.add(
            "rollout",
            format!(
                "wrangler gives {} all traffic at once; leave `rollout` out, or deploy it with `uploader: api`",
                quoted_list(&by_wrangler)
            ),
        );
    }
}

/// Bytes: a number, `KiB` or `MiB` behind it.
pub(super) fn budget(value: Option<&str>, problems: &mut Problems) -> Option<u64> {
    let value = value?.trim();
    let (number, unit) = value.split_at(value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len()));
    let factor = match unit.trim() {
        "" | "B" => Some(1),
        "KiB" | "K" => Some(1 << 10),
        "MiB" | "M" => Some(1 << 20),
        _ => None,
    };
    let bytes = factor.and_then(|factor: u64| number.parse::<u64>().ok()?.checked_mul(factor));
    if bytes.is_none() {
        problems.add("budget", format!("`{value}` is not a size, such as `900KiB` or `3MiB`"));
    }
    bytes
}

/// `versions` (as the output of an earlier run), else `run`, else the run that this step belongs to.
pub(super) fn back_to(raw: &Raw, common: &Common, chosen: &[String], problems: &mut Problems) -> Option<BackTo> {
    if let Some(text) = &raw.versions {
        if raw.run.is_some() {
            problems.add("run", "goes not with `versions`; give one of them");
        }
        let Ok(versions) = serde_json::from_str::<BTreeMap<String, Option<String>>>(text) else {
            problems.add(
                "versions",
                "is not the output `versions` of a run: a JSON object from service to version",
            );
            return None;
        };
        for key in versions.keys().filter(|key| !chosen.contains(key)) {
            problems.add(
                "versions",
                format!("names `{key}`, which is none of the services {}", quoted_list(chosen)),
            );
        }
        let known = versions.into_iter().filter_map(|(key, version)| Some((key, version?)));
        return Some(BackTo::Versions(known.collect()));
    }
    let run = raw
        .run
        .clone()
        .map(|run| run.trim().to_owned())
        .or_else(|| common.event.run_id.clone());
    match run {
        Some(run) if !run.is_empty() && run.chars().all(|c| c.is_ascii_digit()) => {
            let names_itself = raw.run.is_some() && common.event.run_id.as_ref() == Some(&run);
            Some(BackTo::BeforeRun {
                run,
                is_known: !names_itself,
            })
        }
        Some(run) => {
            problems.add("run", format!("`{run}` is not the id of a run, such as `1234567890`"));
            None
        }
        None => {
            problems.add(
                "run",
                "missing; outside GitHub Actions, name the run that is to be undone, or give `versions`",
            );
            None
        }
    }
}

/// Shares of traffic in percent, each larger than the one before, the last one 100.
pub(super) fn rollout(value: Option<&str>, problems: &mut Problems) -> Vec<u8> {
    let Some(value) = value else { return vec![100] };
    let shares: Option<Vec<u8>> = inputs::list(Some(value))
        .iter()
        .map(|share| share.trim_end_matches('%').trim().parse().ok())
        .collect();
    let shares = shares.filter(|shares| shares.last() == Some(&100) && shares.is_sorted_by(|a, b| a < b));
    if shares.is_none() {
        problems.add(
            "rollout",
            format!("`{value}` is not a rising list of percentages that ends in 100, such as `10,50,100`"),
        );
    }
    shares.unwrap_or_else(|| vec![100])
}
