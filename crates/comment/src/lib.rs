//! The one comment on a pull request that tells the state of its environment.
//!
//! - [`render`]: its text, from reports only.
//! - [`marker`]: which comment it is, and which run wrote it.
//! - [`plan`], [`apply`]: what to do with the pull request's comments, and doing it.
//! - [`refusal`]: why GitHub takes no comment.

pub mod apply;
pub mod marker;
pub mod plan;
pub mod refusal;
pub mod render;

/// GitHub takes 65,536 characters; the rest is room for what counts differently there.
pub const LONGEST_COMMENT: usize = 60_000;
