//! Workers themselves: the list, one's presence at workers.dev, its schedules, its deletion.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::{Call, Error, Needs, Permission, Reader, Writer};
use crate::owner::{Owner, Verdict};
use crate::retry::Repeat;

/// There is no such Worker: on public routes, and on the one that wrangler asks first.
pub(super) const NO_WORKER: &[u32] = &[10007, 10090];

/// The account's plan allows no more schedules.
const SCHEDULES_USED_UP: u32 = 10072;

/// Whether schedules were refused because the account has as many as its plan allows.
pub fn schedules_used_up(error: &Error) -> bool {
    error.has(SCHEDULES_USED_UP)
}

/// A Worker as the account's list tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Worker {
    #[serde(rename = "id")]
    pub name: String,
    /// The last Durable Object migration that was applied.
    #[serde(default)]
    pub migration_tag: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub tags: Vec<String>,
    /// RFC 3339.
    #[serde(default)]
    pub created_on: String,
    /// RFC 3339.
    #[serde(default)]
    pub modified_on: String,
}

impl Worker {
    /// Whose it is, by its tags.
    pub fn verdict(&self, owner: &Owner) -> Verdict {
        owner.verdict_of(self.tags.iter().map(String::as_str))
    }
}

/// Whether a Worker answers at workers.dev.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct WorkersDev {
    pub enabled: bool,
    /// Whether each version answers at a URL of its own.
    #[serde(default)]
    pub previews_enabled: bool,
}

/// Settings of a Worker itself, which no version holds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct WorkerSettings {
    #[serde(deserialize_with = "nullable")]
    pub tags: Vec<String>,
    /// `observability`, `logpush`, `tail_consumers` and what else the API tells.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

pub(super) fn nullable<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Option::<Vec<String>>::deserialize(from).map(Option::unwrap_or_default)
}

fn nullable_values<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Value>, D::Error> {
    Option::<Vec<Value>>::deserialize(from).map(Option::unwrap_or_default)
}

impl Reader {
    /// `/accounts/<id>/workers/scripts/<worker>` and `rest`.
    pub(super) fn script_path(&self, worker: &str, rest: &str) -> String {
        self.account_path(&format!("/workers/scripts/{worker}{rest}"))
    }

    pub(super) fn workers_read(&self) -> Needs {
        Needs::account(Permission::WorkersScriptsRead, self.account())
    }

    pub(super) fn workers_edit(&self) -> Needs {
        Needs::account(Permission::WorkersScriptsEdit, self.account())
    }

    /// Every Worker of the account.
    pub async fn workers(&self) -> Result<Vec<Worker>, Error> {
        let call = Call::get(self.account_path("/workers/scripts"), "list the Workers of the account");
        self.ask(call.needs(self.workers_read())).await
    }

    /// Whether the Worker answers at workers.dev; `None` when there is no such Worker.
    pub async fn workers_dev(&self, worker: &str) -> Result<Option<WorkersDev>, Error> {
        let call = Call::get(
            self.script_path(worker, "/subdomain"),
            format!("read whether Worker `{worker}` answers at workers.dev"),
        );
        some(self.ask(call.needs(self.workers_read())).await)
    }

    /// The Worker's own settings; `None` when there is no such Worker.
    pub async fn settings(&self, worker: &str) -> Result<Option<WorkerSettings>, Error> {
        let call = Call::get(
            self.script_path(worker, "/script-settings"),
            format!("read the settings of Worker `{worker}`"),
        );
        some(self.ask(call.needs(self.workers_read())).await)
    }

    /// The ids of the KV namespaces that the Worker's newest version binds; none when there is no such Worker.
    ///
    /// # Errors
    /// Cloudflare refuses (contract sheet of Cloudflare, section 4).
    pub async fn kv_bindings(&self, worker: &str) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Settings {
            #[serde(default, deserialize_with = "nullable_values")]
            bindings: Vec<Value>,
        }
        let call = Call::get(
            self.script_path(worker, "/settings"),
            format!("read what Worker `{worker}` binds"),
        );
        let found: Result<Option<Settings>, Error> = some(self.ask(call.needs(self.workers_read())).await);
        let found = match found {
            // One that has no version yet binds nothing.
            Err(error) if error.is_refused_with(404) => None,
            found => found?,
        };
        let bindings = found.map(|found| found.bindings).unwrap_or_default();
        let ids = bindings
            .iter()
            .filter_map(|binding| binding.get("namespace_id")?.as_str());
        Ok(ids.map(str::to_owned).collect())
    }

    /// The names of the Worker's secrets; `None` when there is no such Worker.
    pub async fn secret_names(&self, worker: &str) -> Result<Option<Vec<String>>, Error> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let call = Call::get(
            self.script_path(worker, "/secrets"),
            format!("list the secrets of Worker `{worker}`"),
        );
        let found: Option<Vec<Named>> = some(self.ask(call.needs(self.workers_read())).await)?;
        Ok(found.map(|found| found.into_iter().map(|secret| secret.name).collect()))
    }

    /// The account's name at workers.dev; `None` when it has none yet.
    pub async fn workers_dev_name(&self) -> Result<Option<String>, Error> {
        #[derive(Deserialize)]
        struct Named {
            subdomain: Option<String>,
        }
        let call = Call::get(
            self.account_path("/workers/subdomain"),
            "read the account's name at workers.dev",
        );
        let named: Option<Named> = some(self.ask(call.needs(self.workers_read())).await)?;
        Ok(named.and_then(|named| named.subdomain).filter(|name| !name.is_empty()))
    }

    /// The cron expressions on which the Worker runs.
    pub async fn schedules(&self, worker: &str) -> Result<Vec<String>, Error> {
        let call = Call::get(
            self.script_path(worker, "/schedules"),
            format!("read the schedules of Worker `{worker}`"),
        );
        let found: Option<Schedules> = some(self.ask(call.needs(self.workers_read())).await)?;
        Ok(found.map(Schedules::expressions).unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct Schedules {
    schedules: Vec<Schedule>,
}

#[derive(Deserialize)]
struct Schedule {
    cron: String,
}

impl Schedules {
    fn expressions(self) -> Vec<String> {
        self.schedules.into_iter().map(|schedule| schedule.cron).collect()
    }
}

/// `None` for a refusal that says that there is no such Worker.
pub(super) fn some<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.has_any(NO_WORKER) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Writer {
    /// Lets the Worker answer at workers.dev, or no longer. Its versions' own URLs stay as they are. Returns how it
    /// stands then, when the answer tells it.
    pub async fn set_workers_dev(&self, worker: &str, enabled: bool) -> Result<Option<WorkersDev>, Error> {
        let reader = self.reader();
        let verb = if enabled { "on" } else { "off" };
        let call = Call::post(
            reader.script_path(worker, "/subdomain"),
            format!("switch workers.dev {verb} for Worker `{worker}`"),
        );
        let call = call.needs(reader.workers_edit()).repeat(Repeat::Safe).young();
        let answer: Value = self.ask(call.json(json!({ "enabled": enabled }))).await?;
        Ok(serde_json::from_value(answer).ok())
    }

    /// Says of both whether the Worker answers at workers.dev, and whether its versions have URLs of their own.
    pub async fn set_addresses(&self, worker: &str, at: WorkersDev) -> Result<(), Error> {
        let reader = self.reader();
        let call = Call::post(
            reader.script_path(worker, "/subdomain"),
            format!("switch workers.dev and the URLs of versions for Worker `{worker}`"),
        );
        let call = call.needs(reader.workers_edit()).repeat(Repeat::Safe).young();
        let body = json!({"enabled": at.enabled, "previews_enabled": at.previews_enabled});
        let _: IgnoredAny = self.ask(call.json(body)).await?;
        Ok(())
    }

    /// Changes settings that no version holds: `observability`, `logpush`, `tail_consumers`.
    pub async fn patch_settings(&self, worker: &str, settings: &Map<String, Value>) -> Result<(), Error> {
        let reader = self.reader();
        let call = Call::patch(
            reader.script_path(worker, "/script-settings"),
            format!("change the settings of Worker `{worker}`"),
        );
        let call = call.needs(reader.workers_edit()).young();
        let call = call.json(Value::Object(settings.clone()));
        let _: IgnoredAny = self.ask(call).await?;
        Ok(())
    }

    /// Makes these cron expressions all of the Worker's schedules.
    pub async fn set_schedules(&self, worker: &str, crons: &[String]) -> Result<(), Error> {
        let reader = self.reader();
        let call = Call::put(
            reader.script_path(worker, "/schedules"),
            format!("set the schedules of Worker `{worker}`"),
        );
        let body: Vec<Value> = crons.iter().map(|cron| json!({ "cron": cron })).collect();
        let call = call.needs(reader.workers_edit()).young();
        let _: IgnoredAny = self.ask(call.json(Value::Array(body))).await?;
        Ok(())
    }

    /// Deletes a Worker with all its versions; `false` when it was gone already. Detach its custom domains and routes
    /// first: whether Cloudflare does it is not documented. Without `force` it is refused (10142, 10064) while other
    /// Workers bind to it or it consumes a queue.
    pub async fn delete_worker(&self, worker: &str, force: bool) -> Result<bool, Error> {
        let reader = self.reader();
        let mut call = Call::delete(reader.script_path(worker, ""), format!("delete Worker `{worker}`"))
            .needs(reader.workers_edit());
        if force {
            call = call.query("force", "true");
        }
        self.remove(call, |error| error.has_any(NO_WORKER)).await
    }
}
