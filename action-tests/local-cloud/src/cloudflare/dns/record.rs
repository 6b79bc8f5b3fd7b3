//! A DNS record as the API shows it, and as a request describes it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::envelope::Refusal;
use super::super::model::within;

/// A record with its id.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    /// Full name, lower case, no trailing dot.
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) content: String,
    pub(crate) proxiable: bool,
    pub(crate) proxied: bool,
    /// Seconds; 1 is automatic.
    pub(crate) ttl: u32,
    pub(crate) settings: Map<String, Value>,
    pub(crate) meta: Map<String, Value>,
    pub(crate) comment: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) created_on: String,
    pub(crate) modified_on: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comment_modified_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags_modified_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) priority: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

impl Record {
    /// Made by a custom domain: the DNS API may not touch it.
    pub(crate) fn read_only(&self) -> bool {
        self.meta.get("read_only").and_then(Value::as_bool) == Some(true)
    }

    /// The fields that a PATCH starts from.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::from_iter([
            ("type".to_owned(), self.kind.clone().into()),
            ("name".to_owned(), self.name.clone().into()),
            ("content".to_owned(), self.content.clone().into()),
            ("ttl".to_owned(), self.ttl.into()),
            ("proxied".to_owned(), self.proxied.into()),
            ("comment".to_owned(), self.comment.clone().into()),
            ("tags".to_owned(), self.tags.clone().into()),
            ("settings".to_owned(), self.settings.clone().into()),
        ]);
        if let Some(priority) = self.priority {
            fields.insert("priority".to_owned(), priority.into());
        }
        if let Some(data) = &self.data {
            fields.insert("data".to_owned(), data.clone());
        }
        fields
    }
}

/// What a request wants a record to be, before it is checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) content: String,
    pub(super) ttl: u32,
    pub(super) proxied: bool,
    pub(super) comment: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) settings: Map<String, Value>,
    pub(super) priority: Option<u16>,
    pub(super) data: Option<Value>,
}

impl Wanted {
    /// Reads a body; what it leaves out takes the API's defaults.
    pub(super) fn read(fields: &Map<String, Value>, zone: &str) -> Result<Self, Refusal> {
        let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
        let kind = text("type")
            .ok_or_else(|| Refusal::dns(9001, "DNS record type is required."))?
            .to_ascii_uppercase();
        let name = text("name").ok_or_else(|| Refusal::dns(9000, "DNS name is required."))?;
        let data = fields.get("data").filter(|data| data.is_object()).cloned();
        let content = match (text("content"), &data) {
            (_, Some(data)) => content_of(&kind, data),
            (Some(content), None) => content,
            (None, None) => return Err(Refusal::dns(9002, "DNS record content is required.")),
        };
        let ttl = match fields.get("ttl") {
            None | Some(Value::Null) => 1,
            Some(ttl) => ttl
                .as_u64()
                .and_then(|ttl| u32::try_from(ttl).ok())
                .ok_or_else(|| Refusal::dns(9021, INVALID_TTL))?,
        };
        let tags = fields
            .get("tags")
            .and_then(Value::as_array)
            .map(|tags| tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect());
        Ok(Self {
            name: full_name(&name, zone),
            kind,
            content,
            ttl,
            proxied: fields.get("proxied").and_then(Value::as_bool).unwrap_or(false),
            comment: text("comment").filter(|comment| !comment.is_empty()),
            tags: tags.unwrap_or_default(),
            settings: fields
                .get("settings")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
            priority: fields
                .get("priority")
                .and_then(Value::as_u64)
                .and_then(|priority| u16::try_from(priority).ok()),
            data,
        })
    }
}

pub(super) const INVALID_TTL: &str = "Invalid TTL. Must be between 60 and 86,400 seconds, or 1 for Automatic.";

/// `@`, a relative or a full name, as the full name.
pub(super) fn full_name(name: &str, zone: &str) -> String {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if name.is_empty() || name == "@" {
        zone.to_owned()
    } else if within(&name, zone) {
        name
    } else {
        format!("{name}.{zone}")
    }
}

/// The text form of a record that is described by `data`.
fn content_of(kind: &str, data: &Value) -> String {
    let order: &[&str] = match kind {
        "SRV" => &["weight", "port", "target"],
        "CAA" => &["flags", "tag", "value"],
        "URI" => &["weight", "target"],
        _ => &[],
    };
    let part = |key: &&str| match &data[*key] {
        Value::String(text) if *key == "value" => format!("\"{text}\""),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if order.is_empty() {
        data.to_string()
    } else {
        order.iter().map(part).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_completed_by_the_zone() {
        for (given, full) in [
            ("@", "example.com"),
            ("api", "api.example.com"),
            ("API.Example.com.", "api.example.com"),
            ("example.com", "example.com"),
            ("notexample.com", "notexample.com.example.com"),
        ] {
            assert_eq!(full_name(given, "example.com"), full);
        }
    }

    #[test]
    fn what_is_left_out_takes_the_defaults() {
        let body = json!({"type": "a", "name": "x", "content": "192.0.2.1"});
        let wanted = Wanted::read(body.as_object().unwrap(), "example.com").unwrap();
        assert_eq!((wanted.kind.as_str(), wanted.ttl, wanted.proxied), ("A", 1, false));
        assert_eq!(wanted.comment, None);
    }

    #[test]
    fn a_described_record_gets_its_text() {
        let data = json!({"flags": 0, "tag": "issue", "value": "pki.goog"});
        assert_eq!(content_of("CAA", &data), "0 issue \"pki.goog\"");
        let data = json!({"weight": 5, "port": 443, "target": "a.example.com", "priority": 1});
        assert_eq!(content_of("SRV", &data), "5 443 a.example.com");
    }
}
