//! Workflows and action.yml files, read by line: their shape is ours, so no parser is needed.

use super::Problem;

/// A value that GitHub pastes into a script is code: it belongs in `env:`.
pub(super) fn no_expression_in_run(path: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    // Indentation of the `run:` key whose block the line may belong to.
    let mut block: Option<usize> = None;
    for (number, line) in numbered(text) {
        let indent = line.len() - line.trim_start().len();
        let key = line.trim_start();
        let in_item = key.strip_prefix("- ").map_or(key, str::trim_start);
        if in_item.starts_with("run:") {
            // Of `- run:` the key stands behind the dash, and so do its siblings.
            block = Some(indent + (key.len() - in_item.len()));
        } else if block.is_some_and(|run| !key.is_empty() && indent <= run) {
            block = None;
        }
        if block.is_some() && line.contains("${{") {
            problems.push(Problem::new(
                path,
                number,
                "an expression inside `run:`; pass the value by `env:`",
            ));
        }
    }
    problems
}

/// A tag can be moved to other code; a commit cannot.
pub(super) fn pinned_uses(path: &str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in numbered(text) {
        let key = line.trim_start().trim_start_matches("- ").trim_start();
        let Some(value) = key.strip_prefix("uses:") else {
            continue;
        };
        let (target, comment) = value.split_once(" #").unwrap_or((value, ""));
        let target = target.trim().trim_matches(['"', '\'']);
        // Our own actions are what these workflows test, at the ref that a release gives them.
        if target.starts_with("./") || target.starts_with("codex/actions/") {
            continue;
        }
        let commit = target.rsplit_once('@').map_or("", |(_, commit)| commit);
        if commit.len() != 40 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            problems.push(Problem::new(
                path,
                number,
                format!("`{target}` is not pinned to a commit"),
            ));
        } else if !comment.trim().starts_with('v') {
            problems.push(Problem::new(
                path,
                number,
                format!("`{target}` has no comment that tells its version"),
            ));
        }
    }
    problems
}

/// Without it a job that names no permissions gets whatever the repository's settings say.
pub(super) fn no_default_permissions(path: &str, text: &str) -> Vec<Problem> {
    let found = text
        .lines()
        .any(|line| line.split('#').next().unwrap_or(line).trim_end() == "permissions: {}");
    if found {
        Vec::new()
    } else {
        vec![Problem::new(path, 0, "no `permissions: {}` at the top")]
    }
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(problems: &[Problem]) -> Vec<usize> {
        problems.iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn an_expression_is_found_in_a_line_and_in_a_block_but_not_beside_it() {
        let text = "\
steps:
  - run: echo ${{ github.head_ref }}
  - name: two
    run: |
      echo one

      echo ${{ inputs.name }}
    env:
      NAME: ${{ inputs.name }}
  - env:
      A: ${{ inputs.a }}
    run: echo \"$A\"
  - if: ${{ always() }}
";
        assert_eq!(lines(&no_expression_in_run("x", text)), [2, 7]);
    }

    #[test]
    fn a_sibling_of_run_in_a_list_item_is_not_inside_it() {
        let text = "  - run: echo\n    env:\n      A: ${{ inputs.a }}\n";
        assert_eq!(no_expression_in_run("x", text), []);
    }

    #[test]
    fn only_commits_with_a_version_are_pins() {
        let text = "\
  - uses: actions/checkout@v4
  - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
  - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
    uses: codex/actions/cleanup@v1
  - uses: ./.github/actions/x
  - uses: 'a/b'
";
        assert_eq!(lines(&pinned_uses("x", text)), [1, 3, 6]);
    }

    #[test]
    fn permissions_are_taken_away_at_the_top_only() {
        assert_eq!(no_default_permissions("x", "on: push\npermissions: {} # none\n"), []);
        assert_eq!(
            no_default_permissions("x", "jobs:\n  a:\n    permissions: {}\n").len(),
            1
        );
    }
}
