//! Who a resource belongs to: written into what we make, read back before we change or delete it.

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

/// The longest comment that a DNS record of a Free zone may carry, in characters (Cloudflare, error 9313).
const LONGEST_MARKER: usize = 100;
const PREFIX: &str = "codex-actions";

/// The environment of one project of one repository, and its pull request if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// `owner/name`.
    pub repository: String,
    pub project: String,
    pub environment: String,
    pub pull_request: Option<u64>,
}

impl Owner {
    /// One line of at most 100 characters that names the owner, such as `codex-actions:acme/app:codex:preview:42`.
    /// A repository and project that do not fit are replaced by a hash of both.
    pub fn marker(&self) -> String {
        let tail = self
            .pull_request
            .map_or_else(|| self.environment.clone(), |pr| format!("{}:{pr}", self.environment));
        let full = format!("{PREFIX}:{}:{}:{tail}", self.repository, self.project);
        if full.chars().count() <= LONGEST_MARKER {
            return full;
        }
        let hashed = format!(
            "{PREFIX}:~{}:{tail}",
            short_hash(&format!("{}:{}", self.repository, self.project), 16)
        );
        if hashed.chars().count() <= LONGEST_MARKER {
            hashed
        } else {
            format!("{PREFIX}:~{}", short_hash(&full, 32))
        }
    }

    /// Whether a comment or annotation is exactly this owner's.
    pub fn owns(&self, marker: &str) -> bool {
        marker.trim() == self.marker()
    }
}

/// Whether some environment of ours, whichever, wrote this marker.
pub fn is_marker(text: &str) -> bool {
    text.trim()
        .strip_prefix(PREFIX)
        .is_some_and(|rest| rest.starts_with(':'))
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.environment, self.repository)?;
        self.pull_request
            .map_or(Ok(()), |pr| write!(f, " (pull request #{pr})"))
    }
}

/// The first `digits` hexadecimal digits of the text's SHA-256.
pub fn short_hash(text: &str, digits: usize) -> String {
    hex(&Sha256::digest(text.as_bytes()), digits)
}

/// The first `digits` hexadecimal digits of some bytes.
pub fn hex(bytes: &[u8], digits: usize) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.truncate(digits);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(repository: &str, pull_request: u64) -> Owner {
        let (project, environment) = ("codex".to_owned(), "preview".to_owned());
        Owner {
            repository: repository.to_owned(),
            project,
            environment,
            pull_request: Some(pull_request),
        }
    }

    #[test]
    fn prefix_twins_are_strangers() {
        assert_eq!(owner("acme/app", 4).marker(), "codex-actions:acme/app:codex:preview:4");
        assert!(!owner("acme/app", 4).owns(&owner("acme/app", 42).marker()));
        assert!(!owner("acme/app", 4).owns(&owner("acme/apps", 4).marker()));
        assert!(is_marker(&owner("acme/app", 4).marker()));
    }

    #[test]
    fn a_long_name_still_fits_and_still_differs() {
        let long = |c: &str| owner(&format!("{}/{}", c.repeat(39), c.repeat(100)), 42).marker();
        assert!(long("a").chars().count() <= LONGEST_MARKER, "{}", long("a"));
        assert_ne!(long("a"), long("b"));
        assert!(long("a").ends_with(":preview:42"));
    }
}
