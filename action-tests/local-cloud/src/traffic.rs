//! Traffic on file: what each client asked and was answered, bodies included, for those who hold it against the
//! vendors' own descriptions afterwards. The log in memory does not keep answers.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use axum::body::{Body, Bytes};
use axum::extract::MatchedPath;
use axum::http::{HeaderMap, HeaderName, header, request};
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::lock::lock;
use crate::log::Provider;

/// Names the folder that traffic is written to, as files of JSON lines. Unset, nothing is written.
pub const VARIABLE: &str = "LOCAL_CLOUD_TRAFFIC";

/// The file of one cloud.
pub(crate) struct Traffic {
    file: Mutex<File>,
    /// The test that started the cloud: the program's name and its thread's.
    test: String,
}

impl Traffic {
    /// None unless [`VARIABLE`] names a folder.
    pub(crate) fn from_environment() -> anyhow::Result<Option<Self>> {
        std::env::var_os(VARIABLE)
            .filter(|folder| !folder.is_empty())
            .map(|folder| Self::create(&PathBuf::from(folder)))
            .transpose()
    }

    fn create(folder: &Path) -> anyhow::Result<Self> {
        static CLOUDS: AtomicU32 = AtomicU32::new(1);
        std::fs::create_dir_all(folder).with_context(|| format!("could not make `{}`", folder.display()))?;
        let number = CLOUDS.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}.ndjson", std::process::id()));
        let file = File::create(&path).with_context(|| format!("could not write `{}`", path.display()))?;
        Ok(Self {
            file: Mutex::new(file),
            test: test(),
        })
    }

    /// Adds a request and its answer, which is read whole and given back.
    pub(crate) async fn note(&self, asked: Asked, fault: bool, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
            return Response::from_parts(parts, Body::empty());
        };
        let line = json!({
            "test": self.test,
            "provider": asked.provider,
            "method": asked.method,
            "route": asked.route,
            "path": asked.path,
            "query": asked.query,
            "agent": asked.agent,
            "kind": kind(&asked.headers),
            "request": content(&asked.headers, asked.body).await,
            "status": parts.status.as_u16(),
            "fault": fault,
            "answer_kind": kind(&parts.headers),
            "answer": content(&parts.headers, body.clone()).await,
        });
        // A disk that is full must not change what a client is answered; the reader misses the line.
        let _ = writeln!(lock(&self.file), "{line}");
        Response::from_parts(parts, Body::from(body))
    }
}

/// A request as it is noted.
pub(crate) struct Asked {
    provider: Provider,
    method: String,
    /// The template of the route, below the provider's base; none when there is no such route.
    route: Option<String>,
    path: String,
    query: String,
    agent: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    /// `path` is relative to the provider's base, which the full path ends with.
    pub(crate) fn new(provider: Provider, path: &str, parts: &request::Parts, body: Bytes) -> Self {
        let base = parts.uri.path().len() - path.len();
        let template = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        Self {
            provider,
            method: parts.method.to_string(),
            route: template.and_then(|template| Some(template.get(base..)?.to_owned())),
            path: path.to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            agent: text(&parts.headers, &header::USER_AGENT).map(str::to_owned),
            headers: parts.headers.clone(),
            body,
        }
    }
}

/// `stories::deploy_workers::a_first_deploy`, say.
fn test() -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let program = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // Cargo appends a hash to the name of a test's program.
    let program = program.rsplit_once('-').map_or(program.as_str(), |(name, _)| name);
    let thread = std::thread::current();
    format!("{program}::{}", thread.name().unwrap_or("?"))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The media type without its parameters.
fn kind(headers: &HeaderMap) -> &str {
    let kind = text(headers, &header::CONTENT_TYPE).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

/// The body as JSON; of a form, each part by its name. What is no JSON is told by its length in bytes.
async fn content(headers: &HeaderMap, body: Bytes) -> Value {
    let boundary = text(headers, &header::CONTENT_TYPE).and_then(|kind| multer::parse_boundary(kind).ok());
    let Some(boundary) = boundary else { return read(&body) };
    let whole = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut form = multer::Multipart::new(whole, boundary);
    let mut parts = Map::new();
    while let Ok(Some(part)) = form.next_field().await {
        let name = part.name().unwrap_or_default().to_owned();
        let Ok(bytes) = part.bytes().await else { break };
        parts.insert(name, read(&bytes));
    }
    Value::Object(parts)
}

fn read(body: &Bytes) -> Value {
    match body.len() {
        0 => Value::Null,
        length => serde_json::from_slice(body).unwrap_or_else(|_| json!({"bytes": length})),
    }
}
