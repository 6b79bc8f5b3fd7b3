//! The default world, and what seeds add to it.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::Value;

use super::account::Account;
use super::model::{At, Comment, Environment, Pull, Repository, Thread};
use super::seed::{Author, HEAD_SHA, Seed, SeedCheckRun, SeedPull};
use super::seed_actions::Seeded;
use super::seed_deployed;
use super::state::State;

/// Commit of the default branch.
const MAIN_SHA: &str = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

fn repository(full_name: &str, id: u64, now: At) -> Repository {
    let (owner, name) = full_name.split_once('/').unwrap_or((full_name, ""));
    Repository {
        id,
        owner: owner.to_owned(),
        name: name.to_owned(),
        private: false,
        has_issues: true,
        default_branch: "main".to_owned(),
        created_at: now,
        refs: BTreeMap::from([("main".to_owned(), MAIN_SHA.to_owned())]),
        commits: Vec::new(),
        history: Vec::new(),
        threads: Vec::new(),
        comments: Vec::new(),
        labels: Vec::new(),
        deployments: Vec::new(),
        environments: Vec::new(),
        statuses: Vec::new(),
        check_runs: Vec::new(),
        reactions: Vec::new(),
        runs: Vec::new(),
        artifacts: Vec::new(),
        secrets: Vec::new(),
        organization_secrets: Vec::new(),
        variables: BTreeMap::new(),
        files: BTreeMap::new(),
    }
}

/// `acme/app` with pull request 42, whose workflow is running and which is behind `main`.
pub(super) fn default_world() -> State {
    let now = At::of(Timestamp::now());
    let mut state = State {
        repositories: vec![repository("acme/app", 700_000_001, now.plus_seconds(-90 * 86_400))],
        tokens: Vec::new(),
        rate_limit: super::envelope::LIMIT,
        usage: BTreeMap::new(),
        content_per_minute: super::secondary::PER_MINUTE,
        created: BTreeMap::new(),
        next_id: 5_000_000_000,
    };
    let seed = Seed {
        pulls: vec![SeedPull {
            number: 42,
            title: Some("Rebuild the checkout".to_owned()),
            body: Some("One page instead of four.".to_owned()),
            author: Author::default(),
            state: None,
            head_ref: None,
            head_sha: None,
            fork: None,
            fork_deleted: false,
            base_ref: None,
            draft: None,
            merged: None,
            merge_commit_sha: None,
            locked: None,
            behind: Some(true),
            conflicts: None,
            diff: None,
            labels: None,
            updated_seconds_ago: None,
        }],
        check_runs: vec![SeedCheckRun {
            name: "preview".to_owned(),
            head_sha: HEAD_SHA.to_owned(),
            status: "in_progress".to_owned(),
            conclusion: None,
        }],
        ..Seed::default()
    };
    add(&mut state, seed, now.plus_seconds(-3600));
    state
}

pub(super) fn seed(state: &mut State, document: &Value, now: Timestamp) -> anyhow::Result<()> {
    let seed: Seed = serde_json::from_value(document.clone()).context("in `github` of the seed")?;
    add(state, seed, At::of(now));
    Ok(())
}

fn add(state: &mut State, seed: Seed, now: At) {
    for token in seed.tokens {
        state.tokens.retain(|known| known.value != token.value);
        state.tokens.push(token);
    }
    if let Some(limit) = seed.rate_limit {
        state.rate_limit = limit;
    }
    if let Some(limit) = seed.content_per_minute {
        state.content_per_minute = limit;
    }
    let name = seed.repository.as_deref().unwrap_or("acme/app");
    if !state.repositories.iter().any(|known| known.full_name() == name) {
        // Forks of a repository take the number after its own.
        let id = 700_000_001 + 10 * state.repositories.len() as u64;
        state.repositories.push(repository(name, id, now));
    }
    let State {
        repositories, next_id, ..
    } = state;
    let Some(repository) = repositories.iter_mut().find(|known| known.full_name() == name) else {
        return;
    };
    let mut id = || {
        *next_id += 1;
        *next_id
    };
    repository.has_issues = seed.has_issues.unwrap_or(repository.has_issues);
    repository.refs.extend(seed.refs);
    repository.commits.extend(seed.commits);
    repository.secrets.extend(seed.secrets);
    repository.organization_secrets.extend(seed.organization_secrets);
    if let Some(private) = seed.private {
        repository.private = private;
    }
    for wanted in seed.environments {
        repository.environments.retain(|known| known.name != wanted.name);
        repository.environments.push(Environment {
            id: id(),
            name: wanted.name,
            created_at: now,
            updated_at: now,
            reviewers: wanted.reviewers.iter().map(|login| Account::user(login)).collect(),
            secrets: wanted.secrets,
        });
    }
    repository.variables.extend(seed.variables);
    repository.files.extend(seed.files);
    for wanted in seed.issues {
        let mut thread = new_thread(id(), wanted.number, wanted.title, &wanted.author, now);
        thread.body = wanted.body;
        thread.labels = wanted.labels;
        thread.deleted = wanted.deleted;
        thread.state = wanted.state.unwrap_or(thread.state);
        repository.threads.retain(|known| known.number != wanted.number);
        repository.threads.push(thread);
    }
    for wanted in seed.pulls {
        let (number, ago) = (wanted.number, wanted.updated_seconds_ago);
        add_pull(repository, wanted, &mut id, now);
        if let (Some(ago), Some(thread)) = (ago, repository.thread_mut(number)) {
            thread.updated_at = now.plus_seconds(-ago);
        }
    }
    let names: Vec<String> = repository
        .threads
        .iter()
        .flat_map(|thread| thread.labels.clone())
        .collect();
    for name in names {
        if !repository.labels.iter().any(|label| label.name == name) {
            let label = super::model::Label {
                id: id(),
                name,
                color: "ededed".to_owned(),
                description: None,
            };
            repository.labels.push(label);
        }
    }
    for wanted in seed.comments {
        for _ in 0..wanted.times {
            repository.comments.push(Comment {
                id: id(),
                thread: wanted.number,
                body: wanted.body.clone(),
                author: wanted.author.account(),
                created_at: now,
                updated_at: now,
                minimized: None,
            });
        }
    }
    let all = Seeded {
        artifacts: seed.artifacts,
        check_runs: seed.check_runs,
        runs: seed.runs,
    };
    all.add(repository, &mut id, now);
    seed_deployed::add(repository, seed.history, seed.deployments, &mut id, now);
}

fn new_thread(id: u64, number: u64, title: String, author: &Author, now: At) -> Thread {
    Thread {
        id,
        number,
        title,
        body: None,
        author: author.account(),
        state: "open".to_owned(),
        state_reason: None,
        labels: Vec::new(),
        locked: false,
        deleted: false,
        created_at: now,
        updated_at: now,
        closed_at: None,
        pull: None,
    }
}

/// Adds or changes a pull request. A new head stays known as a commit, and as a branch unless in a fork.
fn add_pull(repository: &mut Repository, wanted: SeedPull, id: &mut impl FnMut() -> u64, now: At) {
    let home = repository.full_name();
    if repository
        .thread(wanted.number)
        .is_none_or(|thread| thread.pull.is_none())
    {
        let title = format!("Pull request {}", wanted.number);
        let mut thread = new_thread(id(), wanted.number, title, &wanted.author, now);
        let is_42 = wanted.number == 42;
        thread.pull = Some(Pull {
            head_ref: if is_42 {
                "feature/checkout".to_owned()
            } else {
                format!("topic-{}", wanted.number)
            },
            head_sha: if is_42 {
                HEAD_SHA.to_owned()
            } else {
                format!("{:040x}", wanted.number)
            },
            head_repository: Some(home.clone()),
            head_owner: repository.owner.clone(),
            base_ref: repository.default_branch.clone(),
            draft: false,
            merged_at: None,
            merge_commit_sha: None,
            behind: false,
            conflicts: false,
            diff: None,
        });
        repository.threads.retain(|known| known.number != wanted.number);
        repository.threads.push(thread);
    }
    let Some(thread) = repository
        .threads
        .iter_mut()
        .find(|thread| thread.number == wanted.number)
    else {
        return;
    };
    thread.updated_at = now;
    thread.author = wanted.author.account();
    thread.title = wanted.title.unwrap_or_else(|| thread.title.clone());
    thread.body = wanted.body.or(thread.body.take());
    thread.locked = wanted.locked.unwrap_or(thread.locked);
    thread.labels = wanted.labels.unwrap_or_else(|| thread.labels.clone());
    if let Some(state) = wanted.state {
        thread.closed_at = (state == "closed").then_some(now);
        thread.state = state;
    }
    if wanted.merged == Some(true) {
        "closed".clone_into(&mut thread.state);
        thread.closed_at = Some(now);
    }
    let Some(pull) = &mut thread.pull else { return };
    pull.head_ref = wanted.head_ref.unwrap_or_else(|| pull.head_ref.clone());
    pull.head_sha = wanted.head_sha.unwrap_or_else(|| pull.head_sha.clone());
    pull.base_ref = wanted.base_ref.unwrap_or_else(|| pull.base_ref.clone());
    pull.draft = wanted.draft.unwrap_or(pull.draft);
    pull.behind = wanted.behind.unwrap_or(pull.behind);
    pull.diff = wanted.diff.or(pull.diff.take());
    pull.conflicts = wanted.conflicts.unwrap_or(pull.conflicts);
    if let Some(fork) = wanted.fork {
        fork.split('/')
            .next()
            .unwrap_or_default()
            .clone_into(&mut pull.head_owner);
        pull.head_repository = Some(fork);
    }
    if wanted.fork_deleted {
        pull.head_repository = None;
    }
    if wanted.merged == Some(true) {
        pull.merged_at = Some(now);
        let merge = || format!("{:040x}", 0xA000 + wanted.number);
        pull.merge_commit_sha = Some(wanted.merge_commit_sha.unwrap_or_else(merge));
    }
    repository.commits.push(pull.head_sha.clone());
    if pull.head_repository.as_ref() == Some(&home) {
        repository.refs.insert(pull.head_ref.clone(), pull.head_sha.clone());
    }
}
