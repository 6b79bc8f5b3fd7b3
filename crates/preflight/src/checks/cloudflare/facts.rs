//! What Cloudflare tells: one read for each permission that is needed, in two rounds. Nothing is written.

use std::collections::BTreeMap;

use actions_core::cloudflare::{
    Cause, Certificate, CustomDomain, D1Database, DnsRecord, Error, KvNamespace, Permission, Reader, Route,
    TokenStatus, Worker, Zone,
};
use actions_core::manifest::Routing;
use actions_core::runner::common::CloudflareAccess;
use futures_util::{StreamExt as _, stream};
use secrecy::ExposeSecret as _;

use super::needs::Need;
use super::resources::{Named, What};
use crate::checks::asking;
use crate::world::World;

/// A list, or why it was not read; `None` where nothing depends on it.
pub(super) type Read<T> = Option<Result<T, Error>>;

/// So many reads at once.
const AT_ONCE: usize = 8;

/// What was read.
pub(super) struct Facts {
    pub(super) account: String,
    /// The zone's id, where an input gives it.
    pub(super) zone_id: Option<String>,
    pub(super) reads_like: Shape,
    pub(super) token: Result<TokenStatus, Error>,
    /// The names of permission groups that the token has, where it may read that.
    pub(super) allowed: Option<Vec<String>>,
    pub(super) zone: Read<Zone>,
    /// The zone of this name in whichever account, where the given one has none.
    pub(super) elsewhere: Option<Zone>,
    pub(super) records: Read<Vec<DnsRecord>>,
    pub(super) routes: Read<Vec<Route>>,
    pub(super) domains: Read<Vec<CustomDomain>>,
    pub(super) certificates: Read<Vec<Certificate>>,
    pub(super) workers: Read<Vec<Worker>>,
    pub(super) workers_dev: Read<Option<String>>,
    pub(super) kv: Read<Vec<KvNamespace>>,
    pub(super) d1: Read<Vec<D1Database>>,
    pub(super) buckets: BTreeMap<String, Result<bool, Error>>,
}

/// What a token reads like: a hint for where it is refused, never a reason to refuse it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The key to everything of a user, which is no token.
    GlobalKey,
    /// An account's own, which no other account knows.
    OfAccount,
    Quoted,
    Usual,
}

impl Shape {
    /// Prefixes: Cloudflare's documentation of token formats. The older global key was 37 hexadecimal digits.
    pub(super) fn of(token: &str) -> Self {
        let old_key = token.len() == 37 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if old_key || token.starts_with("cfk_") {
            Self::GlobalKey
        } else if token.starts_with("cfat_") {
            Self::OfAccount
        } else if token.starts_with(['"', '\'']) {
            Self::Quoted
        } else {
            Self::Usual
        }
    }
}

impl Facts {
    /// Asks what is needed. With a token that is not alive, nothing more than that is asked.
    pub(super) async fn read(
        access: &CloudflareAccess,
        world: &World,
        needs: &[Need],
        named: &[Named],
    ) -> anyhow::Result<Self> {
        let reader = access
            .reader(actions_core::http::client()?)
            .with_patience(asking::patience());
        let zone_name = world
            .environments
            .iter()
            .map(|environment| environment.zone.as_str())
            .find(|zone| !zone.is_empty());
        let zone = async {
            match zone_name {
                Some(name) => Some(reader.zone(name, access.zone_id.as_deref()).await),
                None => None,
            }
        };
        let (token, zone) = tokio::join!(reader.verify_token(), zone);
        let mut facts = Self {
            account: access.account_id.clone(),
            zone_id: access.zone_id.clone(),
            reads_like: Shape::of(access.token.expose_secret()),
            token,
            allowed: None,
            zone,
            elsewhere: None,
            records: None,
            routes: None,
            domains: None,
            certificates: None,
            workers: None,
            workers_dev: None,
            kv: None,
            d1: None,
            buckets: BTreeMap::new(),
        };
        if !facts.is_dead() {
            Box::pin(facts.read_rest(&reader, access, world, needs, named)).await?;
        }
        Ok(facts)
    }

    /// Whether Cloudflare has said that the token is none, or serves no more: in its own words, with a code. A page of
    /// something that stands between (a firewall, a proxy) says nothing of the token.
    pub(super) fn is_dead(&self) -> bool {
        match &self.token {
            Ok(token) => !token.is_active(),
            Err(error) => {
                let status = error.status();
                error.is_its_own() && status.is_some_and(|status| (400..500).contains(&status) && status != 429)
            }
        }
    }

    /// Whether Cloudflare answered, and not with the one zone that is meant.
    pub(super) fn lacks_zone(&self) -> bool {
        matches!(&self.zone, Some(Err(error)) if matches!(error.cause, Cause::Unfit { .. }))
    }

    async fn read_rest(
        &mut self,
        reader: &Reader,
        access: &CloudflareAccess,
        world: &World,
        needs: &[Need],
        named: &[Named],
    ) -> anyhow::Result<()> {
        let needs = |permission: Permission| needs.iter().any(|need| need.permission.group() == permission.group());
        let wants = |what: What| named.iter().any(|named| named.what == what);
        let at_workers_dev = world
            .environments
            .iter()
            .any(|environment| environment.routing == Routing::WorkersDev);
        // With its id alone, the zone's lists can be read though the zone itself may not.
        let assumed = |id: &String| Zone::assumed("", id);
        let zone = match &self.zone {
            Some(Ok(zone)) => Some(zone.clone()),
            Some(Err(error)) if is_forbidden(error) => access.zone_id.as_ref().map(assumed),
            _ => None,
        };
        let zone = zone.as_ref();
        let certificates = needs(Permission::SslRead).then_some(zone).flatten();
        let records = needs(Permission::DnsRead).then_some(zone).flatten();
        let routes = needs(Permission::WorkersRoutesRead).then_some(zone).flatten();
        let mut buckets: Vec<&str> = named
            .iter()
            .filter(|named| named.what == What::Bucket)
            .map(|named| named.id.as_str())
            .collect();
        buckets.sort_unstable();
        buckets.dedup();
        let buckets = stream::iter(buckets)
            .map(|name| async move { (name.to_owned(), reader.has_r2_bucket(name).await) })
            .buffer_unordered(AT_ONCE)
            .collect::<BTreeMap<_, _>>();
        let allowed = async {
            let token = self.token.as_ref().ok()?;
            reader.token_permissions(token).await.ok().flatten()
        };
        let lists = async {
            tokio::join!(
                when(records, async |zone| reader.dns_records(zone).await),
                when(routes, async |zone| reader.routes(zone).await),
                when(zone.filter(|zone| !zone.name.is_empty()), async |zone| reader
                    .custom_domains(zone)
                    .await),
                when(certificates, async |zone| reader.certificates(zone).await),
            )
        };
        let kv = (needs(Permission::KvRead) || wants(What::Kv)).then_some(());
        let d1 = (needs(Permission::D1Read) || wants(What::D1)).then_some(());
        let of_account = async {
            tokio::join!(
                when(Some(()), async |()| reader.workers().await),
                when(at_workers_dev.then_some(()), async |()| reader.workers_dev_name().await),
                when(kv, async |()| reader.kv_namespaces().await),
                when(d1, async |()| reader.d1_databases().await),
            )
        };
        let elsewhere = self.look_elsewhere(access, world)?;
        let (lists, of_account, buckets, allowed, elsewhere) =
            tokio::join!(lists, of_account, buckets, allowed, elsewhere);
        (self.records, self.routes, self.domains, self.certificates) = lists;
        (self.workers, self.workers_dev, self.kv, self.d1) = of_account;
        (self.buckets, self.allowed, self.elsewhere) = (buckets, allowed, elsewhere);
        Ok(())
    }

    /// Where the account has no such zone: whether the token sees one in another account.
    fn look_elsewhere(
        &self,
        access: &CloudflareAccess,
        world: &World,
    ) -> anyhow::Result<impl Future<Output = Option<Zone>> + use<>> {
        let is_lacking = self.lacks_zone() && access.zone_id.is_none();
        let anywhere = CloudflareAccess {
            account_id: String::new(),
            ..access.clone()
        };
        let reader = anywhere
            .reader(actions_core::http::client()?)
            .with_patience(asking::patience());
        let name = world.environments.iter().map(|it| it.zone.clone());
        let name = name.into_iter().find(|zone| !zone.is_empty()).filter(|_| is_lacking);
        Ok(async move { reader.zone(&name?, None).await.ok() })
    }
}

/// A read that is made only where it is wanted, of what is wanted.
async fn when<T, R>(wanted: Option<T>, read: impl AsyncFnOnce(T) -> Result<R, Error>) -> Read<R> {
    match wanted {
        Some(wanted) => Some(read(wanted).await),
        None => None,
    }
}

/// Whether Cloudflare itself says that the token may not.
pub(super) fn is_forbidden(error: &Error) -> bool {
    error.is_forbidden() && error.is_its_own()
}
