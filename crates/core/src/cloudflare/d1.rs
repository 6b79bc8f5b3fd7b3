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

/// Whether a text is the id of a D1 database, not its name.
pub fn is_id(text: &str) -> bool {
    // The crate reads other ways of writing one, too, which Cloudflare does not.
    text.len() == uuid::fmt::Hyphenated::LENGTH && uuid::Uuid::try_parse(text).is_ok()
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

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn a_database_is_named_or_identified() {
        assert!(is_id("8a1b6f2e-0000-4000-8000-000000000001"));
        assert!(!is_id("codex-preview") && !is_id("8a1b6f2e-0000-4000-8000-00000000000g"));
        assert!(!is_id("8a1b6f2e000040008000000000000001"));
    }
}
