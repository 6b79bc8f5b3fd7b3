//! Changes as data: planned without a client, shown, guarded, then applied one by one.

use std::fmt;

use serde::Serialize;

use crate::markdown::{code_cell, text_cell};

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    Create,
    Update,
    Delete,
}

impl Verb {
    /// `+`, `~` or `-`, as a diff marks them.
    pub fn mark(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update => '~',
            Self::Delete => '-',
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Create => "to create",
            Self::Update => "to change",
            Self::Delete => "to delete",
        }
    }
}

/// One change, as a person reads it; `T` is what carrying it out needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change<T> {
    pub verb: Verb,
    /// `DNS record`, `Worker`, `branch` …
    pub kind: &'static str,
    pub name: String,
    /// What is set, or from what to what.
    pub detail: String,
    #[serde(skip)]
    pub action: T,
}

/// What is to be done, in order.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Plan<T> {
    pub changes: Vec<Change<T>>,
}

impl<T> Default for Plan<T> {
    fn default() -> Self {
        Self { changes: Vec::new() }
    }
}

/// A plan that destroys more than was allowed.
#[derive(Debug, thiserror::Error)]
#[error("the plan deletes or changes {kinds}, more than the {allowed} that `{input}` allows; nothing was touched")]
pub struct Unsafe {
    pub found: usize,
    pub allowed: usize,
    /// `3 DNS records and 2 KV namespaces`
    pub kinds: String,
    pub input: &'static str,
}

impl<T> Plan<T> {
    /// Adds a change.
    pub fn push(
        &mut self,
        verb: Verb,
        kind: &'static str,
        name: impl Into<String>,
        detail: impl Into<String>,
        action: T,
    ) {
        self.changes.push(Change {
            verb,
            kind,
            name: name.into(),
            detail: detail.into(),
            action,
        });
    }

    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many changes do this.
    pub fn count(&self, verb: Verb) -> usize {
        self.changes.iter().filter(|change| change.verb == verb).count()
    }

    /// Refuses a plan with more than `allowed` deletions and changes of what already exists.
    ///
    /// # Errors
    /// [`Unsafe`], which names the input that raises the limit.
    pub fn guard(&self, allowed: usize, input: &'static str) -> Result<(), Unsafe> {
        let found = self.count(Verb::Delete) + self.count(Verb::Update);
        if found <= allowed {
            return Ok(());
        }
        Err(Unsafe {
            found,
            allowed,
            kinds: self.destroyed(),
            input,
        })
    }

    /// How many of each kind are deleted or changed, in the plan's order.
    fn destroyed(&self) -> String {
        let mut kinds: Vec<(&str, usize)> = Vec::new();
        for change in self.changes.iter().filter(|change| change.verb != Verb::Create) {
            match kinds.iter_mut().find(|(kind, _)| *kind == change.kind) {
                Some((_, n)) => *n += 1,
                None => kinds.push((change.kind, 1)),
            }
        }
        let kinds: Vec<String> = kinds.into_iter().map(|(kind, n)| crate::text::count(n, kind)).collect();
        crate::text::listed(&kinds)
    }

    /// `3 to create, 1 to delete`, or `nothing to change`.
    pub fn headline(&self) -> String {
        let counts: Vec<String> = [Verb::Create, Verb::Update, Verb::Delete]
            .into_iter()
            .filter_map(|verb| Some((self.count(verb), verb)).filter(|(n, _)| *n > 0))
            .map(|(n, verb)| format!("{n} {}", verb.noun()))
            .collect();
        if counts.is_empty() {
            "nothing to change".to_owned()
        } else {
            counts.join(", ")
        }
    }

    /// The plan as a Markdown table, or its headline when it is empty.
    pub fn markdown(&self) -> String {
        if self.is_empty() {
            return "Nothing to change.".to_owned();
        }
        let rows = self.changes.iter().map(|change| {
            format!(
                "| `{}` | {} | {} | {} |\n",
                change.verb.mark(),
                change.kind,
                code_cell(&change.name),
                text_cell(&change.detail)
            )
        });
        format!(
            "| | what | name | detail |\n|---|---|---|---|\n{}",
            rows.collect::<String>()
        )
    }
}

/// One line a change: `+ DNS record api.example.com  AAAA 100:: proxied`.
impl<T> fmt::Display for Plan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .changes
            .iter()
            .map(|change| change.name.chars().count())
            .max()
            .unwrap_or(0);
        for (at, change) in self.changes.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            let line = format!(
                "{} {} {:width$}  {}",
                change.verb.mark(),
                change.kind,
                change.name,
                change.detail
            );
            write!(f, "{separator}{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan<()> {
        let mut plan = Plan::default();
        plan.push(Verb::Create, "DNS record", "api.example.com", "AAAA 100:: proxied", ());
        plan.push(Verb::Delete, "DNS record", "old.example.com", "", ());
        plan
    }

    #[test]
    fn a_plan_reads_as_a_diff() {
        insta::assert_snapshot!(plan(), @r"
        + DNS record api.example.com  AAAA 100:: proxied
        - DNS record old.example.com
        ");
        assert_eq!(plan().headline(), "1 to create, 1 to delete");
        assert_eq!(Plan::<()>::default().headline(), "nothing to change");
    }

    #[test]
    fn a_surprising_plan_is_refused() {
        assert!(plan().guard(1, "max-deletes").is_ok());
        let error = plan().guard(0, "max-deletes").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the plan deletes or changes 1 DNS record, more than the 0 that `max-deletes` allows; nothing was touched"
        );
    }

    #[test]
    fn a_refusal_names_each_kind() {
        let mut plan = plan();
        for n in 0..3 {
            plan.push(Verb::Delete, "KV namespace", n.to_string(), "", ());
        }
        plan.push(Verb::Update, "DNS record", "api.example.com", "", ());
        plan.push(Verb::Create, "Worker", "api", "", ());
        plan.push(Verb::Delete, "database branch", "preview-pr-42", "", ());
        assert_eq!(
            plan.guard(5, "max-deletes").unwrap_err().to_string(),
            "the plan deletes or changes 2 DNS records, 3 KV namespaces and 1 database branch, more than the 5 that \
             `max-deletes` allows; nothing was touched"
        );
    }
}
