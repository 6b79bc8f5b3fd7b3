//! The files as they are, and as they are to be: read, compared, replaced as a whole.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::block::{self, Merged, Style};

/// One file, and our part of it.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// From the workspace, with `/`.
    pub(super) file: String,
    pub(super) part: Part,
}

#[derive(Debug, Clone)]
pub(super) enum Part {
    /// Between markers.
    Block { style: Style, text: String },
    /// One first line; one that begins alike is somebody's choice.
    FirstLine { begins: &'static str, line: String },
    /// Nothing: why not.
    Left(String),
}

/// What became of a file, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Same,
    Created,
    Changed,
    /// It is not touched, and why.
    Left(String),
}

#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) file: String,
    pub(super) outcome: Outcome,
    /// Lines that differ, where it differs: `-` as it is, `+` as it is to be.
    pub(super) differs: Vec<String>,
}

/// Brings a file to what is wanted; with `check`, only says whether it is.
pub(super) fn write(workspace: &Path, wanted: &Wanted, check: bool) -> anyhow::Result<Written> {
    let path = workspace.join(&wanted.file);
    let text = read(workspace, &path, &wanted.file)?;
    let merged = match &wanted.part {
        Part::Block { style, text: part } => block::merge(text.as_deref(), part, *style),
        Part::FirstLine { begins, line } => first_line(text.as_deref(), begins, line),
        Part::Left(why) => return Ok(left(wanted, why)),
    };
    let new = match merged {
        Merged::Same => {
            return Ok(Written {
                file: wanted.file.clone(),
                outcome: Outcome::Same,
                differs: Vec::new(),
            });
        }
        Merged::HandMade => return Ok(left(wanted, &super::report::hand_made(&wanted.part))),
        Merged::Broken(why) => bail!(
            "`{}` is not touched: {why}; mend the markers, or delete both",
            wanted.file
        ),
        Merged::Text(new) => new,
    };
    if !check {
        replace(&path, &new).with_context(|| format!("could not write `{}`", wanted.file))?;
    }
    Ok(Written {
        file: wanted.file.clone(),
        outcome: if text.is_some() {
            Outcome::Changed
        } else {
            Outcome::Created
        },
        differs: differs(text.as_deref().unwrap_or_default(), &new),
    })
}

fn left(wanted: &Wanted, why: &str) -> Written {
    Written {
        file: wanted.file.clone(),
        outcome: Outcome::Left(why.to_owned()),
        differs: Vec::new(),
    }
}

/// The text of a file that lies in the workspace itself.
fn read(workspace: &Path, path: &Path, file: &str) -> anyhow::Result<Option<String>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("could not read `{file}`")),
        Ok(found) if found.is_symlink() => {
            bail!("`{file}` is a symbolic link; write to a file of the repository itself")
        }
        Ok(found) if !found.is_file() => bail!("`{file}` is no file"),
        Ok(_) => {}
    }
    // Its folder may be a link out of the repository, or not be there yet.
    let there = path.ancestors().skip(1).find(|folder| folder.exists());
    let (inside, top) = (there.map(Path::canonicalize).transpose()?, workspace.canonicalize()?);
    if inside.is_none_or(|inside| !inside.starts_with(top)) {
        bail!("`{file}` would lie outside of the repository: its folder is a symbolic link");
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("could not read `{file}`")),
    }
}

/// As a whole: whoever reads meanwhile, or after a kill, sees the old text or the new one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.preflight"));
    fs::write(&beside, text)?;
    if let Ok(found) = fs::metadata(path) {
        fs::set_permissions(&beside, found.permissions())?;
    }
    fs::rename(&beside, path).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

fn first_line(text: Option<&str>, begins: &str, line: &str) -> Merged {
    let Some(text) = text else {
        return Merged::Same;
    };
    let mark = if text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    let rest = &text[mark.len()..];
    if rest.lines().any(|there| there.trim_start().starts_with(begins)) {
        return Merged::Same;
    }
    let end = if rest
        .lines()
        .next()
        .is_some_and(|first| rest[first.len()..].starts_with("\r\n"))
    {
        "\r\n"
    } else {
        "\n"
    };
    Merged::Text(format!("{mark}{line}{end}{rest}"))
}

/// The lines that are in one text and not in the other, in order; enough to see what it is about.
fn differs(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let gone = old
        .iter()
        .filter(|line| !new.contains(line))
        .map(|line| format!("-{line}"));
    let came = new
        .iter()
        .filter(|line| !old.contains(line))
        .map(|line| format!("+{line}"));
    gone.chain(came).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Wanted {
        Wanted {
            file: "docs/A.md".to_owned(),
            part: Part::Block {
                style: Style::Markdown,
                text: text.to_owned(),
            },
        }
    }

    #[test]
    fn a_second_run_changes_nothing_and_a_check_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let run = |text: &str, check: bool| write(folder.path(), &wanted(text), check).unwrap();
        assert_eq!(run("a\n", true).outcome, Outcome::Created);
        assert!(!folder.path().join("docs").exists());
        assert_eq!(run("a\n", false).outcome, Outcome::Created);
        assert_eq!(run("a\n", false).outcome, Outcome::Same);
        let checked = run("b\n", true);
        assert_eq!(
            (checked.outcome, checked.differs),
            (Outcome::Changed, vec!["-a".to_owned(), "+b".to_owned()])
        );
        assert_eq!(run("a\n", true).outcome, Outcome::Same);
        let names: Vec<_> = fs::read_dir(folder.path().join("docs"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["A.md"]);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link() {
        use std::os::unix::fs::symlink;
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(outside.path(), folder.path().join("docs")).unwrap();
        let error = write(folder.path(), &wanted("a\n"), false).unwrap_err();
        assert!(error.to_string().contains("outside of the repository"), "{error}");
        fs::remove_file(folder.path().join("docs")).unwrap();
        fs::create_dir(folder.path().join("docs")).unwrap();
        symlink(outside.path().join("x"), folder.path().join("docs/A.md")).unwrap();
        let error = write(folder.path(), &wanted("a\n"), false).unwrap_err();
        assert!(error.to_string().contains("symbolic link"), "{error}");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_first_line_is_added_once() {
        let add = |text: &str| first_line(Some(text), "#:schema", "#:schema x");
        assert_eq!(add("[project]\n"), Merged::Text("#:schema x\n[project]\n".to_owned()));
        assert_eq!(add("a = 1\r\n"), Merged::Text("#:schema x\r\na = 1\r\n".to_owned()));
        assert_eq!(
            add("\u{feff}a = 1\n"),
            Merged::Text("\u{feff}#:schema x\na = 1\n".to_owned())
        );
        assert_eq!(add("# mine\n#:schema y\n"), Merged::Same);
    }
}
