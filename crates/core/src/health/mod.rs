//! When a service counts as healthy, and waiting until it does.
//!
//! [`probe`] asks once, [`judge`] decides without I/O what the outcome means, [`wait`] asks again until each target
//! is healthy, can never become so, or its time is over.

mod document;
mod expect;
mod judge;
mod probe;
mod schedule;
mod wait;

pub use document::{Document, Status};
pub use expect::{Expect, StatusSet, Version};
pub use judge::{Verdict, judge};
pub use probe::{Answer, Failure, Outcome, Prober};
pub use schedule::Schedule;
pub use wait::{Seen, State, Target, wait};
