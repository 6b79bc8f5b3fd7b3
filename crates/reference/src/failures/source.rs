//! Which errors a source file makes, read from its syntax tree.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, ExprCall, ExprMethodCall, Lit};

use super::texts::{Names, all_literals, first_literal, is_test, literal, shape, texts};

/// An error that the sources make; `…` stands for what is filled in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Made {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// Whether a `caused by:` line follows.
    pub(super) has_cause: bool,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) made: Vec<Made>,
    /// Input, and what is said of it.
    pub(super) inputs: Vec<(String, String)>,
    /// Codes and statuses of a vendor with their remedies.
    pub(super) codes: Vec<(String, String)>,
    /// Messages of an enum's variants, and the remedies that its `hint` has for them.
    variants: BTreeMap<(String, String), String>,
    hints: BTreeMap<(String, String), String>,
    /// Every text of the file.
    pub(super) texts: Vec<String>,
}

/// What the file holds, outside of its tests.
pub(super) fn read(file: &syn::File, names: &Names) -> Found {
    let mut reader = Reader {
        names,
        found: Found::default(),
    };
    reader.visit_file(file);
    reader.found
}

impl Found {
    /// Adds what another file of the package holds.
    pub(super) fn merge(&mut self, other: Self) {
        self.made.extend(other.made);
        self.inputs.extend(other.inputs);
        self.codes.extend(other.codes);
        self.texts.extend(other.texts);
        for (variant, message) in other.variants {
            let hint = other.hints.get(&variant).cloned();
            self.made.push(Made {
                message,
                hint,
                has_cause: false,
            });
        }
    }
}

struct Reader<'a> {
    names: &'a Names,
    found: Found,
}

impl Reader<'_> {
    fn made(&mut self, messages: Vec<String>, hint: Option<&Expr>, has_cause: bool) {
        let hint = hint.map(|hint| texts(hint, self.names).join("; or: "));
        for message in messages {
            // Another layer's text, passed on.
            if message.chars().any(char::is_alphabetic) {
                let hint = hint.clone().filter(|hint| !hint.is_empty());
                self.found.made.push(Made {
                    message,
                    hint,
                    has_cause,
                });
            }
        }
    }
}

impl Reader<'_> {
    /// Remedies by status or code: `(401, _) => "…"`, `422 if message.contains("too long") => "…"`.
    fn answers(&mut self, block: &Block) {
        let mut arms = Arms::default();
        arms.visit_block(block);
        for arm in arms.0 {
            let mut labels = Literals::default();
            labels.visit_pat(&arm.pat);
            if let Some((_, guard)) = &arm.guard {
                labels.visit_expr(guard);
            }
            let remedy = texts(&arm.body, self.names).join("; or: ");
            if !labels.0.is_empty() && !remedy.is_empty() {
                self.found.codes.push((labels.0.join(", "), remedy));
            }
        }
    }
}

/// All arms of all matches.
#[derive(Default)]
struct Arms<'ast>(Vec<&'ast syn::Arm>);

impl<'ast> Visit<'ast> for Arms<'ast> {
    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.0.push(arm);
        visit::visit_arm(self, arm);
    }
}

/// The numbers and texts of a pattern or a guard.
#[derive(Default)]
struct Literals(Vec<String>);

impl<'ast> Visit<'ast> for Literals {
    fn visit_lit(&mut self, literal: &'ast Lit) {
        match literal {
            Lit::Int(number) => self.0.push(number.base10_digits().to_owned()),
            Lit::Str(text) => self.0.push(format!("`{}`", text.value())),
            _ => {}
        }
    }
}

/// The variants that a pattern names: `Self::A | Self::B(_)`.
fn variants(pattern: &syn::Pat) -> Vec<String> {
    let last = |path: &syn::Path| path.segments.last().map(|last| last.ident.to_string());
    let one = match pattern {
        syn::Pat::Or(either) => return either.cases.iter().flat_map(variants).collect(),
        syn::Pat::Path(path) => last(&path.path),
        syn::Pat::Struct(fields) => last(&fields.path),
        syn::Pat::TupleStruct(fields) => last(&fields.path),
        _ => None,
    };
    one.into_iter().collect()
}

/// The text of `#[error("…")]`.
fn error_text(attribute: &Attribute) -> Option<String> {
    let list = attribute
        .meta
        .require_list()
        .ok()
        .filter(|list| list.path.is_ident("error"))?;
    let text = first_literal(list.tokens.clone())?;
    Some(shape(&text)).filter(|text| text.chars().any(char::is_alphabetic))
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            if item.sig.ident.to_string().ends_with("_hint") {
                self.answers(&item.block);
            }
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        if item.ident == "REMEDIES" {
            self.found.codes.extend(codes(&item.expr));
        }
        visit::visit_item_const(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        for variant in &item.variants {
            if let Some(message) = variant.attrs.iter().find_map(error_text) {
                let key = (item.ident.to_string(), variant.ident.to_string());
                self.found.variants.insert(key, message);
            }
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        let hint = item.items.iter().find_map(|item| match item {
            syn::ImplItem::Fn(function) if function.sig.ident == "hint" => Some(function),
            _ => None,
        });
        if let (Some(of), Some(hint)) = (of, hint) {
            let mut arms = Arms::default();
            arms.visit_block(&hint.block);
            for arm in arms.0 {
                let text = texts(&arm.body, self.names).join("; or: ");
                let variants = variants(&arm.pat)
                    .into_iter()
                    .map(|variant| ((of.clone(), variant), text.clone()));
                self.found.hints.extend(variants.filter(|(_, text)| !text.is_empty()));
            }
            self.answers(&hint.block);
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Some(text) = error_text(attribute) {
            self.made(vec![text], None, false);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        // The chain from its end to its start.
        let (mut at, mut links) = (call, vec![call]);
        while let Expr::MethodCall(inner) = &*at.receiver {
            at = inner;
            links.push(inner);
        }
        let argument = |name: &str| {
            links
                .iter()
                .find(|link| link.method == name)
                .map(|link| link.args.first())
        };
        match &*at.receiver {
            Expr::Call(base) if is_fault(base) => {
                let messages = base.args.first().map(|first| texts(first, self.names));
                let hint = argument("hint").flatten();
                self.made(messages.unwrap_or_default(), hint, argument("because").is_some());
                for link in &links {
                    link.args.iter().for_each(|arg| self.visit_expr(arg));
                }
                base.args.iter().for_each(|arg| self.visit_expr(arg));
                return;
            }
            _ => {}
        }
        match (call.method.to_string().as_str(), call.args.len()) {
            ("add", 2) => {
                if let (Some(input), text) = (literal(&call.args[0]), texts(&call.args[1], self.names)) {
                    self.found
                        .inputs
                        .extend(text.into_iter().map(|text| (input.clone(), text)));
                }
            }
            ("context" | "with_context", 1) => {
                let messages = texts(&call.args[0], self.names);
                self.made(messages, None, true);
            }
            _ => {}
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if is_fault(call) {
            let messages = call.args.first().map(|first| texts(first, self.names));
            self.made(messages.unwrap_or_default(), None, false);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let name = called.path.segments.last().map(|last| last.ident.to_string());
        let literals = all_literals(called.tokens.clone());
        if matches!(name.as_deref(), Some("bail" | "anyhow" | "ensure"))
            && let Some(text) = literals.last()
        {
            self.made(vec![shape(text)], None, false);
        }
        self.found.texts.extend(literals.iter().map(|text| shape(text)));
        visit::visit_macro(self, called);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.found.texts.push(text.value());
    }
}

fn is_fault(call: &ExprCall) -> bool {
    matches!(&*call.func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "fault"))
}

/// `[(code, "remedy"), …]`
fn codes(expr: &Expr) -> Vec<(String, String)> {
    let Expr::Reference(reference) = expr else {
        return Vec::new();
    };
    let Expr::Array(array) = &*reference.expr else {
        return Vec::new();
    };
    let pair = |expr: &Expr| match expr {
        Expr::Tuple(pair) => match (&pair.elems[0], literal(&pair.elems[1])) {
            (Expr::Lit(code), Some(remedy)) => match &code.lit {
                Lit::Int(code) => Some((code.base10_digits().to_owned(), remedy)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    array.elems.iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Found {
        let file = syn::parse_file(text).unwrap();
        let mut names = Names::default();
        names.read(&file);
        read(&file, &names)
    }

    #[test]
    fn errors_are_found_with_their_hints_wherever_their_text_stands() {
        let text = r#"
            const WHY: &str = "no such thing";
            fn what(name: &str) -> String { format!("could not find `{name}`") }
            fn all(p: &mut Problems, last: bool) -> Fault {
                p.add("timeout", format!("`{x}` is too long"));
                let error = fault(what(name)).because(cause).hint("look again");
                let other = if last { fault(WHY) } else { fault(match y { 1 => "one {{x}}", _ => "two" }).hint(format!("try {z}")) };
                anyhow::bail!("gone");
            }
            #[derive(Debug, thiserror::Error)]
            enum E { #[error("answered {status}{}: {0}", with(x))] A, #[error("gone away")] B { x: u8 } }
            impl E { fn hint(&self) -> Option<String> { Some(match self { Self::B { .. } => { "come back" } _ => return None }) } }
            fn refused_hint(status: u16) { match status { 401 if text.contains("key") => "make a key", _ => "" } }
            const REMEDIES: &[(u32, &str)] = &[(1_000, "mend it")];
            #[cfg(test)]
            mod tests { fn x() { fault("never seen"); } }
        "#;
        let mut found = found(text);
        let variants = std::mem::take(&mut found);
        found.merge(variants);
        let told: Vec<(&str, Option<&str>, bool)> = found
            .made
            .iter()
            .map(|made| (made.message.as_str(), made.hint.as_deref(), made.has_cause))
            .collect();
        assert_eq!(
            told,
            [
                ("could not find `…`", Some("look again"), true),
                ("no such thing", None, false),
                ("one {{x}}", Some("try …"), false),
                ("two", Some("try …"), false),
                ("gone", None, false),
                ("answered …: …", None, false),
                ("gone away", Some("come back"), false),
            ]
        );
        assert_eq!(found.inputs, [("timeout".to_owned(), "`…` is too long".to_owned())]);
        assert_eq!(
            found.codes,
            [("401, `key`", "make a key"), ("1000", "mend it")]
                .map(|(code, remedy)| (code.to_owned(), remedy.to_owned()))
        );
        assert!(found.texts.iter().any(|text| text == "could not find `…`"));
        assert!(!found.texts.iter().any(|text| text == "never seen"));
    }
}
