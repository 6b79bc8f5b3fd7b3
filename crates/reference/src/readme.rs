//! What the top README shows of other files: the comment of a preview, and how many lines a pipeline takes.

/// Where the comment's text is proven.
pub const COMMENT: &str = "crates/comment/src/render/tests.rs";
/// The pipeline as it is without us.
pub const BEFORE: &str = ".github/docs/before/preview.yml";
/// The workflows that call ours, as one copies them.
pub const CALLERS: &str = ".github/docs/workflows.md";
/// What they deploy.
pub const MANIFEST: &str = "action-tests/platform/codex.toml";

/// The comment that a test expects of a preview that is ready, quoted. `None` where that test is not found.
pub fn comment(tests: &str) -> Option<String> {
    let (_, body) = tests.split_once("fn a_preview_that_is_ready()")?;
    let (_, text) = body.split_once("assert_snapshot!(")?.1.split_once("@\"\n")?;
    let (text, _) = text.split_once("\n    \");")?;
    let quoted = text.lines().map(|line| format!("> {}", line.trim_start()));
    Some(quoted.map(|line| format!("{}\n", line.trim_end())).collect())
}

/// The lines of a caller's workflow in [`CALLERS`]. `None` where it is not shown.
fn caller(document: &str, name: &str) -> Option<usize> {
    let (_, rest) = document.split_once(&format!("<!-- caller of {name}:"))?;
    let (_, rest) = rest.split_once("```yaml\n")?;
    let (yaml, _) = rest.split_once("```")?;
    Some(yaml.lines().count())
}

/// The table of both pipelines. `None` where a caller is not shown.
pub fn comparison(before: &str, callers: &str, manifest: &str) -> Option<String> {
    let before = before.lines().count();
    let of_callers: usize = ["preview", "cleanup", "sweep"]
        .iter()
        .map(|name| caller(callers, name))
        .sum::<Option<usize>>()?;
    let manifest = manifest.lines().count();
    Some(format!(
        "| | before | after |\n|---|---|---|\n\
         | in your repository | [one workflow]({BEFORE}): wrangler-action, Neon's actions, bash | [three workflows that call ours]({CALLERS}), and [`codex.toml`]({MANIFEST}) |\n\
         | lines | {before} | {of_callers} + {manifest} |\n\
         | a lost answer, a 423, a 502 | the step fails, or makes things twice | looked up and asked again |\n\
         | the fourth of five Workers is sick | three new ones serve beside two old ones | all five serve as before |\n\
         | a Worker still bound to production's KV | nobody notices | refused before anything is uploaded |\n\
         | a secret that is missing | an empty one is uploaded | all missing ones are told before anything is touched |\n\
         | the close event that never came | everything stays | a sweep finds it by its owner's marker |\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_is_the_one_of_the_test() {
        let tests = "fn a_preview_that_is_ready() {\n    insta::assert_snapshot!(x, @\"\n    ### Ready\n\n    | a |\n    \");\n}\n";
        assert_eq!(comment(tests).unwrap(), "> ### Ready\n>\n> | a |\n");
        assert_eq!(comment("fn other() {}"), None);
    }

    #[test]
    fn lines_are_counted_where_they_stand() {
        let block = |name: &str| format!("<!-- caller of {name}: x -->\n```yaml\na\nb\n```\n");
        let callers = ["preview", "cleanup", "sweep"].map(block).concat();
        let table = comparison("1\n2\n3\n", &callers, "m\n").unwrap();
        assert!(table.contains("| lines | 3 | 6 + 1 |"), "{table}");
        assert_eq!(comparison("1\n", &block("preview"), ""), None);
    }
}
