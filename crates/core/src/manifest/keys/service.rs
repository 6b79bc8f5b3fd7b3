//! The keys of a service, and of its checks.

use super::{Key, Kind, key, required};

pub(super) const SERVICE: &[Key] = &[
    required("path", Kind::Text, "The Worker's folder, where its wrangler config is."),
    key(
        "worker",
        Kind::Text,
        "The Worker's base name; a Worker that is there keeps its underscores and capitals. Default: the service's key.",
    ),
    key(
        "subdomain",
        Kind::Text,
        "What `{subdomain}` stands for. `@` is the zone itself where the hostname is `{subdomain}` alone; elsewhere the service's key stands for it. Default: the service's key.",
    ),
    key(
        "hostnames",
        Kind::TextList,
        "All hostnames of the service, relative to the zone, in environments whose hostname is `{subdomain}` alone: the first is its URL. `@` is the zone itself, `*` all names that no other service has. Elsewhere the template makes the one hostname.",
    ),
    key(
        "needs",
        Kind::TextList,
        "Services that must be deployed and healthy first; service bindings count too.",
    ),
    key(
        "build",
        Kind::Text,
        "The command that builds the service, run in its folder before it is bundled; it sees no token and no secret.",
    ),
    key(
        "uploader",
        Kind::OneOf(&["api", "wrangler"]),
        "Who uploads: `api`, this project's own client, or the project's `wrangler`, for what the other cannot do. Default: `api`.",
    ),
    key(
        "secrets",
        Kind::TextList,
        "The secrets that the Worker is given, by name.",
    ),
    key(
        "step-vars",
        Kind::TextList,
        "Variables that the Worker is given from the step's `env`, or from its input `step-vars`, by name; anybody may read them.",
    ),
    key(
        "kv",
        Kind::TextList,
        "KV bindings that get a namespace of their own in each environment.",
    ),
    key(
        "vars",
        Kind::ValueMap,
        "Variables of the Worker: texts, or values that reach it as JSON. `{service.url}`, `{service.hostname}`, `{environment}` and the like are filled in; `{{x}}` is the text `{x}`.",
    ),
    key(
        "health",
        Kind::Text,
        "The path of the health document. Default: `/health`.",
    ),
    key(
        "checks",
        Kind::TableList(CHECK),
        "Deeper checks of the service, run once it is healthy.",
    ),
];

/// The top level of health-check's input `checks`.
pub const LONE_CHECKS: &[Key] = &[required("checks", Kind::TableList(CHECK), "The checks.")];

/// One of `checks`, in the manifest and in health-check's input.
pub const CHECK: &[Key] = &[
    key(
        "name",
        Kind::Text,
        "What the check is called in reports. Default: its path.",
    ),
    key(
        "path",
        Kind::Text,
        "The path under the service's URL, such as `/items?limit=1`.",
    ),
    key("url", Kind::Text, "A whole URL, where the check belongs to no service."),
    key("method", Kind::Text, "The HTTP method. Default: `GET`."),
    key("send", Kind::TextMap, "Headers to send."),
    key("body", Kind::Text, "The body to send."),
    key(
        "status",
        Kind::Text,
        "The statuses that are right, such as `200`, `2xx` or `200,404`. Default: `200-299`.",
    ),
    key(
        "headers",
        Kind::TextMap,
        "What headers of the answer are: a text, or `/a regular expression/`.",
    ),
    key(
        "contains",
        Kind::TextList,
        "What the body holds: texts, or `/regular expressions/`.",
    ),
    key(
        "json",
        Kind::TextMap,
        "What stands at JSON pointers: `\"/items/0/id\" = \"7\"`, or `\"/^[0-9]+$/\"`.",
    ),
    key(
        "max-latency",
        Kind::Duration,
        "The longest time until the whole answer is there, such as `800ms`.",
    ),
    key(
        "version",
        Kind::Text,
        "The version that is to answer: `<version>`, `X-Version: <version>` or `/commit: <version>`.",
    ),
    key(
        "certificate-days",
        Kind::Number,
        "The days for which the certificate must still be valid.",
    ),
    key(
        "security-headers",
        Kind::Flag,
        "Whether HSTS, nosniff, Referrer-Policy and Content-Security-Policy must be there.",
    ),
    key("cors", Kind::Table(CORS), "Which origins may call."),
    key(
        "capture",
        Kind::TextMap,
        "What later checks send as `{name}`: `\"/token\" = \"token\"`, by JSON pointer or header.",
    ),
    key(
        "document",
        Kind::OneOf(&["auto", "none", "strict"]),
        "Whether the answer is taken for a health document. Default: `auto`.",
    ),
    key(
        "warn",
        Kind::OneOf(&["pass", "fail"]),
        "What `degraded` counts as. Default: `pass`.",
    ),
];

const CORS: &[Key] = &[
    key("allow", Kind::TextList, "Origins whose preflight is to be allowed."),
    key("refuse", Kind::TextList, "Origins whose preflight is to be refused."),
];
