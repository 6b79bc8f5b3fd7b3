//! `SETUP_SECRETS.md`: a checklist from no account to the first deployment.

use std::collections::BTreeMap;

use actions_core::environment::Environment;

use super::{codes, table};
use crate::checks::cloudflare::needs;
use crate::origin;
use crate::write::facts::Facts;

const RUNBOOK: &str = "https://github.com/codex/actions/blob/v1/.github/docs/runbook.md";

pub(super) fn text(facts: &Facts<'_>) -> String {
    let mut text = format!(
        "# Secrets, from nothing to the first deployment\n\nMade from `{}`; `preflight write` makes it anew.\n",
        facts.world.manifest_file
    );
    let sections = [
        Some(("Tokens", tokens(facts))),
        Some(("Into GitHub", github(facts))),
        workers(facts).map(|section| ("Which Worker gets what", section)),
        how(facts).map(|section| ("How each value is made", section)),
        rotation(facts).map(|section| ("Rotate one without downtime", section)),
        Some(("Verify", verify(facts))),
    ];
    for (number, (title, section)) in sections.into_iter().flatten().enumerate() {
        text += &format!("\n## {}. {title}\n\n{section}", number + 1);
    }
    text
}

fn tokens(facts: &Facts<'_>) -> String {
    let zone = &facts.manifest.project.zone;
    let on = if zone.is_empty() {
        "on the account alone".to_owned()
    } else {
        format!("on the account, and on zone `{zone}` alone")
    };
    let rows: Vec<Vec<String>> = permissions(facts)
        .into_iter()
        .map(|(menus, what)| vec![menus, what])
        .collect();
    let mut text = format!(
        "- [ ] **Cloudflare**: a custom API token, {on}: <https://dash.cloudflare.com/profile/api-tokens> → Create Token → Create Custom Token. (A token of the account itself, under Manage Account → Account API Tokens, does not end with the person who made it.)\n\n{}",
        table(&["permission", "for"], &rows)
    );
    if facts.has_database() {
        text += "\n- [ ] **Neon**: an API key of the project or of its organization: <https://console.neon.tech> → Settings → API keys. It is shown once.\n";
    }
    text + "\nGitHub's own token is made for each run; nothing is to be done for it.\n"
}

/// What the actions need for these environments, the least that covers all: `Edit` contains `Read`.
fn permissions(facts: &Facts<'_>) -> Vec<(String, String)> {
    let needs = needs::of(facts.world, &facts.environments).into_iter();
    let must = needs.filter(|need| !need.optional);
    must.map(|need| (need.permission.menus().to_owned(), codes(need.actions)))
        .collect()
}

fn github(facts: &Facts<'_>) -> String {
    let mut text = "- [ ] What all environments share:\n\n  ```sh\n  gh secret set CLOUDFLARE_API_TOKEN\n".to_owned();
    if facts.has_database() {
        text += "  gh secret set NEON_API_KEY\n";
    }
    text += "  gh variable set CLOUDFLARE_ACCOUNT_ID --body 0123456789abcdef0123456789abcdef # the dashboard's overview page has yours\n";
    if facts.has_database() {
        text += "  gh variable set NEON_PROJECT_ID --body quiet-river-12345678 # Neon → Settings → General\n";
    }
    text += "  ```\n";
    for environment in &facts.environments {
        let variables = facts.variables(environment);
        let name = &environment.name;
        if variables.is_empty() {
            text += &format!("\n`{name}` has no secrets of its own.\n");
            continue;
        }
        let (place, option) = if environment.pull_request.is_some() {
            ("a secret of the repository".to_owned(), String::new())
        } else {
            let place = format!(
                "a secret of the GitHub environment `{name}` (Settings → Environments), so that no pull request's run is given it"
            );
            (place, format!(" --env {name}"))
        };
        let lines: String = variables.iter().map(|variable| format!("  {variable}=\n")).collect();
        text += &format!(
            "\n- [ ] `WORKER_SECRETS` of `{name}`: {place}. One text with a line each, kept in no repository:\n\n  ```\n{lines}  ```\n\n  ```sh\n  gh secret set WORKER_SECRETS{option} < {name}.env\n  ```\n"
        );
    }
    text
}

/// Which Worker gets which, and from where.
fn workers(facts: &Facts<'_>) -> Option<String> {
    let head: Vec<&str> = ["Worker", "its name for it"]
        .into_iter()
        .chain(facts.environments.iter().map(|environment| environment.name.as_str()))
        .collect();
    let mut rows = Vec::new();
    for (key, service) in &facts.manifest.services {
        for name in &service.secrets {
            let from = |environment: &Environment| {
                let secrets = environment
                    .service(key)
                    .map(|service| &service.secrets[..])
                    .unwrap_or_default();
                let secret = secrets.iter().find(|secret| secret.name == *name);
                secret.map_or_else(String::new, |secret| {
                    if facts.leads_to_database(&secret.variable) {
                        "`neon-branch`".to_owned()
                    } else {
                        format!("`{}`", secret.variable)
                    }
                })
            };
            let row = [format!("`{key}`"), format!("`{name}`")].into_iter();
            rows.push(row.chain(facts.environments.iter().map(from)).collect());
        }
    }
    if rows.is_empty() {
        return None;
    }
    let database = if facts.has_database() {
        "\n`neon-branch` gives the database's URL to each run anew: it is no secret of the repository.\n"
    } else {
        ""
    };
    Some(format!(
        "`deploy-workers` uploads them with the code, in one version; nobody runs `wrangler secret put`.\n\n{}{database}",
        table(&head, &rows)
    ))
}

fn how(facts: &Facts<'_>) -> Option<String> {
    let mut variables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for environment in &facts.environments {
        for variable in facts.variables(environment) {
            variables.entry(variable).or_default().push(&environment.name);
        }
    }
    if variables.is_empty() {
        return None;
    }
    let rows: Vec<Vec<String>> = variables
        .into_iter()
        .map(|(variable, environments)| {
            vec![
                format!("`{variable}`"),
                environments.join(", "),
                origin::how(variable).to_owned(),
            ]
        })
        .collect();
    Some(table(&["line of `WORKER_SECRETS`", "environments", "made by"], &rows))
}

fn rotation(facts: &Facts<'_>) -> Option<String> {
    if facts
        .environments
        .iter()
        .all(|environment| facts.variables(environment).is_empty())
    {
        return None;
    }
    let names = || facts.permanent().map(|environment| environment.name.as_str());
    let once = names().find(|name| *name == "production").or_else(|| names().next());
    let once = once.unwrap_or("production");
    Some(format!(
        "1. Make the new value while the old one still works: a second key at the vendor.\n\
         2. Store it: `gh secret set WORKER_SECRETS --env {once} < {once}.env`, with the one line changed.\n\
         3. Deploy, with no change of code: run the workflow that deploys `{once}` by hand. Workers whose secrets differ get a new version with the new value; the others stay.\n\
         4. Verify, as below; then end the old value at the vendor.\n\n\
         What signs sessions ends them when it changes. More: [the runbook]({RUNBOOK}#rotate-a-secret-without-downtime).\n"
    ))
}

fn verify(facts: &Facts<'_>) -> String {
    let checks = facts.environments.iter().map(|environment| {
        let name = &environment.name;
        let file = if facts.variables(environment).is_empty() {
            String::new()
        } else {
            format!(" --env-file {name}.env")
        };
        format!("- [ ] `preflight --environment {name}{file}` says nothing that is wrong\n")
    });
    format!(
        "{}- [ ] a pull request gets its preview, and every service there is healthy\n- [ ] it goes when the pull request is closed\n",
        checks.collect::<String>()
    )
}
