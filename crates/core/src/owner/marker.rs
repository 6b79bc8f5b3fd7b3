//! The marker: `codex-actions:<repository's number>:<owner/name>:<project>:<environment>[:<pull request>]`.
//!
//! Five or six parts between colons, which no part holds (`:`, `%`, `~`, `,` and blanks travel percent-encoded). A number
//! that nobody told is `-`. What does not fit into 100 characters is shortened, the name that is there for people first:
//! a cut name ends in `~`, a hash stands for a whole part behind `~`. The number, the environment and the pull request
//! stay readable.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::{Owner, Repository, short_hash};

/// The longest comment that a DNS record of a Free zone may carry, in characters (Cloudflare, error 9313).
pub(super) const LONGEST: usize = 100;
const PREFIX: &str = "codex-actions";
/// How every marker begins: what a list can be asked for.
pub const BEGINNING: &str = "codex-actions:";
/// Stands for a number that is not known.
const NONE: &str = "-";
/// Marks what was cut (behind it) or hashed (before it).
const CUT: char = '~';
/// So much of a name is enough for a person.
const READABLE: usize = 12;
/// Digits of a hash that stands for a part.
const HASH: usize = 12;
/// What would be taken for something else in a marker, in a list of tags, or in a comment.
const ESCAPED: &AsciiSet = &CONTROLS.add(b':').add(b'%').add(b'~').add(b',').add(b' ');

/// A marker, read back. Each part as it was written: it may be shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    id: Option<u64>,
    repository: String,
    project: String,
    environment: String,
    pub pull_request: Option<u64>,
}

/// A part of a marker as a person is shown it.
fn shown(part: &str) -> String {
    match part.strip_suffix(CUT) {
        Some(cut) => format!("{cut}…"),
        None if part.starts_with(CUT) => "a long name".to_owned(),
        None => plain(part),
    }
}

fn plain(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// A part as it is written; one that is empty (no project, the repository itself and no environment of it) is `-`.
fn encoded(part: &str) -> String {
    if part.is_empty() {
        return NONE.to_owned();
    }
    utf8_percent_encode(part, ESCAPED).to_string()
}

fn hashed(part: &str) -> String {
    format!("{CUT}{}", short_hash(part, HASH))
}

/// Whether a part stands for `value`, which may have been hashed, here or where `value` was read from a marker.
fn says(part: &str, value: &str) -> bool {
    part == encoded(value) || part == hashed(value) || value.starts_with(CUT) && part == value
}

/// A part as the name that it stands for; of a hash nothing is known but itself.
fn name(part: &str) -> String {
    match part {
        NONE => String::new(),
        hash if hash.starts_with(CUT) => hash.to_owned(),
        part => plain(part),
    }
}

/// GitHub compares names without case: the hash of one must not depend on it.
fn hashed_name(name: &str) -> String {
    hashed(&name.to_lowercase())
}

pub(super) fn write(owner: &Owner) -> String {
    let (id, name) = (owner.repository.id, &owner.repository.name);
    let number = |number: Option<u64>| number.map_or_else(|| NONE.to_owned(), |number| number.to_string());
    let tail = owner.pull_request.map(|pr| format!(":{pr}")).unwrap_or_default();
    let line = |repository: &str, project: &str, environment: &str| {
        format!("{PREFIX}:{}:{repository}:{project}:{environment}{tail}", number(id))
    };
    let fits = |line: &String| line.chars().count() <= LONGEST;
    let (mut project, mut environment) = (encoded(&owner.project), encoded(&owner.environment));
    let full = line(&encoded(name), &project, &environment);
    if fits(&full) {
        return full;
    }
    // The number says which repository it is, so its name may be cut; without one, only its hash tells two apart.
    let shortest = |name: &str| match id {
        Some(_) if name.chars().count() > READABLE => format!("{}{CUT}", head(name, READABLE)),
        Some(_) => encoded(name),
        None => hashed_name(name),
    };
    if !fits(&line(&shortest(name), &project, &environment)) {
        project = hashed(&owner.project);
    }
    if !fits(&line(&shortest(name), &project, &environment)) {
        environment = hashed(&owner.environment);
    }
    let short = line(&shortest(name), &project, &environment);
    let room = LONGEST.saturating_sub(short.chars().count());
    match id {
        Some(_) if name.chars().count() > READABLE => {
            let longer = READABLE + room;
            line(&format!("{}{CUT}", head(name, longer)), &project, &environment)
        }
        _ => short,
    }
}

/// The first characters of a repository's name, none of which needs an escape (GitHub: letters, digits, `-_./`).
fn head(name: &str, characters: usize) -> String {
    name.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
        .take(characters)
        .collect()
}

/// Whether some environment of ours, whichever, wrote this text.
pub fn is_marker(text: &str) -> bool {
    let text = text.trim();
    text.get(..PREFIX.len())
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
        && text[PREFIX.len()..].starts_with(':')
}

/// Reads a marker back. `None`: it is none. `Err`: it looks like one, and does not tell whose.
pub fn read(text: &str) -> Option<Result<Marker, String>> {
    let text = text.trim();
    is_marker(text).then(|| parts(text).ok_or_else(|| text.to_owned()))
}

fn parts(text: &str) -> Option<Marker> {
    // We write it in lower case: another spelling is not ours, whatever a list that ignores case found.
    let parts: Vec<&str> = text.strip_prefix(BEGINNING)?.split(':').collect();
    let (&[id, repository, project, environment], rest) = parts.split_first_chunk::<4>()?;
    let pull_request = match rest {
        [] => None,
        [number] => Some(exact(number)?),
        _ => return None,
    };
    let id = if id == NONE { None } else { Some(exact(id)?) };
    // Outside GitHub Actions neither number nor name may be known: that tells of nobody.
    if [repository, project, environment].iter().any(|part| part.is_empty()) || id.is_none() && repository == NONE {
        return None;
    }
    Some(Marker {
        id,
        repository: repository.to_owned(),
        project: project.to_owned(),
        environment: environment.to_owned(),
        pull_request,
    })
}

/// A number as we write it: no sign, no leading zero.
fn exact(digits: &str) -> Option<u64> {
    let number: u64 = digits.parse().ok()?;
    (number > 0 && number.to_string() == digits).then_some(number)
}

impl Marker {
    /// Whether it names this repository: by number where both are known, else by name.
    pub fn is_of(&self, repository: &Repository) -> bool {
        if self.id.is_none() && self.repository.starts_with(CUT) {
            return !repository.name.is_empty() && self.repository == hashed_name(&repository.name);
        }
        // A name that was cut tells nothing without the number, which stands beside it.
        let name = if self.repository.ends_with(CUT) {
            ""
        } else {
            &plain(&self.repository)
        };
        repository.is(self.id, name)
    }

    /// The owner that it names, of this repository: for what no manifest tells any more. `None` when it is another's.
    pub fn owner_in(&self, repository: &Repository) -> Option<Owner> {
        self.is_of(repository).then(|| Owner {
            repository: repository.clone(),
            project: name(&self.project),
            environment: name(&self.environment),
            pull_request: self.pull_request,
        })
    }

    /// Whether it names exactly this owner.
    pub(super) fn names(&self, owner: &Owner) -> bool {
        self.is_of(&owner.repository) && self.is_called_like(owner)
    }

    /// Whether it names the same environment and pull request, of whichever repository.
    pub(super) fn is_called_like(&self, owner: &Owner) -> bool {
        self.is_environment_of(owner) && self.pull_request == owner.pull_request
    }

    /// Whether names that are joined of its parts, such as the titles of KV namespaces, are the owner's as well though
    /// the parts are others: `web` and `app-preview` are joined like `web-app` and `preview`.
    pub(super) fn joins_like(&self, owner: &Owner) -> bool {
        let joined = |project: &str, environment: &str, number: Option<u64>| {
            let number = number.map(|number| format!("-{number}")).unwrap_or_default();
            format!("{project}-{environment}{number}")
        };
        let other = joined(&name(&self.project), &name(&self.environment), self.pull_request);
        !self.is_called_like(owner) && other == joined(&owner.project, &owner.environment, owner.pull_request)
    }

    /// Whether it names the same environment, of whichever repository and for whichever pull request.
    pub(super) fn is_environment_of(&self, owner: &Owner) -> bool {
        says(&self.project, &owner.project) && says(&self.environment, &owner.environment)
    }

    /// The repository, for a person: `acme/app`, with its number, since names change hands.
    pub fn repository(&self) -> String {
        let name = shown(&self.repository);
        self.id.map_or_else(|| name.clone(), |id| format!("{name} ({id})"))
    }

    /// The environment, for a person: `preview 42 of codex`.
    pub fn title(&self) -> String {
        let number = self.pull_request.map(|pr| format!(" {pr}")).unwrap_or_default();
        let project = match self.project.as_str() {
            NONE => String::new(),
            project => format!(" of {}", shown(project)),
        };
        match self.environment.as_str() {
            NONE => format!("no environment{project}"),
            environment => format!("{}{number}{project}", shown(environment)),
        }
    }
}
