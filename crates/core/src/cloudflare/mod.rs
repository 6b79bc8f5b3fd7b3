//! Cloudflare: zones, DNS records, tokens, and what Workers need.
//!
//! A [`Reader`] can only look. A [`Writer`] can only be made from a reader, so a plan (which holds a reader) and a
//! dry run (which never makes a writer) cannot change anything. Each file holds one group of intents; all of them go
//! through [`client`], which retries, reads the envelope and turns every refusal into an [`Error`] with a remedy.

pub mod assets;
pub mod certificates;
mod client;
pub mod d1;
pub mod dependents;
pub mod dns;
mod dns_changes;
pub mod domains;
mod envelope;
mod error;
pub mod kv;
mod needs;
mod pages;
pub mod r2;
pub mod routes;
pub mod stand_in;
pub mod tokens;
mod upload;
pub mod versions;
mod window;
pub mod workers;
pub mod zones;

pub use assets::Asset;
pub use certificates::Certificate;
pub use client::{API, Reader, Writer};
pub use d1::D1Database;
pub use dns::{Batch, DnsRecord, NewRecord};
pub use dns_changes::{Carried, DnsChange};
pub use domains::{Beside, CustomDomain};
pub use error::{Cause, Code, Error, Refusal};
pub use kv::KvNamespace;
pub use needs::{Needs, Permission};
pub use routes::{Attached, Route};
pub use tokens::TokenStatus;
pub use upload::{Module, Upload};
pub use versions::{Deployment, Share, Version};
pub use workers::{Worker, WorkerSettings, WorkersDev};
pub use zones::Zone;

pub(crate) use client::{Body, Call};
