//! Every key of `codex.toml`: what it may hold and what it means. The checks, the JSON schema and the reference table
//! are all made from this one list.

mod service;

use self::service::SERVICE;
pub use self::service::{CHECK, LONE_CHECKS};

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
    key("preflight", Kind::Table(PREFLIGHT), "What `preflight` goes by."),
];

const PREFLIGHT: &[Key] = &[key(
    "silence",
    Kind::TextMap,
    "Findings that are meant so: the finding's name, or `name:subject` for one subject alone = the reason. They are counted and listed, and fail nothing.",
)];

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
    key(
        "front",
        Kind::Text,
        "The service that people open, by its key: the pull request's comment begins with it. Default: the one whose `health` is a page.",
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
        "How long a preview lives after its last deploy, such as `7d`; at most `30d`. Neon then deletes its database branch by itself, and the next sweep the rest.",
    ),
    key(
        "grace",
        Kind::Duration,
        "How long a new environment may answer wrongly before health-check gives up. Default: `10s`.",
    ),
    key(
        "limit",
        Kind::Number,
        "How many previews of this environment may be alive at once, counted by their database branches. What happens beyond it is `on-limit`.",
    ),
    key(
        "on-limit",
        Kind::OneOf(&["fail", "evict-oldest"]),
        "What happens beyond `limit`: with `fail`, the default, `neon-branch create` refuses. With `evict-oldest` it goes on, and the next sweep (`cleanup` with `command: sweep`) removes whole previews until the limit holds, the least recently deployed first.",
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
