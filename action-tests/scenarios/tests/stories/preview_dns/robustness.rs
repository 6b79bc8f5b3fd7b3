//! Stories of `preview-dns`: robustness.
