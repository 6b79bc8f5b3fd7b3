//! What every handler is given: the state and the ground.

use std::sync::{Arc, Mutex};

use super::model::State;
use crate::ground::Ground;
use crate::lock::lock;

/// Cloudflare.
pub(crate) struct Cloudflare {
    pub(crate) ground: Arc<Ground>,
    pub(crate) state: Mutex<State>,
}

/// State of every handler.
pub(super) type Shared = Arc<Cloudflare>;
/// A query as pairs in order, since some keys hold dots and some may repeat.
pub(super) type Query = axum::extract::Query<Vec<(String, String)>>;

impl Cloudflare {
    pub(crate) fn new(ground: Arc<Ground>) -> Self {
        Self {
            ground,
            state: Mutex::default(),
        }
    }

    pub(crate) fn reset(&self) {
        lock(&self.state).reset();
    }
}

#[cfg(test)]
impl Default for Cloudflare {
    fn default() -> Self {
        Self::new(Arc::default())
    }
}
