//! Stories of `cleanup`.
