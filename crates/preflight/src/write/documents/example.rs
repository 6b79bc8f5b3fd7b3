//! `.env.example`: what Workers and commands want on a developer's machine, by the Workers' own names.

use std::collections::BTreeSet;

use crate::origin;
use crate::write::facts::Facts;

pub(super) fn text(facts: &Facts<'_>) -> String {
    let mut text = "\
# Copy to `.env` for commands, and what a Worker needs to `.dev.vars` in its folder for `wrangler dev`. Commit neither.
"
    .to_owned();
    let mut told = BTreeSet::new();
    if let Some(database) = &facts.manifest.database {
        let name = &database.name;
        text += "\n# The database, for all services and for migrations: one of your own, never production's.\n";
        text += &format!("DATABASE_URL={}{name}\n", origin::example("DATABASE_URL"));
        told.insert("DATABASE_URL");
        for variable in &database.variables {
            text += &format!("{variable}=\n");
            told.insert(variable);
        }
    }
    for (key, service) in &facts.manifest.services {
        let names = || service.secrets.iter().chain(&service.step_vars);
        let (new, known): (Vec<&String>, Vec<&String>) = names().partition(|name| told.insert(name));
        let known: Vec<&str> = known
            .into_iter()
            .map(String::as_str)
            .filter(|name| *name != "DATABASE_URL")
            .collect();
        if new.is_empty() && known.is_empty() {
            continue;
        }
        text += &format!("\n# {key}");
        if !known.is_empty() {
            text += &format!(" (and {}, above)", known.join(", "));
        }
        text += "\n";
        for name in new {
            if origin::is_random(name) {
                text += "# openssl rand -base64 32\n";
            }
            text += &format!("{name}={}\n", origin::example(name));
        }
    }
    text + "\n# For `preflight` on your machine; all of them may be missing.\n\
        # CLOUDFLARE_API_TOKEN=\n# CLOUDFLARE_ACCOUNT_ID=\n# NEON_API_KEY=\n# NEON_PROJECT_ID=\n"
}
