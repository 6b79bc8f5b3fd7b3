//! The binaries of a release, built so that whoever builds them again may expect the same bytes.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use super::assets::TARGETS;
use super::tree::binaries;
use crate::git::git;
use crate::say;
use crate::workspace::Workspace;

/// What is built, and where to.
pub(crate) struct Options {
    /// Rust's name of the target; without one, that of this machine's release.
    pub(crate) target: Option<String>,
    /// Build in two folders, and fail unless both leave the same bytes.
    pub(crate) twice: bool,
}

impl Options {
    /// Reads the command line behind the folder's name.
    pub(crate) fn parse(args: &mut impl Iterator<Item = String>) -> Result<Self> {
        let (mut target, mut twice) = (None, false);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--target" => target = Some(args.next().context("`--target` needs a target")?),
                "--twice" => twice = true,
                _ => bail!("`release-binaries` has no option `{arg}`"),
            }
        }
        Ok(Self { target, twice })
    }
}

/// What makes a binary for Linux smaller, in this order; `bench::binaries` has the figures. The linker is the one of
/// Rust's own toolchain, so that the bytes do not hang on the machine's.
const SMALL: [&str; 5] = [
    "-Clinker=rust-lld",
    "-Clink-arg=--pack-dyn-relocs=relr",
    "-Clink-arg=--icf=all",
    // A path from the workspace's top, where cargo starts rustc: another one would be in the symbols' hashes.
    "-Clink-arg=-Tcrates/xtask/src/release/unwind.ld",
    "-Clink-arg=--no-eh-frame-hdr",
];

/// The flags of rustc for sources in `root`, as `CARGO_ENCODED_RUSTFLAGS` has them: what panics say of their place is the
/// same wherever the sources are.
pub(crate) fn flags(root: &Path, target: &str) -> Result<OsString> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let home = home.context("neither CARGO_HOME nor HOME is set")?;
    let mut flags = vec![
        format!("--remap-path-prefix={}=.", root.display()),
        format!("--remap-path-prefix={}=cargo", home.display()),
    ];
    if target.ends_with("-musl") {
        flags.extend(SMALL.map(str::to_owned));
    }
    Ok(flags.join("\x1f").into())
}

/// Builds each action's binary from what git knows, and puts it to `folder` as `<name>-<target>`; answers how many.
pub(crate) fn build(workspace: &Workspace, folder: &Path, options: &Options) -> Result<usize> {
    let names = binaries(workspace)?;
    let target = match &options.target {
        Some(target) => target.clone(),
        None => released()?,
    };
    let scratch = workspace.scratch("release")?;
    let [first, second] = ["first", "again/and/elsewhere"].map(|name| scratch.path().join(name));
    copy(workspace, &first)?;
    if options.twice {
        // Of the same sources: a build takes minutes, in which somebody may edit the checkout.
        copy(workspace, &second)?;
    }
    cargo_build(&first, &target, &names)?;
    if options.twice {
        cargo_build(&second, &target, &names)?;
        let differ = differing(&built(&first, &target), &built(&second, &target), &names)?;
        ensure!(
            differ.is_empty(),
            "built in two folders, these differ: {}",
            differ.join(", ")
        );
        say!("built in two folders: {} binaries, no difference", names.len());
    }
    fs::create_dir_all(folder)?;
    for name in &names {
        let from = built(&first, &target).join(name);
        fs::copy(&from, folder.join(format!("{name}-{target}")))
            .with_context(|| format!("could not copy `{}`", from.display()))?;
    }
    Ok(names.len())
}

/// Builds each action's binary for this machine in the checkout, where cargo builds again only what has changed.
pub(crate) fn build_here(workspace: &Workspace) -> Result<()> {
    cargo_build(&workspace.root, &released()?, &binaries(workspace)?)
}

/// Where [`build_here`] leaves them.
pub(crate) fn built_here(workspace: &Workspace) -> Result<PathBuf> {
    Ok(built(&workspace.root, &released()?))
}

/// The target of a release for this machine; where its standard library is not installed, the target that cargo builds
/// for when it is told none.
fn released() -> Result<String> {
    let host = host()?;
    let ours = host.replace("-linux-gnu", "-linux-musl");
    let has_library = || -> Result<bool> {
        let folder = rustc(&["--print", "target-libdir", "--target", &ours])?;
        Ok(Path::new(folder.trim()).is_dir())
    };
    Ok(if TARGETS.contains(&ours.as_str()) && has_library()? {
        ours
    } else {
        host
    })
}

/// The target that cargo builds for when it is told none.
pub(crate) fn host() -> Result<String> {
    let told = rustc(&["-vV"])?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc tells no host")?.to_owned())
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let done = Command::new("rustc")
        .args(arguments)
        .output()
        .context("could not start rustc")?;
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// The checkout as git knows it: what else lies there must not get in. All of it, since a binary may have any file of it
/// built in, such as the workflows that `preflight` writes for others.
fn copy(workspace: &Workspace, to: &Path) -> Result<()> {
    let listed = git(&workspace.root, &["ls-files", "-z"])?;
    for file in listed.split('\0').filter(|file| !file.is_empty()) {
        let from = workspace.path(file);
        // Deleted, and the deletion not committed yet.
        if !from.is_file() {
            continue;
        }
        let target = to.join(file);
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::copy(&from, target).with_context(|| format!("could not copy `{file}`"))?;
    }
    Ok(())
}

fn cargo_build(root: &Path, target: &str, names: &[String]) -> Result<()> {
    let mut cargo = crate::child::cargo();
    cargo
        .args([
            "build",
            "--release",
            "--locked",
            "--quiet",
            "--target",
            target,
            "--target-dir",
        ])
        .arg(root.join("target"))
        .args(names.iter().flat_map(|name| ["--package", name]))
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root, target)?)
        .current_dir(root);
    let status = cargo.status().context("could not start cargo")?;
    ensure!(
        status.success(),
        "the binaries of {target} could not be built: {status}"
    );
    Ok(())
}

fn built(root: &Path, target: &str) -> PathBuf {
    root.join("target").join(target).join("release")
}

/// The names of the files that are not the same in both folders.
fn differing(one: &Path, other: &Path, names: &[String]) -> Result<Vec<String>> {
    let mut differ = Vec::new();
    for name in names {
        let read = |folder: &Path| {
            let file = folder.join(name);
            fs::read(&file).with_context(|| format!("`{}` was not built", file.display()))
        };
        if read(one)? != read(other)? {
            differ.push(name.clone());
        }
    }
    Ok(differ)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_is_a_difference_and_a_missing_file_an_error() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [one, other] = [folders[0].path(), folders[1].path()];
        let names = ["a", "b"].map(str::to_owned);
        for (folder, a) in [(one, "1"), (other, "2")] {
            fs::write(folder.join("a"), a).unwrap();
            fs::write(folder.join("b"), "same").unwrap();
        }
        assert_eq!(differing(one, other, &names).unwrap(), ["a"]);
        fs::remove_file(other.join("b")).unwrap();
        assert!(differing(one, other, &names).is_err());
    }

    #[test]
    fn what_a_binary_has_built_in_is_copied_and_nothing_that_only_lies_there() {
        let (workspace, folder) = (Workspace::find().unwrap(), tempfile::tempdir().unwrap());
        copy(&workspace, folder.path()).unwrap();
        let known = [
            "Cargo.lock",
            "actions/preflight/action.yml",
            ".github/workflows/preview.yml",
        ];
        for file in known.into_iter().chain(["action-tests/workflows/callers/preview.yml"]) {
            assert!(folder.path().join(file).is_file(), "{file}");
        }
        assert!(!folder.path().join("target").exists() && !folder.path().join(".git").exists());
    }

    #[test]
    fn no_path_of_this_machine_is_told() {
        let all = flags(Path::new("/a b/c"), "x86_64-apple-darwin").unwrap();
        let all = all.into_string().unwrap();
        let all: Vec<&str> = all.split('\x1f').collect();
        assert_eq!(all[0], "--remap-path-prefix=/a b/c=.");
        assert!(all[1].ends_with("=cargo") && all.len() == 2, "{all:?}");
    }

    #[test]
    fn what_is_released_for_linux_is_small_whatever_folder_it_is_built_in() {
        let small = |root: &str| {
            let all = flags(Path::new(root), "aarch64-unknown-linux-musl").unwrap();
            let all = all.into_string().unwrap();
            all.split('\x1f').skip(2).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(small("/a"), SMALL);
        assert_eq!(small("/b"), SMALL);
        let script = SMALL.iter().find_map(|flag| flag.strip_prefix("-Clink-arg=-T"));
        let script = Workspace::find().unwrap().path(script.unwrap());
        assert!(script.is_file(), "{}", script.display());
    }
}
