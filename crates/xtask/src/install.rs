//! What npm and pip have to put in place, once: each folder keeps a stamp of what it was installed from.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use step::install::once;
pub(crate) use step::install::{Done, node};

use crate::child;
use crate::workspace::Workspace;

/// The folder of the lint tools from `PyPI`.
pub(crate) const PYTHON_FOLDER: &str = "action-tests/tools";
/// Downloads of some hundred megabytes over a slow line.
const LIMIT: Duration = Duration::from_mins(15);

/// `npm ci` in `folder` unless its lock file is the one of the last time.
pub(crate) fn npm(workspace: &Workspace, folder: &str) -> Result<Done> {
    step::install::npm(&workspace.path(folder), succeed)
}

/// What `requirements.txt` in `folder` names, in `.venv` beside it: a virtual environment or, where Python cannot make
/// one, a plain folder.
pub(crate) fn python(workspace: &Workspace, folder: &str) -> Result<Done> {
    let requirements = workspace.path(folder).join("requirements.txt");
    let folder = workspace.path(folder).join(".venv");
    let wanted = fs::read_to_string(&requirements)?;
    once(&folder.join(".installed-from"), &wanted, || {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let venv = || {
            succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            let python = folder.join("bin/python");
            pip(
                python.as_os_str(),
                &["--requirement".as_ref(), requirements.as_os_str()],
            )
        };
        // Debian's python3 has no `ensurepip` without the package python3-venv, and its pip refuses to install
        // beside the system's packages; into a folder of ours it installs. The tools are single executables, and the
        // tests put the clients' folder on Python's path.
        let plain = || {
            let _ = fs::remove_dir_all(&folder);
            pip(
                "python3".as_ref(),
                &[
                    "--target".as_ref(),
                    folder.as_os_str(),
                    "--requirement".as_ref(),
                    requirements.as_os_str(),
                ],
            )
        };
        venv().or_else(|first| {
            plain().map_err(|second| {
                anyhow::anyhow!(
                    "neither `python3 -m venv` nor `python3 -m pip install --target` works; on Debian or Ubuntu: \
                     `apt install python3-venv`\n{first:#}\n{second:#}"
                )
            })
        })
    })
}

fn pip(python: &OsStr, arguments: &[&OsStr]) -> Result<()> {
    succeed(
        Command::new(python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
            ])
            .args(arguments),
    )
}

fn succeed(command: &mut Command) -> Result<()> {
    let done = child::run(command, LIMIT)?;
    if !done.status.success() {
        let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        bail!(
            "`{} {}` failed: {}\n{}",
            command.get_program().display(),
            arguments.join(" "),
            done.status,
            done.both().trim_end()
        );
    }
    Ok(())
}
