//! Whose a thing is: written into what we make, read back before it is changed or deleted. The one verdict.
//!
//! Identity rests on the repository's number, which stays through renames and transfers, while another repository can
//! take an old name. The readable name stands beside it for people.

mod marker;

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

pub use self::marker::{BEGINNING, Marker, is_marker, read};

/// A repository: what it is called now, and the number that it keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repository {
    /// `GITHUB_REPOSITORY_ID`; absent outside GitHub Actions.
    pub id: Option<u64>,
    /// `owner/name`; empty when nobody said it.
    pub name: String,
}

impl Repository {
    /// Whether anything says which repository this is.
    pub fn is_known(&self) -> bool {
        self.id.is_some() || !self.name.is_empty()
    }

    /// Whether a repository that something names is this one: by number where both are known, else by name, which
    /// GitHub compares without case.
    pub fn is(&self, id: Option<u64>, name: &str) -> bool {
        match (self.id, id) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => !self.name.is_empty() && self.name.eq_ignore_ascii_case(name),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The environment of one project of one repository, and its pull request if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub repository: Repository,
    pub project: String,
    pub environment: String,
    pub pull_request: Option<u64>,
}

/// What a thing says of who made it. A provider makes this of what it reads; [`Owner::verdict`] judges it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// A marker of these actions.
    Marked(Marker),
    /// It begins as a marker of ours and cannot be read: of another version, or cut.
    Unreadable(String),
    /// Another maker's note of the repository that it was made for, such as the annotation of Neon's own action.
    Noted { repository: String },
}

impl Claim {
    /// The claim that a text makes: a tag, a comment.
    pub fn of(text: &str) -> Option<Self> {
        match read(text)? {
            Ok(marker) => Some(Self::Marked(marker)),
            Err(text) => Some(Self::Unreadable(text)),
        }
    }
}

/// Whose something is, as one owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It carries exactly this owner's marker.
    Ours,
    Foreign(Whose),
    /// Nothing on it tells. A name alone proves nothing.
    Unmarked,
}

impl Verdict {
    pub fn is_ours(&self) -> bool {
        *self == Self::Ours
    }

    /// Whose it is, when it is another's.
    pub fn foreign(&self) -> Option<&Whose> {
        match self {
            Self::Foreign(whose) => Some(whose),
            Self::Ours | Self::Unmarked => None,
        }
    }

    /// Of what leads to this thing or hangs on it: another's where any of it is another's, ours where any of it is.
    pub fn together(verdicts: impl IntoIterator<Item = Self>) -> Self {
        let mut found = Self::Unmarked;
        for verdict in verdicts {
            match verdict {
                Self::Foreign(_) => return verdict,
                Self::Ours => found = Self::Ours,
                Self::Unmarked => {}
            }
        }
        found
    }
}

/// Another owner, as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Another environment, or the same one for another pull request, of this repository.
    Environment(Marker),
    /// Another repository's.
    Repository(Marker),
    /// Another maker's, for another repository.
    Noted(String),
    /// Made by these actions, for nobody knows whom.
    Unknown(String),
}

impl Whose {
    /// Whether its things may have the owner's names: it is the same environment and pull request of a repository that is
    /// another, or was called otherwise; or its parts, joined, are the owner's, in whichever repository.
    pub fn is_namesake_of(&self, owner: &Owner) -> bool {
        match self {
            Self::Repository(marker) => marker.is_called_like(owner) || marker.joins_like(owner),
            Self::Environment(marker) => marker.joins_like(owner),
            Self::Unknown(_) | Self::Noted(_) => false,
        }
    }

    /// Whether it is the same environment of this repository, for another pull request.
    pub fn is_sibling_of(&self, owner: &Owner) -> bool {
        matches!(self, Self::Environment(marker) if marker.is_environment_of(owner))
    }

    /// Whether it is of the repository of the owner that was asked.
    pub fn is_of_this_repository(&self) -> bool {
        matches!(self, Self::Environment(_))
    }
}

/// As in "it belongs to …".
impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(marker) => write!(f, "{} in this repository", marker.title()),
            Self::Repository(marker) => write!(f, "{} in {}", marker.title(), marker.repository()),
            Self::Noted(repository) => write!(f, "{repository}"),
            Self::Unknown(text) => write!(f, "an environment that cannot be read from `{text}`"),
        }
    }
}

impl Owner {
    /// One line of at most 100 characters that names the owner, such as
    /// `codex-actions:1296269:acme/app:codex:preview:42`. See [`marker`](self::marker) for its parts.
    pub fn marker(&self) -> String {
        marker::write(self)
    }

    /// Whose a thing is by what it says: all its tags, its comment, its annotation. Two answers at once are a
    /// stranger's, as is one that cannot be read.
    pub fn verdict(&self, claims: impl IntoIterator<Item = Claim>) -> Verdict {
        Verdict::together(claims.into_iter().map(|claim| self.judge(claim)))
    }

    /// As [`Owner::verdict`], of texts of which any may be a marker.
    pub fn verdict_of<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Verdict {
        self.verdict(texts.into_iter().filter_map(Claim::of))
    }

    fn judge(&self, claim: Claim) -> Verdict {
        match claim {
            Claim::Marked(marker) if !marker.is_of(&self.repository) => Verdict::Foreign(Whose::Repository(marker)),
            Claim::Marked(marker) if marker.names(self) => Verdict::Ours,
            Claim::Marked(marker) => Verdict::Foreign(Whose::Environment(marker)),
            Claim::Unreadable(text) => Verdict::Foreign(Whose::Unknown(text)),
            Claim::Noted { repository } if self.repository.is(None, &repository) => Verdict::Unmarked,
            Claim::Noted { repository } => Verdict::Foreign(Whose::Noted(repository)),
        }
    }
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
mod tests;
