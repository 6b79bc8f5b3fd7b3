//! What can be found about Cloudflare.

use crate::finding::{Kind, Severity};

pub(super) static TOKEN_INVALID: Kind = Kind {
    name: "cloudflare-token-invalid",
    severity: Severity::Error,
    what: "Cloudflare does not know the API token that was given.",
    why: "It was deleted or rolled, was cut when it was copied, is another kind of key, or belongs to another account; every call is refused with 1000, 6003 or 10000.",
    mend: "Make an API token under API Tokens in the dashboard and store it alone, without quotes, as the secret `CLOUDFLARE_API_TOKEN`.",
};
pub(super) static TOKEN_INACTIVE: Kind = Kind {
    name: "cloudflare-token-inactive",
    severity: Severity::Error,
    what: "The API token is disabled, has expired, is not valid yet, or not from this machine's address.",
    why: "Cloudflare tells the token's state and its two dates when it is verified, and refuses everything else outside of them.",
    mend: "Enable the token or move its end under API Tokens in the dashboard, or make a new one.",
};
pub(super) static TOKEN_EXPIRES: Kind = Kind {
    name: "cloudflare-token-expires",
    severity: Severity::Warning,
    what: "The API token expires within fourteen days.",
    why: "From that moment each deployment fails, and so does each cleanup.",
    mend: "Roll the token or move its end under API Tokens in the dashboard, and store the new value before the old one ends.",
};
pub(super) static PERMISSION_MISSING: Kind = Kind {
    name: "cloudflare-permission-missing",
    severity: Severity::Error,
    what: "The API token lacks a permission that an action needs for an environment of the manifest.",
    why: "Cloudflare refuses the call with 10000 or 9109 without naming the permission, mostly in the middle of a deployment.",
    mend: "Add the permission to the token under API Tokens in the dashboard; its value stays the same. Where actions are given tokens of their own, run preflight once with each, and silence by its subject what the other one has.",
};
pub(super) static PERMISSION_HELPFUL: Kind = Kind {
    name: "cloudflare-permission-helpful",
    severity: Severity::Note,
    what: "The API token lacks a permission without which an action does its work and knows less.",
    why: "The action says in its log what it could not look at.",
    mend: "Add the permission to the token under API Tokens in the dashboard, or silence this.",
};
pub(super) static PERMISSION_UNPROVEN: Kind = Kind {
    name: "cloudflare-permission-unproven",
    severity: Severity::Note,
    what: "The API token may read what is to be changed; whether it may change it was not tried.",
    why: "Cloudflare tells what a token may do only to tokens that may read API tokens, and preflight writes nothing.",
    mend: "Compare the token with the list under API Tokens in the dashboard once, and silence this.",
};
pub(super) static ACCOUNT_UNSEEN: Kind = Kind {
    name: "cloudflare-account-unseen",
    severity: Severity::Error,
    what: "The API token may read nothing of the given account.",
    why: "The account's id is another's, or the token does not include the account: Cloudflare answers both with 10000.",
    mend: "Copy the account's id from the dashboard's overview, and let the token include the account.",
};
pub(super) static ZONE_UNSEEN: Kind = Kind {
    name: "cloudflare-zone-unseen",
    severity: Severity::Error,
    what: "The API token sees no zone with the name in the manifest.",
    why: "The name is written otherwise, the zone is in another account, or the token does not include it; without the zone there are no records and no routes.",
    mend: "Write the zone's name as the dashboard has it, and let the token include it under Zone Resources.",
};
pub(super) static ZONE_MISMATCH: Kind = Kind {
    name: "cloudflare-zone-mismatch",
    severity: Severity::Error,
    what: "The zone that was found is not the one that is meant: its id has another name, or it is in another account.",
    why: "A custom domain or a route joins a zone and a Worker of one account; with the id of another zone, records would be made where nobody looks for them.",
    mend: "Correct `cloudflare-zone-id`, or leave it out; give the account that the zone is in as `cloudflare-account-id`.",
};
pub(super) static ZONE_INACTIVE: Kind = Kind {
    name: "cloudflare-zone-inactive",
    severity: Severity::Error,
    what: "The zone is not active at Cloudflare, or is paused.",
    why: "Until its name servers are Cloudflare's, a zone is `pending` and nobody is sent to it; a paused one answers DNS only, so that no Worker runs.",
    mend: "Set the name servers at the registrar, or resume Cloudflare on the zone's overview page.",
};
pub(super) static HOSTNAME_TAKEN: Kind = Kind {
    name: "cloudflare-hostname-taken",
    severity: Severity::Error,
    what: "A hostname of an environment leads to a Worker that is none of the environment's.",
    why: "A route or custom domain of another Worker is never taken over: Cloudflare answers 100116 or 10020, and the action stops.",
    mend: "Detach the hostname from the other Worker, or give the environment other hostnames.",
};
pub(super) static RECORD_IN_THE_WAY: Kind = Kind {
    name: "cloudflare-record-in-the-way",
    severity: Severity::Error,
    what: "A DNS record that is not the environment's stands at one of its hostnames.",
    why: "Cloudflare attaches no custom domain to a name that has records of its own (100117), and what is marked as another's is not changed.",
    mend: "Delete the record under DNS in the dashboard, or give the environment other hostnames.",
};
pub(super) static RECORD_UNMARKED: Kind = Kind {
    name: "cloudflare-record-unmarked",
    severity: Severity::Warning,
    what: "A DNS record that carries no marker stands where an environment needs one of its own.",
    why: "`preview-dns` changes nothing that it did not make, unless it is told to adopt it.",
    mend: "Delete the record under DNS in the dashboard, or let `preview-dns` take it over once with `adopt: true`.",
};
pub(super) static HOSTNAME_UNCOVERED: Kind = Kind {
    name: "cloudflare-hostname-uncovered",
    severity: Severity::Warning,
    what: "No certificate of the zone covers a hostname that has a route.",
    why: "Universal SSL covers the zone and one label below it; browsers refuse a deeper name until there is an advanced certificate.",
    mend: "Make the hostname one label (`api-preview-{pr}` rather than `api.preview-{pr}`), order an advanced certificate, or use custom domains, which bring their own.",
};
pub(super) static KV_UNKNOWN: Kind = Kind {
    name: "cloudflare-kv-unknown",
    severity: Severity::Error,
    what: "A wrangler configuration names a KV namespace by an id that the account does not have.",
    why: "The upload is refused with 10041.",
    mend: "Correct the id, or list the binding in the service's `kv`, so that each environment gets a namespace of its own.",
};
pub(super) static D1_UNKNOWN: Kind = Kind {
    name: "cloudflare-d1-unknown",
    severity: Severity::Error,
    what: "A wrangler configuration or the manifest names a D1 database that the account does not have.",
    why: "The upload is refused with 10181.",
    mend: "Correct the id or name, or make the database with `npx wrangler d1 create`.",
};
pub(super) static BUCKET_UNKNOWN: Kind = Kind {
    name: "cloudflare-bucket-unknown",
    severity: Severity::Error,
    what: "A wrangler configuration or the manifest names an R2 bucket that the account does not have.",
    why: "The upload is refused with 10085.",
    mend: "Correct the name, or make the bucket with `npx wrangler r2 bucket create`.",
};
pub(super) static WORKERS_DEV_MISSING: Kind = Kind {
    name: "cloudflare-workers-dev-missing",
    severity: Severity::Error,
    what: "An environment is at workers.dev, and the account has no name there, or another one than the manifest says.",
    why: "Addresses are `<worker>.<name>.workers.dev`; without the name Cloudflare refuses to switch them on (10063).",
    mend: "Choose the name under Workers & Pages in the dashboard, and write it as `workers-dev` in `[project]` or leave that out.",
};
pub(super) static WORKER_FOREIGN: Kind = Kind {
    name: "cloudflare-worker-foreign",
    severity: Severity::Error,
    what: "A Worker with the name of one of an environment's exists and was deployed for somebody else.",
    why: "A Worker that carries another's marker is not deployed over.",
    mend: "Change `worker` in the manifest, or take the Worker over with `force-foreign: true`.",
};
pub(super) static ROOM_FEW: Kind = Kind {
    name: "cloudflare-room-few",
    severity: Severity::Warning,
    what: "An environment's `limit` is more than Cloudflare has room for.",
    why: "A zone has at most 100 custom domains and 1,000 routes, an account 1,000 KV namespaces; before `limit` is reached, and what `on-limit` says can happen, Cloudflare refuses the next one.",
    mend: "Set `limit` to what fits, give previews routes instead of custom domains, or fewer hostnames.",
};
pub(super) static NOT_READ: Kind = Kind {
    name: "cloudflare-not-read",
    severity: Severity::Warning,
    what: "Cloudflare could not be asked, or only in part.",
    why: "What was not read was not judged: this run says nothing of it, good or bad, and a deployment that asks the same may fail.",
    mend: "Run again; where it stays so, see www.cloudflarestatus.com, and the runner's network.",
};

pub(super) const ALL: &[&Kind] = &[
    &TOKEN_INVALID,
    &TOKEN_INACTIVE,
    &TOKEN_EXPIRES,
    &PERMISSION_MISSING,
    &PERMISSION_HELPFUL,
    &PERMISSION_UNPROVEN,
    &ACCOUNT_UNSEEN,
    &ZONE_UNSEEN,
    &ZONE_MISMATCH,
    &ZONE_INACTIVE,
    &HOSTNAME_TAKEN,
    &RECORD_IN_THE_WAY,
    &RECORD_UNMARKED,
    &HOSTNAME_UNCOVERED,
    &KV_UNKNOWN,
    &D1_UNKNOWN,
    &BUCKET_UNKNOWN,
    &WORKERS_DEV_MISSING,
    &WORKER_FOREIGN,
    &ROOM_FEW,
    &NOT_READ,
];
