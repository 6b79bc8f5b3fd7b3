//! What a release is made of: the tree that a tag points to, and the assets beside it.

pub(crate) mod assets;
pub(crate) mod build;
mod documents;
mod lock;
pub(crate) mod references;
pub(crate) mod tree;

/// The repository that users name.
pub(crate) const REPOSITORY: &str = "codex/actions";
