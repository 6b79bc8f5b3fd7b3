//! The READMEs' tables of what each action needs of a token.

use actions_core::grants::{self, When};

use crate::cell;

/// The table of an action's README.
pub fn table(action: &str) -> String {
    let rows = grants::of(action).iter().map(|grant| {
        let when = match grant.when {
            When::Always => "always",
            When::Only(with) => with.text(),
            When::Optional => "optional",
        };
        format!(
            "| {} | {} | {} |\n",
            cell(&grant.of.to_string()),
            cell(when),
            cell(grant.what)
        )
    });
    format!(
        "| permission | needed | for |\n|---|---|---|\n{}",
        rows.collect::<String>()
    )
}
