//! Holds the text of a manifest against [`super::keys`]: every problem, each with its line and column.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Key, Kind};

/// A problem in the manifest's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where, as a byte offset.
    pub at: usize,
    pub text: String,
}

/// Line and column, both from 1, of a byte offset. Columns count characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line..].chars().count() + 1)
}

/// All problems of form: TOML syntax, unknown and missing keys, values of the wrong kind.
pub(super) fn check(text: &str, keys: &[Key]) -> Vec<Problem> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = errors
        .iter()
        .map(|error| Problem {
            at: error.span().map_or(0, |span| span.start),
            text: error.message().to_owned(),
        })
        .collect();
    if problems.is_empty() {
        walk(table.get_ref(), 0, "", keys, &mut problems);
    }
    problems.sort_by_key(|problem| problem.at);
    problems
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn walk(table: &DeTable<'_>, at: usize, path: &str, keys: &[Key], problems: &mut Vec<Problem>) {
    for (name, value) in table {
        if let Some(key) = keys.iter().find(|key| key.name == name.get_ref().as_ref()) {
            value_is(value, &join(path, key.name), key.kind, problems);
        } else {
            let known = keys.iter().map(|key| key.name);
            let meant = crate::text::nearest(name.get_ref(), known.clone());
            let hint = meant.map_or_else(
                || format!("; known here: {}", known.collect::<Vec<_>>().join(", ")),
                |meant| format!("; did you mean `{meant}`?"),
            );
            problems.push(Problem {
                at: name.span().start,
                text: format!("unknown key `{}`{hint}", join(path, name.get_ref())),
            });
        }
    }
    for key in keys
        .iter()
        .filter(|key| key.required && !table.keys().any(|name| name.get_ref() == key.name))
    {
        problems.push(Problem {
            at,
            text: format!("`{}` is missing: {}", join(path, key.name), lower_first(key.doc)),
        });
    }
}

fn value_is(value: &Spanned<DeValue<'_>>, path: &str, kind: Kind, problems: &mut Vec<Problem>) {
    let at = value.span().start;
    let mut wrong = |text: String| problems.push(Problem { at, text });
    match (kind, value.get_ref()) {
        (Kind::Any, _) | (Kind::Text, DeValue::String(_)) | (Kind::Flag, DeValue::Boolean(_)) => {}
        (Kind::Number, DeValue::Integer(number)) if u64::from_str_radix(number.as_str(), number.radix()).is_ok() => {}
        (Kind::Duration, DeValue::String(text)) if crate::duration::parse(text).is_some() => {}
        (Kind::OneOf(names), DeValue::String(text)) if names.contains(&text.as_ref()) => {}
        (Kind::OneOf(names), DeValue::String(text)) => {
            let meant =
                crate::text::nearest(text, names.iter().copied()).map(|name| format!("; did you mean `{name}`?"));
            wrong(format!(
                "`{path}` is to be {}, not `{text}`{}",
                one_of(names),
                meant.unwrap_or_default()
            ));
        }
        (Kind::TextList, DeValue::Array(items)) => {
            for item in items.iter().filter(|item| !item.get_ref().is_str()) {
                problems.push(Problem {
                    at: item.span().start,
                    text: format!("`{path}` is to be a list of texts"),
                });
            }
        }
        (Kind::TextMap, DeValue::Table(table)) => {
            for (name, item) in table.iter().filter(|(_, item)| !item.get_ref().is_str()) {
                let text = format!("`{}` is to be a text in quotes", join(path, name.get_ref()));
                problems.push(Problem {
                    at: item.span().start,
                    text,
                });
            }
        }
        (Kind::ValueMap, DeValue::Table(table)) => {
            for (name, item) in table.iter().filter(|(_, item)| has_date(item.get_ref())) {
                let text = format!(
                    "`{}` holds a date, which JSON cannot: write it in quotes",
                    join(path, name.get_ref())
                );
                problems.push(Problem {
                    at: item.span().start,
                    text,
                });
            }
        }
        (Kind::Table(keys), DeValue::Table(table)) => walk(table, at, path, keys, problems),
        (Kind::Tables(keys), DeValue::Table(table)) => {
            for (name, item) in table {
                match item.get_ref() {
                    DeValue::Table(inner) => {
                        walk(inner, name.span().start, &join(path, name.get_ref()), keys, problems);
                    }
                    _ => problems.push(Problem {
                        at: item.span().start,
                        text: format!("`{}` is to be a table", join(path, name.get_ref())),
                    }),
                }
            }
        }
        (Kind::TableList(keys), DeValue::Array(items)) => {
            for (number, item) in items.iter().enumerate() {
                match item.get_ref() {
                    DeValue::Table(inner) => {
                        walk(inner, item.span().start, &format!("{path}[{number}]"), keys, problems);
                    }
                    _ => problems.push(Problem {
                        at: item.span().start,
                        text: format!("`{path}` is to be a list of tables"),
                    }),
                }
            }
        }
        (kind, _) => wrong(format!("`{path}` is to be {}", describe(kind))),
    }
}

fn has_date(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Datetime(_) => true,
        DeValue::Array(items) => items.iter().any(|item| has_date(item.get_ref())),
        DeValue::Table(table) => table.values().any(|item| has_date(item.get_ref())),
        _ => false,
    }
}

fn one_of(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" or ")
}

fn describe(kind: Kind) -> String {
    match kind {
        Kind::Text => "a text in quotes".to_owned(),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Number => "a whole number".to_owned(),
        Kind::Duration => "a duration in quotes, such as `\"7d\"` or `\"90s\"`".to_owned(),
        Kind::OneOf(names) => one_of(names),
        Kind::TextList => "a list of texts".to_owned(),
        Kind::TextMap => "a table from name to text".to_owned(),
        Kind::ValueMap => "a table from name to value".to_owned(),
        Kind::Table(_) | Kind::Tables(_) => "a table".to_owned(),
        Kind::TableList(_) => "a list of tables".to_owned(),
        Kind::Any => "a value".to_owned(),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(char::to_lowercase).into_iter().flatten().collect();
    format!("{first}{}", chars.as_str().trim_end_matches('.'))
}
