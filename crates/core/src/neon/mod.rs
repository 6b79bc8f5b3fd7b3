//! Neon: database branches, as their users think of them.
//!
//! [`Reader`] looks things up, [`Writer`] changes them; a writer can only be made from a reader, so a dry run holds
//! nothing that could change anything. Both retry what Neon calls safe to retry (423, 429, 503), look a branch up by
//! its exact name before they ask for it again, and wait for the operations of whatever they change.

pub mod annotation;
mod api;
mod change;
pub mod connection;
pub mod create;
mod doors;
mod error;
mod list;
mod login;
mod operations;
mod ready;
pub mod retention;
mod schema;
pub mod types;

use std::time::Duration;

use secrecy::SecretString;

pub use connection::Connection;
pub use create::{Compute, Made, NewBranch, Point};
pub use doors::Doors;
pub use error::Error;
pub use ready::{Obstacle, USUAL_WAIT, wait_until_reachable};
pub use types::{Branch, Endpoint, KeyKind, Operation, Project};

use crate::retry::Patience;
use api::Api;

/// Neon's public API.
pub const API: &str = "https://console.neon.tech/api/v2";

/// Reads one project.
#[derive(Clone)]
pub struct Reader {
    api: Api,
}

/// Changes one project.
#[derive(Clone)]
pub struct Writer {
    reader: Reader,
}

impl Reader {
    /// A reader of `project` at `api_url` (`https://console.neon.tech/api/v2`).
    pub fn new(http: reqwest::Client, api_url: &str, project: &str, key: SecretString) -> Self {
        Self {
            api: Api::new(http, api_url, project, key),
        }
    }

    /// The same, but asking again at least every half second: for the ten seconds that a cancelled job has left.
    #[must_use]
    pub fn hurried(self) -> Self {
        Self {
            api: self.api.hurried(Duration::from_millis(500)),
        }
    }

    /// The same reader with another patience.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self {
            api: self.api.with_patience(patience),
        }
    }

    /// The one way to a [`Writer`]. Not called in a dry run.
    pub fn writer(&self) -> Writer {
        Writer { reader: self.clone() }
    }
}

impl std::ops::Deref for Writer {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}
