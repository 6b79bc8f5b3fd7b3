//! The constants of the demo's world: whose account, which project, which secrets.

use std::collections::BTreeMap;

use super::cloud::Cloud;

pub(crate) const PULL_REQUEST: u64 = 42;
pub(crate) const REPOSITORY: &str = "acme/app";
/// The number that it keeps whatever it is called.
pub(crate) const REPOSITORY_ID: u64 = 1_296_269;
pub(crate) const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const NEON_PROJECT: &str = "quiet-river-12345678";

/// How the platform's scripts reach a database whose host is on this machine: by the proxy on its port.
pub(crate) const DB_METHOD: (&str, &str) = ("DB_METHOD", "LOCAL_PROXY");

/// What a repository keeps in its secrets. Long and odd enough that finding one in a log is no coincidence.
pub(crate) const GITHUB_TOKEN: &str = "ghs_1001_demo.Wm3xYt7QpLzR8vKc2NfB5sHd9GjT";
pub(crate) const CLOUDFLARE_API_TOKEN: &str = "demo-cf-uX4pQ9zLrT7vKm2NwB8sYh5GdF3jCe";
pub(crate) const NEON_API_KEY: &str = "napi_demo6tPz3wQx9rLk5vNm8bHs2yGd7fJc4";

/// Secrets that services of the platform want besides the database's URL: name in the step's environment, value.
pub(crate) const SERVICE_SECRETS: [(&str, &str); 4] = [
    ("BETTER_AUTH_SECRET", "demo-auth-pR6tYx2WqLz9vKm4NcB7sHd3Gj"),
    ("STRIPE_TEST_KEY", "sk_test_demoZ5xWq8pLr3vKt6NmB9sYh2Gd"),
    ("STRIPE_TEST_WEBHOOK_SECRET", "whsec_demoT4yQw7zLp2rXv9KmN6bHs3Gd"),
    ("SESSION_SECRET", "demo-session-kL8wQx5zRt2pVm7NyB4sHd9G"),
];

/// All of them by name, for the scan at the end.
pub(crate) fn secrets() -> Vec<(String, String)> {
    let tokens = [
        ("the GitHub token", GITHUB_TOKEN),
        ("the Cloudflare token", CLOUDFLARE_API_TOKEN),
        ("the Neon key", NEON_API_KEY),
    ];
    tokens
        .into_iter()
        .chain(SERVICE_SECRETS)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// `with:` of an action that talks to GitHub.
pub(crate) fn github(cloud: &Cloud) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("github-token", GITHUB_TOKEN.to_owned()),
        ("github-api-url", cloud.github.clone()),
    ])
}

/// `with:` of an action that talks to Cloudflare.
pub(crate) fn cloudflare(cloud: &Cloud) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("cloudflare-api-token", CLOUDFLARE_API_TOKEN.to_owned()),
        ("cloudflare-account-id", ACCOUNT.to_owned()),
        ("cloudflare-api-url", cloud.cloudflare.clone()),
    ])
}

/// `with:` of an action that talks to Neon.
pub(crate) fn neon(cloud: &Cloud) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("neon-api-key", NEON_API_KEY.to_owned()),
        ("neon-project-id", NEON_PROJECT.to_owned()),
        ("neon-api-url", cloud.neon.clone()),
    ])
}
