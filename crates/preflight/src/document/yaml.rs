//! YAML 1.2, as GitHub reads workflows: `on` is a text, anchors stand for what they name.

use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, YamlData};
use serde_json::{Number, Value};

use super::{At, Data, Node};

pub(super) fn parse(text: &str) -> Result<Node, (At, String)> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let at = error.marker();
        ((at.line(), at.col() + 1), error.info().to_owned())
    })?;
    match documents.first() {
        Some(document) => Ok(node(document, place(document))),
        None => Err(((1, 1), "it is empty".to_owned())),
    }
}

fn place(yaml: &MarkedYaml<'_>) -> At {
    (yaml.span.start.line(), yaml.span.start.col() + 1)
}

fn node(yaml: &MarkedYaml<'_>, at: At) -> Node {
    let data = match &yaml.data {
        YamlData::Sequence(items) => Data::List(items.iter().map(|item| node(item, place(item))).collect()),
        YamlData::Mapping(table) => {
            let entries = table.iter().map(|(key, value)| (name(key), node(value, place(key))));
            Data::Table(entries.collect())
        }
        YamlData::Tagged(_, inner) => return node(inner, at),
        YamlData::Value(scalar) => Data::Plain(plain(scalar)),
        YamlData::Representation(text, ..) => Data::Plain(text.as_ref().into()),
        YamlData::Alias(_) | YamlData::BadValue => Data::Plain(Value::Null),
    };
    Node { at, data }
}

fn plain(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => (*flag).into(),
        Scalar::Integer(number) => (*number).into(),
        Scalar::FloatingPoint(number) => Number::from_f64(number.into_inner()).map_or(Value::Null, Value::Number),
        Scalar::String(text) => text.as_ref().into(),
    }
}

/// A key as a text: `on`, `1`, `true`.
fn name(key: &MarkedYaml<'_>) -> String {
    match &key.data {
        YamlData::Value(Scalar::String(text)) | YamlData::Representation(text, ..) => text.to_string(),
        YamlData::Value(scalar) => plain(scalar).to_string(),
        _ => String::new(),
    }
}
