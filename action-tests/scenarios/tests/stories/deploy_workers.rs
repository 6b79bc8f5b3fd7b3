//! Stories of `deploy-workers`.
