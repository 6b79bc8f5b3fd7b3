//! The upload form that `wrangler deploy --dry-run --outfile` leaves behind.

use bytes::Bytes;
use futures_util::stream;
use serde_json::{Map, Value};

use actions_core::cloudflare::Module;

/// An upload as wrangler would send it.
#[derive(Debug, Clone)]
pub struct Form {
    /// Bindings and settings.
    pub metadata: Map<String, Value>,
    pub modules: Vec<Module>,
}

impl Form {
    /// Reads a form. It tells its own boundary in its first line.
    ///
    /// # Errors
    /// In a few words what is wrong with it.
    pub async fn read(bytes: Bytes) -> Result<Self, String> {
        let end = bytes
            .windows(2)
            .position(|pair| pair == b"\r\n")
            .ok_or("it has no first line")?;
        let first = std::str::from_utf8(&bytes[..end]).map_err(|_| "its first line is not text")?;
        let boundary = first
            .strip_prefix("--")
            .ok_or("its first line is no boundary")?
            .to_owned();
        let mut parts = multer::Multipart::new(stream::iter([Ok::<_, std::io::Error>(bytes)]), boundary);
        let mut metadata = None;
        let mut modules = Vec::new();
        while let Some(part) = parts.next_field().await.map_err(|error| error.to_string())? {
            let name = part.name().unwrap_or_default().to_owned();
            let content_type = part.content_type().map_or_else(String::new, ToString::to_string);
            let content = part.bytes().await.map_err(|error| error.to_string())?;
            if name == "metadata" {
                metadata = Some(serde_json::from_slice(&content).map_err(|error| format!("its metadata: {error}"))?);
            } else {
                modules.push(Module {
                    name,
                    content_type,
                    content,
                });
            }
        }
        Ok(Self {
            metadata: metadata.ok_or("it has no metadata")?,
            modules,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_form_of_wrangler_is_read() {
        let form = "------formdata-undici-1\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"main_module\":\"index.js\",\"bindings\":[]}\r\n\
            ------formdata-undici-1\r\nContent-Disposition: form-data; name=\"index.js\"; filename=\"index.js\"\r\nContent-Type: application/javascript+module\r\n\r\nexport default {}\n\r\n\
            ------formdata-undici-1--\r\n";
        let form = Form::read(Bytes::from_static(form.as_bytes())).await.unwrap();
        assert_eq!(form.metadata["main_module"], "index.js");
        assert_eq!(form.modules[0].content_type, "application/javascript+module");
        assert_eq!(form.modules[0].content, "export default {}\n");
        assert!(Form::read(Bytes::from_static(b"hello")).await.is_err());
    }
}
