//! The schema: which types, fields and arguments there are. `schema.graphql` is the whole of what is modelled.

use std::sync::LazyLock;

use graphql_parser::schema::{Definition, Document, Field, InputValue, Type, TypeDefinition};

type Text = &'static str;

/// The schema, parsed.
pub(super) struct Schema(Document<'static, Text>);

pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    // A test reads it, so that it can be read here.
    Schema(graphql_parser::parse_schema(include_str!("schema.graphql")).unwrap_or_default())
});

/// What a value of a type is.
pub(super) enum Kind {
    /// Object, interface or union: asked for with a selection.
    Composite,
    Enum(Vec<Text>),
    Input(&'static [InputValue<'static, Text>]),
    Scalar,
}

impl Schema {
    fn definition(&'static self, name: &str) -> Option<&'static TypeDefinition<'static, Text>> {
        self.0.definitions.iter().find_map(|definition| match definition {
            Definition::TypeDefinition(found) if type_name(found) == name => Some(found),
            _ => None,
        })
    }

    pub(super) fn has(&'static self, name: &str) -> bool {
        self.definition(name).is_some()
    }

    /// Scalars of the language itself are in no schema.
    pub(super) fn kind(&'static self, name: &str) -> Kind {
        match self.definition(name) {
            Some(TypeDefinition::Object(_) | TypeDefinition::Interface(_) | TypeDefinition::Union(_)) => {
                Kind::Composite
            }
            Some(TypeDefinition::Enum(found)) => Kind::Enum(found.values.iter().map(|value| value.name).collect()),
            Some(TypeDefinition::InputObject(found)) => Kind::Input(&found.fields),
            Some(TypeDefinition::Scalar(_)) | None => Kind::Scalar,
        }
    }

    pub(super) fn field(&'static self, on: &str, name: &str) -> Option<&'static Field<'static, Text>> {
        let fields = match self.definition(on)? {
            TypeDefinition::Object(found) => &found.fields,
            TypeDefinition::Interface(found) => &found.fields,
            _ => return None,
        };
        fields.iter().find(|field| field.name == name)
    }

    /// Whether an object of type `object` is a `wanted`: itself, an interface that it has, a union that it is in.
    pub(super) fn is_a(&'static self, object: &str, wanted: &str) -> bool {
        let listed = |names: &[Text], name: &str| names.contains(&name);
        object == wanted
            || matches!(self.definition(object), Some(TypeDefinition::Object(found)) if listed(&found.implements_interfaces, wanted))
            || matches!(self.definition(wanted), Some(TypeDefinition::Union(found)) if listed(&found.types, object))
    }
}

fn type_name(definition: &TypeDefinition<'static, Text>) -> Text {
    match definition {
        TypeDefinition::Scalar(found) => found.name,
        TypeDefinition::Object(found) => found.name,
        TypeDefinition::Interface(found) => found.name,
        TypeDefinition::Union(found) => found.name,
        TypeDefinition::Enum(found) => found.name,
        TypeDefinition::InputObject(found) => found.name,
    }
}

/// The name in a type, without lists and exclamation marks.
pub(super) fn named<'a>(kind: &Type<'a, &'a str>) -> &'a str {
    match kind {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => named(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_closed_in_itself() {
        assert!(SCHEMA.0.definitions.len() > 20);
        let scalars = ["ID", "String", "Int", "Boolean"];
        for definition in &SCHEMA.0.definitions {
            let Definition::TypeDefinition(TypeDefinition::Object(found)) = definition else {
                continue;
            };
            for field in &found.fields {
                let arguments = field.arguments.iter().map(|argument| named(&argument.value_type));
                for name in arguments.chain([named(&field.field_type)]) {
                    assert!(SCHEMA.has(name) || scalars.contains(&name), "{}: {name}", found.name);
                }
            }
            for interface in &found.implements_interfaces {
                let Some(TypeDefinition::Interface(interface)) = SCHEMA.definition(interface) else {
                    panic!("{interface} is no interface");
                };
                for field in &interface.fields {
                    assert!(SCHEMA.field(found.name, field.name).is_some(), "{}", found.name);
                }
            }
        }
        assert!(SCHEMA.is_a("Issue", "IssueOrPullRequest") && !SCHEMA.is_a("Bot", "User"));
    }
}
