//! Stories of `preview-dns`.
