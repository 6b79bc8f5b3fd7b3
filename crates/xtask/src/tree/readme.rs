//! The README's workflows are those that act runs, so that a newcomer copies something that was seen to work.

use super::Problem;

/// The workflows that the README shows and that `cargo xtask test` runs.
pub(super) const WORKFLOWS: [&str; 2] = [
    "action-tests/workflows/callers/preview.yml",
    "action-tests/workflows/smallest.yml",
];

pub(super) fn shows_the_tested_workflow(readme: &str, name: &str, workflow: &str) -> Vec<Problem> {
    if readme.contains(&format!("```yaml\n{}```", as_shown(workflow))) {
        Vec::new()
    } else {
        vec![Problem::new(
            "README.md",
            0,
            format!("it does not show `{name}` as it is"),
        )]
    }
}

/// Without what only a test needs: where the stand-ins for the vendors' APIs are.
fn as_shown(workflow: &str) -> String {
    workflow
        .lines()
        .filter(|line| !line.contains("_API_URL }}"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTED: &str = "with:\n  a: b\n  neon-api-url: ${{ vars.NEON_API_URL }}\n";

    #[test]
    fn the_lines_for_tests_are_left_out() {
        assert_eq!(
            shows_the_tested_workflow("# T\n```yaml\nwith:\n  a: b\n```\n", "a.yml", TESTED),
            []
        );
    }

    #[test]
    fn any_other_difference_is_a_problem() {
        assert_eq!(
            shows_the_tested_workflow("```yaml\nwith:\n  a: c\n```\n", "a.yml", TESTED).len(),
            1
        );
    }
}
