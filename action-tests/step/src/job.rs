//! A job's environment, and the start of a step in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::action_yml::ActionYml;
use crate::files::Files;

/// What is the same for all steps of a job: the variables that they find, and what expressions may ask for.
#[derive(Clone, Debug)]
pub struct Job {
    variables: BTreeMap<String, String>,
    token: String,
}

/// What every job of a hosted Linux runner finds. Of the machine a step gets no more than these and [`KEPT`].
const VARIABLES: [(&str, &str); 10] = [
    ("CI", "true"),
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_ACTOR", "octocat"),
    ("GITHUB_JOB", "preview"),
    ("GITHUB_RUN_ATTEMPT", "1"),
    ("GITHUB_RUN_NUMBER", "7"),
    ("GITHUB_SERVER_URL", "https://github.com"),
    ("GITHUB_WORKFLOW", "preview"),
    (
        "RUNNER_ARCH",
        if cfg!(target_arch = "aarch64") { "ARM64" } else { "X64" },
    ),
    ("RUNNER_OS", "Linux"),
];

/// What a step needs of the machine that it runs on.
const KEPT: [&str; 3] = ["PATH", "TMPDIR", "LANG"];

impl Default for Job {
    fn default() -> Self {
        Self::new()
    }
}

impl Job {
    /// A job that knows neither repository nor event.
    pub fn new() -> Self {
        let kept = KEPT.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?)));
        let own = VARIABLES.map(|(name, value)| (name, value.to_owned()));
        Self {
            variables: kept.chain(own).map(|(name, value)| (name.to_owned(), value)).collect(),
            token: String::new(),
        }
    }

    /// Sets a variable: of the job, or, in a copy, of a step's `env:`.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a variable away.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// `github.token`.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// What an expression's name stands for, as far as an action may ask: `github.<name>` is the variable
    /// `GITHUB_<NAME>`, but for the token. All steps before have succeeded.
    pub(crate) fn value(&self, name: &str) -> Result<String> {
        if name == "job.status" {
            return Ok("success".to_owned());
        }
        let variable = name.strip_prefix("github.").map(str::to_uppercase);
        let value = match variable.as_deref() {
            Some("TOKEN") => Some(&self.token),
            Some(variable) => self.variables.get(&format!("GITHUB_{variable}")),
            None => None,
        };
        value
            .cloned()
            .with_context(|| format!("`${{{{ {name} }}}}` stands for nothing that is known here"))
    }

    /// A program as a step of this job: nothing of this process' own environment reaches it.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>, files: &Files) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.variables).stdin(Stdio::null());
        files.tell(&mut command);
        if let Some(workspace) = self.variables.get("GITHUB_WORKSPACE") {
            command.current_dir(workspace);
        }
        command
    }
}

/// How an action's binary is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// At once, with the environment that its step would give it.
    Binary,
    /// By what the step's `run:` says, in the shell that a runner starts for it: signals go there.
    Shell,
}

/// `uses:` of a workflow's step.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub action: &'a ActionYml,
    pub job: &'a Job,
    /// The folder with the actions' binaries.
    pub binaries: &'a Path,
    pub way: Way,
}

impl Step<'_> {
    /// The command that plays the step, with its `with:`.
    pub fn command(&self, with: &BTreeMap<String, String>, files: &Files) -> Result<Command> {
        let own = self.action.environment(with, self.job)?;
        let mut command = match self.way {
            Way::Binary => self.job.command(self.binaries.join(self.action.action()), files),
            Way::Shell => self.shell(files)?,
        };
        command
            .env("CODEX_ACTIONS_BIN_DIR", self.binaries)
            .env("GITHUB_ACTION_PATH", self.action.folder())
            .envs(own);
        Ok(command)
    }

    /// The step's script in its shell. Source: actions/runner, `ScriptHandlerHelpers.cs`.
    fn shell(&self, files: &Files) -> Result<Command> {
        let step = self.action.step()?;
        let arguments: &[&str] = match step.shell.as_str() {
            "bash" => &["--noprofile", "--norc", "-e", "-o", "pipefail"],
            "sh" => &["-e"],
            other => bail!("the step of `{}` wants the shell `{other}`", self.action.action()),
        };
        let file = files.folder().join("step.sh");
        fs::write(&file, &step.run).with_context(|| format!("could not write `{}`", file.display()))?;
        let mut command = self.job.command(&step.shell, files);
        command.args(arguments).arg(file);
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(command: &Command) -> BTreeMap<String, String> {
        let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
        let set = command.get_envs();
        set.filter_map(|(name, value)| Some((text(name), text(value?))))
            .collect()
    }

    #[test]
    fn a_step_finds_the_jobs_variables_its_own_files_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::create(folder.path()).unwrap();
        let job = Job::new().set("GITHUB_SHA", "1").set("X", "y").unset("X");
        let output = job.command("env", &files).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let names: Vec<&str> = printed
            .lines()
            .filter_map(|line| Some(line.split_once('=')?.0))
            .collect();
        assert!(
            names.contains(&"GITHUB_SHA") && names.contains(&"GITHUB_STATE"),
            "{printed}"
        );
        let ours = |name: &&&str| KEPT.contains(name) || name.starts_with("GITHUB_") || name.starts_with("RUNNER_");
        let others: Vec<&&str> = names.iter().filter(|name| !ours(name)).collect();
        assert_eq!(others, [&"CI"], "{printed}");
    }

    #[test]
    fn the_shell_is_the_one_that_the_action_names() {
        let yml = "runs:\n  steps:\n    - shell: sh\n      run: 'exec \"$GITHUB_ACTION_PATH/../run.sh\" x'\n";
        let folder = tempfile::tempdir().unwrap();
        let (files, job) = (Files::create(folder.path()).unwrap(), Job::new());
        let start = |yml: &str, way| {
            let action = ActionYml::parse("x", yml).unwrap();
            let step = Step {
                action: &action,
                job: &job,
                binaries: Path::new("/bin-dir"),
                way,
            };
            step.command(&BTreeMap::new(), &files)
        };
        let command = start(yml, Way::Shell).unwrap();
        let script = folder.path().join("step.sh");
        assert_eq!(command.get_program(), "sh");
        assert_eq!(
            command.get_args().collect::<Vec<_>>(),
            ["-e".as_ref(), script.as_os_str()]
        );
        assert!(fs::read_to_string(script).unwrap().starts_with("exec "));
        assert_eq!(variables(&command)["GITHUB_ACTION_PATH"], "x");
        assert_eq!(start(yml, Way::Binary).unwrap().get_program(), "/bin-dir/x");
        let bash = start(&yml.replace("shell: sh", "shell: bash"), Way::Shell).unwrap();
        assert!(bash.get_args().any(|argument| argument == "pipefail"));
        assert!(start(&yml.replace("shell: sh", "shell: pwsh"), Way::Shell).is_err());
    }
}
