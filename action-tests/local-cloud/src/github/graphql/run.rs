//! Runs an operation that was checked: selections, aliases, fragments, `@skip` and `@include`.

use graphql_parser::query::{Directive, Field, Selection, SelectionSet, TypeCondition};
use serde_json::{Map, Value, json};

use super::check::Fragments;
use super::objects::{Found, Object, World};
use super::problem::Problem;
use super::schema::SCHEMA;
use super::values;

pub(super) struct Runner<'d, 'a, 'w> {
    pub(super) fragments: &'d Fragments<'d, 'a>,
    pub(super) variables: &'d Map<String, Value>,
    pub(super) world: World<'w>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Runner<'_, 'a, '_> {
    pub(super) fn object(&mut self, object: &Object, set: &SelectionSet<'a, &'a str>, path: &[Value]) -> Value {
        let mut shown = Map::new();
        self.fill(&mut shown, object, set, path);
        Value::Object(shown)
    }

    fn fill(
        &mut self,
        shown: &mut Map<String, Value>,
        object: &Object,
        set: &SelectionSet<'a, &'a str>,
        path: &[Value],
    ) {
        for item in &set.items {
            match item {
                Selection::Field(field) if self.wants(&field.directives) => {
                    let key = field.alias.unwrap_or(field.name);
                    let mut path = path.to_vec();
                    path.push(json!(key));
                    let value = self.field(object, field, &path);
                    match shown.get_mut(key) {
                        Some(known) => merge(known, value),
                        None => drop(shown.insert(key.to_owned(), value)),
                    }
                }
                Selection::InlineFragment(fragment) if self.wants(&fragment.directives) => {
                    let condition = fragment.type_condition.as_ref();
                    if condition.is_none_or(|TypeCondition::On(name)| SCHEMA.is_a(object.type_name(), name)) {
                        self.fill(shown, object, &fragment.selection_set, path);
                    }
                }
                Selection::FragmentSpread(spread) if self.wants(&spread.directives) => {
                    let Some(fragment) = self.fragments.get(spread.fragment_name).copied() else {
                        continue;
                    };
                    let TypeCondition::On(name) = fragment.type_condition;
                    if SCHEMA.is_a(object.type_name(), name) {
                        self.fill(shown, object, &fragment.selection_set, path);
                    }
                }
                _ => {}
            }
        }
    }

    fn wants(&self, directives: &[Directive<'a, &'a str>]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive.arguments.iter().find(|(name, _)| *name == "if");
            let holds = condition.is_some_and(|(_, value)| values::fill(value, self.variables) == json!(true));
            match directive.name {
                "skip" => !holds,
                "include" => holds,
                _ => true,
            }
        })
    }

    fn field(&mut self, object: &Object, field: &Field<'a, &'a str>, path: &[Value]) -> Value {
        if field.name == "__typename" {
            return json!(object.type_name());
        }
        let arguments = field
            .arguments
            .iter()
            .map(|(name, value)| ((*name).to_owned(), values::fill(value, self.variables)))
            .collect();
        match object.field(&mut self.world, field.name, &arguments) {
            Ok(Found::Value(value)) => value,
            Ok(Found::One(None)) => Value::Null,
            Ok(Found::One(Some(one))) => self.object(&one, &field.selection_set, path),
            Ok(Found::Many(many)) => many
                .iter()
                .enumerate()
                .map(|(index, one)| self.object(one, &field.selection_set, &[path, &[json!(index)]].concat()))
                .collect(),
            Err(failure) => {
                self.problems.push(Problem::failed(failure, field.position, path));
                Value::Null
            }
        }
    }
}

/// The same field asked for twice is one field with both selections.
fn merge(known: &mut Value, more: Value) {
    match (known, more) {
        (Value::Object(known), Value::Object(more)) => {
            for (key, value) in more {
                match known.get_mut(&key) {
                    Some(known) => merge(known, value),
                    None => drop(known.insert(key, value)),
                }
            }
        }
        (Value::Array(known), Value::Array(more)) => {
            for (known, more) in known.iter_mut().zip(more) {
                merge(known, more);
            }
        }
        _ => {}
    }
}
