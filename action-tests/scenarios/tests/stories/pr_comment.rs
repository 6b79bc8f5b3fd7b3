//! Stories of `pr-comment`.
