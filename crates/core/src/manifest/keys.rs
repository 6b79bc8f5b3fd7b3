//! Every key of `codex.toml`: what it may hold and what it means. The checks, the JSON schema and the reference table
//! are all made from this one list.

/// What a key may hold.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Text,
    Flag,
    /// A whole number, 0 or more.
    Number,
    /// A text such as `7d` or `90s`.
    Duration,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A list of texts.
    TextList,
    /// A table from name to text.
    TextMap,
    /// A table from name to what JSON can hold.
    ValueMap,
    /// A table with these keys.
    Table(&'static [Key]),
    /// A table of tables, named by the user, each with these keys.
    Tables(&'static [Key]),
    /// A list of tables, each with these keys.
    TableList(&'static [Key]),
    /// Whatever TOML can hold: checked where it is used.
    Any,
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
    /// One sentence for the reference and for editors.
    pub doc: &'static str,
}

const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        required: false,
        doc,
    }
}

const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        required: true,
        doc,
    }
}

/// The top level.
pub const MANIFEST: &[Key] = &[
    required("project", Kind::Table(PROJECT), "What all environments share."),
    key(
        "database",
        Kind::Table(DATABASE),
        "The Neon database that environments are copied from.",
    ),
    required(
        "environments",
        Kind::Tables(ENVIRONMENT),
        "The environments by name; `preview` is the pull requests'.",
    ),
    required("services", Kind::Tables(SERVICE), "The Workers by key."),
];

const PROJECT: &[Key] = &[
    required(
        "name",
        Kind::Text,
        "The project's name: part of KV titles and owner markers.",
    ),
    key(
        "zone",
        Kind::Text,
        "The Cloudflare zone that all hostnames are in, such as `example.com`. Needed unless every environment is at workers.dev.",
    ),
    key(
        "workers-dev",
        Kind::Text,
        "The account's name at workers.dev: `acme` of `api.acme.workers.dev`. `deploy-workers` asks Cloudflare for it; `health-check` cannot.",
    ),
    key(
        "url",
        Kind::Text,
        "Template of a service's URL. Default: `https://{hostname}`.",
    ),
    key(
        "build",
        Kind::Text,
        "The command that builds all services, run once in the manifest's folder before their own; it sees no token and no secret.",
    ),
    key(
        "parallel-builds",
        Kind::Flag,
        "Whether builds of services in one workspace (npm, pnpm, Yarn, Turborepo, Nx, Lerna, Rush) may run at the same time: they must not build a package that they share. Default: `false`.",
    ),
];

const DATABASE: &[Key] = &[
    required(
        "parent",
        Kind::Text,
        "The branch that previews are copied from, by name.",
    ),
    key(
        "role",
        Kind::Text,
        "The role of the connection string. Default: `neondb_owner`.",
    ),
    key("name", Kind::Text, "The database's name. Default: `neondb`."),
    key(
        "migrate",
        Kind::Text,
        "The command that migrates, run with `DATABASE_URL` set to the direct host.",
    ),
    key(
        "variables",
        Kind::TextList,
        "More variables that lead a tool to the database, such as `DIRECT_DATABASE_URL` or `PGHOST`: `neon-branch`'s `run` sets them to the copy.",
    ),
];

const ENVIRONMENT: &[Key] = &[
    key(
        "hostname",
        Kind::Text,
        "Template of a service's hostname, relative to the zone. Default: `{subdomain}`.",
    ),
    key(
        "worker",
        Kind::Text,
        "Template of a service's Worker name. Default: `{worker}`.",
    ),
    key(
        "branch",
        Kind::Text,
        "Template of the database branch; without it the environment uses `database.parent`.",
    ),
    key(
        "routing",
        Kind::OneOf(&["route", "custom-domain", "record", "workers-dev"]),
        "How hostnames reach Workers. With `custom-domain` a wildcard is a route, since it can be nothing else. With `workers-dev` each Worker answers at `<worker>.<account>.workers.dev`, and there are no hostnames. Default: `route`.",
    ),
    key(
        "wrangler-env",
        Kind::Text,
        "The environment of the wrangler configs to build. Default: their top level.",
    ),
    key(
        "expires",
        Kind::Duration,
        "How long a database branch lives after the last push, such as `7d`; at most `30d`.",
    ),
    key(
        "grace",
        Kind::Duration,
        "How long a new environment may answer wrongly before health-check gives up. Default: `10s`.",
    ),
    key(
        "limit",
        Kind::Number,
        "How many previews of this environment may be alive at once, counted by their database branches: beyond it, `neon-branch create` refuses.",
    ),
    key(
        "on-limit",
        Kind::OneOf(&["fail", "evict-oldest"]),
        "What happens beyond `limit`: `fail`, the default. `evict-oldest` is refused until whole previews are swept.",
    ),
    key(
        "secrets",
        Kind::TextMap,
        "Where secrets come from: the Worker's name for it = the variable of the step.",
    ),
    key(
        "step-vars",
        Kind::TextMap,
        "Where variables of `step-vars` come from: the Worker's name for it = the variable of the step.",
    ),
    key(
        "vars",
        Kind::ValueMap,
        "Variables of every Worker of the environment: texts, or values that reach the Worker as JSON. `{service.url}`, `{pr}` and the like are filled in; `{{x}}` is the text `{x}`.",
    ),
    key(
        "crons",
        Kind::Flag,
        "Whether Workers run on the schedules of their configuration. Default: not in an environment that is one per pull request.",
    ),
    key(
        "r2",
        Kind::TextMap,
        "R2 buckets of the environment: the binding (or `service.BINDING`) = the bucket's name; `{pr}` and the like are filled in.",
    ),
    key(
        "d1",
        Kind::TextMap,
        "D1 databases of the environment: the binding (or `service.BINDING`) = the database's name or id.",
    ),
    key(
        "shared",
        Kind::TextList,
        "What another environment, or every pull request, has as well and this one may use on purpose, by binding.",
    ),
    key(
        "wildcard",
        Kind::Flag,
        "One DNS record `*.<label>` for all hostnames, where they sit under one label and a certificate covers them.",
    ),
    key(
        "records",
        Kind::TableList(RECORD),
        "DNS records that the environment needs beside its hostnames'.",
    ),
    key(
        "services",
        Kind::Tables(HERE),
        "What this environment says of single services, by key.",
    ),
];

const HERE: &[Key] = &[
    key(
        "hostnames",
        Kind::TextList,
        "The service's hostnames in this environment, relative to the zone, in place of the template: the first is its URL. `@` is the zone itself, `*` all names that no other service has; `{pr}` and the like are filled in.",
    ),
    key(
        "wrangler-env",
        Kind::Text,
        "The environment of the service's wrangler config to build, in place of the environment's `wrangler-env`. An empty text is the top level.",
    ),
];

const RECORD: &[Key] = &[
    required(
        "name",
        Kind::Text,
        "Template of the record's name, relative to the zone; `@` is the zone itself.",
    ),
    required(
        "type",
        Kind::OneOf(&["A", "AAAA", "CNAME", "TXT"]),
        "The record's type.",
    ),
    required(
        "content",
        Kind::Text,
        "What it answers: an address, a target, or a text. `{service.hostname}` is filled in.",
    ),
    key(
        "proxied",
        Kind::Flag,
        "Whether Cloudflare answers in its place. Default: `false`.",
    ),
    key(
        "ttl",
        Kind::Duration,
        "How long resolvers may keep it, `60s` to `1d`. Default: `5m` in pull requests, else `1h`; proxied is automatic.",
    ),
];

const SERVICE: &[Key] = &[
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
        "Variables that the Worker is given from the step's `env`, by name, as secrets are; anybody may read them.",
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
