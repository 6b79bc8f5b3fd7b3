//! Which environment of this repository a thing is of, by the marker that it carries: no client here.

use actions_core::owner::{Claim, Owner, Repository, Verdict, Whose};

/// An environment: which kind (by its place in [`Kinds`]), and its pull request.
pub(super) type Key = (usize, u64);

/// The environments, by project and name, whose things were found, and those of the manifest.
pub(super) struct Kinds<'a> {
    repository: &'a Repository,
    known: Vec<(String, String)>,
}

/// What a marker tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// It is of this environment of this repository.
    Of(Key),
    /// Of an environment of this repository that is not one per pull request: it is never swept.
    Permanent(String),
    Foreign(Whose),
    /// It begins as a marker of ours and cannot be read.
    Unreadable(String),
}

impl<'a> Kinds<'a> {
    /// With the environments of the manifest, by project and name, in front.
    pub(super) fn new(repository: &'a Repository, known: Vec<(String, String)>) -> Self {
        Self { repository, known }
    }

    /// Whom an environment belongs to.
    pub(super) fn owner(&self, (kind, pull_request): Key) -> Option<Owner> {
        let (project, environment) = self.known.get(kind)?;
        Some(Owner {
            repository: self.repository.clone(),
            project: project.clone(),
            environment: environment.clone(),
            pull_request: Some(pull_request),
        })
    }

    /// What a text tells, when it is a marker.
    pub(super) fn read(&mut self, text: &str) -> Option<Told> {
        let marker = match Claim::of(text)? {
            Claim::Marked(marker) => marker,
            Claim::Unreadable(text) => return Some(Told::Unreadable(text)),
            Claim::Noted { .. } => return None,
        };
        let Some(owner) = marker.owner_in(self.repository) else {
            return Some(Told::Foreign(Whose::Repository(marker)));
        };
        let Some(pull_request) = owner.pull_request else {
            return Some(Told::Permanent(marker.title()));
        };
        let kind = self.known.iter().position(|(project, environment)| {
            let known = Owner {
                project: project.clone(),
                environment: environment.clone(),
                ..owner.clone()
            };
            known.verdict([Claim::Marked(marker.clone())]).is_ours()
        });
        let kind = kind.unwrap_or_else(|| {
            self.known.push((owner.project, owner.environment));
            self.known.len() - 1
        });
        Some(Told::Of((kind, pull_request)))
    }

    /// The environments of ours that a marker of another repository is called like.
    pub(super) fn namesakes(&self, text: &str) -> Vec<Key> {
        let Some(Claim::Marked(marker)) = Claim::of(text) else {
            return Vec::new();
        };
        let Some(pull_request) = marker.pull_request else {
            return Vec::new();
        };
        let keys = (0..self.known.len()).map(|kind| (kind, pull_request));
        keys.filter(|key| {
            let Some(owner) = self.owner(*key) else { return false };
            matches!(owner.verdict_of([text]), Verdict::Foreign(whose) if whose.is_namesake_of(&owner))
        })
        .collect()
    }
}

impl Kinds<'_> {
    /// Whether a marker of another repository is of an environment that is called like this kind, for whichever pull
    /// request: then names of this kind are theirs as well.
    pub(super) fn is_rival(&self, kind: usize, text: &str) -> bool {
        let Some(Claim::Marked(marker)) = Claim::of(text) else {
            return false;
        };
        // Any number does: the owner only lends its names.
        let number = marker.pull_request.unwrap_or(1);
        let owner = self.owner((kind, number));
        owner.is_some_and(|owner| match owner.verdict_of([text]) {
            Verdict::Foreign(whose) => whose.is_namesake_of(&owner),
            Verdict::Ours | Verdict::Unmarked => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_lead_to_environments() {
        let repository = Repository {
            id: Some(7),
            name: "acme/app".to_owned(),
        };
        let mut kinds = Kinds::new(&repository, vec![("codex".to_owned(), "preview".to_owned())]);
        let long = Owner {
            repository: repository.clone(),
            project: "p".repeat(80),
            environment: "preview".to_owned(),
            pull_request: Some(42),
        };
        for (text, told) in [
            ("codex-actions:7:acme/app:codex:preview:42", Some(Told::Of((0, 42)))),
            ("codex-actions:7:acme/old:codex:preview:42", Some(Told::Of((0, 42)))),
            ("codex-actions:7:acme/app:codex:e2e:42", Some(Told::Of((1, 42)))),
            ("codex-actions:7:acme/app:other:preview:9", Some(Told::Of((2, 9)))),
            ("codex-actions:7:acme/app:codex:e2e:43", Some(Told::Of((1, 43)))),
            (&long.marker(), Some(Told::Of((3, 42)))),
            (
                "codex-actions:7:acme/app:codex:production",
                Some(Told::Permanent("production of codex".to_owned())),
            ),
            ("codex-actions:", Some(Told::Unreadable("codex-actions:".to_owned()))),
            ("preview 42", None),
            ("", None),
        ] {
            assert_eq!(kinds.read(text), told, "{text}");
        }
        let newcomer = "codex-actions:8:acme/app:codex:preview:42";
        assert!(matches!(
            kinds.read(newcomer),
            Some(Told::Foreign(Whose::Repository(_)))
        ));
        assert_eq!(kinds.namesakes(newcomer), [(0, 42)]);
        assert!(kinds.namesakes("codex-actions:8:acme/app:theirs:preview:42").is_empty());
        assert_eq!(
            kinds.owner((3, 42)).unwrap().verdict_of([long.marker().as_str()]),
            Verdict::Ours
        );
        assert_eq!(kinds.owner((4, 1)), None);
    }
}
