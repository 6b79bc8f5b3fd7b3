//! When a service counts as healthy, and waiting until it does.
//!
//! [`probe`] asks once, [`judge`] decides without I/O what the outcome means, [`wait`] asks again until each target
//! is healthy, can never become so, or its time is over.

mod checks;
mod connect;
mod document;
mod expect;
mod failure;
mod judge;
mod matcher;
mod probe;
mod resolve;
mod schedule;
mod tls;
mod wait;

pub use checks::{Check, Cors, WrongCheck, parse as parse_checks};
pub use document::{Document, Status};
pub use expect::{Expect, StatusSet, Version, VersionPlace};
pub use failure::{Failure, TlsFailure};
pub use judge::{Verdict, judge};
pub use matcher::Matcher;
pub use probe::{Answer, Outcome, Phases, Prober, Redirects, Request, Settings};
pub use resolve::{Override, Resolver};
pub use schedule::Schedule;
pub use wait::{Change, Seen, State, Target, wait};
