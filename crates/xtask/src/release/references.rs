//! What released YAML may refer to: our own by `$/`, everybody else's by a full commit SHA. A caller's repository may
//! demand SHAs of all that it runs, nested ones included (contract sheet of GitHub in 2026, section 4).

use anyhow::{Result, bail};

use super::REPOSITORY;

/// How our own actions and workflows are named in a released tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum References {
    /// `$/path`: whatever ref the caller pinned. github.com only, runner 2.336 or later.
    SelfRepository,
    /// `owner/repo/path@ref`: GHES, mirrors, and act, which do not know `$/`, nor the keys [`OF_2026`].
    Tag { repository: String, tag: String },
}

/// Keys, each with its value, that void the whole file where they are not known (contract sheet of GitHub in 2026,
/// section 6). They stand on a line of their own, and nothing but comfort goes with them.
const OF_2026: [&str; 2] = ["deployment: false", "queue: max"];

impl References {
    /// Of the repository that users name.
    pub(crate) fn tagged(tag: &str) -> Self {
        Self::Tag {
            repository: REPOSITORY.to_owned(),
            tag: tag.to_owned(),
        }
    }

    /// Renders a file's references for who does not know the syntax of 2026, takes out the keys that came with it, and
    /// changes nothing else.
    pub(crate) fn render(&self, text: &str) -> String {
        let Self::Tag { repository, tag } = self else {
            return text.to_owned();
        };
        let lines = text.split_inclusive('\n').filter(|line| !is_of_2026(line));
        let lines = lines.map(|line| match of_line(line) {
            Some(target) if target.starts_with("$/") => {
                line.replacen(target, &format!("{repository}/{}@{tag}", &target[2..]), 1)
            }
            _ => line.to_owned(),
        });
        lines.collect()
    }

    /// Checks a rendered file.
    ///
    /// # Errors
    /// The first reference that a caller under the full-SHA policy could not run.
    pub(crate) fn check(&self, path: &str, text: &str) -> Result<()> {
        for (number, line) in text.lines().enumerate() {
            let Some(target) = of_line(line) else { continue };
            let (name, at) = target.rsplit_once('@').unwrap_or((target, ""));
            let is_ours = match self {
                Self::SelfRepository => target.starts_with("$/"),
                Self::Tag { repository, tag } => name.starts_with(&format!("{repository}/")) && at == tag,
            };
            let is_commit = at.len() == 40 && at.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_ours && !is_commit {
                bail!(
                    "{path}:{}: `{target}` is neither `$/…` nor pinned to a full commit SHA",
                    number + 1
                );
            }
        }
        Ok(())
    }
}

fn is_of_2026(line: &str) -> bool {
    OF_2026.contains(&line.split(" #").next().unwrap_or(line).trim())
}

/// What a `uses:` of this line names.
pub(crate) fn of_line(line: &str) -> Option<&str> {
    let key = line.trim_start();
    let key = key.strip_prefix("- ").map_or(key, str::trim_start);
    let value = key.strip_prefix("uses:")?;
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    Some(value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "runs:\n  steps:\n    - uses: $/actions/health-check # ours\n    - name: $/not-this\n      uses: '$/actions/cleanup'\n      run: echo uses $/x\n    - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7\n";

    #[test]
    fn only_references_change_and_only_for_those_who_do_not_know_the_short_form() {
        assert_eq!(References::SelfRepository.render(TEXT), TEXT);
        let tagged = References::tagged("v1.2.3").render(TEXT);
        assert_eq!(
            tagged,
            TEXT.replace(
                "$/actions/health-check #",
                "codex/actions/actions/health-check@v1.2.3 #"
            )
            .replace("'$/actions/cleanup'", "'codex/actions/actions/cleanup@v1.2.3'")
        );
        References::SelfRepository.check("x.yml", TEXT).unwrap();
        References::tagged("v1.2.3").check("x.yml", &tagged).unwrap();
        assert!(References::tagged("v1.2.4").check("x.yml", &tagged).is_err());
    }

    #[test]
    fn keys_that_void_a_file_elsewhere_go_with_their_line_alone() {
        let text = "environment:\n  name: x\n  deployment: false # ours\nconcurrency:\n  group: a\n  queue: max\n";
        let tag = References::tagged("v1");
        assert_eq!(tag.render(text), "environment:\n  name: x\nconcurrency:\n  group: a\n");
        let others = "with:\n  deployment: true\n  queue: maximal\n  deployment-id: false\n# queue: max or so\n";
        assert_eq!(tag.render(others), others);
    }

    #[test]
    fn nothing_else_changes_in_any_file_that_is_released() {
        let workspace = crate::workspace::Workspace::find().unwrap();
        let listed = crate::git::git(&workspace.root, &["ls-files", "-z", "actions", ".github/workflows"]).unwrap();
        let yaml = |file: &&str| std::path::Path::new(file).extension().is_some_and(|end| end == "yml");
        let mut changed = 0;
        for file in listed.split('\0').filter(yaml) {
            let text = std::fs::read_to_string(workspace.path(file)).unwrap();
            let rendered = References::tagged("v1").render(&text);
            let mut after = rendered.lines();
            for line in text.lines() {
                if is_of_2026(line) {
                    changed += 1;
                    continue;
                }
                let now = after.next().unwrap();
                if now != line {
                    changed += 1;
                    assert_eq!(now.replace("codex/actions/", "$/").replace("@v1", ""), line, "{file}");
                }
            }
            assert_eq!(after.next(), None, "{file}");
        }
        assert!(changed > 0, "nothing was rendered");
    }

    #[test]
    fn what_is_not_pinned_is_told_with_its_place() {
        for loose in [
            "actions/checkout@v7",
            "actions/checkout",
            "./actions/cleanup",
            "codex/actions/cleanup@v1",
            "docker://x:1",
        ] {
            let problem = References::SelfRepository
                .check("x.yml", &format!("a:\n  - uses: {loose}\n"))
                .unwrap_err();
            assert_eq!(
                problem.to_string(),
                format!("x.yml:2: `{loose}` is neither `$/…` nor pinned to a full commit SHA")
            );
        }
    }
}
