//! Stories run the real binaries, as a workflow's step would, against a local cloud in the same process.
//!
//! ```no_run
//! # async fn story() {
//! let world = scenarios::World::start().await;
//! let run = world.run("neon-branch").input("command", "create").go().await;
//! assert_eq!(run.code, 0, "{run}");
//! assert_eq!(run.report["branch"]["created"], true);
//! world.finish().await;
//! # }
//! ```
//!
//! Build the binaries first: `cargo build --bins`.

#![expect(clippy::unwrap_used, reason = "a helper of tests: what it cannot do fails the test")]

pub mod npm;
mod run;
mod world;

pub use run::{NOBODY, Run, Start, Started, is_root};
pub use world::World;

/// A client for what a story asks by itself.
pub fn client() -> reqwest::Client {
    // The first one of the process installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// The tokens that each run is given; none may appear in a log, a summary or a report.
pub mod tokens {
    pub const CLOUDFLARE: &str = "cf-token-for-tests";
    pub const NEON: &str = "neon-key-for-tests";
    pub const GITHUB: &str = "gh-token-for-tests";
}

/// What every story finds in its cloud.
pub mod ids {
    use step::event;

    /// The pull request that a run is about, unless the story says otherwise.
    pub(crate) fn pull_request() -> event::PullRequest<'static> {
        event::PullRequest {
            repository: event::Repository {
                full_name: REPOSITORY,
                id: 1_296_269,
            },
            number: PULL_REQUEST,
            title: "Check out in one step",
            head_ref: HEAD_REF,
            head_sha: HEAD_SHA,
            base_sha: "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c",
            merged: false,
        }
    }

    pub const REPOSITORY: &str = "acme/app";
    /// The number that it keeps whatever it is called.
    pub const REPOSITORY_ID: &str = "1296269";
    pub const PULL_REQUEST: u64 = 42;
    pub const HEAD_REF: &str = "feature/checkout";
    pub const HEAD_SHA: &str = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
    pub const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
    pub const ZONE: &str = "023e105f4ecef8ad9ca31a8372d0c353";
    pub const NEON_PROJECT: &str = "quiet-river-12345678";
    pub const NEON_DEFAULT_BRANCH: &str = "br-quiet-sun-a1b2c3d4";
}
