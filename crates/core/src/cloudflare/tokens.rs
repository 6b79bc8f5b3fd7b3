//! Whether a token is alive, whose it is, and, where it may read that of itself, what it may do. What it may do is else
//! told only by trying.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::{Call, Error, Reader};

/// A token's state.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct TokenStatus {
    pub id: String,
    /// `active`, `disabled` or `expired`.
    pub status: String,
    #[serde(default, deserialize_with = "time")]
    pub expires_on: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub not_before: Option<Timestamp>,
    /// The account owns it, not a user.
    #[serde(skip)]
    pub of_account: bool,
}

/// A time that cannot be read counts as not told.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    Ok(text.and_then(|text| text.parse().ok()))
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
            let asked = self
                .ask::<TokenStatus>(Call::get(self.account_path("/tokens/verify"), doing))
                .await;
            match asked {
                Err(error)
                    if error
                        .status()
                        .is_some_and(|status| (400..500).contains(&status) && status != 429) => {}
                Err(error) => return Err(error),
                Ok(status) => {
                    return Ok(TokenStatus {
                        of_account: true,
                        ..status
                    });
                }
            }
        }
        self.ask(Call::get("/user/tokens/verify".to_owned(), doing)).await
    }

    /// The names of the permission groups that the token is allowed (`DNS Write`); `None` where it may not read that of
    /// itself, as few may: that takes API Tokens → Read. Those of policies that deny are not among them.
    ///
    /// Source: `GET /user/tokens/{token_id}` and `GET /accounts/{account_id}/tokens/{token_id}` of the official SDK.
    pub async fn token_permissions(&self, token: &TokenStatus) -> Result<Option<Vec<String>>, Error> {
        #[derive(Deserialize)]
        struct Told {
            #[serde(default)]
            policies: Vec<Policy>,
        }
        #[derive(Deserialize)]
        struct Policy {
            #[serde(default)]
            effect: String,
            #[serde(default)]
            permission_groups: Vec<Group>,
        }
        #[derive(Deserialize)]
        struct Group {
            #[serde(default)]
            name: Option<String>,
        }
        let path = if token.of_account {
            self.account_path(&format!("/tokens/{}", token.id))
        } else {
            format!("/user/tokens/{}", token.id)
        };
        match self
            .ask::<Told>(Call::get(path, "read what the API token may do"))
            .await
        {
            Ok(told) => {
                let allowed = told.policies.into_iter().filter(|policy| policy.effect == "allow");
                let groups: Vec<Option<String>> = allowed
                    .flat_map(|policy| policy.permission_groups)
                    .map(|group| group.name)
                    .collect();
                // A group without its name tells nothing: then neither does the list.
                Ok(groups.into_iter().collect())
            }
            Err(error)
                if error
                    .status()
                    .is_some_and(|status| (400..500).contains(&status) && status != 429) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
