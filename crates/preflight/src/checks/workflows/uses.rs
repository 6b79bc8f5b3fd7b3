//! Each use of ours: what is used, with what, and by which workflow it is started.

use serde_json::Value;

use super::ours::{self, Ours};
use super::read::Repository;
use super::triggers::{self, Event};
use crate::document::{Document, Node};
use crate::finding::Place;

/// GitHub's own limit is ten; a circle ends, too.
const DEPTH: usize = 6;

/// A job in its workflow.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) workflow: &'a Document,
    pub(super) key: &'a str,
    pub(super) node: &'a Node,
}

/// A step, in a workflow or in a local action.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) document: &'a Document,
    pub(super) node: &'a Node,
}

/// One of ours in one place, as one workflow starts it.
#[derive(Clone)]
pub(super) struct Use<'a> {
    pub(super) ours: &'static Ours,
    /// From the job of the workflow that starts to the one that it is in: a job may call a workflow of this repository.
    pub(super) chain: Vec<Job<'a>>,
    /// Where it is a step: itself, and the local actions around it, the outermost first.
    pub(super) steps: Vec<Step<'a>>,
    /// The steps that run before it in its job.
    pub(super) before: Vec<Step<'a>>,
}

/// What an input says of the environment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    Default,
    Given(String),
    /// An expression.
    Unknown,
}

/// Everything of ours that is used.
pub(super) fn all(repository: &Repository) -> Vec<Use<'_>> {
    let mut found = Vec::new();
    let called = |document: &Document| {
        let all = repository.workflows.iter().flat_map(references);
        all.filter_map(|(uses, _)| repository.called(uses))
            .any(|called| called.file == document.file)
    };
    for document in &repository.workflows {
        let is_only_called = triggers::events(document)
            .iter()
            .all(|event| event.name == "workflow_call");
        if !(is_only_called && called(document)) {
            in_workflow(repository, document, &[], &mut found);
        }
    }
    found
}

fn in_workflow<'a>(repository: &'a Repository, workflow: &'a Document, chain: &[Job<'a>], found: &mut Vec<Use<'a>>) {
    for job in jobs(workflow) {
        let mut chain = chain.to_vec();
        chain.push(job);
        let uses = job.node.get("uses").and_then(Node::text).unwrap_or_default();
        if let Some(ours) = ours::named(repository, uses) {
            found.push(Use {
                ours,
                chain,
                steps: Vec::new(),
                before: Vec::new(),
            });
        } else if let Some(called) = repository.called(uses).filter(|_| chain.len() < DEPTH) {
            in_workflow(repository, called, &chain, found);
        } else {
            let steps = steps(job.node).map(|node| Step {
                document: workflow,
                node,
            });
            in_steps(repository, steps.collect(), &chain, (&[], &[]), found);
        }
    }
}

/// `around`: the local actions that these steps are in, and what ran before them.
fn in_steps<'a>(
    repository: &'a Repository,
    steps: Vec<Step<'a>>,
    chain: &[Job<'a>],
    around: (&[Step<'a>], &[Step<'a>]),
    found: &mut Vec<Use<'a>>,
) {
    let mut before = around.1.to_vec();
    for step in steps {
        let uses = step.node.get("uses").and_then(Node::text).unwrap_or_default();
        let mut within = around.0.to_vec();
        within.push(step);
        if let Some(ours) = ours::named(repository, uses) {
            found.push(Use {
                ours,
                chain: chain.to_vec(),
                steps: within,
                before: before.clone(),
            });
        } else if let Some(composite) = repository.composite(uses).filter(|_| within.len() < DEPTH) {
            let inner = composite.get(&["runs"]).into_iter().flat_map(self::steps);
            let inner = inner.map(|node| Step {
                document: composite,
                node,
            });
            in_steps(repository, inner.collect(), chain, (&within, &before), found);
        }
        before.push(step);
    }
}

pub(super) fn jobs(workflow: &Document) -> impl Iterator<Item = Job<'_>> {
    let jobs = workflow.get(&["jobs"]).into_iter().flat_map(Node::entries);
    jobs.map(move |(key, node)| Job { workflow, key, node })
}

/// The steps of a job, or of what a composite action `runs`; those of a `parallel` group among them.
pub(super) fn steps(node: &Node) -> impl Iterator<Item = &Node> {
    let steps = node.get("steps").into_iter().flat_map(Node::items);
    steps.flat_map(|step| std::iter::once(step).chain(step.get("parallel").into_iter().flat_map(Node::items)))
}

/// Every `uses` of a workflow or a composite action, with the job or step that it is of.
pub(super) fn references(document: &Document) -> impl Iterator<Item = (&str, &Node)> {
    let own = document.get(&["runs"]).into_iter().flat_map(steps);
    let jobs = jobs(document).flat_map(|job| std::iter::once(job.node).chain(steps(job.node)));
    own.chain(jobs)
        .filter_map(|node| Some((node.get("uses")?.text()?, node)))
}

/// A value as GitHub hands it over: numbers and flags are texts.
pub(super) fn text_of(node: &Node) -> Option<String> {
    match node.value() {
        Value::String(text) => Some(text),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a text holds an expression, whose value nobody knows from here.
pub(super) fn is_expression(text: &str) -> bool {
    text.contains("${{")
}

impl<'a> Use<'a> {
    /// The job of the workflow that is started.
    pub(super) fn entry(&self) -> Option<Job<'a>> {
        self.chain.first().copied()
    }

    /// The job that it is in.
    pub(super) fn job(&self) -> Option<Job<'a>> {
        self.chain.last().copied()
    }

    /// The file of the workflow that is started.
    pub(super) fn file(&self) -> &'a str {
        self.entry().map_or("", |job| &job.workflow.file)
    }

    /// The step, or the job that calls a workflow, and the file that it stands in.
    pub(super) fn holder(&self) -> Option<(&'a Document, &'a Node)> {
        let step = self.steps.last().map(|step| (step.document, step.node));
        step.or_else(|| self.job().map(|job| (job.workflow, job.node)))
    }

    /// Where `key` of the step or job stands, or its `uses`.
    pub(super) fn place(&self, key: &str) -> Option<Place> {
        let (document, node) = self.holder()?;
        let at = node.get(key).or_else(|| node.get("uses"))?;
        Some(document.place_of(at))
    }

    pub(super) fn with(&self) -> Option<&'a Node> {
        self.holder().and_then(|(_, node)| node.get("with"))
    }

    /// An input, unless it is empty, which GitHub does not tell from a missing one.
    pub(super) fn input(&self, name: &str) -> Option<String> {
        let text = text_of(self.with()?.get(name)?)?;
        Some(text).filter(|text| !text.trim().is_empty())
    }

    /// `default` where the input is missing; `None` for an expression.
    pub(super) fn command(&self, default: &str) -> Option<String> {
        match self.input("command") {
            Some(text) if is_expression(&text) => None,
            Some(text) => Some(text.trim().to_owned()),
            None => Some(default.to_owned()),
        }
    }

    /// Whether an input switches something on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.input(name).is_some_and(|text| text.trim() == "true")
    }

    pub(super) fn environment(&self) -> Named {
        match self.input("environment") {
            Some(text) if is_expression(&text) => Named::Unknown,
            Some(text) => Named::Given(text.trim().to_owned()),
            None if self.ours.is_workflow && ["preview", "production"].contains(&self.ours.name) => {
                Named::Given(self.ours.name.to_owned())
            }
            None => Named::Default,
        }
    }

    pub(super) fn events(&self) -> Vec<Event<'a>> {
        self.entry()
            .map(|job| triggers::events(job.workflow))
            .unwrap_or_default()
    }

    /// Whether it runs for pull requests, as far as events and plain conditions tell.
    pub(super) fn starts_on_pull_requests(&self) -> bool {
        let keeps_out = |node: &Node| {
            let text = text_of(node).unwrap_or_default();
            let only = [
                "github.event_name == 'push'",
                "github.event_name != 'pull_request'",
                "github.ref == 'refs/heads/",
            ];
            only.iter().any(|only| text.contains(only)) && !text.contains("||")
        };
        self.events().iter().any(Event::is_of_pull_request) && !self.conditions().any(|(_, node)| keeps_out(node))
    }

    /// Whether others start it, of whom nothing is known here.
    pub(super) fn is_called_from_elsewhere(&self) -> bool {
        self.events().iter().all(|event| event.name == "workflow_call")
    }

    /// Whether it changes what an environment serves.
    pub(super) fn deploys(&self) -> bool {
        match (self.ours.name, self.ours.is_workflow) {
            ("deploy-workers", false) => {
                let is_deploying = self
                    .command("deploy")
                    .is_some_and(|command| command == "deploy" || command == "rollback");
                is_deploying && !self.is_on("dry-run")
            }
            ("preview" | "production", true) => true,
            _ => false,
        }
    }

    /// Whether it removes one pull request's environment.
    pub(super) fn cleans(&self) -> bool {
        match (self.ours.name, self.ours.is_workflow) {
            ("cleanup", false) => self
                .command("environment")
                .is_none_or(|command| command == "environment"),
            ("cleanup", true) => true,
            _ => false,
        }
    }

    pub(super) fn sweeps(&self) -> bool {
        match (self.ours.name, self.ours.is_workflow) {
            ("cleanup", false) => self.command("environment").is_none_or(|command| command == "sweep"),
            ("sweep", true) => true,
            _ => false,
        }
    }

    /// The conditions that it runs under: of the jobs and steps around it, and its own.
    pub(super) fn conditions(&self) -> impl Iterator<Item = (&'a Document, &'a Node)> {
        let jobs: Vec<_> = self.chain.iter().map(|job| (job.workflow, job.node)).collect();
        let steps: Vec<_> = self.steps.iter().map(|step| (step.document, step.node)).collect();
        let all = jobs.into_iter().chain(steps);
        all.filter_map(|(document, node)| Some((document, node.get("if")?)))
    }
}
