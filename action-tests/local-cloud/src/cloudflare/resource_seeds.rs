//! Seeds of what Workers use beside KV: R2 buckets, D1 databases, queues, workflows. The format is in
//! the README.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::envelope::Refusal;
use super::model::{ACCOUNT, State};
use super::{d1, queues, r2, workflows};
use crate::cloudflare::shared::Cloudflare;

/// A bucket by its name, or with more.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum SeedBucket {
    Name(String),
    Bucket(BucketFields),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BucketFields {
    name: String,
    jurisdiction: Option<String>,
    account_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedDatabase {
    name: String,
    uuid: Option<String>,
    jurisdiction: Option<String>,
    account_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedQueue {
    name: String,
    id: Option<String>,
    #[serde(default)]
    consumers: Vec<SeedConsumer>,
    account_id: Option<String>,
}

/// A Worker that consumes a queue; it may be seeded later, or never.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedConsumer {
    script: String,
    dead_letter_queue: Option<String>,
    #[serde(default)]
    settings: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedWorkflow {
    name: String,
    class_name: String,
    script_name: String,
    account_id: Option<String>,
}

pub(super) fn bucket(state: &mut State, cloud: &Cloudflare, seed: SeedBucket) -> Result<(), Refusal> {
    let seed = match seed {
        SeedBucket::Bucket(fields) => fields,
        SeedBucket::Name(name) => BucketFields {
            name,
            ..BucketFields::default()
        },
    };
    let wanted = r2::Wanted {
        name: seed.name,
        location: None,
        storage_class: None,
    };
    let account = state.account_mut(seed.account_id.as_deref().unwrap_or(ACCOUNT))?;
    r2::add(account, cloud, wanted, seed.jurisdiction.as_deref())?;
    Ok(())
}

pub(super) fn database(state: &mut State, cloud: &Cloudflare, seed: SeedDatabase) -> Result<(), Refusal> {
    let wanted = d1::Wanted {
        name: seed.name,
        jurisdiction: seed.jurisdiction,
    };
    let account = state.account_mut(seed.account_id.as_deref().unwrap_or(ACCOUNT))?;
    d1::add(account, cloud, wanted, seed.uuid)?;
    Ok(())
}

pub(super) fn queue(state: &mut State, cloud: &Cloudflare, seed: SeedQueue) -> Result<(), Refusal> {
    let wanted = queues::Wanted {
        queue_name: Some(seed.name),
        ..queues::Wanted::default()
    };
    let account = state.account_mut(seed.account_id.as_deref().unwrap_or(ACCOUNT))?;
    let queue = queues::add(account, cloud, wanted, seed.id)?;
    for consumer in seed.consumers {
        let wanted = queues::WantedConsumer {
            script_name: Some(consumer.script),
            dead_letter_queue: consumer.dead_letter_queue,
            settings: consumer.settings,
            ..queues::WantedConsumer::default()
        };
        queues::add_consumer(queue, cloud, wanted)?;
    }
    Ok(())
}

pub(super) fn workflow(state: &mut State, cloud: &Cloudflare, seed: SeedWorkflow) -> Result<(), Refusal> {
    let wanted = workflows::Wanted {
        class_name: seed.class_name,
        script_name: seed.script_name,
        more: Map::new(),
    };
    let account = state.account_mut(seed.account_id.as_deref().unwrap_or(ACCOUNT))?;
    workflows::set(account, cloud, &seed.name, wanted)?;
    Ok(())
}
