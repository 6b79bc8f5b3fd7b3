//! What GitHub knows, and the ground that it stands on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::Value;

use super::account::Token;
use super::envelope::Usage;
use super::model::{At, Repository};
use super::world;
use crate::ground::Ground;
use crate::lock::lock;

/// GitHub.
pub(crate) struct Github {
    pub(super) ground: Arc<Ground>,
    pub(crate) state: Mutex<State>,
}

impl Github {
    pub(crate) fn new(ground: Arc<Ground>) -> Self {
        Self {
            ground,
            state: Mutex::default(),
        }
    }

    /// Merges a seed into the state.
    pub(crate) fn seed(&self, document: &Value) -> anyhow::Result<()> {
        world::seed(&mut lock(&self.state), document, self.ground.clock.now())
    }

    pub(crate) fn reset(&self) {
        *lock(&self.state) = State::default();
    }
}

/// What GitHub knows.
#[derive(Debug, Serialize)]
pub(crate) struct State {
    pub(super) repositories: Vec<Repository>,
    pub(super) tokens: Vec<Token>,
    /// Requests per hour and token.
    pub(super) rate_limit: u64,
    /// By token.
    pub(super) usage: BTreeMap<String, Usage>,
    /// Creations per minute and token.
    pub(super) content_per_minute: usize,
    /// When something was created lately, by token, in seconds since 1970.
    pub(super) created: BTreeMap<String, Vec<i64>>,
    pub(super) next_id: u64,
}

impl Default for State {
    fn default() -> Self {
        world::default_world()
    }
}

impl State {
    /// What the token has used of the present hour.
    pub(super) fn usage(&mut self, token: &str, now: At) -> Usage {
        self.count(token, now, 0)
    }

    /// Adds to what the token has used.
    pub(super) fn count(&mut self, token: &str, now: At, more: u64) -> Usage {
        let usage = self.usage.entry(token.to_owned()).or_insert_with(|| Usage::fresh(now));
        if usage.reset <= now.epoch() {
            *usage = Usage::fresh(now);
        }
        usage.used += more;
        *usage
    }
}
