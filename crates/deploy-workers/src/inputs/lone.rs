//! One Worker without a manifest: an environment made from plain inputs.

use actions_core::environment::{Environment, Secret, Service};
use actions_core::manifest::{OnLimit, Routing, Uploader};
use actions_core::naming;
use actions_core::owner::Owner;
use actions_core::runner::{Common, Env, Problems, inputs};
use actions_core::text::quoted_list;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use wrangler::Config;

/// The inputs that describe one Worker.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Raw {
    pub(crate) path: Option<String>,
    worker: Option<String>,
    hostnames: Option<String>,
    zone: Option<String>,
    routing: Option<String>,
    workers_dev: Option<String>,
    wrangler_env: Option<String>,
    secrets: Option<String>,
    vars: Option<String>,
    build: Option<String>,
    health_path: Option<String>,
}

/// Inputs that go with `path`, and stand without it: one mistake, however many there are. `manifest`: there is one, which
/// says all of it better.
pub(crate) fn refuse(raw: &Raw, manifest: bool, problems: &mut Problems) -> bool {
    let all = [
        ("worker", &raw.worker),
        ("hostnames", &raw.hostnames),
        ("zone", &raw.zone),
        ("routing", &raw.routing),
        ("workers-dev", &raw.workers_dev),
        ("wrangler-env", &raw.wrangler_env),
        ("secrets", &raw.secrets),
        ("vars", &raw.vars),
        ("build", &raw.build),
        ("health-path", &raw.health_path),
    ];
    let given = all
        .into_iter()
        .filter_map(|(input, value)| value.as_ref().map(|_| input));
    let given: Vec<&str> = given.collect();
    if given.is_empty() {
        return false;
    }
    let (verb, they) = if given.len() == 1 {
        ("goes", "it is")
    } else {
        ("go", "they are")
    };
    let what = if manifest {
        format!("which deploys one Worker without a manifest; with a manifest, {they} said there")
    } else {
        "the folder of the Worker".to_owned()
    };
    let text = format!("missing; {} {verb} with it, {what}", quoted_list(&given));
    problems.add("path", text);
    true
}

/// The environment.
pub(crate) fn environment(raw: &Raw, common: &Common, env: &Env, problems: &mut Problems) -> Option<Environment> {
    let path = env.in_workspace(raw.path.as_deref()?.trim());
    let wrangler_env = raw.wrangler_env.as_deref().map(|name| name.trim().to_owned());
    let worker = worker(raw, &path, wrangler_env.as_deref(), problems);
    let zone = raw.zone.as_deref().map(naming::domain).unwrap_or_default();
    let mut hostnames: Vec<String> = inputs::list(raw.hostnames.as_deref())
        .iter()
        .map(|name| naming::domain(name))
        .collect();
    check(&hostnames, &zone, problems);
    let routings = [("custom-domain", Routing::CustomDomain), ("route", Routing::Route)];
    let mut routing = problems.choice("routing", raw.routing.as_deref(), &routings, Routing::CustomDomain);
    if problems.boolean("workers-dev", raw.workers_dev.as_deref(), false) {
        routing = Routing::WorkersDev;
        if !hostnames.is_empty() || raw.routing.is_some() {
            problems.add(
                "workers-dev",
                "goes not with `hostnames` and `routing`: the Worker answers at its own address alone",
            );
        }
        if !naming::is_label(&worker) && !worker.is_empty() {
            problems.add(
                "workers-dev",
                format!("`{worker}` is no label of an address: at most 63 lower-case letters, digits and inner dashes"),
            );
        }
        hostnames = vec![Environment::hostname_at_workers_dev(&worker)];
    }
    let hostname = if hostnames.is_empty() {
        String::new()
    } else {
        hostnames.remove(0)
    };
    let url = if hostname.is_empty() {
        String::new()
    } else {
        format!("https://{hostname}")
    };
    let health_url = match (&raw.health_path, url.is_empty()) {
        (Some(path), false) => format!("{url}/{}", path.trim().trim_start_matches('/')),
        (Some(_), true) => {
            problems.add(
                "health-path",
                "needs one of `hostnames`, or `workers-dev`, to be asked at",
            );
            String::new()
        }
        (None, _) => String::new(),
    };
    let secret = |name: String| Secret {
        variable: name.clone(),
        name,
    };
    let service = Service {
        key: worker.clone(),
        path: std::path::absolute(&path).unwrap_or(path),
        base: worker.clone(),
        worker: worker.clone(),
        wrangler_env: wrangler_env.clone(),
        hostname,
        more_hostnames: hostnames,
        url,
        health_url,
        needs: Vec::new(),
        secrets: inputs::list(raw.secrets.as_deref()).into_iter().map(secret).collect(),
        step_vars: Vec::new(),
        build: raw.build.clone(),
        uploader: Uploader::default(),
        kv: Vec::new(),
        r2: IndexMap::new(),
        d1: IndexMap::new(),
        vars: vars(raw.vars.as_deref(), problems),
        checks: Vec::new(),
    };
    // One Worker, whatever event deploys it and whatever the user calls that: neither a pull request nor an environment
    // owns it.
    let owner = Owner {
        pull_request: None,
        environment: String::new(),
        ..common.owner(&worker)
    };
    let name = common.stated_environment().unwrap_or(&worker).to_owned();
    let environment = Environment {
        project: worker,
        name,
        pull_request: None,
        zone,
        routing,
        wildcard: false,
        wrangler_env,
        database: None,
        services: vec![service],
        owner,
        grace: None,
        limit: None,
        on_limit: OnLimit::default(),
        crons: true,
        shared: Vec::new(),
        root: std::path::PathBuf::new(),
        records: Vec::new(),
    };
    Some(environment)
}

/// The input `worker`, or the configuration's name.
fn worker(raw: &Raw, path: &std::path::Path, wrangler_env: Option<&str>, problems: &mut Problems) -> String {
    let name = match &raw.worker {
        Some(name) => name.trim().to_owned(),
        None => match Config::of_user(path) {
            Ok(config) => match (config.name(wrangler_env), config.declared(wrangler_env)) {
                // A name alone makes no environment.
                (_, Err(problem)) => {
                    problems.add("wrangler-env", problem);
                    return String::new();
                }
                (Some(name), _) => name,
                (None, _) => {
                    problems.add("worker", "missing; the wrangler configuration has no `name` either");
                    return String::new();
                }
            },
            Err(problem) if raw.build.is_some() => {
                problems.add(
                    "worker",
                    format!("missing; name it, since {problem} before `build` has run"),
                );
                return String::new();
            }
            Err(problem) => {
                problems.add("path", problem);
                return String::new();
            }
        },
    };
    if !naming::is_worker(&name) {
        problems.add(
            "worker",
            format!("`{name}` is to be at most 63 letters, digits, underscores and dashes, with no dash in front"),
        );
    }
    name
}

fn check(hostnames: &[String], zone: &str, problems: &mut Problems) {
    if hostnames.is_empty() {
        return;
    }
    if zone.is_empty() {
        problems.add("zone", "missing; name the zone of `hostnames`, such as `example.com`");
        return;
    }
    for hostname in hostnames.iter().filter(|hostname| !naming::is_hostname(hostname, zone)) {
        problems.add("hostnames", format!("`{hostname}` is no hostname of zone `{zone}`"));
    }
    if let Some(first) = hostnames.first().filter(|first| naming::is_wildcard(first)) {
        problems.add(
            "hostnames",
            format!("`{first}` comes first, which is the Worker's URL; put a hostname without `*` before it"),
        );
    }
}

/// `NAME=value` a line.
fn vars(value: Option<&str>, problems: &mut Problems) -> IndexMap<String, Value> {
    let mut vars = IndexMap::new();
    for line in inputs::lines(value) {
        match line.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                vars.insert(name.trim().to_owned(), value.trim().into());
            }
            _ => problems.add("vars", format!("`{line}` is not `NAME=value`")),
        }
    }
    vars
}
