//! Stories of `preview-dns`: verify.
