//! Stories of `health-check`.
