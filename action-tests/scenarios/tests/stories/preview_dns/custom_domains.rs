//! Stories of `preview-dns`: custom_domains.
