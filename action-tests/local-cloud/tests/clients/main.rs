//! Clients that nobody here wrote, against local-cloud: what proves that it is not shaped to our own.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where it cannot go on; clippy's own exception does not reach its helpers"
)]

mod admin;
mod cloudflare_api;
mod cloudflare_more;
mod cloudflare_sdk;
mod github_api;
mod github_comments;
mod github_deployments;
mod github_graphql;
mod github_more;
mod github_world;
mod http;
mod neon_api;
mod neon_resources;
mod neon_serverless;
mod neon_world;
mod neonctl;
mod npm;
mod postgres;
mod postgres_wire;
mod python;
mod sdks;
mod specs;
mod swap;
mod truth;
mod unmodelled;
mod workerd;
mod world;
mod wrangler;
mod wrangler_resources;
mod wrangler_versions;
