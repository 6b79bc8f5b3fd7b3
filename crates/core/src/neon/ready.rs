//! Whether a compute can be used: proven by a login, tried again while it may still come up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::error::Error;
use super::{Connection, login};
use crate::text::elapsed;
use crate::tls::{self, TlsFailure};

/// A compute wakes within seconds; the name of a new host may take some more to be known everywhere.
pub const USUAL_WAIT: Duration = Duration::from_mins(1);
/// What the server has decided (a password, a certificate) may be news that has not reached it yet; for so long only.
const NEWS: Duration = Duration::from_secs(10);
const SHORTEST_TRY: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Why nobody gets in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    #[error("its name has no address")]
    NoAddress,
    #[error("no answer to a connection within {}", elapsed(*.0))]
    Unanswered(Duration),
    #[error("nothing listens there")]
    Refused,
    #[error("the server speaks no TLS, which the connection string asks for")]
    NoTls,
    #[error("TLS failed: {}", certificate(.0))]
    Tls(TlsFailure),
    #[error("the connection string asks for no encryption on the way to another machine; the password was not sent")]
    Unencrypted,
    #[error("no answer to the login within {}: the compute does not wake", elapsed(*.0))]
    Asleep(Duration),
    #[error("the login was refused: {0}")]
    Password(String),
    #[error("{0}")]
    NoDatabase(String),
    #[error("Neon's proxy does not know the compute: {0}")]
    UnknownCompute(String),
    #[error("the compute is switched off: {0}")]
    Disabled(String),
    #[error("Neon lets nobody in: {0}")]
    Quota(String),
    /// Whatever else the server says.
    #[error("{0}")]
    Said(String),
    #[error("{0}")]
    Other(String),
}

fn certificate(failure: &TlsFailure) -> String {
    match failure {
        TlsFailure::NoCertificate(text) => text.clone(),
        TlsFailure::WrongName => "the certificate is for another host".to_owned(),
        TlsFailure::Expired => "the certificate has expired".to_owned(),
        TlsFailure::NotYetValid => "the certificate is not valid yet".to_owned(),
        TlsFailure::Revoked => "the certificate was revoked".to_owned(),
        TlsFailure::AuthorityAsServer => "the certificate is an authority's own, not a server's".to_owned(),
        TlsFailure::ClientCertificate => "the server wants a certificate from us".to_owned(),
        TlsFailure::PlainHttp => "what answers speaks no TLS".to_owned(),
        TlsFailure::Untrusted => "the certificate is signed by nobody whom this machine trusts".to_owned(),
    }
}

impl Obstacle {
    /// Whether it is decided, and not a matter of a compute that comes up.
    fn is_decided(&self) -> bool {
        matches!(
            self,
            Self::NoTls
                | Self::Tls(_)
                | Self::Unencrypted
                | Self::Password(_)
                | Self::NoDatabase(_)
                | Self::UnknownCompute(_)
                | Self::Disabled(_)
                | Self::Quota(_)
        )
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::NoAddress => "can this runner resolve Neon's names? `wait: false` skips the test of the connection",
            Self::Unanswered(_) | Self::Refused => {
                "does this runner reach Postgres' port out there? A firewall, or the project's IP Allow list, may be in \
                 the way; `wait: false` skips the test of the connection"
            }
            Self::NoTls | Self::Tls(_) => {
                "something between this runner and Neon ends TLS or answers in its place; on a runner of your own, are \
                 its CA certificates (`ca-certificates`) and its clock current?"
            }
            Self::Unencrypted => "let the connection string have `sslmode=require`",
            Self::Asleep(_) => {
                "look at the compute in Neon's console (its state, the plan's limit of active computes); a longer \
                 `wait`, such as `3m`, gives it more time"
            }
            Self::Password(_) => {
                "the role's password was changed meanwhile, or the role may not log in; run again, or reset the \
                 password in Neon's console"
            }
            Self::NoDatabase(_) => "set the input `database`, or `[database] name` in the manifest",
            Self::UnknownCompute(_) => "the compute was deleted or replaced meanwhile; run again",
            Self::Disabled(_) => "enable the compute in Neon's console, or delete the branch and run again",
            Self::Quota(_) => "the plan's allowance is used up: see the project's usage in Neon's console",
            Self::Said(_) | Self::Other(_) => "run again; `wait: false` skips the test of the connection",
        }
    }
}

/// Waits until somebody can log in at the branch's compute, for `longest`. Returns how long that took.
///
/// # Errors
/// [`Error::NotReachable`] with the last obstacle and how long was waited.
pub async fn wait_until_reachable(connection: &Connection, longest: Duration) -> Result<Duration, Error> {
    let began = Instant::now();
    let failed = |why| Error::NotReachable {
        host: connection.host.clone(),
        port: connection.port,
        waited: began.elapsed(),
        why,
    };
    let tls = tls::config(None).map_err(|error| failed(Obstacle::Other(format!("{error:#}"))))?;
    let tls = Arc::new(tls);
    let mut pause = FIRST_PAUSE;
    loop {
        let left = longest.saturating_sub(began.elapsed());
        let Err(why) = login::attempt(connection, &tls, left).await else {
            return Ok(began.elapsed());
        };
        let patience = if why.is_decided() { NEWS.min(longest) } else { longest };
        // A last try that is cut short would only hide what the one before has shown.
        if began.elapsed() + pause + SHORTEST_TRY >= patience {
            return Err(failed(why));
        }
        tracing::debug!("`{}` lets nobody in yet: {why}", connection.host);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
