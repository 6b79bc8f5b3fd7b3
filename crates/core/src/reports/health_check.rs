//! What `health-check` reports.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::Head;

/// `health-check`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct HealthCheck {
    #[serde(flatten)]
    pub head: Head,
    /// Every endpoint is healthy.
    pub healthy: bool,
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint and how it answered last.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Endpoint {
    /// The service's key, or the name that the user gave.
    pub name: String,
    pub url: String,
    pub state: Health,
    pub attempts: u32,
    pub seconds: f64,
    /// Why it is not healthy.
    pub detail: Option<String>,
    /// What is to be told of a healthy one.
    pub note: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// Of the last answer.
    pub phases: Option<Phases>,
    /// Whole days that the server's certificate is still valid, when that was asked for.
    pub certificate_days: Option<i64>,
    /// The health document's checks, such as `database: ok`.
    pub checks: IndexMap<String, String>,
    /// The Worker's version, when it told.
    pub version: Option<String>,
    /// How often each version answered, when one was expected.
    pub versions: IndexMap<String, u32>,
    /// The last answer's HTTP status.
    pub status: Option<u16>,
}

/// How long the parts of one request took, in milliseconds; absent where a used connection has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Phases {
    pub resolve: Option<u64>,
    pub connect: Option<u64>,
    pub tls: Option<u64>,
    pub first_byte: u64,
    pub total: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    Healthy,
    Unhealthy,
    Unreachable,
    #[default]
    #[serde(other)]
    Unknown,
}
