//! A Worker's configuration file, as far as a deployment must know it: `wrangler.json`, `.jsonc` or `.toml`.

pub(crate) mod generated;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use self::generated::Generated;
use super::{keys, parse};

/// In wrangler's order.
const FILES: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];
/// A configuration file.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file, for messages and to resolve what is in it.
    pub file: PathBuf,
    value: Map<String, Value>,
    /// For one that a build wrote.
    generated: Option<Generated>,
}

impl Config {
    /// The configuration of the Worker in `folder`: what its build has generated, else the user's own.
    ///
    /// wrangler itself searches upwards, and for each of the names in turn (tried: 4.40 to 4.164), so that a
    /// `wrangler.jsonc` above goes before the Worker's own `wrangler.toml`. Only what lies in the folder is meant here,
    /// and wrangler is told the file.
    ///
    /// # Errors
    /// In one sentence: there is none, or it cannot be read.
    pub fn find(folder: &Path) -> Result<Self, String> {
        let user = user(folder)?;
        if let Some(file) = generated::pointed(folder)? {
            let mut value = parse::file(&file)?;
            let generated = Some(Generated::take(&file, &mut value, user)?);
            return Ok(Self { file, value, generated });
        }
        Self::of(&user.ok_or_else(|| {
            format!(
                "`{}` holds no `wrangler.jsonc`, `wrangler.json` or `wrangler.toml`",
                folder.display()
            )
        })?)
    }

    /// The user's own configuration in `folder`, whatever a build has generated; the latter where there is nothing else.
    ///
    /// # Errors
    /// In one sentence: there is none, or it cannot be read.
    pub fn of_user(folder: &Path) -> Result<Self, String> {
        match user(folder)? {
            Some(file) => Self::of(&file),
            None => Self::find(folder),
        }
    }

    /// The file that people write for the Worker in `folder`.
    ///
    /// # Errors
    /// In one sentence: there is no such folder.
    pub fn file_in(folder: &Path) -> Result<Option<PathBuf>, String> {
        user(folder)
    }

    /// The configuration in a file.
    pub(super) fn of(file: &Path) -> Result<Self, String> {
        let mut value = parse::file(file)?;
        let generated = Generated::is_one(&value);
        let generated = generated.then(|| Generated::take(file, &mut value, None)).transpose()?;
        Ok(Self {
            file: file.to_owned(),
            value,
            generated,
        })
    }

    /// The configuration in a file, if people wrote it.
    pub(super) fn written_in(file: &Path) -> Result<Option<Self>, String> {
        let value = parse::file(file)?;
        Ok((!Generated::is_one(&value)).then(|| Self {
            file: file.to_owned(),
            value,
            generated: None,
        }))
    }

    /// Whether a build wrote it, for one environment.
    pub fn is_generated(&self) -> bool {
        self.generated.is_some()
    }

    /// The configuration that people write: of a generated one, what it was made from, where that is there.
    fn written(&self) -> &Self {
        let user = self.generated.as_ref().and_then(|generated| generated.user.as_deref());
        user.unwrap_or(self)
    }

    /// What wrangler is given in place of the file, where it would refuse that.
    pub(super) fn replaced(&self) -> Option<&Map<String, Value>> {
        let refused = self.generated.as_ref().is_some_and(|generated| generated.refused);
        refused.then_some(&self.value)
    }

    /// The environment that wrangler is to be asked for: none of a generated configuration, which is flat.
    pub(super) fn asked<'a>(&self, environment: Option<&'a str>) -> Option<&'a str> {
        environment.filter(|_| !self.is_generated())
    }

    /// The folder that its paths start from.
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    fn environment_table(&self) -> Option<&Map<String, Value>> {
        self.value.get("env")?.as_object()
    }

    /// The names under `env`.
    pub fn environments(&self) -> Vec<&str> {
        self.environment_table()
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect()
    }

    /// Every name that this Worker has in some environment: what a service binding may call it.
    pub fn names(&self) -> Vec<String> {
        let of = |table: &Map<String, Value>| table.get("name").and_then(Value::as_str).map(str::to_owned);
        let top = of(&self.value);
        let environments = self
            .environment_table()
            .into_iter()
            .flatten()
            .filter_map(|(name, table)| {
                let own = table.as_object().and_then(of);
                own.or_else(|| Some(format!("{}-{name}", top.as_ref()?)))
            });
        let mut names: Vec<String> = environments.collect();
        names.extend(top.clone());
        names.extend(
            self.generated
                .iter()
                .flat_map(|generated| generated.user.iter())
                .flat_map(|user| user.names()),
        );
        names.dedup();
        names
    }

    /// The Worker's name in an environment, or at the top level: an environment without a name of its own gets the
    /// top level's and its own behind it.
    pub fn name(&self, environment: Option<&str>) -> Option<String> {
        let top = self.value.get("name").and_then(Value::as_str).map(str::to_owned);
        // A generated one has the name of the environment that it is for.
        if self.is_generated() {
            return top;
        }
        let Some(environment) = environment else { return top };
        let own = self
            .environment_table()?
            .get(environment)?
            .get("name")
            .and_then(Value::as_str);
        own.map(str::to_owned)
            .or_else(|| Some(format!("{}-{environment}", top?)))
    }

    /// The settings of an environment, or of the top level, as they are to be deployed.
    ///
    /// # Errors
    /// In one sentence: there is no such environment, or it was generated for another one.
    pub fn settings(&self, environment: Option<&str>) -> Result<Settings<'_>, String> {
        if let Some(generated) = &self.generated {
            generated.is_for(&self.file, environment)?;
            return Ok(Settings {
                top: &self.value,
                own: None,
            });
        }
        let own = match environment {
            None => None,
            Some(name) => Some(
                self.environment_table()
                    .and_then(|table| table.get(name)?.as_object())
                    .ok_or_else(|| {
                        let known = self.environments();
                        let known = if known.is_empty() {
                            "it has none".to_owned()
                        } else {
                            format!("it has {}", actions_core::text::quoted_list(&known))
                        };
                        format!("`{}` has no environment `{name}`; {known}", self.file.display())
                    })?,
            ),
        };
        Ok(Settings { top: &self.value, own })
    }

    /// The settings of an environment that is not to be deployed, such as production's while a preview is: as people
    /// wrote them. Where only a generated configuration is there, they are taken to be the same, so that nothing passes
    /// for a preview's own that may be production's.
    ///
    /// # Errors
    /// In one sentence: there is no such environment.
    pub fn declared(&self, environment: Option<&str>) -> Result<Settings<'_>, String> {
        let written = self.written();
        if written.is_generated() {
            return Ok(Settings {
                top: &written.value,
                own: None,
            });
        }
        written.settings(environment)
    }

    /// Where a generated configuration is not what the user's own says now, in one sentence.
    pub fn differs(&self, environment: Option<&str>) -> Option<String> {
        let settings = self.settings(environment).ok()?;
        self.generated.as_ref()?.differs(&self.file, &settings, environment)
    }
}

/// The user's own file in a folder.
fn user(folder: &Path) -> Result<Option<PathBuf>, String> {
    if !folder.is_dir() {
        return Err(format!("there is no folder `{}`", folder.display()));
    }
    let files = FILES.map(|name| folder.join(name));
    Ok(files.into_iter().find(|file| file.is_file()))
}

/// What is set for one environment.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    top: &'a Map<String, Value>,
    own: Option<&'a Map<String, Value>>,
}

impl<'a> Settings<'a> {
    /// A key's value: the environment's own, else the top level's where environments inherit it.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        match self.own {
            None => self.top.get(key),
            Some(own) => own
                .get(key)
                .or_else(|| self.top.get(key).filter(|_| keys::is_inherited(key))),
        }
    }

    /// Every key that is set here, or taken over from the top level.
    pub fn keys(&self) -> BTreeSet<&'a str> {
        let own = self.own.into_iter().flat_map(Map::keys);
        own.chain(self.top.keys())
            .map(String::as_str)
            .filter(|key| self.get(key).is_some())
            .collect()
    }

    /// Keys that stand at the top level only, though environments do not inherit them: wrangler warns, and goes on.
    pub fn lost(&self) -> Vec<&'a str> {
        let Some(own) = self.own else { return Vec::new() };
        let top = Self {
            top: self.top,
            own: None,
        };
        let mut lost: Vec<&str> = keys::not_inherited()
            .filter(|key| top.has(key) && !own.contains_key(*key))
            .collect();
        lost.sort_unstable();
        lost
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }

    /// Whether a switch is on.
    pub fn is_on(&self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether a key holds anything: not absent, null, or an empty list or table.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| match value {
            Value::Null => false,
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            _ => true,
        })
    }

    /// The cron expressions; `None` when the configuration says nothing about them, so that they stay as they are.
    pub fn crons(&self) -> Option<Vec<String>> {
        let crons = self.get("triggers")?.get("crons")?.as_array()?;
        Some(
            crons
                .iter()
                .filter_map(|cron| cron.as_str().map(str::to_owned))
                .collect(),
        )
    }

    /// The Durable Object migrations, oldest first.
    pub fn migrations(&self) -> &'a [Value] {
        self.get("migrations")
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Resource, ResourceKind};
    use super::*;

    fn config(name: &str, text: &str) -> Config {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), text).unwrap();
        Config::find(dir.path()).unwrap()
    }

    const JSONC: &str = r#"{
        // a comment
        "name": "api",
        "compatibility_date": "2026-01-01",
        "vars": {"STAGE": "dev"},
        "kv_namespaces": [{"binding": "CACHE", "id": "dev"}],
        "env": {
            "production": {"name": "api-live", "services": [{"binding": "AUTH", "service": "auth-live"}]},
            "staging": {},
        },
    }"#;

    #[test]
    fn an_environment_inherits_settings_but_no_bindings() {
        let config = config("wrangler.jsonc", JSONC);
        assert_eq!(config.names(), ["api-live", "api-staging", "api"]);
        assert_eq!(config.name(Some("staging")).as_deref(), Some("api-staging"));
        assert_eq!(config.name(Some("production")).as_deref(), Some("api-live"));
        let staging = config.settings(Some("staging")).unwrap();
        assert_eq!(staging.text("compatibility_date"), Some("2026-01-01"));
        assert!(!staging.has("vars") && !staging.has("kv_namespaces"));
        assert_eq!(staging.lost(), ["kv_namespaces", "vars"]);
        let production = config.settings(Some("production")).unwrap();
        let auth = Resource {
            kind: ResourceKind::Worker,
            id: "auth-live".to_owned(),
        };
        assert_eq!(production.resources(), BTreeSet::from([auth]));
    }

    #[test]
    fn what_is_missing_is_told_in_one_sentence() {
        let config = config("wrangler.jsonc", JSONC);
        let problem = config.settings(Some("prod")).unwrap_err();
        assert!(
            problem.ends_with("has no environment `prod`; it has `production` and `staging`"),
            "{problem}"
        );
        let empty = tempfile::tempdir().unwrap();
        assert!(
            Config::find(empty.path())
                .unwrap_err()
                .contains("holds no `wrangler.jsonc`")
        );
        assert!(
            Config::find(&empty.path().join("x"))
                .unwrap_err()
                .starts_with("there is no folder")
        );
    }

    #[test]
    fn toml_reads_the_same() {
        let config = config(
            "wrangler.toml",
            "name = \"web\"\n[triggers]\ncrons = [\"0 * * * *\"]\n[env.staging]\nname = \"web-stg\"\n",
        );
        assert_eq!(config.names(), ["web-stg", "web"]);
        assert_eq!(
            config.settings(Some("staging")).unwrap().crons().unwrap(),
            ["0 * * * *"]
        );
    }
}
