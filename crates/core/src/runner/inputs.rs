//! Inputs: read from `INPUT_*` by envy, checked all at once.
//!
//! envy reports only the first wrong field, and fails on the `""` that a composite action passes for an unset
//! input. So an action's raw inputs are all `Option<String>`, blanks are dropped here, and [`Problems`] collects what
//! is wrong with their values, by the name that the user wrote.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::env::Env;
use crate::secret::secret;
use crate::text::quoted_list;

/// Reads the `INPUT_*` variables into `T`, a struct whose fields are `Option<String>` named as the inputs, `_` for `-`.
///
/// # Errors
/// Only when `T` has a field of another type: a mistake of ours.
pub fn read<T: DeserializeOwned>(env: &Env) -> anyhow::Result<T> {
    // The runner itself maps only spaces to `_`; our action.yml files map `-` too, and a hand-made call may not.
    let vars = env
        .iter()
        .filter(|(name, _)| name.starts_with("INPUT_"))
        .map(|(name, value)| (name.replace('-', "_"), value.to_owned()));
    Ok(envy::prefixed("INPUT_").from_iter(vars)?)
}

/// Every wrong input, told at once. Ends the action with exit status 2, before anything was touched.
#[derive(Debug, thiserror::Error)]
pub struct BadInput(Vec<(String, String)>);

impl BadInput {
    /// One wrong input.
    pub fn one(input: &str, problem: impl Into<String>) -> Self {
        Self(vec![(input.to_owned(), problem.into())])
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is wrong with several for one and the same reason is told once.
        let mut reasons: Vec<(Vec<&String>, &String)> = Vec::new();
        for (input, problem) in &self.0 {
            // A service is no input: what is wrong with each stands by itself.
            let same = |reason: &&String| *reason == problem && !input.contains('.');
            match reasons.iter_mut().find(|(_, reason)| same(reason)) {
                Some((inputs, _)) if inputs.contains(&input) => {}
                Some((inputs, _)) => inputs.push(input),
                None => reasons.push((vec![input], problem)),
            }
        }
        let inputs: usize = reasons.iter().map(|(inputs, _)| inputs.len()).sum();
        let wrong = match (inputs, reasons.len()) {
            (1, _) => "one input is wrong".to_owned(),
            (inputs, 1) => format!("{inputs} inputs are wrong for one reason"),
            (inputs, _) => format!("{inputs} inputs are wrong"),
        };
        write!(f, "{wrong}; nothing was touched")?;
        reasons
            .iter()
            .try_for_each(|(inputs, problem)| write!(f, "\n- {}: {problem}", quoted_list(inputs)))
    }
}

/// Collects what is wrong with the inputs. Each reader records its problem and goes on with a harmless value;
/// [`Problems::finish`] must be asked before any value is used.
#[derive(Debug, Clone, Default)]
pub struct Problems(Vec<(String, String)>);

impl Problems {
    /// Records a problem with an input: what is wrong and what to do.
    pub fn add(&mut self, input: &str, problem: impl Into<String>) {
        self.0.push((input.to_owned(), problem.into()));
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong so far: input and problem.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(input, problem)| (input.as_str(), problem.as_str()))
    }

    /// Adds the problems that were collected apart.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The value, or a problem: `missing; <remedy>`.
    pub fn required(&mut self, input: &str, value: Option<String>, remedy: &str) -> String {
        value.unwrap_or_else(|| {
            self.add(input, format!("missing; {remedy}"));
            String::new()
        })
    }

    /// A required token or key, masked here. What cannot stand in a header would only be told as a network's fault.
    pub fn required_secret(&mut self, input: &str, value: Option<String>, remedy: &str) -> SecretString {
        let value = self.required(input, value, remedy).trim().to_owned();
        let odd = value.chars().find(|c| !c.is_ascii_graphic());
        let what = odd.map(|c| match c {
            '\n' | '\r' => "a line break".to_owned(),
            ' ' | '\t' => "a space".to_owned(),
            c if c.is_alphanumeric() => "a letter that no token has".to_owned(),
            c => format!("an invisible or foreign character (U+{:04X})", u32::from(c)),
        });
        if let Some(what) = what {
            self.add(
                input,
                format!("holds {what} inside, which no token has; copy it anew and store it alone"),
            );
        }
        secret(value)
    }

    /// `true` or `false` in YAML's core schema (`true`, `True`, `TRUE`), as the toolkit reads booleans.
    pub fn boolean(&mut self, input: &str, value: Option<&str>, default: bool) -> bool {
        match value.map(str::trim) {
            None => default,
            Some("true" | "True" | "TRUE") => true,
            Some("false" | "False" | "FALSE") => false,
            Some(other) => {
                self.add(input, format!("`{other}` is neither `true` nor `false`"));
                default
            }
        }
    }

    /// A whole number, such as a pull request's.
    pub fn number(&mut self, input: &str, value: Option<&str>) -> Option<u64> {
        let value = value?.trim();
        let number = value.parse().ok();
        if number.is_none() {
            self.add(input, format!("`{value}` is not a whole number, such as `42`"));
        }
        number
    }

    /// A duration such as `90s`, `5m` or `7d`.
    pub fn duration(&mut self, input: &str, value: Option<&str>) -> Option<Duration> {
        let value = value?.trim();
        let duration = crate::duration::parse(value);
        if duration.is_none() {
            self.add(
                input,
                format!("`{value}` is not a duration, such as `90s`, `5m` or `7d`"),
            );
        }
        duration
    }

    /// An http or https URL without a trailing slash, or the default.
    pub fn base_url(&mut self, input: &str, value: Option<&str>, default: &str) -> String {
        let value = value.map_or(default, str::trim);
        match crate::secret::url(value) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {}
            _ => self.add(
                input,
                format!(
                    "`{}` is not an http or https URL, such as `{default}`",
                    crate::credential::shown(value)
                ),
            ),
        }
        value.trim_end_matches('/').to_owned()
    }

    /// One of `options`, by its name; the default when the input is unset.
    pub fn choice<T: Copy>(&mut self, input: &str, value: Option<&str>, options: &[(&str, T)], default: T) -> T {
        let Some(value) = value.map(str::trim) else {
            return default;
        };
        if let Some((_, option)) = options.iter().find(|(name, _)| *name == value) {
            return *option;
        }
        let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
        let meant = crate::text::nearest(value, names.iter().copied())
            .map(|name| format!("; did you mean `{name}`?"))
            .unwrap_or_default();
        self.add(input, format!("`{value}` is none of {}{meant}", quoted_list(&names)));
        default
    }

    /// The problems as one error.
    ///
    /// # Errors
    /// [`BadInput`] when there are any.
    pub fn finish(self) -> Result<(), BadInput> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(BadInput(self.0))
        }
    }
}

/// The items of a list input: one per line or separated by commas, trimmed, blanks and `#` comments dropped.
pub fn list(value: Option<&str>) -> Vec<String> {
    let items = value.unwrap_or_default().split(['\n', ',']).map(str::trim);
    items
        .filter(|item| !item.is_empty() && !item.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// The items of an input that has one per line (where a comma may belong to the item).
pub fn lines(value: Option<&str>) -> Vec<String> {
    value
        .unwrap_or_default()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Raw {
        dry_run: Option<String>,
        pull_request: Option<String>,
        manifest: Option<String>,
    }

    #[test]
    fn blank_inputs_are_unset_and_dashes_are_read_too() {
        let env: Env = [("INPUT_DRY-RUN", "true"), ("INPUT_PULL_REQUEST", " "), ("OTHER", "x")]
            .into_iter()
            .collect();
        let raw: Raw = read(&env).unwrap();
        assert_eq!(
            (raw.dry_run.as_deref(), raw.pull_request, raw.manifest),
            (Some("true"), None, None)
        );
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let mut problems = Problems::default();
        problems.required("neon-api-key", None, "pass `neon-api-key: ${{ secrets.NEON_API_KEY }}`");
        problems.number("pull-request", Some("abc"));
        problems.choice("command", Some("creat"), &[("create", 1), ("delete", 2)], 1);
        problems.base_url(
            "neon-api-url",
            Some("console.neon.tech"),
            "https://console.neon.tech/api/v2",
        );
        problems.boolean("dry-run", Some("yes"), false);
        insta::assert_snapshot!(problems.finish().unwrap_err(), @r"
        5 inputs are wrong; nothing was touched
        - `neon-api-key`: missing; pass `neon-api-key: ${{ secrets.NEON_API_KEY }}`
        - `pull-request`: `abc` is not a whole number, such as `42`
        - `command`: `creat` is none of `create` and `delete`; did you mean `create`?
        - `neon-api-url`: `console.neon.tech` is not an http or https URL, such as `https://console.neon.tech/api/v2`
        - `dry-run`: `yes` is neither `true` nor `false`
        ");
    }

    #[test]
    fn a_token_that_no_header_carries_is_named() {
        let told = |token: &str| {
            let mut problems = Problems::default();
            problems.required_secret("neon-api-key", Some(token.to_owned()), "");
            problems.finish().map_err(|wrong| wrong.to_string()).err()
        };
        assert_eq!(told("  napi_abc-123.x=\n"), None, "what surrounds it is cut");
        for (token, what) in [
            ("two\nlines", "a line break"),
            ("two words", "a space"),
            ("zero\u{200b}width", "U+200B"),
            ("\u{feff}mark", "U+FEFF"),
            ("bell\u{7}", "U+0007"),
            ("clé", "a letter that no token has"),
        ] {
            let told = told(token).unwrap();
            assert!(told.contains("`neon-api-key`") && told.contains(what), "{told}");
            assert!(!told.contains(token));
        }
    }

    #[test]
    fn lists_come_by_line_or_comma() {
        assert_eq!(list(Some("a, b\n# no\n\n c ")), ["a", "b", "c"]);
        assert_eq!(lines(Some("a,b\n c")), ["a,b", "c"]);
    }
}
