//! What a user and other actions read: the report, the summary, and (in [`sentences`], [`again`], [`command`] and [`unanswered`]) every sentence.

mod again;
mod command;
mod sentences;
mod unanswered;

pub(crate) use again::*;
pub(crate) use command::*;
pub(crate) use sentences::*;
pub(crate) use unanswered::*;

use actions_core::markdown::{code_cell, inline};
use actions_core::reports::{self, Head, NeonBranch, SchemaDiff, Status};
use actions_core::text::{count, fenced};

use crate::inputs::{Command, Inputs};

/// A comment holds 65,536 characters, and other sections want room, too.
const LONGEST_SECTION: usize = 20_000;
/// Bytes of the output `diff`. A later step gets it as a variable, which Linux lets have 128 KiB.
const LONGEST_OUTPUT: usize = 100_000;

/// What becomes the output `report`, and what the summary says beside it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) base: NeonBranch,
    /// What happened, for the summary.
    pub(crate) outcome: String,
    pub(crate) diff: Option<Diff>,
}

/// A schema diff, in numbers and as far as a section may be long.
#[derive(Debug, Clone)]
pub(crate) struct Diff {
    pub(crate) told: SchemaDiff,
    /// The lines of the whole, and how many of them the output `diff` has.
    lines: (usize, usize),
}

impl Diff {
    pub(crate) fn of(text: &str) -> Self {
        let starting = |sign: char| {
            let header = format!("{sign}{sign}{sign} ");
            text.lines()
                .filter(|line| line.starts_with(sign) && !line.starts_with(&header))
                .count()
        };
        let shown = head(text, LONGEST_SECTION);
        Self {
            told: SchemaDiff {
                added: starting('+'),
                removed: starting('-'),
                truncated: shown.len() < text.trim_end().len(),
                text: shown.lines().map(|line| format!("{line}\n")).collect(),
            },
            lines: (text.lines().count(), head(text, LONGEST_OUTPUT).lines().count()),
        }
    }

    /// The output `diff`: the text, or as much of it as a variable holds.
    pub(crate) fn output(&self, text: &str) -> String {
        let mut output = head(text, LONGEST_OUTPUT).trim_end().to_owned();
        if let Some(note) = self.cut() {
            output.push_str("\n… ");
            output.push_str(&note);
        }
        output
    }

    /// What the output lacks.
    pub(crate) fn cut(&self) -> Option<String> {
        let (all, shown) = self.lines;
        (shown < all).then(|| format!("cut: the diff has {all} lines, and the output `diff` the first {shown} of them"))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.told.added + self.told.removed == 0
    }

    /// `2 lines added, 1 removed`
    pub(crate) fn headline(&self) -> String {
        if self.is_empty() {
            "no change".to_owned()
        } else {
            format!(
                "{} added, {} removed",
                count(self.told.added, "line"),
                self.told.removed
            )
        }
    }

    /// A section for a comment or a summary. A fence longer than any in the text keeps the text inside.
    pub(crate) fn markdown(&self, title: &str) -> String {
        let title = inline(title);
        if self.is_empty() {
            return format!("**{title}**: no change\n");
        }
        let note = match self.cut() {
            Some(cut) => format!("\n… {cut}\n"),
            None if self.told.truncated => "\n… cut: the whole diff is the step's output `diff`\n".to_owned(),
            None => String::new(),
        };
        format!(
            "<details><summary><b>{title}</b>: {}</summary>\n\n{}\n{note}\n</details>\n",
            self.headline(),
            fenced("diff", &self.told.text)
        )
    }
}

/// The first lines of a text, whole ones, as far as `bytes` go.
fn head(text: &str, bytes: usize) -> &str {
    let text = text.trim_end();
    if text.len() <= bytes {
        return text;
    }
    let ends = text.match_indices('\n').map(|(at, _)| at).take_while(|at| *at <= bytes);
    &text[..ends.last().unwrap_or(0)]
}

impl Report {
    pub(crate) fn new(inputs: &Inputs) -> Self {
        let head = Head {
            command: reports::Command::named(inputs.command.name()),
            environment: inputs.subject.owner.environment.clone(),
            pull_request: inputs.subject.owner.pull_request,
            ..Head::default()
        };
        Self {
            base: NeonBranch {
                head,
                ..NeonBranch::default()
            },
            ..Self::default()
        }
    }

    /// The step summary. An error's text is added by the runner.
    pub(crate) fn markdown(&self, command: Command) -> String {
        let mut parts = vec![format!("### neon-branch {}", command.name())];
        if self.base.head.status == Status::Planned {
            let plan = self.base.plan.iter().map(|line| format!("\n- would {line}"));
            parts.push(format!("Dry run: nothing was touched.\n{}", plan.collect::<String>()));
        } else if !self.outcome.is_empty() {
            parts.push(self.outcome.clone());
        }
        if let Some(branch) = &self.base.branch {
            let code = |text: &Option<String>| text.as_deref().map_or("–".to_owned(), code_cell);
            parts.push(format!(
                "| branch | parent | expires | host |\n|---|---|---|---|\n| {} | {} | {} | {} |",
                code_cell(&branch.name),
                code(&branch.parent),
                branch.expires_at.as_deref().unwrap_or("never"),
                code(&branch.host),
            ));
        }
        if let Some(diff) = &self.diff {
            parts.push(diff.markdown("Schema").trim_end().to_owned());
        }
        parts.extend(self.base.warnings.iter().map(|warning| format!("⚠️ {warning}")));
        parts.join("\n\n") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_stays_inside_its_fence() {
        let text = "--- a\n+++ b\n@@ -1,1 +1,2 @@\n-x\n+```</details>\n+y\n";
        let diff = Diff::of(text);
        insta::assert_snapshot!(diff.markdown("Schema of <b> | x"), @r"
        <details><summary><b>Schema of &lt;b> \| x</b>: 2 lines added, 1 removed</summary>

        ````diff
        --- a
        +++ b
        @@ -1,1 +1,2 @@
        -x
        +```</details>
        +y
        ````

        </details>
        ");
        let long = Diff::of(&"+a line of sql\n".repeat(5000));
        assert!(long.told.truncated && long.told.added == 5000);
        assert!(long.markdown("x").chars().count() < LONGEST_SECTION + 500);
        assert!(long.markdown("x").contains("… cut: "));
        assert_eq!(long.output(&"+a line of sql\n".repeat(5000)).lines().count(), 5000);
        assert_eq!(Diff::of("").markdown("Schema"), "**Schema**: no change\n");
    }

    #[test]
    fn what_is_too_much_for_a_variable_is_cut_and_told() {
        let text = "+a line of sql\n".repeat(20_000);
        let diff = Diff::of(&text);
        let output = diff.output(&text);
        assert!(output.len() < 128 * 1024, "{}", output.len());
        let note = "… cut: the diff has 20000 lines, and the output `diff` the first 6666 of them";
        assert!(output.ends_with(note), "{}", &output[output.len() - 200..]);
        assert!(diff.markdown("Schema").contains(note) && diff.told.added == 20_000);
        let one_line = format!("+{}", "x".repeat(200_000));
        assert!(
            Diff::of(&one_line)
                .output(&one_line)
                .ends_with("has 1 lines, and the output `diff` the first 0 of them")
        );
    }

    #[test]
    fn a_summary_tells_the_branch_and_the_warnings() {
        let report = Report {
            base: NeonBranch {
                head: Head {
                    status: Status::Done,
                    ..Head::default()
                },
                warnings: vec!["careful".to_owned()],
                branch: Some(reports::Branch {
                    id: "br-a".to_owned(),
                    name: "preview|pr-42".to_owned(),
                    parent: Some("production".to_owned()),
                    created: true,
                    expires_at: None,
                    host: Some("ep-a.neon.tech".to_owned()),
                }),
                ..NeonBranch::default()
            },
            outcome: "created branch".to_owned(),
            diff: None,
        };
        insta::assert_snapshot!(report.markdown(Command::Create), @r"
            ### neon-branch create

            created branch

            | branch | parent | expires | host |
            |---|---|---|---|
            | `preview\|pr-42` | `production` | never | `ep-a.neon.tech` |

            ⚠️ careful
            ");
    }
}
