//! The files by which a step talks to its runner.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// Variable and file.
const FILES: [(&str, &str); 5] = [
    ("GITHUB_ENV", "env"),
    ("GITHUB_OUTPUT", "output"),
    ("GITHUB_PATH", "path"),
    ("GITHUB_STATE", "state"),
    ("GITHUB_STEP_SUMMARY", "summary"),
];

/// The files of one step, empty when it starts.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
}

/// What a step has written to them.
#[derive(Debug, Default)]
pub struct Left {
    /// Variables for the job's later steps.
    pub env: BTreeMap<String, String>,
    pub outputs: BTreeMap<String, String>,
    /// Folders in which later steps find programs, the last one first.
    pub path: Vec<String>,
    pub state: BTreeMap<String, String>,
    /// Markdown.
    pub summary: String,
}

impl Files {
    /// Makes them, empty, in `folder`, which is made with them.
    pub fn create(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("could not make `{}`", folder.display()))?;
        for (_, file) in FILES {
            File::create(folder.join(file))?;
        }
        Ok(Self {
            folder: folder.to_path_buf(),
        })
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn tell(&self, command: &mut Command) {
        command.envs(FILES.map(|(variable, file)| (variable, self.folder.join(file))));
    }

    /// Reads what the step has written.
    ///
    /// # Errors
    /// What fails a step on a runner: a line that sets nothing, or a value that is not closed.
    pub fn left(&self) -> Result<Left> {
        let read = |file: &str| {
            let bytes = fs::read(self.folder.join(file)).with_context(|| format!("the step's file `{file}`"))?;
            anyhow::Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let pairs = |file: &str| pairs(&read(file)?).with_context(|| format!("the step's file `{file}`"));
        Ok(Left {
            env: pairs("env")?,
            outputs: pairs("output")?,
            path: read("path")?.lines().rev().map(str::to_owned).collect(),
            state: pairs("state")?,
            summary: read("summary")?,
        })
    }
}

/// `name=value` lines and `name<<delimiter` blocks, whose value may have any number of lines. The last value of a name
/// stays.
fn pairs(text: &str) -> Result<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    // Not `lines()`: a carriage return belongs to the value on Linux.
    let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    while let Some(line) = lines.next() {
        let block = line.split_once("<<").filter(|(name, _)| !name.contains('='));
        let (name, value) = if let Some((name, delimiter)) = block {
            ensure!(!delimiter.is_empty(), "`{line}` names no delimiter");
            let mut value = Vec::new();
            loop {
                match lines.next() {
                    Some(line) if line == delimiter => break,
                    Some(line) => value.push(line),
                    None => bail!("the value of `{name}` has no end"),
                }
            }
            (name, value.join("\n"))
        } else if let Some((name, value)) = line.split_once('=') {
            (name, value.to_owned())
        } else if line.is_empty() {
            continue;
        } else {
            bail!("`{line}` sets nothing");
        };
        ensure!(!name.is_empty(), "`{line}` has no name");
        pairs.insert(name.to_owned(), value);
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_as_a_runner_reads_them() {
        let read = pairs("a=1=2\nb<<END\none\n\ntwo=2\nx<<y\nEND\n\nc<<E\nE\nd=x<<y\ne<<E\nr\r\nE\na=3").unwrap();
        let wanted = [
            ("a", "3"),
            ("b", "one\n\ntwo=2\nx<<y"),
            ("c", ""),
            ("d", "x<<y"),
            ("e", "r\r"),
        ];
        let wanted = wanted.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, BTreeMap::from(wanted));
    }

    #[test]
    fn what_fails_a_step_fails_here() {
        for text in [
            "b<<END\none\n",
            "nothing\n",
            "=x\n",
            "a<<\n\n",
            "<<E\nE\n",
            "b<<E\none\r\nE\r\n",
        ] {
            assert!(pairs(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn files_are_empty_at_the_start_and_read_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::create(&folder.path().join("step")).unwrap();
        let left = files.left().unwrap();
        assert!(left.outputs.is_empty() && left.path.is_empty() && left.summary.is_empty());
        fs::write(files.folder().join("path"), "/one\n/two\n").unwrap();
        fs::write(files.folder().join("state"), "a=b\n").unwrap();
        let left = files.left().unwrap();
        assert_eq!(
            (left.path.as_slice(), left.state["a"].as_str()),
            (&["/two".to_owned(), "/one".to_owned()][..], "b")
        );
    }
}
