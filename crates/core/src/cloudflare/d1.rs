//! D1 databases, found by their names.

use serde::Deserialize;

use super::{Call, Error, Needs, Permission, Reader};
use crate::paging::Proof;

/// A page of the list (the official SDK's default is 1,000; Cloudflare allows 10,000).
const PER_PAGE: u64 = 1_000;

/// A D1 database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct D1Database {
    #[serde(rename = "uuid")]
    pub id: String,
    pub name: String,
}

impl Reader {
    /// Every D1 database of the account.
    ///
    /// Source: `GET /accounts/{account_id}/d1/database` of the official SDK.
    pub async fn d1_databases(&self) -> Result<Vec<D1Database>, Error> {
        let call = Call::get(
            self.account_path("/d1/database"),
            "list the D1 databases of the account",
        );
        let call = call.needs(Needs::account(Permission::D1Read, self.account()));
        self.pages(call, PER_PAGE, Proof::Twice, |database: &D1Database| {
            database.id.clone()
        })
        .await
    }

    /// The database of this name. The API's `name` is a search: only the exact name counts.
    ///
    /// Source: `GET /accounts/{account_id}/d1/database` of the official SDK.
    pub async fn d1_database(&self, name: &str) -> Result<Option<D1Database>, Error> {
        let call = Call::get(
            self.account_path("/d1/database"),
            format!("look for D1 database `{name}`"),
        );
        let call = call
            .query("name", name)
            .needs(Needs::account(Permission::D1Read, self.account()));
        let found = self
            .pages(call, PER_PAGE, Proof::Told, |database: &D1Database| database.id.clone())
            .await?;
        Ok(found.into_iter().find(|database| database.name == name))
    }
}
