//! Configurations that a framework's build writes for wrangler to deploy ("redirected", in Cloudflare's words): Vite's
//! plugin and others leave a pointer beside the user's own configuration. What is written is flat: the settings of the
//! one environment that it was built for, with its name, and no `env`.

use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use actions_core::text::quoted_list;
use serde_json::{Map, Value};

use super::{Config, Settings};
use crate::parse;

/// Where a framework's build tells wrangler to read another file.
pub(crate) const POINTER: &str = ".wrangler/deploy/config.json";
/// What the build tells about itself: no settings of a Worker.
const ABOUT: [&str; 5] = [
    "configPath",
    "definedEnvironments",
    "targetEnvironment",
    "topLevelName",
    "userConfigPath",
];
/// Written by plugins that are older than the project's wrangler, which refuses it in a configuration that it is given
/// by name (wrangler 4.164; it drops the key where it is redirected).
const REFUSED: &str = "legacy_env";
/// What a build copies as it stands: where it differs, somebody changed one of the two since.
const COPIED: [&str; 2] = ["compatibility_date", "vars"];

/// What is known of a generated configuration beside its settings.
#[derive(Debug, Clone)]
pub(super) struct Generated {
    /// The environment of the user's configuration that it was built for; `None` is its top level.
    target: Option<String>,
    /// The configuration that it was made from, when that is there.
    pub(super) user: Option<Box<Config>>,
    /// Whether the file as it stands would be refused by wrangler.
    pub(super) refused: bool,
}

impl Generated {
    /// Whether a configuration that no pointer leads to is one, such as that of an auxiliary Worker.
    pub(super) fn is_one(value: &Map<String, Value>) -> bool {
        ABOUT.iter().any(|key| value.contains_key(*key))
    }

    /// Takes what the build tells about itself out of the settings. `beside` is the user's configuration in the
    /// service's folder.
    ///
    /// # Errors
    /// In one sentence: it, or the user's configuration, is none.
    pub(super) fn take(file: &Path, value: &mut Map<String, Value>, beside: Option<PathBuf>) -> Result<Self, String> {
        if value
            .get("env")
            .and_then(Value::as_object)
            .is_some_and(|env| !env.is_empty())
        {
            return Err(format!(
                "`{}` is what a build wrote, and holds environments, which wrangler refuses there",
                file.display()
            ));
        }
        // A relative path starts from the file's own folder; built elsewhere, an absolute one leads nowhere.
        let named = value.get("userConfigPath").and_then(Value::as_str);
        let named = named
            .map(|path| file.with_file_name(path))
            .filter(|path| path.is_file());
        let user = named.or(beside).filter(|user| user != file);
        // One that was generated itself says nothing of other environments.
        let user = user.map(|user| Config::written_in(&user)).transpose()?.flatten();
        let target = value.get("targetEnvironment").and_then(Value::as_str);
        let target = target.filter(|target| !target.is_empty()).map(str::to_owned);
        for key in ABOUT {
            value.remove(key);
        }
        Ok(Self {
            target,
            user: user.map(Box::new),
            refused: value.remove(REFUSED).is_some(),
        })
    }

    /// Whether it was built for this environment.
    ///
    /// # Errors
    /// In one sentence: for which else, and what to do.
    pub(super) fn is_for(&self, file: &Path, environment: Option<&str>) -> Result<(), String> {
        if self.target.as_deref() == environment {
            return Ok(());
        }
        // Nobody can build for an environment that there is not.
        if let Some(user) = &self.user {
            user.settings(environment)?;
        }
        let spoken = |environment: Option<&str>| {
            environment.map_or_else(|| "the top level".to_owned(), |name| format!("environment `{name}`"))
        };
        Err(format!(
            "`{}` was built for {} of the wrangler configuration, and {} is to be deployed; build it again with `CLOUDFLARE_ENV={}`: the service's own `build` is given that, and Turborepo passes it on only where turbo.json lists it in `globalEnv`",
            file.display(),
            spoken(self.target.as_deref()),
            spoken(environment),
            environment.unwrap_or_default()
        ))
    }

    /// Where it is not what the user's configuration says now, in one sentence: it may be of an earlier build.
    pub(super) fn differs(&self, file: &Path, settings: &Settings<'_>, environment: Option<&str>) -> Option<String> {
        let user = self.user.as_deref()?;
        let now = user.settings(environment).ok()?;
        let empty = Value::Object(Map::new());
        let of = |settings: &Settings<'_>, key| settings.get(key).cloned().unwrap_or_else(|| empty.clone());
        let mut keys: Vec<&str> = COPIED
            .into_iter()
            .filter(|key| of(settings, key) != of(&now, key))
            .collect();
        if settings.resources() != now.resources() {
            keys.push("bindings");
        }
        (!keys.is_empty()).then(|| {
            format!(
                "`{}` is what a build wrote, and differs in {} from `{}`: it is of an earlier build, or the build changes them",
                file.display(),
                quoted_list(&keys),
                user.file.display()
            )
        })
    }
}

/// The configuration that a build has left a pointer to.
///
/// # Errors
/// In one sentence: the pointer leads nowhere.
pub(super) fn pointed(folder: &Path) -> Result<Option<PathBuf>, String> {
    let pointer = folder.join(POINTER);
    if !pointer.is_file() {
        return Ok(None);
    }
    let value = parse::file(&pointer)?;
    let named = value.get("configPath").and_then(Value::as_str);
    match named.map(|path| plain(pointer.with_file_name(path))) {
        Some(file) if file.is_file() => Ok(Some(file)),
        _ => Err(format!(
            "`{}` points to no configuration; build the Worker again",
            pointer.display()
        )),
    }
}

/// A path without the way up and down again, for messages.
fn plain(path: PathBuf) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir && plain.file_name().is_some() {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    // Where a folder on the way is a link, up is elsewhere.
    if plain.is_file() { plain } else { path }
}

/// When the pointer and what it leads to were written; a build that ran leaves other times.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pointer: SystemTime,
    configuration: Option<SystemTime>,
}

impl Written {
    /// `None` when there is no pointer.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        let at = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
        Some(Self {
            pointer: at(&folder.join(POINTER))?,
            configuration: pointed(folder).ok().flatten().and_then(|file| at(&file)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    const USER: &str = r#"{"name": "web", "vars": {"STAGE": "dev"}, "r2_buckets": [{"binding": "FILES", "bucket_name": "files-dev"}],
        "env": {"live": {"name": "web-live", "vars": {"STAGE": "live"}, "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}]}}}"#;

    fn put(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A built project. What Vite's plugin writes, in short.
    fn built(more: &Value) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "wrangler.jsonc", USER);
        put(dir.path(), POINTER, r#"{"configPath": "../../dist/web/wrangler.json"}"#);
        let mut value = json!({
            "configPath": "/elsewhere/wrangler.jsonc", "userConfigPath": "/elsewhere/wrangler.jsonc",
            "topLevelName": "web", "definedEnvironments": ["live"], "name": "web", "main": "index.js", "vars": {"STAGE": "dev"},
            "r2_buckets": [{"binding": "FILES", "bucket_name": "files-dev"}], "kv_namespaces": [],
        });
        for (key, more) in more.as_object().unwrap() {
            value[key] = more.clone();
        }
        put(dir.path(), "dist/web/wrangler.json", &value.to_string());
        dir
    }

    fn for_live() -> Value {
        json!({"targetEnvironment": "live", "name": "web-live", "vars": {"STAGE": "live"}, "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}]})
    }

    #[test]
    fn what_was_built_is_deployed_and_what_was_written_tells_of_production() {
        let dir = built(&json!({}));
        let config = Config::find(dir.path()).unwrap();
        assert_eq!(config.names(), ["web", "web-live", "web"]);
        let settings = config.settings(None).unwrap();
        assert_eq!(settings.text("main"), Some("index.js"));
        assert!(ABOUT.iter().all(|key| settings.get(key).is_none()));
        let ids =
            |settings: Settings<'_>| -> BTreeSet<String> { settings.resources().into_iter().map(|it| it.id).collect() };
        assert_eq!(ids(settings), BTreeSet::from(["files-dev".to_owned()]));
        assert_eq!(
            ids(config.declared(Some("live")).unwrap()),
            BTreeSet::from(["files".to_owned()])
        );
        assert_eq!(
            (config.name(None).as_deref(), config.asked(None), config.differs(None)),
            (Some("web"), None, None)
        );
        // Before it was built, or whatever it was built for, the Worker's name is the user's word.
        let written = Config::of_user(dir.path()).unwrap();
        assert_eq!(written.name(Some("live")).as_deref(), Some("web-live"));
        let live = built(&for_live());
        let config = Config::find(live.path()).unwrap();
        assert_eq!(config.name(Some("live")).as_deref(), Some("web-live"));
        assert_eq!((config.asked(Some("live")), config.differs(Some("live"))), (None, None));
    }

    #[test]
    fn what_was_built_for_another_environment_is_refused() {
        let dir = built(&for_live());
        let config = Config::find(dir.path()).unwrap();
        config.settings(Some("live")).unwrap();
        let told = config.settings(None).unwrap_err();
        assert!(
            told.ends_with("dist/web/wrangler.json` was built for environment `live` of the wrangler configuration, and the top level is to be deployed; build it again with `CLOUDFLARE_ENV=`: the service's own `build` is given that, and Turborepo passes it on only where turbo.json lists it in `globalEnv`"),
            "{told}"
        );
        let told = config.settings(Some("liv")).unwrap_err();
        assert!(
            told.ends_with("wrangler.jsonc` has no environment `liv`; it has `live`"),
            "{told}"
        );
        let dir = built(&json!({}));
        let told = Config::find(dir.path()).unwrap().settings(Some("live")).unwrap_err();
        assert!(
            told.contains("was built for the top level of the wrangler configuration, and environment `live` is"),
            "{told}"
        );
        let dir = built(&json!({"env": {"live": {}}}));
        let told = Config::find(dir.path()).unwrap_err();
        assert!(told.contains("holds environments"), "{told}");
    }

    #[test]
    fn one_without_the_users_own_beside_it_tells_of_production_what_it_holds() {
        let dir = built(&json!({}));
        let folder = dir.path().join("dist/web");
        // An auxiliary Worker's has no pointer; the path in it leads to another machine's folder.
        let config = Config::find(&folder).unwrap();
        assert!(config.is_generated());
        assert_eq!(config.declared(Some("live")).unwrap().resources().len(), 1);
        put(dir.path(), "dist/web/wrangler.json", &json!({"topLevelName": "web", "definedEnvironments": [], "userConfigPath": "../../wrangler.jsonc", "name": "web"}).to_string());
        let config = Config::find(&folder).unwrap();
        assert_eq!(config.declared(Some("live")).unwrap().text("name"), Some("web-live"));
    }

    #[test]
    fn one_of_an_earlier_build_is_told() {
        let dir = built(&json!({"vars": {"STAGE": "old"}, "r2_buckets": []}));
        let told = Config::find(dir.path()).unwrap().differs(None).unwrap();
        assert!(
            told.contains("dist/web/wrangler.json` is what a build wrote, and differs in `vars` and `bindings` from `"),
            "{told}"
        );
    }

    #[test]
    fn a_pointer_that_leads_nowhere_is_told_and_a_build_is_seen() {
        let dir = built(&json!({}));
        let before = Written::of(dir.path());
        assert!(before.is_some() && before == Written::of(dir.path()));
        let pointer = dir.path().join(POINTER);
        let later = SystemTime::now() + std::time::Duration::from_secs(1);
        std::fs::File::options()
            .write(true)
            .open(&pointer)
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert_ne!(before, Written::of(dir.path()));
        std::fs::write(&pointer, "{").unwrap();
        assert!(Config::find(dir.path()).unwrap_err().contains("config.json:1:"));
        std::fs::write(&pointer, r#"{"configPath": "../../dist/web/wrangler.json"}"#).unwrap();
        std::fs::remove_dir_all(dir.path().join("dist")).unwrap();
        assert!(
            Config::find(dir.path())
                .unwrap_err()
                .contains("points to no configuration")
        );
        std::fs::remove_file(pointer).unwrap();
        assert!(!Config::find(dir.path()).unwrap().is_generated());
        assert_eq!(Written::of(dir.path()), None);
    }

    #[test]
    fn what_wrangler_would_refuse_is_replaced() {
        let dir = built(&json!({"legacy_env": true}));
        let config = Config::find(dir.path()).unwrap();
        assert!(!config.replaced().unwrap().contains_key("legacy_env"));
        assert!(Config::find(built(&json!({})).path()).unwrap().replaced().is_none());
    }
}
