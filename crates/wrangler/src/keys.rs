//! Every key of a wrangler configuration, and what becomes of it: the one list. What environments do not inherit, what
//! the README says, and what is told of keys that nobody knows come from here; tests hold it against wrangler's JSON
//! schema, so that a key that a newer wrangler brings cannot pass unseen.

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// It names something outside the Worker: another environment's is a conflict.
    Isolated,
    /// It reaches nothing outside the Worker, and is deployed as wrangler deploys it.
    Harmless,
    /// We change or ignore it, and a sentence in the log and the report says so.
    Told,
    /// The deployment ends with a sentence, before anything is touched.
    Refused,
}

/// Keys that share their fate.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Places in the configuration, with dots between; names in lists and maps are left out (`queues.consumers`).
    pub keys: &'static [&'static str],
    pub class: Class,
    /// Whether an environment takes them over from the top level. Meant for whole keys only.
    pub inherited: bool,
    /// What the README says.
    pub what: &'static str,
}

const fn row(class: Class, what: &'static str, keys: &'static [&'static str]) -> Row {
    Row {
        keys,
        class,
        inherited: true,
        what,
    }
}

/// Keys that each environment has to repeat (wrangler's documentation, "non-inheritable keys"; its schema says so of
/// most of them, its code of all).
const fn own(class: Class, what: &'static str, keys: &'static [&'static str]) -> Row {
    Row {
        keys,
        class,
        inherited: false,
        what,
    }
}

use Class::{Harmless, Isolated, Refused, Told};

/// All of them: wrangler 4.40 to 4.164.
pub const ROWS: &[Row] = &[
    row(
        Harmless,
        "the code, made by the project's own wrangler",
        &[
            "main",
            "rules",
            "alias",
            "minify",
            "keep_names",
            "tsconfig",
            "jsx_factory",
            "jsx_fragment",
            "no_bundle",
            "base_dir",
            "find_additional_modules",
            "preserve_file_names",
            "upload_source_maps",
            "python_modules",
            "wasm_modules",
            "text_blobs",
            "data_blobs",
        ],
    ),
    own(Harmless, "the code, made by the project's own wrangler", &["define"]),
    row(
        Harmless,
        "run once, before anything is uploaded, where there is no token",
        &["build"],
    ),
    row(
        Harmless,
        "uploaded as they are",
        &[
            "compatibility_date",
            "compatibility_flags",
            "limits",
            "placement",
            "cache",
            "assets",
            "keep_vars",
            "observability",
        ],
    ),
    row(
        Harmless,
        "not for a deployment",
        &[
            "$schema",
            "env",
            "legacy_env",
            "dev",
            "access",
            "send_metrics",
            "dependencies_instrumentation",
        ],
    ),
    own(Harmless, "not for a deployment", &["connect"]),
    own(
        Harmless,
        "uploaded; the manifest's `vars` win, and are to be of the same type",
        &["vars"],
    ),
    own(
        Harmless,
        "each is to have a value: from the manifest's `secrets`, or on the live Worker",
        &["secrets"],
    ),
    own(
        Harmless,
        "uploaded: they name nothing, and are the account's for every environment alike",
        &[
            "ai",
            "analytics",
            "browser",
            "images",
            "media",
            "stream",
            "send_email",
            "unsafe_hello_world",
            "version_metadata",
            "websearch",
            "worker_loaders",
        ],
    ),
    own(
        Isolated,
        "bound, where it is this environment's own; the manifest's `kv`, `r2` and `d1` give it one",
        &["kv_namespaces", "r2_buckets", "d1_databases"],
    ),
    own(
        Isolated,
        "bound, where it is this environment's own",
        &[
            "agent_memory",
            "ai_search",
            "ai_search_namespaces",
            "analytics_engine_datasets",
            "artifacts",
            "dispatch_namespaces",
            "flagship",
            "hyperdrive",
            "k2",
            "mtls_certificates",
            "pipelines",
            "queues",
            "ratelimits",
            "secrets_store_secrets",
            "vectorize",
            "vpc_networks",
            "vpc_services",
        ],
    ),
    row(Isolated, "bound, where it is this environment's own", &["logfwdr"]),
    own(
        Isolated,
        "pointed at the Worker of the same environment; a Worker that is no service of the manifest is a conflict",
        &[
            "services",
            "durable_objects",
            "tail_consumers",
            "streaming_tail_consumers",
        ],
    ),
    row(
        Isolated,
        "pointed at the Worker of the same environment; a Worker that is no service of the manifest is a conflict",
        &["dispatch_namespaces.outbound"],
    ),
    own(
        Isolated,
        "its bindings are uploaded as they are; one that another environment has, too, is a conflict",
        &["unsafe"],
    ),
    row(
        Harmless,
        "run once each with the upload; the plan names them, and what they delete",
        &["migrations"],
    ),
    row(
        Harmless,
        "uploaded by `PUT`, as wrangler does it, where they are Durable Objects; the plan names what they delete",
        &["exports"],
    ),
    row(
        Isolated,
        "only from and to a Worker of the same environment",
        &[
            "migrations.transferred_classes",
            "exports.transfer_from",
            "exports.transferred_to",
        ],
    ),
    row(
        Told,
        "left out where another environment sends its logs there, too, or where all pull requests would, unless `shared` names it",
        &[
            "logpush",
            "observability.logs.destinations",
            "observability.traces.destinations",
        ],
    ),
    row(Told, "the manifest names the Worker in each environment", &["name"]),
    row(
        Told,
        "not used: the manifest's hostnames are attached, and each one of the configuration's that is not is told",
        &["route", "routes"],
    ),
    row(
        Told,
        "as the configuration says, where an environment exists once; a preview is reached by its hostname only",
        &["workers_dev", "preview_urls"],
    ),
    row(
        Told,
        "set, where an environment exists once; a preview has none without `crons = true`",
        &["triggers"],
    ),
    row(
        Told,
        "not used: `environments` of the manifest are what previews are here",
        &["previews"],
    ),
    row(
        Told,
        "not used: the API's address is the input `cloudflare-api-url`",
        &["compliance_region"],
    ),
    row(
        Refused,
        "refused where it is another account than `cloudflare-account-id`",
        &["account_id"],
    ),
    row(
        Refused,
        "refused: a Pages project, which `wrangler deploy` refuses as well",
        &["pages_build_output_dir"],
    ),
    own(
        Refused,
        "refused by our own client; `uploader: wrangler` deploys them: one with a `name` of its own where no other environment has it, and not in previews",
        &["containers"],
    ),
    own(
        Refused,
        "refused by our own client; `uploader: wrangler` deploys them",
        &["cloudchamber"],
    ),
    row(
        Refused,
        "refused by our own client; `uploader: wrangler` deploys them",
        &["site", "first_party_worker", "unsafe.capnp"],
    ),
    own(
        Refused,
        "those of the Worker's own are refused by our own client; `uploader: wrangler` deploys them where no other environment has the same ones, and not in previews",
        &["workflows"],
    ),
    row(
        Refused,
        "refused by our own client; `uploader: wrangler` deploys them where no other environment has the same ones, and not in previews",
        &["queues.consumers", "addresses", "exports.name", "triggers.events"],
    ),
];

/// What is known of a whole key.
fn whole(key: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.keys.contains(&key))
}

/// Whether a key (not a place within one) is known here.
pub fn is_known(key: &str) -> bool {
    whole(key).is_some()
}

/// The known key that is nearest to one that is not.
pub fn meant(key: &str) -> Option<&'static str> {
    let all = ROWS.iter().flat_map(|row| row.keys).copied();
    actions_core::text::nearest(key, all.filter(|key| !key.contains('.')))
}

/// Whether an environment takes a key over from the top level. What nobody knows is taken over, as wrangler does it.
pub fn is_inherited(key: &str) -> bool {
    whole(key).is_none_or(|row| row.inherited)
}

/// The keys that each environment has to repeat.
pub fn not_inherited() -> impl Iterator<Item = &'static str> {
    let own = ROWS.iter().filter(|row| !row.inherited);
    own.flat_map(|row| row.keys).copied()
}

impl Class {
    const ALL: [Self; 4] = [Harmless, Isolated, Told, Refused];

    fn title(self) -> &'static str {
        match self {
            Harmless => "honoured",
            Isolated => "isolated",
            Told => "changed or ignored, and told",
            Refused => "refused",
        }
    }
}

/// The README's table.
pub fn table() -> String {
    let mut text = "| key | | what becomes of it |\n|---|---|---|\n".to_owned();
    for class in Class::ALL {
        // Keys of one fate stand together, whether environments inherit them or not.
        let mut fates: Vec<(&str, Vec<String>)> = Vec::new();
        for row in ROWS.iter().filter(|row| row.class == class) {
            let keys = row.keys.iter().map(|key| format!("`{key}`"));
            match fates.iter_mut().find(|(what, _)| *what == row.what) {
                Some((_, all)) => all.extend(keys),
                None => fates.push((row.what, keys.collect())),
            }
        }
        for (what, keys) in fates {
            text.push_str(&format!("| {} | {} | {what} |\n", keys.join(", "), class.title()));
        }
    }
    text
}

#[cfg(test)]
mod tests;
