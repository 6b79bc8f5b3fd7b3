//! What a branch's schema is, against another's.

use serde::Deserialize;

use super::Reader;
use super::api::Ask;
use super::error::Error;

impl Reader {
    /// The unified diff from `base`'s schema (at `base_lsn`, or its head) to the branch's; empty when they are the same.
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
        Ok(self.api.read::<Comparison>(&ask).await?.diff.unwrap_or_default())
    }
}
