//! The event, read from `GITHUB_EVENT_PATH` and the variables beside it.

use serde_json::Value;

use super::{Env, Problems};
use crate::event::Event;

/// Reads what triggered the run. Outside a runner all facts are absent.
pub(super) fn read(env: &Env, problems: &mut Problems) -> Event {
    let payload = match env
        .get("GITHUB_EVENT_PATH")
        .map(|path| (path, std::fs::read_to_string(path)))
    {
        None => Value::Null,
        Some((path, Err(error))) => {
            problems.add("GITHUB_EVENT_PATH", format!("`{path}` cannot be read: {error}"));
            Value::Null
        }
        Some((path, Ok(text))) => serde_json::from_str(&text).unwrap_or_else(|error| {
            problems.add("GITHUB_EVENT_PATH", format!("`{path}` is not JSON: {error}"));
            Value::Null
        }),
    };
    with_payload(env, &payload)
}

/// What the payload tells, completed by the runner's variables.
pub(super) fn with_payload(env: &Env, payload: &Value) -> Event {
    let owned = |name: &str| env.get(name).map(str::to_owned);
    let told = Event::of_payload(env.get("GITHUB_EVENT_NAME").unwrap_or_default(), payload);
    let id = env.get("GITHUB_REPOSITORY_ID").and_then(|id| id.trim().parse().ok());
    Event {
        repository: owned("GITHUB_REPOSITORY").or(told.repository),
        repository_id: id.or(told.repository_id),
        sha: told.sha.or_else(|| owned("GITHUB_SHA")),
        head_ref: told
            .head_ref
            .or_else(|| owned("GITHUB_HEAD_REF"))
            .or_else(|| owned("GITHUB_REF_NAME")),
        run_id: owned("GITHUB_RUN_ID"),
        run_attempt: owned("GITHUB_RUN_ATTEMPT"),
        actor: owned("GITHUB_ACTOR"),
        ..told
    }
}
