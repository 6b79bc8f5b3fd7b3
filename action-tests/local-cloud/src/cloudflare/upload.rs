//! The multipart form of an upload, and what is refused in it.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use futures_util::stream;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::envelope::Refusal;
use super::model::{Assets, Content, Module, State};
use super::{bindings, fields, queues};

/// What the API assumes of a Worker that names no date.
const OLDEST_DATE: &str = "2021-11-02";
const SOURCE_MAP: &str = "application/source-map";

/// A form, taken apart.
#[derive(Debug)]
pub(super) struct Form {
    /// The JSON part: `metadata`, or `settings` where settings are patched.
    pub(super) metadata: Map<String, Value>,
    /// A module's name is its file's, and without one its part's.
    pub(super) modules: Vec<Module>,
    /// The name of each module's part of the form.
    parts: Vec<String>,
}

impl Form {
    /// Takes a form apart; `json_part` is the part that is no module.
    pub(super) async fn read(headers: &HeaderMap, body: Bytes, json_part: &str) -> Result<Self, Refusal> {
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if kind.contains("/javascript") {
            return Err(Refusal::unmodelled("uploads of a script by itself, a service worker"));
        }
        let boundary = multer::parse_boundary(kind)
            .map_err(|_| Refusal::new(400, 10001, "Content-Type must be `multipart/form-data`"))?;
        let once = stream::iter([Ok::<_, std::io::Error>(body)]);
        let mut parts = multer::Multipart::new(once, boundary);
        let mut metadata = None;
        let mut nested = Map::new();
        let (mut modules, mut parts_of_modules) = (Vec::new(), Vec::new());
        while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
            let name = part.name().unwrap_or_default().to_owned();
            let content_type = part
                .content_type()
                .map_or_else(String::new, |it| it.essence_str().to_owned());
            let file = part.file_name().map(str::to_owned);
            let content = part.bytes().await.map_err(|error| broken(&error))?;
            if file.is_none() && fields::put(&mut nested, json_part, &name, &String::from_utf8_lossy(&content)) {
                continue;
            }
            if name == json_part {
                let parsed = serde_json::from_slice::<Map<String, Value>>(&content);
                metadata =
                    Some(parsed.map_err(|error| {
                        Refusal::new(400, 10021, format!("could not parse `{json_part}`: {error}"))
                    })?);
            } else {
                modules.push(Module::new(file.unwrap_or_else(|| name.clone()), content_type, content));
                parts_of_modules.push(name);
            }
        }
        let metadata = metadata
            .or_else(|| (!nested.is_empty()).then_some(nested))
            .ok_or_else(|| Refusal::new(400, 10021, format!("the upload has no `{json_part}` part")))?;
        Ok(Self {
            metadata,
            modules,
            parts: parts_of_modules,
        })
    }

    /// The main module may also be named by its part of the form; it is known by that name from then on.
    fn name_main(&mut self, main: &str) {
        if self.modules.iter().any(|it| it.name == main) {
            return;
        }
        if let Some(at) = self.parts.iter().position(|part| part == main) {
            main.clone_into(&mut self.modules[at].name);
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        self.metadata.get(key)?.as_str().map(str::to_owned)
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let list = self.metadata.get(key).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|it| it.as_str().map(str::to_owned))
            .collect()
    }

    /// The annotations of the upload.
    pub(super) fn annotations(&self) -> Result<Map<String, Value>, Refusal> {
        annotations(self.metadata.get("annotations"))
    }

    /// Checks everything that the API checks before it keeps a version.
    pub(super) fn content(mut self, state: &State, place: &Place<'_>) -> Result<Content, Refusal> {
        let main_module = self.text("main_module").or_else(|| self.text("body_part"));
        if let Some(main) = &main_module {
            self.name_main(main);
        }
        match &main_module {
            Some(main) if !self.modules.iter().any(|it| &it.name == main) => {
                return Err(invalid(format!("Uncaught Error: No such module \"{main}\".")));
            }
            None if !self.metadata.contains_key("assets")
                && self.metadata.get("keep_assets") != Some(&Value::Bool(true)) =>
            {
                return Err(invalid("the metadata names no `main_module`"));
            }
            _ => {}
        }
        if let Some(migrations) = self.metadata.get("migrations") {
            check_migrations(migrations)?;
        }
        let size: usize = self
            .modules
            .iter()
            .filter(|it| it.content_type != SOURCE_MAP)
            .map(|it| it.content.len())
            .sum();
        if size > state.settings.script_limit_bytes {
            return Err(Refusal::new(
                413,
                10027,
                format!(
                    "Your Worker exceeded the size limit of {} bytes. Please upgrade to a paid plan to deploy Workers up to 10 MiB. (workers.api.error.script_too_large)",
                    state.settings.script_limit_bytes
                ),
            ));
        }
        let compatibility_date = self.text("compatibility_date").unwrap_or_else(|| OLDEST_DATE.into());
        check_date(&compatibility_date, place.today)?;
        let previous = state
            .account(place.account)?
            .workers
            .get(place.script)
            .and_then(|worker| worker.latest())
            .map(|version| &version.content);
        let asked = self
            .metadata
            .get("bindings")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let bindings = bindings::resolve(
            asked,
            &self.texts("keep_bindings"),
            previous.map_or(&[][..], |content| &content.bindings),
            place.strict,
        )?;
        bindings::check(&bindings, state, place)?;
        // Also a queue that the configuration no longer names still has this consumer.
        if !queues::of_worker(state.account(place.account)?, place.script).is_empty() {
            queues::handled(&self.modules)?;
        }
        let assets = self.assets(state, place, previous)?;
        Ok(Content {
            main_module,
            compatibility_date,
            compatibility_flags: self.texts("compatibility_flags"),
            etag: etag(&self.modules),
            modules: self.modules,
            bindings,
            assets,
        })
    }

    fn assets(&self, state: &State, place: &Place<'_>, previous: Option<&Content>) -> Result<Option<Assets>, Refusal> {
        let kept = previous.and_then(|content| content.assets.clone());
        let keep = self.metadata.get("keep_assets") == Some(&Value::Bool(true));
        let Some(wanted) = self.metadata.get("assets").filter(|it| it.is_object()) else {
            return Ok(kept.filter(|_| keep));
        };
        let config = wanted.get("config").cloned().unwrap_or_default();
        let Some(jwt) = wanted.get("jwt").and_then(Value::as_str) else {
            let Some(kept) = kept.filter(|_| keep) else {
                return Err(invalid("`assets.jwt` is missing"));
            };
            return Ok(Some(Assets { config, ..kept }));
        };
        let account = state.account(place.account)?;
        let session = account
            .asset_sessions
            .values()
            .find(|session| session.completion == jwt && session.script == place.script)
            .ok_or_else(|| invalid("`assets.jwt` is not the completion token of an upload session of this Worker"))?;
        let files: BTreeMap<String, String> = session
            .manifest
            .iter()
            .map(|(path, (hash, _))| (path.clone(), hash.clone()))
            .collect();
        if let Some(hash) = files.values().find(|hash| !account.assets.contains_key(*hash)) {
            return Err(invalid(format!("the asset `{hash}` was never uploaded")));
        }
        Ok(Some(Assets { files, config }))
    }
}

/// Where an upload goes.
pub(super) struct Place<'a> {
    pub(super) account: &'a str,
    pub(super) script: &'a str,
    /// `bindings_inherit=strict`: an inherited binding must exist.
    pub(super) strict: bool,
    /// The cloud's date, `2026-11-23`.
    pub(super) today: &'a str,
}

/// Checks the annotations of a version or of a deployment.
pub(super) fn annotations(value: Option<&Value>) -> Result<Map<String, Value>, Refusal> {
    let annotations = value.and_then(Value::as_object).cloned().unwrap_or_default();
    for (key, limit) in [
        ("workers/message", 1000),
        ("workers/tag", 100),
        ("workers/commit_sha", 64),
    ] {
        let length = annotations.get(key).and_then(Value::as_str).map_or(0, str::len);
        if length > limit {
            return Err(invalid(format!("annotation `{key}` is longer than {limit} bytes")));
        }
    }
    // wrangler sends `undefined` members away, our own client may send nulls.
    Ok(annotations.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

/// 10021: the upload does not validate.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, 10021, message)
}

fn broken(error: &multer::Error) -> Refusal {
    invalid(format!("could not read the multipart form: {error}"))
}

fn check_date(date: &str, today: &str) -> Result<(), Refusal> {
    let Ok(parsed) = date.parse::<jiff::civil::Date>() else {
        return Err(invalid(format!("Invalid compatibility date: \"{date}\".")));
    };
    match today.parse::<jiff::civil::Date>() {
        Ok(today) if parsed > today => Err(invalid(format!(
            "Can't set compatibility date in the future: \"{date}\". Today's date (UTC) is \"{today}\"."
        ))),
        _ => Ok(()),
    }
}

/// One step, or several in `steps`. The classes of Durable Objects are taken as they are; that one Worker takes them from
/// another is not modelled.
fn check_migrations(migrations: &Value) -> Result<(), Refusal> {
    let steps = migrations["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let transfers = |step: &Value| step["transferred_classes"].as_array().is_some_and(|it| !it.is_empty());
    if transfers(migrations) || steps.iter().any(transfers) {
        return Err(Refusal::unmodelled("transfers of Durable Objects between Workers"));
    }
    Ok(())
}

fn etag(modules: &[Module]) -> String {
    let mut hash = Sha256::new();
    for module in modules {
        hash.update(module.name.as_bytes());
        hash.update([0]);
        hash.update(&module.content);
    }
    crate::text::hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn place(script: &str) -> Place<'_> {
        Place {
            account: super::super::model::ACCOUNT,
            script,
            strict: true,
            today: "2026-11-23",
        }
    }

    fn form(metadata: &Value) -> Form {
        Form {
            metadata: metadata.as_object().unwrap().clone(),
            modules: vec![Module::new(
                "index.js",
                "application/javascript+module",
                Bytes::from_static(b"export default {}"),
            )],
            parts: vec!["index.js".into()],
        }
    }

    #[tokio::test]
    async fn a_form_is_taken_apart() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("multipart/form-data; boundary=X"),
        );
        let body = "--X\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"main_module\":\"a.js\"}\r\n--X\r\nContent-Disposition: form-data; name=\"a.js\"; filename=\"a.js\"\r\nContent-Type: application/javascript+module\r\n\r\nexport default {}\r\n--X--\r\n";
        let form = Form::read(&headers, Bytes::from(body), "metadata").await.unwrap();
        assert_eq!(form.metadata["main_module"], "a.js");
        assert_eq!(form.modules.len(), 1);
        assert_eq!(form.modules[0].content_type, "application/javascript+module");
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert_eq!(
            Form::read(&headers, Bytes::new(), "metadata").await.unwrap_err().code,
            10001
        );
    }

    /// wrangler gives part and file one name; the SDKs call every part `files[]`.
    #[test]
    fn the_main_module_is_named_by_its_file_or_by_its_part() {
        let state = State::default();
        let named = |file: &str, part: &str, main: &str| {
            let mut form = form(&json!({"main_module": main}));
            form.modules[0].name = file.into();
            form.parts[0] = part.into();
            let content = form.content(&state, &place("api"));
            content.map(|it| it.modules[0].name.clone()).map_err(|it| it.code)
        };
        assert_eq!(named("index.js", "files[]", "index.js").as_deref(), Ok("index.js"));
        assert_eq!(named("out.js", "index.js", "index.js").as_deref(), Ok("index.js"));
        assert_eq!(named("out.js", "files[]", "index.js"), Err(10021));
    }

    #[test]
    fn what_does_not_validate_is_refused() {
        let state = State::default();
        let refused = |metadata: Value| form(&metadata).content(&state, &place("api")).unwrap_err().code;
        assert_eq!(refused(json!({})), 10021);
        assert_eq!(refused(json!({"main_module": "other.js"})), 10021);
        assert_eq!(
            refused(json!({"main_module": "index.js", "compatibility_date": "2099-01-01"})),
            10021
        );
        assert_eq!(
            refused(
                json!({"main_module": "index.js", "bindings": [{"name": "KV", "type": "kv_namespace", "namespace_id": "no"}]})
            ),
            10041
        );
        assert_eq!(
            refused(
                json!({"main_module": "index.js", "bindings": [{"name": "AUTH", "type": "service", "service": "no"}]})
            ),
            10144
        );
        assert_eq!(
            refused(json!({"main_module": "index.js", "bindings": [{"name": "X", "type": "inherit"}]})),
            10057
        );
    }

    #[test]
    fn a_large_worker_is_refused_and_its_source_map_is_not_counted() {
        let mut state = State::default();
        state.settings.script_limit_bytes = 20;
        let mut large = form(&json!({"main_module": "index.js"}));
        let map = Bytes::from_static(&[b' '; 100]);
        large.modules.push(Module::new("index.js.map", SOURCE_MAP, map));
        assert!(large.content(&state, &place("api")).is_ok());
        state.settings.script_limit_bytes = 10;
        let refusal = form(&json!({"main_module": "index.js"}))
            .content(&state, &place("api"))
            .unwrap_err();
        assert_eq!((refusal.status, refusal.code), (413, 10027));
    }
}
