//! Plays a scenario at one side, and sweeps up.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::normal;
use crate::scenario::{Body, Scenario, Step, Sweep};

/// Most that one scenario may make.
const MOST: usize = 10;
/// How often what is busy, limited or not yet so is asked again, a pause between.
const TRIES: usize = 60;
const PAUSE: Duration = Duration::from_secs(1);

/// One vendor's API, or the double of it.
pub(crate) struct Door {
    pub(crate) base: String,
    pub(crate) token: SecretString,
    /// Values of the placeholders; `name` is the throw-away name.
    pub(crate) known: BTreeMap<String, String>,
    pub(crate) client: Client,
}

/// What was answered, normalised, by the step's name; and why the rest was not played.
#[derive(Default)]
pub(crate) struct Played {
    pub(crate) answers: Vec<(String, Value)>,
    pub(crate) stopped: Option<String>,
}

impl Door {
    fn filled(&self, text: &str) -> String {
        let fill = |text: String, (name, value): (&String, &String)| text.replace(&format!("{{{name}}}"), value);
        self.known.iter().fold(text.to_owned(), fill)
    }

    fn filled_body(&self, body: &Value) -> Result<Value> {
        Ok(serde_json::from_str(&self.filled(&body.to_string()))?)
    }

    /// The status and the body, null when it is no JSON. Asked again while it is busy or limited.
    async fn call(&self, method: &str, path: &str, body: &Body) -> Result<(StatusCode, Value)> {
        let url = format!("{}{}", self.base, self.filled(path));
        for _ in 0..TRIES {
            let request = self
                .client
                .request(Method::from_bytes(method.as_bytes())?, &url)
                .bearer_auth(self.token.expose_secret());
            let request = match body {
                Body::None => request,
                Body::Json(body) => request.json(&self.filled_body(body)?),
                Body::Worker => request.multipart(worker()?),
            };
            let answer = request.send().await.map_err(reqwest::Error::without_url)?;
            let status = answer.status();
            if !matches!(status.as_u16(), 423 | 429 | 503) {
                let text = answer.text().await.map_err(reqwest::Error::without_url)?;
                return Ok((status, serde_json::from_str(&text).unwrap_or_default()));
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("it stayed busy")
    }

    async fn step(&mut self, step: &Step) -> Result<Value> {
        for _ in 0..TRIES {
            let (status, body) = self.call(step.method, step.path, &step.body).await?;
            let is_so = |(pointer, value): (&str, &str)| body.pointer(pointer).is_some_and(|it| it == value);
            if status.is_success() && !step.until.is_none_or(is_so) {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            for (name, pointer) in step.keep {
                let value = body.pointer(pointer).filter(|it| !it.is_null());
                let value = value.with_context(|| format!("it was answered {status}, without `{pointer}`"))?;
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.known.insert((*name).to_owned(), text);
            }
            let body = normal::normal(&body, step.look, &self.known);
            return Ok(json!({"status": status.as_u16(), "body": body}));
        }
        bail!("it did not come about")
    }

    /// Plays until a step cannot be: later ones need what it would have told.
    pub(crate) async fn play(&mut self, scenario: &Scenario) -> Played {
        let mut played = Played::default();
        let mut made = 0;
        for step in &scenario.steps {
            made += usize::from(step.makes);
            let outcome = if made > MOST {
                Err(anyhow::anyhow!("more than {MOST} things would be made"))
            } else {
                self.step(step).await
            };
            match outcome {
                Ok(answer) => played.answers.push((step.name.to_owned(), answer)),
                Err(error) => {
                    played.stopped = Some(format!("{} of {}: {error:#}", step.name, scenario.provider));
                    break;
                }
            }
        }
        played
    }

    /// Deletes whatever bears the throw-away name; tells what is left.
    pub(crate) async fn sweep(&mut self, scenario: &Scenario) -> Vec<String> {
        let mut left = Vec::new();
        for sweep in &scenario.sweeps {
            // What a lookup would have told is needed for paths; without it nothing was made there.
            if self.filled(sweep.list).contains('{') {
                continue;
            }
            if let Err(error) = self.swept(sweep).await {
                let name = &self.known["name"];
                left.push(format!(
                    "look for `{name}` at {} by hand: {error:#}",
                    self.filled(sweep.list)
                ));
            }
        }
        left
    }

    async fn swept(&mut self, sweep: &Sweep) -> Result<()> {
        for id in self.named(sweep).await? {
            self.known.insert("id".to_owned(), id);
            if let Some((path, body)) = &sweep.before {
                self.call("POST", path, &Body::Json(body.clone())).await?;
            }
            self.call("DELETE", sweep.delete, &Body::None).await?;
        }
        // Deletions that take a while are seen to their end.
        for _ in 0..TRIES {
            if self.named(sweep).await?.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("it is still there")
    }

    /// Ids of the items that bear the throw-away name.
    async fn named(&self, sweep: &Sweep) -> Result<Vec<String>> {
        let (status, body) = self.call("GET", sweep.list, &Body::None).await?;
        let items = body.pointer(sweep.items).and_then(Value::as_array);
        let items = items.with_context(|| format!("the list was answered {status}"))?;
        let named = items
            .iter()
            .filter(|item| item.to_string().contains(&self.known["name"]));
        let ids = named.filter_map(|item| item.pointer(sweep.id));
        Ok(ids
            .map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned))
            .collect())
    }
}

fn worker() -> Result<reqwest::multipart::Form> {
    let metadata = json!({"main_module": "index.js", "compatibility_date": "2026-01-01", "bindings": []});
    let module = "export default { fetch() { return new Response('verify'); } };";
    let part = |text: String, kind: &str| reqwest::multipart::Part::text(text).mime_str(kind);
    Ok(reqwest::multipart::Form::new()
        .part("metadata", part(metadata.to_string(), "application/json")?)
        .part(
            "index.js",
            part(module.to_owned(), "application/javascript+module")?.file_name("index.js"),
        ))
}
