//! TOML, with the places of its keys.

use serde_json::{Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{At, Data, Lines, Node};

pub(super) fn parse(text: &str) -> Result<Node, (At, String)> {
    let lines = Lines::of(text);
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (lines.at(at), error.message().to_owned())
    })?;
    Ok(Node {
        at: (1, 1),
        data: entries(table.get_ref(), &lines),
    })
}

fn entries(table: &DeTable<'_>, lines: &Lines<'_>) -> Data {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &Spanned<std::borrow::Cow<'_, str>> = key;
        (
            key.get_ref().to_string(),
            node(value.get_ref(), key.span().start, lines),
        )
    };
    Data::Table(table.iter().map(entry).collect())
}

fn node(value: &DeValue<'_>, at: usize, lines: &Lines<'_>) -> Node {
    let data = match value {
        DeValue::Table(table) => entries(table, lines),
        DeValue::Array(items) => {
            let items = items.iter();
            Data::List(
                items
                    .map(|item| node(item.get_ref(), item.span().start, lines))
                    .collect(),
            )
        }
        DeValue::String(text) => Data::Plain(text.as_ref().into()),
        DeValue::Boolean(flag) => Data::Plain((*flag).into()),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            Data::Plain(number.map_or(Value::Null, Value::from))
        }
        DeValue::Float(number) => {
            let number = number.as_str().parse().ok().and_then(Number::from_f64);
            Data::Plain(number.map_or(Value::Null, Value::Number))
        }
        DeValue::Datetime(date) => Data::Plain(date.to_string().into()),
    };
    Node { at: lines.at(at), data }
}
