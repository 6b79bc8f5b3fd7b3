//! JSON with comments, as wrangler, Turborepo and TypeScript read it.

use jsonc_parser::ast::{ObjectProp, Value as Ast};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, parse_to_ast};
use serde_json::Value;

use super::{At, Data, Lines, Node};

pub(super) fn parse(text: &str) -> Result<Node, (At, String)> {
    let lines = Lines::of(text);
    let parsed = parse_to_ast(text, &CollectOptions::default(), &wrangler::JSONC)
        .map_err(|error| (lines.at(error.range().start), error.kind().to_string()))?;
    match parsed.value {
        Some(value) => Ok(node(&value, value.range().start, &lines)),
        None => Err(((1, 1), "it is empty".to_owned())),
    }
}

fn node(value: &Ast<'_>, at: usize, lines: &Lines<'_>) -> Node {
    let data = match value {
        Ast::Array(array) => {
            let items = array.elements.iter();
            Data::List(items.map(|item| node(item, item.range().start, lines)).collect())
        }
        Ast::Object(object) => {
            let entry = |property: &ObjectProp<'_>| {
                let value = node(&property.value, property.range.start, lines);
                (property.name.as_str().to_owned(), value)
            };
            Data::Table(object.properties.iter().map(entry).collect())
        }
        Ast::StringLit(text) => Data::Plain(text.value.as_ref().into()),
        Ast::BooleanLit(flag) => Data::Plain(flag.value.into()),
        Ast::NumberLit(number) => Data::Plain(number.value.parse().map_or(Value::Null, Value::Number)),
        Ast::NullKeyword(_) => Data::Plain(Value::Null),
    };
    Node { at: lines.at(at), data }
}
