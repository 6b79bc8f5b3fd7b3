//! Stories of `preview-dns`: neighbours.
