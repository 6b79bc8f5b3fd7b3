//! What a check has found: which kind, where, about what, and what to do.

use std::fmt;

use actions_core::text::listed;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Severity {
    /// Worth knowing.
    Note,
    /// It will hurt.
    Warning,
    /// It would fail.
    Error,
}

impl Severity {
    pub(crate) const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A kind of finding: stable name, and what documents say of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Stable: what `codex.toml` silences, SARIF's rule, the anchor in the documentation.
    pub(crate) name: &'static str,
    /// What it counts as.
    pub(crate) severity: Severity,
    /// What is looked at and found, one sentence.
    pub(crate) what: &'static str,
    /// What happens if nothing is done, with the vendor's rule behind it.
    pub(crate) why: &'static str,
    /// How to mend it.
    pub(crate) mend: &'static str,
}

/// Where in the repository: a file from the workspace, and line and column from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// With `/`, from the workspace.
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    /// The whole file.
    pub(crate) fn of_file(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: 1,
            column: 1,
        }
    }
}

/// The places of one cause: the first in the files' order, and what a sentence says of the others.
pub(crate) fn places(mut all: Vec<Place>) -> (Option<Place>, String) {
    all.sort();
    all.dedup();
    let mut all = all.into_iter();
    let first = all.next();
    let others: Vec<String> = all
        .map(|other| match &first {
            Some(first) if first.file == other.file => other.line.to_string(),
            _ => format!("{}:{}", other.file, other.line),
        })
        .collect();
    let also = match others.len() {
        0 => String::new(),
        1 => format!(" (also in line {})", others[0]),
        _ => format!(" (also in lines {})", listed(&others)),
    };
    (first, also)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) kind: &'static Kind,
    /// What it is about, stable from run to run: `services.api`, `CLOUDFLARE_API_TOKEN`, a workflow's path. A silence
    /// may name it behind the kind: `kind:subject`.
    pub(crate) subject: String,
    /// One sentence of what was seen, with the names and values that matter; never a secret.
    pub(crate) said: String,
    /// One sentence of what to do here.
    pub(crate) remedy: String,
    /// Absent where it lies in no file (tokens, secrets).
    pub(crate) place: Option<Place>,
}

impl Finding {
    pub(crate) fn new(
        kind: &'static Kind,
        subject: impl Into<String>,
        said: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            subject: subject.into(),
            said: said.into(),
            remedy: remedy.into(),
            place: None,
        }
    }

    #[must_use]
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}
