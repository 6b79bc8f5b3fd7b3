//! Ids that look random and repeat in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use crate::text::hex;

/// Random-looking ids that come out the same in every run, so that a failure can be replayed.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    drawn: AtomicU64,
}

impl Ids {
    fn digest(&self) -> [u8; 32] {
        let n = self.drawn.fetch_add(1, Ordering::Relaxed);
        Sha256::digest(format!("local-cloud {n}").as_bytes()).into()
    }

    /// `length` (at most 64) lower-case hexadecimal digits.
    pub(crate) fn hex(&self, length: usize) -> String {
        let mut text = hex(&self.digest());
        text.truncate(length);
        text
    }

    /// A UUID, version 4 in form.
    pub(crate) fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.digest()[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// `length` (at most 32) lower-case letters and digits, as Neon's ids end.
    pub(crate) fn alphanumeric(&self, length: usize) -> String {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        self.digest()
            .iter()
            .take(length)
            .map(|b| char::from(ALPHABET[usize::from(*b) % ALPHABET.len()]))
            .collect()
    }

    /// A number below `below`, for picking words.
    pub(crate) fn pick(&self, below: usize) -> usize {
        usize::from(self.digest()[0]) % below.max(1)
    }

    pub(crate) fn reset(&self) {
        self.drawn.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_after_a_reset_and_differ_before() {
        let ids = Ids::default();
        let first = (ids.hex(32), ids.uuid(), ids.alphanumeric(8));
        assert_eq!(first.0.len(), 32);
        assert_eq!(first.1.as_bytes()[14], b'4');
        assert_eq!(first.2.len(), 8);
        assert_ne!(ids.hex(32), first.0);
        ids.reset();
        assert_eq!((ids.hex(32), ids.uuid(), ids.alphanumeric(8)), first);
    }
}
