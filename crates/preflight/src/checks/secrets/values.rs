//! Whether the values can be right. What is told is a variable's name and what is wrong, never a piece of the value.

use std::collections::{BTreeMap, BTreeSet};

use actions_core::text::quoted_list;

use super::given::at_secrets;
use super::{Step, Wanted};
use crate::finding::{Finding, Kind, Severity};
use crate::origin;
use crate::world::World;

pub(super) const PLACEHOLDER: Kind = Kind {
    name: "secret-placeholder",
    severity: Severity::Warning,
    what: "A secret's value is what example files hold.",
    why: "The Worker is deployed with it, and whatever needs the secret fails, or is open to everybody who read the example.",
    mend: "Store the real value under that name.",
};

pub(super) const WHITESPACE: Kind = Kind {
    name: "secret-whitespace",
    severity: Severity::Warning,
    what: "A secret's value begins or ends with a space or a line break.",
    why: "It is part of the secret for the Worker, and vendors refuse such a key with a message that does not say so.",
    mend: "Store it anew without: `printf %s VALUE | gh secret set NAME`.",
};

pub(super) const SHORT: Kind = Kind {
    name: "secret-short",
    severity: Severity::Warning,
    what: "A secret that signs or encrypts has fewer than 16 characters.",
    why: "So few can be guessed; what it signs (sessions, webhooks) can then be forged.",
    mend: "Make one: `openssl rand -base64 32`.",
};

pub(super) const SHARED: Kind = Kind {
    name: "secret-shared",
    severity: Severity::Warning,
    what: "Two environments have the same value under different variables.",
    why: "One of them was probably copied from the other: a preview that has production's key can do what production can.",
    mend: "Make a value of its own for each environment.",
};

pub(super) const LIVE_IN_PREVIEW: Kind = Kind {
    name: "secret-live-in-preview",
    severity: Severity::Error,
    what: "A pull request's environment would get a live key (`sk_live_`, `rk_live_`).",
    why: "Code that nobody has reviewed yet could move real money.",
    mend: "Give previews the test mode's key, by a variable of their own.",
};

pub(super) const TEST_IN_PRODUCTION: Kind = Kind {
    name: "secret-test-in-production",
    severity: Severity::Warning,
    what: "Production would get a test mode's key (`sk_test_`, `rk_test_`, `pk_test_`).",
    why: "Nothing would be charged, and real webhooks would not be recognised.",
    mend: "Store the live mode's key under production's variable.",
};

pub(super) fn findings(world: &World, step: Step<'_>, wanted: &[Wanted<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    // One and the same variable of several environments is told once.
    let mut seen = BTreeSet::new();
    for wanted in wanted {
        for (variable, value) in given(step, wanted) {
            let service = wanted.services(variable).first().copied();
            let told = of_environment(wanted, variable, value).into_iter();
            let own = seen.insert(variable).then(|| of_value(variable, value)).flatten();
            findings.extend(told.chain(own).map(|finding| at_secrets(world, finding, service)));
        }
    }
    findings.extend(shared(world, step, wanted));
    findings
}

fn given<'a>(step: Step<'a>, wanted: &'a Wanted<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let variables = wanted.by_variable.keys().copied();
    variables.filter_map(move |variable| Some((variable, step.get(variable)?)))
}

/// What is wrong with a value wherever it goes.
fn of_value(variable: &str, value: &str) -> Option<Finding> {
    let finding = if is_placeholder(value) {
        let said = format!("`{variable}` holds a placeholder, not a secret");
        Finding::new(
            &PLACEHOLDER,
            variable,
            said,
            format!("store the real value as `{variable}`"),
        )
    } else if value.trim() != value {
        let said = format!("`{variable}` begins or ends with a space or a line break");
        let remedy = format!("store it anew: `printf %s \"$VALUE\" | gh secret set {variable}`");
        Finding::new(&WHITESPACE, variable, said, remedy)
    } else if origin::is_random(variable) && value.chars().count() < 16 {
        let said = format!("`{variable}` has fewer than 16 characters, and can be guessed");
        Finding::new(&SHORT, variable, said, "make one with `openssl rand -base64 32`")
    } else {
        return None;
    };
    Some(finding)
}

/// What is wrong with it in this environment.
fn of_environment(wanted: &Wanted<'_>, variable: &str, value: &str) -> Option<Finding> {
    let environment = wanted.environment;
    let name = &environment.name;
    let begins = |starts: &[&str]| starts.iter().any(|start| value.trim().starts_with(start));
    let services = quoted_list(&wanted.services(variable));
    if environment.pull_request.is_some() && begins(&["sk_live_", "rk_live_"]) {
        let said =
            format!("`{variable}` is a live key, and `{name}` would give it to {services} of every pull request");
        let remedy = format!("name the test mode's variable under `environments.{name}.secrets`");
        return Some(Finding::new(&LIVE_IN_PREVIEW, variable, said, remedy));
    }
    if name == "production" && begins(&["sk_test_", "rk_test_", "pk_test_"]) && !is_placeholder(value) {
        let said = format!("`{variable}` is a test mode's key, and `{name}` would give it to {services}");
        let remedy = format!("store the live mode's key as `{variable}`");
        return Some(Finding::new(&TEST_IN_PRODUCTION, variable, said, remedy));
    }
    None
}

/// Values that two environments have under different names.
fn shared(world: &World, step: Step<'_>, wanted: &[Wanted<'_>]) -> Vec<Finding> {
    let mut by_value: BTreeMap<&str, Vec<(&Wanted<'_>, &str)>> = BTreeMap::new();
    for wanted in wanted {
        for (variable, value) in given(step, wanted).filter(|(_, value)| !is_placeholder(value)) {
            by_value.entry(value.trim()).or_default().push((wanted, variable));
        }
    }
    let one = |uses: Vec<(&Wanted<'_>, &str)>| {
        let (first, variable) = *uses.first()?;
        let (other, same) = uses
            .iter()
            .find(|(wanted, name)| *name != variable && wanted.environment.name != first.environment.name)?;
        let said = format!(
            "`{variable}` of `{}` and `{same}` of `{}` have the same value",
            first.environment.name, other.environment.name
        );
        let finding = Finding::new(&SHARED, variable, said, "make a value of its own for each environment");
        Some(at_secrets(world, finding, first.services(variable).first().copied()))
    };
    let mut findings: Vec<Finding> = by_value.into_values().filter_map(one).collect();
    // By value they would come in an order that tells something of the values.
    findings.sort_by(|one, other| one.subject.cmp(&other.subject));
    findings
}

/// Whether a value is what example files hold.
fn is_placeholder(value: &str) -> bool {
    const WHOLE: &[&str] = &[
        "changeme",
        "change-me",
        "change_me",
        "todo",
        "tbd",
        "fixme",
        "secret",
        "password",
        "example",
        "placeholder",
        "dummy",
        "test",
        "none",
        "null",
        "undefined",
        "xxx",
        "sk_test_",
        "sk_live_",
        "whsec_",
        "re_",
        "\"\"",
        "''",
    ];
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let repeats = value.len() >= 3 && value.chars().all(|c| matches!(c, 'x' | 'X' | '*' | '.' | '…' | '-'));
    let bracketed = value.starts_with('<') && value.ends_with('>');
    let marked = [
        "your-",
        "your_",
        "replace-me",
        "replace_me",
        "changeme",
        "not-asked-for",
    ];
    WHOLE.contains(&lower.as_str())
        || repeats
        || bracketed
        || lower.ends_with("...")
        || lower.ends_with('…')
        || marked.iter().any(|mark| lower.contains(mark))
}
