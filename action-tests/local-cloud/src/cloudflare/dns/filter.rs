//! The filters of the record list. Pure.

use super::record::Record;

/// The records that a query asks for, in its order.
pub(super) fn apply<'a>(records: &'a [Record], query: &[(String, String)]) -> Vec<&'a Record> {
    let text: Vec<Test<'_>> = query.iter().filter_map(|(key, value)| Test::read(key, value)).collect();
    let (tags, fields): (Vec<_>, Vec<_>) = text.into_iter().partition(|test| test.field == Field::Tag);
    let any = |key: &str| query.iter().any(|(name, value)| name == key && value == "any");
    let mut found: Vec<&Record> = records
        .iter()
        .filter(|record| holds(&fields, record, any("match")) && holds(&tags, record, any("tag_match")))
        .collect();
    sort(&mut found, query);
    found
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Content,
    Comment,
    Tag,
    Type,
    Proxied,
    Search,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Exact,
    Contains,
    StartsWith,
    EndsWith,
    Present,
    Absent,
}

/// One filter of the query.
struct Test<'a> {
    field: Field,
    how: How,
    value: &'a str,
}

impl<'a> Test<'a> {
    fn read(key: &str, value: &'a str) -> Option<Self> {
        let (name, how) = match key.split_once('.') {
            None => (key, None),
            Some((name, how)) => (name, Some(how)),
        };
        let field = match name {
            "name" => Field::Name,
            "content" => Field::Content,
            "comment" => Field::Comment,
            "tag" => Field::Tag,
            "type" if how.is_none() => Field::Type,
            "proxied" if how.is_none() => Field::Proxied,
            "search" if how.is_none() => Field::Search,
            _ => return None,
        };
        let how = match how {
            // `tag=team` asks for the tag's presence, `tag=team:web` for its value.
            None if field == Field::Tag && !value.contains(':') => How::Present,
            None if field == Field::Search => How::Contains,
            None | Some("exact") => How::Exact,
            Some("contains") => How::Contains,
            Some("startswith") => How::StartsWith,
            Some("endswith") => How::EndsWith,
            Some("present") => How::Present,
            Some("absent") => How::Absent,
            Some(_) => return None,
        };
        Some(Self { field, how, value })
    }

    fn holds(&self, record: &Record) -> bool {
        match self.field {
            Field::Name => self.compare(&record.name),
            Field::Content => self.compare(&record.content),
            Field::Type => self.compare(&record.kind),
            Field::Proxied => self.compare(if record.proxied { "true" } else { "false" }),
            Field::Comment => match (self.how, &record.comment) {
                (How::Present, comment) => comment.is_some(),
                (How::Absent, comment) => comment.is_none(),
                (_, comment) => comment.as_deref().is_some_and(|it| self.compare(it)),
            },
            Field::Tag => self.tag(record),
            Field::Search => {
                [&record.name, &record.content].into_iter().any(|it| self.compare(it))
                    || record.comment.as_deref().is_some_and(|it| self.compare(it))
            }
        }
    }

    /// Tags are `name:value`; a filter names the tag and, but for presence, its value.
    fn tag(&self, record: &Record) -> bool {
        let named = |tag: &str| {
            tag.split(':')
                .next()
                .is_some_and(|it| it.eq_ignore_ascii_case(self.value))
        };
        match self.how {
            How::Present => record.tags.iter().any(|tag| named(tag)),
            How::Absent => !record.tags.iter().any(|tag| named(tag)),
            How::Exact => record.tags.iter().any(|tag| self.compare(tag)),
            how => {
                let Some((name, value)) = self.value.split_once(':') else {
                    return false;
                };
                let inner = Test {
                    field: Field::Tag,
                    how,
                    value,
                };
                record.tags.iter().any(|tag| {
                    tag.split_once(':')
                        .is_some_and(|(n, v)| n.eq_ignore_ascii_case(name) && inner.compare(v))
                })
            }
        }
    }

    /// All filters ignore case.
    fn compare(&self, text: &str) -> bool {
        let (text, value) = (text.to_lowercase(), self.value.to_lowercase());
        match self.how {
            How::Exact => text == value,
            How::Contains => text.contains(&value),
            How::StartsWith => text.starts_with(&value),
            How::EndsWith => text.ends_with(&value),
            How::Present => true,
            How::Absent => false,
        }
    }
}

fn holds(tests: &[Test<'_>], record: &Record, any: bool) -> bool {
    if any && !tests.is_empty() {
        tests.iter().any(|test| test.holds(record))
    } else {
        tests.iter().all(|test| test.holds(record))
    }
}

fn sort(found: &mut [&Record], query: &[(String, String)]) {
    let value = |key: &str| {
        query
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    };
    match value("order") {
        Some("type") => found.sort_by(|a, b| a.kind.cmp(&b.kind)),
        Some("name") => found.sort_by(|a, b| a.name.cmp(&b.name)),
        Some("content") => found.sort_by(|a, b| a.content.cmp(&b.content)),
        Some("ttl") => found.sort_by_key(|it| it.ttl),
        Some("proxied") => found.sort_by_key(|it| it.proxied),
        _ => return,
    }
    if value("direction") == Some("desc") {
        found.reverse();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::super::super::model::{Plan, Settings, Zone};
    use super::super::edit::Editor;
    use super::*;
    use crate::ids::Ids;

    fn records() -> Vec<Record> {
        let mut zone = Zone::new("z", "example.com", "a");
        zone.plan = Plan::Pro;
        let (ids, settings) = (Ids::default(), Settings::default());
        let mut editor = Editor::new(&zone, &settings, &ids, "now");
        for body in [
            json!({"type":"A","name":"a","content":"192.0.2.1","proxied":true,"comment":"codex owner=pr-42"}),
            json!({"type":"AAAA","name":"b","content":"100::","comment":"codex owner=pr-421","tags":["team:web"]}),
            json!({"type":"TXT","name":"c","content":"hello","tags":["team:api","keep"]}),
        ] {
            editor.create(body.as_object().unwrap_or(&Map::new())).unwrap();
        }
        editor.into_records()
    }

    fn names(query: &Value) -> String {
        let query: Vec<(String, String)> = serde_json::from_value(query.clone()).unwrap();
        let records = records();
        let found = apply(&records, &query);
        found.iter().map(|it| &it.name[..1]).collect()
    }

    #[test]
    fn each_operator_filters() {
        for (query, expected) in [
            (json!([]), "abc"),
            (json!([["name", "a.example.com"]]), "a"),
            (json!([["name.exact", "A.EXAMPLE.COM"]]), "a"),
            (json!([["name.startswith", "b."]]), "b"),
            (json!([["content.endswith", "::"]]), "b"),
            (json!([["content.contains", "ell"]]), "c"),
            (json!([["comment", "codex owner=pr-42"]]), "a"),
            (json!([["comment.startswith", "codex owner=pr-42"]]), "ab"),
            (json!([["comment.present", ""]]), "ab"),
            (json!([["comment.absent", ""]]), "c"),
            (json!([["type", "aaaa"]]), "b"),
            (json!([["proxied", "true"]]), "a"),
            (json!([["tag", "team"]]), "bc"),
            (json!([["tag", "team:web"]]), "b"),
            (json!([["tag.startswith", "team:a"]]), "c"),
            (json!([["tag.absent", "team"]]), "a"),
            (json!([["search", "HELLO"]]), "c"),
            (json!([["unheard-of", "x"]]), "abc"),
        ] {
            assert_eq!(names(&query), expected, "{query}");
        }
    }

    #[test]
    fn match_any_joins_fields_but_not_tags() {
        let query = json!([["type", "A"], ["type", "TXT"]]);
        assert_eq!(names(&query), "");
        let query = json!([["type", "A"], ["content", "100::"], ["match", "any"]]);
        assert_eq!(names(&query), "ab");
        let query = json!([["type", "A"], ["type", "TXT"], ["match", "any"], ["tag", "team"]]);
        assert_eq!(names(&query), "c");
        let query = json!([["tag", "keep"], ["tag", "team:web"], ["tag_match", "any"]]);
        assert_eq!(names(&query), "bc");
    }

    #[test]
    fn order_and_direction() {
        assert_eq!(names(&json!([["order", "type"], ["direction", "desc"]])), "cba");
        assert_eq!(names(&json!([["order", "content"]])), "bac");
    }
}
