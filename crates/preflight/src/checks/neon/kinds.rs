//! What can be found about Neon.

use crate::finding::{Kind, Severity};

pub(super) static KEY_INVALID: Kind = Kind {
    name: "neon-key-invalid",
    severity: Severity::Error,
    what: "Neon does not know the API key that was given.",
    why: "Neon answers 401 to a key that was revoked, belonged to somebody who left, or was cut when it was copied: every run of `neon-branch` and `cleanup` ends there.",
    mend: "Make a key in Neon's console (of the organization or of the project rather than of a person), and store it alone, without quotes, as the secret `NEON_API_KEY`.",
};
pub(super) static KEY_VIEWS: Kind = Kind {
    name: "neon-key-views-only",
    severity: Severity::Error,
    what: "The API key may look at the project and not change it.",
    why: "Where an organization sets permissions for each project, Neon tells `CAN_VIEW` of such a key; making, resetting and deleting branches is then refused.",
    mend: "Let the key's owner edit the project, or make a key of the organization or of the project.",
};
pub(super) static KEY_PERSONAL: Kind = Kind {
    name: "neon-key-personal",
    severity: Severity::Note,
    what: "The API key is a person's.",
    why: "A personal key may do all that this person may, in every project, and stops when the person leaves the organization.",
    mend: "Make a key that is limited to the project: organization settings, API keys, project-scoped.",
};
pub(super) static PROJECT_UNSEEN: Kind = Kind {
    name: "neon-project-unseen",
    severity: Severity::Error,
    what: "The API key reaches no project with the given id.",
    why: "A key reaches the projects of its owner or organization, and a project-scoped one reaches that project alone; of others Neon says that they are not found or not allowed.",
    mend: "Compare `neon-project-id` with Settings, General in Neon's console, and make the key in the organization that the project belongs to.",
};
pub(super) static PASSWORDS: Kind = Kind {
    name: "neon-passwords-not-stored",
    severity: Severity::Error,
    what: "The project does not store the passwords of its roles.",
    why: "Connection strings are read from Neon for each branch; with `store_passwords` off, Neon answers 412 to that.",
    mend: "Switch the storing of passwords on in the project's settings.",
};
pub(super) static PARENT_MISSING: Kind = Kind {
    name: "neon-parent-missing",
    severity: Severity::Error,
    what: "The branch that `[database] parent` names is not in the project.",
    why: "Branches of environments are copied from it, and environments without a `branch` use it.",
    mend: "Write the name of a branch that exists, as Neon's console has it.",
};
pub(super) static PARENT_NOT_DEFAULT: Kind = Kind {
    name: "neon-parent-not-default",
    severity: Severity::Note,
    what: "`[database] parent` is not the project's default branch.",
    why: "Neon answers with the default branch wherever a tool names none (a connection string without a branch, `neon` without `--branch`), so that people and tools may look at another database than the actions.",
    mend: "If that is not meant, write the default branch, or make the parent the default one in Neon's console.",
};
pub(super) static PARENT_EXPIRES: Kind = Kind {
    name: "neon-parent-expires",
    severity: Severity::Error,
    what: "The parent branch has a time at which Neon deletes it.",
    why: "Neon makes no branches from one that expires, and deletes it with its data when its time has come.",
    mend: "Take the expiry off the branch in Neon's console, or name another parent.",
};
pub(super) static ROLE_MISSING: Kind = Kind {
    name: "neon-role-missing",
    severity: Severity::Error,
    what: "The parent branch has no role with the name in `[database] role`.",
    why: "A copy has the roles of its parent, and Neon gives no connection string for a role that is not there.",
    mend: "Write one of the branch's roles (Neon's own is `neondb_owner`), or make the role on the parent.",
};
pub(super) static DATABASE_MISSING: Kind = Kind {
    name: "neon-database-missing",
    severity: Severity::Error,
    what: "The parent branch has no database with the name in `[database] name`.",
    why: "A copy has the databases of its parent, and Neon gives no connection string for one that is not there.",
    mend: "Write one of the branch's databases (Neon's own is `neondb`), or make the database on the parent.",
};
pub(super) static BRANCHES_USED_UP: Kind = Kind {
    name: "neon-branches-used-up",
    severity: Severity::Error,
    what: "The project has as many branches as its plan allows.",
    why: "The next branch is refused with `BRANCHES_LIMIT_EXCEEDED`, so no new preview comes up.",
    mend: "Delete branches that nobody needs, set `expires` and run the sweep, or take a larger plan.",
};
pub(super) static BRANCHES_FEW: Kind = Kind {
    name: "neon-branches-few",
    severity: Severity::Warning,
    what: "An environment's `limit` is more than the plan's branches leave room for.",
    why: "Before `limit` is reached, and what `on-limit` says can happen, Neon refuses the branch with `BRANCHES_LIMIT_EXCEEDED`.",
    mend: "Set `limit` to what there is room for, with some to spare for restore points and people.",
};
pub(super) static BRANCH_FOREIGN: Kind = Kind {
    name: "neon-branch-foreign",
    severity: Severity::Error,
    what: "The branch of an environment exists and was made for somebody else.",
    why: "A branch that carries another's marker is neither used nor deleted.",
    mend: "Rename the other branch, or change `branch` in the manifest's environment.",
};
pub(super) static BRANCH_HAS_CHILDREN: Kind = Kind {
    name: "neon-branch-has-children",
    severity: Severity::Warning,
    what: "Other branches were made from the branch of an environment that is to be removed one day.",
    why: "Neon deletes no branch that others were made from, and lets none of them expire: the environment's database stays behind.",
    mend: "Delete those branches first, or make them from the parent.",
};
pub(super) static HISTORY_SHORT: Kind = Kind {
    name: "neon-history-short",
    severity: Severity::Note,
    what: "The project keeps less than a day of history.",
    why: "`neon-branch` with `command: restore` and a time goes back only as far as `history_retention_seconds`; a fault of the evening is then beyond repair in the morning. Restore points that `command: checkpoint` makes do not depend on it.",
    mend: "Lengthen the history in the project's settings as far as the plan allows, and make a checkpoint before each production deployment.",
};
pub(super) static PREVIEW_MIGRATES_PARENT: Kind = Kind {
    name: "neon-preview-migrates-parent",
    severity: Severity::Error,
    what: "An environment that is one per pull request has no `branch`, and `[database] migrate` is set.",
    why: "Without a `branch` the environment uses the parent itself, so that the migrations of each open pull request run on the database that the parent is, mostly production's.",
    mend: "Give the environment a `branch` with `{pr}`.",
};
pub(super) static PREVIEW_SHARES_PARENT: Kind = Kind {
    name: "neon-preview-shares-parent",
    severity: Severity::Warning,
    what: "An environment that is one per pull request has no `branch`.",
    why: "Without a `branch` the environment uses the parent itself: what people try in a preview is written to the database that the parent is, mostly production's.",
    mend: "Give the environment a `branch` with `{pr}`.",
};
pub(super) static NOT_READ: Kind = Kind {
    name: "neon-not-read",
    severity: Severity::Warning,
    what: "Neon could not be asked, or only in part.",
    why: "What was not read was not judged: this run says nothing of it, good or bad, and a deployment that asks the same may fail.",
    mend: "Run again; where it stays so, see Neon's status page, and the runner's network.",
};

pub(super) const ALL: &[&Kind] = &[
    &KEY_INVALID,
    &KEY_VIEWS,
    &KEY_PERSONAL,
    &PROJECT_UNSEEN,
    &PASSWORDS,
    &PARENT_MISSING,
    &PARENT_NOT_DEFAULT,
    &PARENT_EXPIRES,
    &ROLE_MISSING,
    &DATABASE_MISSING,
    &BRANCHES_USED_UP,
    &BRANCHES_FEW,
    &BRANCH_FOREIGN,
    &BRANCH_HAS_CHILDREN,
    &HISTORY_SHORT,
    &PREVIEW_MIGRATES_PARENT,
    &PREVIEW_SHARES_PARENT,
    &NOT_READ,
];
