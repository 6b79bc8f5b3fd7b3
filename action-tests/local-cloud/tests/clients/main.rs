//! Clients that nobody here wrote, against local-cloud: what proves that it is not shaped to our own.

mod admin;
mod cloudflare_api;
mod cloudflare_sdk;
mod http;
mod npm;
mod workerd;
mod world;
mod wrangler;
mod wrangler_versions;
