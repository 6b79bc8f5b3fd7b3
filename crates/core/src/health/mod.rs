//! When a service counts as healthy, and waiting until it does.
//!
//! [`probe`] asks once, [`judge`] decides without I/O what the outcome means, [`wait`] asks again until each target
//! is healthy, can never become so, or its time is over.

mod body;
mod checks;
mod connect;
mod cookies;
mod document;
mod expect;
mod failure;
mod judge;
mod line;
mod matcher;
mod probe;
mod resolve;
mod schedule;
mod steps;
mod target;
mod tls;
mod wait;

pub use checks::{Check, Cors, WrongCheck, not_to_send, parse as parse_checks, reading, warn};
pub use document::{Document, Meaning, Reading};
pub use expect::{Expect, StatusSet, Version, VersionPlace, Warn};
pub use failure::{Failure, TlsFailure};
pub use judge::{Reason, Verdict, can_be_a_version_id, judge, tells, told};
pub use matcher::Matcher;
pub use probe::{Answer, Outcome, Phases, Prober, Redirects, Request, Settings};
pub use resolve::{Override, Resolver};
pub use schedule::Schedule;
pub use steps::Sequence;
pub use target::{Change, Seen, State, Target};
pub use wait::{wait, wait_until};
