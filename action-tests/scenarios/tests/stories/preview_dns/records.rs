//! Stories of `preview-dns`: records.
