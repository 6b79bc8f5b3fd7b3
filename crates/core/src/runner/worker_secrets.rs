//! The input `worker-secrets`: the services' secrets as one text, in dotenv or JSON form.

use std::collections::{BTreeMap, BTreeSet};

use super::pairs::{self, Pair};
use super::{Env, Problems};
use crate::credential::looks_drawn;
use crate::environment::Environment;
use crate::manifest::Manifest;
use crate::secret::{ExposeSecret as _, SecretString, mask, secret};
use crate::text::{listed, nearest};

/// The input's name.
pub const INPUT: &str = "worker-secrets";
/// Longer, it is no name that a person gives.
const LONGEST_NAME: usize = 64;

/// What the input holds.
pub struct Pack {
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    /// Blank as it may be, which counts as unset.
    value: SecretString,
    /// Where it stands: `line 3`, `entry 2`.
    place: String,
}

impl Entry {
    fn new(pair: Pair) -> Self {
        mask(&pair.written);
        Self {
            name: pair.name,
            value: value_of(&pair.value),
            place: pair.place,
        }
    }

    fn is_blank(&self) -> bool {
        self.value.expose_secret().trim().is_empty()
    }

    /// The name, unless it may be a piece of a secret: a line of a key that lacks its quotation marks ends in `=`, too.
    fn shown(&self) -> String {
        let value = self.value.expose_secret();
        let is_padding = value.chars().all(|c| c == '=');
        if is_padding || self.name.len() > LONGEST_NAME || looks_drawn(&self.name) {
            format!("the name in {}", self.place)
        } else {
            format!("`{}`", self.name)
        }
    }
}

impl Pack {
    /// The value, unless it is blank.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        (!entry.is_blank()).then_some(&entry.value)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// The names that none of `used` is, as they may be shown.
    pub fn without(&self, used: &BTreeSet<&str>) -> Vec<String> {
        let others = self.entries.iter().filter(|entry| !used.contains(entry.name.as_str()));
        others.map(Entry::shown).collect()
    }

    /// Reads and masks; what is wrong is recorded.
    pub fn read(text: Option<&str>, env: &Env, problems: &mut Problems) -> Option<Self> {
        let text = text?;
        let entries = match pairs::read(text, mask) {
            Ok(pairs) => pairs.into_iter().map(Entry::new).collect(),
            Err(wrong) => {
                // What could not be told apart is hidden as a whole.
                mask(text);
                for wrong in wrong {
                    problems.add(INPUT, wrong);
                }
                Vec::new()
            }
        };
        let pack = Self { entries };
        pack.told_twice(env, problems);
        Some(pack)
    }

    /// The same name twice, here or beside the step's `env`: nobody knows which one was meant.
    fn told_twice(&self, env: &Env, problems: &mut Problems) {
        let mut seen: BTreeMap<&str, &Entry> = BTreeMap::new();
        for entry in &self.entries {
            if let Some(first) = seen.insert(&entry.name, entry) {
                let text = format!("has {} twice, in {} and {}", entry.shown(), first.place, entry.place);
                problems.add(INPUT, text);
            }
            let other = env.get(&entry.name).filter(|_| !entry.is_blank());
            if other.is_some_and(|other| other != entry.value.expose_secret()) {
                problems.add(
                    INPUT,
                    format!(
                        "{} has another value in the step's `env`; leave one of the two out",
                        entry.shown()
                    ),
                );
            }
        }
    }

    /// Names that nothing asks for: misspelt, or left over. `declared`: those that wrangler configurations ask for.
    pub fn check(
        &self,
        manifest: Option<&Manifest>,
        environment: &Environment,
        declared: &BTreeSet<String>,
        problems: &mut Problems,
    ) {
        let known = Known::new(manifest, environment, declared);
        let mut strange = Vec::new();
        for entry in self.entries.iter().filter(|entry| !known.secrets.contains(&entry.name)) {
            let name = entry.shown();
            let is_public = known.variables.contains(&entry.name);
            let meant = nearest(&entry.name, known.secrets.iter().map(String::as_str));
            match meant {
                _ if is_public => problems.add(
                    INPUT,
                    format!("{name} is one of `step-vars`, which anybody may read; give it by the input of that name, or set it in the step's `env`"),
                ),
                Some(meant) => problems.add(
                    INPUT,
                    format!("{name} is none of {}; did you mean `{meant}`?", known.what),
                ),
                None => strange.push(name),
            }
        }
        if !strange.is_empty() {
            let (verb, them) = match strange[..] {
                [_] => ("is", "it"),
                _ => ("are", "them"),
            };
            let all = listed(&strange);
            problems.add(
                INPUT,
                format!(
                    "{all} {verb} none of {}; take {them} out, or name {them} there",
                    known.what
                ),
            );
        }
    }
}

/// The names that somebody asks for.
struct Known {
    secrets: BTreeSet<String>,
    variables: BTreeSet<String>,
    /// What they are, for a sentence.
    what: &'static str,
}

impl Known {
    /// One text may serve all environments, and a run may be about some of the services: what any of them asks for is
    /// known.
    fn new(manifest: Option<&Manifest>, environment: &Environment, declared: &BTreeSet<String>) -> Self {
        let mut secrets: BTreeSet<String> = environment
            .services
            .iter()
            .flat_map(|service| service.secrets.iter().map(|secret| secret.variable.clone()))
            .collect();
        let mut variables = BTreeSet::new();
        secrets.extend(declared.iter().cloned());
        for spec in manifest.iter().flat_map(|manifest| manifest.environments.values()) {
            let here = |name: &String| spec.secrets.get(name).unwrap_or(name).clone();
            let services = || manifest.iter().flat_map(|manifest| manifest.services.values());
            secrets.extend(services().flat_map(|service| &service.secrets).map(here));
            secrets.extend(declared.iter().map(here));
            let public = |name: &String| spec.step_vars.get(name).unwrap_or(name).clone();
            variables.extend(services().flat_map(|service| &service.step_vars).map(public));
        }
        Self {
            secrets,
            variables,
            what: match manifest {
                Some(_) => "the secrets that the manifest's services or their wrangler configurations name",
                None => "`secrets`, nor of those that the wrangler configuration names",
            },
        }
    }
}

/// The value of a Worker's secret, masked: a database URL's password beside the URL.
pub fn value_of(value: &str) -> SecretString {
    if value.contains("://") {
        crate::secret::database_url(value)
    } else {
        secret(value)
    }
}

/// The names that are no names of a Worker's secrets.
pub fn odd_names(pack: &Pack, is_name: impl Fn(&str) -> bool, problems: &mut Problems) {
    let odd: Vec<String> = pack
        .entries
        .iter()
        .filter(|entry| !is_name(&entry.name))
        .map(Entry::shown)
        .collect();
    if !odd.is_empty() {
        let all = listed(&odd);
        problems.add(
            INPUT,
            format!("{all}: no name of a secret, which has letters, digits and underscores"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, env: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        let env: Env = env.iter().copied().collect();
        let mut problems = Problems::default();
        let pack = Pack::read(Some(text), &env, &mut problems).unwrap();
        problems.finish().map_err(|wrong| wrong.to_string())?;
        let pairs = pack.entries.iter();
        Ok(pairs
            .map(|entry| (entry.name.clone(), entry.value.expose_secret().to_owned()))
            .collect())
    }

    #[test]
    fn both_forms_are_told_apart_by_their_first_character() {
        let expected = [("A".to_owned(), "one".to_owned()), ("B".to_owned(), "2\n3".to_owned())];
        for text in [
            "A=one\nB=\"2\\n3\"",
            "\n  {\"A\": \"one\", \"B\": \"2\\n3\"}\n",
            "\u{feff}{\"A\":\"one\",\"B\":\"2\\n3\"}",
        ] {
            assert_eq!(read(text, &[]).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_a_value() {
        let told = |text: &str, env: &[(&str, &str)]| read(text, env).unwrap_err();
        insta::assert_snapshot!(
            [
                told("A=s3cret-1#x\ns3cret-2", &[]),
                told("{\"A\": \"s3cret-3\", \"B\": 4711, \"C\": null}", &[]),
                told("{\"A\": \"s3cret-4\" s3cret-5", &[]),
                told("A=s3cret-6\nB=1\nA=s3cret-6", &[]),
                told("{\"A\": \"s3cret-7\", \"A\": \"s3cret-8\"}", &[]),
                told("A=s3cret-9", &[("A", "s3cret-10")]),
            ]
            .join("\n\n"),
            @"
        2 inputs are wrong; nothing was touched
        - `worker-secrets`: line 1 has a `#` inside a value without quotation marks, where some readers cut it; put the value into single quotes
        - `worker-secrets`: line 2 is neither `NAME=value` nor a comment; a value of several lines stands in quotes

        2 inputs are wrong; nothing was touched
        - `worker-secrets`: entry 2 is no text; each name has a text in quotation marks
        - `worker-secrets`: entry 3 is no text; each name has a text in quotation marks

        one input is wrong; nothing was touched
        - `worker-secrets`: is no JSON object, though it begins as one: it breaks off at line 1, column 18

        one input is wrong; nothing was touched
        - `worker-secrets`: has `A` twice, in line 1 and line 3

        one input is wrong; nothing was touched
        - `worker-secrets`: has `A` twice, in entry 1 and entry 2

        one input is wrong; nothing was touched
        - `worker-secrets`: `A` has another value in the step's `env`; leave one of the two out
        "
        );
        assert_eq!(read("A=same\nB=", &[("A", "same"), ("B", "other")]).unwrap().len(), 2);
    }

    #[test]
    fn a_line_of_a_key_is_not_shown_as_a_name() {
        for (text, shown) in [
            ("STRIPE_KEY=x", "`STRIPE_KEY`"),
            ("Zm9vYmFy=", "the name in line 1"),
            ("Zm9vYmFy==", "the name in line 1"),
            (
                "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj=abc",
                "the name in line 1",
            ),
        ] {
            let pack = Pack::read(Some(text), &Env::default(), &mut Problems::default()).unwrap();
            assert_eq!(pack.entries[0].shown(), shown);
        }
    }
}
