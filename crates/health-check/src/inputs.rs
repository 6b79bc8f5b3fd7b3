//! The inputs, checked all at once.

use actions_core::environment::Environment;
use actions_core::health::{Schedule, StatusSet};
use actions_core::runner::{BadInput, Common, Env, Problems, inputs};
use actions_core::secret::mask;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
struct Raw {
    urls: Option<String>,
    timeout: Option<String>,
    attempt_timeout: Option<String>,
    successes: Option<String>,
    expect_status: Option<String>,
    headers: Option<String>,
}

/// What is to be checked.
pub(crate) enum Subject {
    /// The services of one environment of the manifest.
    Environment(Box<Environment>),
    /// URLs, each with a name for the report; and the statuses that count.
    Urls {
        urls: Vec<(String, Url)>,
        status: StatusSet,
    },
}

pub(crate) struct Inputs {
    pub(crate) subject: Subject,
    pub(crate) schedule: Schedule,
    pub(crate) headers: HeaderMap,
}

impl Inputs {
    /// Reads and checks the inputs.
    ///
    /// # Errors
    /// [`BadInput`] with every wrong one.
    pub(crate) fn read(env: &Env) -> anyhow::Result<Self> {
        let raw: Raw = inputs::read(env)?;
        let mut problems = Problems::default();
        let common = Common::read(env, &mut problems)?;
        let status = status(raw.expect_status.as_deref(), &mut problems);
        let schedule = schedule(&raw, &mut problems);
        let headers = headers(raw.headers.as_deref(), &mut problems);
        let subject = if raw.urls.is_some() {
            Some(Subject::Urls {
                urls: urls(raw.urls.as_deref(), &mut problems),
                status,
            })
        } else if common.has_manifest(env) {
            common
                .environment(env, &mut problems)
                .map(|environment| Subject::Environment(Box::new(environment)))
        } else {
            problems.add(
                "urls",
                "missing; give one URL per line, or add a `codex.toml` and name its `environment`",
            );
            None
        };
        problems.finish()?;
        let subject = subject.ok_or_else(|| BadInput::one("urls", "missing"))?;
        Ok(Self {
            subject,
            schedule,
            headers,
        })
    }
}

fn schedule(raw: &Raw, problems: &mut Problems) -> Schedule {
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
        ..default
    }
}

fn status(value: Option<&str>, problems: &mut Problems) -> StatusSet {
    let Some(value) = value else {
        return StatusSet::default();
    };
    value.parse().unwrap_or_else(|problem: String| {
        problems.add("expect-status", problem);
        StatusSet::default()
    })
}

/// One URL a line. A user and password in a URL are masked.
fn urls(value: Option<&str>, problems: &mut Problems) -> Vec<(String, Url)> {
    let mut found: Vec<(String, Url)> = Vec::new();
    for line in inputs::list(value) {
        let url = Url::parse(&line)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(url) = url else {
            // What is no URL may still hold a password.
            let shown = line.rsplit('@').next().unwrap_or_default();
            problems.add(
                "urls",
                format!("`{shown}` is not an http or https URL, such as `https://example.com/health`"),
            );
            continue;
        };
        if let Some(password) = url.password() {
            mask(password);
        }
        let name = format!(
            "{}{}",
            url.host_str().unwrap_or_default(),
            url.path().trim_end_matches('/')
        );
        if !found.iter().any(|(_, seen)| *seen == url) {
            found.push((name, url));
        }
    }
    if found.is_empty() && problems_free(value) {
        problems.add("urls", "holds no URL; give one per line");
    }
    found
}

/// Whether a list holds nothing at all: then its emptiness is the problem, not its items.
fn problems_free(value: Option<&str>) -> bool {
    inputs::list(value).is_empty()
}

/// `Name: value` a line; values are masked, since they may be credentials.
fn headers(value: Option<&str>, problems: &mut Problems) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in inputs::lines(value) {
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.trim();
        mask(value);
        match (name.trim().parse::<HeaderName>(), HeaderValue::from_str(value)) {
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
