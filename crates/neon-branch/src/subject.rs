//! Which branch is meant: by input, by the manifest's environment, or by the pull request's number.

use std::path::PathBuf;
use std::time::Duration;

use actions_core::environment::{Database, Environment};
use actions_core::manifest::OnLimit;
use actions_core::naming;
use actions_core::neon::Branch;
use actions_core::owner::{Owner, Verdict, Whose};
use actions_core::runner::{Common, Env, Problems};

use crate::inputs::{Command, Raw};
use crate::plan::Standing;

/// The branch that a run is about, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// As the user wrote it: a name, or an id.
    written: Option<String>,
    /// The name that our own naming gives to this environment.
    own: Option<String>,
    /// The manifest's database, in this environment.
    pub(crate) database: Option<Database>,
    pub(crate) expires: Option<Duration>,
    /// The manifest's folder.
    pub(crate) root: Option<PathBuf>,
    /// The environment, and the pull request if it is one's.
    pub(crate) owner: Owner,
    /// How many previews of the environment may be alive.
    pub(crate) limit: Option<u64>,
    /// What happens beyond it, as the manifest says.
    pub(crate) on_limit: OnLimit,
    belongs: Belongs,
}

/// Whose a branch is that is made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Belongs {
    /// The environment's when it has the environment's own name, or is a restore point of that; else the repository's.
    Auto,
    PullRequest,
    Repository,
}

impl Subject {
    pub(crate) fn read(env: &Env, raw: &Raw, common: &Common, command: Command, problems: &mut Problems) -> Self {
        let written = raw.branch.as_deref().map(|name| name.trim().to_owned());
        let mut subject = Self {
            written,
            own: None,
            database: None,
            expires: None,
            root: None,
            owner: common.owner(""),
            limit: None,
            on_limit: OnLimit::Fail,
            belongs: Belongs::Auto,
        };
        let choices = [
            ("auto", Belongs::Auto),
            ("pull-request", Belongs::PullRequest),
            ("repository", Belongs::Repository),
        ];
        subject.belongs = problems.choice("owner", raw.owner.as_deref(), &choices, Belongs::Auto);
        if common.has_manifest(env) {
            subject.read_manifest(env, raw, common, command, problems);
        } else {
            subject.own = common.pull_request.map(|number| format!("preview-pr-{number}"));
        }
        subject.check(command, common, env, problems);
        subject
    }

    fn read_manifest(&mut self, env: &Env, raw: &Raw, common: &Common, command: Command, problems: &mut Problems) {
        let named = self.written.is_some() || matches!(command, Command::Run | Command::Checkpoint);
        if !named || raw.environment.is_some() {
            if let Some(environment) = common.environment(env, problems) {
                self.take(environment, command, problems);
            }
            return;
        }
        // The environment is not needed (a nightly reset of `staging`, a dry run on main), but says whose the branch is.
        let told = common
            .pull_request
            .and_then(|_| common.environment(env, &mut Problems::default()));
        match told.filter(|environment| environment.database.is_some()) {
            Some(environment) => self.take(environment, command, problems),
            None => self.take_manifest(env, common, problems),
        }
    }

    /// What the manifest says apart from its environments.
    fn take_manifest(&mut self, env: &Env, common: &Common, problems: &mut Problems) {
        let Some(manifest) = common.manifest(env, problems) else {
            return;
        };
        self.owner = common.owner(&manifest.project.name);
        self.root = Some(manifest.root);
        self.database = manifest.database.map(|database| Database {
            branch: database.parent.clone(),
            parent: database.parent,
            role: database.role,
            name: database.name,
            migrate: database.migrate,
            variables: database.variables,
            expires: None,
        });
    }

    fn take(&mut self, environment: Environment, command: Command, problems: &mut Problems) {
        self.owner = environment.owner.clone();
        self.root = Some(environment.root.clone());
        let Some(database) = environment.database else {
            problems.add(
                "manifest",
                "it has no `[database]`: this action would have nothing to do",
            );
            return;
        };
        if database.is_own() {
            self.own = Some(database.branch.clone());
        } else if self.written.is_none() && !self.may_use_parent(command) {
            problems.add(
                "environment",
                format!(
                    "`{}` has no branch of its own, it uses `{}` itself; give it a `branch` in the manifest, or name the input `branch`",
                    environment.name, database.parent
                ),
            );
        }
        (self.limit, self.on_limit) = (environment.limit, environment.on_limit);
        self.expires = database.expires;
        self.database = Some(database);
    }

    /// Whether the command may be about the database's `parent`, where the environment has no branch of its own. What a
    /// pull request runs changes nothing there.
    fn may_use_parent(&self, command: Command) -> bool {
        match command {
            Command::Get | Command::Diff | Command::Checkpoint | Command::Run => true,
            Command::Migrate => self.owner.pull_request.is_none(),
            _ => false,
        }
    }

    /// Whether the branch is the one that the manifest names for the environment, and nobody else has named one.
    pub(crate) fn is_the_manifests(&self) -> bool {
        self.written.is_none() && self.database.is_some()
    }

    fn check(&self, command: Command, common: &Common, env: &Env, problems: &mut Problems) {
        if command == Command::Run && self.written.is_some() {
            problems.add(
                "branch",
                "`run` makes a copy with a name of its own; name what to copy by `parent`",
            );
        }
        if command == Command::Create && self.written.as_deref().is_some_and(is_id) {
            problems.add("branch", "an id cannot be chosen; give a name");
        }
        if self.belongs == Belongs::PullRequest && self.owner.pull_request.is_none() {
            problems.add(
                "owner",
                "`pull-request`: there is none to go with; run on `pull_request`, or pass `pull-request`, and an environment that is one's",
            );
        }
        let needed = !matches!(command, Command::Run | Command::Checkpoint);
        if needed && !common.has_manifest(env) && self.written.is_none() && self.own.is_none() {
            match common.unknown_pull_request() {
                Some(unknown) => problems.add("pull-request", unknown),
                None => problems.add("branch", "missing; outside a pull request, name the branch"),
            }
        }
    }

    /// The name as we make it.
    pub(crate) fn name(&self) -> String {
        match (&self.written, &self.own, &self.database) {
            (Some(written), ..) => naming::branch(written),
            (None, Some(own), _) => own.clone(),
            (None, None, Some(database)) => database.branch.clone(),
            (None, None, None) => String::new(),
        }
    }

    /// Whether `create` makes a branch of the name that is meant.
    pub(crate) fn can_be_created(&self) -> bool {
        match &self.written {
            Some(written) => !is_id(written),
            None => self.own.is_some(),
        }
    }

    /// Every name or id that the user may have meant, the most literal first. Empty for the project's default branch.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.written.iter().cloned().collect();
        let name = self.name();
        if !name.is_empty() && !names.contains(&name) && !self.written.as_deref().is_some_and(is_id) {
            names.push(name);
        }
        names
    }

    /// Whether a branch has the name that our own naming gives to this environment.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        self.own.as_deref() == Some(name)
    }

    /// Whose a branch is that is made now: one of this name, or a restore point of it. What is explicitly named (a
    /// branch that all pull requests share, a restore point of production) stays when a pull request closes.
    pub(crate) fn owner_of_new(&self, name: &str) -> Owner {
        let goes_with_it = match self.belongs {
            Belongs::Auto => self.is_own(name),
            Belongs::PullRequest => true,
            Belongs::Repository => false,
        };
        if goes_with_it {
            self.owner.clone()
        } else {
            self.repositorys()
        }
    }

    /// Whether what `create` makes goes with a pull request.
    pub(crate) fn is_pull_requests(&self) -> bool {
        self.owner_of_new(&self.name()).pull_request.is_some()
    }

    /// The repository itself, and no environment of it.
    fn repositorys(&self) -> Owner {
        Owner {
            environment: String::new(),
            pull_request: None,
            ..self.owner.clone()
        }
    }

    /// Whether the branch is ours to change. A pull request's run may change what is its own and what is the
    /// repository's, not what another environment or pull request owns: its head's name, which may be the input, is
    /// whatever its author likes.
    pub(crate) fn standing(&self, branch: &Branch) -> Standing {
        match branch.verdict(&self.owner) {
            Verdict::Ours => Standing::Owned,
            Verdict::Foreign(whose) => {
                let pull_request = self.owner.pull_request;
                let same = matches!(&whose, Whose::Environment(marker) if marker.pull_request == pull_request);
                let may = match pull_request {
                    None => whose.is_of_this_repository(),
                    Some(_) => same || branch.verdict(&self.repositorys()).is_ours(),
                };
                if may {
                    Standing::Owned
                } else {
                    Standing::Foreign(Some(whose))
                }
            }
            Verdict::Unmarked if self.is_own(&branch.name) => Standing::Owned,
            Verdict::Unmarked => Standing::Foreign(None),
        }
    }
}

/// Whether the text reads as a branch id, which Neon makes of three parts: `br-quiet-sun-a1b2c3d4`.
fn is_id(text: &str) -> bool {
    text.strip_prefix("br-").is_some_and(|rest| {
        let parts: Vec<&str> = rest.split('-').collect();
        let valid =
            |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        parts.len() == 3 && parts.iter().all(valid)
    })
}
