//! The one comment on a pull request that tells the state of its environment.
//!
//! - [`render`]: its text, from reports only.
//! - [`marker`]: which comment it is.
//! - [`document`]: its sections, and which run wrote each.
//! - [`plan`], [`apply`]: what to do with the pull request's comments, and doing it.
//! - [`refusal`]: why GitHub takes no comment.

pub mod apply;
pub mod document;
pub mod marker;
pub mod plan;
pub mod refusal;
pub mod render;
