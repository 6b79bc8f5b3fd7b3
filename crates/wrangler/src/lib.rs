//! The project's own wrangler as a bundler, its configuration files, and what a project of them comes to in one
//! environment: see [`project`].
//!
//! wrangler builds and translates; it never meets a token, and it never deploys: see [`bundle`]. Unless it is asked to,
//! for what our own client does not do: see [`uploader`].

pub mod assets;
mod bundle;
pub mod bundles;
mod child;
mod config;
mod content_type;
mod form;
mod handed;
pub mod keys;
mod output;
mod parse;
mod prebuilt;
pub mod project;
mod resource;
pub mod routes;
mod tool;
pub mod uploader;
mod visible;

pub use assets::Files;
pub use bundle::Bundle;
pub use child::Sandbox;
pub use config::{Config, Settings};
pub use content_type::extensions as asset_extensions;
pub use form::Form;
pub use output::Failed;
pub use parse::JSONC;
pub use resource::{Leads, Resource, ResourceKind};
pub use tool::{Node, Tool, Version};
