//! The form of an upload: metadata and modules.

use std::fmt;

use bytes::Bytes;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Body;
use super::versions::{MESSAGE, TAG};

/// One module of a Worker.
#[derive(Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name, which other modules import it by.
    pub name: String,
    /// `application/javascript+module`, `application/wasm`, `text/plain`, `application/source-map` …
    pub content_type: String,
    pub content: Bytes,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {} bytes)", self.name, self.content_type, self.content.len())
    }
}

/// An upload, ready to be sent: holds secrets.
#[derive(Clone)]
pub struct Upload {
    content_type: String,
    bytes: Bytes,
    tag: String,
    message: String,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload {} ({} bytes)", self.tag, self.bytes.len())
    }
}

impl Upload {
    /// Renders the form. `tag` (what it holds) and `message` (why, by whom) become annotations; together they are how
    /// this upload is found again, so no other upload may have both.
    pub fn new(mut metadata: Map<String, Value>, modules: &[Module], tag: &str, message: &str) -> Self {
        let annotations = metadata
            .entry("annotations")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(TAG.to_owned(), tag.into());
            annotations.insert(MESSAGE.to_owned(), message.into());
        }
        let mut form = Form::new();
        form.part("metadata", None, None, Value::Object(metadata).to_string().as_bytes());
        for module in modules {
            form.part(
                &module.name,
                Some(&module.name),
                Some(&module.content_type),
                &module.content,
            );
        }
        let (content_type, bytes) = form.finish();
        Self {
            content_type,
            bytes,
            tag: tag.to_owned(),
            message: message.to_owned(),
        }
    }

    /// What it holds.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Why it was made, and by whom.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn body(&self) -> Body {
        Body::Raw {
            content_type: self.content_type.clone(),
            bytes: self.bytes.clone(),
        }
    }
}

/// A `multipart/form-data` body, written by hand: it is sent again as it is, which a streamed form cannot be.
pub(super) struct Form {
    boundary: String,
    bytes: Vec<u8>,
}

impl Form {
    pub(super) fn new() -> Self {
        Self {
            boundary: format!("codex-{}", Uuid::new_v4().simple()),
            bytes: Vec::new(),
        }
    }

    pub(super) fn part(&mut self, name: &str, filename: Option<&str>, content_type: Option<&str>, content: &[u8]) {
        let filename = filename
            .map(|filename| format!("; filename=\"{}\"", quoted(filename)))
            .unwrap_or_default();
        let content_type = content_type
            .map(|content_type| format!("Content-Type: {content_type}\r\n"))
            .unwrap_or_default();
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"{filename}\r\n{content_type}\r\n",
            self.boundary,
            quoted(name)
        );
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(content);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// The form's content type and body.
    pub(super) fn finish(mut self) -> (String, Bytes) {
        self.bytes
            .extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        (
            format!("multipart/form-data; boundary={}", self.boundary),
            self.bytes.into(),
        )
    }
}

/// A name inside quotes, escaped as browsers (and undici) do: HTML's form-data rules.
fn quoted(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_what_the_api_reads() {
        let module = Module {
            name: "index.js".to_owned(),
            content_type: "application/javascript+module".to_owned(),
            content: Bytes::from_static(b"export default {}"),
        };
        let mut metadata = Map::new();
        metadata.insert("main_module".to_owned(), "index.js".into());
        let upload = Upload::new(metadata, &[module], "codex-1", "by hand");
        let boundary = upload.content_type.split_once("boundary=").unwrap().1;
        let text = String::from_utf8(upload.bytes.to_vec()).unwrap();
        assert_eq!(
            text.replace(boundary, "B").replace("\r\n", "\n"),
            "--B\nContent-Disposition: form-data; name=\"metadata\"\n\n\
             {\"main_module\":\"index.js\",\"annotations\":{\"workers/tag\":\"codex-1\",\"workers/message\":\"by hand\"}}\n\
             --B\nContent-Disposition: form-data; name=\"index.js\"; filename=\"index.js\"\n\
             Content-Type: application/javascript+module\n\nexport default {}\n--B--\n"
        );
        assert!(!format!("{upload:?}").contains("export"));
    }
}
