//! Which database there is, and how it is migrated. Pure.

use crate::init::found::Found;
use crate::init::found::packages::{Manager, Package};

/// What `[database]` is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Database {
    /// Why it is taken to be Neon's, when nothing names Neon.
    pub(super) guessed: Option<String>,
    pub(super) migrate: Option<Migrate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Migrate {
    pub(super) command: String,
    /// Whether a script of the project's says so.
    pub(super) certain: bool,
}

/// Drivers that speak to Neon alone.
const NEON: [&str; 4] = [
    "@neondatabase/serverless",
    "@prisma/adapter-neon",
    "kysely-neon",
    "neon-testing",
];
/// Drivers of any Postgres.
const POSTGRES: [&str; 4] = ["@prisma/adapter-pg", "pg", "postgres", "postgres.js"];
/// Scripts that migrate, the usual name first. `db:push` is none: it changes a database without a migration.
const SCRIPTS: [&str; 9] = [
    "db:migrate",
    "db:migrate:deploy",
    "db:deploy",
    "migrate:deploy",
    "migrate",
    "migration:run",
    "migrations:run",
    "prisma:migrate",
    "drizzle:migrate",
];

/// `None`: nothing tells of Postgres.
pub(super) fn database(found: &Found) -> Option<Database> {
    let is_neon = dependency(found, &NEON).is_some() || found.neon.is_some();
    let guessed = match (dependency(found, &POSTGRES), &found.postgres) {
        _ if is_neon => None,
        (Some((package, name)), _) => Some(format!("`{name}` is a dependency of `{}`", package_file(package))),
        (None, Some(file)) => Some(format!("`{file}` names Postgres")),
        (None, None) => return None,
    };
    Some(Database {
        guessed,
        migrate: migrate(found),
    })
}

/// The first package that needs one of these, and which.
fn dependency<'a>(found: &'a Found, names: &[&'static str]) -> Option<(&'a Package, &'static str)> {
    found.packages.iter().find_map(|package| {
        let name = names.iter().find(|name| package.dependencies.contains(**name))?;
        Some((package, *name))
    })
}

fn package_file(package: &Package) -> String {
    crate::init::found::joined(&package.folder, "package.json")
}

/// The script of the root, or of a package; else the tool's own command.
fn migrate(found: &Found) -> Option<Migrate> {
    let manager = found.manager;
    let script = |package: &Package| {
        // D1's are another database's.
        let migrates = |name: &&&str| {
            package
                .scripts
                .get(**name)
                .is_some_and(|script| !script.contains("d1 migrations"))
        };
        let name = SCRIPTS.iter().find(migrates)?;
        Some(run(manager, package, name))
    };
    let root = found.root_package().and_then(script);
    // A package's `migrate` alone may be anything; where the tool is, it is the database's.
    let tools = ["drizzle-kit", "prisma", "node-pg-migrate", "kysely-ctl"];
    let with_tool = || {
        let mut packages = found.packages.iter();
        packages
            .find(|package| tools.iter().any(|tool| package.dependencies.contains(*tool)) && script(package).is_some())
    };
    if let Some(command) = root.or_else(|| with_tool().and_then(script)) {
        return Some(Migrate { command, certain: true });
    }
    let own = [
        ("drizzle-kit", "drizzle-kit migrate"),
        ("prisma", "prisma migrate deploy"),
    ];
    own.iter().find_map(|(tool, command)| {
        let package = found
            .packages
            .iter()
            .find(|package| package.dependencies.contains(*tool))?;
        Some(Migrate {
            command: manager.execute_in(&package.folder, command),
            certain: false,
        })
    })
}

fn run(manager: Manager, package: &Package, script: &str) -> String {
    if package.folder == "." {
        manager.run(script)
    } else {
        manager.run_in(package, script)
    }
}
