//! Stories of `preview-dns`: waiting.
