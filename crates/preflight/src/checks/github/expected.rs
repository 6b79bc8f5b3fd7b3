//! What the job of this step is to be able to do at GitHub.

/// What the actions in the job of this step need of its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The job's key in its workflow.
    pub(crate) job: String,
    /// What is needed and not denied by the file itself: that is told at its place.
    pub(crate) scopes: Vec<Scope>,
    /// Some `permissions` grant it; else the repository's settings decide.
    pub(crate) granted: bool,
}

/// One scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// `pull-requests`
    pub(crate) key: &'static str,
    /// `read` or `write`
    pub(crate) level: &'static str,
    /// The action that needs it.
    pub(crate) action: &'static str,
}
