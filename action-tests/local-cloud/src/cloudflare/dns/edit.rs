//! Changes to a zone's records, each checked as the API checks it. Works on a copy.

use serde_json::{Map, Value};

use super::super::envelope::Refusal;
use super::super::model::{Settings, Zone};
use super::record::{Record, Wanted};
use super::{Limits, check};
use crate::ids::Ids;

/// A zone's records being changed.
pub(in super::super) struct Editor<'a> {
    zone: String,
    records: Vec<Record>,
    pub(super) limits: Limits,
    ids: &'a Ids,
    now: &'a str,
}

impl<'a> Editor<'a> {
    pub(in super::super) fn new(zone: &Zone, settings: &Settings, ids: &'a Ids, now: &'a str) -> Self {
        Self {
            zone: zone.name.clone(),
            records: zone.records.clone(),
            limits: Limits::of(zone, settings),
            ids,
            now,
        }
    }

    pub(in super::super) fn into_records(self) -> Vec<Record> {
        self.records
    }

    pub(in super::super) fn create(&mut self, fields: &Map<String, Value>) -> Result<Record, Refusal> {
        let wanted = check::alone(Wanted::read(fields, &self.zone)?, &self.limits)?;
        check::beside(&wanted, &self.records, None, &self.limits)?;
        if self.records.iter().filter(|it| !it.read_only()).count() >= self.limits.records {
            return Err(Refusal::new(400, 81045, "Record quota exceeded."));
        }
        let record = Record {
            id: self.ids.hex(32),
            proxiable: check::proxiable(&wanted.kind, &wanted.content),
            comment_modified_on: wanted.comment.as_ref().map(|_| self.now.to_owned()),
            tags_modified_on: (!wanted.tags.is_empty()).then(|| self.now.to_owned()),
            name: wanted.name,
            kind: wanted.kind,
            content: wanted.content,
            proxied: wanted.proxied,
            ttl: wanted.ttl,
            settings: wanted.settings,
            meta: Map::new(),
            comment: wanted.comment,
            tags: wanted.tags,
            created_on: self.now.to_owned(),
            modified_on: self.now.to_owned(),
            priority: wanted.priority,
            data: wanted.data,
        };
        self.records.push(record.clone());
        Ok(record)
    }

    /// PUT: what the body leaves out goes back to its default.
    pub(super) fn replace(&mut self, id: &str, fields: &Map<String, Value>) -> Result<Record, Refusal> {
        let at = self.writable(id)?;
        self.set(at, fields)
    }

    /// PATCH: what the body leaves out stays.
    pub(super) fn change(&mut self, id: &str, fields: &Map<String, Value>) -> Result<Record, Refusal> {
        let at = self.writable(id)?;
        let mut all = self.records[at].fields();
        all.extend(fields.clone());
        // A new content is meant even where the old one was described by `data`.
        if fields.contains_key("content") && !fields.contains_key("data") {
            all.remove("data");
        }
        self.set(at, &all)
    }

    pub(super) fn remove(&mut self, id: &str) -> Result<Record, Refusal> {
        let at = self.writable(id)?;
        Ok(self.records.remove(at))
    }

    /// For seeds: a record's given id and meta, which no request can choose.
    pub(in super::super) fn mark(&mut self, id: &str, fields: &Map<String, Value>) {
        if let Some(record) = self.records.iter_mut().find(|it| it.id == id) {
            if let Some(meta) = fields.get("meta").and_then(Value::as_object) {
                record.meta.clone_from(meta);
            }
            if let Some(created) = fields.get("created_on").and_then(Value::as_str) {
                created.clone_into(&mut record.created_on);
                created.clone_into(&mut record.modified_on);
            }
            if let Some(id) = fields.get("id").and_then(Value::as_str) {
                id.clone_into(&mut record.id);
            }
        }
    }

    fn writable(&self, id: &str) -> Result<usize, Refusal> {
        let at = self.records.iter().position(|it| it.id == id).ok_or_else(no_record)?;
        if self.records[at].read_only() {
            return Err(Refusal::new(
                400,
                1043,
                "This record is managed by Workers and is read only.",
            ));
        }
        Ok(at)
    }

    fn set(&mut self, at: usize, fields: &Map<String, Value>) -> Result<Record, Refusal> {
        let wanted = check::alone(Wanted::read(fields, &self.zone)?, &self.limits)?;
        let old = &self.records[at];
        check::beside(&wanted, &self.records, Some(&old.id), &self.limits)?;
        let touched = |same: bool, before: &Option<String>| {
            if same {
                before.clone()
            } else {
                Some(self.now.to_owned())
            }
        };
        let record = Record {
            id: old.id.clone(),
            proxiable: check::proxiable(&wanted.kind, &wanted.content),
            comment_modified_on: touched(old.comment == wanted.comment, &old.comment_modified_on),
            tags_modified_on: touched(old.tags == wanted.tags, &old.tags_modified_on),
            name: wanted.name,
            kind: wanted.kind,
            content: wanted.content,
            proxied: wanted.proxied,
            ttl: wanted.ttl,
            settings: wanted.settings,
            meta: old.meta.clone(),
            comment: wanted.comment,
            tags: wanted.tags,
            created_on: old.created_on.clone(),
            modified_on: self.now.to_owned(),
            priority: wanted.priority,
            data: wanted.data,
        };
        self.records[at] = record.clone();
        Ok(record)
    }
}

pub(super) fn no_record() -> Refusal {
    Refusal::new(404, 81044, "Record does not exist.")
}

/// Is there a record at this name that a custom domain would clash with?
pub(in super::super) fn record_exists(zone: &Zone, hostname: &str) -> bool {
    zone.records
        .iter()
        .any(|it| it.name == hostname && !it.read_only() && matches!(it.kind.as_str(), "A" | "AAAA" | "CNAME"))
}
