//! `cargo xtask`: what a contributor runs. See README.md.

mod act;
mod bench;
mod child;
mod demo;
mod docs;
mod git;
mod install;
mod pipeline;
mod release;
mod test;
mod tree;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;

/// Prints one line. The one place that may: this program's output is its product.
macro_rules! say {
    ($($what:tt)*) => {
        $crate::print_line(&format!($($what)*))
    };
}
pub(crate) use say;

#[expect(clippy::print_stdout, reason = "a command line tool talks on stdout")]
fn print_line(line: &str) {
    println!("{line}");
}

const HELP: &str = "\
usage: cargo xtask <command>

commands:
  demo            play a pull request, from opened to closed, on local stand-ins of the vendors' APIs
    --once        do not wait for Enter before closing
    --json        make the last line a JSON object that tells the result
    --keep        stop before closing the pull request
  test            run every check
    --only A[,B]  run these steps and what they need
    --story A[,B] of the step `workflows`, play these stories only
    --full        also play the stories that do not run each time
    --list        name the steps
    --verbose     show the output of each step, not only of those that fail
    --binaries D  the stories and act run the actions in the folder D, such as a release's
  bench           time the actions beside what they replace (curl, wrangler), at 50 ms a request
    --runs N      how often each is run (5)
    --release     measure release builds, which take minutes to make
    --release-binaries  make them for their own figures only: size, start, and what run.sh takes
    --json        print the figures as JSON
  docs            write what is generated: the READMEs' tables, .github/docs, the manifest's JSON schema, local-cloud's
                  truth table
    --check       write nothing, and fail where something is not current
  verify-live     play the same calls at the vendors and at local-cloud, and tell what differs
                  (action-tests/verify-live/README.md)
  check-tree      check the repository's own rules (a step of `test`)
  release-binaries D  build each action's binary for a release, and put it to the folder D
    --target T    for this target (default: that of a release for this machine)
    --twice       in two folders, and fail unless both leave the same bytes
  release-assets D  compress the binaries in the folder D, named such as `cleanup-x86_64-unknown-linux-musl`, and write
                  their hashes to SHA256SUMS
  release-tree D  write the tree that a release publishes to the empty folder D, with one git commit
    --assets A    the folder of its assets, with --version vX.Y.Z and --commit SHA: their hashes are its lock
    --references tag  name our own as owner/repo/path@vX.Y.Z, for GHES and mirrors, which do not know `$/`
    --repository R  the release is one of owner/name, not of codex/actions
";

enum Task {
    Help,
    Demo(demo::Options),
    Test(test::Options, Option<PathBuf>, act::Selection),
    Bench(bench::Options),
    Docs { check: bool },
    VerifyLive,
    CheckTree,
    ReleaseBinaries(PathBuf, release::build::Options),
    ReleaseAssets(PathBuf),
    ReleaseTree(PathBuf, release::tree::Options),
}

fn parse(args: impl Iterator<Item = String>) -> Result<Task> {
    let args: Vec<String> = args.collect();
    // Asked for after a command as well: `cargo xtask demo --help`.
    if args.iter().any(|arg| arg == "-h" || arg == "--help") {
        return Ok(Task::Help);
    }
    let mut args = args.into_iter();
    let task = args.next();
    let task = match task.as_deref() {
        None | Some("help") => Task::Help,
        Some("demo") => {
            let mut options = demo::Options::default();
            for arg in args.by_ref() {
                match arg.as_str() {
                    "--once" => options.once = true,
                    "--json" => options.json = true,
                    "--keep" => options.keep = true,
                    _ => bail!("`demo` has no option `{arg}`"),
                }
            }
            Task::Demo(options)
        }
        Some("test") => {
            let mut options = test::Options {
                list: false,
                verbose: false,
                only: Vec::new(),
            };
            let mut binaries = None;
            let mut stories = act::Selection::default();
            while let Some(arg) = args.next() {
                match arg.as_str() {
                    "--list" => options.list = true,
                    "--verbose" => options.verbose = true,
                    "--binaries" => {
                        let folder = args.next().context("`--binaries` needs a folder")?;
                        let folder = std::path::absolute(&folder)?;
                        anyhow::ensure!(folder.is_dir(), "there is no folder `{}`", folder.display());
                        binaries = Some(folder);
                    }
                    "--only" => {
                        let steps = args.next().context("`--only` needs the names of steps")?;
                        options.only.extend(steps.split(',').map(str::to_owned));
                    }
                    "--story" => {
                        let names = args.next().context("`--story` needs the names of stories")?;
                        stories.only.extend(names.split(',').map(str::to_owned));
                    }
                    "--full" => stories.full = true,
                    _ => bail!("`test` has no option `{arg}`"),
                }
            }
            Task::Test(options, binaries, stories)
        }
        Some("bench") => {
            let mut options = bench::Options::default();
            while let Some(arg) = args.next() {
                match arg.as_str() {
                    "--json" => options.json = true,
                    "--release" => options.release = true,
                    "--release-binaries" => options.release_binaries = true,
                    "--runs" => {
                        let runs = args.next().context("`--runs` needs a number")?;
                        options.runs = runs.parse().with_context(|| format!("`{runs}` is no number of runs"))?;
                    }
                    _ => bail!("`bench` has no option `{arg}`"),
                }
            }
            Task::Bench(options)
        }
        Some("docs") => {
            let check = args.next().map(|arg| match arg.as_str() {
                "--check" => Ok(true),
                _ => bail!("`docs` has no option `{arg}`"),
            });
            Task::Docs {
                check: check.transpose()?.unwrap_or(false),
            }
        }
        Some("verify-live") => Task::VerifyLive,
        Some("check-tree") => Task::CheckTree,
        Some("release-binaries") => {
            let folder = args.next().context("`release-binaries` needs a folder")?.into();
            Task::ReleaseBinaries(folder, release::build::Options::parse(&mut args)?)
        }
        Some("release-assets") => Task::ReleaseAssets(args.next().context("`release-assets` needs a folder")?.into()),
        Some("release-tree") => {
            let folder = args.next().context("`release-tree` needs a folder")?.into();
            Task::ReleaseTree(folder, release::tree::Options::parse(&mut args)?)
        }
        Some(other) => bail!("unknown command `{other}`"),
    };
    match args.next() {
        Some(extra) => bail!("unexpected argument `{extra}`"),
        None => Ok(task),
    }
}

fn run(task: Task) -> Result<ExitCode> {
    let mut workspace = Workspace::find()?;
    child::notice_interrupts()?;
    match task {
        Task::Help => say!("{}", HELP.trim_end()),
        Task::Demo(options) => return demo::run(&workspace, options),
        Task::Test(options, binaries, stories) => {
            workspace.stories = stories;
            workspace.actions = binaries.unwrap_or(workspace.actions);
            return test::run(&workspace, &options);
        }
        Task::Bench(options) => bench::run(&workspace, options)?,
        Task::Docs { check } => docs(&workspace, check)?,
        Task::VerifyLive => return verify_live(&workspace),
        Task::CheckTree => say!("{}", tree::check(&workspace)?),
        Task::ReleaseBinaries(folder, options) => {
            say!("{} binaries", release::build::build(&workspace, &folder, &options)?);
        }
        Task::ReleaseAssets(folder) => {
            let actions = release::tree::binaries(&workspace)?;
            say!("{} assets", release::assets::pack(&folder, &actions)?);
        }
        Task::ReleaseTree(folder, options) => {
            options.check(&workspace)?;
            say!("{}", release::tree::write(&workspace, &folder, &options)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes generated files, or only checks them: the test that keeps each current can write it, too.
fn docs(workspace: &Workspace, check: bool) -> Result<()> {
    if check {
        let stale = docs::stale(workspace)?;
        if !stale.is_empty() {
            bail!("not current, `cargo xtask docs` writes them: {}", stale.join(", "));
        }
    } else {
        for path in docs::write(workspace)? {
            say!("wrote {}", path.display());
        }
    }
    for (package, test) in [
        ("actions-core", "the_schema_is_current"),
        ("local-cloud", "the_readme_shows_the_table"),
        ("wrangler", "the_table_of_keys_is_current"),
        ("reference", "current"),
        ("preflight", "findings_md_is_current"),
    ] {
        let mut cargo = child::cargo();
        cargo.args(["test", "--quiet", "--package", package, test]);
        if check {
            cargo.env_remove("UPDATE_DOCS");
        } else {
            cargo.env("UPDATE_DOCS", "1");
        }
        if !cargo.current_dir(&workspace.root).status().context(NO_CARGO)?.success() {
            bail!(
                "{}",
                if check {
                    "a document is not current"
                } else {
                    "the files were not written"
                }
            );
        }
    }
    Ok(())
}

const NO_CARGO: &str = "could not start cargo";

/// A package of its own, since it speaks TLS: this one is compiled before the first line of a demo is seen.
fn verify_live(workspace: &Workspace) -> Result<ExitCode> {
    let mut cargo = child::cargo();
    cargo.args(["run", "--quiet", "--package", "verify-live"]);
    let status = cargo.current_dir(&workspace.root).status().context(NO_CARGO)?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn main() -> ExitCode {
    let task = match parse(std::env::args().skip(1)) {
        Ok(task) => task,
        Err(error) => {
            complain(&error);
            complain(&anyhow::anyhow!("`cargo xtask help` tells all commands"));
            return ExitCode::from(2);
        }
    };
    run(task).unwrap_or_else(|error| {
        complain(&error);
        // What shells answer for a program that Ctrl-C ended.
        if child::interrupted() {
            ExitCode::from(130)
        } else {
            ExitCode::FAILURE
        }
    })
}

#[expect(clippy::print_stderr, reason = "a command line tool complains on stderr")]
fn complain(error: &anyhow::Error) {
    eprintln!("{error}");
    for cause in error.chain().skip(1) {
        eprintln!("caused by: {cause}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &str) -> Result<Task> {
        parse(args.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_of_the_demo() {
        let Task::Demo(options) = parsed("demo --once --json").unwrap() else {
            panic!("not a demo")
        };
        assert!(options.once && options.json && !options.keep);
    }

    #[test]
    fn steps_of_a_test() {
        let Task::Test(options, None, stories) = parsed("test --only fmt,clippy --only workflows --story a,b").unwrap()
        else {
            panic!("not a test")
        };
        assert_eq!(options.only, ["fmt", "clippy", "workflows"]);
        assert_eq!(stories.only, ["a", "b"]);
    }

    #[test]
    fn options_of_a_bench() {
        let Task::Bench(options) = parsed("bench --release --runs 3").unwrap() else {
            panic!("not a bench")
        };
        assert!(options.release && options.runs == 3 && !options.json);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for wrong in [
            "demo --fast",
            "test --only",
            "release-tree",
            "release-tree D --version v1.2.3",
            "release-binaries D --target",
            "check-tree x",
            "docs --chekc",
            "publish",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn help_is_told_wherever_it_is_asked_for() {
        for line in ["help", "demo --help", "test -h", "test --only --help"] {
            let task = parse(line.split_whitespace().map(str::to_owned));
            assert!(matches!(task, Ok(Task::Help)), "`{line}`");
        }
    }
}
