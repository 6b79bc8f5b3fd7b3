//! One step of a workflow, as the runner plays it: stories, the demo and the benches start an action through this.
//!
//! What `with:` says reaches the binary by what the action's `action.yml` says as it stands, so an input that it does
//! not declare, or does not pass on, fails here and not at a user's. The same holds for outputs.
//!
//! Source of the rules: actions/runner (`ActionRunner.cs`, `FileCommandManager.cs`, `ActionCommandManager.cs`).

mod action_yml;
pub mod event;
mod expression;
mod files;
pub mod install;
mod job;
mod log;

pub use action_yml::{ActionYml, Input, Output};
pub use files::{Files, Left};
pub use job::{Job, Step, Way};
pub use log::{Annotation, Log};
