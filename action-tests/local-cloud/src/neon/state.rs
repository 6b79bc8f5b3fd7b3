//! What Neon knows, what stands behind it, and the ground that it stands on.

use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::Value;

use super::at::At;
use super::door::Ctx;
use super::model::Project;
use super::physical::Physical;
use super::seed::{self, ApiKey};
use super::settings::Settings;
use super::world;
use crate::ground::Ground;
use crate::lock::lock;

/// Neon.
pub(crate) struct Neon {
    pub(super) ground: Arc<Ground>,
    pub(crate) state: Mutex<State>,
    /// The real databases behind the branches, and where they are reached.
    pub(super) physical: Physical,
}

impl Neon {
    /// `front` is the port of the front, where there is one.
    pub(crate) fn new(ground: Arc<Ground>, front: Option<u16>) -> anyhow::Result<Self> {
        Ok(Self {
            physical: Physical::new(ground.runtime.as_ref(), front)?,
            ground,
            state: Mutex::default(),
        })
    }

    /// Merges a seed into the state.
    pub(crate) fn seed(&self, document: &Value) -> anyhow::Result<()> {
        let mut guard = lock(&self.state);
        let State {
            settings,
            keys,
            projects,
        } = &mut *guard;
        // Decisions read the settings as they were; a seed changes them for what comes after.
        let before = settings.clone();
        let ctx = Ctx {
            now: At(self.ground.clock.now()),
            ids: &self.ground.ids,
            hosts: &self.physical.hosts,
            settings: &before,
        };
        seed::seed(&ctx, projects, keys, settings, document)
    }

    pub(crate) fn reset(&self) {
        *lock(&self.state) = State::default();
    }

    /// Brings what lies outside the state (databases, proxies, expired branches) in line with it. Called
    /// at the start and after each reset, seed and move of the clock.
    pub(crate) async fn settle(self: &Arc<Self>) -> anyhow::Result<()> {
        Physical::settle(self).await
    }
}

/// What Neon knows.
#[derive(Debug, Serialize)]
pub(crate) struct State {
    pub(super) settings: Settings,
    pub(super) keys: Vec<ApiKey>,
    pub(super) projects: Vec<Project>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            keys: Vec::new(),
            projects: world::default_projects(),
        }
    }
}
