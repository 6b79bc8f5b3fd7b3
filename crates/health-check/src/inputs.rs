//! The inputs, checked all at once.

use actions_core::environment::Environment;
use actions_core::health::{self, Expect, Override, Redirects, Resolver, Schedule, Settings, Target};
use actions_core::http::DNS_OVER_HTTPS;
use actions_core::runner::{BadInput, Common, Env, Problems, inputs};
use actions_core::secret;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use crate::{lone, plan};

/// Every input of its own, as the user wrote it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Raw {
    pub(crate) urls: Option<String>,
    pub(crate) timeout: Option<String>,
    pub(crate) attempt_timeout: Option<String>,
    pub(crate) successes: Option<String>,
    pub(crate) fail_fast: Option<String>,
    pub(crate) grace: Option<String>,
    pub(crate) expect_status: Option<String>,
    pub(crate) expect_body: Option<String>,
    pub(crate) expect_json: Option<String>,
    pub(crate) expect_header: Option<String>,
    pub(crate) expect_version: Option<String>,
    pub(crate) max_latency: Option<String>,
    pub(crate) certificate_days: Option<String>,
    pub(crate) document: Option<String>,
    pub(crate) warn: Option<String>,
    pub(crate) checks: Option<String>,
    pub(crate) headers: Option<String>,
    pub(crate) resolve: Option<String>,
    pub(crate) dns_over_https: Option<String>,
    pub(crate) follow_redirects: Option<String>,
    pub(crate) ca: Option<String>,
}

/// What is checked: an environment of the manifest, or what the inputs name.
pub(crate) enum Subject {
    Environment(Box<Environment>),
    Urls,
}

pub(crate) struct Inputs {
    pub(crate) subject: Subject,
    pub(crate) targets: Vec<Target>,
    pub(crate) schedule: Schedule,
    pub(crate) settings: Settings,
}

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`BadInput`] with every wrong one.
    pub(crate) async fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems).await?;
        let warn = lone::parsed("warn", health::warn(raw.warn.as_deref()), &mut problems).unwrap_or_default();
        let expect = Expect {
            warn,
            ..lone::expect(&raw, &mut problems)
        };
        let mut targets = lone::targets(&raw, &expect, &mut problems);
        let alone = raw.urls.is_some() || raw.checks.is_some();
        let environment = if !alone && common.has_manifest(env) {
            common.environment(env, &mut problems)
        } else {
            None
        };
        if let Some(environment) = &environment {
            lone::refuse_expectations(&raw, &mut problems);
            let document = raw.document.is_some().then_some(expect.document);
            targets = plan::targets(environment, document, warn, &mut problems);
        } else if !alone && !common.has_manifest(env) {
            problems.add(
                "urls",
                "missing; give one URL per line, or add a `codex.toml` and name its `environment`",
            );
        }
        let schedule = schedule(
            &raw,
            environment.as_ref().and_then(|environment| environment.grace),
            &mut problems,
        );
        let settings = settings(&raw, env, &schedule, &mut problems)?;
        problems.finish()?;
        let subject = environment.map_or(Subject::Urls, |environment| Subject::Environment(Box::new(environment)));
        if targets.is_empty() {
            return Err(BadInput::one("urls", "holds no URL; give one per line").into());
        }
        Ok(Self {
            subject,
            targets,
            schedule,
            settings,
        })
    }
}

fn schedule(raw: &Raw, grace: Option<std::time::Duration>, problems: &mut Problems) -> Schedule {
    let default = Schedule::default();
    let mut positive = |input: &str, value: Option<&str>| {
        let duration = problems.duration(input, value);
        if duration.is_some_and(|duration| duration.is_zero()) {
            problems.add(input, "is to be longer than nothing, such as `90s`");
        }
        duration
    };
    let total = positive("timeout", raw.timeout.as_deref()).unwrap_or(default.total);
    let attempt = positive("attempt-timeout", raw.attempt_timeout.as_deref()).unwrap_or(default.attempt);
    let successes = problems.number("successes", raw.successes.as_deref()).unwrap_or(1);
    if successes == 0 {
        problems.add("successes", "`0` would check nothing; give `1` or more");
    }
    Schedule {
        total,
        attempt,
        successes: u32::try_from(successes).unwrap_or(u32::MAX),
        fail_fast: problems.boolean("fail-fast", raw.fail_fast.as_deref(), default.fail_fast),
        grace: problems
            .duration("grace", raw.grace.as_deref())
            .or(grace)
            .unwrap_or(default.grace),
    }
}

fn settings(raw: &Raw, env: &Env, schedule: &Schedule, problems: &mut Problems) -> anyhow::Result<Settings> {
    let mut overrides = Vec::new();
    for line in inputs::lines(raw.resolve.as_deref()) {
        match line.parse::<Override>() {
            Ok(known) => overrides.push(known),
            Err(problem) => problems.add("resolve", problem),
        }
    }
    let dns = raw
        .dns_over_https
        .as_deref()
        .map(|url| problems.base_url("dns-over-https", Some(url), DNS_OVER_HTTPS));
    let options = [
        ("false", Redirects::No),
        ("true", Redirects::SameHost),
        ("same-host", Redirects::SameHost),
        ("any", Redirects::Any),
    ];
    let redirects = problems.choice(
        "follow-redirects",
        raw.follow_redirects.as_deref(),
        &options,
        Redirects::No,
    );
    Ok(Settings {
        limit: schedule.attempt,
        headers: headers(raw.headers.as_deref(), problems),
        redirects,
        resolver: Resolver::new(overrides, dns)?,
        ca: ca(raw.ca.as_deref(), env, problems),
    })
}

/// The certificates to trust beside the platform's: PEM text, or the path of a file that holds it.
fn ca(value: Option<&str>, env: &Env, problems: &mut Problems) -> Option<String> {
    let value = value?;
    let pem = if value.contains("-----BEGIN") {
        Ok(value.to_owned())
    } else {
        std::fs::read_to_string(env.in_workspace(value.trim()))
    };
    match pem {
        Ok(pem) if pem.contains("-----BEGIN CERTIFICATE") => Some(pem),
        Ok(_) => {
            problems.add("ca", "holds no PEM certificate (`-----BEGIN CERTIFICATE-----`)");
            None
        }
        Err(error) => {
            problems.add("ca", format!("is neither PEM text nor a readable file: {error}"));
            None
        }
    }
}

/// `Name: value` a line; what may be a credential is masked.
fn headers(value: Option<&str>, problems: &mut Problems) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in inputs::lines(value) {
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.trim();
        secret::header(name.trim(), value);
        let name = name.trim().parse::<HeaderName>();
        if let Some(problem) = name.as_ref().ok().and_then(health::not_to_send) {
            problems.add("headers", problem);
            continue;
        }
        match (name, HeaderValue::from_str(value)) {
            (Ok(name), Ok(mut parsed)) if !value.is_empty() => {
                parsed.set_sensitive(true);
                headers.append(name, parsed);
            }
            _ => problems.add(
                "headers",
                "each line is to be `Name: value`; one is not (not shown: it may be a secret)",
            ),
        }
    }
    headers
}
