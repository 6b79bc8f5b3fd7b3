//! Whether a token is alive. What it may do is told only by trying.

use serde::Deserialize;

use super::{Call, Error, Reader};

/// A token's state.
#[derive(Debug, Clone, Deserialize)]
pub struct TokenStatus {
    pub id: String,
    /// `active`, `disabled` or `expired`.
    pub status: String,
    pub expires_on: Option<String>,
    pub not_before: Option<String>,
}

impl TokenStatus {
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }
}

impl Reader {
    /// The token's state. Account-owned tokens fail on the user's path and the other way round, so the account's is
    /// asked first (when the account is known), then the user's.
    pub async fn verify_token(&self) -> Result<TokenStatus, Error> {
        let doing = "verify the API token";
        if !self.account().is_empty() {
            let asked = self.ask(Call::get(self.account_path("/tokens/verify"), doing)).await;
            match asked {
                Err(error) if error.status().is_some_and(|status| (400..500).contains(&status)) => {}
                other => return other,
            }
        }
        self.ask(Call::get("/user/tokens/verify".to_owned(), doing)).await
    }
}
