//! Connection strings: masked when read, and never another branch's.

use std::net::IpAddr;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::api::Ask;
use super::error::Error;
use super::{Branch, Endpoint, Reader};
use crate::secret;

/// How to reach a branch's database. Each part was masked before it came here.
#[derive(Debug, Clone)]
pub struct Connection {
    /// To the compute itself: migrations, `LISTEN`, advisory locks.
    pub direct: SecretString,
    /// Through Neon's pooler (`PgBouncer`, transaction mode): many short connections.
    pub pooled: SecretString,
    pub password: SecretString,
    pub host: String,
    pub host_pooled: String,
    pub port: u16,
    pub role: String,
    pub database: String,
}

/// What a create tells about connections. The URI is the direct one.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Told {
    connection_uri: String,
    connection_parameters: Parameters,
}

#[derive(Debug, Clone, Deserialize)]
struct Parameters {
    database: String,
    role: String,
    pooler_host: String,
}

/// Whose connection is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub role: String,
    pub database: String,
}

impl Reader {
    /// The connection to this branch as `login`. The branch is always named in the request (without it, Neon answers
    /// with the default branch), and the answer's host must be a compute of the branch.
    pub async fn connection(&self, branch: &Branch, login: &Login) -> Result<Connection, Error> {
        let (endpoints, direct, pooled) = futures_util::try_join!(
            self.endpoints(&branch.id),
            self.uri(branch, login, false),
            self.uri(branch, login, true)
        )?;
        let (Some(direct), Some(pooled)) = (direct, pooled) else {
            return Err(if endpoints.iter().any(is_read_write) {
                self.no_such_database(branch, login).await
            } else {
                Error::NoEndpoint {
                    branch: branch.name.clone(),
                }
            });
        };
        check(&branch.name, &endpoints, direct, pooled)
    }

    /// The connection to a branch that was just made: Neon may not know all of it yet.
    pub async fn connection_of_new(&self, branch: &Branch, login: &Login) -> Result<Connection, Error> {
        let mut tries = self.api.young_tries();
        loop {
            match self.connection(branch, login).await {
                Err(error) if error.is_of_youth() && tries.pause().await => {
                    tracing::info!("{error}; branch `{}` is new, asking again", branch.name);
                }
                other => return other,
            }
        }
    }

    async fn uri(&self, branch: &Branch, login: &Login, pooled: bool) -> Result<Option<SecretString>, Error> {
        #[derive(Deserialize)]
        struct One {
            uri: String,
        }
        let ask = Ask::get("/connection_uri")
            .query("branch_id", &branch.id)
            .query("database_name", &login.database)
            .query("role_name", &login.role)
            .query("pooled", pooled.to_string());
        let found: Option<One> = self.api.find(&ask).await?;
        Ok(found.map(|one| secret::database_url(one.uri)))
    }

    /// The error for a role or database that the branch does not have, with those that it has.
    async fn no_such_database(&self, branch: &Branch, login: &Login) -> Error {
        match futures_util::try_join!(self.roles(branch), self.databases(branch)) {
            Ok((roles, databases)) => Error::NoSuchDatabase {
                branch: branch.name.clone(),
                wanted: format!("role `{}` with database `{}`", login.role, login.database),
                known: format!(
                    "the roles {} and the databases {}",
                    crate::text::quoted_list(&roles),
                    crate::text::quoted_list(&databases)
                ),
                young: lists(&roles, &login.role) && lists(&databases, &login.database),
            },
            Err(error) => error,
        }
    }
}

/// Whether a list does not speak against a name.
fn lists(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|listed| listed == name)
}

/// The connection that a create told, if it told this login's.
pub(super) fn of_create(
    branch: &str,
    told: &[Told],
    endpoints: &[Endpoint],
    login: &Login,
) -> Option<Result<Connection, Error>> {
    let told = told.iter().find(|told| {
        let parameters = &told.connection_parameters;
        parameters.role == login.role && parameters.database == login.database
    })?;
    let direct = secret::database_url(told.connection_uri.as_str());
    let pooled = match Parts::of(&direct) {
        Ok(parts) => {
            // The password is percent-encoded, so that the first `@` ends it.
            let (from, to) = (
                format!("@{}", parts.host),
                format!("@{}", told.connection_parameters.pooler_host),
            );
            secret::database_url(told.connection_uri.replacen(&from, &to, 1))
        }
        Err(error) => return Some(Err(error)),
    };
    Some(check(branch, endpoints, direct, pooled))
}

fn is_read_write(endpoint: &Endpoint) -> bool {
    endpoint.kind != "read_only"
}

/// Puts a connection together, if both hosts are the branch's own.
fn check(
    branch: &str,
    endpoints: &[Endpoint],
    direct: SecretString,
    pooled: SecretString,
) -> Result<Connection, Error> {
    let parts = Parts::of(&direct)?;
    let host_pooled = Parts::of(&pooled)?.host;
    let known: Vec<&Endpoint> = endpoints.iter().filter(|endpoint| is_read_write(endpoint)).collect();
    let foreign = |host: &str| Error::ForeignHost {
        branch: branch.to_owned(),
        host: host.to_owned(),
        known: known
            .iter()
            .map(|endpoint| format!("`{}`", endpoint.host))
            .collect::<Vec<_>>()
            .join(", "),
    };
    if known.is_empty() {
        return Err(Error::NoEndpoint {
            branch: branch.to_owned(),
        });
    }
    if !known.iter().any(|endpoint| endpoint.host == parts.host) {
        return Err(foreign(&parts.host));
    }
    if !known.iter().any(|endpoint| is_pooler_of(&host_pooled, &endpoint.host)) {
        return Err(foreign(&host_pooled));
    }
    Ok(Connection {
        password: secret::secret(parts.password),
        host: parts.host,
        host_pooled,
        port: parts.port,
        role: parts.role,
        database: parts.database,
        direct,
        pooled,
    })
}

/// Neon: the pooled host has `-pooler` behind the endpoint's id, its first label. Addresses (a local stand-in has
/// no names to give) cannot be told apart, so there the direct host must be enough.
fn is_pooler_of(pooled: &str, direct: &str) -> bool {
    if pooled.parse::<IpAddr>().is_ok() {
        return direct.parse::<IpAddr>().is_ok();
    }
    let (label, rest) = direct.split_once('.').unwrap_or((direct, ""));
    let (pooled_label, pooled_rest) = pooled.split_once('.').unwrap_or((pooled, ""));
    pooled_label.strip_suffix("-pooler") == Some(label) && pooled_rest == rest
}

struct Parts {
    host: String,
    port: u16,
    role: String,
    password: String,
    database: String,
}

impl Parts {
    fn of(uri: &SecretString) -> Result<Self, Error> {
        let bad = Error::BadConnectionString;
        let url = Url::parse(uri.expose_secret()).map_err(|_| bad("it is no URL"))?;
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(bad("it is not of `postgresql`"));
        }
        Ok(Self {
            host: url.host_str().ok_or(bad("it has no host"))?.to_owned(),
            port: url.port().unwrap_or(5432),
            role: decoded(url.username()),
            password: decoded(url.password().ok_or(bad("it has no password"))?),
            database: decoded(url.path().trim_start_matches('/')),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "ep-quiet-sun-a1b2c3d4.us-east-2.aws.neon.tech";
    const POOLER: &str = "ep-quiet-sun-a1b2c3d4-pooler.us-east-2.aws.neon.tech";

    fn endpoint(host: &str) -> Endpoint {
        Endpoint {
            id: "ep".to_owned(),
            branch_id: "br".to_owned(),
            host: host.to_owned(),
            kind: "read_write".to_owned(),
        }
    }

    fn told(host: &str) -> Told {
        Told {
            connection_uri: format!("postgresql://neondb_owner:p%40ss@{host}:6543/neondb?sslmode=require"),
            connection_parameters: Parameters {
                database: "neondb".to_owned(),
                role: "neondb_owner".to_owned(),
                pooler_host: POOLER.to_owned(),
            },
        }
    }

    fn login() -> Login {
        Login {
            role: "neondb_owner".to_owned(),
            database: "neondb".to_owned(),
        }
    }

    #[test]
    fn both_urls_come_from_a_create() {
        let connection = of_create("b", &[told(HOST)], &[endpoint(HOST)], &login())
            .unwrap()
            .unwrap();
        assert_eq!(
            (connection.host.as_str(), connection.host_pooled.as_str()),
            (HOST, POOLER)
        );
        assert_eq!((connection.port, connection.password.expose_secret()), (6543, "p@ss"));
        assert_eq!(
            connection.pooled.expose_secret(),
            format!("postgresql://neondb_owner:p%40ss@{POOLER}:6543/neondb?sslmode=require")
        );
        assert_eq!(secret::redact("p@ss p%40ss"), "*** ***");
        let other = Login {
            database: "other".to_owned(),
            ..login()
        };
        assert!(of_create("b", &[told(HOST)], &[endpoint(HOST)], &other).is_none());
    }

    #[test]
    fn another_branchs_host_is_refused() {
        let error = of_create(
            "preview",
            &[told("ep-production-1.us-east-2.aws.neon.tech")],
            &[endpoint(HOST)],
            &login(),
        )
        .unwrap()
        .unwrap_err();
        insta::assert_snapshot!(error, @"Neon answered with host `ep-production-1.us-east-2.aws.neon.tech`, which is not a compute of branch `preview`; its compute is `ep-quiet-sun-a1b2c3d4.us-east-2.aws.neon.tech`");
        assert!(!is_pooler_of("ep-production-1-pooler.us-east-2.aws.neon.tech", HOST));
        assert!(is_pooler_of("127.1.2.4", "127.1.2.3"));
        assert!(!is_pooler_of("127.1.2.4", HOST));
    }
}
