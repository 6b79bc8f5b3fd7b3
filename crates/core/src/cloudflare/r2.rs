//! R2 buckets, found by their names.

use serde::de::IgnoredAny;

use super::{Call, Error, Needs, Permission, Reader};

/// No such bucket (workers-sdk treats it so, too).
const NO_BUCKET: u32 = 10006;

impl Reader {
    /// Whether the account has a bucket of this name. A bucket of another jurisdiction is not seen.
    ///
    /// Source: `GET /accounts/{account_id}/r2/buckets/{bucket_name}` of the official SDK.
    pub async fn has_r2_bucket(&self, name: &str) -> Result<bool, Error> {
        let call = Call::get(
            self.account_path(&format!("/r2/buckets/{name}")),
            format!("look for R2 bucket `{name}`"),
        );
        let call = call.needs(Needs::account(Permission::R2Read, self.account()));
        match self.ask::<IgnoredAny>(call).await {
            Ok(_) => Ok(true),
            Err(error) if error.has(NO_BUCKET) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
