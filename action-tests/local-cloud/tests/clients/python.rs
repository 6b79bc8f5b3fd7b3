//! The Python clients, from `action-tests/clients/requirements.txt`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use crate::npm;

/// Where the packages are: a virtual environment or, where Python cannot make one, a plain folder.
fn packages() -> &'static Path {
    static PACKAGES: OnceLock<PathBuf> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let folder = npm::clients().join(".venv");
        let requirements = npm::clients().join("requirements.txt");
        let guard = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("python.lock")).unwrap();
        guard.lock().unwrap();
        let wanted = fs::read_to_string(&requirements).unwrap();
        let stamp = folder.join(".installed-from");
        if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
            return folder;
        }
        let _ = fs::remove_dir_all(&folder);
        let requirements = [OsStr::new("--requirement"), requirements.as_os_str()];
        let venv = run("python3", &["-m".as_ref(), "venv".as_ref(), folder.as_os_str()]);
        let installed = if venv.status.success() {
            pip(&folder.join("bin/python"), &requirements)
        } else {
            let _ = fs::remove_dir_all(&folder);
            let target = [OsStr::new("--target"), folder.as_os_str()];
            pip(Path::new("python3"), &[target, requirements].concat())
        };
        let why = String::from_utf8_lossy(&installed.stderr);
        assert!(
            installed.status.success(),
            "the Python clients could not be installed:\n{why}"
        );
        fs::write(stamp, wanted).unwrap();
        folder
    })
}

fn pip(python: &Path, arguments: &[&OsStr]) -> Output {
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
    ]
    .map(OsStr::new);
    run(python.to_str().unwrap(), &[&pip, arguments].concat())
}

fn run(program: &str, arguments: &[&OsStr]) -> Output {
    let mut command = Command::new(program);
    let started = command.args(arguments).stdin(Stdio::null()).output();
    started.unwrap_or_else(|error| panic!("`{program}` could not be started: {error}"))
}

/// A command that runs a program of `action-tests/clients` with the packages.
pub(crate) fn command(program: &str) -> tokio::process::Command {
    let own = packages().join("bin/python");
    let python = if own.is_file() { own } else { PathBuf::from("python3") };
    let mut command = tokio::process::Command::new(python);
    command
        .arg(npm::clients().join(program))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PYTHONPATH", packages())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .kill_on_drop(true);
    command
}
