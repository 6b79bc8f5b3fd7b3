//! What neither zizmor nor actionlint asks of a workflow. They say the rest: no expression inside `run:`, nothing that
//! is not pinned to a commit, no grant that is not needed.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Problem;

/// Without it a job that names no permissions gets whatever the repository's settings say. zizmor bears `contents: read`
/// for all jobs.
pub(super) fn no_default_permissions(path: &str, text: &str) -> Vec<Problem> {
    let found = numbered(text).any(|(_, code, _)| code.trim_end() == "permissions: {}");
    if found {
        Vec::new()
    } else {
        vec![Problem::new(path, 0, "no `permissions: {}` at the top")]
    }
}

/// Each grant has its reason beside it. zizmor asks for none beside `contents: read`.
pub(super) fn reasons_of_grants(path: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    // Indentation of the `permissions:` whose grants follow.
    let mut block: Option<usize> = None;
    for (number, code, comment) in numbered(text) {
        let key = code.trim();
        let indent = code.len() - code.trim_start().len();
        if key == "permissions:" {
            block = Some(indent);
        } else if !key.is_empty() && block.is_some_and(|permissions| indent <= permissions) {
            block = None;
        } else if !key.is_empty() && block.is_some() && comment.is_empty() {
            problems.push(Problem::new(path, number, format!("no reason beside `{key}`")));
        }
    }
    problems
}

/// A commit tells a reader nothing. zizmor compares commit and comment only online, and only where there is a comment.
pub(super) fn versions_of_commits(path: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, code, comment) in numbered(text) {
        let Some((_, target)) = code.split_once("uses:") else {
            continue;
        };
        let commit = target.trim().rsplit_once('@').map_or("", |(_, commit)| commit);
        let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_commit && !comment.starts_with('v') {
            let what = format!("`{}` has no comment that tells its version", target.trim());
            problems.push(Problem::new(path, number, what));
        }
    }
    problems
}

#[derive(Deserialize)]
struct Workflow {
    #[serde(default)]
    jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Job {
    runs_on: Option<yaml_serde::Value>,
    timeout_minutes: Option<yaml_serde::Value>,
}

/// A job that hangs holds its runner, and what waits for it, for six hours. One that calls a workflow cannot have one.
pub(super) fn timeouts(path: &str, text: &str) -> Vec<Problem> {
    let workflow: Workflow = match yaml_serde::from_str(text) {
        Ok(workflow) => workflow,
        Err(error) => return vec![Problem::new(path, 0, error.to_string())],
    };
    let hangs = |job: &Job| job.runs_on.is_some() && job.timeout_minutes.is_none();
    let jobs = workflow.jobs.iter().filter(|(_, job)| hangs(job));
    jobs.map(|(id, _)| Problem::new(path, 0, format!("job `{id}` has no `timeout-minutes`")))
        .collect()
}

/// Each line's number, its code, and its comment.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    text.lines().enumerate().map(|(index, line)| {
        let comment = line.find(" #").or_else(|| line.starts_with('#').then_some(0));
        let (code, comment) = line.split_at(comment.unwrap_or(line.len()));
        (index + 1, code, comment.trim_start().trim_start_matches('#').trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(problems: &[Problem]) -> Vec<usize> {
        problems.iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn permissions_are_taken_away_at_the_top_only() {
        assert_eq!(no_default_permissions("x", "on: push\npermissions: {} # none\n"), []);
        let below = "jobs:\n  a:\n    permissions: {}\n";
        assert_eq!(no_default_permissions("x", below).len(), 1);
    }

    #[test]
    fn a_grant_has_a_reason() {
        let text = "\
permissions: {}
jobs:
  a:
    permissions:
      contents: read # check out
      # what stands above is no reason beside it
      issues: write
      pull-requests: write #
    runs-on: ubuntu-latest
";
        assert_eq!(lines(&reasons_of_grants("x", text)), [7, 8]);
    }

    #[test]
    fn a_commit_has_a_version() {
        let text = "\
  - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
  - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
    uses: codex/actions/cleanup@v1
  - uses: $/actions/cleanup
";
        assert_eq!(lines(&versions_of_commits("x", text)), [2]);
    }

    #[test]
    fn a_job_ends_some_time() {
        let text = "\
jobs:
  a: { runs-on: ubuntu-latest, timeout-minutes: 5 }
  b: { runs-on: [self-hosted] }
  c: { uses: $/.github/workflows/x.yml }
";
        let problems = timeouts("x", text);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].what.contains("`b`"));
    }
}
