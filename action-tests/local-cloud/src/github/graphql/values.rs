//! Values of arguments and variables, and whether they are of their types.

use graphql_parser::query::{Type, Value as Literal, VariableDefinition};
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::schema::{Kind, SCHEMA};

/// A literal with its variables filled in. A variable that was not given is null.
pub(super) fn fill<'a>(literal: &Literal<'a, &'a str>, variables: &Map<String, Value>) -> Value {
    match literal {
        Literal::Variable(name) => variables.get(*name).cloned().unwrap_or_default(),
        Literal::Int(number) => json!(number.as_i64()),
        Literal::Float(number) => json!(number),
        Literal::String(text) => json!(text),
        Literal::Boolean(value) => json!(value),
        Literal::Null => Value::Null,
        Literal::Enum(name) => json!(name),
        Literal::List(items) => items.iter().map(|item| fill(item, variables)).collect(),
        Literal::Object(fields) => fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), fill(value, variables)))
            .collect(),
    }
}

/// What is wrong with a value: the way into it, and why.
pub(super) type Wrong = (Vec<String>, String);

/// Holds a value against its type.
pub(super) fn check<'a>(value: &Value, kind: &Type<'a, &'a str>) -> Result<(), Wrong> {
    let name = match kind {
        Type::NonNullType(inner) if !value.is_null() => return check(value, inner),
        Type::NonNullType(_) => return Err((Vec::new(), "Expected value to not be null".into())),
        _ if value.is_null() => return Ok(()),
        Type::ListType(inner) => {
            let one = std::slice::from_ref(value);
            let items = value.as_array().map_or(one, Vec::as_slice);
            return items.iter().try_for_each(|item| check(item, inner));
        }
        Type::NamedType(name) => *name,
    };
    let is_right = match SCHEMA.kind(name) {
        Kind::Enum(names) => {
            if value.as_str().is_some_and(|text| names.contains(&text)) {
                return Ok(());
            }
            return Err((
                Vec::new(),
                format!("Expected {value} to be one of: {}", names.join(", ")),
            ));
        }
        Kind::Input(fields) => {
            let Some(given) = value.as_object() else {
                return Err((Vec::new(), format!("Expected {value} to be a key-value object.")));
            };
            let stray = given.keys().find(|key| !fields.iter().any(|field| field.name == *key));
            if let Some(stray) = stray {
                return Err((vec![stray.clone()], format!("Field is not defined on {name}")));
            }
            return fields.iter().try_for_each(|field| {
                check(given.get(field.name).unwrap_or(&Value::Null), &field.value_type).map_err(|(mut way, why)| {
                    way.insert(0, field.name.to_owned());
                    (way, why)
                })
            });
        }
        Kind::Composite => false,
        Kind::Scalar => match name {
            "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "Boolean" => value.is_boolean(),
            "ID" => value.is_string() || value.is_i64(),
            _ => value.is_string(),
        },
    };
    if is_right {
        Ok(())
    } else {
        Err((Vec::new(), format!("Could not coerce value {value} to {name}")))
    }
}

/// The variables of an operation, defaults included.
pub(super) fn variables<'a>(
    declared: &[VariableDefinition<'a, &'a str>],
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<Problem>> {
    let mut all = Map::new();
    let mut problems = Vec::new();
    for variable in declared {
        let kind = &variable.var_type;
        let default = variable.default_value.as_ref().map(|value| fill(value, &Map::new()));
        let value = given.get(variable.name).cloned().or(default);
        if let Err((way, why)) = check(value.as_ref().unwrap_or(&Value::Null), kind) {
            let place = if way.is_empty() {
                String::new()
            } else {
                format!(" for {} ({why})", way.join("."))
            };
            let message = format!(
                "Variable ${} of type {kind} was provided invalid value{place}",
                variable.name
            );
            let problem = Problem::parse(message)
                .located(variable.position, &[])
                .with("value", given.get(variable.name).cloned().unwrap_or_default())
                .with("problems", json!([{"path": way, "explanation": why}]));
            problems.push(problem);
        }
        if let Some(value) = value {
            all.insert(variable.name.to_owned(), value);
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &'static str) -> Type<'static, &'static str> {
        Type::NonNullType(Box::new(Type::NamedType(name)))
    }

    #[test]
    fn values_are_held_against_their_types() {
        assert_eq!(check(&json!(42), &kind("Int")), Ok(()));
        assert!(check(&json!("42"), &kind("Int")).is_err());
        assert!(check(&Value::Null, &kind("String")).is_err());
        let input = |value: Value| check(&value, &kind("MinimizeCommentInput"));
        assert_eq!(input(json!({"subjectId": "IC_1", "classifier": "OUTDATED"})), Ok(()));
        assert_eq!(
            input(json!({"subjectId": "IC_1", "classifier": "OLD"})).unwrap_err().0,
            ["classifier"]
        );
        assert_eq!(input(json!({"classifier": "SPAM"})).unwrap_err().0, ["subjectId"]);
        assert_eq!(input(json!({"subject": 1})).unwrap_err().0, ["subject"]);
    }
}
