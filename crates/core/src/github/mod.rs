//! GitHub: octocrab on the one shared HTTP client, as intents.
//!
//! octocrab builds requests, adds the token to GitHub's own host only, and keeps a base path (`/api/v3`); its retry
//! is off and its strict models are not used: both harm (it posts again at once after a lost answer, and a comment
//! of a deleted user has no author).

mod access;
mod client;
mod comments;
mod commits;
pub mod deployments;
mod error;
mod identity;
pub mod issues;
mod open_pulls;
mod pulls;
mod runs;

pub use access::{Access, DeploymentEnvironment, Told};
pub use client::{Reader, Writer};
pub use comments::{Author, Comment, Edited, Hidden};
pub use commits::{Changes, CommitStatus};
pub use error::Error;
pub use identity::{Identity, Person};
pub use open_pulls::OpenPull;
pub use runs::Run;

/// The API of github.com; GitHub Enterprise Server has its own.
pub const API: &str = "https://api.github.com";
