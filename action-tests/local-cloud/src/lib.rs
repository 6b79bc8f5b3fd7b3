//! GitHub, Cloudflare and Neon as their clients see them: one process, one in-memory state, and an
//! edge that serves deployed Workers by host name. See README.md for flags, seeds and the admin API.

mod admin;
mod authority;
mod clock;
mod cloud;
mod cloudflare;
mod edge;
mod face;
mod faults;
mod gate;
mod github;
mod ground;
mod ids;
mod lock;
mod log;
mod neon;
mod operations;
mod runtime;
mod server;
mod text;
mod traffic;
mod unknown;
mod wire;

pub use operations::Operation;
pub use server::{Options, Running, start};
pub use traffic::VARIABLE as TRAFFIC_VARIABLE;
