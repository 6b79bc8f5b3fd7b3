//! What a branch's schema is, against another's.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::timeout;

use super::Reader;
use super::api::Ask;
use super::error::Error;

/// Neon starts computes for a comparison and reads whole catalogs; Neon's own action gives that a minute.
const LONGEST: Duration = Duration::from_secs(90);

impl Reader {
    /// The unified diff from `base`'s schema (at `base_lsn`, or its head) to the branch's; empty when they are the same.
    ///
    /// # Errors
    /// [`Error::TooSlow`] after 90 seconds.
    pub async fn schema_diff(
        &self,
        branch: &str,
        base: &str,
        base_lsn: Option<&str>,
        database: &str,
    ) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Comparison {
            diff: Option<String>,
        }
        let mut ask = Ask::get(format!("/branches/{branch}/compare_schema"))
            .query("base_branch_id", base)
            .query("db_name", database);
        if let Some(lsn) = base_lsn {
            ask = ask.query("base_lsn", lsn);
        }
        match timeout(LONGEST, self.api.read::<Comparison>(&ask)).await {
            Ok(told) => Ok(told?.diff.unwrap_or_default()),
            Err(_) => Err(Error::TooSlow {
                what: "comparison of the schemas",
                waited: LONGEST,
            }),
        }
    }
}
