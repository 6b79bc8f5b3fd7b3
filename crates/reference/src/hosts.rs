//! Which hosts an action asks, for firewalls that deny by default. Made from the addresses that the code has.

use actions_core::{cloudflare, github, http, neon};

use crate::{ACTIONS, cell, link};

/// A host, or what stands for hosts that nobody can know before.
struct Host {
    /// As a rule of a firewall has it, or in words.
    name: String,
    port: &'static str,
    what: &'static str,
    /// The input that names another one.
    instead: &'static str,
}

fn host(url: &str) -> String {
    let without_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = without_scheme.split('/').next().unwrap_or_default();
    format!("`{host}`")
}

fn other(name: &str, port: &'static str, what: &'static str, instead: &'static str) -> Host {
    Host {
        name: name.to_owned(),
        port,
        what,
        instead,
    }
}

/// It has no binary: what it composes asks these.
fn setup_project() -> Vec<Host> {
    vec![
        other(
            "`nodejs.org`, `raw.githubusercontent.com`, `github.com`",
            "443",
            "`actions/setup-node`, where the runner has not that version of Node",
            "",
        ),
        other(
            "`registry.npmjs.org`, and what your lock file and `.npmrc` name",
            "443",
            "the packages, and pnpm, Yarn or bun itself",
            "`.npmrc`",
        ),
        other(
            "`*.actions.githubusercontent.com`, `*.blob.core.windows.net`",
            "443",
            "`actions/cache`; not with `cache: false`",
            "",
        ),
    ]
}

fn of(action: &str) -> Vec<Host> {
    let api = |url: &str, what, instead| Host {
        name: host(url),
        port: "443",
        what,
        instead,
    };
    let cloudflare = api(cloudflare::API, "the API", "`cloudflare-api-url`");
    let neon = api(neon::API, "the API", "`neon-api-url`");
    let asks = api(
        github::API,
        "asked only what the event does not tell of its pull request",
        "`github-api-url`",
    );
    match action {
        "pull-request" => vec![api(github::API, "how the pull request stands", "`github-api-url`")],
        "setup-project" => setup_project(),
        "neon-branch" => vec![
            neon,
            other(
                "`*.neon.tech`",
                "5432",
                "one login at the branch's compute; not with `wait: false`",
                "",
            ),
            asks,
        ],
        "preview-dns" => vec![
            cloudflare,
            other(
                "the zone's name servers, `*.ns.cloudflare.com`",
                "53, UDP and TCP",
                "whether records answer; only with `wait`",
                "`resolver`",
            ),
            api(
                http::DNS_OVER_HTTPS,
                "the same, where port 53 leads nowhere; only with `wait`",
                "`resolver`",
            ),
            asks,
        ],
        "deploy-workers" => vec![
            cloudflare,
            other(
                "the hostnames of your services",
                "443",
                "their health; not with `health: false`",
                "",
            ),
            other(
                "what your builds ask",
                "any",
                "your build commands and wrangler's bundler run here, and may ask whom they like: npm's registry, say",
                "",
            ),
            asks,
        ],
        "health-check" => vec![
            other(
                "the hosts of `urls`, `checks` and your services",
                "theirs",
                "their health",
                "",
            ),
            other(
                "the host of `dns-over-https`",
                "443",
                "names, where that input is given",
                "`dns-over-https`",
            ),
            asks,
        ],
        "pr-comment" => vec![api(github::API, "the comment", "`github-api-url`")],
        "cleanup" => vec![cloudflare, neon, asks],
        "preflight" => vec![
            cloudflare,
            neon,
            api(
                github::API,
                "what the repository has; nobody is asked with `offline`",
                "`github-api-url`",
            ),
        ],
        _ => Vec::new(),
    }
}

/// The document.
pub fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    for action in ACTIONS {
        text += &format!("\n## {}\n\n{HEAD}", link(action));
        for host in of(action) {
            text += &format!(
                "| {} | {} | {} | {} |\n",
                cell(&host.name),
                host.port,
                cell(host.what),
                host.instead
            );
        }
    }
    text
}

/// The table of SECURITY.md: one line for each action.
pub fn summary() -> String {
    let rows = ACTIONS.map(|action| {
        let hosts: Vec<String> = of(action).into_iter().map(|host| host.name).collect();
        format!("| `{action}` | {} |\n", cell(&hosts.join(", ")))
    });
    format!("| action | hosts |\n|---|---|\n{}", rows.concat())
}

const HEAD: &str = "| host | port | for | another by |\n|---|---|---|---|\n";

const INTRODUCTION: &str = "\
# Hosts contacted

For firewalls that deny by default (`step-security/harden-runner`, a runner in a closed network). This page is written \
by `cargo xtask docs` from the addresses in the code.

Before any action starts, `run.sh` downloads its binary from `github.com`, which redirects to \
`release-assets.githubusercontent.com`; with `CODEX_ACTIONS_MIRROR` from that address alone; with \
`CODEX_ACTIONS_BIN_DIR`, or out of the runner's tool cache, from nowhere. The runner itself needs more: see [GitHub's \
list](https://docs.github.com/en/actions/reference/runners/self-hosted-runners).

The proxies of `HTTPS_PROXY` and `NO_PROXY` are obeyed. No action reports anything to us or to anybody else.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_asks_exactly_the_apis_whose_address_is_an_input() {
        let apis = [
            ("cloudflare-api-url", cloudflare::API),
            ("neon-api-url", neon::API),
            ("github-api-url", github::API),
        ];
        for action in ACTIONS {
            let yml = crate::read(&format!("actions/{action}/action.yml"));
            let named: Vec<String> = of(action).into_iter().map(|host| host.name).collect();
            for (input, url) in apis {
                let has_input = yml.lines().any(|line| line == format!("  {input}:"));
                assert_eq!(has_input, named.contains(&host(url)), "{action}: {input}");
                // What a reader is told in action.yml is what the code does.
                let told = yml.contains("Default: `https://") && input == "cloudflare-api-url" && has_input;
                assert!(!told || yml.contains(&format!("Default: `{url}`")), "{action}: {input}");
            }
        }
    }
}
