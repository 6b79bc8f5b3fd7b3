//! What a user and other actions read: the report, the summary, and (in [`sentences`]) every sentence.

mod sentences;

pub(crate) use sentences::*;

use actions_core::reports::{self, Head, NeonBranch, SchemaDiff, Status};
use actions_core::text::{cell, count, fenced};

use crate::inputs::{Command, Inputs};

/// A comment holds 65,536 characters, and other sections want room, too.
const LONGEST_SECTION: usize = 20_000;

/// What becomes the output `report`, and what the summary says beside it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) base: NeonBranch,
    /// What happened, for the summary.
    pub(crate) outcome: String,
}

/// A schema diff, in numbers and as far as a section may be long.
pub(crate) struct Diff(pub(crate) SchemaDiff);

impl Diff {
    pub(crate) fn of(text: &str) -> Self {
        let starting = |sign: char| {
            let header = format!("{sign}{sign}{sign} ");
            text.lines()
                .filter(|line| line.starts_with(sign) && !line.starts_with(&header))
                .count()
        };
        let mut shown = String::new();
        let mut truncated = false;
        for line in text.lines() {
            if shown.chars().count() + line.chars().count() > LONGEST_SECTION {
                truncated = true;
                break;
            }
            shown.push_str(line);
            shown.push('\n');
        }
        Self(SchemaDiff {
            added: starting('+'),
            removed: starting('-'),
            truncated,
            text: shown,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.added + self.0.removed == 0
    }

    /// `2 lines added, 1 removed`
    pub(crate) fn headline(&self) -> String {
        if self.is_empty() {
            "no change".to_owned()
        } else {
            format!("{} added, {} removed", count(self.0.added, "line"), self.0.removed)
        }
    }

    /// A section for a comment or a summary. A fence longer than any in the text keeps the text inside.
    pub(crate) fn markdown(&self, title: &str) -> String {
        let title = cell(title);
        if self.is_empty() {
            return format!("**{title}**: no change\n");
        }
        let note = if self.0.truncated {
            "\n… cut: the whole diff is the step's output `diff`\n"
        } else {
            ""
        };
        format!(
            "<details><summary><b>{title}</b>: {}</summary>\n\n{}\n{note}\n</details>\n",
            self.headline(),
            fenced("diff", &self.0.text)
        )
    }
}

impl Report {
    pub(crate) fn new(inputs: &Inputs) -> Self {
        let head = Head {
            command: reports::Command::named(inputs.command.name()),
            environment: inputs.owner.environment.clone(),
            pull_request: inputs.owner.pull_request,
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
            let code = |text: &Option<String>| {
                text.as_deref()
                    .map_or("–".to_owned(), |text| format!("`{}`", cell(text)))
            };
            parts.push(format!(
                "| branch | parent | expires | host |\n|---|---|---|---|\n| `{}` | {} | {} | {} |",
                cell(&branch.name),
                code(&branch.parent),
                branch.expires_at.as_deref().unwrap_or("never"),
                code(&branch.host),
            ));
        }
        if let Some(diff) = &self.base.schema_diff {
            parts.push(Diff(diff.clone()).markdown("Schema").trim_end().to_owned());
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
        assert!(long.0.truncated && long.0.added == 5000);
        assert!(long.markdown("x").chars().count() < LONGEST_SECTION + 500);
        assert!(long.markdown("x").contains("… cut: "));
        assert_eq!(Diff::of("").markdown("Schema"), "**Schema**: no change\n");
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
