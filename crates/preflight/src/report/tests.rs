use actions_core::runner::Env;

use super::*;
use crate::checks::Unseen;
use crate::finding::{Kind, Place};

const ERROR: Kind = Kind {
    name: "a-made-error",
    severity: Severity::Error,
    what: "It is wrong.",
    why: "It would fail.",
    mend: "Mend it.",
};
const WARNING: Kind = Kind {
    name: "a-made-warning",
    severity: Severity::Warning,
    ..ERROR
};
const NOTE: Kind = Kind {
    name: "a-made-note",
    severity: Severity::Note,
    ..ERROR
};

/// What each text is held against: one finding of each severity, one silenced, two areas unseen.
pub(super) fn judged() -> Judged {
    let place = |file: &str, line| Place {
        file: file.to_owned(),
        line,
        column: 3,
    };
    let unseen = |area| Unseen {
        area,
        why: "`offline` is set",
    };
    Judged {
        told: vec![
            Finding::new(
                &ERROR,
                "services.api",
                "`api` binds KV namespace `0123` of `production`",
                "write the id of the environment's own",
            )
            .at(place("workers/my (api)/wrangler.jsonc", 12)),
            Finding::new(&WARNING, "CLOUDFLARE_API_TOKEN", "the token ends in 3 days", "roll it"),
            Finding::new(&NOTE, "preview", "a | b <c> @d", "see ::error:: and %0A").at(place("codex.toml", 2)),
        ],
        silenced: vec![(
            Finding::new(&WARNING, "services.web", "`web` is old", "raise it").at(place("codex.toml", 7)),
            "until spring".to_owned(),
        )],
        unseen: vec![unseen("cloudflare"), unseen("neon")],
    }
}

#[test]
fn the_summary_links_places_and_names() {
    let env: Env = [
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_SHA", "5f6e1f0c"),
    ]
    .into_iter()
    .collect();
    insta::assert_snapshot!(markdown::summary(&env, &judged()), @r"
    ### ❌ preflight: 1 error, 1 warning, 1 note in 7 areas; 1 silenced

    | | where | what was seen | what to do | finding |
    |---|---|---|---|---|
    | ❌ | [`workers/my (api)/wrangler.jsonc:12`](https://github.com/acme/shop/blob/5f6e1f0c/workers/my%20%28api%29/wrangler.jsonc#L12) | `api` binds KV namespace `0123` of `production` | write the id of the environment's own | [`a-made-error`](https://github.com/codex/actions/blob/main/.github/docs/findings.md#a-made-error) |
    | ⚠️ | `CLOUDFLARE_API_TOKEN` | the token ends in 3 days | roll it | [`a-made-warning`](https://github.com/codex/actions/blob/main/.github/docs/findings.md#a-made-warning) |
    | ℹ️ | [`codex.toml:2`](https://github.com/acme/shop/blob/5f6e1f0c/codex.toml#L2) | a \| b &lt;c> @​d | see ::​error:: and %0A | [`a-made-note`](https://github.com/codex/actions/blob/main/.github/docs/findings.md#a-made-note) |

    <details><summary>1 silenced</summary>

    | where | what was seen | why it is meant so | finding |
    |---|---|---|---|
    | [`codex.toml:7`](https://github.com/acme/shop/blob/5f6e1f0c/codex.toml#L7) | `web` is old | until spring | [`a-made-warning`](https://github.com/codex/actions/blob/main/.github/docs/findings.md#a-made-warning) |

    </details>

    not looked at: cloudflare and neon, since `offline` is set
    ");
    insta::assert_snapshot!(markdown::summary(&Env::default(), &Judged::default()), @"### ✅ preflight: nothing found in 9 areas");
}

#[test]
fn a_line_names_place_sentence_remedy_and_kind() {
    let lines: Vec<String> = judged().told.iter().map(log::line).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    workers/my (api)/wrangler.jsonc:12:3: `api` binds KV namespace `0123` of `production`; write the id of the environment's own [a-made-error]
    CLOUDFLARE_API_TOKEN: the token ends in 3 days; roll it [a-made-warning]
    codex.toml:2:3: a | b <c> @d; see ::error:: and %0A [a-made-note]
    ");
    insta::assert_snapshot!(outcome(&judged()), @"1 error, 1 warning, 1 note in 7 areas; 1 silenced");
}
