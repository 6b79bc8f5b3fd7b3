//! The texts of a source file: where they stand, and what is filled in.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, ExprMacro, Lit, Stmt, Token};

/// Names that stand for a text: constants, and functions that only answer one.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, Vec<String>>);

impl Names {
    pub(super) fn read(&mut self, file: &syn::File) {
        self.visit_file(file);
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let texts = texts(&item.expr, &Self::default());
        if !texts.is_empty() {
            self.0.insert(item.ident.to_string(), texts);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let texts = of_block(&item.block, &Self::default());
        if !texts.is_empty() {
            self.0.insert(item.sig.ident.to_string(), texts);
        }
        visit::visit_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }
}

pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg")
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string() == "test");
        is_cfg || attribute.path().is_ident("test")
    })
}

/// The texts that an expression can be.
pub(super) fn texts(expr: &Expr, names: &Names) -> Vec<String> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(text) => vec![text.value()],
            _ => Vec::new(),
        },
        Expr::Macro(ExprMacro { mac, .. }) if mac.path.is_ident("format") || mac.path.is_ident("concat") => {
            let first = first_literal(mac.tokens.clone());
            first.map(|text| shape(&text)).into_iter().collect()
        }
        Expr::Reference(inner) => texts(&inner.expr, names),
        Expr::Paren(inner) => texts(&inner.expr, names),
        Expr::Group(inner) => texts(&inner.expr, names),
        Expr::Closure(closure) => texts(&closure.body, names),
        Expr::Block(block) => of_block(&block.block, names),
        Expr::If(branch) => {
            let mut all = of_block(&branch.then_branch, names);
            if let Some((_, other)) = &branch.else_branch {
                all.extend(texts(other, names));
            }
            all
        }
        Expr::Match(branches) => branches.arms.iter().flat_map(|arm| texts(&arm.body, names)).collect(),
        Expr::MethodCall(call) if matches!(call.method.to_string().as_str(), "to_owned" | "into" | "to_string") => {
            texts(&call.receiver, names)
        }
        Expr::Path(path) => named(path.path.segments.last(), names),
        Expr::Return(back) => back.expr.iter().flat_map(|expr| texts(expr, names)).collect(),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) if path.path.is_ident("Some") => {
                call.args.iter().flat_map(|arg| texts(arg, names)).collect()
            }
            Expr::Path(path) => named(path.path.segments.last(), names),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn named(last: Option<&syn::PathSegment>, names: &Names) -> Vec<String> {
    let name = last.map(|last| last.ident.to_string()).unwrap_or_default();
    names.0.get(&name).cloned().unwrap_or_default()
}

fn of_block(block: &Block, names: &Names) -> Vec<String> {
    match block.stmts.last() {
        Some(Stmt::Expr(last, None)) => texts(last, names),
        _ => Vec::new(),
    }
}

pub(super) fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn all_literals(tokens: proc_macro2::TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Literal(literal) => {
                if let Ok(Lit::Str(text)) = syn::parse_str::<Lit>(&literal.to_string()) {
                    found.push(text.value());
                }
            }
            proc_macro2::TokenTree::Group(group) => found.extend(all_literals(group.stream())),
            _ => {}
        }
    }
    found
}

pub(super) fn first_literal(tokens: proc_macro2::TokenStream) -> Option<String> {
    let comma = |input: syn::parse::ParseStream<'_>| {
        let text: syn::LitStr = input.parse()?;
        let _: Option<Token![,]> = input.parse()?;
        let _: proc_macro2::TokenStream = input.parse()?;
        Ok(text.value())
    };
    syn::parse::Parser::parse2(comma, tokens).ok()
}

/// The text with `…` where something is filled in: `{name}`, `{}`, `{0}`, but not `{{x}}`.
pub(super) fn shape(text: &str) -> String {
    let (mut shaped, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        shaped += &rest[..at];
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            shaped += &tail[..1];
            rest = &tail[2..];
        } else if let (Some(end), true) = (tail.find('}'), tail.starts_with('{')) {
            shaped.push('…');
            rest = &tail[end + 1..];
        } else {
            shaped += &tail[..1];
            rest = &tail[1..];
        }
    }
    shaped += rest;
    while shaped.contains("……") {
        shaped = shaped.replace("……", "…");
    }
    shaped
}
