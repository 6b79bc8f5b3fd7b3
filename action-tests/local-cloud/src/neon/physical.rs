//! What lies outside the state when databases are real: the databases and roles of the runtime's
//! Postgres, and the addresses on which computes listen. The state says what should be; `settle` makes
//! it so.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use tokio::sync::{Mutex as AsyncMutex, watch};

use super::door::enter;
use super::hosts::{Hosts, Loopback};
use super::model::{Origin, Project};
use super::operation::Presence;
use super::proxy::Door;
use crate::lock::lock;
use crate::neon::state::Neon;
use crate::runtime::Runtime;

/// Empties every table and starts the sequences again: a schema-only branch.
const EMPTY_ALL_TABLES: &str = "
DO $$ DECLARE names text; BEGIN
  SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO names
    FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema');
  IF names IS NOT NULL THEN EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY CASCADE'; END IF;
END $$";

/// The real databases, roles and listeners, and what is known of them.
pub(crate) struct Physical {
    pub(super) hosts: Hosts,
    known: Mutex<Known>,
    /// Whether there are databases at all.
    is_real: bool,
    doors: Mutex<BTreeMap<u32, Door>>,
    /// Of every compute that may be connected to, as last seen: sessions end when it moves on.
    pub(super) kicks: watch::Sender<BTreeMap<u32, u64>>,
    /// Held while the world is brought in line.
    turn: AsyncMutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    present: BTreeSet<String>,
    failed: BTreeMap<String, String>,
    roles: BTreeSet<String>,
}

/// What the state says should be.
struct Wanted {
    databases: Vec<(String, Origin)>,
    roles: BTreeSet<String>,
    /// Number and kicks of every compute that may be connected to.
    endpoints: BTreeMap<u32, u64>,
}

impl Wanted {
    fn of(projects: &[Project]) -> Self {
        let branches = || projects.iter().flat_map(|project| &project.branches);
        let mut databases = Vec::new();
        for database in branches().flat_map(|branch| &branch.databases) {
            databases.push((database.physical.clone(), database.origin.clone()));
            for past in &database.past {
                databases.push((past.physical.clone(), Origin::CopyOf(database.physical.clone())));
            }
        }
        Self {
            databases,
            roles: branches()
                .flat_map(|branch| &branch.roles)
                .map(|role| role.name.clone())
                .collect(),
            endpoints: projects
                .iter()
                .flat_map(|project| &project.endpoints)
                .filter(|endpoint| !endpoint.disabled)
                .map(|endpoint| (endpoint.number, endpoint.kicks))
                .collect(),
        }
    }
}

impl Physical {
    /// With real databases, takes a range of loopback addresses for this process.
    pub(crate) fn new(runtime: Option<&Runtime>, front: Option<u16>) -> anyhow::Result<Self> {
        let hosts = match (runtime, front) {
            (_, Some(port)) => Hosts::Named(port),
            (Some(_), None) => Hosts::Loopback(Loopback::claim()?),
            (None, None) => Hosts::Neon,
        };
        let owner = runtime.map(|runtime| runtime.postgres.user.clone());
        Ok(Self {
            hosts,
            known: Mutex::new(Known {
                roles: owner.into_iter().collect(),
                ..Known::default()
            }),
            is_real: runtime.is_some(),
            doors: Mutex::default(),
            kicks: watch::Sender::default(),
            turn: AsyncMutex::new(()),
        })
    }

    /// Whether a real database is there; without the runtime all of them are, as far as anyone asks.
    pub(super) fn presence(&self, database: &str) -> Presence {
        if !self.is_real {
            return Presence::Present;
        }
        let known = lock(&self.known);
        if known.present.contains(database) {
            Presence::Present
        } else if let Some(error) = known.failed.get(database) {
            Presence::Failed(error.clone())
        } else {
            Presence::Absent
        }
    }

    /// Starts to bring the world in line, after a mutation.
    pub(super) fn catch_up(cloud: &Arc<Neon>) {
        if cloud.ground.runtime.is_none() {
            return;
        }
        let cloud = cloud.clone();
        tokio::spawn(async move {
            if let Err(error) = Self::settle(&cloud).await {
                // Nobody waits for this: operations tell what failed, stderr tells the rest.
                let _ = writeln!(std::io::stderr(), "local-cloud: {error:#}");
            }
        });
    }

    /// Brings databases, roles and listeners in line with the state.
    pub(super) async fn settle(cloud: &Arc<Neon>) -> anyhow::Result<()> {
        let physical = &cloud.physical;
        let _turn = physical.turn.lock().await;
        let wanted = enter(cloud, |_, projects| Wanted::of(projects));
        let Some(runtime) = &cloud.ground.runtime else {
            return Ok(());
        };
        // Sessions and listeners first: a database can only go when nobody is connected to it any more.
        physical.kicks.send_replace(wanted.endpoints.clone());
        lock(&physical.doors).retain(|number, _| wanted.endpoints.contains_key(number));
        if let Hosts::Loopback(range) = &physical.hosts {
            // A client that comes before its branch's database waits for it.
            for number in wanted.endpoints.keys() {
                if !lock(&physical.doors).contains_key(number) {
                    let door = Door::open(cloud, *number, range.addresses(*number)).await?;
                    lock(&physical.doors).insert(*number, door);
                }
            }
        }
        let mut first_error = Ok(());
        for (name, origin) in physical.missing(&wanted) {
            let made = physical.create(runtime, &name, &origin).await;
            first_error = first_error.and(made);
        }
        physical.create_roles(runtime, &wanted).await?;
        physical.drop_unwanted(runtime, &wanted).await?;
        first_error
    }

    /// The databases that are not there yet, each after the one that it is copied from.
    fn missing(&self, wanted: &Wanted) -> Vec<(String, Origin)> {
        let known = lock(&self.known);
        let is_new = |name: &String| !known.present.contains(name) && !known.failed.contains_key(name);
        let (mut ordered, mut rest): (Vec<(String, Origin)>, Vec<_>) = (Vec::new(), Vec::new());
        rest.extend(wanted.databases.iter().filter(|(name, _)| is_new(name)).cloned());
        while !rest.is_empty() {
            let waits = |origin: &Origin, rest: &[(String, Origin)]| match origin {
                Origin::Empty => false,
                Origin::CopyOf(source) | Origin::SchemaOf(source) => rest.iter().any(|(name, _)| name == source),
            };
            let (later, next): (Vec<_>, Vec<_>) = rest.iter().cloned().partition(|(_, origin)| waits(origin, &rest));
            if next.is_empty() {
                // A circle cannot come about; were there one, the server would say so.
                ordered.extend(later);
                break;
            }
            ordered.extend(next);
            rest = later;
        }
        ordered
    }

    async fn create(&self, runtime: &Runtime, name: &str, origin: &Origin) -> anyhow::Result<()> {
        let made = match origin {
            Origin::Empty => runtime.create_database(name, None).await,
            Origin::CopyOf(template) => runtime.create_database(name, Some(template)).await,
            Origin::SchemaOf(template) => match runtime.create_database(name, Some(template)).await {
                Ok(()) => runtime.query(name, EMPTY_ALL_TABLES).await.map(drop),
                Err(error) => Err(error),
            },
        };
        let mut known = lock(&self.known);
        match &made {
            Ok(()) => known.present.insert(name.to_owned()),
            Err(error) => known.failed.insert(name.to_owned(), format!("{error:#}")).is_none(),
        };
        made.with_context(|| format!("could not create database `{name}`"))
    }

    /// Roles belong to the whole server, their passwords to a branch (the proxy checks those): every
    /// role logs in to the server with the same password.
    async fn create_roles(&self, runtime: &Runtime, wanted: &Wanted) -> anyhow::Result<()> {
        for name in &wanted.roles {
            if lock(&self.known).roles.contains(name) {
                continue;
            }
            let sql = format!(
                "CREATE ROLE \"{}\" LOGIN PASSWORD '{}'",
                name.replace('"', "\"\""),
                runtime.postgres.password.replace('\'', "''")
            );
            runtime
                .query("postgres", &sql)
                .await
                .with_context(|| format!("could not create role `{name}`"))?;
            lock(&self.known).roles.insert(name.clone());
        }
        Ok(())
    }

    async fn drop_unwanted(&self, runtime: &Runtime, wanted: &Wanted) -> anyhow::Result<()> {
        let keep: BTreeSet<&String> = wanted.databases.iter().map(|(name, _)| name).collect();
        let gone: Vec<String> = lock(&self.known)
            .present
            .iter()
            .filter(|name| !keep.contains(name))
            .cloned()
            .collect();
        for name in gone {
            runtime
                .drop_database(&name)
                .await
                .with_context(|| format!("could not drop database `{name}`"))?;
            lock(&self.known).present.remove(&name);
        }
        Ok(())
    }
}
