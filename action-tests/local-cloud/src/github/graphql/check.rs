//! Whether an operation asks for what there is. Nothing of it runs otherwise: a mutation whose answer cannot be shown
//! has no effect.

use std::collections::BTreeMap;

use graphql_parser::query::{
    Field, FragmentDefinition, Selection, SelectionSet, Type, TypeCondition, Value as Literal,
};
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::schema::{Kind, SCHEMA, named};
use super::values;

/// The fragments of a document by name.
pub(super) type Fragments<'d, 'a> = BTreeMap<&'a str, &'d FragmentDefinition<'a, &'a str>>;

pub(super) struct Checker<'d, 'a> {
    pub(super) fragments: &'d Fragments<'d, 'a>,
    pub(super) variables: &'d Map<String, Value>,
    /// Names of the variables that the operation declares.
    pub(super) declared: Vec<&'a str>,
    /// Fragments that are being looked into.
    pub(super) within: Vec<&'a str>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Checker<'_, 'a> {
    pub(super) fn selection(&mut self, set: &SelectionSet<'a, &'a str>, on: &str, path: &[Value]) {
        for item in &set.items {
            match item {
                Selection::Field(field) => self.field(field, on, path),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref().map(|TypeCondition::On(name)| *name);
                    let on = condition.unwrap_or(on);
                    if self.knows(on, fragment.position, path) {
                        self.selection(&fragment.selection_set, on, path);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name;
                    let Some(fragment) = self.fragments.get(name).copied() else {
                        let message = format!("Fragment {name} was used, but not defined");
                        let code = "useAndDefineFragment";
                        self.problems
                            .push(Problem::invalid(code, spread.position, path, message));
                        continue;
                    };
                    let TypeCondition::On(on) = fragment.type_condition;
                    if self.within.contains(&name) {
                        let message = format!("Fragment {name} contains an infinite loop");
                        self.problems
                            .push(Problem::invalid("infiniteLoop", spread.position, path, message));
                    } else if self.knows(on, fragment.position, path) {
                        self.within.push(name);
                        self.selection(&fragment.selection_set, on, path);
                        self.within.pop();
                    }
                }
            }
        }
    }

    fn knows(&mut self, name: &str, at: graphql_parser::Pos, path: &[Value]) -> bool {
        if SCHEMA.has(name) {
            return true;
        }
        let message = format!("No such type {name}, so it can't be a fragment condition");
        let problem = Problem::invalid("undefinedType", at, path, message).with("typeName", json!(name));
        self.problems.push(problem.unmodelled());
        false
    }

    fn field(&mut self, field: &Field<'a, &'a str>, on: &str, path: &[Value]) {
        let mut path = path.to_vec();
        path.push(json!(field.alias.unwrap_or(field.name)));
        for directive in &field.directives {
            for (_, value) in &directive.arguments {
                self.declared(value, field, &path);
            }
        }
        if field.name == "__typename" {
            return;
        }
        let at = field.position;
        let Some(known) = SCHEMA.field(on, field.name) else {
            let message = format!("Field '{}' doesn't exist on type '{on}'", field.name);
            let problem = Problem::invalid("undefinedField", at, &path, message)
                .with("typeName", json!(on))
                .with("fieldName", json!(field.name));
            self.problems.push(problem.unmodelled());
            return;
        };
        for (name, value) in &field.arguments {
            match known.arguments.iter().find(|argument| argument.name == *name) {
                None => {
                    let message = format!("Field '{}' doesn't accept argument '{name}'", field.name);
                    let problem = Problem::invalid("argumentNotAccepted", at, &path, message)
                        .with("name", json!(field.name))
                        .with("argumentName", json!(name));
                    self.problems.push(problem.unmodelled());
                }
                Some(argument) => {
                    if self.declared(value, field, &path) {
                        self.argument(field, name, value, &argument.value_type, &path);
                    }
                }
            }
        }
        let missing: Vec<&str> = known
            .arguments
            .iter()
            .filter(|argument| matches!(argument.value_type, Type::NonNullType(_)) && argument.default_value.is_none())
            .map(|argument| argument.name)
            .filter(|name| !field.arguments.iter().any(|(given, _)| given == name))
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "Field '{}' is missing required arguments: {}",
                field.name,
                missing.join(", ")
            );
            let problem = Problem::invalid("missingRequiredArguments", at, &path, message);
            self.problems.push(problem);
        }
        let returned = named(&known.field_type);
        let is_composite = matches!(SCHEMA.kind(returned), Kind::Composite);
        let is_empty = field.selection_set.items.is_empty();
        if is_composite == is_empty {
            let name = field.name;
            let message = if is_composite {
                format!(
                    "Field must have selections (field '{name}' returns {returned} but has no selections. Did you mean '{name} {{ ... }}'?)"
                )
            } else {
                format!("Selections can't be made on scalars (field '{name}' returns {returned} but has selections)")
            };
            self.problems
                .push(Problem::invalid("selectionMismatch", at, &path, message));
        } else if is_composite {
            self.selection(&field.selection_set, returned, &path);
        }
    }

    /// Whether all variables in a value are declared.
    fn declared(&mut self, value: &Literal<'a, &'a str>, field: &Field<'a, &'a str>, path: &[Value]) -> bool {
        match value {
            Literal::Variable(name) if !self.declared.contains(name) => {
                let message = format!("Variable ${name} is used but not declared");
                let problem = Problem::invalid("variableNotDefined", field.position, path, message)
                    .with("variableName", json!(name));
                self.problems.push(problem);
                false
            }
            Literal::List(items) => items.iter().all(|item| self.declared(item, field, path)),
            Literal::Object(fields) => fields.values().all(|item| self.declared(item, field, path)),
            _ => true,
        }
    }

    fn argument(
        &mut self,
        field: &Field<'a, &'a str>,
        name: &str,
        value: &Literal<'a, &'a str>,
        kind: &Type<'static, &'static str>,
        path: &[Value],
    ) {
        let filled = values::fill(value, self.variables);
        if let Err((way, why)) = values::check(&filled, kind) {
            let shown = way.iter().fold(&filled, |value, key| &value[key.as_str()]);
            let place = way.last().map_or_else(
                || format!("Argument '{name}' on Field '{}'", field.name),
                |key| format!("Argument '{key}' on InputObject '{}'", named(kind)),
            );
            let message = format!("{place} has an invalid value ({shown}). {why}.");
            self.problems.push(Problem::invalid(
                "argumentLiteralsIncompatible",
                field.position,
                path,
                message,
            ));
        }
    }
}
