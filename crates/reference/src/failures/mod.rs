//! The failure catalogue: every error that the sources can print, with what to do about it.
//!
//! Messages and hints are read from the sources; a message without a hint needs a cause below it, a line in an action's
//! README, or an entry in `told.txt`, else the test fails.

mod catalogue;
mod source;
mod texts;
mod told;

pub(crate) use catalogue::{Catalogue, document};
