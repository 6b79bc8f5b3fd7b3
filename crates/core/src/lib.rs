//! What the six actions share.
//!
//! - [`runner`]: the GitHub runner's protocol (inputs, outputs, masks, annotations, summary) and `main`.
//! - [`event`]: what triggered the run.
//! - [`http`], [`retry`]: one client, one retry policy, for every provider.
//! - [`github`], [`cloudflare`], [`neon`]: one provider each; none knows another, nor the runner.
//! - [`manifest`], [`environment`], [`naming`]: `codex.toml`, and what one environment is made of.
//! - [`grants`]: what each action needs of a token.
//! - [`plan`]: changes as data, their guard and their text.
//! - [`process`]: what the project's code can read of us, and what it leaves running.
//! - [`reports`]: what the actions tell each other.
//! - [`secret`], [`credential`]: what is hidden, and what may have to be; [`dotenv`]: many secrets as one text.
//! - [`health`]: when a service counts as healthy.

pub mod cloudflare;
pub mod credential;
mod dial;
pub mod dotenv;
pub mod duration;
pub mod environment;
pub mod error;
pub mod event;
pub mod github;
pub mod grants;
pub mod health;
pub mod http;
pub mod manifest;
mod manifest_file;
pub mod markdown;
pub mod naming;
pub mod neon;
mod no_answer;
pub mod owner;
pub mod paging;
pub mod plan;
pub mod process;
pub mod release;
pub mod reports;
pub mod retry;
pub mod runner;
pub mod secret;
pub mod text;
mod tls;
