//! GitHub, Cloudflare and Neon as their clients see them: one process, one in-memory state, and an
//! edge that serves deployed Workers by host name. See README.md for flags, seeds and the admin API.

mod admin;
mod authority;
mod clock;
mod cloud;
mod cloudflare;
mod edge;
mod faults;
mod gate;
mod github;
mod ground;
mod ids;
mod lock;
mod log;
mod neon;
mod runtime;
mod server;
mod unknown;
mod wire;

pub use server::{Options, Running, start};
