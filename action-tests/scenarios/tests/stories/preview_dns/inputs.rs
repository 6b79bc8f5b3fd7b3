//! Stories of `preview-dns`: inputs.
