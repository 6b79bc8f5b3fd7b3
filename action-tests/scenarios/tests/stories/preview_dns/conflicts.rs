//! Stories of `preview-dns`: conflicts.
