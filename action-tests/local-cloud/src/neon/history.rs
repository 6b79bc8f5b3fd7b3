//! Points in a branch's past: given by time or by log sequence number, inside the restore window.

use super::at::{At, time_of_lsn};
use super::door::Ctx;
use super::model::{Branch, Project};
use super::refusal::Refusal;

/// The point on `branch` that a request names, or none for its head.
///
/// Inside the window means: not in the future, not older than `history_retention_seconds`, and not
/// before the branch itself was created. Neon documents a 4xx for the rest; 422 is chosen.
pub(super) fn point(
    ctx: &Ctx,
    project: &Project,
    branch: &Branch,
    lsn: Option<&str>,
    timestamp: Option<&str>,
) -> Result<Option<At>, Refusal> {
    let at = match (lsn, timestamp) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(Refusal::bad("lsn and timestamp cannot both be specified"));
        }
        (Some(lsn), None) => time_of_lsn(project.created_at, lsn)
            .ok_or_else(|| Refusal::bad(format!("invalid request: `{lsn}` is not an LSN")))?,
        (None, Some(text)) => At::parse(text).ok_or_else(|| {
            Refusal::bad(format!(
                "invalid request: timestamp `{text}` is not an RFC 3339 timestamp"
            ))
        })?,
    };
    let reason = if at > ctx.now {
        "is in the future"
    } else if at < branch.created_at.whole() {
        "is before the creation of the branch"
    } else if ctx.now.seconds_since(at) > ctx.settings.history_retention_seconds {
        "is outside of the history window"
    } else {
        return Ok(Some(at));
    };
    Err(Refusal::unprocessable(format!("requested point in time {at} {reason}")))
}
