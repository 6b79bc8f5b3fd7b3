//! Branches with an expiry: what may be set, and what happens when it has passed.

use super::at::At;
use super::model::{Branch, Project};
use super::refusal::Refusal;

/// Longest life that can be set, in seconds: 30 days.
const MOST_SECONDS: i64 = 30 * 86_400;

/// Reads and checks `expires_at`: RFC 3339 with a zone, cut to seconds, in the future, at most 30 days
/// ahead. Returns it with the time to live that it means.
pub(super) fn parse(text: &str, now: At) -> Result<(At, i64), Refusal> {
    let at = At::parse(text)
        .ok_or_else(|| {
            Refusal::bad(format!(
                "invalid request: expires_at `{text}` is not an RFC 3339 timestamp"
            ))
        })?
        .whole();
    let seconds = at.seconds_since(now);
    if at <= now {
        return Err(Refusal::bad("expires_at must be in the future"));
    }
    if seconds > MOST_SECONDS {
        return Err(Refusal::bad("expires_at must be at most 30 days from the current time"));
    }
    Ok((at, seconds))
}

/// Refuses an expiry on a branch that must not vanish.
pub(super) fn check_may_expire(project: &Project, branch: &Branch) -> Result<(), Refusal> {
    let reason = if branch.default {
        "a default branch"
    } else if branch.protected {
        "a protected branch"
    } else if project.has_children(&branch.id) {
        "a branch that has child branches"
    } else {
        return Ok(());
    };
    Err(Refusal::unprocessable(format!("cannot set an expiration on {reason}")))
}

/// A reset starts the time to live again.
pub(super) fn restart(branch: &mut Branch, now: At) {
    if let Some(seconds) = branch.ttl_seconds {
        branch.expires_at = Some(now.whole().plus_seconds(seconds));
    }
}

/// Deletes the branches whose time has passed.
pub(super) fn sweep(project: &mut Project, now: At) {
    let over: Vec<String> = project
        .branches
        .iter()
        .filter(|branch| branch.expires_at.is_some_and(|at| at <= now))
        .filter(|branch| !project.has_children(&branch.id))
        .map(|branch| branch.id.clone())
        .collect();
    for id in over {
        project.remove_branch(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_cut_to_seconds_and_bounded() {
        let now = At::parse("2026-07-01T08:00:00.5Z").unwrap();
        let (at, seconds) = parse("2026-07-02T09:00:00.999+01:00", now).unwrap();
        assert_eq!((at.to_string().as_str(), seconds), ("2026-07-02T08:00:00Z", 86_400));
        for refused in [
            "2026-07-01T08:00:00Z",
            "2026-07-31T08:00:01Z",
            "2026-07-02T08:00:00",
            "7d",
        ] {
            assert!(parse(refused, now).is_err(), "{refused}");
        }
        assert!(parse("2026-07-31T08:00:00Z", now).is_ok());
    }
}
